using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>What a comparison found.</summary>
/// <param name="Mismatches">Elements that differ by more than is allowed.</param>
/// <param name="Count">Elements compared.</param>
/// <param name="WorstIndex">Where they differ most, in relation to what is allowed; empty where all are the same.</param>
/// <param name="Actual">The first tensor's element there.</param>
/// <param name="Expected">The second one's.</param>
/// <param name="LargestDifference">The largest absolute difference; NaN where only one of two elements is a NaN.</param>
public sealed record ComparisonResult(long Mismatches, long Count, ImmutableArray<long> WorstIndex, Scalar Actual, Scalar Expected, double LargestDifference)
{
    public bool Passed => Mismatches == 0;

    /// <summary><c>3 of 8 elements differ; the most at [1, 2]: 4.5, expected 4.25 (largest difference 0.25)</c></summary>
    public override string ToString()
    {
        if (Passed) return string.Create(CultureInfo.InvariantCulture, $"{Count} elements agree (largest difference {LargestDifference:G6})");
        string index = string.Join(", ", WorstIndex.Select(i => i.ToString(CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture,
            $"{Mismatches} of {Count} elements differ; the most at [{index}]: {Actual}, expected {Expected} (largest difference {LargestDifference:G6})");
    }
}

/// <summary>Comparison of two tensors of one type and shape, element by element.</summary>
public static class TensorComparison
{
    /// <summary>Are they the same values? <c>−0</c> equals <c>0</c>, and NaN equals NaN.</summary>
    /// <exception cref="DiagnosticException">Their types or shapes differ.</exception>
    public static ComparisonResult Equal(NativeTensor actual, NativeTensor expected) => Close(actual, expected, 0, 0);

    /// <summary>Is |actual − expected| ≤ <paramref name="atol"/> + <paramref name="rtol"/> · |expected| for all elements? NaN is close to NaN
    /// and to nothing else, an infinity to itself.</summary>
    /// <exception cref="DiagnosticException">Their types or shapes differ.</exception>
    public static ComparisonResult Close(NativeTensor actual, NativeTensor expected, double rtol, double atol)
    {
        if (actual.Type != expected.Type || !actual.Shape.AsSpan().SequenceEqual(expected.Shape.AsSpan()))
            throw new DiagnosticException(RuntimeDiagnostics.ComparedTypes, null, actual.ToString(), expected.ToString());
        long mismatches = 0, worst = -1;
        double worstExcess = 0, worstDifference = 0, largest = 0;
        for (long i = 0; i < actual.Count; i++)
        {
            Scalar x = actual[i], y = expected[i];
            var (difference, size) = Difference(x, y);
            if (difference == 0) continue;
            // An excess above 1 is a mismatch; a NaN counts as the worst.
            double excess = double.IsNaN(difference) ? double.PositiveInfinity : difference / (atol + rtol * size);
            bool isMismatch = !(difference <= atol + rtol * size);
            if (isMismatch) mismatches++;
            if (!(difference <= largest) && !double.IsNaN(largest)) largest = difference;
            if (worst >= 0 && (excess < worstExcess || (excess == worstExcess && !(difference > worstDifference)))) continue;
            (worst, worstExcess, worstDifference) = (i, excess, difference);
        }
        if (worst < 0) return new(0, actual.Count, [], default, default, 0);
        return new(mismatches, actual.Count, TensorType.IndexOf(worst, actual.Shape), actual[worst], expected[worst], largest);
    }

    /// <summary>The absolute difference (0 for two NaNs or equal infinities) and the size of the expected value.</summary>
    private static (double Difference, double Size) Difference(Scalar x, Scalar y)
    {
        if (!x.Type.IsFloat) return ((double)Int128.Abs(x.Exact - y.Exact), (double)Int128.Abs(y.Exact));
        double a = x.Real, b = y.Real;
        if (a == b || (double.IsNaN(a) && double.IsNaN(b))) return (0, 0);
        // An infinity is no yardstick: beside one, nothing finite is close.
        return (Math.Abs(a - b), double.IsFinite(b) ? Math.Abs(b) : 0);
    }
}
