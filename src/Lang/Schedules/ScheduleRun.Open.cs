using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>A strategy that is read without a call. Its parameters are anything of their types: numbers and conditions stay open, both branches of an <c>if</c>
/// are read, and what stands behind a point of a stage may be a loop or a stage.</summary>
internal sealed partial class ScheduleRun
{
    private bool _isOpen;
    private readonly Dictionary<(StageHandle, string), (LoopValue Loop, StageValue Stage)> _members = [];

    /// <summary>What is wrong with a strategy whatever it is called with.</summary>
    public ImmutableArray<Diagnostic> CheckStrategy(StrategySyntax strategy)
    {
        _isOpen = true;
        if (!HasKnownTypes(strategy)) return [.. _diagnostics];
        _frame = new(strategy, []);
        foreach (var p in strategy.Parameters)
        {
            if (p.Default is { } e) Set(_frame, p, e, strategy.Name.Text);
            _frame.Names[p.Name.Text] = new(Anything(p, p.Name.Text), p.Name.Span, "a parameter", []);
        }
        foreach (var c in strategy.Clauses.OfType<RequireClauseSyntax>().SelectMany(c => c.Conditions)) Require(c);
        Execute(strategy.Body);
        StrategyResults(strategy);
        // Values that are open are no fault, and a condition on them holds for some.
        return [.. _diagnostics.Where(d => d.Descriptor != ScheduleDiagnostics.SizesUnknown && d.Descriptor != ScheduleDiagnostics.RequirementFalse)];
    }

    private static ScheduleValue Anything(ParameterSyntax p, string name) => p.Type.Name.Text switch
    {
        "stage" => new StageValue(new(name, null, p.Name.Span)),
        "loop" => new LoopValue(new(name, p.Name.Span)),
        "int" => new SymbolicValue(new DimTerm(new(name, p.Name.Span), p.Name.Span)),
        _ => new ConditionValue(new BinaryTerm(BinaryOp.Ne, new DimTerm(new(name, p.Name.Span), p.Name.Span), ConstTerm.Int(0), p.Name.Span)),
    };

    /// <summary>A call inside of an open strategy: what is called is read by itself.</summary>
    private CallOutcome OpenCall(StrategySyntax strategy) => new(strategy.Name.Text, [.. strategy.Results.Select(r => Anything(r, r.Name.Text))], true);

    /// <summary>A member of an open stage, as the one kind of thing that is needed.</summary>
    private ScheduleValue As(ScheduleValue value, bool isLoop)
    {
        if (value is not OpenValue m) return value;
        if (!_members.TryGetValue((m.Stage, m.Path), out var both))
            _members.Add((m.Stage, m.Path), both = (new(new($"{m.Stage.Name}.{m.Path}", null, m.Stage, m.Path)), new(new($"{m.Stage.Name}.{m.Path}", null))));
        return isLoop ? both.Loop : both.Stage;
    }

    private ScheduleValue OpenMember(OpenValue of, MemberSyntax m) =>
        Vocabulary.Find(m.Name.Text) is null ? of with { Path = of.Path.Length == 0 ? m.Name.Text : $"{of.Path}.{m.Name.Text}" }
        : Error(ScheduleDiagnostics.UnknownLoop, m.Name.Span, m.Target.Span.Text, m.Name.Text, $"call it: `{m.Span.Text}()`");

    /// <summary>Both branches, each from what was before; a name that both bind is what the first makes it, and one that only one binds is known no further.</summary>
    private void ExecuteBoth(IfSyntax i)
    {
        var names = new Dictionary<string, Binding>(_frame.Names, StringComparer.Ordinal);
        var gone = new Dictionary<LoopHandle, End>(_gone, ReferenceEqualityComparer.Instance);
        var auto = _auto;
        Execute(i.Then);
        var (thenNames, thenGone, thenAuto) = (new Dictionary<string, Binding>(_frame.Names, StringComparer.Ordinal), new Dictionary<LoopHandle, End>(_gone, ReferenceEqualityComparer.Instance), _auto);
        _auto = auto;
        Restore(_frame.Names, names);
        Restore(_gone, gone);
        Execute(i.Else);
        foreach (var loop in _gone.Keys.Where(l => !thenGone.ContainsKey(l)).ToList()) _gone.Remove(loop);
        foreach (var (name, binding) in thenNames.Concat(_frame.Names.ToList()))
        {
            bool isBoth = thenNames.ContainsKey(name) && _frame.Names.ContainsKey(name);
            _frame.Names[name] = isBoth ? thenNames[name] : binding with { Value = PoisonValue.Instance };
        }
        _auto = thenAuto ?? _auto;

        static void Restore<TKey, TValue>(Dictionary<TKey, TValue> current, Dictionary<TKey, TValue> before) where TKey : notnull
        {
            current.Clear();
            foreach (var (key, value) in before) current.Add(key, value);
        }
    }
}
