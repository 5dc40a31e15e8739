using System.Collections.Immutable;
using Tx.Backends.C;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Runtime;

namespace Tx;

/// <summary>A request names something that is not there; the caller is at fault, not the program.</summary>
public sealed class RequestException(string message) : Exception(message);

/// <summary>One operator of a loaded program, for a choice of <c>const</c> values and of sizes: what <c>tx print</c> and <c>tx bench</c> work on, and where an
/// embedding program gets a kernel.</summary>
public sealed partial class OperatorRequest
{
    private readonly Session _session;
    private readonly OpSyntax _syntax;
    private readonly Operator _operator;
    private readonly ImmutableDictionary<string, long> _sizes;
    private readonly ScheduleChoice? _schedule;

    private OperatorRequest(Session session, OpSyntax syntax, Operator op, ImmutableDictionary<string, long> sizes, ScheduleChoice? schedule) =>
        (_session, _syntax, _operator, _sizes, _schedule) = (session, syntax, op, sizes, schedule);

    /// <param name="sizes">Of dimensions, by name; those left out stay symbolic where that is possible.</param>
    /// <param name="schedule">Null: the one that dispatch takes, or else the default.</param>
    /// <param name="knobs">Values for knobs of the schedule.</param>
    /// <exception cref="RequestException">There is no such operator, dimension or schedule.</exception>
    /// <exception cref="DiagnosticException">The operator is wrong for these <c>const</c> values.</exception>
    public static OperatorRequest Find(Session session, string name, ImmutableDictionary<string, long> sizes, string? schedule = null, ImmutableSortedDictionary<string, long>? knobs = null)
    {
        var operators = session.Declarations.Operators;
        if (!operators.TryGetValue(name, out var syntax))
        {
            string near = Suggestion.For(name, operators.Keys) is { } s ? $"; did you mean `{s}`?" : operators.Count == 0 ? "; it declares none" : $"; it has {string.Join(", ", operators.Keys.Order(StringComparer.Ordinal))}";
            throw new RequestException($"the program has no operator `{name}`{near}");
        }
        var bag = new DiagnosticBag();
        var bound = session.Resolver.Binder.Bind(syntax, ConstChoices.With(syntax, session.Defines), bag);
        if (bound is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        foreach (string dim in sizes.Keys.Order(StringComparer.Ordinal))
            if (!bound.Dims.Any(d => d.Name == dim))
                throw new RequestException($"`{name}` has no dimension `{dim}`; it has {string.Join(", ", bound.Dims.Select(d => d.Name))}");
        var choice = schedule is null ? null : session.Schedules.Named(bound, schedule);
        return new(session, syntax, bound, sizes, choice is null || knobs is null ? choice : choice with { Knobs = knobs });
    }

    /// <summary>The operator of a call, at its sizes and under its schedule.</summary>
    internal static OperatorRequest Of(Session session, OpSyntax syntax, ResolvedCall call) =>
        new(session, syntax, call.Operator, call.Dims.ToImmutableDictionary(d => d.Key.Name, d => d.Value, StringComparer.Ordinal), call.Schedule);

    /// <summary>The same operator at the same sizes under a schedule of its own.</summary>
    internal OperatorRequest Under(string schedule, ImmutableSortedDictionary<string, long>? knobs = null) =>
        new(_session, _syntax, _operator, _sizes, _session.Schedules.Named(_operator, schedule) is var choice && knobs is not null ? choice with { Knobs = knobs } : choice);

    /// <summary>The text of one stage: <c>syntax program loops final llvm asm c</c>; without sizes the last five are of the kernel for all sizes.</summary>
    public string Print(string stage)
    {
        switch (stage)
        {
            case "syntax": return SyntaxPrinter.Print(_syntax);
            case "program": return ProgramPrinter.Print(_operator);
        }
        var dims = Sizes();
        if (dims is not null) Admit(dims);
        // The nests of a device's schedule are all that there is of it.
        if (stage == "loops" && _schedule is { Schedule: var s } && ScheduleResolver.DeviceOf(s) is not null && Steps() is { } device)
            return device.HasErrors ? throw new DiagnosticException([.. device.Diagnostics.Where(d => d.IsError)]) : IrPrinter.Print(new LoopModule([device.Function.Function], LoopLevel.Scheduled));
        if (stage == "c") return CEmitter.File(_session.Compiler.EmitC(_operator, dims, _schedule, isStatic: false));
        var lowered = _session.Compiler.Lower(_operator, dims, _schedule);
        return stage switch
        {
            "loops" => IrPrinter.Print(lowered.Scheduled),
            "final" => IrPrinter.Print(lowered.Final),
            "llvm" => _session.Compiler.EmitLlvm(lowered.Final),
            _ => _session.Compiler.EmitAssembly(lowered.Final),
        };
    }

    /// <summary>The operator under its schedule, step by step; null where it has none. What is refused is left out, and is among the diagnostics.</summary>
    public AppliedSchedule? Steps()
    {
        var dims = Sizes();
        if (dims is not null) Admit(dims);
        var schedules = _session.Schedules;
        return (_schedule ?? schedules.Choose(_operator, dims)) is { } choice ? schedules.Apply(choice, _operator, Plain(), dims, schedules.Budget)
            : schedules.ApplyCalls(_operator, Plain, dims, schedules.Budget);

        Lower.Ir.LoopFunction Plain() => Lower.Build.NestBuilder.Build(_operator, dims, keepsEmptyLoops: true).Functions[0];
    }

    /// <summary>The operator under its schedule as a page: see <see cref="SchedulePage"/>. Null where it has no schedule.</summary>
    public string? Page()
    {
        if (Steps() is not { } applied) return null;
        var assembly = applied.HasErrors || applied.Function.Function.Target is not null ? null : Assembly();
        var source = applied.Calls.Select(c => c.Schedule).Prepend(applied.Elaborated?.Syntax).OfType<ScheduleSyntax>().Distinct().Select(SyntaxPrinter.Print).Prepend(SyntaxPrinter.Print(_syntax));
        return SchedulePage.Of(applied, new(Named(applied.Name), NestViews.Of(applied.Function.State)), string.Join('\n', source), assembly);
    }

    /// <summary>The kernel for the sizes of this request; without sizes the one for all: it is compiled once, reads the sizes of each call from its
    /// tensors, and proves what the operator owes when it meets sizes for the first time. It belongs to the session.</summary>
    /// <exception cref="RequestException">Only some of the sizes are given, or they break a <c>require</c>.</exception>
    /// <exception cref="DiagnosticException">The operator is wrong, for these sizes or for all.</exception>
    public Kernel Compile()
    {
        if (_sizes.IsEmpty) return _session.Compiler.CompileSymbolic(_operator, sizes => _session.Resolver.Admit(_operator, sizes), _schedule);
        var dims = CompleteSizes();
        Admit(dims);
        return _session.Compiler.Compile(_operator, dims, _schedule);
    }

    /// <summary>Measures the operator at the sizes of this request.</summary>
    public BenchResult Bench()
    {
        var dims = CompleteSizes();
        Admit(dims);
        return BenchRunner.Run(_session, _operator, dims, _session.Symbolic, _schedule);
    }

    // Null: the operator for all sizes.
    private Dictionary<DimSymbol, long>? Sizes() => _sizes.IsEmpty ? null : CompleteSizes();

    // All sizes as numbers.
    private Dictionary<DimSymbol, long> CompleteSizes()
    {
        var dims = new Dictionary<DimSymbol, long>();
        foreach (var dim in _operator.Dims)
            dims[dim] = _sizes.TryGetValue(dim.Name, out long n) ? n
                : throw new RequestException($"the size of `{dim.Name}` is missing: --shape {string.Join(',', _operator.Dims.Select(d => $"{d.Name}=…"))}");
        return dims;
    }

    private void Admit(IReadOnlyDictionary<DimSymbol, long> dims)
    {
        foreach (var condition in _operator.Requires)
            if (Terms.Decide(condition, dims) is false)
                throw new RequestException($"these sizes break `require {Terms.Print(condition)}` of `{_operator.Name}`");
        foreach (var tensor in _operator.Parameters.Concat(_operator.Results))
            TensorType.CountElements(tensor.Type is ElementType.Int ? ElementType.I64 : tensor.Type, OperatorShapes.Of(tensor, dims).AsSpan());
        _session.Resolver.Prove(_operator, dims, null);
    }
}
