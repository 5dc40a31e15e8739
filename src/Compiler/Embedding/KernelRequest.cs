using System.Collections.Immutable;
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
internal sealed class KernelRequest(ProgramCore core, OpSyntax syntax, CompileOptions options, CancellationToken cancellation)
{
    /// <param name="owner">Keeps the core; the kernel's from then on.</param>
    public Kernel Make(CoreOwner owner)
    {
        var (op, dims, scheduled, evidence) = core.Ask(Schedule, cancellation);
        if (evidence.IsDefault)
        {
            scheduled = DefaultSchedule.Apply(scheduled, core.Target);
            evidence = [];
        }
        var free = op.Dims.Where(d => !dims.ContainsKey(d)).ToImmutableArray();
        Action<ImmutableArray<long>>? admit = free.IsEmpty ? null : sizes => core.Admit(op, dims.AddRange(free.Zip(sizes, (d, n) => KeyValuePair.Create(d, n))));
        return Load(scheduled, evidence, admit, owner, kind => DeepStack.Run(() => Load(StridedParameters.Run(scheduled, kind is ViewKind.Rows), evidence, null, null, null)));
    }

    private Kernel Load(LoopModule scheduled, ImmutableArray<StepEvidence> evidence, Action<ImmutableArray<long>>? admit, CoreOwner? owner, Func<ViewKind, Kernel>? views)
    {
        // A variant for views is made in a call, which outlives the token of this request.
        var token = owner is null ? default : cancellation;
        var final = Pipeline.Run(scheduled, core.Target, cancellation: token);
        var image = core.Backend.Compile(final, core.Target, token) with { Evidence = evidence };
        var code = core.Jit.Load(image.Object, image.Entry, out nint entry);
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
        var op = resolver.Binder.Bind(syntax, wanted, bag);
        if (op is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        resolver.RequireSound(op);
        var dims = Sizes(op);
        bool hasAll = dims.Count == op.Dims.Length;
        if (hasAll)
        {
            foreach (var tensor in op.Parameters.Concat(op.Results)) TensorType.CountElements(tensor.Type is ElementType.Int ? ElementType.I64 : tensor.Type, OperatorShapes.Of(tensor, dims).AsSpan());
            resolver.Admit(op, dims);
        }
        var choice = Choice(schedules, op, hasAll ? dims : null);
        var plain = NestBuilder.Build(op, dims, keepsEmptyLoops: choice is not null);
        if (choice is null) return (op, dims, plain, default);
        if (ScheduleResolver.DeviceOf(choice.Schedule) is not null) throw new DiagnosticException(ScheduleResolver.NeedsDevice(choice.Schedule, null));
        var applied = schedules.Apply(choice, op, plain.Functions[0], hasAll ? dims : null, CheckingBudget.OfCall);
        if (applied.HasErrors) throw new DiagnosticException([.. applied.Diagnostics.Where(d => d.IsError)]);
        return (op, dims, plain.With([applied.Function.Function]),
            [.. applied.Function.Steps.Select(s => new StepEvidence(s.Directive.Text, s.Evidence.Tier.ToString().ToLowerInvariant(), s.Evidence.Argument))]);
    }

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
        var usual = ConstChoices.With(syntax, core.Defines);
        var generics = syntax.Generics.Select(g => g.Name.Text).ToList();
        foreach (string name in options.Types.Keys)
            if (!generics.Contains(name)) throw Unknown("element type", name, generics);
        var packs = usual.Ranks.Select(r => r.Name).ToList();
        foreach (var (name, rank) in options.Ranks)
        {
            if (!packs.Contains(name)) throw Unknown("pack", name, packs);
            if (rank is < 0 or > Specialisation.MaxRank) throw Wrong(rank, "pack", name, $"a tensor has 0 to {Specialisation.MaxRank} dimensions");
        }
        var consts = syntax.Parameters.Where(p => p.IsConst).ToList();
        foreach (string name in options.Consts.Keys)
            if (!consts.Exists(c => c.Name.Text == name)) throw Unknown("`const` parameter", name, consts.Select(c => c.Name.Text));
        var types = usual.Types.Select(t => (t.Name, options.Types.TryGetValue(t.Name, out var given) ? given : t.Type));
        var ranks = usual.Ranks.Select(r => (r.Name, options.Ranks.TryGetValue(r.Name, out int given) ? given : r.Rank));
        var values = consts.Where(c => options.Consts.ContainsKey(c.Name.Text)).Select(c => (c.Name.Text, ConstOf(c)));
        var chosen = new Specialisation([.. types], [.. ranks], [.. values, .. usual.Consts.Where(c => !options.Consts.ContainsKey(c.Name))]);
        foreach (var c in consts)
            if (c.Default is null && chosen.ValueOf(c.Name.Text) is null) throw new DiagnosticException(EmbeddingDiagnostics.OpenConst, null, syntax.Name.Text, c.Name.Text);
        return binder.AdmitsConsts(syntax, chosen) ? chosen
            : throw Wrong(string.Join(", ", chosen.Consts.Select(c => $"{c.Name} = {c.Value}")), "`const` parameters", syntax.Name.Text, "its `require` does not hold");
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
        new(EmbeddingDiagnostics.UnknownName, null, syntax.Name.Text, kind, name, EmbeddingDiagnostics.NameHelp(name, known));

    private DiagnosticException Wrong(object value, string kind, string name, string why) =>
        new(EmbeddingDiagnostics.WrongValue, null, syntax.Name.Text, value, kind, name, why);

    private sealed class LoadedCode(IDisposable code, CoreOwner? owner) : IDisposable
    {
        public void Dispose()
        {
            code.Dispose();
            owner?.Dispose();
        }
    }
}
