using System.Collections.Immutable;
using System.Diagnostics;
using Tx.Backends.C;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Runtime;

namespace Tx;

/// <summary>Operator in, kernel out: nest, schedule, pass list, backend. Compiled kernels are kept for the life of this object.
/// Safe for several threads.</summary>
public sealed class KernelCompiler : IDisposable
{
    // No list of sizes is written like this.
    private const string SymbolicKey = "*";

    private readonly Lock _gate = new();
    private readonly Dictionary<KernelKey, Kernel> _kernels = [];
    private readonly LlvmCompiler _backend = new(ObjectCache.Default());
    private readonly Lazy<LlvmJit> _jit = new(() => new LlvmJit());
    private readonly ScheduleResolver? _schedules;

    /// <summary>A compiler that knows no schedules: operators get the default.</summary>
    public KernelCompiler(CpuTarget target) => Target = target;

    internal KernelCompiler(CpuTarget target, ScheduleResolver schedules) => (Target, _schedules) = (target, schedules);

    public CpuTarget Target { get; }

    /// <summary>Whether dispatch for all sizes passes over a schedule that is for known sizes, and takes the default, instead of refusing it.</summary>
    public bool SkipsOpenSchedules { get; init; }

    /// <summary>Told of a call inside an operator that runs by the default because its schedule does not fit there.</summary>
    internal Action<Diagnostic>? Note { get; init; }

    /// <summary>Stops what is being lowered or compiled.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>The loop nests of an operator: plain, scheduled, and after the pass list.</summary>
    /// <param name="dims">Sizes; null leaves them symbolic.</param>
    /// <param name="schedule">Null: the one that dispatch takes, or else the default.</param>
    /// <exception cref="DiagnosticException">A step of the schedule is refused.</exception>
    public LoweredOperator Lower(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims, ScheduleChoice? schedule = null)
    {
        var (plain, scheduled, applied) = Nests(op, dims, schedule);
        return new(plain, scheduled, Pipeline.Run(scheduled, Target, cancellation: Cancellation), applied);
    }

    /// <summary>An operator as C for this compiler's target: the nest under its schedule, lowered for a compiler of C.</summary>
    /// <inheritdoc cref="Lower"/>
    public CModule EmitC(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims, ScheduleChoice? schedule = null, string? name = null, bool isStatic = true)
    {
        var (_, scheduled, _) = Nests(op, dims, schedule);
        return CEmitter.Emit(Pipeline.RunForC(scheduled, Target, cancellation: Cancellation), CTarget.For(Target), name, isStatic);
    }

    private (LoopModule Plain, LoopModule Scheduled, AppliedSchedule? Applied) Nests(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims, ScheduleChoice? given)
    {
        var schedule = given ?? _schedules?.Choose(op, dims);
        var plain = NestBuilder.Build(op, dims, keepsEmptyLoops: schedule is not null);
        if (schedule is not null)
        {
            if (ScheduleResolver.DeviceOf(schedule.Schedule) is not null) throw new DiagnosticException(ScheduleResolver.NeedsDevice(schedule.Schedule, null));
            var applied = _schedules!.Apply(schedule, op, plain.Functions[0], dims, _schedules.Budget);
            if (!applied.HasErrors) return (plain, plain.With([applied.Function.Function]), Noted(applied));
            if (!SkipsOpenSchedules || given is not null || dims is not null || !applied.IsOpen) throw new DiagnosticException([.. applied.Diagnostics.Where(d => d.IsError)]);
            plain = NestBuilder.Build(op, dims);
        }
        if (_schedules?.ApplyCalls(op, () => NestBuilder.Build(op, dims, keepsEmptyLoops: true).Functions[0], dims, _schedules.Budget) is { } calls)
            return (plain, plain.With([calls.Function.Function]), Noted(calls));
        return (plain, DefaultSchedule.Apply(plain, Target), null);
    }

    private AppliedSchedule Noted(AppliedSchedule applied)
    {
        foreach (var note in applied.Notes) Note?.Invoke(note);
        return applied;
    }

    /// <summary>A kernel for these sizes, compiled at the first call.</summary>
    /// <exception cref="DiagnosticException">The operator cannot run yet, or the backend is missing.</exception>
    public Kernel Compile(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, ScheduleChoice? schedule = null) =>
        Find(op, string.Join(',', op.Dims.Select(d => dims[d])), dims, schedule, null);

    /// <summary>The one kernel for all sizes, compiled at the first call. <c>const</c> values and element types are those that the operator was bound for.</summary>
    /// <param name="admit">Proves the operator for the sizes of a call, or refuses them with a <see cref="DiagnosticException"/>; asked once for each choice of them.</param>
    /// <exception cref="DiagnosticException">The operator cannot run yet, or the backend is missing.</exception>
    public Kernel CompileSymbolic(Operator op, Action<IReadOnlyDictionary<DimSymbol, long>> admit, ScheduleChoice? schedule = null)
    {
        // Without dimensions no call has a choice of sizes that could be asked for.
        if (op.Dims.IsEmpty) admit(ImmutableDictionary<DimSymbol, long>.Empty);
        return Find(op, SymbolicKey, null, schedule, sizes => admit(op.Dims.Zip(sizes).ToImmutableDictionary(p => p.First, p => p.Second)));
    }

    /// <summary>Kernels that <see cref="Compile"/> and <see cref="CompileSymbolic"/> have made.</summary>
    public int CompiledCount
    {
        get
        {
            lock (_gate) return _kernels.Count;
        }
    }

    /// <summary>What <see cref="Compile"/> and <see cref="CompileSymbolic"/> have spent on making kernels.</summary>
    public TimeSpan CompileTime { get; private set; }

    /// <summary>A kernel from a module that went through the pass list; it belongs to the caller and is not kept.</summary>
    public Kernel CompileAlone(LoopModule final) => _jit.Value.Load(_backend.Compile(final, Target));

    private Kernel Find(Operator op, string key, IReadOnlyDictionary<DimSymbol, long>? dims, ScheduleChoice? schedule, Action<ImmutableArray<long>>? admit)
    {
        lock (_gate)
        {
            var chosen = schedule ?? _schedules?.Choose(op, dims);
            var kernelKey = new KernelKey(op, key, chosen?.Schedule, chosen is null ? "" : string.Join(',', chosen.Knobs.Select(k => $"{k.Key}={k.Value}")), _schedules?.ChooseForCalls(op, dims) ?? []);
            if (_kernels.TryGetValue(kernelKey, out var known)) return known;
            long start = Stopwatch.GetTimestamp();
            var lowered = Lower(op, dims, schedule);
            var kernel = _jit.Value.Load(_backend.Compile(lowered.Final, Target, Cancellation) with { Evidence = EvidenceOf(lowered) }, admit);
            CompileTime += Stopwatch.GetElapsedTime(start);
            _kernels.Add(kernelKey, kernel);
            return kernel;
        }
    }

    /// <param name="Calls">The schedules of the calls inside.</param>
    private sealed record KernelKey(Operator Operator, string Sizes, ScheduleSyntax? Schedule, string Knobs, ImmutableArray<ScheduleSyntax> Calls)
    {
        public bool Equals(KernelKey? other) =>
            other is not null && ReferenceEquals(Operator, other.Operator) && Sizes == other.Sizes && ReferenceEquals(Schedule, other.Schedule) && Knobs == other.Knobs && Calls.SequenceEqual(other.Calls);

        public override int GetHashCode() => HashCode.Combine(Operator, Sizes, Knobs);
    }

    private static ImmutableArray<StepEvidence> EvidenceOf(LoweredOperator lowered) =>
        lowered.Schedule is null ? [] : [.. lowered.Schedule.Function.Steps.Select(s => new StepEvidence(s.Directive.Text, s.Evidence.Tier.ToString().ToLowerInvariant(), s.Evidence.Argument))];

    public string EmitLlvm(LoopModule final) => LlvmCompiler.EmitText(final, Target);
    public string EmitAssembly(LoopModule final) => LlvmCompiler.EmitAssembly(final, Target, Cancellation);

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var kernel in _kernels.Values) kernel.Dispose();
            _kernels.Clear();
            if (_jit.IsValueCreated) _jit.Value.Dispose();
        }
    }
}

/// <summary>The loop nests of an operator, from the text's order to what the backend takes.</summary>
/// <param name="Schedule">Null: the default.</param>
public sealed record LoweredOperator(LoopModule Plain, LoopModule Scheduled, LoopModule Final, AppliedSchedule? Schedule);
