using System.Collections.Immutable;
using Tx.Backends.Llvm;
using static System.FormattableString;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule;
using Tx.Runtime;

namespace Tx;

/// <summary>One compilation: options to names and values of the operator, then nests, schedule, passes, code. What needs the prover goes one at a time; the
/// passes and LLVM run beside those of other requests.</summary>
internal sealed class KernelRequest(ProgramCore core, string name, CompileOptions options, CancellationToken cancellation)
{
    /// <summary>The operator under its schedule.</summary>
    private sealed record Nests(Operator Operator, ImmutableDictionary<DimSymbol, long> Dims, LoopModule Scheduled, ImmutableArray<StepEvidence> Evidence);

    private readonly Lazy<OpSyntax> _syntax = new(() => core.Declarations.Operators[name]);

    private OpSyntax Syntax => _syntax.Value;

    /// <param name="owner">Keeps the core; the kernel's from then on.</param>
    public Kernel Make(CoreOwner owner)
    {
        string? key = core.Kept is null ? null : Key();
        var image = key is null ? null : core.Kept!.Find(key);
        Nests? made = null;
        if (image is null)
        {
            made = NestsOf(cancellation);
            image = Compile(made.Scheduled, made.Evidence, cancellation);
            if (key is not null) core.Kept!.Keep(key, image);
        }
        // What a kernel that was kept does without: sizes that are new, and views, ask for it.
        var nests = new Lazy<Nests>(() => made ?? DeepStack.Run(() => NestsOf(default)));
        return Load(image, owner, image.Symbolic is null ? null : sizes => Admit(nests.Value, sizes),
            kind => DeepStack.Run(() => Load(Compile(StridedParameters.Run(nests.Value.Scheduled, kind is ViewKind.Rows), nests.Value.Evidence, default), null, null, null)));
    }

    // All that decides what is made of the program.
    private string Key()
    {
        var target = core.Target;
        return string.Join('\0', (string[])
        [
            name, string.Join(',', core.Defines.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => Invariant($"{d.Key}: {d.Value.Type} = {d.Value}"))), Pairs(options.Sizes), Pairs(options.Consts), Pairs(options.Types), Pairs(options.Ranks), options.Schedule ?? "", Pairs(options.Knobs),
            LlvmCompiler.IdentityOf(target), target.Name, string.Join(',', target.Features),
            Invariant($"{target.VectorBytes},{target.VectorRegisters},{target.L1Bytes},{target.L2Bytes},{target.L3Bytes}"),
        ]);

        static string Pairs<T>(IDictionary<string, T> values) => string.Join(',', values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => Invariant($"{v.Key}={v.Value}")));
    }

    private void Admit(Nests nests, ImmutableArray<long> sizes) =>
        core.Admit(nests.Operator, nests.Dims.AddRange(nests.Operator.Dims.Where(d => !nests.Dims.ContainsKey(d)).Zip(sizes, (d, n) => KeyValuePair.Create(d, n))));

    private Nests NestsOf(CancellationToken token)
    {
        var (op, dims, scheduled, evidence) = core.Ask(Schedule, token);
        return evidence.IsDefault ? new(op, dims, DefaultSchedule.Apply(scheduled, core.Target), []) : new(op, dims, scheduled, evidence);
    }

    private KernelImage Compile(LoopModule scheduled, ImmutableArray<StepEvidence> evidence, CancellationToken token) =>
        core.Backend.Compile(Pipeline.Run(scheduled, core.Target, cancellation: token), core.Target, token) with { Evidence = evidence };

    private Kernel Load(KernelImage image, CoreOwner? owner, Action<ImmutableArray<long>>? admit, Func<ViewKind, Kernel>? views)
    {
        var code = LlvmJit.Shared.Load(image.Object, image.Entry, out nint entry);
        try
        {
            return new(image, entry, new LoadedCode(code, owner), admit) { Views = views, Pool = options.Pool ?? WorkerPool.Shared };
        }
        catch
        {
            code.Dispose();
            throw;
        }
    }

    private (Operator, ImmutableDictionary<DimSymbol, long>, LoopModule, ImmutableArray<StepEvidence>) Schedule(OperatorResolver resolver, ScheduleResolver schedules)
    {
        var bag = new DiagnosticBag();
        var wanted = Specialise(resolver.Binder);
        var op = resolver.Binder.Bind(Syntax, wanted, bag);
        if (op is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        resolver.RequireSound(op);
        var dims = Sizes(op);
        bool hasAll = dims.Count == op.Dims.Length;
        if (hasAll)
        {
            if (CallResolver.BrokenRequirement(op, dims, null) is { } broken) throw new DiagnosticException([broken]);
            foreach (var tensor in op.Parameters.Concat(op.Results)) TensorType.CountElements(tensor.Type is ElementType.Int ? ElementType.I64 : tensor.Type, OperatorShapes.Of(tensor, dims).AsSpan());
            resolver.Admit(op, dims);
        }
        var choice = Choice(schedules, op, hasAll ? dims : null);
        var plain = NestBuilder.Build(op, dims, keepsEmptyLoops: choice is not null);
        if (choice is null)
            return schedules.ApplyCalls(op, () => NestBuilder.Build(op, dims, keepsEmptyLoops: true).Functions[0], hasAll ? dims : null, CheckingBudget.OfCall) is { } calls
                ? (op, dims, plain.With([calls.Function.Function]), EvidenceOf(calls)) : (op, dims, plain, default);
        if (ScheduleResolver.DeviceOf(choice.Schedule) is not null) throw new DiagnosticException(ScheduleResolver.NeedsDevice(choice.Schedule, null));
        var applied = schedules.Apply(choice, op, plain.Functions[0], hasAll ? dims : null, CheckingBudget.OfCall);
        if (applied.HasErrors) throw new DiagnosticException([.. applied.Diagnostics.Where(d => d.IsError)]);
        return (op, dims, plain.With([applied.Function.Function]), EvidenceOf(applied));
    }

    private static ImmutableArray<StepEvidence> EvidenceOf(AppliedSchedule applied) =>
        [.. applied.Function.Steps.Select(s => new StepEvidence(s.Directive.Text, s.Evidence.Tier.ToString().ToLowerInvariant(), s.Evidence.Argument))];

    private ScheduleChoice? Choice(ScheduleResolver schedules, Operator op, IReadOnlyDictionary<DimSymbol, long>? dims)
    {
        var names = schedules.SchedulesOf(op.Name).Select(s => s.Name.Text);
        if (options.Schedule is null)
        {
            if (options.Knobs.Keys.FirstOrDefault() is { } knob) throw Unknown("schedule with the knob", knob, names);
            return schedules.Choose(op, dims);
        }
        if (!names.Contains(options.Schedule)) throw Unknown("schedule", options.Schedule, names);
        return schedules.Named(op, options.Schedule) with { Knobs = options.Knobs.ToImmutableSortedDictionary(StringComparer.Ordinal) };
    }

    private Specialisation Specialise(ModuleBinder binder)
    {
        var usual = ConstChoices.With(Syntax, core.Defines);
        var generics = Syntax.Generics.Select(g => g.Name.Text).ToList();
        foreach (string name in options.Types.Keys)
            if (!generics.Contains(name)) throw Unknown("element type", name, generics);
        var packs = usual.Ranks.Select(r => r.Name).ToList();
        foreach (var (name, rank) in options.Ranks)
        {
            if (!packs.Contains(name)) throw Unknown("pack", name, packs);
            if (rank is < 0 or > Specialisation.MaxRank) throw Wrong(rank, "pack", name, $"a tensor has 0 to {Specialisation.MaxRank} dimensions");
        }
        var consts = Syntax.Parameters.Where(p => p.IsConst).ToList();
        foreach (string name in options.Consts.Keys)
            if (!consts.Exists(c => c.Name.Text == name)) throw Unknown("`const` parameter", name, consts.Select(c => c.Name.Text));
        var types = usual.Types.Select(t => (t.Name, options.Types.TryGetValue(t.Name, out var given) ? given : t.Type));
        var ranks = usual.Ranks.Select(r => (r.Name, options.Ranks.TryGetValue(r.Name, out int given) ? given : r.Rank));
        var values = consts.Where(c => options.Consts.ContainsKey(c.Name.Text)).Select(c => (c.Name.Text, ConstOf(c)));
        var chosen = new Specialisation([.. types], [.. ranks], [.. values, .. usual.Consts.Where(c => !options.Consts.ContainsKey(c.Name))]);
        foreach (var c in consts)
            if (c.Default is null && chosen.ValueOf(c.Name.Text) is null) throw new DiagnosticException(EmbeddingDiagnostics.OpenConst, null, Syntax.Name.Text, c.Name.Text);
        return binder.AdmitsConsts(Syntax, chosen) ? chosen
            : throw Wrong(string.Join(", ", chosen.Consts.Select(c => $"{c.Name} = {c.Value}")), "`const` parameters", Syntax.Name.Text, "its `require` does not hold");
    }

    private Scalar ConstOf(ParameterSyntax parameter)
    {
        double value = options.Consts[parameter.Name.Text];
        if (!ElementTypes.TryParse(parameter.Type.Name.Text, out var type)) type = ElementType.F64;
        if (type.IsFloat) return Scalar.Of(type, value);
        bool isWhole = Math.Truncate(value) == value && Math.Abs(value) < 1L << 53;
        if (!isWhole || (Int128)value < type.MinValue || (Int128)value > type.MaxValue) throw Wrong(value, "`const` parameter", parameter.Name.Text, $"it is a `{type.Name}`");
        return Scalar.Of(type, (long)value);
    }

    private ImmutableDictionary<DimSymbol, long> Sizes(Operator op)
    {
        var dims = ImmutableDictionary.CreateBuilder<DimSymbol, long>();
        foreach (var (name, size) in options.Sizes)
        {
            var dim = op.Dims.FirstOrDefault(d => d.Name == name) ?? throw Unknown("dimension", name, op.Dims.Select(d => d.Name));
            if (size < 0) throw Wrong(size, "dimension", name, "a size is 0 or more");
            dims.Add(dim, size);
        }
        return dims.ToImmutable();
    }

    private DiagnosticException Unknown(string kind, string name, IEnumerable<string> known) =>
        new(EmbeddingDiagnostics.UnknownName, null, Syntax.Name.Text, kind, name, EmbeddingDiagnostics.NameHelp(name, known));

    private DiagnosticException Wrong(object value, string kind, string name, string why) =>
        new(EmbeddingDiagnostics.WrongValue, null, Syntax.Name.Text, value, kind, name, why);

    private sealed class LoadedCode(IDisposable code, CoreOwner? owner) : IDisposable
    {
        public void Dispose()
        {
            code.Dispose();
            owner?.Dispose();
        }
    }
}
