using Tx.Core;
using Tx.Tests.Compiler.Embedding;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Libraries;

/// <summary>Entry points of built libraries compute what their operators mean, and refuse every wrong call with a code and words, writing nothing.
/// Every buffer ends at a page that nobody may touch.</summary>
public sealed unsafe class EntryPointTests(NativeForms forms) : IClassFixture<NativeForms>, IDisposable
{
    private const int Null = 1, Rank = 2, Type = 3, Shape = 4, Strides = 5, Alignment = 6, Overlap = 7, Arena = 8, Size = 9, Check = 10;

    private readonly NativeTensors _tensors = new();

    public void Dispose() => _tensors.Dispose();

    public static TheoryData<bool> Both => [false, true];

    private TxTensor Floats(long[] shape, ReadOnlySpan<float> values) => _tensors.Of(ElementType.F32, shape, values);

    [Theory]
    [InlineData(false, "matmul", 1, 1, 1), InlineData(false, "matmul", 33, 17, 65), InlineData(false, "matmul", 4, 0, 3), InlineData(false, "matmul", 0, 3, 2), InlineData(false, "matmul", 130, 70, 90)]
    [InlineData(false, "mm", 33, 17, 20)]
    [InlineData(true, "matmul", 1, 1, 1), InlineData(true, "matmul", 33, 17, 65), InlineData(true, "matmul", 4, 0, 3), InlineData(true, "matmul", 0, 3, 2), InlineData(true, "matmul", 130, 70, 90)]
    [InlineData(true, "mm", 33, 17, 20)]
    public void Product_is_that_of_its_definition(bool isC, string entry, int m, int k, int n)
    {
        float[] a = EmbeddingFixture.Numbers(m * k), b = EmbeddingFixture.Numbers(k * n, 2);
        var c = _tensors.Filled<float>(ElementType.F32, m, n);
        Assert.Equal(new EntryResult(0, -1, ""), forms.Call(isC, entry, Floats([m, k], a), Floats([k, n], b), c));
        EmbeddingFixture.AssertClose(EmbeddingFixture.Product(a, b, m, k, n), NativeTensors.Read<float>(c, m * n));
    }

    [Theory, MemberData(nameof(Both))]
    public void Stages_share_the_arena(bool isC)
    {
        const int m = 7, n = 19;
        float[] x = EmbeddingFixture.Numbers(m * n);
        var y = _tensors.Filled<float>(ElementType.F32, m, n);
        Assert.Equal(0, forms.Call(isC, "softmax", Floats([m, n], x), y).Code);
        for (int i = 0; i < m; i++)
        {
            var row = x.AsSpan(i * n, n).ToArray().Select(v => Math.Exp(v)).ToArray();
            EmbeddingFixture.AssertClose([.. row.Select(v => (float)(v / row.Sum()))], NativeTensors.Read<float>(y, m * n).Slice(i * n, n));
        }
    }

    [Theory, MemberData(nameof(Both))]
    public void Extents_that_follow_from_others(bool isC)
    {
        float[] a = [1, 2, 3, 4, 5], b = [10, 20, 30];
        var c = _tensors.Filled<float>(ElementType.F32, 3);
        Assert.Equal(0, forms.Call(isC, "window", Floats([5], a), Floats([3], b), c).Code);
        Assert.Equal([31f, 82f, 153f], NativeTensors.Read<float>(c, 3).ToArray());
        Assert.Equal(new EntryResult(Shape, 1, "`B` has the extent 2 in dimension 0, and 3 is needed"), forms.Call(isC, "window", Floats([5], a), Floats([2], b), c));
        // A `require`, in the words of the program.
        Assert.Equal(Size, forms.Call(isC, "window", Floats([2], a), Floats([0], b), Floats([0], [])).Code);
    }

    [Theory, MemberData(nameof(Both))]
    public void What_no_proof_decides_for_all_sizes_is_checked(bool isC)
    {
        int[] a = [1, 2, 3, 4, 5, 6];
        var c = _tensors.Filled<int>(ElementType.I32, 2, 3);
        var b = _tensors.Of<int>(ElementType.I32, [2, 3], [10, 10, 10, 20, 20, 20]);
        Assert.Equal(0, forms.Call(isC, "unfold", _tensors.Of<int>(ElementType.I32, [6], a), b, c).Code);
        Assert.Equal([11, 12, 13, 24, 25, 26], NativeTensors.Read<int>(c, 6).ToArray());
        var refused = forms.Call(isC, "unfold", _tensors.Of<int>(ElementType.I32, [5], a.AsSpan(0, 5)), b, c);
        Assert.Equal((Size, -1, "these sizes break `require L == M * N`"), (refused.Code, refused.Argument, refused.Message));
    }

    [Theory, MemberData(nameof(Both))]
    public void Data_that_breaks_a_check_is_told_of(bool isC)
    {
        var e = Floats([3, 2], [1, 2, 3, 4, 5, 6]);
        var r = _tensors.Filled<float>(ElementType.F32, 2, 2);
        Assert.Equal(0, forms.Call(isC, "gather", e, _tensors.Of<int>(ElementType.I32, [2], [2, 0]), r).Code);
        Assert.Equal([5f, 6f, 1f, 2f], NativeTensors.Read<float>(r, 4).ToArray());
        var refused = forms.Call(isC, "gather", e, _tensors.Of<int>(ElementType.I32, [2], [1, -7]), r);
        Assert.Equal(Check, refused.Code);
        Assert.Equal("TX5070: `R` reads `E[id[b], d]` at -7 in dimension 0, extent 3", refused.Message);
    }

    [Theory, MemberData(nameof(Both))]
    public void Packed_elements_and_several_results(bool isC)
    {
        var n = _tensors.Filled<int>(ElementType.I32, 2);
        // Rows of ten bits: two bytes each, whose last six bits are not read.
        var bits = _tensors.Of<byte>(ElementType.U1, [2, 10], [0b0000_0111, 0b1111_1101, 0xFF, 0b10]);
        Assert.Equal(0, forms.Call(isC, "bits", bits, n).Code);
        Assert.Equal([4, 9], NativeTensors.Read<int>(n, 2).ToArray());
        Assert.Equal(Strides, forms.Call(isC, "bits", bits with { Strides = _tensors.Numbers(2, 0) }, n).Code);

        var (b, c) = (_tensors.Filled<float>(ElementType.F32, 3), _tensors.Filled<float>(ElementType.F32, 3));
        Assert.Equal(0, forms.Call(isC, "both", Floats([3], [1, 2, 3]), b, c).Code);
        Assert.Equal((2f, 6f), (NativeTensors.Read<float>(b, 3)[0], NativeTensors.Read<float>(c, 3)[2]));
        Assert.Equal(new EntryResult(Overlap, 1, "`B` and `C` share memory"), forms.Call(isC, "both", Floats([3], [1, 2, 3]), b, c with { Data = (float*)b.Data }));
    }

    [Theory, MemberData(nameof(Both))]
    public void A_wrong_call_gets_its_code_and_writes_nothing(bool isC)
    {
        var (a, b, c) = (_tensors.Filled<float>(ElementType.F32, 4, 5), _tensors.Filled<float>(ElementType.F32, 5, 6), _tensors.Filled<float>(ElementType.F32, 4, 6));
        NativeTensors.Read<float>(c, 24).Fill(3);
        void Refused(int code, int argument, string words, TxTensor a, TxTensor b, TxTensor c)
        {
            var result = forms.Call(isC, "matmul", a, b, c);
            Assert.Equal((code, argument), (result.Code, result.Argument));
            Assert.Contains(words, result.Message, StringComparison.Ordinal);
            Assert.True(result.Message.Length is > 10 and < 159);
        }

        Refused(Rank, 0, "`A` has 1 dimensions, and 2 are needed", a with { Rank = 1 }, b, c);
        Refused(Rank, 2, "`C` has -1 dimensions", a, b, c with { Rank = -1 });
        Refused(Type, 1, "f32 (11) is needed", a, b with { Type = (int)ElementType.I32 }, c);
        Refused(Null, 1, "`B` has no shape", a, b with { Shape = null }, c);
        Refused(Null, 0, "`A` has no data", a with { Data = null }, b, c);
        Refused(Shape, 1, "`B` has the extent 7 in dimension 0, and 5 is needed", a, b with { Shape = _tensors.Numbers(7, 6) }, c);
        Refused(Shape, 0, "`A` has the extent -4", a with { Shape = _tensors.Numbers(-4, 5) }, b, c with { Shape = _tensors.Numbers(-4, 6) });
        Refused(Strides, 0, "`A` has the stride -1 in dimension 1, and 1 is needed", a with { Strides = _tensors.Numbers(5, -1) }, b, c);
        Refused(Strides, 2, "`C` has the stride 7 in dimension 0, and 6 is needed", a, b, c with { Strides = _tensors.Numbers(7, 1) });
        Refused(Alignment, 1, "multiple of 4 bytes", a, b with { Data = (byte*)b.Data - 2 }, c);
        Refused(Overlap, 2, "`C` and `A` share memory", a, b, c with { Data = a.Data });
        Refused(Overlap, 2, "`C` and `B` share memory", a, b, c with { Data = (float*)b.Data + 29 });
        foreach (long huge in new[] { long.MaxValue, long.MaxValue / 4, 1L << 62, (1L << 47) + 1 })
            Refused(Size, 0, "`A`", a with { Shape = _tensors.Numbers(huge, 5) }, b, c with { Shape = _tensors.Numbers(huge, 6) });
        // Each extent could be; their product could not.
        Refused(Size, 0, "`A` is too large", a with { Shape = _tensors.Numbers(1L << 40, 1L << 40) }, b with { Shape = _tensors.Numbers(1L << 40, 6) }, c with { Shape = _tensors.Numbers(1L << 40, 6) });
        Refused(Size, 0, "beyond the end of memory", a with { Data = (void*)unchecked((nint)(long.MaxValue - 15)) }, b, c);

        // Strides of one element, or of none, lead nowhere.
        Assert.Equal(0, forms.Call(isC, "matmul", a with { Shape = _tensors.Numbers(0, 5), Strides = _tensors.Numbers(-9, 77) }, b, c with { Shape = _tensors.Numbers(0, 6), Data = null }).Code);
        Assert.All(NativeTensors.Read<float>(c, 24).ToArray(), x => Assert.Equal(3f, x));
    }

    [Theory, MemberData(nameof(Both))]
    public void Null_tensors_and_arenas(bool isC)
    {
        var (a, b, c) = (_tensors.Filled<float>(ElementType.F32, 33, 17), _tensors.Filled<float>(ElementType.F32, 17, 20), _tensors.Filled<float>(ElementType.F32, 33, 20));
        Assert.Equal(new EntryResult(Null, 1, "`B` is null"), forms.CallAt(isC, "matmul", &a, null, &c, true, null, 0));
        long bytes = forms.ArenaOf(isC, "matmul", a, b, c);
        Assert.True(bytes > 0);
        using var arena = new GuardedMemory(checked((int)bytes + 64), atEnd: false);
        Assert.Equal(new EntryResult(Arena, -1, $"an arena of {bytes} bytes is needed, and there is none"), forms.CallIn(isC, "matmul", null, (nuint)bytes, a, b, c));
        Assert.Equal(new EntryResult(Arena, -1, $"an arena of {bytes} bytes is needed, and it has {bytes - 1}"), forms.CallIn(isC, "matmul", arena.Address, (nuint)bytes - 1, a, b, c));
        Assert.Equal(Arena, forms.CallIn(isC, "matmul", arena.Address + 4, (nuint)bytes, a, b, c).Code);
        Assert.Equal(Overlap, forms.CallIn(isC, "matmul", arena.Address, (nuint)bytes, a, b, c with { Data = arena.Address }).Code);
        Assert.Equal(0, forms.CallIn(isC, "matmul", arena.Address, (nuint)bytes, a, b, c).Code);
        Assert.Equal(-Shape, forms.ArenaOf(isC, "matmul", a, b with { Shape = _tensors.Numbers(1, 20) }, c));
    }

    [Theory, MemberData(nameof(Both))]
    public void A_launcher_runs_the_parallel_loops(bool isC)
    {
        var set = (delegate* unmanaged<Launcher*, int>)forms.Symbol(isC, "set_launcher");
        var wrong = new Launcher { Workers = 0, Launch = &Launch };
        Assert.Equal(12, set(&wrong));
        int launches = 0;
        var launcher = new Launcher { Workers = 3, Launch = &Launch, State = &launches };
        Assert.Equal(0, set(&launcher));
        try
        {
            const int m = 600, k = 16, n = 300;
            float[] a = EmbeddingFixture.Numbers(m * k), b = EmbeddingFixture.Numbers(k * n, 2);
            var c = _tensors.Filled<float>(ElementType.F32, m, n);
            Assert.Equal(0, forms.Call(isC, "matmul", Floats([m, k], a), Floats([k, n], b), c).Code);
            EmbeddingFixture.AssertClose(EmbeddingFixture.Product(a, b, m, k, n), NativeTensors.Read<float>(c, m * n));
            Assert.Equal(!isC, launches > 0);
        }
        finally
        {
            Assert.Equal(0, set(null));
        }
    }

    private struct Launcher
    {
        public delegate* unmanaged<void*, delegate* unmanaged<void*, long, long, int, int>, void*, long, long, int> Launch;
        public void* State;
        public int Workers;
    }

    // In pieces of one, last to first, each with another worker.
    [System.Runtime.InteropServices.UnmanagedCallersOnly]
    private static int Launch(void* state, delegate* unmanaged<void*, long, long, int, int> body, void* context, long count, long grain)
    {
        ++*(int*)state;
        for (long i = count - 1; i >= 0; i--)
            if (body(context, i, i + 1, (int)(i % 3)) is not 0 and var code) return code;
        return 0;
    }
}
