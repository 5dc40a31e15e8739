using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>The lines of a schedule: steps, bindings, knobs, conditions.</summary>
internal sealed partial class ScheduleRun
{
    private const int MaxDomain = 1 << 16;

    private void Execute(IEnumerable<ItemSyntax> items)
    {
        foreach (var item in items)
        {
            if (_stopped) return;
            if (++_statements > MaxStatements)
            {
                Stop(item.Span, $"this schedule runs more than {MaxStatements} lines");
                return;
            }
            var outer = _reads;
            _reads = new(StringComparer.Ordinal);
            Execute(item);
            _reads = outer;
        }
    }

    private void Execute(ItemSyntax item)
    {
        switch (item)
        {
            case SimpleSyntax s: ExecuteSimple(s); break;
            case KnobSyntax k: ExecuteKnob(k); break;
            case RequireSyntax r:
                foreach (var c in r.Conditions) Require(c);
                break;
            case IfSyntax i: ExecuteIf(i); break;
            default:
                Error(ScheduleDiagnostics.Misplaced, item.Span, item switch
                {
                    LetSyntax => "`let`", ConstSyntax => "`const`", ForSyntax => "`for`", AssertSyntax => "`assert`", BenchSyntax => "`bench`", _ => "this",
                }, _frame.Word, item is LetSyntax ? "bind a name without a word before it: `x = …`" : item is ConstSyntax ? "put it into the file, or write `name = value`"
                    : "a schedule holds steps, bindings, `knob`, `require` and `if`");
                // The name that was meant is known from here on.
                var meant = item is LetSyntax let ? Targets(let.Target) ?? [] : item is ConstSyntax c2 ? [new(c2.Name.Span, c2.Name.Text)] : [];
                foreach (var n in meant) _frame.Names.TryAdd(n.Name, new(PoisonValue.Instance, n.Span, "bound", []));
                break;
        }
    }

    private void ExecuteSimple(SimpleSyntax s)
    {
        if (_frame.Strategy is null && s.Target is NameExpressionSyntax knob && _fixed.TryGetValue(knob.Name, out var setter) && ReferenceEquals(setter, s)) return;
        if (s.Type is not null || s.Assign is not (AssignKind.None or AssignKind.Assign))
        {
            Error(ScheduleDiagnostics.Misplaced, s.Span, s.Type is not null ? "a type" : "an update", _frame.Word, "bind a name once: `x = …`");
            return;
        }
        if (s.Assign is AssignKind.None)
        {
            if (s.Target is CallSyntax call && Call(call, default) is var outcome)
            {
                if (outcome is { IsPoison: false, IsStep: false })
                    Error(ScheduleDiagnostics.NoEffect, s.Span, outcome.Values.Length == 1 ? Describe(outcome.Values[0]) : "a value", "bind it to a name, or remove it");
            }
            else if (s.Target is not ErrorExpressionSyntax && Evaluate(s.Target) is not PoisonValue and var value)
                Error(ScheduleDiagnostics.NoEffect, s.Span, Describe(value), value is LoopValue or StageValue ? "call a primitive on it, such as " + (value is LoopValue ? $"`{s.Target.Span.Text}.parallel()`" : $"`{s.Target.Span.Text}.compute_at(…)`") : "bind it to a name, or remove it");
            return;
        }
        var targets = Targets(s.Target);
        if (targets is not { } names)
        {
            Error(ScheduleDiagnostics.Misplaced, s.Target.Span, "this", _frame.Word, "on the left stand names: `(io, ii) = C.i.split(8)`");
            names = [];
        }
        Bind(names, s);
    }

    /// <summary>The names on the left; null where something else stands there.</summary>
    private static ImmutableArray<NameExpressionSyntax>? Targets(ExpressionSyntax left) => left switch
    {
        NameExpressionSyntax n => [n],
        TupleSyntax t when t.Items.All(i => i is NameExpressionSyntax) => [.. t.Items.Cast<NameExpressionSyntax>()],
        _ => null,
    };

    private void Bind(ImmutableArray<NameExpressionSyntax> names, SimpleSyntax s)
    {
        var free = names.Where(IsFree).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        if (names.GroupBy(n => n.Name).FirstOrDefault(g => g.Count() > 1) is { } twice) Error(ScheduleDiagnostics.NameTaken, twice.ElementAt(1).Span, twice.Key, "named twice on the left");
        string called = s.Value!.Span.Text;
        ImmutableArray<ScheduleValue> values;
        if (s.Value is CallSyntax call)
        {
            var outcome = Call(call, names);
            (called, values) = (outcome.Name, outcome.IsPoison ? default : outcome.Values);
            if (!outcome.IsPoison && values.Length != names.Length && !names.IsEmpty)
            {
                WrongCount(outcome, names, s);
                values = default;
            }
        }
        else if (Evaluate(s.Value) is var value && value is not PoisonValue && names.Length > 1)
        {
            WrongCount(new(called, [value], true, false), names, s);
            values = default;
        }
        else values = [value];
        if (values.IsDefault) values = [.. names.Select(_ => PoisonValue.Instance)];
        for (int i = 0; i < names.Length && i < values.Length; i++)
            if (free.Contains(names[i].Name)) SetName(names[i], values[i]);
    }

    private void WrongCount(CallOutcome outcome, ImmutableArray<NameExpressionSyntax> names, SimpleSyntax s)
    {
        int n = outcome.Values.Length;
        string gives = n == 0 ? "nothing" : n == 1 ? "1 result" : $"{n} results";
        Error(ScheduleDiagnostics.ResultCount, s.Target.Span, outcome.Name, gives, names.Length == 1 ? "1 is" : $"{names.Length} are",
            n == 0 ? $"write the call alone: `{s.Value!.Span.Text}`" : n == 1 ? "write one name on the left" : $"write {n} names on the left: `({string.Join(", ", "abcdefghijklmnop".Take(n))}) = …`");
    }

    /// <summary>A name may be bound once, and not hide what the operator calls so.</summary>
    private bool IsFree(NameExpressionSyntax n)
    {
        string? what = null;
        SourceSpan? first = null;
        if (_frame.Names.TryGetValue(n.Name, out var bound)) (what, first) = ($"{bound.What} already", bound.Span);
        else if (n.Name == "root") what = "a word of schedules";
        else if (ElementTypes.TryParse(n.Name, out _)) what = "an element type";
        else if (_frame.Strategy is null)
        {
            if (FindStage(n.Name) is { } stage)
                (what, first) = ($"{Describe(stage)} of `{op.Operator}`", stage is StageValue { Stage: var h } ? h.Entry?.Span ?? h.Tensor?.Span : null);
            else if (op.Dims.Any(d => d.Name == n.Name)) what = $"a dimension of `{op.Operator}`";
            else if (op.Consts.ContainsKey(n.Name)) what = "a constant";
        }
        if (what is null) return true;
        var error = Diagnostic.Create(ScheduleDiagnostics.NameTaken, n.Span, n.Name, what);
        if (bound?.What == "a knob" && _frame.Strategy is null)
            error = error.WithHelp("a knob gets its value where it is declared; a schedule that extends this one may set it");
        Report(first is { } span ? error.WithLabel(span, "first here") : error);
        return false;
    }

    private void SetName(NameExpressionSyntax name, ScheduleValue value)
    {
        if (value is LoopValue { Loop: var loop })
        {
            if (_frame.Strategy is null && _bound.Add(loop) && loop.Stage is null) loop.Name = name.Name;
        }
        else if (value is StageValue { Stage: var stage })
        {
            if (_frame.Strategy is null && _bound.Add(stage) && stage.IsMade) stage.Name = name.Name;
        }
        else if (value is GroupValue g) value = SeveralEquations(g, name.Span);
        else if (value is PackValue p) value = Error(ScheduleDiagnostics.PackNotFused, name.Span, p.Text, p.Loops.Length);
        _frame.Names[name.Name] = new(value, name.Span, Describe(value) is var what && value is PoisonValue ? "bound" : what, [.. _reads]);
    }

    // ---- knobs and conditions -------------------------------------------------------------------------------------------

    /// <summary>Finds lines such as <c>kc = 512</c> that set a knob of a schedule further down the chain.</summary>
    private void CollectFixed(ImmutableArray<ScheduleSyntax> chain)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var s in chain)
        {
            foreach (var line in s.Body.OfType<SimpleSyntax>())
                if (line is { Target: NameExpressionSyntax { Name: var name }, Assign: AssignKind.Assign, Type: null } && known.Contains(name)) _fixed[name] = line;
            known.UnionWith(KnobsOf(s).Select(k => k.Name.Text));
        }
    }

    /// <summary>An extension's line <c>kcc = 512</c> that no line reads was meant for a knob.</summary>
    private void CheckSetters(ImmutableArray<ScheduleSyntax> chain)
    {
        var knobs = new List<string>();
        for (int n = 0; n < chain.Length; n++)
        {
            if (n > 0)
                foreach (var line in chain[n].DescendantsAndSelf().OfType<SimpleSyntax>())
                    if (line is { Target: NameExpressionSyntax { Name: var name } target, Assign: AssignKind.Assign, Value: not CallSyntax { Target: MemberSyntax or NameExpressionSyntax { Name: "auto" } } }
                        && !_fixed.ContainsKey(name) && !knobs.Contains(name) && !IsRead(name, target, chain))
                    {
                        string help = Suggestion.For(name, knobs) is { } near ? $"did you mean `{near}`?" : knobs.Count == 0 ? "it has none: leave the line out" : $"its knobs are {string.Join(", ", knobs)}; leave the line out, or set one of them";
                        Report(Diagnostic.Create(ScheduleDiagnostics.NameNotUsed, target.Span, name, chain[n - 1].Name.Text, help) is var error && Suggestion.For(name, knobs) is { } edit ? error.WithFix(target.Span, edit) : error);
                    }
            knobs.AddRange(KnobsOf(chain[n]).Select(k => k.Name.Text));
        }
    }

    private static bool IsRead(string name, NameExpressionSyntax bound, ImmutableArray<ScheduleSyntax> chain) =>
        chain.SelectMany(s => s.DescendantsAndSelf()).OfType<NameExpressionSyntax>().Any(n => n.Name == name && n.Span != bound.Span);

    private static IEnumerable<KnobSyntax> KnobsOf(ScheduleSyntax s) => s.DescendantsAndSelf().OfType<KnobSyntax>();

    private void ExecuteKnob(KnobSyntax k)
    {
        string name = k.Name.Text;
        if (_frame.Strategy is not null)
        {
            Error(ScheduleDiagnostics.Misplaced, k.Span, "`knob`", "strategy", "let the strategy have a parameter, and the schedule the knob");
            return;
        }
        bool isFree = IsFree(new(k.Name.Span, name));
        var domain = Domain(k);
        _usedKnobs.UnionWith(_reads);
        ScheduleValue value = PoisonValue.Instance;
        bool isFixed = _fixed.TryGetValue(name, out var setter);
        if (domain is { } values)
        {
            value = k.Default is { } e ? KnobValue(k, values, e) : new IntegerValue(values[0]);
            if (isFixed) value = KnobValue(k, values, setter!.Value!);
            if (knobs is not null && knobs.TryGetValue(name, out long given))
                value = values.Contains(given) ? new IntegerValue(given) : WrongKnobValue(k, values, given, k.Name.Span);
        }
        if (!isFree) return;
        _frame.Names[name] = new(value, k.Name.Span, "a knob", [name]);
        if (value is IntegerValue { Value: var n }) _knobs.Add(new(name, domain!.Value, n, isFixed, k.Span));
    }

    private ScheduleValue KnobValue(KnobSyntax k, ImmutableArray<long> values, ExpressionSyntax e) =>
        Integer(e, $"the knob `{k.Name.Text}`") is not IntegerValue { Value: var n } ? PoisonValue.Instance
        : values.Contains(n) ? new IntegerValue(n) : WrongKnobValue(k, values, n, e.Span);

    private PoisonValue WrongKnobValue(KnobSyntax k, ImmutableArray<long> values, long value, SourceSpan span)
    {
        string list = string.Join(", ", values.Take(12)) + (values.Length > 12 ? ", …" : "");
        var error = Diagnostic.Create(ScheduleDiagnostics.KnobValue, span, value, k.Name.Text, list);
        return Report(span == k.Name.Span || span == k.Default?.Span ? error : error.WithLabel(k.Domain.Span, "its domain"));
    }

    private ImmutableArray<long>? Domain(KnobSyntax k)
    {
        ImmutableArray<long> values;
        if (k.Domain is RangeSyntax { End: { } end } range)
        {
            if (Integer(range.Start, "a range") is not IntegerValue { Value: var from } || Integer(end, "a range") is not IntegerValue { Value: var to}) return null;
            if (to - (Int128)from > MaxDomain)
            {
                Error(ScheduleDiagnostics.KnobDomain, k.Domain.Span, k.Name.Text, $"has more than {MaxDomain} values");
                return null;
            }
            values = from >= to ? [] : [.. Enumerable.Range(0, (int)(to - from)).Select(i => from + i)];
        }
        else
        {
            var value = Evaluate(k.Domain);
            if (value is PoisonValue) return null;
            if (value is not ListValue list)
            {
                Error(ScheduleDiagnostics.KnobDomain, k.Domain.Span, k.Name.Text, $"is {Describe(value)}");
                return null;
            }
            if (list.Items.Any(i => i is PoisonValue)) return null;
            if (list.Items.FirstOrDefault(i => i is not IntegerValue) is { } other)
            {
                if (other is SymbolicValue) Error(ScheduleDiagnostics.SizesUnknown, k.Domain.Span, k.Domain.Span.Text);
                else Error(ScheduleDiagnostics.KnobDomain, k.Domain.Span, k.Name.Text, $"holds {Describe(other)}");
                return null;
            }
            values = [.. list.Items.Cast<IntegerValue>().Select(i => i.Value).Distinct()];
        }
        if (!values.IsEmpty) return values;
        Error(ScheduleDiagnostics.KnobDomain, k.Domain.Span, k.Name.Text, "has no values");
        return null;
    }

    private void CheckKnobs(ImmutableArray<ScheduleSyntax> chain)
    {
        var declared = chain.SelectMany(KnobsOf).Select(k => k.Name.Text).ToList();
        foreach (string name in (knobs?.Keys ?? []).Order(StringComparer.Ordinal))
            if (!declared.Contains(name))
                Error(ScheduleDiagnostics.UnknownKnob, schedule.Name.Span, name, schedule.Name.Text,
                    Suggestion.For(name, declared) is { } near ? $"did you mean `{near}`?" : declared.Count == 0 ? "it has none" : $"its knobs are {string.Join(", ", declared)}");
        // After an error a use may have been passed over.
        if (_diagnostics.Any(d => d.IsError)) return;
        foreach (var k in KnobsOf(schedule))
            if (!_usedKnobs.Contains(k.Name.Text)) Error(ScheduleDiagnostics.UnusedKnob, k.Name.Span, k.Name.Text);
    }

    private void ExecuteIf(IfSyntax i)
    {
        var condition = Condition(i.Condition, "`if`");
        _usedKnobs.UnionWith(_reads);
        if (_isOpen && condition is not PoisonValue)
        {
            ExecuteBoth(i);
            return;
        }
        if (condition is ConditionValue) Error(ScheduleDiagnostics.SizesUnknown, i.Condition.Span, i.Condition.Span.Text);
        if (condition is BooleanValue { Value: var holds })
        {
            MarkPassedOver(holds ? i.Else : i.Then);
            Execute(holds ? i.Then : i.Else);
        }
        else
        {
            // Neither branch is run; what they would have bound is unknown from here on, and nothing is said about it.
            foreach (var line in i.Then.Concat(i.Else).SelectMany(l => l.DescendantsAndSelf()).OfType<SimpleSyntax>())
                if (line.Assign is AssignKind.Assign)
                    foreach (var name in Targets(line.Target) ?? [])
                        _frame.Names.TryAdd(name.Name, new(PoisonValue.Instance, name.Span, "bound", []));
        }
    }

    /// <summary>A knob that only the other branch uses is used.</summary>
    private void MarkPassedOver(IEnumerable<ItemSyntax> branch)
    {
        if (_frame.Strategy is null) _usedKnobs.UnionWith(branch.SelectMany(b => b.DescendantsAndSelf()).OfType<NameExpressionSyntax>().Select(n => n.Name));
    }

    private void Require(ExpressionSyntax e)
    {
        switch (Condition(e, "`require`"))
        {
            case BooleanValue { Value: true }: _requires.Add(new(Terms.True, e.Span)); break;
            case ConditionValue c: _requires.Add(new(c.Condition, e.Span)); break;
            case BooleanValue:
                _requires.Add(new(Terms.False, e.Span));
                string values = string.Join(", ", e.DescendantsAndSelf().OfType<NameExpressionSyntax>().Select(n => n.Name).Distinct()
                    .Select(n => (n, Value: ValueOf(n))).Where(v => v.Value is not null).Select(v => $"{v.n} = {v.Value}"));
                Error(ScheduleDiagnostics.RequirementFalse, e.Span, e.Span.Text, values.Length == 0 ? "" : $": {values}");
                break;
        }
    }

    private string? ValueOf(string name) =>
        _frame.Names.TryGetValue(name, out var b) ? b.Value is IntegerValue i ? $"{i.Value}" : b.Value is BooleanValue v ? v.Value ? "true" : "false" : null
        : _frame.Strategy is null && op.Dims.FirstOrDefault(d => d.Name == name) is { } dim ? sizes is not null && sizes.TryGetValue(dim, out long n) ? $"{n}" : null
        : _frame.Strategy is null && op.Consts.TryGetValue(name, out var c) ? c.ToString() : null;
}
