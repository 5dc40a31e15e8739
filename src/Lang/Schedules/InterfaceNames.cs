namespace Tx.Lang.Schedules;

/// <summary>The stages and tensors of an operator by what names them: each line of a schedule looks some up, and there may be as many lines as stages.</summary>
internal sealed class InterfaceNames
{
    public InterfaceNames(OperatorInterface op)
    {
        foreach (var s in op.Stages)
        {
            Stages.TryAdd(s.Name, s);
            for (int at = s.Name.IndexOf('.', StringComparison.Ordinal); at >= 0; at = s.Name.IndexOf('.', at + 1)) Prefixes.Add(s.Name[..at]);
        }
        foreach (var t in op.Tensors) Tensors.TryAdd(t.Name, t);
        Equations = op.Stages.Where(s => s.Owner is null).ToLookup(s => s.Tensor, StringComparer.Ordinal);
        Parts = op.Stages.Where(s => s.Owner is not null).ToLookup(s => s.Owner!, StringComparer.Ordinal);
    }

    public Dictionary<string, StageEntry> Stages { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, TensorEntry> Tensors { get; } = new(StringComparer.Ordinal);
    /// <summary>The nests of a tensor's equations, without the reductions that stand inside them.</summary>
    public ILookup<string, StageEntry> Equations { get; }
    /// <summary>The reductions inside a stage's expression.</summary>
    public ILookup<string, StageEntry> Parts { get; }
    /// <summary>What stands before a point of a stage's name.</summary>
    public HashSet<string> Prefixes { get; } = new(StringComparer.Ordinal);
}
