using System.Runtime.InteropServices;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Runtime;
using static Tx.Tests.Backends.LlvmFixture;

namespace Tx.Tests.Backends;

/// <summary>Every form of index, with and without predicate.</summary>
public sealed unsafe partial class LlvmMemoryTests(LlvmFixture llvm) : IClassFixture<LlvmFixture>
{
    private const int Size = 64;

    public static TheoryData<ElementType, int> TypesAndLanes()
    {
        var data = new TheoryData<ElementType, int>();
        foreach (var t in (ElementType[])[ElementType.F32, ElementType.F64, ElementType.I8, ElementType.I32, ElementType.I64, ElementType.Bool])
            foreach (int lanes in (int[])[1, 3, 8, 28])
                data.Add(t, lanes);
        return data;
    }

    private static IEnumerable<(string Name, Expr Index, long[] Lanes)> Indices(int lanes)
    {
        (string, Expr, long[]) Affine(long first, long stride) =>
            ($"{first} + {stride} * lane", lanes == 1 ? Expr.Index(first) : new Tx.Lower.Ir.Ramp(Expr.Index(first), Expr.Index(stride), lanes), [.. Enumerable.Range(0, lanes).Select(l => first + stride * l)]);
        yield return Affine(5, 1);
        if (lanes == 1) yield break;
        yield return Affine(40, -1);
        yield return Affine(2, 2);
        yield return Affine(60, -2);
        yield return ("broadcast", new Broadcast(Expr.Index(9), lanes), [.. Enumerable.Repeat(9L, lanes)]);
        var square = new Binary(BinaryOp.Mul, Ramp(0, 1, lanes), Ramp(0, 1, lanes));
        yield return ("lane * lane % 61", new Binary(BinaryOp.Mod, square, Expr.Splat(Expr.Index(61), lanes)), [.. Enumerable.Range(0, lanes).Select(l => (long)l * l % 61)]);
    }

    private static Expr Ramp(long first, long stride, int lanes) => new Tx.Lower.Ir.Ramp(Expr.Index(first), Expr.Index(stride), lanes);

    [Theory, MemberData(nameof(TypesAndLanes))]
    public void LoadsAndStores(ElementType type, int lanes)
    {
        var x = Input("x", type, Size);
        var data = Dense(type, Enumerable.Range(0, Size).Select(v => Scalar.Of(type, type is ElementType.Bool ? v % 3 % 2 : v - 20L)));
        Expr dense = lanes == 1 ? Expr.Index(0) : Ramp(0, 1, lanes);
        var lane = lanes == 1 ? Expr.Index(0) : Ramp(0, 1, lanes);
        foreach (bool masked in (bool[])[false, true])
            foreach (var (name, index, positions) in Indices(lanes))
            {
                // Every third lane from the second on is off.
                Expr? predicate = masked ? new Binary(BinaryOp.Ne, new Binary(BinaryOp.Mod, lane, Expr.Splat(Expr.Index(3), lanes)), Expr.Splat(Expr.Index(1), lanes)) : null;
                bool IsOn(int l) => !masked || l % 3 != 1;
                var (loaded, stored) = (Output("loaded", type, lanes), Output("stored", type, Size));
                var result = llvm.Run(Module("memory", [x, loaded, stored],
                    Block.Of(Put(loaded, dense, At(x, index, predicate)), Put(stored, index, At(x, dense), predicate))), data);
                var expected = new DenseArray(type, [Size]);
                for (int l = 0; l < lanes; l++)
                {
                    Assert.True((IsOn(l) ? data[positions[l]] : Scalar.Of(type, 0L)) == result[0][l], $"lane {l} of a load at {name}, masked: {masked}");
                    if (IsOn(l)) expected[positions[l]] = data[l];
                }
                for (int p = 0; p < Size; p++) Assert.True(expected[p] == result[1][p], $"element {p} after a store at {name}, masked: {masked}");
            }
    }

    [Theory]
    [InlineData(BinaryOp.Lt, 1), InlineData(BinaryOp.Lt, 8), InlineData(BinaryOp.Le, 8), InlineData(BinaryOp.Le, 3), InlineData(BinaryOp.Gt, 4), InlineData(BinaryOp.Ge, 8)]
    public void MasksOfTailsAreRight(BinaryOp op, int lanes)
    {
        long[] limits = [0, 1, 3, 7, 8, 9, 15, 16, -1, -5, 1000, long.MaxValue, long.MinValue];
        long[] starts = [0, 1, 8, -3, 100, long.MaxValue - 40, long.MinValue + 1];
        var (limit, start) = (Input("limit", ElementType.I64, limits.Length), Input("start", ElementType.I64, starts.Length));
        var y = Output("y", ElementType.Bool, limits.Length * starts.Length * lanes);
        var (i, j) = (Var.Index("i"), Var.Index("j"));
        Expr ramp = lanes == 1 ? At(start, j) : new Tx.Lower.Ir.Ramp(At(start, j), Expr.Index(1), lanes);
        Expr at = (i * starts.Length + j) * lanes;
        var body = Loop(i, limits.Length, Loop(j, starts.Length,
            Put(y, lanes == 1 ? at : new Tx.Lower.Ir.Ramp(at, Expr.Index(1), lanes), new Binary(op, ramp, Expr.Splat(At(limit, i), lanes)))));
        var actual = llvm.Run(Module("mask", [limit, start, y], body),
            Dense(ElementType.I64, limits.Select(v => Scalar.Of(ElementType.I64, v))), Dense(ElementType.I64, starts.Select(v => Scalar.Of(ElementType.I64, v))))[0];
        for (int l = 0; l < limits.Length; l++)
            for (int s = 0; s < starts.Length; s++)
                for (int k = 0; k < lanes; k++)
                    Assert.True(ScalarMath.Apply(op, Scalar.Of(ElementType.I64, starts[s] + k), Scalar.Of(ElementType.I64, limits[l])) == actual[(l * starts.Length + s) * lanes + k],
                        $"{starts[s]} + {k} {op.Symbol} {limits[l]}");
    }

    [Fact]
    public void MaskedLanesBehindThePageAreNotTouched()
    {
        // Three floats end a page that is followed by one without access.
        nint page = Environment.SystemPageSize;
        byte* block = (byte*)Mmap(0, 2 * page, 3, 0x22, -1, 0);
        Assert.Equal(0, Mprotect((nint)block + page, page, 0));
        try
        {
            float* end = (float*)(block + page) - 3;
            for (int k = 0; k < 3; k++) end[k] = k + 1;
            var buffers = stackalloc TxBuffer[2];
            foreach (int lanes in (int[])[1, 8, 16])
            {
                var (x, y) = (Input("x", ElementType.F32, 3), Output("y", ElementType.F32, 3));
                var i = Var.Index("i");
                Expr index = lanes == 1 ? i : new Tx.Lower.Ir.Ramp(i * lanes, Expr.Index(1), lanes);
                var inside = new Binary(BinaryOp.Lt, index, Expr.Splat(Expr.Index(3), lanes));
                var body = Loop(i, 1 + 15 / lanes, Put(y, index, At(x, index, inside) + Expr.Splat(new FloatImm(ElementType.F32, 1), lanes), inside));
                using var kernel = llvm.Load(Module("edge", [x, y], body));
                // In place: the kernel reads each element before it writes it, and never beyond the page.
                long shape = 3, stride = 1;
                buffers[0] = buffers[1] = new() { Data = end, Shape = &shape, Strides = &stride, Rank = 1, Type = (int)ElementType.F32 };
                using var code = llvm.Jit.Load(kernel.Image.Object, kernel.Image.Entry, out nint entry);
                var call = new TxCall { Version = TxCall.CurrentVersion, BufferCount = 2, Buffers = buffers, MaxWorkers = 1 };
                Assert.Equal(0, ((delegate* unmanaged<TxCall*, int>)entry)(&call));
            }
            Assert.Equal([4f, 5f, 6f], new[] { end[0], end[1], end[2] });
        }
        finally
        {
            _ = Munmap((nint)block, 2 * page);
        }
    }

    [Theory]
    [InlineData(ElementType.I8, 16, 4), InlineData(ElementType.I8, 5, 3), InlineData(ElementType.F32, 8, 2), InlineData(ElementType.I64, 4, 8), InlineData(ElementType.Bool, 8, 4)]
    public void StoresThatInterleaveAreOneStore(ElementType type, int lanes, int count)
    {
        int size = lanes * count;
        var (x, y, i) = (Input("x", type, 2 * size), Output("y", type, 2 * size), Var.Index("i"));
        // Row k of the input goes to the elements k, k + count, …, as in a transposition.
        var stores = Enumerable.Range(0, count).Select(k => (Stmt)Put(y, new Tx.Lower.Ir.Ramp(i * size + k, Expr.Index(count), lanes), At(x, new Tx.Lower.Ir.Ramp(i * size + k * lanes, Expr.Index(1), lanes)))).ToList();
        Assert.Equal(count, StoreGroups.At([.. stores], 0).Length);
        var data = Dense(type, Enumerable.Range(0, 2 * size).Select(v => Scalar.Of(type, type is ElementType.Bool ? v % 3 % 2 : v % 100)));
        var result = llvm.Run(Module("interleaved", [x, y], Loop(i, 2, Block.Of(stores))), data)[0];
        for (int e = 0; e < 2 * size; e++) Assert.Equal(data[e / size * size + e % count * lanes + e % size / count], result[e]);
    }

    [Fact]
    public void StoresThatReadWhatTheyWriteStayApart()
    {
        var (x, y) = (Input("x", ElementType.I32, 8), Output("y", ElementType.I32, 8));
        Store To(long first, long stride, Expr value) => Put(y, Ramp(first, stride, 4), value);
        var (row, other) = (At(x, Ramp(0, 1, 4)), At(y, Ramp(0, 2, 4)));
        Assert.Equal(2, StoreGroups.At([To(0, 2, row), To(1, 2, row)], 0).Length);
        Assert.Empty(StoreGroups.At([To(0, 2, row), To(1, 2, other)], 0));
        Assert.Empty(StoreGroups.At([To(0, 2, row), To(2, 2, row)], 0));
        Assert.Empty(StoreGroups.At([To(0, 2, row), To(1, 1, row)], 0));
        Assert.Empty(StoreGroups.At([To(0, 2, row), Put(y, Ramp(1, 2, 4), row, Expr.Splat(At(Input("m", ElementType.Bool, 1), Expr.Index(0)), 4))], 0));
        Assert.Empty(StoreGroups.At([To(0, 2, row)], 0));
    }

    [Fact]
    public void StreamedStoresNeedAnAlignedTensor()
    {
        var (x, y) = (Input("x", ElementType.F32, 64), Output("y", ElementType.F32, 64));
        var i = Var.Index("i");
        var index = new Tx.Lower.Ir.Ramp(i * 16, Expr.Index(1), 16);
        var body = Block.Of(Loop(i, 4, new Store(y, [index], At(x, index), nonTemporal: true)), new Effect(EffectKind.Fence, "stream", [], []));
        var module = Module("stream", [x, y], body);
        var data = Dense(ElementType.F32, Enumerable.Range(0, 64).Select(v => Scalar.Of(ElementType.F32, (double)v)));
        Assert.Equal(63, llvm.Run(module, data)[0][63].Real);
        Assert.Contains("vmovntps", LlvmCompiler.EmitAssembly(module, CpuTarget.Host()), StringComparison.Ordinal);

        using var kernel = llvm.Load(module);
        using var code = llvm.Jit.Load(kernel.Image.Object, kernel.Image.Entry, out nint entry);
        byte* memory = (byte*)NativeMemory.AlignedAlloc(1024, 64);
        long shape = 64, stride = 1;
        var buffers = stackalloc TxBuffer[2];
        buffers[0] = new() { Data = memory, Shape = &shape, Strides = &stride, Rank = 1, Type = (int)ElementType.F32 };
        buffers[1] = buffers[0] with { Data = memory + 260 };
        TxError error = default;
        var call = new TxCall { Version = TxCall.CurrentVersion, BufferCount = 2, Buffers = buffers, MaxWorkers = 1, Error = &error };
        Assert.Equal(1, ((delegate* unmanaged<TxCall*, int>)entry)(&call));
        Assert.Equal("TX4005", kernel.Image.Messages[error.Message].Code);
        call.Version = 99;
        Assert.Equal(3, ((delegate* unmanaged<TxCall*, int>)entry)(&call));
        NativeMemory.AlignedFree(memory);
    }

    [Fact]
    public void OffsetsOfCallLayoutAreThoseOfTheStructures()
    {
        TxCall call;
        TxBuffer buffer;
        TxError error;
        long From(void* start, void* field) => (byte*)field - (byte*)start;
        Assert.Equal(CallLayout.Buffers, From(&call, &call.Buffers));
        Assert.Equal(CallLayout.Workspace, From(&call, &call.Workspace));
        Assert.Equal(CallLayout.Launch, From(&call, &call.Launch));
        Assert.Equal(CallLayout.LaunchState, From(&call, &call.LaunchState));
        Assert.Equal(CallLayout.Cancel, From(&call, &call.Cancel));
        Assert.Equal(CallLayout.Error, From(&call, &call.Error));
        Assert.Equal(CallLayout.BufferBytes, sizeof(TxBuffer));
        Assert.Equal(CallLayout.BufferData, From(&buffer, &buffer.Data));
        Assert.Equal(CallLayout.BufferOffset, From(&buffer, &buffer.Offset));
        Assert.Equal(CallLayout.ErrorMessage, From(&error, &error.Message));
        Assert.Equal(CallLayout.ErrorCount, From(&error, &error.Count));
        Assert.Equal(CallLayout.ErrorValues, From(&error, error.Values));
    }

    [LibraryImport("libc", EntryPoint = "mmap")] private static partial nint Mmap(nint address, nint length, int protection, int flags, int file, nint offset);
    [LibraryImport("libc", EntryPoint = "mprotect")] private static partial int Mprotect(nint address, nint length, int protection);
    [LibraryImport("libc", EntryPoint = "munmap")] private static partial int Munmap(nint address, nint length);

    [Fact]
    public void APrefetchChangesNothingAndMayAskForWhatDoesNotExist()
    {
        var (x, y, i) = (Input("x", ElementType.F32, 4), Output("y", ElementType.F32, 4), Var.Index("i"));
        var module = Module("prefetch", [x, y], Loop(i, 4, Block.Of(new Effect(EffectKind.Prefetch, "x", [x], [i + 100_000]), Put(y, i, At(x, i)))));
        var data = Dense(ElementType.F32, Enumerable.Range(0, 4).Select(v => Scalar.Of(ElementType.F32, (double)v)));
        var result = llvm.Run(module, data)[0];
        Assert.All(Enumerable.Range(0, 4), n => Assert.Equal(data[n], result[n]));
        if (CpuTarget.Host().VectorBytes >= 32) Assert.Contains("prefetch", LlvmCompiler.EmitAssembly(module, CpuTarget.Host()), StringComparison.Ordinal);
    }
}
