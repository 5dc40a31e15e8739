using System.Diagnostics;

namespace Tx.Lower.Interpreter;

/// <summary>What all agents of one run share.</summary>
internal sealed class Machine(IValueDomain domain, int seed, long maxSteps, long? deadline, IReadOnlyDictionary<string, Kernel> kernels)
{
    // Looking at the clock takes longer than a step.
    private const int StepsBetweenLooks = 1024;

    private long _steps;

    public IValueDomain Domain { get; } = domain;
    public Random Random { get; } = new(seed);
    public Dictionary<string, Queue<Token>> Queues { get; } = new(StringComparer.Ordinal);
    public IReadOnlyDictionary<string, Kernel> Kernels { get; } = kernels;
    /// <summary>Grows whenever an agent gets further; a round without it means that all wait.</summary>
    public long Progress { get; set; }
    private int _forks;

    public int NewFork() => _forks++;

    public void Step()
    {
        if (++_steps > maxSteps) throw new InterpreterFaultException(FaultKind.TooManySteps, $"more than {maxSteps} steps");
        if (_steps % StepsBetweenLooks == 0 && deadline is { } end && Stopwatch.GetTimestamp() > end) throw new InterpreterFaultException(FaultKind.OutOfTime, "no time is left");
        Progress++;
    }
}

/// <summary>One agent's variables and buffers.</summary>
internal sealed class Frame(Machine machine, long[] slots, Memory?[] buffers, Segment who)
{
    public Machine Machine { get; } = machine;
    public long[] Slots { get; } = slots;
    public Memory?[] Buffers { get; } = buffers;
    public Segment Who { get; set; } = who;
    /// <summary>While the value of a masked store is evaluated: its lanes that count.</summary>
    public bool[]? Active { get; set; }

    /// <summary>What it has stored past the caches since the last fence.</summary>
    public HashSet<Ir.Buffer> Streamed { get; set; } = [];

    /// <summary>Called where an agent ends.</summary>
    public void RequireFence()
    {
        if (Streamed.Count > 0) throw new InterpreterFaultException(FaultKind.MissingFence, $"`{Streamed.First().Name}` is stored past the caches by the agent {Who}, which ends without a fence");
    }

    public Frame Fork(Segment who) => new(Machine, (long[])Slots.Clone(), (Memory?[])Buffers.Clone(), who);
}

/// <summary>A failed <see cref="Ir.Check"/> on its way out of the nest.</summary>
internal sealed class CheckFailedException(int message, long[] values) : Exception
{
    public int Index { get; } = message;
    public long[] Values { get; } = values;
}
