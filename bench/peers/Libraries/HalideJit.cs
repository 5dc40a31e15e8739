using System.Diagnostics;
using System.Globalization;
using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Libraries;

/// <summary>Halide's compilation just in time, <c>native/halide_jit.cpp</c>: LLVM 14 stays out of this process.</summary>
internal static class HalideJit
{
    private static readonly string Program = Path.Combine(Environment.GetEnvironmentVariable("PEERS_BUILT") ?? ".", "halide_jit");

    public static bool IsHere => File.Exists(Program);

    /// <summary>One more pipeline of a process that has compiled before.</summary>
    public static Contender Warm(Rows.Setup setup, string name)
    {
        var process = setup.Own(new Child(Start()));
        double Next()
        {
            process.Running.StandardInput.WriteLine(name);
            return double.Parse(process.Running.StandardOutput.ReadLine() ?? throw new InvalidOperationException("halide_jit has ended"), CultureInfo.InvariantCulture);
        }
        Next();
        return new("halide-jit", Side.Peer, () => Next()) { Sample = Next };
    }

    /// <summary>A process of its own, from its start to its end.</summary>
    public static Contender Fresh(string name)
    {
        void Once()
        {
            using var process = Start();
            process.StandardInput.WriteLine(name);
            process.StandardInput.Close();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
        }
        return new("halide-jit", Side.Peer, Once) { Sample = () => WallClock.Of(Once) };
    }

    private static Process Start() => Process.Start(new ProcessStartInfo(Program) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private sealed class Child(Process process) : IDisposable
    {
        public Process Running => process;

        public void Dispose()
        {
            process.StandardInput.Close();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
