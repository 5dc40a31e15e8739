using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>What every iteration of a loop computes again, at some cost and with the same result, is computed once before it:
/// <code>
/// for j in 0..n { Y[j] = X[j] - log(t[i]) }  →  if n &gt; 0 { let log = log(t[i]); for j in 0..n { Y[j] = X[j] - log } }
/// </code>
/// Only what each iteration evaluates: what a condition guards may read what is not there. A code generator does the same only where it sees that memory cannot change.</summary>
public static class HoistInvariants
{
    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Hoisting().Visit(f.Body)));

    private sealed class Hoisting : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            var body = Visit(f.Body);
            if (!ReferenceEquals(body, f.Body)) f = f.With(body);
            if (f.Kind is LoopKind.Bound or LoopKind.Virtual || LoopContents.Of(f) is not { } contents) return f;
            var found = new Candidates(contents).Always(f.Body);
            if (found.Count == 0) return f;
            var variables = found.Select(e => new Var(NameOf(e), e.Type)).ToList();
            Stmt result = f.With(new Replacement(found.Zip(variables).ToDictionary(p => p.First, p => (Expr)p.Second, StructuralComparer.Instance)).Visit(f.Body));
            for (int n = found.Count - 1; n >= 0; n--) result = new LetStmt(variables[n], found[n], result, f.Origin);
            return f.Extent is IntImm { Value: > 0 } ? result : new If(f.Extent > Expr.Index(0), result, null, f.Origin);
        }

        private static string NameOf(Expr e) => e is Call c ? c.Function.Name : "once";
    }

    /// <summary>What a loop binds and writes; null where its iterations do more than that.</summary>
    private sealed class LoopContents : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private bool _isPlain = true, _isCostly;

        public HashSet<Var> Bound { get; } = [];
        public HashSet<Buffer> Changing { get; } = [];

        public static LoopContents? Of(For f)
        {
            var contents = new LoopContents();
            contents.Visit((Stmt)f);
            return contents is { _isPlain: true, _isCostly: true } ? contents : null;
        }

        protected override void VisitBinder(Var variable) => Bound.Add(variable);

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            _isCostly |= IsCostly(e);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case Store t: Changing.Add(t.Buffer); break;
                case Allocate a: Changing.Add(a.Buffer); break;
                case Effect { Kind: EffectKind.Prefetch or EffectKind.Fence }: break;
                case Effect or Launch or InstructionCall or Instance: _isPlain = false; return;
            }
            base.Visit(s);
        }
    }

    private static bool IsCostly(Expr e) => e switch
    {
        Call c => c.Type.Element.IsFloat && c.Function is not (Intrinsic.Abs or Intrinsic.Fma or Intrinsic.Floor or Intrinsic.Ceil or Intrinsic.Round or Intrinsic.Trunc),
        Binary { Op: BinaryOp.Div } b => b.Type.Element.IsFloat,
        _ => false,
    };

    /// <summary>The largest costly expressions that are the same in every iteration.</summary>
    private sealed class Candidates(LoopContents contents)
    {
        private readonly Dictionary<Expr, (bool IsSame, bool IsCostly)> _facts = new(ReferenceEqualityComparer.Instance);

        /// <summary>Those that a statement evaluates whenever it runs, each once.</summary>
        public List<Expr> Always(Stmt s)
        {
            switch (s)
            {
                case Block b: return [.. b.Statements.SelectMany(Always).Distinct(StructuralComparer.Instance)];
                case Store t: return In([t.Value, .. t.Indices]);
                case LetStmt l: return [.. In([l.Value]).Concat(Always(l.Body)).Distinct(StructuralComparer.Instance)];
                case Allocate a: return Always(a.Body);
                case For { Extent: IntImm { Value: > 0 } } f: return Always(f.Body);
                case If { Else: { } other } i:
                    var otherwise = Always(other).ToHashSet(StructuralComparer.Instance);
                    return [.. Always(i.Then).Where(otherwise.Contains)];
                default: return [];
            }
        }

        private List<Expr> In(IEnumerable<Expr> roots)
        {
            var found = new List<Expr>();
            foreach (var e in roots) Collect(e, found);
            return found;
        }

        private void Collect(Expr e, List<Expr> found)
        {
            var (isSame, isCostly) = Facts(e);
            if (!isCostly) return;
            // One value is kept, not a vector of copies of it.
            if (isSame && e is not Broadcast)
            {
                if (!found.Contains(e, StructuralComparer.Instance)) found.Add(e);
                return;
            }
            foreach (var part in Parts(e)) Collect(part, found);
        }

        private (bool IsSame, bool IsCostly) Facts(Expr e)
        {
            if (_facts.TryGetValue(e, out var known)) return known;
            bool isSame = e switch
            {
                Var v => !contents.Bound.Contains(v),
                Load l => !contents.Changing.Contains(l.Buffer),
                Let => false,
                _ => true,
            } && !Schedule.Predication.IsTrapping(e);
            bool isCostly = IsCostly(e);
            foreach (var part in Parts(e))
            {
                var (same, costly) = Facts(part);
                (isSame, isCostly) = (isSame && same, isCostly || costly);
            }
            return _facts[e] = (isSame, isCostly);
        }

        private static IEnumerable<Expr> Parts(Expr e) => e switch
        {
            Binary b => [b.Left, b.Right],
            Unary u => [u.Operand],
            Call c => c.Arguments,
            Cast c => [c.Operand],
            Select s => [s.Condition, s.Then, s.Else],
            Load { Predicate: { } p } l => [p, .. l.Indices],
            Load l => l.Indices,
            Ramp r => [r.Base, r.Stride],
            Broadcast b => [b.Value],
            LaneReduce r => [r.Vector],
            Let l => [l.Value, l.Body],
            _ => [],
        };
    }

    private sealed class Replacement(Dictionary<Expr, Expr> replacements) : SharingRewriter
    {
        public override Expr Visit(Expr e) => replacements.TryGetValue(e, out var v) ? v : base.Visit(e);
    }
}
