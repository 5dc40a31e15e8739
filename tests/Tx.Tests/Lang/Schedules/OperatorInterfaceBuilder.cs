using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;

namespace Tx.Tests.Lang.Schedules;

/// <summary>The interface of a bound operator, as lowering will give it.</summary>
internal static class OperatorInterfaceBuilder
{
    public static OperatorInterface Of(Operator op)
    {
        var stages = ImmutableArray.CreateBuilder<StageEntry>();
        foreach (var stage in op.Stages)
        {
            var carried = stage.Order.SelectMany(Carried).Select(m => (m.Equation, m.Index)).ToHashSet();
            var numbers = new Dictionary<string, int>();
            foreach (var e in stage.Equations)
            {
                string tensor = e.Targets[0].Tensor.Name;
                bool isOne = e.Update is null && stage.Equations.Count(x => x.Update is null && x.Targets[0].Tensor.Name == tensor) == 1;
                string kind = tensor + (e.Update is null ? ".eq" : ".update");
                int number = numbers[kind] = numbers.GetValueOrDefault(kind, -1) + 1;
                string name = isOne ? tensor : $"{kind}{number}";
                var outer = e.Indices.Select(i => new IndexEntry(i.Name, false, carried.Contains((e, i)), PackOf(i))).ToList();
                if (e.Value is ReduceTerm whole)
                {
                    stages.Add(new(name, tensor, e.Targets[0].Tensor.Type, [.. outer, .. Reduced(whole)], null, e.Span));
                    continue;
                }
                int part = 0;
                foreach (var inner in Reductions(e.Value))
                    stages.Add(new($"{name}.{inner.Name}{(part++ == 0 ? "" : part)}", tensor, inner.Type, [.. outer, .. Reduced(inner)], name, inner.Span));
                stages.Add(new(name, tensor, e.Targets[0].Tensor.Type, [.. outer], null, e.Span));
            }
        }
        var intermediates = op.Stages.SelectMany(s => s.Equations).SelectMany(e => e.Targets).Select(t => t.Tensor);
        return new(op.Name, stages.ToImmutable(),
            [.. op.Parameters.Concat(op.Results).Concat(intermediates).Distinct().Select(t => new TensorEntry(t.Name, t.Type, t.Rank, t.Role, t.Span))],
            op.Dims, op.Consts.ToImmutableDictionary(c => c.Name, c => c.Value));
    }

    private static IEnumerable<CarriedIndex> Carried(Step step) => step is CarriedLoop l ? l.Members.Concat(l.Body.SelectMany(Carried)) : [];

    private static IEnumerable<IndexEntry> Reduced(ReduceTerm r) => r.Indices.Select(i => new IndexEntry(i.Name, true, false));

    private static IEnumerable<ReduceTerm> Reductions(Term t) => t is ReduceTerm r ? [r] : Terms.Children(t).SelectMany(Reductions);

    // The indices of a pack have numbered names, and stand where the text has the pack's.
    private static string? PackOf(IndexSymbol i) => i.Span is { } span && span.Text != i.Name && i.Name.StartsWith(span.Text, StringComparison.Ordinal) ? span.Text : null;
}
