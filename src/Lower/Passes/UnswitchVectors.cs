using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Puts a condition that is the same for all lanes and unrolled copies outside of them:
/// <code>
/// vectorized for l { t[l] = select(k == 0, 0, C[l if k != 0]) }
///   →  if k == 0 { vectorized for l { t[l] = 0 } } else { vectorized for l { t[l] = C[l] } }
/// </code>
/// A branch for the whole tile is cheaper than a mask for each vector of it.</summary>
public static class UnswitchVectors
{
    /// <summary>Nodes that a body may have to get a second version.</summary>
    public const long MaxNodes = 2_000;

    /// <summary>Conditions that are put outside of one nest of vectors: each may double its code.</summary>
    private const int MaxConditions = 2;

    public static LoopModule Run(LoopModule module) => module.Map(f => f.With(new Unswitching().Visit(f.Body)));

    private sealed class Unswitching : Rewriter
    {
        private readonly NonZeroDivisors _divisors = new();

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f)
        {
            if (f.Kind is LoopKind.Vectorized or LoopKind.Unrolled) return Unswitch(f, MaxConditions);
            int mark = _divisors.Mark();
            _divisors.Enter(f);
            var result = base.VisitFor(f);
            _divisors.Release(mark);
            return result;
        }

        private Stmt Unswitch(Stmt s, int left)
        {
            if (left == 0 || NodeCount.Of(s) > MaxNodes) return s;
            var uniform = new UniformConditions(_divisors);
            uniform.Visit(s);
            if (uniform.First is not { } condition) return s;
            var otherwise = Unswitch(new Decided(condition, false).Visit(s), left - 1);
            return new If(condition, Unswitch(new Decided(condition, true).Visit(s), left - 1), new Instantiate([]).Visit(otherwise));
        }
    }

    /// <summary>Finds a comparison of indices that guards a lane's value and depends on nothing inside.</summary>
    private sealed class UniformConditions(NonZeroDivisors divisors) : Walker
    {
        private readonly HashSet<Var> _inner = [];
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private readonly List<Binary> _found = [];
        private bool _inVector;

        public Binary? First => _found.FirstOrDefault(b => !b.FreeVars().Any(_inner.Contains) && !divisors.CanTrap(b));

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case For f:
                    _inner.Add(f.Variable);
                    bool outside = _inVector;
                    _inVector |= f.Kind is LoopKind.Vectorized;
                    base.Visit(s);
                    _inVector = outside;
                    return;
                case LetStmt l: _inner.Add(l.Variable); break;
                case Instance i: _inner.UnionWith(i.Iterations.Select(it => it.Variable)); break;
            }
            base.Visit(s);
        }

        public override void Visit(Expr e)
        {
            if (!_inVector || !_seen.Add(e)) return;
            switch (e)
            {
                case Select s: Consider(s.Condition); break;
                case Load { Predicate: { } p }: Consider(p); break;
                case Let l: _inner.Add(l.Variable); break;
            }
            base.Visit(e);
        }

        private void Consider(Expr condition)
        {
            if (condition is not Binary b) return;
            if (b.Op is BinaryOp.And)
            {
                Consider(b.Left);
                Consider(b.Right);
            }
            else if (Opposite(b.Op) is not null && b.Left.Type == IrType.Index) _found.Add(b);
        }
    }

    /// <summary>Code where it is known whether a comparison holds.</summary>
    private sealed class Decided(Binary condition, bool holds) : SharingRewriter
    {
        private readonly Binary _opposite = new(Opposite(condition.Op)!.Value, condition.Left, condition.Right);

        protected override Expr VisitBinary(Binary b)
        {
            if (StructuralComparer.Equal(b, condition)) return holds ? Expr.True : Expr.False;
            if (StructuralComparer.Equal(b, _opposite)) return holds ? Expr.False : Expr.True;
            return b.Op is BinaryOp.And ? Expr.And(Visit(b.Left), Visit(b.Right)) : base.VisitBinary(b);
        }

        protected override Expr VisitSelect(Select s)
        {
            var test = Visit(s.Condition);
            return test.IsTrue ? Visit(s.Then) : test.IsConstant(0) ? Visit(s.Else) : base.VisitSelect(s);
        }
    }

    private static BinaryOp? Opposite(BinaryOp op) => op switch
    {
        BinaryOp.Eq => BinaryOp.Ne,
        BinaryOp.Ne => BinaryOp.Eq,
        BinaryOp.Lt => BinaryOp.Ge,
        BinaryOp.Ge => BinaryOp.Lt,
        BinaryOp.Le => BinaryOp.Gt,
        BinaryOp.Gt => BinaryOp.Le,
        _ => null,
    };
}
