using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

using ListValue = Lang.Schedules.ListValue;

/// <summary>Draws a schedule for an operator, step by step on the nests that the steps before have made, so that most steps mean something. It knows nothing of
/// what is legal: it asks, and mostly drops what is refused.</summary>
internal sealed partial class ScheduleGenerator
{
    private const int MaxProposals = 40;
    // So many lines more where its themes are not all there.
    private const int MaxMore = 6;
    // Of the refused steps this many stay in the text, in a hundred.
    private const int KeptRefusals = 3;

    private readonly Random _random;
    private readonly OperatorInterface _op;
    private readonly StepContext _context;
    private readonly IReadOnlyDictionary<DimSymbol, long>? _sizes;
    private readonly Dictionary<string, StageHandle> _stages = new(StringComparer.Ordinal);
    private readonly Dictionary<(StageHandle, string), LoopHandle> _loops = [];
    private readonly Dictionary<StageHandle, int> _generations = [];
    private readonly List<LoopHandle> _named = [];
    private readonly List<StageHandle> _made = [];
    private readonly HashSet<LoopHandle> _gone = [];
    private readonly HashSet<StageHandle> _stored = [], _defaulted = [];
    private readonly Queue<Func<Proposal?>> _follows = [];
    private readonly Func<string, InstructionValue?> _readInstruction;
    private readonly List<string> _declarations = [];
    private readonly List<ScheduleLine> _lines = [];
    private readonly ImmutableArray<(int Weight, string Primitive, Func<Proposal?> Make)> _proposals;
    private ScheduleState _state;
    private int _next;

    /// <summary>A step that may be refused.</summary>
    /// <param name="Text">Instead of the directive's own text.</param>
    /// <param name="Declaration">A strategy that the text calls.</param>
    private sealed record Proposal(Directive Directive, string? Text = null, string? Declaration = null);

    /// <param name="readInstruction">Binds the text of an <c>intrin</c>; null where that is refused.</param>
    public ScheduleGenerator(
        Random random, OperatorInterface op, LoopFunction plain, CpuTarget target, StepContext context, IReadOnlyDictionary<DimSymbol, long>? sizes, Func<string, InstructionValue?> readInstruction)
    {
        (_random, _op, _context, _sizes, _readInstruction) = (random, op, context, sizes, readInstruction);
        _state = ScheduleState.Of(plain, target);
        _proposals = [.. LoopProposals().Concat(StageProposals()).Concat(InstructionProposals()).Concat(DeviceProposals()).Where(p => PrimitiveTable.Find(p.Primitive) is not null)];
    }

    /// <returns>The lines, the strategies that they call, and whether no step was refused.</returns>
    public (ImmutableArray<ScheduleLine> Lines, ImmutableArray<string> Declarations, bool IsAccepted) Generate()
    {
        int wanted = 1 + _random.Next(10), refused = 0;
        DrawThemes();
        for (int n = 0; n < MaxProposals && (_lines.Count < wanted || _themes.Count > 0 && _lines.Count < wanted + MaxMore); n++)
        {
            if (Propose() is not { } proposal) continue;
            if (TryApply(proposal)) continue;
            if (_random.Next(100) >= KeptRefusals) continue;
            Keep(proposal);
            refused++;
        }
        if (_random.Next(3) == 0 && Directive("auto", null, []) is { } auto)
        {
            if (!TryApply(new(auto)) && _random.Next(100) < KeptRefusals)
            {
                Keep(new(auto));
                refused++;
            }
        }
        return ([.. _lines], [.. _declarations.Distinct()], refused == 0);
    }

    private Proposal? Propose()
    {
        // What the last step has made possible.
        if (_follows.TryDequeue(out var follow) && follow() is { } next) return next;
        if (_themes.Count > 0 && !OneIn(3)) return Towards(Pick([.. _themes]));
        int at = _random.Next(_proposals.Sum(p => p.Weight));
        return _proposals.First(p => (at -= p.Weight) < 0).Make();
    }

    private bool TryApply(Proposal p)
    {
        var d = p.Directive;
        if (Mentioned(d).Any(_gone.Contains)) return false;
        StepResult result;
        try { result = ScheduleApplier.Step(_state with { Nests = _state.Nests.Settled }, d, _context); }
        catch (DiagnosticException) { return false; }
        catch (Exception e) when (e is not (OutOfMemoryException or ThreadInterruptedException))
        {
            // Something that no step may do: the text shows it.
            Keep(p);
            return true;
        }
        _state = result.State;
        Keep(p);
        if (d.Primitive.ConsumesReceiver && d.Receiver is LoopValue { Loop: var own }) _gone.Add(own);
        if (d.Primitive.ConsumesArguments) foreach (var l in Mentioned(d)) _gone.Add(l);
        if (d.Primitive.Results is PrimitiveResults.OuterLoopOfFactor && d.Has("factor")) _gone.Add(d.Loop);
        foreach (var r in d.Results)
            if (r is LoopValue { Loop: var l }) _named.Add(l);
            else if (r is StageValue { Stage: var s }) _made.Add(s);
        if (d.Primitive.Name is "cache_write") Renew(d.Stage);
        if (d.Primitive.Name is "store_at" || d.Has("store_at")) _stored.Add(d.Stage);
        Follow(d);
        return true;
    }

    private void Keep(Proposal p)
    {
        if (p.Declaration is { } declaration) _declarations.Add(declaration);
        _themes.Remove(p.Directive.Primitive.Name);
        _lines.Add(new(p.Text ?? p.Directive.Text, p.Directive.Primitive.Name));
    }

    // The loops that a directive names, its receiver too.
    private static IEnumerable<LoopHandle> Mentioned(Directive d)
    {
        foreach (var v in d.Arguments.Values.Select(a => a.Value).Append(d.Receiver))
            if (v is LoopValue l) yield return l.Loop;
            else if (v is ListValue list)
                foreach (var item in list.Items.OfType<LoopValue>()) yield return item.Loop;
    }

    // ---- names ----------------------------------------------------------------------------------------------------------

    // What packs elements of a few bits has no name in the language, and hides the names of the stages that it packs.
    private IEnumerable<StageEntry> Stages => _op.Stages.Where(s => !_op.Stages.Any(p => p.Name.EndsWith(".packed", StringComparison.Ordinal) && s.Name.StartsWith(p.Name[..^6], StringComparison.Ordinal)));

    private StageHandle Handle(StageEntry entry) =>
        _stages.TryGetValue(entry.Name, out var known) ? known : _stages[entry.Name] = new(entry.Name, entry);

    /// <summary>As the elaborator finds it: the equations of one tensor share the loops that carry them, and a copy has loops of its own.</summary>
    private LoopHandle Loop(StageEntry entry, IndexEntry index)
    {
        var stage = Handle(index.IsCarried && _op.Stages.FirstOrDefault(s => s.Tensor == entry.Tensor && s.Indices.Any(i => i.IsCarried && i.Name == index.Name)) is { } first ? first : entry);
        if (_loops.TryGetValue((stage, index.Name), out var known)) return known;
        int generation = index.IsReduction ? 0 : _generations.GetValueOrDefault(stage);
        return new($"{DirectiveText.Stage(stage)}.{index.Name}", null, stage, index.Name, generation);
    }

    private void Renew(StageHandle stage)
    {
        _generations[stage] = _generations.GetValueOrDefault(stage) + 1;
        foreach (var key in _loops.Keys.ToList())
            if (ReferenceEquals(key.Item1, stage) && stage.Entry?.Indices.FirstOrDefault(i => i.Name == key.Item2) is not { IsReduction: true }) _loops.Remove(key);
    }

    /// <summary>A loop that can be named, and what it is now.</summary>
    private readonly record struct Live(LoopHandle Handle, Var Variable, For Loop, int Nest);

    private List<Live> LiveLoops()
    {
        var result = new List<Live>();
        foreach (var handle in _named.Concat(Stages.SelectMany(s => s.Indices.Select(i => Loop(s, i)))))
        {
            // `auto` names no loops that it makes.
            if (_gone.Contains(handle) || handle.Stage is { } stage && _defaulted.Contains(stage) || _state.FindLoop(handle) is not { } v || _state.Nests.FindNest(v) is not { } nest) continue;
            if (result.Exists(l => ReferenceEquals(l.Variable, v)) && _random.Next(4) > 0) continue;
            result.Add(new(handle, v, LoopPlace.LoopsIn(_state.Nests[nest]).First(f => ReferenceEquals(f.Variable, v)), nest));
        }
        return result;
    }

    /// <summary>A loop for a step; one without a mark for most.</summary>
    private Live? AnyLoop(Func<Live, bool>? fits = null)
    {
        var all = LiveLoops();
        if (_random.Next(8) > 0) all.RemoveAll(l => l.Loop.Kind is not LoopKind.Serial);
        if (fits is not null && _random.Next(10) > 0) all.RemoveAll(l => !fits(l));
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    /// <summary>Stages that compute something now.</summary>
    private List<StageHandle> LiveStages() => [.. Stages.Select(Handle).Concat(_made).Where(s => _state.FindInstance(s) is not null)];

    private StageHandle? AnyStage(Func<StageHandle, bool>? fits = null)
    {
        var all = LiveStages();
        if (fits is not null && _random.Next(10) > 0) all.RemoveAll(s => !fits(s));
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    private string Name(string prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{_next++}");

    private T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private bool OneIn(int n) => _random.Next(n) == 0;

    // ---- directives -----------------------------------------------------------------------------------------------------

    private Directive? Directive(string primitive, ScheduleValue? receiver, IEnumerable<(string Name, ScheduleValue Value)> arguments, int results = 0, string prefix = "q")
    {
        if (Vocabulary.Find(primitive) is not { } signature || PrimitiveTable.Find(primitive) is null) return null;
        bool isStage = signature.Results is PrimitiveResults.OneStage;
        ImmutableArray<ScheduleValue> made = [.. Enumerable.Range(0, results).Select(_ => isStage ? (ScheduleValue)new StageValue(new(Name("b"), null)) : new LoopValue(new(Name(prefix), null)))];
        foreach (var v in arguments.Select(a => a.Value).Append(receiver)) Remember(v);
        var d = new Directive(signature, null, receiver, arguments.ToImmutableDictionary(a => a.Name, a => new DirectiveArgument(a.Value, null)), made) { Text = "" };
        return d with { Text = DirectiveText.Of(d) };
    }

    // A loop of a stage keeps its handle from the first line that names it.
    private void Remember(ScheduleValue? value)
    {
        if (value is LoopValue { Loop: { Stage: { } stage, Index: { } index } loop }) _loops.TryAdd((stage, index), loop);
        else if (value is ListValue list)
            foreach (var item in list.Items) Remember(item);
    }

    private static ListValue List(params IEnumerable<ScheduleValue> items) => new([.. items]);
    private static IntegerValue Number(long n) => new(n);
}
