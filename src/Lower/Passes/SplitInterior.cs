using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Gives the body of a loop two versions where its conditions hold for all its vectors and unrolled copies at once in most iterations:
/// <code>
/// for io { vectorized for l { if io * 16 + l &lt; n { S } } }
///   →  for io { if io * 16 + 15 &lt; n { vectorized for l { S } } else { vectorized for l { if io * 16 + l &lt; n { S } } } }
/// </code>
/// so that masks are paid for at the boundary only. A condition is tested at the innermost loop (or index with a name) that it depends on, so the second version is as small as
/// can be. A load inside a vector that is predicated as a whole counts too: a mask costs the same whether its lanes agree or not.</summary>
public static class SplitInterior
{
    /// <summary>Nodes, unrolled copies counted, that a body may have to get a second version.</summary>
    public const long MaxNodes = 20_000;

    public static LoopModule Run(LoopModule module) => module.Map(f =>
    {
        var context = new RangeContext();
        foreach (var (v, _, _) in f.Dims) context.Bind(v, ConstInterval.NonNegative);
        return f.With(new Splitting(context).Visit(f.Body));
    });

    private sealed class Splitting(RangeContext context) : Rewriter
    {
        private readonly NonZeroDivisors _divisors = new();
        private bool _isExpanded;

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            var (mark, divisors) = (context.Mark(), _divisors.Mark());
            context.BindLoop(f.Variable, f.Min, f.Extent);
            context.Assume(f.Extent >= 1);
            _divisors.Enter(f);
            bool outside = _isExpanded;
            _isExpanded |= IsExpanded(f);
            var body = IsExpanded(f) ? Visit(f.Body) : Split(f.Variable, f.Body);
            _isExpanded = outside;
            context.Release(mark);
            _divisors.Release(divisors);
            return ReferenceEquals(body, f.Body) ? f : f.With(body);
        }

        // A value from memory may be anything: sums of it can overflow, and then say nothing about the lanes in between.
        protected override Stmt VisitLetStmt(LetStmt l)
        {
            int mark = context.Mark();
            context.BindValue(l.Variable, l.Value);
            var body = _isExpanded || !context.IsIndex(l.Value) ? Visit(l.Body) : Split(l.Variable, l.Body);
            context.Release(mark);
            return ReferenceEquals(body, l.Body) ? l : new LetStmt(l.Variable, l.Value, body, l.Origin);
        }

        private Stmt Split(Var host, Stmt body)
        {
            var conditions = new BoundaryConditions(host, context, _divisors);
            conditions.Visit(body);
            if (conditions.Tests.Count == 0 || ExpandedNodes(body) > MaxNodes) return Visit(body);
            return Place(host, body, new Assumption(conditions.Tests.Keys, conditions.Replacements), Expr.All(conditions.Tests.Values.Distinct(StructuralComparer.Instance)));
        }

        // Only what has the conditions gets two versions: a register tile's loop of multiply-adds beside masked stores stays one.
        private Stmt Place(Var host, Stmt body, Assumption assumption, Expr tests)
        {
            // Where that loop has them, so does the tile: registers that both versions share are hard to allocate.
            if (body is Allocate { Buffer.Scope: MemoryScope.Register, Body: Block tile } t && tile.Statements.Any(s => s is For && !ReferenceEquals(assumption.Visit(s), s)))
                return new Allocate(t.Buffer, TwoVersions(host, assumption.Visit(tile), tile, tests), t.Origin);
            if (body is Allocate a) return new Allocate(a.Buffer, Place(host, a.Body, assumption, tests), a.Origin);
            if (body is not Block b) return TwoVersions(host, assumption.Visit(body), body, tests);
            var result = new List<Stmt>();
            for (int i = 0; i < b.Statements.Length; i++)
            {
                var (interior, boundary) = (new List<Stmt>(), new List<Stmt>());
                for (; i < b.Statements.Length && assumption.Visit(b.Statements[i]) is var s && !ReferenceEquals(s, b.Statements[i]); i++)
                {
                    interior.Add(s);
                    boundary.Add(b.Statements[i]);
                }
                if (boundary.Count > 0) result.Add(TwoVersions(host, Block.Of(interior), Block.Of(boundary), tests));
                if (i < b.Statements.Length) result.Add(Visit(b.Statements[i]));
            }
            return Block.Of(result);
        }

        private Stmt TwoVersions(Var host, Stmt interior, Stmt boundary, Expr tests)
        {
            int mark = context.Mark();
            context.Assume(tests);
            interior = Visit(interior);
            context.Release(mark);
            context.Assume(tests, holds: false);
            // A boundary that is one iteration has no conditions left where sizes are known.
            if (Only(host, tests) is { } value) boundary = Visit(boundary.Substitute(host, value));
            context.Release(mark);
            return new If(tests, new Instantiate([]).Visit(interior), boundary);
        }

        // The one value that a loop's variable has where a comparison does not hold: form >= 0 holds for all others, and it is -1 there.
        private Expr? Only(Var host, Expr tests)
        {
            if (tests is not Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } b || LinearForm.Of(b.Left) is not { } left || LinearForm.Of(b.Right) is not { } right) return null;
            var form = b.Op is BinaryOp.Gt or BinaryOp.Ge ? left.Minus(right) : right.Minus(left);
            if (b.Op is BinaryOp.Lt or BinaryOp.Gt) form = form?.Plus(-1);
            if (form is null || form.CoefficientOf(host) is var k && k is not (1 or -1) || form.Plus(1) is not { } above || context.Decide(BinaryOp.Ge, above) != true) return null;
            return above.Replace(host, LinearForm.Of(0))?.Times(-k)?.ToExpr();
        }

        private static long ExpandedNodes(Stmt s) => s switch
        {
            For f => ExpandedNodes(f.Body) is var n && f is { Kind: LoopKind.Unrolled, Extent: IntImm { Value: > 0 and < MaxNodes and var count } } ? Math.Min(n, MaxNodes) * count : n,
            Block b => b.Statements.Sum(ExpandedNodes),
            Allocate a => ExpandedNodes(a.Body),
            _ => NodeCount.Of(s),
        };
    }

    private static bool IsExpanded(For f) => f.Kind is LoopKind.Vectorized or LoopKind.Unrolled;

    /// <summary>Finds the comparisons in a loop's body that depend on the loop and else only on loops around it and on loops inside that will be
    /// expanded, and for each what makes it true for all values of the latter.</summary>
    private sealed class BoundaryConditions(Var host, RangeContext context, NonZeroDivisors divisors) : Walker
    {
        private readonly Dictionary<Var, For> _expanded = [];
        private readonly HashSet<Var> _inner = [];
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private bool _inVector;

        public OrderedDictionary<Expr, Expr> Tests { get; } = new(StructuralComparer.Instance);
        /// <summary>What parts of indices are where the tests hold.</summary>
        public Dictionary<Expr, Expr> Replacements { get; } = new(StructuralComparer.Instance);

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case For f:
                    if (IsExpanded(f) && f.Min is IntImm && f.Extent is IntImm { Value: > 0 }) _expanded.Add(f.Variable, f);
                    else _inner.Add(f.Variable);
                    bool outside = _inVector;
                    _inVector |= f.Kind is LoopKind.Vectorized;
                    base.Visit(s);
                    _inVector = outside;
                    return;
                case LetStmt l:
                    _inner.Add(l.Variable);
                    break;
                case If i:
                    Consider(i.Condition);
                    break;
                case Store { Predicate: { } p }:
                    Consider(p);
                    break;
            }
            base.Visit(s);
        }

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            switch (e)
            {
                case Load l:
                    if (l.Predicate is { } p) Consider(p, isMask: _inVector);
                    foreach (var index in l.Indices) ConsiderIndex(index);
                    break;
                case Select s: Consider(s.Condition); break;
                case Let l: _inner.Add(l.Variable); break;
            }
            base.Visit(e);
        }

        private void Consider(Expr condition, bool isMask = false)
        {
            if (condition is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } both)
            {
                Consider(both.Left, isMask);
                Consider(both.Right, isMask);
            }
            else Test(condition, isMask);
        }

        /// <summary>What an index is where its minima, maxima and remainders are their left sides.</summary>
        private Expr ConsiderIndex(Expr e)
        {
            if (e is not Binary b || b.Type != IrType.Index) return e;
            var (left, right) = (ConsiderIndex(b.Left), ConsiderIndex(b.Right));
            var changed = ReferenceEquals(left, b.Left) && ReferenceEquals(right, b.Right) ? b : new Binary(b.Op, left, right);
            var value = left;
            switch (b.Op)
            {
                case BinaryOp.Min when Test(new Binary(BinaryOp.Le, left, right), isMask: false):
                case BinaryOp.Max when Test(new Binary(BinaryOp.Ge, left, right), isMask: false):
                    break;
                case BinaryOp.Mod when right is IntImm { Value: > 0 and var period } && CommonQuotient(left, period) is { } q
                                       && Test(new Binary(BinaryOp.Ge, left, Expr.Index(q * period)), isMask: false) && Test(new Binary(BinaryOp.Lt, left, Expr.Index((q + 1) * period)), isMask: false):
                    value = left - q * period;
                    break;
                default: return changed;
            }
            Replacements[changed] = value;
            return value;
        }

        /// <summary>The quotient in the middle of the range of <paramref name="e"/>.</summary>
        private long? CommonQuotient(Expr e, long period)
        {
            var form = LinearForm.Of(e);
            foreach (var (v, loop) in _expanded) form = form?.Replace(v, LinearForm.Of(((IntImm)loop.Min).Value));
            if (form is null) return null;
            var range = context.IntervalOf(form);
            const long large = 1L << 60;
            if (range.Min < -large || range.Max > large || period > large) return null;
            return ScalarMath.FloorDiv(range.Min + (range.Max - range.Min) / 2, period);
        }

        private bool Test(Expr condition, bool isMask)
        {
            if (condition is not Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } b || !context.IsIndexComparison(b)) return false;
            if (Tests.ContainsKey(b)) return true;
            if (Everywhere(b, isMask) is not { } test) return false;
            if (!test.IsTrue) Tests.Add(b, test);
            return true;
        }

        /// <summary>The test; the constant true where none is needed, null where there is none.</summary>
        private Expr? Everywhere(Binary b, bool isMask)
        {
            var variables = b.FreeVars();
            if (!variables.Contains(host) || !isMask && !variables.Any(_expanded.ContainsKey) || variables.Any(_inner.Contains)) return null;
            // A test stands outside of what may keep a division from being by 0.
            if (divisors.CanTrap(b)) return null;
            if (LinearForm.Of(b.Left) is not { } left || LinearForm.Of(b.Right) is not { } right || left.Minus(right) is not { } form) return null;
            bool wantsLow = b.Op is BinaryOp.Gt or BinaryOp.Ge;
            foreach (var v in variables)
            {
                if (!_expanded.TryGetValue(v, out var loop) || form.CoefficientOf(v) is var k && k == 0) continue;
                var (first, extent) = (((IntImm)loop.Min).Value, ((IntImm)loop.Extent).Value);
                if (form.Replace(v, LinearForm.Of(k > 0 == wantsLow ? first : first + extent - 1)) is not { } replaced) return null;
                form = replaced;
            }
            // Inside another operator a variable has no coefficient to go by.
            if (form.Terms.Any(t => t.Key.UsesAny(_expanded.ContainsKey))) return null;
            return context.Decide(b.Op, form) is not { } known ? new Binary(b.Op, form.WithConstant(0).ToExpr(), Expr.Index(-form.Constant)) : known ? Expr.True : null;
        }
    }

    private sealed class Assumption(IEnumerable<Expr> holds, IReadOnlyDictionary<Expr, Expr> replacements) : SharingRewriter
    {
        private readonly HashSet<Expr> _holds = new(holds, StructuralComparer.Instance);

        protected override Expr VisitBinary(Binary b)
        {
            if (_holds.Contains(b)) return Expr.True;
            if (b.Op is BinaryOp.And) return Expr.And(Visit(b.Left), Visit(b.Right));
            var visited = base.VisitBinary(b);
            return replacements.GetValueOrDefault(visited, visited);
        }

        protected override Stmt VisitIf(If i)
        {
            var visited = base.VisitIf(i);
            return visited is If { Condition.IsTrue: true } always ? always.Then : visited;
        }
    }
}
