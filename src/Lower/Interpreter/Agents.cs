using Tx.Lower.Ir;

namespace Tx.Lower.Interpreter;

/// <summary>What an agent does between two synchronisations. Accesses carry the segment that made them. Agents that one loop starts have the same
/// <see cref="Fork"/>; <see cref="Clock"/> (null where nothing in the loop synchronises) says up to which of the others' segments an agent has waited for.</summary>
internal sealed class Segment
{
    public static readonly Segment Root = new(null, -1, 0, 0, null, null, 0);

    public Segment(Segment? parent, int fork, int index, long time, long[]? clock, Var? variable, long value)
    {
        (Fork, Index, Time, Clock, Variable, Value) = (fork, index, time, clock, variable, value);
        Path = parent is null ? [] : [.. parent.Path, this];
        Parent = parent;
    }

    public Segment? Parent { get; }
    /// <summary>From the outermost loop's segment to this one.</summary>
    public Segment[] Path { get; }
    public int Fork { get; }
    public int Index { get; }
    public long Time { get; }
    public long[]? Clock { get; }
    public Var? Variable { get; }
    public long Value { get; }

    /// <summary>The agent's next segment, after it synchronised.</summary>
    public Segment Next()
    {
        Clock![Index] = Time + 1;
        return new(Parent, Fork, Index, Time + 1, Clock, Variable, Value);
    }

    /// <summary>The first level where two agents of one loop differ; −1 when one runs after the other anyway.</summary>
    public static int Divergence(Segment a, Segment b)
    {
        int levels = Math.Min(a.Path.Length, b.Path.Length);
        for (int l = 0; l < levels; l++)
        {
            if (a.Path[l].Fork != b.Path[l].Fork) return -1;
            if (a.Path[l].Index != b.Path[l].Index) return l;
        }
        return -1;
    }

    /// <summary>Did everything in <paramref name="before"/> happen before what <paramref name="now"/> does next?</summary>
    public static bool IsOrdered(Segment before, Segment now)
    {
        if (ReferenceEquals(before, now)) return true;
        int level = Divergence(before, now);
        return level < 0 || now.Path[level].Clock is { } clock && clock[before.Path[level].Index] >= before.Path[level].Time;
    }

    public override string ToString() => string.Join(", ", Path.Where(s => s.Variable is not null).Select(s => $"{s.Variable!.Name} = {s.Value}"));
}

/// <summary>Why an agent stops for the moment.</summary>
internal enum Wait : byte { Barrier, Token, Turn }

/// <summary>A token in a queue: what its sender had waited for.</summary>
internal sealed record Token((int Fork, long[] Clock)[] Clocks)
{
    public static Token From(Segment s) => new([.. s.Path.Where(p => p.Clock is not null).Select(p => (p.Fork, (long[])p.Clock!.Clone()))]);

    public void ArriveAt(Segment s)
    {
        foreach (var (fork, clock) in Clocks)
            foreach (var level in s.Path)
                if (level.Fork == fork && level.Clock is { } own)
                    for (int i = 0; i < own.Length; i++) own[i] = Math.Max(own[i], clock[i]);
    }
}
