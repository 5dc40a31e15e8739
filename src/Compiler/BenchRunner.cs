using System.Collections.Immutable;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>Measures calls of operators.</summary>
public static class BenchRunner
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(1);

    /// <summary>A <c>bench</c> statement: the expression runs once, then the kernels that ran are repeated on the same data.</summary>
    internal static BenchResult Run(Session session, SessionScope scope, CompiledMachine machine, BenchSyntax bench)
    {
        if (bench.Value is not CallSyntax) throw new DiagnosticException(SessionDiagnostics.BenchTarget, bench.Value.Span, "another expression");
        var steps = new List<(Kernel Kernel, ImmutableArray<NativeTensor> Arguments)>();
        var used = new List<string>();
        double flops = 0, bytes = 0;
        var compiled = session.Compiler.CompileTime;
        machine.Ran = scope.SymbolicMachine.Value.Ran = (call, kernel, arguments) =>
        {
            steps.Add((kernel, arguments));
            used.Add((call.Schedule ?? session.Schedules.Choose(call.Operator, session.Symbolic ? null : call.Dims))?.Name ?? "default");
            flops += FlopCount.Of(call.Operator, call.Dims);
            bytes += arguments.Sum(t => (double)t.Bytes);
        };
        try { new ExpressionEvaluator(scope, machine, isCheck: false).Evaluate(bench.Value); }
        finally { machine.Ran = scope.SymbolicMachine.Value.Ran = null; }
        if (steps.Count == 0) throw new DiagnosticException(SessionDiagnostics.BenchTarget, bench.Value.Span, "a call that runs no kernel");
        compiled = session.Compiler.CompileTime - compiled;
        return Measure(session, bench.Value.Span.Text, string.Join(", ", used.Distinct()), [], flops, compiled, () =>
        {
            foreach (var (kernel, arguments) in steps) kernel.Invoke(arguments.AsSpan(), session.Pool, session.Cancellation);
        }) with { Bytes = bytes };
    }

    /// <summary>An operator on random data of the given sizes, by the kernel for them or by the one for all sizes.</summary>
    internal static BenchResult Run(Session session, Operator op, IReadOnlyDictionary<DimSymbol, long> dims, bool isSymbolic, ScheduleChoice? schedule)
    {
        var compiled = session.Compiler.CompileTime;
        schedule ??= session.Schedules.Choose(op, isSymbolic ? null : dims);
        var kernel = isSymbolic ? session.Compiler.CompileSymbolic(op, sizes => session.Resolver.Admit(op, sizes), schedule) : session.Compiler.Compile(op, dims, schedule);
        compiled = session.Compiler.CompileTime - compiled;
        long seed = 1;
        var arguments = ImmutableArray.CreateBuilder<NativeTensor>();
        try
        {
            foreach (var p in op.Parameters) arguments.Add(TensorFill.Random(session.Allocator, p.Type, OperatorShapes.Of(p, dims).AsSpan(), seed++));
            foreach (var r in op.Results)
                arguments.Add(TensorFill.Zeros(session.Allocator, r.Type is ElementType.Int ? ElementType.I64 : r.Type, OperatorShapes.Of(r, dims).AsSpan()));
            var all = arguments.ToImmutable();
            return Measure(session, op.Name, schedule?.Name ?? "default", [.. op.Dims.Select(d => (d.Name, dims[d]))], FlopCount.Of(op, dims), compiled,
                () => kernel.Invoke(all.AsSpan(), session.Pool, session.Cancellation)) with { Bytes = all.Sum(t => (double)t.Bytes) };
        }
        finally
        {
            foreach (var t in arguments) t.Dispose();
        }
    }

    private static BenchResult Measure(Session session, string name, string schedule, ImmutableArray<(string, long)> shape, double flops, TimeSpan compiled, Action run)
    {
        var (median, min, repetitions) = Stopper.Measure(run, Budget, session.Cancellation);
        double peak = PeakProbe.MeasurePeakGflops(ElementType.F32, session.Threads);
        return new(name, schedule, shape, session.Threads, median, min, repetitions, flops / median / 1e3, peak, compiled.TotalMilliseconds);
    }
}
