using System.Runtime.InteropServices;

namespace Tx.Bench.Peers.Measuring;

/// <summary>Processor time of the calling thread, and how often another one took its core away.</summary>
internal static unsafe partial class ThreadClock
{
    private const int ThreadCpuTime = 3, RusageThread = 1;

    public static double Seconds
    {
        get
        {
            Time t;
            if (GetTime(ThreadCpuTime, &t) != 0) throw new InvalidOperationException("this system has no clock of a thread");
            return t.Seconds + t.Nanoseconds * 1e-9;
        }
    }

    public static long Preemptions
    {
        get
        {
            // struct rusage: two times of 16 bytes, then 14 longs, the last of them the involuntary switches.
            var words = stackalloc long[18];
            return GetUsage(RusageThread, words) == 0 ? words[17] : 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, Time* time);

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, long* usage);

    private struct Time
    {
        public long Seconds, Nanoseconds;
    }
}
