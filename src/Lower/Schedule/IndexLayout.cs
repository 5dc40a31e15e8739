using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

namespace Tx.Lower.Schedule;

/// <summary>Where the elements of a box lie: <c>(i, k) -> [i / 8, k, i % 8]</c> over relative indices that start at 0.</summary>
/// <param name="Axes">A variable for each dimension of the box.</param>
/// <param name="Indices">Of the place, over <paramref name="Axes"/>; each starts at 0.</param>
/// <param name="Shape">Extents of the places, over dimensions.</param>
/// <param name="Digits">Where every axis is written in the places digit by digit: for each place the axis and what one step of it is worth. Null for other maps.</param>
internal sealed record IndexLayout(ImmutableArray<Var> Axes, ImmutableArray<Expr> Indices, ImmutableArray<Expr> Shape, ImmutableArray<(int Axis, long Worth)>? Digits)
{
    /// <summary>The order of the dimensions as they are.</summary>
    public static IndexLayout Identity(ImmutableArray<string> names, ImmutableArray<Expr> extents)
    {
        ImmutableArray<Var> axes = [.. names.Select(Var.Index)];
        return new(axes, [.. axes], extents, [.. axes.Select((_, n) => (n, 1L))]);
    }

    /// <param name="extents">Of the box, over dimensions.</param>
    /// <returns>Null where an index of a place has no limits.</returns>
    public static IndexLayout? Of(LayoutValue map, ImmutableArray<Expr> extents, IEnumerable<Var> dims)
    {
        var context = new RangeContext();
        foreach (var d in dims) context.Bind(d, ConstInterval.NonNegative);
        ImmutableArray<Var> axes = [.. map.Axes.Select(a => Var.Index(a.Name))];
        var byAxis = map.Axes.Zip(axes).ToDictionary(p => p.First, p => p.Second);
        var ranges = axes.Zip(extents).ToDictionary(p => p.First, p => (Min: Expr.Index(0), Max: p.Second - 1));
        var (indices, shape) = (ImmutableArray.CreateBuilder<Expr>(), ImmutableArray.CreateBuilder<Expr>());
        foreach (var term in map.Body)
        {
            if (Lower(term, byAxis) is not { } index || Bounds.Of(index, ranges) is not ({ } low, { } high)) return null;
            low = Simplifier.Simplify(low, context);
            indices.Add(index - low);
            shape.Add(Simplifier.Simplify(Expr.Max(Expr.Index(0), high - low + 1), context));
        }
        var result = new IndexLayout(axes, indices.ToImmutable(), shape.ToImmutable(), null);
        return result with { Digits = DigitsOf(result) };
    }

    /// <summary>The place of an element.</summary>
    public ImmutableArray<Expr> At(IReadOnlyList<Expr> relative)
    {
        var map = Axes.Select((a, n) => (a, n)).ToDictionary(p => p.a, p => relative[p.n]);
        return [.. Indices.Select(e => e.Substitute(map))];
    }

    /// <summary>The relative index of an axis from the indices of a place, where there are digits.</summary>
    public Expr AxisAt(int axis, IReadOnlyList<Expr> place)
    {
        var sum = Expr.Index(0);
        for (int p = 0; p < place.Count; p++)
            if (Digits!.Value[p].Axis == axis) sum = sum + place[p] * Digits.Value[p].Worth;
        return sum;
    }

    private static ImmutableArray<(int, long)>? DigitsOf(IndexLayout layout)
    {
        var digits = ImmutableArray.CreateBuilder<(int Axis, long Worth)>();
        var ends = new List<long>();
        foreach (var e in layout.Indices)
        {
            var (rest, modulus) = e is Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 and var m } } mod ? (mod.Left, m) : (e, 0);
            (rest, long worth) = rest is Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 and var c } } div ? (div.Left, c) : (rest, 1);
            if (rest is not Var v || layout.Axes.IndexOf(v) is not (>= 0 and var axis) || modulus > long.MaxValue / worth) return null;
            digits.Add((axis, worth));
            ends.Add(modulus * worth);
        }
        for (int axis = 0; axis < layout.Axes.Length; axis++)
        {
            // From the smallest digit up, each begins where the one before ends; the last has no end.
            long next = 1;
            var own = digits.Select((d, n) => (d.Axis, d.Worth, End: ends[n])).Where(d => d.Axis == axis).OrderBy(d => d.Worth).ToList();
            foreach (var (_, worth, end) in own)
            {
                if (worth != next) return null;
                next = end;
            }
            if (own.Count == 0 || own[^1].End != 0 || own.SkipLast(1).Any(d => d.End == 0)) return null;
        }
        return digits.ToImmutable();
    }

    private static Expr? Lower(Term term, IReadOnlyDictionary<IndexSymbol, Var> axes)
    {
        switch (term)
        {
            case ConstTerm { Value.Type.IsFloat: false } c: return Expr.Index(c.Value.Integer);
            case IndexTerm i: return axes.TryGetValue(i.Index, out var v) ? v : null;
            case UnaryTerm { Op: UnaryOp.Neg } u: return Lower(u.Operand, axes) is { } e ? -e : null;
            case CastTerm { Kind: CastKind.Convert, Type: ElementType.Int } c: return Lower(c.Operand, axes);
            case BinaryTerm { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.Div or BinaryOp.Mod or BinaryOp.Min or BinaryOp.Max } b:
                if (Lower(b.Left, axes) is not { } l || Lower(b.Right, axes) is not { } r) return null;
                return b.Op is BinaryOp.Div or BinaryOp.Mod && r is not IntImm { Value: > 0 } ? null : Expr.Make(b.Op, l, r);
            default: return null;
        }
    }
}
