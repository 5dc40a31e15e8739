using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx;

/// <summary>Arithmetic of an operator as it is written: every addition, multiplication, division, minimum, comparison and named function on
/// elements counts one, and so does every step of a reduction (a matrix product: 2·M·N·K). Index arithmetic, casts and selections count nothing.
/// Conditions of a reduction are not subtracted.</summary>
public static class FlopCount
{
    public static double Of(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        double total = 0;
        foreach (var stage in op.Stages)
            foreach (var equation in stage.Equations)
                total += Volume(equation.Indices, dims) * PerPoint(equation.Value, dims);
        return total;
    }

    private static double PerPoint(Term term, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        if (term.Type is ElementType.Int) return 0;
        return term switch
        {
            BinaryTerm b => (b.Left.Type is ElementType.Int ? 0 : 1) + PerPoint(b.Left, dims) + PerPoint(b.Right, dims),
            UnaryTerm u => 1 + PerPoint(u.Operand, dims),
            IntrinsicTerm f => 1 + f.Arguments.Sum(a => PerPoint(a, dims)),
            CastTerm c => PerPoint(c.Operand, dims),
            SelectTerm s => PerPoint(s.Condition, dims) + Math.Max(PerPoint(s.Then, dims), PerPoint(s.Else, dims)),
            LogicalTerm l => PerPoint(l.Left, dims) + PerPoint(l.Right, dims),
            ReadTerm r => r.Default is null ? 0 : PerPoint(r.Default, dims),
            ReduceTerm r => Volume(r.Indices, dims) * ((r.Reducer is { } own ? PerPoint(own.Combine, dims) : 1) + PerPoint(r.Body, dims)),
            _ => 0,
        };
    }

    // Ranges that use other indices (j in 0..i) are counted at the middle of the outer range.
    internal static double Volume(ImmutableArray<IndexSymbol> indices, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        double volume = 1;
        foreach (var i in indices) volume *= Math.Max(0, Middle(i.End, dims) - Middle(i.Start, dims));
        return volume;
    }

    private static double Middle(Term term, IReadOnlyDictionary<DimSymbol, long> dims) => term switch
    {
        ConstTerm c => c.Value.Integer,
        DimTerm d => dims.TryGetValue(d.Dim, out long n) ? n : 0,
        IndexTerm i => (Middle(i.Index.Start, dims) + Middle(i.Index.End, dims) - 1) / 2,
        UnaryTerm { Op: UnaryOp.Neg } u => -Middle(u.Operand, dims),
        BinaryTerm b => Apply(b.Op, Middle(b.Left, dims), Middle(b.Right, dims)),
        _ => 0,
    };

    private static double Apply(BinaryOp op, double x, double y) => op switch
    {
        BinaryOp.Add => x + y,
        BinaryOp.Sub => x - y,
        BinaryOp.Mul => x * y,
        BinaryOp.Div or BinaryOp.TruncDiv => y == 0 ? 0 : Math.Floor(x / y),
        BinaryOp.Mod or BinaryOp.TruncMod => y == 0 ? 0 : x - y * Math.Floor(x / y),
        BinaryOp.Min => Math.Min(x, y),
        BinaryOp.Max => Math.Max(x, y),
        _ => 0,
    };
}
