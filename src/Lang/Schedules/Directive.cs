using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>A value of the schedule language.</summary>
public abstract record ScheduleValue;

/// <summary>A number, known.</summary>
public sealed record IntegerValue(long Value) : ScheduleValue;
public sealed record BooleanValue(bool Value) : ScheduleValue;
public sealed record LoopValue(LoopHandle Loop) : ScheduleValue;
public sealed record StageValue(StageHandle Stage) : ScheduleValue;
/// <summary>A word of the vocabulary: <c>pad</c>, <c>register</c>, <c>root</c>, <c>block.y</c>.</summary>
public sealed record WordValue(string Word) : ScheduleValue;
/// <summary>An element type, the argument of <c>lanes(f32)</c>.</summary>
public sealed record TypeValue(ElementType Type) : ScheduleValue;
/// <summary>An index map <c>(i, k) -> [i / 8, k, i % 8]</c>; <paramref name="Body"/> is over <paramref name="Axes"/> and constants.</summary>
public sealed record LayoutValue(ImmutableArray<IndexSymbol> Axes, ImmutableArray<Term> Body) : ScheduleValue;
/// <summary>A condition over dimensions that is not decided here: <c>N % 8 == 0</c>.</summary>
public sealed record ConditionValue(Term Condition) : ScheduleValue;
/// <summary>A declared instruction.</summary>
/// <param name="Bound">Null where its declaration has errors, which have been reported.</param>
public sealed record InstructionValue(IntrinSyntax Syntax, Instructions.Instruction? Bound = null) : ScheduleValue;
public sealed record ListValue(ImmutableArray<ScheduleValue> Items) : ScheduleValue;

/// <summary>A number over dimensions, or over the axes of a layout, that are not known yet. Never an argument of a directive.</summary>
internal sealed record SymbolicValue(Term Term) : ScheduleValue;
/// <summary>The loops of a pack, which are fused before anything else. Never an argument of a directive.</summary>
internal sealed record PackValue(string Text, ImmutableArray<LoopHandle> Loops) : ScheduleValue;
/// <summary>A tensor with several equations, or the common part of several stages' names. Never an argument of a directive.</summary>
internal sealed record GroupValue(string Name) : ScheduleValue;
/// <summary>What stands behind a point of a stage that is not known, in a strategy that nobody calls: a loop or a stage. Never an argument of a directive.</summary>
internal sealed record OpenValue(StageHandle Stage, string Path) : ScheduleValue;
/// <summary>What an error left; nothing is said about it again.</summary>
internal sealed record PoisonValue : ScheduleValue
{
    public static readonly PoisonValue Instance = new();
}

/// <summary>An argument in place: its value and where it was written (null: a default).</summary>
public sealed record DirectiveArgument(ScheduleValue Value, SourceSpan? Span);

/// <summary>One step of a schedule, with its arguments evaluated. A schedule is a list of these.</summary>
/// <param name="Primitive">A name of <see cref="Vocabulary"/>.</param>
/// <param name="Span">The call, for messages; null for a directive that a program made.</param>
/// <param name="Receiver">What stands before the dot: a loop or a stage; null for <c>auto()</c>.</param>
/// <param name="Arguments">By parameter name; an absent one has no entry.</param>
/// <param name="Results">Handles for what the step makes, in the order of its signature. All of them are there, whether the text names them or not.</param>
public sealed record Directive(
    PrimitiveSignature Primitive, SourceSpan? Span, ScheduleValue? Receiver, ImmutableDictionary<string, DirectiveArgument> Arguments, ImmutableArray<ScheduleValue> Results)
{
    /// <summary>As it could have been written: <c>(io, ii) = C.i.split(8, tail = pad)</c>.</summary>
    public required string Text { get; init; }
    /// <summary>The strategies that it came through, outermost first: where each was called.</summary>
    public ImmutableArray<SourceSpan> Through { get; init; } = [];

    public LoopHandle Loop => ((LoopValue)Receiver!).Loop;
    public StageHandle Stage => ((StageValue)Receiver!).Stage;
    public bool Has(string parameter) => Arguments.ContainsKey(parameter);
    public SourceSpan? SpanOf(string parameter) => Arguments.TryGetValue(parameter, out var a) ? a.Span ?? Span : Span;
    public ScheduleValue? this[string parameter] => Arguments.TryGetValue(parameter, out var a) ? a.Value : null;
    public long? Integer(string parameter) => (this[parameter] as IntegerValue)?.Value;
    public string? Word(string parameter) => (this[parameter] as WordValue)?.Word;
    public ImmutableArray<T> List<T>(string parameter) where T : ScheduleValue =>
        this[parameter] switch { ListValue l => [.. l.Items.Cast<T>()], T one => [one], _ => [] };
    public LoopHandle ResultLoop(int n) => ((LoopValue)Results[n]).Loop;
    public StageHandle ResultStage(int n) => ((StageValue)Results[n]).Stage;
}
