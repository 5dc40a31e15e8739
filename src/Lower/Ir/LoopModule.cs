using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>What a module may contain; each pass states the level it takes and gives.</summary>
public enum LoopLevel : byte
{
    /// <summary>Nests of marked loops around <see cref="Instance"/>s; logical indices. Schedules work here.</summary>
    Scheduled,
    /// <summary>No <see cref="Instance"/> any more: loops, conditions, stores. Marks are still there.</summary>
    Lowered,
    /// <summary>Loops are serial or parallel (or bound); vectors are explicit; <see cref="MemoryScope.Register"/> buffers have constant indices.</summary>
    Expanded,
    /// <summary>Every load and store has one index in elements; transcendental calls are expanded where tx has its own.</summary>
    Flat,
}

/// <summary>What a kernel says when a <see cref="Check"/> fails: a composite format string over the check's values, and the source line.</summary>
public sealed record CheckMessage(string Code, string Format, SourceSpan? Span, string Help = "");

/// <summary>A kernel: parameters in the order of the call, its dimensions, the temporaries shared by its nests, and its body.</summary>
public sealed class LoopFunction
{
    public required string Name { get; init; }
    /// <summary>Null: the host's CPU.</summary>
    public string? Target { get; init; }
    /// <summary>Inputs, then outputs, in the order of the operator's signature.</summary>
    public required ImmutableArray<Buffer> Parameters { get; init; }
    /// <summary>Free variables of the body that stand for symbolic dimensions (none once specialised), with the parameter and
    /// dimension that each is read from.</summary>
    public required ImmutableArray<(Var Variable, Buffer Buffer, int Dimension)> Dims { get; init; }
    /// <summary>Free variables that stand for strides of parameters, in elements, each with its parameter and dimension: the body has them once indices are flat. A parameter
    /// of which none is listed is contiguous.</summary>
    public ImmutableArray<(Var Variable, Buffer Buffer, int Dimension)> Strides { get; init; } = [];
    /// <summary>Temporaries that outlive one nest, in workspace memory.</summary>
    public required ImmutableArray<Buffer> Temporaries { get; init; }
    public ImmutableArray<CheckMessage> Messages { get; init; } = [];
    /// <summary>A block with one nest a stage, in order of evaluation.</summary>
    public required Stmt Body { get; init; }

    /// <summary>The same function for a device.</summary>
    public LoopFunction On(string device) => new()
    {
        Name = Name, Target = device, Parameters = Parameters, Dims = Dims, Strides = Strides, Temporaries = Temporaries, Messages = Messages, Body = Body,
    };

    /// <summary>Returns this function when nothing changed.</summary>
    public LoopFunction With(Stmt? body = null, ImmutableArray<Buffer>? temporaries = null, ImmutableArray<CheckMessage>? messages = null)
    {
        if ((body is null || ReferenceEquals(body, Body)) && (temporaries is null || temporaries.Value == Temporaries) && (messages is null || messages.Value == Messages))
            return this;
        return new()
        {
            Name = Name, Target = Target, Parameters = Parameters, Dims = Dims, Strides = Strides,
            Temporaries = temporaries ?? Temporaries, Messages = messages ?? Messages, Body = body ?? Body,
        };
    }
}

/// <summary>Functions of one compilation, host and device apart, at one level.</summary>
public sealed class LoopModule(ImmutableArray<LoopFunction> functions, LoopLevel level)
{
    public ImmutableArray<LoopFunction> Functions { get; } = functions;
    public LoopLevel Level { get; } = level;

    /// <summary>Returns this module when nothing changed.</summary>
    public LoopModule With(ImmutableArray<LoopFunction> functions, LoopLevel? level = null)
    {
        bool same = functions.Length == Functions.Length && (level ?? Level) == Level;
        for (int i = 0; same && i < functions.Length; i++) same = ReferenceEquals(functions[i], Functions[i]);
        return same ? this : new(functions, level ?? Level);
    }

    /// <summary>Applies <paramref name="rewrite"/> to every function.</summary>
    public LoopModule Map(Func<LoopFunction, LoopFunction> rewrite, LoopLevel? level = null) => With([.. Functions.Select(rewrite)], level);
}
