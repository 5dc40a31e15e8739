using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Names: what is bound, the operator's stages and loops, dimensions and constants.</summary>
internal sealed partial class ScheduleRun
{
    /// <summary>How a loop ended.</summary>
    /// <param name="Verb">For messages: "split", "fused".</param>
    private sealed record End(string Verb, SourceSpan Span, ImmutableArray<LoopHandle> Into, string Call);

    private readonly Dictionary<string, StageHandle> _stages = new(StringComparer.Ordinal);
    private readonly Dictionary<(StageHandle, string), LoopHandle> _loops = [];
    private readonly Dictionary<StageHandle, int> _generations = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<LoopHandle, End> _gone = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _bound = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly InterfaceNames _names = new(op);

    private ScheduleValue FindName(NameExpressionSyntax n)
    {
        if (_frame.Axes.TryGetValue(n.Name, out var axis)) return new SymbolicValue(new IndexTerm(axis, n.Span));
        if (_frame.Names.TryGetValue(n.Name, out var bound))
        {
            _reads.UnionWith(bound.Knobs);
            return bound.Value;
        }
        if (_frame.Strategy is null)
        {
            if (FindStage(n.Name) is { } stage) return stage;
            if (op.Dims.FirstOrDefault(d => d.Name == n.Name) is { } dim)
                return sizes is not null && sizes.TryGetValue(dim, out long size) ? new IntegerValue(size) : new SymbolicValue(new DimTerm(dim, n.Span));
            if (op.Consts.TryGetValue(n.Name, out var value)) return Constant(value, n);
        }
        if (module.FindConst(n.Name) is { } constant)
        {
            if (constant.Value is not { } v) return PoisonValue.Instance;
            var term = v.Term ?? (v.IsFloat ? v.In(ElementType.F64) : v.In(ElementType.Int));
            return term is ConstTerm c ? Constant(c.Value, n) : PoisonValue.Instance;
        }
        if (ElementTypes.TryParse(n.Name, out var type)) return new TypeValue(type);
        return Unknown(n);
    }

    private ScheduleValue Constant(Scalar value, NameExpressionSyntax n) =>
        value.Type is ElementType.Bool ? new BooleanValue(value.IsTrue)
        : !value.Type.IsInteger ? Error(ScheduleDiagnostics.WrongKind, n.Span, "a schedule", "integers and conditions", $"a float, {value}", "a schedule computes with integers")
        : value.Exact > long.MaxValue ? Overflow(n) : new IntegerValue(value.Integer);

    private PoisonValue Unknown(NameExpressionSyntax n)
    {
        if (!_frame.Unknown.Add(n.Name)) return PoisonValue.Instance;
        bool isStrategy = _frame.Strategy is not null;
        IEnumerable<string> known = isStrategy ? _frame.Names.Keys.Concat(Table.Consts.Keys)
            : _frame.Names.Keys.Concat(StageNames).Concat(op.Tensors.Select(t => t.Name)).Concat(op.Dims.Select(d => d.Name)).Concat(op.Consts.Keys).Concat(Table.Consts.Keys);
        // An index is no name by itself: it may be one of several stages.
        var owners = op.Stages.Where(s => s.Indices.Any(i => i.Name == n.Name || i.Pack == n.Name)).ToList();
        string? loop = isStrategy || owners.Count == 0 ? null : $"{DirectiveText.Stage(owners[0].Owner ?? owners[0].Name)}.{n.Name}";
        string help = loop is not null ? $"write the loop with its stage: `{loop}`"
            : Suggestion.For(n.Name, known) is { } near ? $"did you mean `{near}`?"
            : isStrategy ? "a strategy sees its parameters, what it binds, and the constants of the file"
            : $"`{op.Operator}` has the stages {string.Join(", ", op.Stages.Select(s => DirectiveText.Stage(s.Name)))}";
        var error = Diagnostic.Create(ScheduleDiagnostics.UnknownName, n.Span, n.Name, _frame.Word, help);
        return Report(loop is not null ? error.WithFix(n.Span, loop) : Suggestion.For(n.Name, known) is { } edit ? error.WithFix(n.Span, edit) : error);
    }

    private IEnumerable<string> StageNames => op.Stages.Select(s => s.Name);

    /// <summary>A stage by its full name, a tensor, or the common part of several names; null where there is none.</summary>
    private ScheduleValue? FindStage(string name)
    {
        if (_names.Stages.TryGetValue(name, out var entry)) return new StageValue(Handle(entry));
        var equations = Equations(name);
        if (equations.Count == 1) return new StageValue(Handle(equations[0]));
        if (equations.Count > 1) return new GroupValue(name);
        if (_names.Tensors.TryGetValue(name, out var tensor)) return new StageValue(Handle(tensor));
        return _names.Prefixes.Contains(name) ? new GroupValue(name) : null;
    }

    /// <summary>The nests of a tensor's equations, without the reductions that stand inside them.</summary>
    private List<StageEntry> Equations(string tensor) => [.. _names.Equations[tensor]];

    private StageHandle Handle(StageEntry entry)
    {
        if (!_stages.TryGetValue(entry.Name, out var handle)) _stages.Add(entry.Name, handle = new(entry.Name, entry, entry.Span));
        return handle;
    }

    private StageHandle Handle(TensorEntry tensor)
    {
        if (!_stages.TryGetValue(tensor.Name, out var handle)) _stages.Add(tensor.Name, handle = new(tensor.Name, null, tensor.Span, tensor));
        return handle;
    }

    /// <summary>The handle of a stage's index: one object for as long as it means one loop.</summary>
    private LoopHandle Loop(StageHandle stage, string index, SourceSpan span, string? text = null)
    {
        var known = stage.Entry?.Indices.FirstOrDefault(i => i.Name == index);
        if (known is { IsCarried: true })
        {
            // The equations of one tensor share the loop.
            var first = Equations(stage.Entry!.Tensor).FirstOrDefault(s => s.Indices.Any(i => i is { IsCarried: true } && i.Name == index));
            if (first is not null) stage = Handle(first);
        }
        if (_loops.TryGetValue((stage, index), out var loop)) return loop;
        int generation = known is { IsReduction: true } ? 0 : _generations.GetValueOrDefault(stage);
        loop = new(text ?? $"{DirectiveText.Stage(stage)}.{index}", span, stage, index, generation);
        _loops.Add((stage, index), loop);
        return loop;
    }

    /// <summary>From here on the stage's indices name the loops of the copy; a reduction's loops have no copy.</summary>
    private void Renew(StageHandle stage)
    {
        _generations[stage] = _generations.GetValueOrDefault(stage) + 1;
        foreach (var (key, _) in _loops.ToList())
            if (ReferenceEquals(key.Item1, stage) && stage.Entry?.Indices.FirstOrDefault(i => i.Name == key.Item2) is not { IsReduction: true }) _loops.Remove(key);
    }

    // ---- members --------------------------------------------------------------------------------------------------------

    private ScheduleValue FindMember(MemberSyntax m)
    {
        var value = m.Target is NameExpressionSyntax n ? FindName(n) : m.Target is MemberSyntax inner ? FindMember(inner) : Evaluate(m.Target);
        string name = m.Name.Text;
        switch (value)
        {
            case PoisonValue: return value;
            case OpenValue o: return OpenMember(o, m);
            case StageValue { Stage: var stage } when _isOpen: return OpenMember(new(stage, ""), m);
            case GroupValue g:
                if (FindStage($"{g.Name}.{name}") is { } nested) return nested;
                var equations = Equations(g.Name);
                if (equations.FirstOrDefault(s => s.Indices.Any(i => i.IsCarried && i.Name == name)) is { } carried) return new LoopValue(Loop(Handle(carried), name, m.Span));
                var having = equations.Where(s => s.Indices.Any(i => i.Name == name)).ToList();
                if (having.Count > 0)
                    return Error(ScheduleDiagnostics.SeveralEquations, m.Span, g.Name, string.Join(", ", having.Select(s => $"`{DirectiveText.Stage(s.Name)}.{name}`")));
                return UnknownMember(m, g.Name, equations.SelectMany(s => s.Indices.Select(i => i.Name)));
            case StageValue { Stage: var stage }: return MemberOf(stage, m);
            case PackValue p: return Error(ScheduleDiagnostics.PackNotFused, m.Target.Span, p.Text, p.Loops.Length);
            case LoopValue:
                return Error(ScheduleDiagnostics.UnknownLoop, m.Name.Span, m.Target.Span.Text, name, Vocabulary.Find(name) is not null
                    ? $"call it: `{m.Span.Text}()`" : $"`{m.Target.Span.Text}` is a loop; a primitive is called on it: `{m.Target.Span.Text}.split(8)`");
            default: return WrongKind($"`.{name}`", "a stage", value, m.Target.Span);
        }
    }

    private ScheduleValue MemberOf(StageHandle stage, MemberSyntax m)
    {
        string name = m.Name.Text;
        if (stage.IsMade) return new LoopValue(Loop(stage, name, m.Span));
        if (FindStage($"{stage.Name}.{name}") is { } nested) return nested;
        if (stage.Tensor is { } tensor)
            return Error(ScheduleDiagnostics.NoLoops, m.Span, stage.Name, tensor.Role is TensorRole.Parameter ? "a parameter" : "computed together with another tensor",
                tensor.Role is TensorRole.Parameter ? $"name a loop of a stage that reads it, or a cache: `{stage.Name}.cache_read(at = root)`" : "name the loops of the first tensor of that line");
        var entry = stage.Entry!;
        if (entry.Indices.Any(i => i.Name == name)) return new LoopValue(Loop(stage, name, m.Span));
        var pack = entry.Indices.Where(i => i.Pack == name).ToList();
        if (pack.Count == 1) return new LoopValue(Loop(stage, pack[0].Name, m.Span, m.Span.Text));
        if (pack.Count > 1) return new PackValue(m.Span.Text, [.. pack.Select(i => Loop(stage, i.Name, m.Span))]);
        var parts = _names.Parts[entry.Name].Where(s => s.Indices.Any(i => i.Name == name)).ToList();
        if (parts.Count == 1) return new LoopValue(Loop(Handle(parts[0]), name, m.Span, $"{DirectiveText.Stage(stage)}.{name}"));
        if (parts.Count > 1)
            return Error(ScheduleDiagnostics.SeveralLoops, m.Span, $"{DirectiveText.Stage(stage)}.{name}", string.Join(", ", parts.Select(s => $"`{DirectiveText.Stage(s.Name)}.{name}`")));
        return UnknownMember(m, stage.Name, entry.Indices.Concat(_names.Parts[entry.Name].SelectMany(s => s.Indices)).Select(i => i.Pack ?? i.Name));
    }

    private PoisonValue UnknownMember(MemberSyntax m, string of, IEnumerable<string> loops)
    {
        string name = m.Name.Text;
        var known = loops.Concat(StageNames.Where(s => s.StartsWith(of + ".", StringComparison.Ordinal)).Select(s => s[(of.Length + 1)..])).Distinct().ToList();
        string? near = Suggestion.For(name, known);
        string help = Vocabulary.Find(name) is not null ? $"call it: `{m.Span.Text}(…)`" : near is not null ? $"did you mean `{near}`?" : known.Count == 0 ? "it has none" : $"it has {string.Join(", ", known.Select(k => $"`{k}`"))}";
        var error = Diagnostic.Create(ScheduleDiagnostics.UnknownLoop, m.Name.Span, DirectiveText.Stage(of), name, help);
        return Report(near is not null ? error.WithFix(m.Name.Span, near) : error);
    }

    private PoisonValue SeveralEquations(GroupValue g, SourceSpan span)
    {
        var names = Equations(g.Name).Select(s => s.Name).ToList();
        if (names.Count == 0) names = [.. StageNames.Where(s => s.StartsWith(g.Name + ".", StringComparison.Ordinal))];
        return Error(ScheduleDiagnostics.SeveralEquations, span, g.Name, string.Join(", ", names.Select(n => $"`{DirectiveText.Stage(n)}`")));
    }

    /// <summary><c>hist.update(0)</c> and <c>h.eq(1)</c>: an equation by its number.</summary>
    private ScheduleValue Equation(ScheduleValue of, MemberSyntax m, CallSyntax call)
    {
        string word = m.Name.Text, name = of is GroupValue g ? g.Name : ((StageValue)of).Stage is var s && s.Entry is { } e && FindStage($"{s.Name}.{word}0") is null ? e.Tensor : ((StageValue)of).Stage.Name;
        if (call.Arguments.Count != 1 || call.Arguments[0].Name is not null)
            return Error(ScheduleDiagnostics.MissingArgument, call.Span, word, "one number", $"equations are numbered in the order of the text: `{name}.{word}(0)`");
        if (Integer(call.Arguments[0].Value, $"`{word}`") is not IntegerValue { Value: var number }) return PoisonValue.Instance;
        var all = StageNames.Where(n => n.StartsWith($"{name}.{word}", StringComparison.Ordinal) && n[(name.Length + word.Length + 1)..] is { Length: > 0 } rest && rest.All(char.IsAsciiDigit)).ToList();
        if (all.Contains($"{name}.{word}{number}")) return FindStage($"{name}.{word}{number}")!;
        // The only definition of a tensor has no number in its name.
        if (word == "eq" && number == 0 && all.Count == 0 && of is StageValue { Stage.Entry: not null }) return of;
        return Error(ScheduleDiagnostics.UnknownEquation, call.Span, name, $"{word}({number})",
            all.Count == 0 ? word == "update" ? "no line updates it" : "it has one equation: name it without a number" : $"it has {string.Join(", ", all.Select(n => $"`{DirectiveText.Stage(n)}`"))}");
    }

    // ---- loops that are gone --------------------------------------------------------------------------------------------

    /// <summary>The value, unless it is a loop that is no more.</summary>
    private ScheduleValue Live(ScheduleValue value, string text, SourceSpan span)
    {
        var loop = (value is OpenValue ? As(value, isLoop: true) : value) switch
        {
            LoopValue { Loop: var l } when _gone.ContainsKey(l) => l,
            PackValue p => p.Loops.FirstOrDefault(_gone.ContainsKey),
            _ => null,
        };
        if (loop is null) return value;
        var end = _gone[loop];
        var names = end.Into.Select(NameHere).ToList();
        var live = Descendants(end).Distinct().Select(NameHere).OfType<string>().ToList();
        string into = names.All(n => n is not null) && names.Count > 0 ? $"it was {end.Verb} into {string.Join(", ", names.Select(n => $"`{n}`"))} here" : $"it was {end.Verb} here";
        string help = live.Count > 0 ? $"name what is left of it: {string.Join(", ", live.Select(n => $"`{n}`"))}"
            : end.Into.IsEmpty || end.Verb == "" ? "name another loop"
            : $"bind what the step gives: `{(end.Into.Length == 1 ? end.Into[0].Name : $"({string.Join(", ", end.Into.Select(l => l.Name))})")} = {end.Call}`";
        return Report(Diagnostic.Create(ScheduleDiagnostics.LoopGone, span, text, into, help).WithLabel(end.Span, $"{end.Verb} here"));
    }

    private IEnumerable<LoopHandle> Descendants(End end) => end.Into.SelectMany(l => _gone.TryGetValue(l, out var next) ? Descendants(next) : [l]);

    /// <summary>What a loop is called at this place; null where it has no name.</summary>
    private string? NameHere(LoopHandle loop)
    {
        foreach (var (name, binding) in _frame.Names)
            if (binding.Value is LoopValue v && ReferenceEquals(v.Loop, loop)) return name;
        return null;
    }

    // ---- names for what has none ----------------------------------------------------------------------------------------

    /// <summary>Keeps the names that a schedule binds for it: what a strategy binds gets others.</summary>
    private void ReserveNames(ScheduleSyntax s)
    {
        foreach (var line in s.DescendantsAndSelf().OfType<SimpleSyntax>())
            if (line.Assign is AssignKind.Assign)
                foreach (var name in Targets(line.Target) ?? []) _taken.Add(name.Name);
        foreach (var k in KnobsOf(s)) _taken.Add(k.Name.Text);
        _taken.UnionWith(StageNames);
        _taken.UnionWith(op.Tensors.Select(t => t.Name));
        _taken.UnionWith(op.Dims.Select(d => d.Name));
    }

    private string Unused(string name)
    {
        if (_taken.Add(name)) return name;
        for (int i = _numbers.GetValueOrDefault(name, 1) + 1; ; i++)
        {
            if (!_taken.Add($"{name}_{i}")) continue;
            _numbers[name] = i;
            return $"{name}_{i}";
        }
    }

    private static string ShortName(LoopHandle loop) => loop.Index ?? loop.Name;

    private static string ExampleLoop(StageHandle stage) => $"{DirectiveText.Stage(stage)}.{stage.Entry?.Indices.FirstOrDefault()?.Name ?? "i"}";
}
