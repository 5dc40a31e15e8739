using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Finds arithmetic on indices that does not fit in 64 bits for given sizes. Proofs count with exact numbers; this makes sure that
/// a kernel does so too. Intervals are too wide rather than too narrow, which matters only far beyond what a loop can reach.</summary>
internal sealed class IndexOverflow(IReadOnlyDictionary<DimSymbol, long> dims)
{
    private readonly Dictionary<IndexSymbol, Interval> _ranges = [];

    /// <summary>The first term that can overflow.</summary>
    public Term? Found { get; private set; }

    private readonly record struct Interval(Int128 Low, Int128 High)
    {
        public static readonly Interval All = new(long.MinValue, long.MaxValue);
        public bool Fits => Low >= long.MinValue && High <= long.MaxValue;
        public bool IsEmpty => Low > High;
        public Int128 Size => Int128.Max(Int128.Abs(Low), Int128.Abs(High));
        public Interval Hull(Interval other) => new(Int128.Min(Low, other.Low), Int128.Max(High, other.High));
    }

    public void Visit(Equation equation)
    {
        foreach (var index in equation.Indices)
            if (!Enter(index)) return;
        foreach (var target in equation.Targets)
            foreach (var index in target.Indices) Visit(index);
        Visit(equation.Value);
    }

    /// <summary>False when there is no value, so that what stands inside is never computed.</summary>
    private bool Enter(IndexSymbol index)
    {
        var (start, end) = (Visit(index.Start), Visit(index.End));
        return !(_ranges[index] = new(start.Low, end.High - 1)).IsEmpty;
    }

    private Interval Visit(Term term)
    {
        if (Found is not null) return Interval.All;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm c: return c.Type.IsInteger ? new(c.Value.Exact, c.Value.Exact) : Interval.All;
            case DimTerm d: return dims.TryGetValue(d.Dim, out long size) ? new(size, size) : new(0, long.MaxValue);
            case IndexTerm i: return _ranges.GetValueOrDefault(i.Index, Interval.All);
            case ReadTerm r:
                foreach (var index in r.Indices) Visit(index);
                if (r.Default is not null) Visit(r.Default);
                return Interval.All;
            case UnaryTerm u:
                var operand = Visit(u.Operand);
                return u.Type is not ElementType.Int ? Interval.All
                    : u.Op is UnaryOp.Neg ? Checked(u, new(-operand.High, -operand.Low)) : new(-operand.High - 1, -operand.Low - 1);
            case LogicalTerm l:
                Visit(l.Left);
                Visit(l.Right);
                return Interval.All;
            case SelectTerm s:
                Visit(s.Condition);
                var (then, @else) = (Visit(s.Then), Visit(s.Else));
                return then.Hull(@else);
            case CastTerm c:
                var value = Visit(c.Operand);
                if (c.Type is not ElementType.Int || !c.Operand.Type.IsInteger) return Interval.All;
                var natural = c.Operand.Type is ElementType.Int ? value : new Interval(c.Operand.Type.MinValue, c.Operand.Type.MaxValue);
                return natural.Fits ? natural : Interval.All;
            case IntrinsicTerm f:
                var argument = Interval.All;
                foreach (var a in f.Arguments) argument = Visit(a);
                return f is { Type: ElementType.Int, Function: Intrinsic.Abs } ? Checked(f, new(0, argument.Size)) : Interval.All;
            case ReduceTerm r:
                foreach (var index in r.Indices)
                    if (!Enter(index)) return Interval.All;
                if (r.Condition is not null) Visit(r.Condition);
                Visit(r.Body);
                return Interval.All;
            case BinaryTerm b:
                var (left, right) = (Visit(b.Left), Visit(b.Right));
                return b.Type is ElementType.Int ? Checked(b, Apply(b.Op, left, right)) : Interval.All;
            default: throw new CompilerBugException("proofs", $"unknown term {term.GetType().Name}");
        }
    }

    private Interval Checked(Term term, Interval value)
    {
        if (value.Fits) return value;
        Found ??= term;
        return Interval.All;
    }

    private static Interval Apply(BinaryOp op, Interval a, Interval b)
    {
        switch (op)
        {
            case BinaryOp.Add: return new(a.Low + b.Low, a.High + b.High);
            case BinaryOp.Sub: return new(a.Low - b.High, a.High - b.Low);
            case BinaryOp.Mul:
                Int128[] products = [a.Low * b.Low, a.Low * b.High, a.High * b.Low, a.High * b.High];
                return new(products.Min(), products.Max());
            case BinaryOp.Min: return new(Int128.Min(a.Low, b.Low), Int128.Min(a.High, b.High));
            case BinaryOp.Max: return new(Int128.Max(a.Low, b.Low), Int128.Max(a.High, b.High));
            // The quotient is no further from zero than the dividend, unless a small negative one is rounded down to -1.
            case BinaryOp.Div or BinaryOp.TruncDiv when b.Low > 0:
                return new(a.Low >= 0 ? 0 : Int128.Min(a.Low / b.Low, -1), a.High < 0 ? 0 : a.High / b.Low);
            case BinaryOp.Div or BinaryOp.TruncDiv: return new(Int128.Min(-a.Size, -1), a.Size);
            case BinaryOp.Mod: return new(Int128.Min(b.Low + 1, 0), Int128.Max(b.High - 1, 0));
            case BinaryOp.TruncMod: return new(-a.Size, a.Size);
            case BinaryOp.Shl when b.Low >= 0 && b.High < 64:
                Int128 power = Int128.One << (int)b.High;
                return new(Int128.Min(a.Low * power, a.Low), Int128.Max(a.High * power, a.High));
            case BinaryOp.And when a.Low >= 0 || b.Low >= 0: return new(0, a.Low < 0 ? b.High : b.Low < 0 ? a.High : Int128.Min(a.High, b.High));
            case BinaryOp.Shr: return new(Int128.Min(a.Low, 0), Int128.Max(a.High, 0));
            default: return Interval.All;
        }
    }
}
