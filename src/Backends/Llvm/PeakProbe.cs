using System.Diagnostics;
using System.Text;
using Tx.Backends.Llvm.Native;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>Measures what the arithmetic units of this machine can do: a loop of independent multiply-adds in registers, at the widest vector. No kernel can be faster.</summary>
public static unsafe class PeakProbe
{
    // Latency times throughput of every current core is below this; with the two factors it fits 16 registers.
    private const int Accumulators = 12;
    private const long Iterations = 20_000;
    private const int Rounds = 12;

    /// <summary>The best of several rounds, in 10⁹ operations a second (a multiply-add is two), of <paramref name="threads"/> threads together. It takes some 30 ms.</summary>
    /// <param name="type">A type that kernels can be compiled for, not bool.</param>
    /// <exception cref="DiagnosticException">TX4001 or TX4002 without libLLVM 19.</exception>
    public static double MeasurePeakGflops(ElementType type, int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        var target = CpuTarget.Host();
        var vector = new IrType(type, target.Lanes(type));
        var code = CompileThread.Run(() => CodeGenerator.Compile(Text(vector, target), LlvmTarget.Of(target), CodegenFile.Object));
        using var jit = new LlvmJit();
        using var loaded = jit.Load(code, "tx.peak", out nint address);
        return Measure((delegate* unmanaged<void*, long, void>)address, 2.0 * Accumulators * vector.Lanes * Iterations, threads);
    }

    private static double Measure(delegate* unmanaged<void*, long, void> loop, double operations, int threads)
    {
        using var barrier = new Barrier(threads);
        var best = new double[threads];
        void Run(int thread)
        {
            byte* data = stackalloc byte[256];
            new Span<byte>(data, 256).Clear();
            loop(data, Iterations);
            for (int round = 0; round < Rounds; round++)
            {
                barrier.SignalAndWait();
                long start = Stopwatch.GetTimestamp();
                loop(data, Iterations);
                best[thread] = Math.Max(best[thread], operations / Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }
        var others = Enumerable.Range(1, threads - 1).Select(t => new Thread(() => Run(t)) { IsBackground = true }).ToArray();
        foreach (var t in others) t.Start();
        Run(0);
        foreach (var t in others) t.Join();
        return best.Sum() / 1e9;
    }

    // Different for each, or the chains would be one.
    private static string Start(IrType vector, int accumulator) => LlvmText.Splat(
        vector.Element.IsFloat ? LlvmText.Constant(vector.Element, (double)accumulator) : LlvmText.Constant(vector.Element, (long)accumulator), vector.Lanes).Text;

    // The factors come from memory: LLVM must not know them.
    private static string Text(IrType vector, CpuTarget target)
    {
        string type = LlvmText.TypeOf(vector);
        var text = new StringBuilder();
        text.Append(LlvmText.Culture, $"define void @tx.peak(ptr %data, i64 %count) #0 {{\nentry:\n  %x = load {type}, ptr %data, align 1\n");
        text.Append(LlvmText.Culture, $"  %q = getelementptr i8, ptr %data, i64 64\n  %y = load {type}, ptr %q, align 1\n  br label %loop\nloop:\n");
        text.Append("  %i = phi i64 [ 0, %entry ], [ %n, %loop ]\n");
        for (int a = 0; a < Accumulators; a++) text.Append(LlvmText.Culture, $"  %a{a} = phi {type} [ {Start(vector, a)}, %entry ], [ %b{a}, %loop ]\n");
        for (int a = 0; a < Accumulators; a++)
            if (vector.Element.IsFloat) text.Append(LlvmText.Culture, $"  %b{a} = call {type} @llvm.fmuladd.{LlvmText.SuffixOf(vector)}({type} %x, {type} %y, {type} %a{a})\n");
            else text.Append(LlvmText.Culture, $"  %m{a} = mul {type} %x, %a{a}\n  %b{a} = add {type} %m{a}, %y\n");
        text.Append("  %n = add nuw nsw i64 %i, 1\n  %more = icmp ult i64 %n, %count\n  br i1 %more, label %loop, label %done\ndone:\n");
        // All results are used, or LLVM would drop their chains.
        string sum = "%b0";
        for (int a = 1; a < Accumulators; a++)
        {
            text.Append(LlvmText.Culture, $"  %s{a} = {(vector.Element.IsFloat ? "fadd" : "xor")} {type} {sum}, %b{a}\n");
            sum = $"%s{a}";
        }
        text.Append(LlvmText.Culture, $"  %r = getelementptr i8, ptr %data, i64 128\n  store {type} {sum}, ptr %r, align 1\n  ret void\n}}\n");
        text.Append(target.VectorBytes >= 64 ? "attributes #0 = { nounwind \"prefer-vector-width\"=\"512\" }\n" : "attributes #0 = { nounwind }\n");
        return text.ToString();
    }
}
