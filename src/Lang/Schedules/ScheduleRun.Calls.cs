using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Calls: primitives on loops and stages, functions, strategies.</summary>
internal sealed partial class ScheduleRun
{
    /// <param name="IsStep">It did something, so that it may stand alone.</param>
    private readonly record struct CallOutcome(string Name, ImmutableArray<ScheduleValue> Values, bool IsStep, bool IsPoison = false);

    private static CallOutcome Poison(string name) => new(name, [], true, IsPoison: true);

    private static CallOutcome Plain(string name, ScheduleValue value) => new(name, [value], false, value is PoisonValue);

    /// <param name="targets">The names that the results get; default where the call is not the right side of a binding.</param>
    private CallOutcome Call(CallSyntax call, ImmutableArray<NameExpressionSyntax> targets)
    {
        if (_stopped) return Poison("");
        switch (call.Target)
        {
            case NameExpressionSyntax { Name: "auto" }: return Auto(call);
            case NameExpressionSyntax n when Functions.Contains(n.Name): return Plain(n.Name, Function(n.Name, call));
            case NameExpressionSyntax n when Table.Strategies.TryGetValue(n.Name, out var strategy): return Strategy(strategy, call);
            case NameExpressionSyntax n:
                var unknown = Diagnostic.Create(ScheduleDiagnostics.UnknownFunction, n.Span, n.Name);
                if (Vocabulary.Find(n.Name) is { Receiver: { } kind })
                    Report(unknown.WithHelp($"`{n.Name}` is called on {(kind is ScheduleType.Loop ? $"a loop: `C.i.{n.Name}(…)`" : $"a stage: `C.{n.Name}(…)`")}"));
                else Report(unknown.Suggest(n.Span, n.Name, Functions.Concat(Table.Strategies.Keys).Append("auto")));
                return Poison(n.Name);
            case MemberSyntax m: return OnReceiver(call, m, targets);
            case ErrorExpressionSyntax: return Poison("");
            default:
                Error(ScheduleDiagnostics.Misplaced, call.Target.Span, "this call", _frame.Word, "call a primitive on a loop or a stage: `C.i.split(8)`");
                return Poison("");
        }
    }

    private CallOutcome OnReceiver(CallSyntax call, MemberSyntax m, ImmutableArray<NameExpressionSyntax> targets)
    {
        string name = m.Name.Text;
        var receiver = Evaluate(m.Target);
        if (receiver is PoisonValue) return Poison(name);
        if (_isOpen && name is "eq" or "update" && receiver is StageValue { Stage: var open }) return Plain(name, new OpenValue(open, m.Span.Text));
        if (name is "eq" or "update" && receiver is GroupValue or StageValue { Stage.IsMade: false }) return Plain(name, Equation(receiver, m, call));
        if (name == CalledName) return Called(receiver, call, m);
        if (Vocabulary.Find(name) is { Receiver: not null } signature) return Primitive(signature, receiver, call, m, targets);
        bool isLoop = receiver is LoopValue or PackValue or OpenValue;
        var candidates = Vocabulary.Primitives.Where(p => p.Receiver == (isLoop ? ScheduleType.Loop : ScheduleType.Stage)).Select(p => p.Name).ToList();
        string? near = Suggestion.For(name, candidates) ?? Suggestion.For(name, Vocabulary.Primitives.Select(p => p.Name));
        var error = Diagnostic.Create(ScheduleDiagnostics.UnknownPrimitive, m.Name.Span, name,
            name == "auto" ? $"write `auto({m.Target.Span.Text})`"
            : near is not null ? $"did you mean `{near}`?"
            : Table.Strategies.ContainsKey(name) ? $"`{name}` is a strategy: write `{name}({m.Target.Span.Text}, …)`"
            : $"{(isLoop ? "a loop" : "a stage")} has {string.Join(", ", candidates)}");
        Report(near is not null && name != "auto" ? error.WithFix(m.Name.Span, near) : error);
        return Poison(name);
    }

    /// <summary>What speaks of a whole tensor, not of the nest that computes it.</summary>
    private static bool TakesTensor(string primitive) => primitive is "layout" or "cache_read" or "prefetch";

    private CallOutcome Primitive(PrimitiveSignature signature, ScheduleValue receiver, CallSyntax call, MemberSyntax m, ImmutableArray<NameExpressionSyntax> targets)
    {
        string name = signature.Name;
        if (Receiver(signature, receiver, m) is not { } value) return Poison(name);
        if (Arguments(signature, value, receiver as PackValue, call, m.Target.Span) is not { } arguments) return Poison(name);
        var results = Results(signature, value, arguments, targets, call.Span);
        var loops = LoopsOf(signature, arguments).ToList();
        Consume(signature, value, loops, arguments, results, call);
        Emit(new(signature, call.Span, value, arguments, results) { Text = "", Through = _frame.Through });
        if (name == "cache_write") Renew(((StageValue)value).Stage);
        return new(name, results, true);
    }

    private ScheduleValue? Receiver(PrimitiveSignature signature, ScheduleValue receiver, MemberSyntax m)
    {
        string name = signature.Name;
        receiver = As(receiver, isLoop: signature.Receiver is ScheduleType.Loop);
        if (signature.Receiver is ScheduleType.Loop)
        {
            if (receiver is LoopValue) return receiver;
            if (receiver is PackValue p)
            {
                if (name == "fuse") return new LoopValue(p.Loops[0]);
                Error(ScheduleDiagnostics.PackNotFused, m.Target.Span, p.Text, p.Loops.Length);
                return null;
            }
            string example = receiver is StageValue { Stage: var s } ? s.Tensor is null ? $"name one of its loops: `{ExampleLoop(s)}.{name}(…)`" : "name a loop of a stage that reads or computes it"
                : receiver is GroupValue g && Equations(g.Name) is [{ Indices: [var i, ..] } first, ..] ? $"name one of its loops: `{DirectiveText.Stage(first.Name)}.{i.Name}.{name}(…)`" : $"call it on a loop: `C.i.{name}(…)`";
            Error(ScheduleDiagnostics.WrongReceiver, m.Target.Span, name, "a loop", Describe(receiver), example);
            return null;
        }
        switch (receiver)
        {
            case StageValue { Stage.Tensor: { } tensor } when !TakesTensor(name):
                Error(ScheduleDiagnostics.NoLoops, m.Target.Span, tensor.Name, tensor.Role is TensorRole.Parameter ? "a parameter" : "computed together with another tensor",
                    tensor.Role is TensorRole.Parameter ? $"only `layout` and `cache_read` are called on a parameter" : "call it on the first tensor of that line");
                return null;
            case StageValue: return receiver;
            case GroupValue g when TakesTensor(name) && op.Tensors.FirstOrDefault(t => t.Name == g.Name) is { } tensor: return new StageValue(Handle(tensor));
            case GroupValue g:
                SeveralEquations(g, m.Target.Span);
                return null;
            default:
                Error(ScheduleDiagnostics.WrongReceiver, m.Target.Span, name, "a stage", Describe(receiver),
                    receiver is LoopValue { Loop.Stage: { } stage } ? $"call it on the stage: `{DirectiveText.Stage(stage)}.{name}(…)`" : $"call it on a stage: `C.{name}(…)`");
                return null;
        }
    }

    private static IEnumerable<LoopHandle> LoopsOf(PrimitiveSignature signature, ImmutableDictionary<string, DirectiveArgument> arguments) =>
        signature.Parameters.Where(p => p.Type is ScheduleType.Loop && arguments.ContainsKey(p.Name)).Select(p => arguments[p.Name].Value)
            .SelectMany(v => v is ListValue l ? l.Items : [v]).OfType<LoopValue>().Select(l => l.Loop);

    // ---- results ----------------------------------------------------------------------------------------------------------

    private ImmutableArray<ScheduleValue> Results(
        PrimitiveSignature signature, ScheduleValue receiver, ImmutableDictionary<string, DirectiveArgument> arguments, ImmutableArray<NameExpressionSyntax> targets, SourceSpan span)
    {
        string loop = receiver is LoopValue { Loop: var l } ? ShortName(l) : "";
        var loops = LoopsOf(signature, arguments).Select(ShortName).ToList();
        int factors = arguments.TryGetValue("factors", out var f) && f.Value is ListValue list ? list.Items.Length : 0;
        string[] names = signature.Results switch
        {
            PrimitiveResults.FactorsPlusOne => factors == 1 ? [loop + "o", loop + "i"] : [.. Enumerable.Range(0, factors + 1).Select(n => $"{loop}{n}")],
            PrimitiveResults.TwoEach => [.. loops.Select(n => n + "o"), .. loops.Select(n => n + "i")],
            PrimitiveResults.OneLoop => [string.Concat(loops.Prepend(loop))],
            PrimitiveResults.OuterLoopOfFactor => arguments.ContainsKey("factor") ? [loop + "o"] : [],
            PrimitiveResults.OneStage => [StageName(signature, (StageValue)receiver)],
            _ => [],
        };
        bool isNamed = !targets.IsDefault && targets.Length == names.Length;
        var results = ImmutableArray.CreateBuilder<ScheduleValue>();
        for (int i = 0; i < names.Length; i++)
        {
            string name = !isNamed ? Unused(names[i]) : _frame.Strategy is null ? targets[i].Name : Unused(targets[i].Name);
            SourceSpan place = isNamed ? targets[i].Span : span;
            results.Add(signature.Results is PrimitiveResults.OneStage ? new StageValue(new(name, null, place)) : new LoopValue(new(name, place)));
        }
        return results.ToImmutable();
    }

    private static string StageName(PrimitiveSignature signature, StageValue receiver) =>
        (signature.Name switch { "cache_read" => "cached_", "cache_write" => "tile_", "rfactor" => "part_", _ => "init_" }) + receiver.Stage.Name.Replace('.', '_');

    private void Consume(
        PrimitiveSignature signature, ScheduleValue receiver, List<LoopHandle> loops, ImmutableDictionary<string, DirectiveArgument> arguments,
        ImmutableArray<ScheduleValue> results, CallSyntax call)
    {
        ImmutableArray<LoopHandle> made = [.. results.OfType<LoopValue>().Select(r => r.Loop)];
        string verb = signature.Name switch { "fuse" => "fused", "vectorize" => "vectorised", "unroll" => "unrolled", "tile" => "tiled", _ => "split" };
        if (receiver is LoopValue { Loop: var own } && (signature.ConsumesReceiver || (signature.Results is PrimitiveResults.OuterLoopOfFactor && arguments.ContainsKey("factor"))))
            _gone[own] = new(verb, call.Span, made, call.Span.Text);
        if (!signature.ConsumesArguments) return;
        for (int i = 0; i < loops.Count; i++)
            _gone[loops[i]] = new(verb, call.Span, signature.Results is PrimitiveResults.TwoEach ? [made[i], made[i + loops.Count]] : made, call.Span.Text);
    }

    private void Emit(Directive d)
    {
        _usedKnobs.UnionWith(_reads);
        _steps.Add(d);
        if (_auto is null || _autoReported) return;
        _autoReported = true;
        var error = Diagnostic.Create(ScheduleDiagnostics.AutoNotLast, _auto.Span);
        Report(d.Span is { } span ? error.WithLabel(span, "a step after it") : error);
    }

    /// <summary><c>auto()</c> is kept until the end; <c>auto(s)</c> is a step like others.</summary>
    private CallOutcome Auto(CallSyntax call)
    {
        var signature = Vocabulary.Find("auto")!;
        if (Arguments(signature, null, null, call, call.Span) is not { } arguments) return Poison("auto");
        var directive = new Directive(signature, call.Span, null, arguments, []) { Text = "", Through = _frame.Through };
        var stage = (directive["stage"] as StageValue)?.Stage;
        var first = stage is null ? _auto : _steps.Find(s => s.Primitive == signature && ReferenceEquals((s["stage"] as StageValue)?.Stage, stage));
        if (first is not null)
        {
            var error = Diagnostic.Create(ScheduleDiagnostics.AutoTwice, call.Span, call.Span.Text);
            Report(first.Span is { } span ? error.WithLabel(span, "first here") : error);
        }
        else if (stage is null) _auto = directive;
        else Emit(directive);
        return new("auto", [], true);
    }
}
