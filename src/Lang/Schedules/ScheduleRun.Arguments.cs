using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Arguments of primitives, by position and by name.</summary>
internal sealed partial class ScheduleRun
{
    /// <summary>The arguments by parameter; null after an error in one of them.</summary>
    /// <param name="pack">Where the receiver is a pack: its other loops are arguments as well.</param>
    private ImmutableDictionary<string, DirectiveArgument>? Arguments(PrimitiveSignature signature, ScheduleValue? receiver, PackValue? pack, CallSyntax call, SourceSpan receiverSpan)
    {
        var lists = new Dictionary<string, (List<ScheduleValue> Values, SourceSpan Span)>(StringComparer.Ordinal);
        var result = ImmutableDictionary.CreateBuilder<string, DirectiveArgument>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        bool isGood = true;
        int position = 0;
        if (pack is { Loops.Length: > 1 })
        {
            lists.Add("loops", ([.. pack.Loops.Skip(1).Select(l => new LoopValue(l))], receiverSpan));
            seen.Add("loops");
        }
        foreach (var argument in call.Arguments)
        {
            PrimitiveParameter? parameter;
            ScheduleValue? value = null;
            if (argument.Name is { } name)
            {
                parameter = signature.Parameters.FirstOrDefault(p => p.Name == name.Text);
                if (parameter is null)
                {
                    isGood = false;
                    var error = Diagnostic.Create(ScheduleDiagnostics.UnknownArgument, name.Span, signature.Name, name.Text, ParametersOf(signature)).Suggest(name.Span, name.Text, signature.Parameters.Select(p => p.Name));
                    Report(error);
                    continue;
                }
                if (!seen.Add(parameter.Name))
                {
                    isGood = false;
                    Error(ScheduleDiagnostics.ArgumentTwice, name.Span, parameter.Name, signature.Name);
                    continue;
                }
            }
            else
            {
                parameter = position < signature.Parameters.Length ? signature.Parameters[position] : null;
                if (parameter is { IsVariadic: true } && position + 1 < signature.Parameters.Length && signature.Parameters[position + 1].IsVariadic)
                {
                    // `tile(i, j, 8, 16)`: the first number begins the second list.
                    value = Evaluate(argument.Value);
                    if (value is IntegerValue or SymbolicValue) parameter = signature.Parameters[++position];
                }
                if (parameter is null || (position > 0 && parameter is { IsOptional: true, IsVariadic: false, Type: ScheduleType.Word } && signature.Parameters[position - 1].IsVariadic))
                {
                    isGood = false;
                    Error(ScheduleDiagnostics.ExtraArgument, argument.Span, signature.Name, ParametersOf(signature));
                    continue;
                }
                if (!parameter.IsVariadic) position++;
                seen.Add(parameter.Name);
            }
            if (parameter.IsVariadic && argument.Name is not null && argument.Value is ListSyntax list)
            {
                foreach (var item in list.Items) Add(parameter, item, null);
            }
            else Add(parameter, argument.Value, value);
        }
        foreach (var p in signature.Parameters)
            if (!p.IsOptional && !seen.Contains(p.Name))
            {
                isGood = false;
                Error(ScheduleDiagnostics.MissingArgument, call.Span, signature.Name, $"`{p.Name}`, {Kind(p.Type)}", ParametersOf(signature));
            }
        if (!isGood) return null;
        foreach (var (name, (values, span)) in lists) result[name] = new(new ListValue([.. values]), span);
        var arguments = result.ToImmutable();
        return Check(signature, receiver, arguments, call) ? arguments : null;

        void Add(PrimitiveParameter p, ExpressionSyntax e, ScheduleValue? known)
        {
            if (Argument(signature, p, e, receiver, known) is not { } value) isGood = false;
            else if (!p.IsVariadic) result[p.Name] = new(value, e.Span);
            else if (lists.TryGetValue(p.Name, out var so)) lists[p.Name] = ([.. so.Values, value], so.Span.To(e.Span));
            else lists.Add(p.Name, ([value], e.Span));
        }
    }

    /// <summary>What concerns several arguments.</summary>
    private bool Check(PrimitiveSignature signature, ScheduleValue? receiver, ImmutableDictionary<string, DirectiveArgument> arguments, CallSyntax call)
    {
        var seen = new HashSet<LoopHandle>(ReferenceEqualityComparer.Instance);
        if (receiver is LoopValue { Loop: var own }) seen.Add(own);
        foreach (var loop in LoopsOf(signature, arguments))
            if (!seen.Add(loop))
            {
                Error(ScheduleDiagnostics.LoopTwice, call.Span, loop.Name, signature.Name);
                return false;
            }
        if (signature.Results is PrimitiveResults.TwoEach && arguments["loops"].Value is ListValue loops && arguments["factors"].Value is ListValue factors && loops.Items.Length != factors.Items.Length)
        {
            Error(ScheduleDiagnostics.FactorCount, call.Span, Spelling.Count(loops.Items.Length, "loop"), Spelling.Count(factors.Items.Length, "factor"));
            return false;
        }
        return true;
    }

    private static string Kind(ScheduleType type) => type switch
    {
        ScheduleType.Integer => "a number", ScheduleType.Boolean or ScheduleType.Condition => "a condition", ScheduleType.Loop => "a loop", ScheduleType.Stage => "a stage",
        ScheduleType.Word => "a word", ScheduleType.Layout => "a layout", ScheduleType.Instruction => "an instruction", _ => "a loop or `root`",
    };

    private static string ParametersOf(PrimitiveSignature s) => s.Parameters.IsEmpty ? $"`{s.Name}` takes no arguments"
        : $"its parameters are {string.Join(", ", s.Parameters.Select(p => (p.IsVariadic ? $"{p.Name}…" : p.Name) + (p.IsOptional ? " (optional)" : "")))}";

    private ScheduleValue? Argument(PrimitiveSignature signature, PrimitiveParameter p, ExpressionSyntax e, ScheduleValue? receiver, ScheduleValue? known)
    {
        string what = $"`{p.Name}` of `{signature.Name}`";
        if (e is ErrorExpressionSyntax) return null;
        switch (p.Type)
        {
            case ScheduleType.Word: return Word(p, e);
            case ScheduleType.Layout: return Layout(e, what, (receiver as StageValue)?.Stage);
            case ScheduleType.Instruction: return Instruction(e, what);
            case ScheduleType.Place when e is NameExpressionSyntax { Name: "root" }: return new WordValue("root");
        }
        var value = As(known ?? Evaluate(e), isLoop: p.Type is not ScheduleType.Stage);
        if (_isOpen && (p.Type is ScheduleType.Integer && value is SymbolicValue || p.Type is ScheduleType.Boolean && value is ConditionValue)) return value;
        switch (p.Type)
        {
            case ScheduleType.Integer:
                if (value is IntegerValue { Value: var n })
                {
                    if (n is >= 1 and <= int.MaxValue) return value;
                    Error(ScheduleDiagnostics.OutOfRange, e.Span, what, n);
                    return null;
                }
                if (value is SymbolicValue) Error(ScheduleDiagnostics.SizesUnknown, e.Span, e.Span.Text);
                else WrongKind(what, "a number", value, e.Span);
                return null;
            case ScheduleType.Boolean or ScheduleType.Condition:
                if (value is BooleanValue || (value is ConditionValue && p.Type is ScheduleType.Condition)) return value;
                if (value is ConditionValue) Error(ScheduleDiagnostics.SizesUnknown, e.Span, e.Span.Text);
                else WrongKind(what, "a condition", value, e.Span);
                return null;
            case ScheduleType.Stage:
                if (value is GroupValue g && TakesTensor(signature.Name) && op.Tensors.FirstOrDefault(t => t.Name == g.Name) is { } tensor) return new StageValue(Handle(tensor));
                if (value is StageValue { Stage: var stage })
                {
                    if (stage.Tensor is not { Role: TensorRole.Parameter } || TakesTensor(signature.Name)) return value;
                    Error(ScheduleDiagnostics.NoLoops, e.Span, stage.Name, "a parameter", "name a stage that the operator computes");
                    return null;
                }
                WrongKind(what, "a stage", value, e.Span);
                return null;
            default:
                if (value is LoopValue) return value;
                WrongKind(what, "a loop", value, e.Span, p.Type is ScheduleType.Place && value is not StageValue ? "write a loop, such as `C.i`, or `root`" : null);
                return null;
        }
    }

    private ScheduleValue? Word(PrimitiveParameter p, ExpressionSyntax e)
    {
        string? word = e switch
        {
            NameExpressionSyntax n => n.Name,
            MemberSyntax { Target: NameExpressionSyntax first, Name: var second } => $"{first.Name}.{second.Text}",
            _ => null,
        };
        // A declared device has memories with names of its own.
        ImmutableArray<string> words = p.Name == "memory" ? [.. p.Words, .. DeviceItems<MemorySyntax>().Select(m => m.Name.Text)] : p.Words;
        if (word is not null && words.Contains(word)) return new WordValue(word);
        var error = Diagnostic.Create(ScheduleDiagnostics.UnknownWord, e.Span, word ?? e.Span.Text, p.Name, string.Join(", ", words));
        Report(word is null ? error : error.Suggest(e.Span, word, words));
        return null;
    }

    /// <summary>What the device of this schedule declares; nothing for a built-in target.</summary>
    private IEnumerable<T> DeviceItems<T>() where T : ItemSyntax =>
        _isOpen ? Table.Targets.Values.SelectMany(t => t.Body.OfType<T>()) : Device is { } device ? device.Body.OfType<T>() : [];

    private TargetSyntax? Device => schedule.Clauses.OfType<OnClauseSyntax>().FirstOrDefault() is { } on ? Table.Targets.GetValueOrDefault(on.Target.Text) : null;

    private ScheduleValue? Instruction(ExpressionSyntax e, string what)
    {
        if (e is not NameExpressionSyntax n)
        {
            WrongKind(what, "an instruction", Evaluate(e), e.Span, "write the name of an `intrin`");
            return null;
        }
        var own = DeviceItems<IntrinSyntax>().ToList();
        if ((own.Find(i => i.Name.Text == n.Name) ?? Table.Intrinsics.GetValueOrDefault(n.Name)) is { } found)
        {
            var bag = new DiagnosticBag();
            var bound = Instructions.InstructionBinder.Bind(found, module, bag, own.Contains(found) ? Device : null);
            foreach (var d in bag.Items.Where(d => d.IsError)) Report(d);
            return bound is null ? null : new InstructionValue(found, bound);
        }
        Report(Diagnostic.Create(ScheduleDiagnostics.UnknownInstruction, n.Span, n.Name).Suggest(n.Span, n.Name, own.Select(i => i.Name.Text).Concat(Table.Intrinsics.Keys)));
        return null;
    }

    private ScheduleValue? Layout(ExpressionSyntax e, string what, StageHandle? stage)
    {
        if (e is not ArrowSyntax arrow)
        {
            var value = Evaluate(e);
            WrongKind(what, "a layout", value, e.Span, "write it as `(i, k) -> [i / 8, k, i % 8]`");
            return null;
        }
        if (Targets(arrow.Parameters) is not { } names)
        {
            Error(ScheduleDiagnostics.LayoutForm, arrow.Parameters.Span, "before the arrow of a layout stand names");
            return null;
        }
        if (arrow.Body is not ListSyntax { Items: { Count: > 0 } items })
        {
            Error(ScheduleDiagnostics.LayoutForm, arrow.Body.Span, "after the arrow of a layout stands a list");
            return null;
        }
        if (names.GroupBy(n => n.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            Error(ScheduleDiagnostics.LayoutForm, twice.ElementAt(1).Span, $"the layout names `{twice.Key}` twice");
            return null;
        }
        string? tensor = stage?.Tensor?.Name ?? stage?.Entry?.Tensor;
        if (op.Tensors.FirstOrDefault(t => t.Name == tensor) is { } entry && entry.Rank != names.Length)
        {
            var error = Diagnostic.Create(ScheduleDiagnostics.LayoutRank, arrow.Parameters.Span, entry.Name, Spelling.Count(entry.Rank, "dimension"), names.Length == 1 ? "1 axis" : $"{names.Length} axes");
            Report(entry.Span is { } span ? error.WithLabel(span, "declared here") : error);
            return null;
        }
        ImmutableArray<IndexSymbol> axes = [.. names.Select(n => new IndexSymbol(n.Name, false, n.Span))];
        foreach (var axis in axes) _frame.Axes[axis.Name] = axis;
        var body = ImmutableArray.CreateBuilder<Term>();
        bool isGood = true;
        foreach (var item in items)
        {
            var value = Evaluate(item);
            if (value is IntegerValue or SymbolicValue) body.Add(TermOf(value)!);
            else
            {
                isGood = false;
                WrongKind("a layout", "a number", value, item.Span);
            }
        }
        _frame.Axes.Clear();
        return isGood ? new LayoutValue(axes, body.ToImmutable()) : null;
    }
}
