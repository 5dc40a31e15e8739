using System.Collections.Immutable;
using System.Diagnostics;
using Tx.Core;
using Tx.Fuzz;
using Tx.Lang.Program;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps.Checking;
using Tx.Runtime;

namespace Tx;

/// <summary>Compiles the function after a step and compares it with the reference evaluator on random data: the last resort for a step that the interpreter has no time for.</summary>
internal sealed class KernelTester(CpuTarget target) : IDisposable
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);
    private const double MaxWork = 5e6;
    private const int MaxRuns = 16;
    /// <summary>Fewer say too little.</summary>
    private const int MinRuns = 4;

    private readonly Lazy<KernelCompiler> _compiler = new(() => new KernelCompiler(target));

    /// <param name="sizes">Null: those of <paramref name="choices"/>.</param>
    /// <param name="choices">By the names of dimensions; of many, some spread over all are taken.</param>
    public TestedStep Test(Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes, LoopFunction after, ImmutableArray<ImmutableDictionary<string, long>> choices)
    {
        long start = Stopwatch.GetTimestamp();
        ImmutableArray<IReadOnlyDictionary<DimSymbol, long>> all = sizes is not null ? [.. Enumerable.Repeat(sizes, MinRuns)]
            : [.. choices.Select(c => op.Dims.ToImmutableDictionary(d => d, d => c.GetValueOrDefault(d.Name, 8))).Where(d => WorkEstimate.Of(op, d) <= MaxWork)];
        if (all.IsEmpty || sizes is not null && WorkEstimate.Of(op, sizes) > MaxWork) return new(0, null);
        int step = Math.Max(1, all.Length / MaxRuns), count = 0;
        using var comparer = new OperatorComparer(_compiler.Value);
        using var kernel = _compiler.Value.CompileAlone(Pipeline.Run(new LoopModule([after], LoopLevel.Scheduled), target));
        for (int n = all.Length - 1; n >= 0; n -= step)
        {
            var dims = all[n];
            var values = new InputValues(ValueMode.Whole, n);
            ImmutableArray<DenseArray> inputs = [.. op.Parameters.Select(p => values.Fill(new DenseArray(p.Type, OperatorShapes.Of(p, dims))))];
            var run = new Workload(op, dims, inputs, Tolerance(op), n);
            if (OperatorComparer.Compare(OperatorComparer.Evaluate(run), comparer.Execute(kernel, run), run.Tolerance) is { } difference)
                return new(count, $"{(dims.Count == 0 ? "" : $"for {string.Join(", ", op.Dims.Select(d => $"{d.Name} = {dims[d]}"))}: ")}{difference}");
            count++;
            if (Stopwatch.GetElapsedTime(start) > MaxTime) break;
        }
        return new(count < MinRuns ? 0 : count, null);
    }

    // Of the narrowest float in the operator.
    private static double Tolerance(Operator op)
    {
        var types = op.Stages.SelectMany(s => s.Tensors).Concat(op.Parameters).Concat(op.Results).Select(t => t.Type).Where(t => t.IsFloat).ToList();
        return types.Count == 0 ? 0 : types.Min(t => t.Bits) switch { <= 16 => 2e-2, 32 => 2e-4, _ => 1e-10 };
    }

    public void Dispose()
    {
        if (_compiler.IsValueCreated) _compiler.Value.Dispose();
    }
}
