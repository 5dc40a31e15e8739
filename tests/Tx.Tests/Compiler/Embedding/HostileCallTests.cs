using System.Numerics.Tensors;
using Tx.Core;
using Tx.Runtime;
using Tx.Tests.Support;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>Calls that are wrong get a code and a message each, and write nothing. Every buffer ends, or begins, at a page that nobody may touch.</summary>
public sealed unsafe class HostileCallTests : IDisposable
{
    private const int M = 4, K = 5, N = 6;

    private readonly TxProgram _program = Program();
    private readonly Kernel _symbolic, _fixed;
    private readonly GuardedMemory _a, _b, _c;
    private readonly float* _pa, _pb, _pc;

    public HostileCallTests()
    {
        _symbolic = _program["matmul"].Compile();
        _fixed = _program["matmul"].Compile(new() { Sizes = { ["M"] = M, ["K"] = K, ["N"] = N } });
        (_a, _b, _c) = (new(4 * M * K), new(4 * K * N, atEnd: false), new(4 * M * N));
        _pa = (float*)_a.Address;
        _pb = (float*)_b.Address;
        _pc = (float*)_c.Address;
    }

    public void Dispose()
    {
        _symbolic.Dispose();
        _fixed.Dispose();
        _program.Dispose();
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
    }

    private delegate void Call(Kernel kernel);

    private void Refused(string code, Call call, bool isFixedToo = true)
    {
        foreach (var kernel in isFixedToo ? new[] { _symbolic, _fixed } : [_symbolic])
        {
            _a.Span.Fill(0xA5);
            _b.Span.Fill(0xA5);
            _c.Span.Fill(0xA5);
            Assert.Equal(code, CodeOf(() => call(kernel)));
            Assert.Equal((-1, -1, -1), (_a.Span.IndexOfAnyExcept((byte)0xA5), _b.Span.IndexOfAnyExcept((byte)0xA5), _c.Span.IndexOfAnyExcept((byte)0xA5)));
        }
    }

    private static readonly nint[] ShapeA = [M, K], ShapeB = [K, N], ShapeC = [M, N];

    private TensorArgument A => TensorArgument.At(_pa, ShapeA);
    private TensorArgument B => TensorArgument.At(_pb, ShapeB);
    private TensorArgument C => TensorArgument.At(_pc, ShapeC);

    [Fact]
    public void A_right_call_stays_inside_its_buffers()
    {
        foreach (var kernel in new[] { _symbolic, _fixed })
        {
            Numbers(M * K).CopyTo(_a.As<float>());
            Numbers(K * N, 2).CopyTo(_b.As<float>());
            kernel.Invoke(A, B, C);
            AssertClose(Product(_a.As<float>(), _b.As<float>(), M, K, N), _c.As<float>());
        }
    }

    [Fact]
    public void Count_null_and_type()
    {
        Refused("TX5020", k => k.Invoke(A, B));
        Refused("TX5020", k => k.Invoke(A, B, C, C));
        Refused("TX5302", k => k.Invoke(A, default, C));
        Refused("TX5302", k => k.Invoke(A, B, (float[])null!));
        Refused("TX5302", k => k.Invoke((Tensor<float>)null!, B, C));
        Refused("TX5302", k => k.Invoke((Array)null!, B, C));
        Refused("TX5302", k => k.Invoke((float*)null, B, C));
        Refused("TX5302", k => k.Invoke(TensorArgument.At((float*)null, [M, K]), B, C));
        Refused("TX5021", k => k.Invoke(TensorArgument.At((int*)_pa, [M, K]), B, C));
        Refused("TX5021", k => k.Invoke(A, B, new double[M, N]));
        Refused("TX5301", k => k.Invoke(A, B, new string[M, N]));
        Refused("TX5301", k => k.Invoke(A, TensorArgument.Of(new Guid[3].AsSpan()), C));
        Refused("TX5308", k => k.Invoke(A, B, new ReadOnlySpan<float>(_pc, M * N)));
        Refused("TX5308", k => k.Invoke(A, B, new ReadOnlyTensorSpan<float>(_pc, M * N, [M, N], [])));
    }

    [Fact]
    public void Rank_and_shape()
    {
        Refused("TX5022", k => k.Invoke(TensorArgument.At(_pa, [M * K]), B, C));
        Refused("TX5022", k => k.Invoke(TensorArgument.At(_pa, [M, K, 1]), B, C));
        Refused("TX5022", k => k.Invoke(TensorArgument.At(_pa, new nint[20]), B, C));
        Refused("TX5022", k => k.Invoke(A, TensorArgument.At(_pb, [K - 1, N]), C));
        Refused("TX5022", k => k.Invoke(A, B, TensorArgument.At(_pc, [M, N + 1])));
        Refused("TX5022", k => k.Invoke(A, B, new Span<float>(_pc, M * N - 1)));
        Refused("TX5022", k => k.Invoke(A, B, Span<float>.Empty));
        Refused("TX5303", k => k.Invoke(new Span<float>(_pa, M * K), B, C), isFixedToo: false);
        Refused("TX5303", k => k.Invoke(_pa, B, C), isFixedToo: false);
        Assert.Throws<ArgumentException>(() => _fixed.Invoke(TensorArgument.At(_pa, [M, K], [1]), B, C));
    }

    [Fact]
    public void Strides()
    {
        Refused("TX5304", k => k.Invoke(TensorArgument.At(_pa + (M - 1) * K, [M, K], [-K, 1]), B, C));
        Refused("TX5304", k => k.Invoke(A, B, TensorArgument.At(_pc, [M, N], [N, -1])));
        Refused("TX5304", k => k.Invoke(TensorArgument.At(_pa, [M, K], [nint.MinValue, 1]), B, C));
        Refused("TX5305", k => k.Invoke(A, B, TensorArgument.At(_pc, [M, N], [0, 1])));
        Refused("TX5305", k => k.Invoke(A, B, TensorArgument.At(_pc, [M, N], [1, 1])));
        Refused("TX5305", k => k.Invoke(A, B, TensorArgument.At(_pc, [M, N], [N - 1, 1])));
        Refused("TX5306", k => k.Invoke(TensorArgument.At(_pa, [M, K], [nint.MaxValue / 2, 1]), B, C));
        Refused("TX5306", k => k.Invoke(A, B, TensorArgument.At(_pc, [M, N], [nint.MaxValue, 1])));
    }

    [Fact]
    public void Alignment()
    {
        Refused("TX5307", k => k.Invoke(TensorArgument.At((float*)((byte*)_pa + 1), [M, K]), B, C));
        Refused("TX5307", k => k.Invoke(A, B, TensorArgument.At((float*)((byte*)_pc + 2), [M, N])));
    }

    [Fact]
    public void Overlap()
    {
        Refused("TX5023", k => k.Invoke(A, TensorArgument.At(_pc, [K, N]), C));
        // Only the last element of one is the first of the other.
        Refused("TX5023", k => k.Invoke(TensorArgument.At(_pc - (M * K - 1), [M, K]), B, C));
        Refused("TX5023", k => k.Invoke(TensorArgument.At(_pc + M * N - 1, [M, K]), B, C));
        // Rows that interleave, and meet in one column.
        Refused("TX5023", k => k.Invoke(TensorArgument.At(_pc + 3, [M, K], [N, 1]), B, TensorArgument.At(_pc, [M, N], [N, 1])));
        // Half an element.
        Refused("TX5307", k => k.Invoke(A, B, TensorArgument.At((float*)((byte*)_pa + 2), [M, N])));
        using var both = _program["both"].Compile();
        float[] x = [1, 2, 3], y = new float[5];
        Assert.Equal("TX5023", CodeOf(() => both.Invoke(x, y.AsSpan(0, 3), y.AsSpan(2, 3))));
        Assert.Equal(new float[5], y);
        both.Invoke(x.AsSpan(0, 2), y.AsSpan(0, 2), y.AsSpan(2, 2));
        Assert.Equal([2f, 3f, 2f, 4f, 0f], y);
    }

    [Fact]
    public void Sizes_near_the_end_of_64_bits()
    {
        foreach (nint huge in new[] { nint.MaxValue, nint.MaxValue - 1, nint.MaxValue / 4, (nint)1 << 62, (nint)1 << 48 })
        {
            Assert.Equal("TX5022", CodeOf(() => _fixed.Invoke(TensorArgument.At(_pa, [huge, K]), B, C)));
            Refused("TX5025", k => k.Invoke(TensorArgument.At(_pa, [huge, K]), B, TensorArgument.At(_pc, [huge, N])), isFixedToo: false);
            Refused("TX5025", k => k.Invoke(TensorArgument.At(_pa, [M, huge]), TensorArgument.At(_pb, [huge, N]), C), isFixedToo: false);
            Refused("TX5025", k => k.Invoke(TensorArgument.At(_pa, [0, huge]), TensorArgument.At(_pb, [huge, huge]), TensorArgument.At(_pc, [0, huge])), isFixedToo: false);
        }
        Refused("TX5001", k => k.Invoke(TensorArgument.At(_pa, [-1, K]), B, TensorArgument.At(_pc, [-1, N])), isFixedToo: false);
        Refused("TX5001", k => k.Invoke(TensorArgument.At(_pa, [nint.MinValue, K]), B, TensorArgument.At(_pc, [nint.MinValue, N])), isFixedToo: false);
        // At the end of the address space.
        Refused("TX5306", k => k.Invoke(A, B, TensorArgument.At((float*)(nuint.MaxValue - 63), [M, N])));
    }

    [Fact]
    public void Empty_tensors_need_no_memory()
    {
        _symbolic.Invoke(TensorArgument.At((float*)null, [0, K]), B, TensorArgument.At((float*)null, [0, N]));
        _symbolic.Invoke(new float[0, 3], new float[3, 2], new float[0, 2]);
        // An empty sum is 0.
        float[,] c = { { 7, 7 } };
        _symbolic.Invoke(new float[1, 0], new float[0, 2], c);
        Assert.Equal([0f, 0f], c.Cast<float>());
    }

    [Fact]
    public void Disposed()
    {
        var kernel = _program["matmul"].Compile();
        kernel.Dispose();
        var e = Assert.Throws<ObjectDisposedException>(() => kernel.Invoke(A, B, C));
        Assert.Contains("TX5310", e.Message, StringComparison.Ordinal);
        var allocator = new TensorAllocator();
        var t = allocator.Allocate(ElementType.F32, [M, K]);
        t.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _fixed.Invoke([t, t, t]));
    }
}
