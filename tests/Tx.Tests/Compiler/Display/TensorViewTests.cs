using System.Diagnostics;
using Tx.Core;
using Tx.Display;
using Tx.Runtime;

namespace Tx.Tests.Compiler.Display;

public class TensorViewTests
{
    private static readonly TensorAllocator Allocator = new();

    public static TheoryData<string> Types() => [.. Enum.GetValues<ElementType>().Where(t => t is not ElementType.Int).Select(t => t.Name)];

    [Theory, MemberData(nameof(Types))]
    public void EveryTypeAndRank_HasASoundView(string name)
    {
        Assert.True(ElementTypes.TryParse(name, out var type));
        foreach (long[] shape in (long[][])[[], [0], [1], [5], [300], [2, 3], [0, 4], [4, 0], [40, 130], [2, 3, 4], [3, 0, 2], [6, 2, 3, 5]])
        {
            using var tensor = TensorFill.Random(Allocator, type, shape, 7);
            var bundle = Formatters.Of(tensor);
            ViewAssert.IsSound(bundle);
            Assert.StartsWith(shape.Length == 0 ? $"{name}[]" : tensor.ToString(), bundle.Plain, StringComparison.Ordinal);
            Assert.Equal(bundle, Formatters.Of(tensor), (a, b) => a!.Data.SequenceEqual(b!.Data));
        }
    }

    [Fact]
    public void Header_CountsWhatIsNotFinite()
    {
        using var tensor = Filled([1, double.NaN, 3, double.PositiveInfinity, double.NegativeInfinity, 5], 2, 3);
        var bundle = Formatters.Of(tensor);
        Assert.StartsWith("f32[2, 3]  24 B  min 1  max 5  mean 3  NaN 1  Inf 2\n", bundle.Plain, StringComparison.Ordinal);
        string text = ViewAssert.IsSound(bundle).Value;
        Assert.Contains("NaN 1", text, StringComparison.Ordinal);
        Assert.Contains("Inf 2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AllNan_HasNoRange()
    {
        using var tensor = Filled([double.NaN, double.NaN, double.NaN, double.NaN], 2, 2);
        Assert.StartsWith("f32[2, 2]  16 B  NaN 4\n", Formatters.Of(tensor).Plain, StringComparison.Ordinal);
        ViewAssert.IsSound(Formatters.Of(tensor));
    }

    [Fact]
    public void ExtremeDoubles_StayInTheHistogram()
    {
        using var tensor = Allocator.Allocate(ElementType.F64, [4]);
        double[] values = [-double.MaxValue, double.MaxValue, 0, double.Epsilon];
        for (int i = 0; i < 4; i++) tensor[i] = Scalar.Of(ElementType.F64, values[i]);
        var histogram = Histogram.Of(tensor, TensorSummary.Of(tensor))!;
        Assert.Equal(4, histogram.Counts.Sum());
        Assert.Equal(1, histogram.Counts[0]);
        Assert.Equal(1, histogram.Counts[^1]);
        ViewAssert.IsSound(Formatters.Of(tensor));
    }

    [Fact]
    public void PackedBits_AreSummedOneByOne()
    {
        using var tensor = Allocator.Allocate(ElementType.U1, [3, 11]);
        tensor.Clear();
        for (int i = 0; i < 33; i += 3) tensor[i] = Scalar.Of(ElementType.U1, 1);
        var summary = TensorSummary.Of(tensor);
        Assert.Equal((0, 1, 11.0 / 33), (summary.Min, summary.Max, summary.Mean));
        Assert.Equal([22, 11], Histogram.Of(tensor, summary)!.Counts);
        Assert.StartsWith("u1[3, 11]  6 B", Formatters.Of(tensor).Plain, StringComparison.Ordinal);
    }

    [Fact]
    public void SmallIntegers_HaveOneBarEach()
    {
        using var tensor = Allocator.Allocate(ElementType.I8, [6]);
        long[] values = [-2, -2, 0, 1, 1, 1];
        for (int i = 0; i < 6; i++) tensor[i] = Scalar.Of(ElementType.I8, values[i]);
        var histogram = Histogram.Of(tensor, TensorSummary.Of(tensor))!;
        Assert.Equal([2, 0, 1, 3], histogram.Counts);
        Assert.Equal(-2, histogram.Start);
    }

    [Fact]
    public void AHugeTensor_HasASmallView()
    {
        using var tensor = TensorFill.Random(Allocator, ElementType.F32, [4096, 4096], 1);
        long start = Stopwatch.GetTimestamp();
        var bundle = Formatters.Of(tensor);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10));
        Assert.InRange(bundle.Rich!.Length, 1000, 60_000);
        Assert.InRange(bundle.Plain.Length, 100, 3000);
        ViewAssert.IsSound(bundle);
    }

    [Fact]
    public void Golden_TensorWithHoles()
    {
        using var tensor = Filled([.. Enumerable.Range(0, 60).Select(i => i == 17 ? double.NaN : i == 40 ? double.PositiveInfinity : (i % 12 - 6) / 4.0)], 5, 12);
        var bundle = Formatters.Of(tensor);
        ViewAssert.IsGolden("tensor.html", bundle.Rich!);
        ViewAssert.IsGolden("tensor.txt", bundle.Plain);
    }

    private static NativeTensor Filled(double[] values, params long[] shape)
    {
        var tensor = Allocator.Allocate(ElementType.F32, shape);
        for (int i = 0; i < values.Length; i++) tensor[i] = Scalar.Of(ElementType.F32, values[i]);
        return tensor;
    }
}
