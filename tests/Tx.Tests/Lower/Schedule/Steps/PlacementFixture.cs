using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

using ListValue = Tx.Lang.Schedules.ListValue;

/// <summary>A schedule step by step, each step verified and run against the evaluator.</summary>
internal sealed class PlacementFixture
{
    public static readonly CpuTarget Target = new("host", ImmutableSortedSet<string>.Empty, 32, 16, 32 << 10, 1 << 20, 32 << 20);

    private readonly OperatorText _op;
    private readonly Dictionary<DimSymbol, long> _dims;
    private readonly double _tolerance;
    private readonly bool _isSymbolic;
    private readonly StepContext _context = new(new NestProver());
    private readonly List<Directive> _done = [];
    private readonly Tx.Lower.Ir.LoopFunction _plain;
    private readonly Dictionary<string, StageHandle> _stages = [];
    private readonly Dictionary<string, LoopHandle> _loops = [];

    private PlacementFixture(OperatorText op, Dictionary<DimSymbol, long> dims, double tolerance, bool isSymbolic)
    {
        (_op, _dims, _tolerance, _isSymbolic) = (op, dims, tolerance, isSymbolic);
        var plain = NestBuilder.Build(op.Operator, isSymbolic ? null : dims).Functions[0];
        _plain = plain;
        Interface = InterfaceBuilder.Build(op.Operator, plain);
        State = ScheduleState.Of(plain, Target);
    }

    public OperatorInterface Interface { get; }
    public ScheduleState State { get; private set; }
    public string Text => IrPrinter.Print(State.Nests.Body);

    public static PlacementFixture Of(string text, long[] sizes, double tolerance = 0, bool isSymbolic = false)
    {
        var op = OperatorText.Bind(text);
        return new(op, op.Dims(sizes), tolerance, isSymbolic);
    }

    public StageHandle Stage(string name)
    {
        if (!_stages.TryGetValue(name, out var stage)) _stages[name] = stage = new(name, Interface.Stages.FirstOrDefault(s => s.Name == name));
        return stage;
    }

    /// <summary>A bound name, or <c>stage.index</c>.</summary>
    public LoopHandle Loop(string name)
    {
        if (_loops.TryGetValue(name, out var loop)) return loop;
        int dot = name.LastIndexOf('.');
        return _loops[name] = new(name, null, Stage(name[..dot]), name[(dot + 1)..]);
    }

    /// <summary><c>"io, ii = C.i.split(8)"</c>, with arguments by position or by name.</summary>
    public StepResult Do(string text)
    {
        var (directive, results) = Parse(text);
        var result = PrimitiveTable.Find(directive.Primitive.Name)!(State with { Nests = State.Nests.Settled }, directive, _context);
        for (int n = 0; n < results.Length; n++)
            if (directive.Results[n] is LoopValue l) _loops[results[n]] = l.Loop; else _stages[results[n]] = ((StageValue)directive.Results[n]).Stage;
        State = result.State;
        _done.Add(directive);
        Check(text);
        return result;
    }

    /// <summary>The step, where it is legal.</summary>
    public bool Try(string text)
    {
        var (before, count) = (State, _done.Count);
        try
        {
            Do(text);
            return true;
        }
        catch (DiagnosticException)
        {
            (State, _) = (before, count);
            return false;
        }
    }

    /// <summary>All steps once more, one after another as a schedule does them: marks are proved again by each step that touches them.</summary>
    public void Replay()
    {
        var scheduled = ScheduleApplier.Apply(_plain, Target, [.. _done], _context);
        Assert.DoesNotContain(scheduled.Diagnostics, x => x.IsError);
        Assert.All(scheduled.Steps, x => Assert.Equal(EvidenceTier.Proved, x.Evidence.Tier));
    }

    /// <summary>The diagnostic of a step that is refused.</summary>
    public Diagnostic Refuse(string text)
    {
        var (directive, _) = Parse(text);
        return Assert.Single(Assert.Throws<DiagnosticException>(() => PrimitiveTable.Find(directive.Primitive.Name)!(State with { Nests = State.Nests.Settled }, directive, _context)).Diagnostics);
    }

    /// <summary>Runs the nests as they are, and after all passes.</summary>
    public void Check(string what)
    {
        var module = new LoopModule([State.ToFunction()], LoopLevel.Scheduled);
        string place = $"{what} at {string.Join(", ", _dims.Values)}";
        Assert.True(Verifier.Verify(module).IsEmpty, $"{place}: {string.Join("; ", Verifier.Verify(module))}\n{Text}");
        try
        {
            _op.Check(module, _dims, place, _tolerance);
            var lowered = Lowering.Lower(module, Target);
            Assert.Empty(Verifier.Verify(lowered));
            _op.Check(lowered, _dims, place + ", lowered", Math.Max(_tolerance, 1e-6));
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{place}: {e.Message}\n{Text}", e);
        }
    }

    private (Directive, string[]) Parse(string text)
    {
        string[] results = [];
        string call = text;
        int equals = text.IndexOf(" = ", StringComparison.Ordinal);
        int open = text.IndexOf('(', StringComparison.Ordinal);
        if (equals >= 0 && equals < open)
        {
            results = text[..equals].Split(", ");
            call = text[(equals + 3)..];
            open = call.IndexOf('(', StringComparison.Ordinal);
        }
        string head = call[..open];
        int dot = head.LastIndexOf('.');
        var signature = Vocabulary.Find(head[(dot + 1)..])!;
        ScheduleValue receiver = signature.Receiver is ScheduleType.Loop ? new LoopValue(Loop(head[..dot])) : new StageValue(Stage(head[..dot]));
        var arguments = ImmutableDictionary.CreateBuilder<string, DirectiveArgument>();
        string[] parts = call[(open + 1)..^1].Split(", ", StringSplitOptions.RemoveEmptyEntries);
        int position = 0;
        foreach (string part in parts)
        {
            var pair = part.Split(" = ");
            var p = pair.Length == 2 ? signature.Parameters.First(x => x.Name == pair[0]) : signature.Parameters[Math.Min(position, signature.Parameters.Length - 1)];
            // Loops come first, then factors.
            if (pair.Length == 1 && p.Type is ScheduleType.Loop && char.IsDigit(part[0])) p = signature.Parameters[++position];
            var value = Value(pair[^1], p);
            if (p.IsVariadic && arguments.TryGetValue(p.Name, out var before)) value = new ListValue(((ListValue)before.Value).Items.Add(value));
            else if (p.IsVariadic) value = new ListValue([value]);
            arguments[p.Name] = new(value, null);
            if (pair.Length == 1 && !p.IsVariadic) position++;
        }
        int count = signature.Results switch
        {
            PrimitiveResults.FactorsPlusOne => ((ListValue)arguments["factors"].Value).Items.Length + 1,
            PrimitiveResults.TwoEach => 2 * ((ListValue)arguments["loops"].Value).Items.Length,
            PrimitiveResults.OneLoop or PrimitiveResults.OneStage => 1,
            PrimitiveResults.OuterLoopOfFactor => arguments.ContainsKey("factor") ? 1 : 0,
            _ => 0,
        };
        ImmutableArray<ScheduleValue> made = [.. Enumerable.Range(0, count).Select(n => n < results.Length ? results[n] : $"r{n}")
            .Select(n => signature.Results is PrimitiveResults.OneStage ? (ScheduleValue)new StageValue(new(n, null)) : new LoopValue(new(n, null)))];
        return (new Directive(signature, null, receiver, arguments.ToImmutable(), made) { Text = text }, results);
    }

    private ScheduleValue Value(string text, PrimitiveParameter p) =>
        long.TryParse(text, out long n) ? new IntegerValue(n)
        : p.Type is ScheduleType.Word || text == "root" ? new WordValue(text)
        : p.Type is ScheduleType.Stage ? new StageValue(Stage(text))
        : new LoopValue(Loop(text));
}
