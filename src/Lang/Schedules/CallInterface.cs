using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Schedules;

/// <summary>A call inside an operator as the callee's schedules see it: the nests that the operator has for it, under the callee's names.</summary>
public sealed class CallInterface
{
    // The operator's stages by the callee's names for them.
    private readonly Dictionary<string, StageEntry> _stages;

    private CallInterface(CallSite site, OperatorInterface callee, Dictionary<string, StageEntry> stages) => (Site, Callee, _stages) = (site, callee, stages);

    public CallSite Site { get; }
    public OperatorInterface Callee { get; }
    /// <summary>The call's stages in the operator, in the order of evaluation.</summary>
    public IEnumerable<StageEntry> Stages => Callee.Stages.Select(s => _stages[s.Name]);

    /// <summary>The calls of an operator, each before those inside of it.</summary>
    public static ImmutableArray<CallInterface> Of(OperatorInterface caller)
    {
        if (caller.Calls.IsEmpty) return [];
        var tensors = caller.Tensors.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var stages = caller.Stages.Select((s, n) => (Stage: s, Place: n)).ToLookup(s => Prefix(s.Stage.Name, tensors.Contains), StringComparer.Ordinal);
        return [.. caller.Calls.Select(c => Of(c, stages))];
    }

    private static CallInterface Of(CallSite site, ILookup<string, (StageEntry Stage, int Place)> stages)
    {
        var known = new Dictionary<string, StageEntry>(StringComparer.Ordinal);
        var entries = ImmutableArray.CreateBuilder<StageEntry>();
        foreach (var (stage, _, tensor, name) in site.Computed.SelectMany(t => stages[t.Value].Select(s => (s.Stage, s.Place, t.Value, t.Key))).OrderBy(s => s.Place))
        {
            string Inside(string full) => full.StartsWith(tensor, StringComparison.Ordinal) ? name + full[tensor.Length..] : full;
            var entry = stage with { Name = Inside(stage.Name), Tensor = Inside(stage.Tensor), Owner = stage.Owner is { } owner ? Inside(owner) : null };
            known.Add(entry.Name, stage);
            entries.Add(entry);
        }
        var op = site.Callee;
        var tensors = op.Parameters.Concat(op.Results).Concat(op.Stages.SelectMany(s => s.Tensors)).DistinctBy(t => t.Name).Select(t => new TensorEntry(t.Name, t.Type, t.Rank, t.Role, t.Span));
        return new(site, new(op.Name, entries.ToImmutable(), [.. tensors], op.Dims, op.Consts.ToImmutableDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal)) { Calls = op.Calls }, known);
    }

    // The tensor that a nest is named after.
    private static string Prefix(string name, Func<string, bool> isTensor)
    {
        for (string at = name; ; at = at[..at.LastIndexOf('.')])
            if (isTensor(at) || !at.Contains('.')) return at;
    }

    /// <summary>Steps of one of the callee's schedules as steps of the operator. What they make is named through the call.</summary>
    public ImmutableArray<Directive> Carry(IEnumerable<Directive> steps) => new Carrier(this).Carry(steps);

    private sealed class Carrier(CallInterface call)
    {
        private readonly Dictionary<StageHandle, StageHandle> _stages = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<LoopHandle, LoopHandle> _loops = new(ReferenceEqualityComparer.Instance);

        public ImmutableArray<Directive> Carry(IEnumerable<Directive> steps) => [.. steps.Select(Carry).Select(d => d with { Text = DirectiveText.Of(d) })];

        private Directive Carry(Directive d) => d with
        {
            Receiver = d.Receiver is { } r ? Carry(r) : null, Results = [.. d.Results.Select(Carry)],
            // What a schedule leaves to the default is the rest of its operator.
            Arguments = d.Primitive.Name == "auto" && d.Arguments.IsEmpty ? d.Arguments.Add("stage", new(Rest(), d.Span))
                : d.Arguments.ToImmutableDictionary(a => a.Key, a => a.Value with { Value = Carry(a.Value.Value) }, StringComparer.Ordinal),
        };

        private ListValue Rest() => new([.. call.Callee.Stages.Select(s => _stages.Values.FirstOrDefault(h => h.Entry == call._stages[s.Name]) ?? new StageHandle(call._stages[s.Name].Name, call._stages[s.Name], s.Span))
            .Concat(_stages.Values.Where(h => h.IsMade)).Select(h => new StageValue(h))]);

        private ScheduleValue Carry(ScheduleValue value) => value switch
        {
            LoopValue l => new LoopValue(Carry(l.Loop)),
            StageValue s => new StageValue(Carry(s.Stage)),
            ListValue list => new ListValue([.. list.Items.Select(Carry)]),
            ConditionValue c => new ConditionValue(Terms.Simplify(Terms.Substitute(c.Condition, call.Site.Dims.GetValueOrDefault))),
            _ => value,
        };

        private LoopHandle Carry(LoopHandle h)
        {
            if (_loops.TryGetValue(h, out var known)) return known;
            var stage = h.Stage is { } s ? Carry(s) : null;
            return _loops[h] = new(stage is null ? h.Name : $"{DirectiveText.Stage(stage)}.{h.Index}", h.Span, stage, h.Index, h.Generation);
        }

        private StageHandle Carry(StageHandle h) =>
            _stages.TryGetValue(h, out var known) ? known
            : _stages[h] = h.Entry is { } e ? new(call._stages[e.Name].Name, call._stages[e.Name], h.Span)
                : h.Tensor is { } t ? new(NameOf(t.Name), null, h.Span, t with { Name = NameOf(t.Name) })
                : new($"{call.Site.Name}.{h.Name}", null, h.Span);

        private string NameOf(string tensor) => call.Site.Tensors.GetValueOrDefault(tensor, tensor);
    }
}
