using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Lower.Analysis;

/// <summary>Which divisions cannot be by 0 where some loops run at all: inside of <c>for i in 0..n * m</c> neither <c>n</c> nor <c>m</c> is 0.</summary>
internal sealed class NonZeroDivisors
{
    private readonly List<Expr> _known = [];

    /// <summary>What to give <see cref="Release"/> to forget what is entered from here on.</summary>
    public int Mark() => _known.Count;

    public void Release(int mark) => _known.RemoveRange(mark, _known.Count - mark);

    /// <summary>What follows stands inside of a loop.</summary>
    public void Enter(For loop) => AtLeast(loop.Extent, 1);

    /// <summary>True where evaluating an expression could divide an integer by 0.</summary>
    public bool CanTrap(Expr e)
    {
        var divisions = new Divisions(this);
        divisions.Visit(e);
        return divisions.CanTrap;
    }

    // `least` is 1 or more.
    private void AtLeast(Expr e, long least)
    {
        if (e is not IntImm) _known.Add(e);
        switch (e)
        {
            case Binary { Op: BinaryOp.Mul } b:
                Factor(b.Left);
                Factor(b.Right);
                break;
            case Binary { Op: BinaryOp.Min } b:
                AtLeast(b.Left, least);
                AtLeast(b.Right, least);
                break;
            case Binary { Op: BinaryOp.Max, Left: IntImm { Value: <= 0 } } b: AtLeast(b.Right, least); break;
            case Binary { Op: BinaryOp.Max, Right: IntImm { Value: <= 0 } } b: AtLeast(b.Left, least); break;
            case Binary { Op: BinaryOp.Add, Right: IntImm n } b when n.Value < least: AtLeast(b.Left, least - Math.Max(n.Value, 0)); break;
            case Binary { Op: BinaryOp.Div, Right: IntImm { Value: >= 1 and <= 1L << 30 } n } b when least <= 1L << 30: AtLeast(b.Left, least * n.Value); break;
        }
    }

    // A product is not 0, so no factor is.
    private void Factor(Expr e)
    {
        if (e is IntImm) return;
        _known.Add(e);
        if (e is not Binary { Op: BinaryOp.Mul } b) return;
        Factor(b.Left);
        Factor(b.Right);
    }

    private sealed class Divisions(NonZeroDivisors known) : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

        public bool CanTrap { get; private set; }

        public override void Visit(Expr e)
        {
            if (CanTrap || !_seen.Add(e)) return;
            CanTrap = Predication.IsTrapping(e) && !known._known.Exists(k => StructuralComparer.Equal(k, ((Binary)e).Right));
            base.Visit(e);
        }
    }
}
