using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Runtime;

public sealed class NativeTensorTests
{
    private readonly TensorAllocator _allocator = new();

    [Theory]
    [InlineData(new long[] { 3, 5 }, 64)]
    [InlineData(new long[] { 0, 5 }, 64)]
    [InlineData(new long[] { }, 64)]
    [InlineData(new long[] { 1024, 1024 }, 2 << 20)]
    public unsafe void Data_is_aligned(long[] shape, long alignment)
    {
        using var t = _allocator.Allocate(ElementType.F32, shape);
        Assert.NotEqual(0, (nint)t.Data);
        Assert.Equal(0, (nint)t.Data % alignment);
    }

    [Theory]
    [InlineData("TX5001", 4L, -1L)]
    [InlineData("TX5002", long.MaxValue, 1L)]
    [InlineData("TX5002", 1L << 40, 1L << 40)]
    [InlineData("TX5002", long.MaxValue, 0L)]
    [InlineData("TX5003", 1L << 50, 1L)]
    public void Impossible_sizes_are_diagnosed(string code, long m, long n)
    {
        var e = Assert.Throws<DiagnosticException>(() => _allocator.Allocate(ElementType.F32, [m, n]));
        Assert.Equal(code, e.Diagnostics[0].Code);
        Assert.Equal(0, _allocator.BytesInUse);
    }

    [Fact]
    public void Account_follows_allocation_and_disposal()
    {
        var small = new TensorAllocator(limitBytes: 100);
        var a = small.Allocate(ElementType.F64, [10]);
        Assert.Equal(80, small.BytesInUse);
        var e = Assert.Throws<DiagnosticException>(() => small.Allocate(ElementType.F64, [3]));
        Assert.Contains("20 bytes are left", e.Message, StringComparison.Ordinal);
        a.Dispose();
        a.Dispose();
        Assert.Equal((0, 80), (small.BytesInUse, small.PeakBytes));
    }

    [Fact]
    public void Use_after_disposal_throws()
    {
        var t = _allocator.Allocate(ElementType.I32, [2]);
        t.Dispose();
        Assert.Throws<ObjectDisposedException>(() => t[0]);
        Assert.Throws<ObjectDisposedException>(() => t.AsSpan<int>());
        Assert.Throws<ObjectDisposedException>(() => t.Clone());
    }

    [Fact]
    public void Elements_keep_their_bits()
    {
        (ElementType Type, Scalar Value)[] cases =
        [
            (ElementType.Bool, Scalar.Bool(true)), (ElementType.I8, Scalar.Of(ElementType.I8, -128)), (ElementType.U8, Scalar.Of(ElementType.U8, 255)),
            (ElementType.I16, Scalar.Of(ElementType.I16, -2)), (ElementType.U16, Scalar.Of(ElementType.U16, 65535)), (ElementType.I32, Scalar.Of(ElementType.I32, int.MinValue)),
            (ElementType.U32, Scalar.Of(ElementType.U32, uint.MaxValue)), (ElementType.I64, Scalar.Of(ElementType.I64, long.MinValue)), (ElementType.U64, Scalar.Of(ElementType.U64, -1)),
            (ElementType.F32, Scalar.Of(ElementType.F32, -0.0)), (ElementType.F64, Scalar.Of(ElementType.F64, double.NaN)),
        ];
        foreach (var (type, value) in cases)
        {
            using var t = _allocator.Allocate(type, [3]);
            t[1] = value;
            Assert.Equal(value, t[1]);
            t[0] = t[2] = value;
            using var back = NativeTensor.FromDense(_allocator, t.ToDense());
            Assert.Equal(value, back[1]);
        }
    }

    [Fact]
    public void Slice_copies_and_drops_single_indices()
    {
        using var t = TensorFill.Range(_allocator, ElementType.I32, 0, 24).Reshape([2, 3, 4]);
        using var part = t.Slice([SliceRange.At(1), new(1, 3), new(0, 2)]);
        Assert.Equal([2L, 2L], part.Shape.ToArray());
        Assert.Equal([16, 17, 20, 21], part.AsSpan<int>().ToArray());
        using var column = t.Slice([new(0, 2), SliceRange.At(0), SliceRange.At(3)]);
        Assert.Equal([3, 15], column.AsSpan<int>().ToArray());
        using var nothing = t.Slice([new(0, 2), new(3, 3), new(0, 4)]);
        Assert.Equal([2L, 0L, 4L], nothing.Shape.ToArray());
        Assert.Equal("TX5030", Assert.Throws<DiagnosticException>(() => t.Slice([new(0, 1)])).Diagnostics[0].Code);
        foreach (var bad in new SliceRange[] { new(-1, 1), new(2, 1), new(0, 3), SliceRange.At(2), SliceRange.At(long.MaxValue) })
            Assert.Equal("TX5031", Assert.Throws<DiagnosticException>(() => t.Slice([bad, new(0, 3), new(0, 4)])).Diagnostics[0].Code);
    }
}
