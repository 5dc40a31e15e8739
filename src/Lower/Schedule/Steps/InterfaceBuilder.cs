using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps;

/// <summary>What schedules may name of an operator, from its plain nests: a stage for each of them, and its indices.</summary>
public static class InterfaceBuilder
{
    public static OperatorInterface Build(Operator op, LoopFunction plain)
    {
        var tensors = op.Parameters.Concat(op.Results).Concat(op.Stages.SelectMany(s => s.Tensors)).DistinctBy(t => t.Name).ToDictionary(t => t.Name, StringComparer.Ordinal);
        var packs = op.Stages.SelectMany(s => s.Equations).SelectMany(e => e.Indices).Where(i => i.Pack is not null).DistinctBy(i => i.Name).ToDictionary(i => i.Name, i => i.Pack, StringComparer.Ordinal);
        // Packed results are computed with a byte an element, and what packs them is no equation of the program.
        var unpacked = plain.Parameters.Where(p => p.Packed is not null).ToDictionary(p => $"{p.Name}.unpacked", p => p.Name, StringComparer.Ordinal);
        var written = plain.Temporaries.Select(t => t.Name).Where(unpacked.ContainsKey).Select(t => $"{unpacked[t]}.packed").ToHashSet(StringComparer.Ordinal);
        var stages = ImmutableArray.CreateBuilder<StageEntry>();
        Visit(plain.Body, []);
        return new(op.Name, stages.ToImmutable(), [.. tensors.Values.Select(t => new TensorEntry(t.Name, t.Type, t.Rank, t.Role, t.Span))], op.Dims,
            op.Consts.ToImmutableDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal)) { Calls = op.Calls };

        void Visit(Stmt s, ImmutableArray<Var> loops)
        {
            switch (s)
            {
                case Block b: foreach (var x in b.Statements) Visit(x, loops); break;
                case For f: Visit(f.Body, loops.Add(f.Variable)); break;
                case Allocate a: Visit(a.Body, loops); break;
                case LetStmt l: Visit(l.Body, loops); break;
                case If i: Visit(i.Then, loops); break;
                case Instance i: if (!written.Contains(i.Name)) stages.Add(Entry(i, loops)); break;
            }
        }

        StageEntry Entry(Instance i, ImmutableArray<Var> loops)
        {
            string tensor = unpacked.GetValueOrDefault(i.Writes[0].Buffer.Name, i.Writes[0].Buffer.Name);
            bool isPart = !tensors.ContainsKey(tensor);
            var indices = i.Iterations.Where(it => loops.Any(l => it.Binding.UsesVar(l)))
                .Select(it => new IndexEntry(it.Variable.Name[1..], it.Kind is IterKind.Reduction, it.Kind is IterKind.Opaque && it.Binding is not Var || IsShared(it, loops), packs.GetValueOrDefault(it.Variable.Name[1..])));
            return new(i.Name, tensor, i.Writes[0].Buffer.TensorType, [.. indices], isPart && OwnerOf(i.Name) is { } owner ? owner : null, i.Origin?.Equation);
        }

        // The equation around a part has the part's name up to the last point.
        string? OwnerOf(string part) => part.LastIndexOf('.') is > 0 and var at && tensors.ContainsKey(part[..at]) ? part[..at] : null;

        bool IsShared(IterVar it, ImmutableArray<Var> loops) => it.Kind is IterKind.Opaque && it.Binding is Var v && loops.Contains(v);
    }
}
