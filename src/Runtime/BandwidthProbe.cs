using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tx.Runtime;

/// <summary>Measures how fast this machine reads memory: a sum over a block of bytes, in vectors. A kernel that reads each byte once is no faster.</summary>
public static unsafe class BandwidthProbe
{
    /// <summary>More than the caches of current cores keep.</summary>
    public const long MemoryBytes = 96L << 20;

    /// <summary>Half of the smallest first-level cache.</summary>
    public const long CacheBytes = 16L << 10;

    private const int Rounds = 6;
    // What one round reads at least, so that the clock's own time does not count.
    private const long RoundBytes = 64L << 20;

    /// <summary>The best of several rounds, in 10⁹ bytes a second, of <paramref name="threads"/> threads together, each with a block of its own.</summary>
    /// <param name="bytes">The size of a block: it decides which memory is measured.</param>
    public static double MeasureReads(long bytes, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 8L * Vector<ulong>.Count * sizeof(ulong));
        using var barrier = new Barrier(threads);
        var best = new double[threads];
        void Run(int thread)
        {
            ulong* data = (ulong*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            try
            {
                // Pages that were never written are all the same page of zeros.
                new Span<ulong>(data, checked((int)(bytes / sizeof(ulong)))).Fill((ulong)thread);
                long passes = Math.Max(1, RoundBytes / bytes);
                for (int round = 0; round < Rounds; round++)
                {
                    barrier.SignalAndWait();
                    long start = Stopwatch.GetTimestamp();
                    ulong sum = 0;
                    for (long pass = 0; pass < passes; pass++) sum += Sum(data, bytes / sizeof(ulong));
                    double rate = bytes * passes / Stopwatch.GetElapsedTime(start).TotalSeconds;
                    // The sum is used, or nothing would have to be read.
                    if (sum != ulong.MaxValue) best[thread] = Math.Max(best[thread], rate);
                }
            }
            finally { NativeMemory.AlignedFree(data); }
        }
        var others = Enumerable.Range(1, threads - 1).Select(t => new Thread(() => Run(t)) { IsBackground = true }).ToArray();
        foreach (var t in others) t.Start();
        Run(0);
        foreach (var t in others) t.Join();
        return best.Sum() / 1e9;
    }

    // It runs too seldom to be compiled a second time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Sum(ulong* data, long count)
    {
        var (a, b, c, d) = (Vector<ulong>.Zero, Vector<ulong>.Zero, Vector<ulong>.Zero, Vector<ulong>.Zero);
        int step = Vector<ulong>.Count;
        ulong* end = data + count / (4 * step) * (4 * step);
        for (; data < end; data += 4 * step)
        {
            a += Vector.Load(data);
            b += Vector.Load(data + step);
            c += Vector.Load(data + 2 * step);
            d += Vector.Load(data + 3 * step);
        }
        return Vector.Sum(a + b + c + d);
    }
}
