using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>A loop with values that are rarely needed runs without them, and notes whether one was; only then its part runs again, with them:
/// <code>
/// for i in 0..n { Y[i] = select_rare(far(i), dear(i), near(i)) }  →
/// for part in 0..ceil_div(n, 256) { any = 0; for i in … { Y[i] = near(i); any = any | far(i) } if any != 0 { for i in … { Y[i] = select_rare(far(i), dear(i), near(i)) } } }
/// </code>
/// A compiler makes vectors of both loops, and a branch for each element would keep it from that. The loop must give the same when it runs twice: it reads nothing that it writes.</summary>
public static class SplitRare
{
    // As long as it stays in the first cache with what it reads.
    private const int PartLength = 256;

    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Splitting().Visit(f.Body)));

    private sealed class Splitting : SerialLoopRewriter
    {
        protected override Stmt? Change(For f)
        {
            if (!LoopSearch.IsInnermost(f) || !CanRunTwice.Holds(f.Body)) return null;
            var any = new Buffer("any", ElementType.I32, [Expr.Index(1)], BufferRole.Temporary, MemoryScope.Register);
            var common = new Common(any).Visit(f.Body);
            if (ReferenceEquals(common, f.Body)) return null;
            if (f.Extent is IntImm { Value: <= PartLength }) return Part(f, f.Min, f.Extent, any, common);
            var part = Var.Index("part");
            var from = f.Min + part * PartLength;
            return new For(part, Expr.Index(0), Expr.CeilDiv(f.Extent, Expr.Index(PartLength)), LoopKind.Serial,
                Part(f, from, Expr.Min(Expr.Index(PartLength), f.Extent - part * PartLength), any, common), null, f.Origin);
        }

        private static Stmt Part(For f, Expr from, Expr extent, Buffer any, Stmt common) => new Allocate(any, Block.Of(
            new Store(any, [Expr.Index(0)], new IntImm(ElementType.I32, 0), origin: f.Origin),
            f.With(common, from, extent),
            new If(Expr.Ne(new Load(any, [Expr.Index(0)]), new IntImm(ElementType.I32, 0)), new Instantiate([]).Visit(f.With(f.Body, from, extent, lanes: 1)), null, f.Origin)), f.Origin);
    }

    /// <summary>Without rare values; each store that would have one notes it.</summary>
    private sealed class Common(Buffer any) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitStore(Store s)
        {
            var rare = new RareCondition();
            if (rare.Of(s.Value) is not { } condition) return s;
            Expr[] zero = [Expr.Index(0)];
            var noted = Expr.If(s.Predicate is { } p ? Expr.And(p, condition) : condition, new IntImm(ElementType.I32, 1), new IntImm(ElementType.I32, 0));
            return Block.Of(
                new Store(any, [.. zero], Expr.Make(BinaryOp.Or, new Load(any, [.. zero]), noted), null, false, s.Origin),
                new Store(s.Buffer, s.Indices, rare.Without(s.Value), s.Predicate, s.NonTemporal, s.Origin));
        }
    }

    /// <summary>When an expression needs a rare value, and what it is where it does not.</summary>
    private sealed class RareCondition : Walker
    {
        private readonly Dictionary<Expr, Expr?> _conditions = new(ReferenceEqualityComparer.Instance);
        private readonly Usual _usual = new();
        private Expr? _total;

        public Expr Without(Expr e) => _usual.Visit(e);

        /// <summary>Null: never.</summary>
        public Expr? Of(Expr e)
        {
            if (_conditions.TryGetValue(e, out var known)) return known;
            var condition = e switch
            {
                Select { Rare: true } s => Or(Or(Of(s.Condition), Without(s.Condition)), Of(s.Else)),
                Let l => Or(Of(l.Value), Of(l.Body) is { } body ? new Let(l.Variable, Without(l.Value), body) : null),
                _ => Parts(e),
            };
            return _conditions[e] = condition;
        }

        // Both sides of a choice are evaluated, so that what is asked of one holds for the whole.
        private Expr? Parts(Expr e)
        {
            var outside = _total;
            _total = null;
            base.Visit(e);
            var total = _total;
            _total = outside;
            return total;
        }

        public override void Visit(Expr e) => _total = Or(_total, Of(e));

        private static Expr? Or(Expr? a, Expr? b) => a is null ? b : b is null || ReferenceEquals(a, b) ? a : Expr.Or(a, b);
    }

    private sealed class Usual : SharingRewriter
    {
        protected override Expr VisitSelect(Select s) => s.Rare ? Visit(s.Else) : base.VisitSelect(s);
    }

    /// <summary>Only stores, of what is read nowhere in the body but in arrays of its own.</summary>
    private sealed class CanRunTwice : Walker
    {
        private readonly HashSet<Buffer> _own = [], _read = [], _written = [];
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private bool _onlyStores = true;

        public static bool Holds(Stmt body)
        {
            var walk = new CanRunTwice();
            walk.Visit(body);
            return walk._onlyStores && !walk._written.Any(b => walk._read.Contains(b) && !walk._own.Contains(b));
        }

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load l) _read.Add(l.Buffer);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case Store t: _written.Add(t.Buffer); break;
                case Allocate a: _own.Add(a.Buffer); break;
                case Block or LetStmt or If: break;
                default: _onlyStores = false; return;
            }
            base.Visit(s);
        }
    }
}
