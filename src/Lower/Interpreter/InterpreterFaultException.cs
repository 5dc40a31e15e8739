using System.Collections.Immutable;

namespace Tx.Lower.Interpreter;

public enum FaultKind
{
    OutOfBounds,
    /// <summary>A read of an element that nothing has written.</summary>
    Uninitialised,
    /// <summary>An element of an output that nothing has written.</summary>
    Unwritten,
    DivisionByZero,
    /// <summary>Two agents of one loop touch an element, one of them writes, and nothing orders them.</summary>
    Conflict,
    /// <summary>An agent ends without a fence after it stored past the caches: the others may not see what it stored.</summary>
    MissingFence,
    /// <summary>A barrier that some agents of the group end without reaching.</summary>
    MissedBarrier,
    /// <summary>Every agent waits for a token.</summary>
    Deadlock,
    /// <summary>The arguments do not fit the function, or the function uses what it does not declare.</summary>
    BadCall,
    TooManySteps,
    /// <summary>A buffer has more elements than the interpreter keeps.</summary>
    TooLarge,
    /// <summary>The run has passed its deadline.</summary>
    OutOfTime,
}

/// <summary>Loop IR did something that no correct program does: a defect of the pass or schedule step that made it.</summary>
public sealed class InterpreterFaultException(FaultKind kind, string message, string node = "")
    : Exception(node.Length == 0 ? message : $"{message} in `{node.Trim()}`")
{
    public FaultKind Kind { get; } = kind;
    /// <summary>The statement or expression as text.</summary>
    public string Node { get; } = node;
    /// <summary>The buffer concerned, where there is one.</summary>
    public string? Buffer { get; init; }
    public ImmutableArray<long> Indices { get; init; } = [];
    /// <summary>The two agents of a <see cref="FaultKind.Conflict"/>: the values of the loops that started them.</summary>
    public (string First, string Second)? Agents { get; init; }
}
