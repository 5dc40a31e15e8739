using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Runtime;

public sealed class TensorTextTests
{
    private readonly TensorAllocator _allocator = new();

    private NativeTensor Of(ElementType type, long[] shape, params double[] values)
    {
        var t = _allocator.Allocate(type, shape);
        for (int i = 0; i < values.Length; i++) t[i] = type.IsFloat ? Scalar.Of(type, values[i]) : Scalar.Of(type, (long)values[i]);
        return t;
    }

    private static void Prints(string expected, NativeTensor t)
    {
        Assert.Equal(expected.ReplaceLineEndings("\n"), TensorPrinter.Print(t));
        t.Dispose();
    }

    public static TheoryData<string> Cases() =>
        [.. Directory.EnumerateFiles(CaseFiles.PathOf("print"), "*.npy").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    /// <summary>The texts were written by NumPy (see <c>tests/cases/print/generate.py</c>).</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Elements_stand_as_NumPy_writes_them(string name)
    {
        using var t = NpyFile.Read(CaseFiles.PathOf("print", name + ".npy"), _allocator);
        string expected = File.ReadAllText(CaseFiles.PathOf("print", name + ".txt"));
        Assert.Equal($"{t}\n{expected}", TensorPrinter.Print(t));
    }

    [Fact]
    public void The_type_stands_in_the_first_line()
    {
        Prints("f32[2, 2]\n[[ 1.5, -2. ],\n [10. ,  nan]]", Of(ElementType.F32, [2, 2], 1.5, -2, 10, double.NaN));
        Prints("bool[2]\n[ true, false]", Of(ElementType.Bool, [2], 1, 0));
        Prints("f64[]\n2.5", Of(ElementType.F64, [], 2.5));
        Prints("f32[0, 3]\n[]", Of(ElementType.F32, [0, 3]));
    }

    [Fact]
    public void Random_elements_depend_on_seed_and_position_alone()
    {
        using var a = TensorFill.Random(_allocator, ElementType.F32, [10, 100], seed: 1);
        using var same = TensorFill.Random(_allocator, ElementType.F32, [1000], seed: 1);
        using var other = TensorFill.Random(_allocator, ElementType.F32, [1000], seed: 2);
        Assert.Equal(a.AsSpan<float>().ToArray(), same.AsSpan<float>().ToArray());
        Assert.NotEqual(a.AsSpan<float>().ToArray(), other.AsSpan<float>().ToArray());
        Assert.All(a.AsSpan<float>().ToArray(), v => Assert.InRange(v, -1f, 0.9999999f));
        Assert.InRange(a.AsSpan<float>().ToArray().Average(), -0.1, 0.1);
        using var i8 = TensorFill.Random(_allocator, ElementType.I8, [1000], seed: 3);
        Assert.Equal((-8, 7), (i8.AsSpan<sbyte>().ToArray().Min(), i8.AsSpan<sbyte>().ToArray().Max()));
        using var u8 = TensorFill.Random(_allocator, ElementType.U8, [1000], seed: 3);
        Assert.Equal((0, 7), (u8.AsSpan<byte>().ToArray().Min(), u8.AsSpan<byte>().ToArray().Max()));
    }

    // Computed apart, from the definition of SplitMix64; a change would make saved results worthless.
    [Fact]
    public void Random_elements_stay_what_they_are()
    {
        using var f32 = TensorFill.Random(_allocator, ElementType.F32, [4], seed: 1);
        Assert.Equal([6177195, 15830380, 759286, 13043227], f32.AsSpan<float>().ToArray().Select(v => (long)((v + 1.0) * (1 << 23))));
        using var f64 = TensorFill.Random(_allocator, ElementType.F64, [4], seed: 1);
        Assert.All(Enumerable.Range(0, 4), i => Assert.Equal(f32[i].Real, f64[i].Real, 1.0 / (1 << 23)));
        using var i32 = TensorFill.Random(_allocator, ElementType.I32, [4], seed: 1);
        Assert.Equal([-3, 7, -8, 4], i32.AsSpan<int>().ToArray());
    }

    [Fact]
    public void Range_checks_the_type()
    {
        using var t = TensorFill.Range(_allocator, ElementType.I8, -2, 3);
        Assert.Equal([-2, -1, 0, 1, 2], t.AsSpan<sbyte>().ToArray());
        using var none = TensorFill.Range(_allocator, ElementType.I8, 3, -2);
        Assert.Equal(0, none.Count);
        Assert.Equal("TX5050", Assert.Throws<DiagnosticException>(() => TensorFill.Range(_allocator, ElementType.U8, 0, 257)).Diagnostics[0].Code);
        Assert.Equal("TX5002", Assert.Throws<DiagnosticException>(() => TensorFill.Range(_allocator, ElementType.I64, long.MinValue, long.MaxValue)).Diagnostics[0].Code);
    }

    [Fact]
    public void Comparison_names_the_worst_element()
    {
        using var a = Of(ElementType.F32, [2, 2], 1, 2.5, 3, 104);
        using var b = Of(ElementType.F32, [2, 2], 1, 2, 3, 100);
        var result = TensorComparison.Close(a, b, rtol: 0.01, atol: 0);
        Assert.Equal("2 of 4 elements differ; the most at [0, 1]: 2.5, expected 2 (largest difference 4)", result.ToString());
        Assert.Equal("2 of 4 elements differ; the most at [1, 1]: 104, expected 100 (largest difference 4)", TensorComparison.Equal(a, b).ToString());
        Assert.True(TensorComparison.Close(a, b, rtol: 0.25, atol: 0).Passed);
    }

    [Fact]
    public void Comparison_of_special_values()
    {
        double nan = double.NaN, inf = double.PositiveInfinity;
        using var a = Of(ElementType.F64, [4], nan, inf, -0.0, 1);
        using var b = Of(ElementType.F64, [4], nan, inf, 0.0, 1);
        Assert.True(TensorComparison.Equal(a, b).Passed);
        foreach (var (x, y) in new[] { (nan, 1), (1, nan), (inf, -inf), (1e308, inf), (inf, 1) })
        {
            using var one = Of(ElementType.F64, [1], x);
            using var two = Of(ElementType.F64, [1], y);
            Assert.False(TensorComparison.Close(one, two, rtol: 1, atol: 1).Passed);
        }
        using var big = Of(ElementType.I64, [1], long.MinValue);
        using var zero = Of(ElementType.I64, [1], 0);
        Assert.Equal(9223372036854775808.0, TensorComparison.Equal(big, zero).LargestDifference);
        Assert.Equal("TX5040", Assert.Throws<DiagnosticException>(() => TensorComparison.Equal(a, zero)).Diagnostics[0].Code);
    }
}
