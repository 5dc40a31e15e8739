using Tx.Core;

namespace Tx.Fuzz;

/// <summary>Draws the elements of a program's inputs: small integers, fractions, or the values at which arithmetic goes wrong.</summary>
internal sealed class InputValues(ValueMode mode, int seed)
{
    private readonly Random _random = new(seed);

    public DenseArray Fill(DenseArray array)
    {
        // Some arrays are plain also where others are special: two extremes hide more than one.
        bool isSpecial = mode is ValueMode.Special && _random.Next(4) > 0;
        for (long i = 0; i < array.Count; i++) array[i] = isSpecial && _random.Next(3) == 0 ? Special(array.Type) : Plain(array.Type);
        return array;
    }

    private Scalar Plain(ElementType type)
    {
        if (type is ElementType.Bool) return Scalar.Bool(_random.Next(2) == 1);
        if (!type.IsFloat || mode is ValueMode.Whole) return Scalar.Of(type, (long)_random.Next(type.IsUnsigned ? 0 : Low(type), 1 - Low(type)));
        return Scalar.Of(type, mode is ValueMode.Smooth ? _random.NextDouble() * 4 - 2 : (_random.NextDouble() - 0.5) * Math.Pow(2, _random.Next(-6, 12)));
    }

    // Small floats hold fewer whole numbers.
    private static int Low(ElementType type) => type is ElementType.F16 or ElementType.BF16 ? -4 : -8;

    private Scalar Special(ElementType type)
    {
        if (type is ElementType.Bool) return Scalar.Bool(true);
        if (type.IsFloat)
            return Scalar.Of(type, _random.Next(14) switch
            {
                0 or 1 => double.NaN,
                2 => double.PositiveInfinity,
                3 => double.NegativeInfinity,
                4 => -0.0,
                5 => 0.0,
                6 => Math.BitDecrement(0.0) * Math.Pow(2, _random.Next(20)),
                // The least normal values of f16 and f32, and subnormals below them.
                7 => 5.9604645e-8 * _random.Next(1, 2000),
                8 => 1.4e-45 * _random.Next(1, 1 << 23),
                9 => 3.4e38,
                10 => -65504,
                11 => _random.Next(4) switch { 0 => 127.5, 1 => -128.5, 2 => 2147483648.0, _ => 9.3e18 },
                12 => 0.5 + _random.Next(-3, 4),
                _ => -1e-30,
            });
        return (_random.Next(7), type.MinValue, type.MaxValue) switch
        {
            (0, var low, _) => Scalar.Of(type, unchecked((long)low)),
            (1, _, var high) => Scalar.Of(type, unchecked((long)(ulong)high)),
            (2, var low, _) => Scalar.Of(type, unchecked((long)(low + 1))),
            (3, _, var high) => Scalar.Of(type, unchecked((long)(ulong)(high - 1))),
            (4, _, _) => Scalar.Of(type, type.IsSigned ? -1L : unchecked((long)(1UL << (type.Bits - 1)))),
            (5, _, _) => Scalar.Of(type, (long)type.Bits + _random.Next(-1, 2)),
            _ => Scalar.Of(type, unchecked((long)_random.NextInt64())),
        };
    }
}
