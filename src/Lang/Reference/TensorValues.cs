using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Reference;

/// <summary>The elements of one tensor while an operator is evaluated, row-major: floats as doubles already rounded to their type,
/// integers and <c>bool</c> as longs (see <see cref="Scalar"/>).</summary>
internal sealed class TensorValues
{
    private TensorValues(TensorSymbol symbol, long[] extents)
    {
        (Symbol, Extents) = (symbol, extents);
        long count = Count(symbol, extents);
        Reals = symbol.Type.IsFloat ? new double[count] : [];
        Integers = symbol.Type.IsFloat ? [] : new long[count];
    }

    public TensorSymbol Symbol { get; }
    public long[] Extents { get; }
    public double[] Reals { get; }
    public long[] Integers { get; }

    /// <summary>Called with the position of an element before it is read, while the tensor is being computed; null when it is complete.</summary>
    public Action<long>? Demand { get; set; }

    /// <summary>All elements 0.</summary>
    public static TensorValues Create(TensorSymbol symbol, long[] extents)
    {
        try
        {
            return new(symbol, extents);
        }
        catch (OutOfMemoryException)
        {
            throw TooLarge(symbol, extents);
        }
    }

    /// <exception cref="ArgumentException">The array has another type or shape.</exception>
    public static TensorValues From(TensorSymbol symbol, long[] extents, DenseArray array)
    {
        var stored = symbol.Type is ElementType.Int ? ElementType.I64 : symbol.Type;
        if (array.Type != stored || !array.Shape.AsSpan().SequenceEqual(extents))
            throw new ArgumentException($"`{symbol.Name}` is {symbol.Type.Name}[{Join(extents)}], and {array.Type.Name}[{Join(array.Shape.AsSpan())}] was passed");
        var values = Create(symbol, extents);
        var bits = array.Bits;
        for (int i = 0; i < bits.Length; i++)
        {
            var scalar = ScalarMath.FromBits(symbol.Type, bits[i]);
            if (symbol.Type.IsFloat) values.Reals[i] = scalar.Real;
            else values.Integers[i] = scalar.Integer;
        }
        return values;
    }

    /// <summary>The elements; an <c>int</c> as an <c>i64</c>.</summary>
    public DenseArray ToDense()
    {
        var type = Symbol.Type is ElementType.Int ? ElementType.I64 : Symbol.Type;
        var array = new DenseArray(type, [.. Extents]);
        var bits = array.Bits;
        for (int i = 0; i < bits.Length; i++)
            bits[i] = ScalarMath.ToBits(type.IsFloat ? Scalar.Of(type, Reals[i]) : Scalar.Of(type, Integers[i]));
        return array;
    }

    internal static string Join(ReadOnlySpan<long> values)
    {
        var text = new System.Text.StringBuilder();
        foreach (long v in values) text.Append(text.Length > 0 ? ", " : "").Append(v.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private static long Count(TensorSymbol symbol, long[] extents)
    {
        Int128 count = 1;
        bool isEmpty = false;
        foreach (long n in extents)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(n);
            isEmpty |= n == 0;
            count *= Math.Max(1, n);
            if (count > Array.MaxLength) throw TooLarge(symbol, extents);
        }
        if (!isEmpty && (long)count * sizeof(long) > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2) throw TooLarge(symbol, extents);
        return isEmpty ? 0 : (long)count;
    }

    private static DiagnosticException TooLarge(TensorSymbol symbol, long[] extents) =>
        new(ReferenceDiagnostics.TooLarge, symbol.Span, symbol.Name, symbol.Type.Name, Join(extents));
}
