using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>One execution of a schedule's lines: what is bound, what is gone, and the steps so far. An error leaves a poison value, about which
/// nothing more is said, so that one run finds all errors.</summary>
internal sealed partial class ScheduleRun(
    ScheduleSyntax schedule, OperatorInterface op, ModuleBinder module, CpuTarget target, IReadOnlyDictionary<DimSymbol, long>? sizes,
    IReadOnlyDictionary<string, long>? knobs)
{
    private const int MaxCallDepth = 64;
    private const int MaxStatements = 100_000;

    /// <summary>A name with its value.</summary>
    /// <param name="What">For messages: "a loop", "a knob".</param>
    /// <param name="Knobs">The knobs that the value was computed from.</param>
    private sealed record Binding(ScheduleValue Value, SourceSpan? Span, string What, ImmutableHashSet<string> Knobs);

    /// <summary>The names of the schedule, or of one call of a strategy.</summary>
    private sealed class Frame(StrategySyntax? strategy, ImmutableArray<SourceSpan> through)
    {
        public StrategySyntax? Strategy { get; } = strategy;
        public ImmutableArray<SourceSpan> Through { get; } = through;
        public Dictionary<string, Binding> Names { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, IndexSymbol> Axes { get; } = new(StringComparer.Ordinal);
        public HashSet<string> Unknown { get; } = new(StringComparer.Ordinal);
        public string Word => Strategy is null ? "schedule" : "strategy";
    }

    private readonly List<Directive> _steps = [];
    private readonly List<Diagnostic> _diagnostics = [];
    private readonly List<ScheduleKnob> _knobs = [];
    private readonly List<ScheduleRequirement> _requires = [];
    private readonly Dictionary<string, SimpleSyntax> _fixed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _usedKnobs = new(StringComparer.Ordinal);
    private HashSet<string> _reads = new(StringComparer.Ordinal);
    private Frame _frame = new(null, []);
    private Directive? _auto, _inheritedAuto;
    private bool _autoReported, _stopped;
    private int _statements;

    public IReadOnlyList<Diagnostic> Diagnostics => _diagnostics;

    private DeclarationTable Table => module.Table;

    /// <param name="chain">The schedule that is extended first, the schedule itself last.</param>
    public ElaboratedSchedule Execute(ImmutableArray<ScheduleSyntax> chain)
    {
        foreach (var s in chain) ReserveNames(s);
        CollectFixed(chain);
        CheckSetters(chain);
        var clauses = new List<ExpressionSyntax>();
        foreach (var s in chain)
        {
            // What a base leaves to the default is what its extension does not schedule either.
            Execute(s.Body);
            if (!ReferenceEquals(s, schedule)) (_inheritedAuto, _auto) = (_auto ?? _inheritedAuto, null);
            clauses.AddRange(s.Clauses.OfType<RequireClauseSyntax>().SelectMany(c => c.Conditions));
        }
        foreach (var c in clauses) Require(c);
        foreach (var s in chain)
            foreach (var w in s.Clauses.OfType<WhenClauseSyntax>())
                if (ReferenceEquals(s, schedule)) InFreshFrame(() => Condition(w.Condition, "`when`"));
        CheckKnobs(chain);
        if ((_auto ?? _inheritedAuto) is { } auto) _steps.Add(auto);
        return new(schedule, [.. _steps.Select(d => d with { Text = DirectiveText.Of(d) })], [.. _knobs], [.. _requires], [.. _diagnostics]);
    }

    /// <summary>A <c>when</c> holds before there is anything in the schedule, so it sees none of its names.</summary>
    public bool? Applies(IEnumerable<ExpressionSyntax> conditions)
    {
        bool? all = true;
        foreach (var e in conditions)
        {
            bool? holds = InFreshFrame(() => Condition(e, "`when`")) is BooleanValue b ? b.Value : null;
            if (holds == false) return false;
            if (holds is null) all = null;
        }
        return all;
    }

    private T InFreshFrame<T>(Func<T> action)
    {
        var outer = _frame;
        _frame = new(null, []);
        var result = action();
        _frame = outer;
        return result;
    }

    // ---- diagnostics ----------------------------------------------------------------------------------------------------

    private PoisonValue Error(DiagnosticDescriptor descriptor, SourceSpan? span, params object?[] args) => Report(Diagnostic.Create(descriptor, span, args));

    private PoisonValue Report(Diagnostic d)
    {
        // A strategy is read once for each call; one mistake in it is one message, with the first call.
        if (_diagnostics.Any(known => known.Code == d.Code && known.Span == d.Span)) return PoisonValue.Instance;
        if (!_frame.Through.IsEmpty) d = d.WithLabel(_frame.Through[^1], $"in this call of `{_frame.Strategy!.Name.Text}`");
        _diagnostics.Add(d);
        return PoisonValue.Instance;
    }

    private PoisonValue Stop(SourceSpan span, string message)
    {
        if (!_stopped) Error(ScheduleDiagnostics.TooDeep, span, message);
        _stopped = true;
        return PoisonValue.Instance;
    }

    /// <summary>What a value is, for messages.</summary>
    private static string Describe(ScheduleValue value) => value switch
    {
        IntegerValue or SymbolicValue => "a number",
        BooleanValue or ConditionValue => "a condition",
        LoopValue => "a loop",
        PackValue => "a pack of loops",
        StageValue { Stage.Tensor.Role: TensorRole.Parameter } => "a parameter",
        StageValue { Stage.Tensor: not null } or GroupValue => "a tensor",
        StageValue => "a stage",
        TypeValue => "an element type",
        ListValue => "a list",
        LayoutValue => "a layout",
        OpenValue => "a loop or a stage",
        InstructionValue => "an instruction",
        _ => "a word",
    };
}
