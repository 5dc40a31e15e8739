using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>One number of a <see cref="SizeProgram"/>, made of numbers before it.</summary>
public abstract record SizeStep;

public sealed record ConstantSize(long Value) : SizeStep;

/// <summary>The size of a dimension of the kernel.</summary>
public sealed record DimensionSize(int Dimension) : SizeStep;

public sealed record BinarySize(BinaryOp Op, int Left, int Right) : SizeStep;

/// <summary><see cref="UnaryOp.Not"/> takes a truth value: 0 or 1.</summary>
public sealed record UnarySize(UnaryOp Op, int Operand) : SizeStep;

public sealed record AbsoluteSize(int Operand) : SizeStep;

/// <summary>A value that must fit in an integer type.</summary>
public sealed record ConvertedSize(ElementType Type, int Operand) : SizeStep;

public sealed record SelectedSize(int Condition, int Then, int Else) : SizeStep;

/// <summary>Extents of a kernel's tensors as functions of its dimensions: a list of steps, so that a part that many of them share is computed once.
/// Numbers are exact: what does not fit in 64 bits, or divides by 0, is null, and so is what is made of it.</summary>
public sealed record SizeProgram(ImmutableArray<SizeStep> Steps)
{
    /// <summary>The value of each step.</summary>
    /// <param name="dims">The sizes of the kernel's dimensions.</param>
    public ImmutableArray<long?> Evaluate(ReadOnlySpan<long> dims)
    {
        var values = new long?[Steps.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = Steps[i] switch
            {
                ConstantSize c => c.Value,
                DimensionSize d => dims[d.Dimension],
                BinarySize b => values[b.Left] is { } x && values[b.Right] is { } y ? Apply(b.Op, x, y) : null,
                UnarySize u => values[u.Operand] is { } x ? Apply(u.Op, x) : null,
                AbsoluteSize a => values[a.Operand] is { } x and not long.MinValue ? Math.Abs(x) : null,
                ConvertedSize c => values[c.Operand] is { } x && x >= c.Type.MinValue && x <= c.Type.MaxValue ? x : null,
                SelectedSize s => values[s.Condition] is { } taken ? taken != 0 ? values[s.Then] : values[s.Else] : null,
                var other => throw new CompilerBugException("sizes", other.GetType().Name),
            };
        return ImmutableArray.Create(values);
    }

    private static long? Apply(UnaryOp op, long x) => op switch
    {
        UnaryOp.Neg => Fitting(-(Int128)x),
        UnaryOp.Not => x == 0 ? 1 : 0,
        UnaryOp.BitNot => ~x,
    };

    private static long? Apply(BinaryOp op, long x, long y) => op switch
    {
        BinaryOp.Add => Fitting((Int128)x + y),
        BinaryOp.Sub => Fitting((Int128)x - y),
        BinaryOp.Mul => Fitting((Int128)x * y),
        BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod when y == 0 => null,
        BinaryOp.Div => y == -1 ? Fitting(-(Int128)x) : ScalarMath.FloorDiv(x, y),
        BinaryOp.Mod => y == -1 ? 0 : ScalarMath.FloorMod(x, y),
        BinaryOp.TruncDiv => Fitting((Int128)x / y),
        BinaryOp.TruncMod => y == -1 ? 0 : x % y,
        BinaryOp.Min => Math.Min(x, y),
        BinaryOp.Max => Math.Max(x, y),
        BinaryOp.And => x & y,
        BinaryOp.Or => x | y,
        BinaryOp.Xor => x ^ y,
        BinaryOp.Shl => y is >= 0 and < 63 ? Fitting((Int128)x << (int)y) : null,
        BinaryOp.Shr => y is >= 0 and < 64 ? x >> (int)y : null,
        BinaryOp.Eq => x == y ? 1 : 0,
        BinaryOp.Ne => x != y ? 1 : 0,
        BinaryOp.Lt => x < y ? 1 : 0,
        BinaryOp.Le => x <= y ? 1 : 0,
        BinaryOp.Gt => x > y ? 1 : 0,
        BinaryOp.Ge => x >= y ? 1 : 0,
    };

    private static long? Fitting(Int128 x) => x >= long.MinValue && x <= long.MaxValue ? (long)x : null;
}
