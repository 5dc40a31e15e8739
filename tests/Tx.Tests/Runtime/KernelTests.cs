using System.Diagnostics;
using System.Runtime.InteropServices;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Runtime;

/// <summary>Kernels written here in C# take the place of compiled code.</summary>
public sealed unsafe class KernelTests : IDisposable
{
    private readonly TensorAllocator _allocator = new();
    private readonly WorkerPool _pool = new(4);
    private readonly CodeProbe _code = new();

    public void Dispose() => _pool.Dispose();

    private sealed class CodeProbe : IDisposable
    {
        public int Disposals;
        public void Dispose() => Disposals++;
    }

    private Kernel Load(delegate* unmanaged<TxCall*, int> entry, long n, long workspace = 0, long worker = 0) => new(
        new KernelImage("k", "k", [], [new("x", ElementType.F32, [n], false), new("y", ElementType.F32, [n], true)], workspace, worker,
            [new("TX5999", "row {1} of {0}", null)]), (nint)entry, _code);

    [UnmanagedCallersOnly]
    private static int Doubled(TxCall* call)
    {
        if (call->Version != 1 || call->BufferCount != 2) return -1;
        var (x, y) = (call->Buffers[0], call->Buffers[1]);
        if (x.Rank != 1 || x.Type != (int)ElementType.F32 || x.Strides[0] != 1) return -2;
        return call->Launch(call->LaunchState, &DoubledBody, call, x.Shape[0], 16);
    }

    [UnmanagedCallersOnly]
    private static int DoubledBody(void* context, long begin, long end, int worker)
    {
        var call = (TxCall*)context;
        if (worker < 0 || worker >= call->MaxWorkers) return -3;
        float* x = (float*)call->Buffers[0].Data, y = (float*)call->Buffers[1].Data;
        for (long i = begin; i < end; i++) y[i] += 2 * x[i];
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Failing(TxCall* call)
    {
        call->Error->Message = 0;
        call->Error->Count = 2;
        call->Error->Values[0] = 7;
        call->Error->Values[1] = 9;
        return 1;
    }

    [UnmanagedCallersOnly]
    private static int Waiting(TxCall* call)
    {
        while (Volatile.Read(ref *call->Cancel) == 0) Thread.Yield();
        return 2;
    }

    [UnmanagedCallersOnly]
    private static int UsesWorkspace(TxCall* call)
    {
        if ((nint)call->Workspace % 64 != 0 || call->WorkspaceBytes != 1000 + 256L * call->MaxWorkers) return -1;
        new Span<byte>(call->Workspace, (int)call->WorkspaceBytes).Fill(1);
        return 0;
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(15), InlineData(1000), InlineData(100_003)]
    public void Parallel_loop_visits_each_element_once(int n)
    {
        using var kernel = Load(&Doubled, n);
        using var x = TensorFill.Full(_allocator, [n], Scalar.Of(ElementType.F32, 1.5));
        using var y = TensorFill.Full(_allocator, [n], Scalar.Of(ElementType.F32, 1.0));
        kernel.Invoke([x, y], _pool);
        Assert.All(y.AsSpan<float>().ToArray(), v => Assert.Equal(4f, v));
    }

    [Fact]
    public void Many_threads_may_call_one_kernel()
    {
        using var kernel = Load(&Doubled, 5000, workspace: 64);
        Parallel.For(0, 8, _ =>
        {
            using var x = TensorFill.Full(_allocator, [5000], Scalar.Of(ElementType.F32, 1.0));
            using var y = TensorFill.Full(_allocator, [5000], Scalar.Of(ElementType.F32, 0.0));
            for (int round = 0; round < 200; round++) kernel.Invoke([x, y], _pool);
            Assert.All(y.AsSpan<float>().ToArray(), v => Assert.Equal(400f, v));
        });
    }

    [Fact]
    public void Arguments_are_checked()
    {
        using var kernel = Load(&Doubled, 3);
        using var good = _allocator.Allocate(ElementType.F32, [3]);
        using var otherType = _allocator.Allocate(ElementType.I32, [3]);
        using var otherShape = _allocator.Allocate(ElementType.F32, [4]);
        void Refused(string code, params NativeTensor[] arguments) =>
            Assert.Equal(code, Assert.Throws<DiagnosticException>(() => kernel.Invoke(arguments, _pool)).Diagnostics[0].Code);
        Refused("TX5020", good);
        Refused("TX5021", otherType, good);
        Refused("TX5022", good, otherShape);
        Refused("TX5023", good, good);
    }

    [Fact]
    public void Failed_check_is_a_diagnostic_with_its_values()
    {
        using var kernel = Load(&Failing, 1);
        using var x = _allocator.Allocate(ElementType.F32, [1]);
        using var y = _allocator.Allocate(ElementType.F32, [1]);
        var d = Assert.Throws<DiagnosticException>(() => kernel.Invoke([x, y], _pool)).Diagnostics[0];
        Assert.Equal(("TX5999", "row 9 of 7"), (d.Code, d.Message));
    }

    [Fact]
    public void Cancellation_reaches_a_running_kernel()
    {
        using var kernel = Load(&Waiting, 1);
        using var x = _allocator.Allocate(ElementType.F32, [1]);
        using var y = _allocator.Allocate(ElementType.F32, [1]);
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
        Assert.Throws<OperationCanceledException>(() => kernel.Invoke([x, y], _pool, source.Token));
        Assert.Throws<OperationCanceledException>(() => kernel.Invoke([x, y], _pool, source.Token));
    }

    [Fact]
    public void Workspace_has_a_part_for_each_worker()
    {
        using var kernel = Load(&UsesWorkspace, 1, workspace: 1000, worker: 256);
        using var x = _allocator.Allocate(ElementType.F32, [1]);
        using var y = _allocator.Allocate(ElementType.F32, [1]);
        using var single = new WorkerPool(1);
        foreach (var pool in new[] { _pool, single, _pool }) kernel.Invoke([x, y], pool);
    }

    [Fact]
    public void Disposal_waits_for_running_calls_and_unloads_once()
    {
        var kernel = Load(&Waiting, 1);
        var x = _allocator.Allocate(ElementType.F32, [1]);
        var y = _allocator.Allocate(ElementType.F32, [1]);
        using var source = new CancellationTokenSource();
        using var entered = new ManualResetEventSlim();
        var call = new Thread(() =>
        {
            entered.Set();
            try { kernel.Invoke([x, y], _pool, source.Token); }
            catch (OperationCanceledException) { }
        });
        call.Start();
        entered.Wait();
        Thread.Sleep(50);
        kernel.Dispose();
        kernel.Dispose();
        x.Dispose();
        Assert.Equal(0, _code.Disposals);
        source.Cancel();
        call.Join();
        Assert.Equal(1, _code.Disposals);
        Assert.Throws<ObjectDisposedException>(() => kernel.Invoke([x, y], _pool));
        y.Dispose();
    }

    private struct LoopProbe
    {
        public long Sum;
        public long Calls;
        public int FailAt;
        public long Nested;
        public nint Pool;
    }

    [UnmanagedCallersOnly]
    private static int SumBody(void* context, long begin, long end, int worker)
    {
        var probe = (LoopProbe*)context;
        Interlocked.Increment(ref probe->Calls);
        for (long i = begin; i < end; i++)
        {
            if (probe->FailAt > 0 && i == probe->FailAt) return 42;
            Interlocked.Add(ref probe->Sum, i);
        }
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int NestedBody(void* context, long begin, long end, int worker)
    {
        var probe = (LoopProbe*)context;
        var inner = new NestedProbe { Worker = worker };
        var pool = (WorkerPool)GCHandle.FromIntPtr(probe->Pool).Target!;
        int code = pool.Run(&InnerBody, &inner, 10, 1);
        Interlocked.Add(ref probe->Nested, inner.Iterations);
        return code;
    }

    private struct NestedProbe
    {
        public int Worker;
        public long Iterations;
    }

    [UnmanagedCallersOnly]
    private static int InnerBody(void* context, long begin, long end, int worker)
    {
        var probe = (NestedProbe*)context;
        probe->Iterations += end - begin;
        return worker == probe->Worker ? 0 : 7;
    }

    [Fact]
    public void First_code_that_is_not_zero_ends_the_loop()
    {
        var probe = new LoopProbe { FailAt = 5 };
        Assert.Equal(42, _pool.Run(&SumBody, &probe, 1_000_000, 1));
        Assert.True(probe.Calls < 1_000_000);
        probe = new LoopProbe();
        Assert.Equal(0, _pool.Run(&SumBody, &probe, 1000, 7));
        Assert.Equal(499_500, probe.Sum);
    }

    [Fact]
    public void Loop_inside_a_loop_stays_on_its_worker()
    {
        var probe = new LoopProbe { Pool = (nint)_pool.LaunchState };
        Assert.Equal(0, _pool.Run(&NestedBody, &probe, 500, 1));
        Assert.Equal(5000, probe.Nested);
    }

    [Fact]
    public void Loops_keep_working_after_the_workers_slept()
    {
        for (int round = 0; round < 20; round++)
        {
            var probe = new LoopProbe();
            Assert.Equal(0, _pool.Run(&SumBody, &probe, 100, 1));
            Assert.Equal(4950, probe.Sum);
            Thread.Sleep(round % 3);
        }
    }
}
