using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tx.Runtime;

/// <summary>The threads that run the parallel loops of kernels. The thread that launches a loop takes part as worker 0. Idle workers spin
/// for about 50 µs, because a sleeping one takes 20–40 µs to wake, and then sleep. Safe for several launching threads: a loop launched while
/// the pool is busy, or from inside a loop, runs on the launching thread. Threads start with the first loop that needs them.</summary>
public sealed unsafe class WorkerPool : IDisposable
{
    // The state of the current loop in one word, so that joining and closing it are one atomic step each:
    // bits 0..30 the helpers inside, bit 31 whether more may join, bits 32..62 the number of the loop.
    private const long OpenBit = 1L << 31, HelperMask = OpenBit - 1;

    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;

    private readonly Lock _startGate = new();
    private readonly object _sleepGate = new();
    private readonly GCHandle _handle;
    private volatile int[]? _workerThreadIds;
    private Thread[] _threads = [];
    private PaddedState _shared;
    private int _busy, _sleepers, _isDisposed;

    private delegate* unmanaged<void*, long, long, int, int> _body;
    private void* _context;
    private long _count, _grain, _chunks;

    /// <param name="workers">Threads that may take part in a loop, the launching one included; 1 runs every loop inline.</param>
    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        _handle = GCHandle.Alloc(this);
    }

    /// <summary>One worker for each processor of this process.</summary>
    public WorkerPool() : this(Environment.ProcessorCount) { }

    /// <summary>One for the process, with a worker for each processor; nobody disposes it.</summary>
    public static WorkerPool Shared { get; } = new();

    /// <summary>How many threads take part at most: worker numbers are in 0..Workers.</summary>
    public int Workers { get; }

    /// <summary>What <see cref="TxCall.LaunchState"/> holds for <see cref="LaunchPointer"/>.</summary>
    internal void* LaunchState => (void*)GCHandle.ToIntPtr(_handle);

    internal static delegate* unmanaged<void*, delegate* unmanaged<void*, long, long, int, int>, void*, long, long, int> LaunchPointer => &Launch;

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    [UnmanagedCallersOnly]
    private static int Launch(void* state, delegate* unmanaged<void*, long, long, int, int> body, void* context, long count, long grain) =>
        ((WorkerPool)GCHandle.FromIntPtr((nint)state).Target!).Run(body, context, count, grain);

    /// <summary>Runs <paramref name="body"/> over 0..count in chunks of <paramref name="grain"/> iterations (0: chosen here).</summary>
    /// <returns>The first code that was not 0; chunks that have not begun by then are left out.</returns>
    internal int Run(delegate* unmanaged<void*, long, long, int, int> body, void* context, long count, long grain)
    {
        if (count <= 0) return 0;
        grain = grain > 0 ? Math.Min(grain, count) : Math.Max(1, count / (4L * Workers));
        if (Workers == 1 || grain == count || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
            return body(context, 0, count, CurrentWorker());

        StartThreads();
        _body = body;
        _context = context;
        (_count, _grain, _chunks) = (count, grain, (count - 1) / grain + 1);
        (_shared.NextChunk, _shared.Result) = (0, 0);
        long number = ((_shared.State >> 32) + 1) & int.MaxValue;
        Volatile.Write(ref _shared.State, number << 32 | OpenBit);
        Wake();

        RunChunks(0);
        Interlocked.And(ref _shared.State, ~OpenBit);
        var wait = new SpinWait();
        while ((Volatile.Read(ref _shared.State) & HelperMask) != 0) wait.SpinOnce(sleep1Threshold: -1);
        int result = Volatile.Read(ref _shared.Result);
        Volatile.Write(ref _busy, 0);
        return result;
    }

    private void RunChunks(int worker)
    {
        while (Volatile.Read(ref _shared.Result) == 0)
        {
            long chunk = Interlocked.Increment(ref _shared.NextChunk) - 1;
            if (chunk >= _chunks) return;
            long begin = chunk * _grain;
            int code = _body(_context, begin, begin + Math.Min(_grain, _count - begin), worker);
            if (code != 0) Interlocked.CompareExchange(ref _shared.Result, code, 0);
        }
    }

    private void WorkerLoop(int worker)
    {
        long last = 0;
        while (true)
        {
            long state = AwaitLoop(last);
            if (state < 0) return;
            if (Interlocked.CompareExchange(ref _shared.State, state + 1, state) != state) continue;
            last = state >> 32;
            RunChunks(worker);
            Interlocked.Decrement(ref _shared.State);
        }
    }

    /// <summary>The state of an open loop other than <paramref name="last"/>; −1 when the pool is disposed.</summary>
    private long AwaitLoop(long last)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            for (int i = 0; i < 16; i++)
            {
                if (TryFindLoop(last, out long state)) return state;
                Thread.SpinWait(1);
            }
            if (Stopwatch.GetTimestamp() - start < SpinTicks) continue;

            lock (_sleepGate)
            {
                // Counted first, looked again afterwards: the launcher publishes first and then reads the count, so one of the two sees the other.
                Interlocked.Increment(ref _sleepers);
                if (!TryFindLoop(last, out _)) Monitor.Wait(_sleepGate);
                Interlocked.Decrement(ref _sleepers);
            }
            start = Stopwatch.GetTimestamp();
        }
    }

    private bool TryFindLoop(long last, out long state)
    {
        state = Volatile.Read(ref _shared.State);
        if ((state & OpenBit) != 0 && state >> 32 != last) return true;
        if (Volatile.Read(ref _isDisposed) == 0) return false;
        state = -1;
        return true;
    }

    private void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleepers) == 0) return;
        lock (_sleepGate) Monitor.PulseAll(_sleepGate);
    }

    // A loop inside a loop must not use the scratch memory of another worker.
    private int CurrentWorker()
    {
        if (_workerThreadIds is not { } ids) return 0;
        int current = Environment.CurrentManagedThreadId;
        for (int w = 1; w < ids.Length; w++)
            if (ids[w] == current) return w;
        return 0;
    }

    private void StartThreads()
    {
        if (_workerThreadIds is not null) return;
        lock (_startGate)
        {
            int[] ids = new int[Workers];
            _threads = new Thread[Workers - 1];
            for (int w = 1; w < Workers; w++)
            {
                int worker = w;
                _threads[w - 1] = new Thread(() => WorkerLoop(worker), maxStackSize: 8 << 20) { IsBackground = true, Name = $"tx worker {w}" };
                ids[w] = _threads[w - 1].ManagedThreadId;
            }
            _workerThreadIds = ids;
            foreach (var thread in _threads) thread.Start();
        }
    }

    /// <summary>Ends the threads. No kernel may be running.</summary>
    public void Dispose()
    {
        if (ReferenceEquals(this, Shared) || Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        lock (_sleepGate) Monitor.PulseAll(_sleepGate);
        lock (_startGate)
        {
            foreach (var thread in _threads) thread.Join();
        }
        _handle.Free();
    }

    /// <summary>What several threads write, on cache lines apart from each other and from the fields around.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 320)]
    private struct PaddedState
    {
        [FieldOffset(64)] public long State;
        [FieldOffset(128)] public long NextChunk;
        [FieldOffset(192)] public int Result;
    }
}
