using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>Where a node comes from: the equation's span and the directive (or pass) that made it.</summary>
public sealed record Origin(SourceSpan? Equation, string? Directive);

/// <summary>A loop-IR statement. Sealed subclasses, reference identity, structural hash fixed at construction.</summary>
public abstract class Stmt
{
    private protected Stmt(int hash, Origin? origin) => (Hash, Origin) = (hash, origin);
    internal int Hash { get; }
    public Origin? Origin { get; }
    public override string ToString() => IrPrinter.Print(this);
}

/// <summary>Statements one after another; never nested in itself, possibly empty.</summary>
public sealed class Block(ImmutableArray<Stmt> statements) : Stmt(HashOf(statements), null)
{
    public ImmutableArray<Stmt> Statements { get; } = statements;
    public static readonly Block Empty = new([]);

    /// <summary>Flattens nested blocks; one statement stays itself.</summary>
    public static Stmt Of(params IEnumerable<Stmt> statements)
    {
        var flat = ImmutableArray.CreateBuilder<Stmt>();
        foreach (var s in statements)
            if (s is Block b) flat.AddRange(b.Statements); else flat.Add(s);
        return flat.Count == 1 ? flat[0] : new Block(flat.ToImmutable());
    }

    private static int HashOf(ImmutableArray<Stmt> items)
    {
        int h = 20;
        foreach (var s in items) h = HashMix.Of(h, s.Hash);
        return h;
    }
}

/// <summary>What runs the iterations of a loop. All but <see cref="Serial"/> and <see cref="Parallel"/> are marks that a pass expands.</summary>
public enum LoopKind : byte { Serial, Parallel, Vectorized, Unrolled, Virtual, Bound }

/// <summary><c>for v in min .. min + extent</c>. <paramref name="axis"/> names the device axis of a <see cref="LoopKind.Bound"/> loop. <paramref name="lanes"/> is for a backend
/// whose own compiler makes vectors: how many iterations the schedule takes at once.</summary>
public sealed class For(Var variable, Expr min, Expr extent, LoopKind kind, Stmt body, string? axis = null, Origin? origin = null, int lanes = 1)
    : Stmt(HashMix.Of(21 + ((int)kind << 8) + (lanes << 16), HashMix.Of(variable.Hash, min.Hash, extent.Hash, body.Hash)), origin)
{
    public Var Variable { get; } = variable;
    public Expr Min { get; } = min;
    public Expr Extent { get; } = extent;
    public LoopKind Kind { get; } = kind;
    public Stmt Body { get; } = body;
    public string? Axis { get; } = axis;
    public int Lanes { get; } = lanes;

    /// <summary>The loop with other parts.</summary>
    public For With(Stmt body, Expr? min = null, Expr? extent = null, LoopKind? kind = null, Var? variable = null, int? lanes = null) =>
        new(variable ?? Variable, min ?? Min, extent ?? Extent, kind ?? Kind, body, Axis, Origin, lanes ?? Lanes);
}

public sealed class If(Expr condition, Stmt then, Stmt? @else = null, Origin? origin = null)
    : Stmt(HashMix.Of(22, condition.Hash, then.Hash, @else?.Hash ?? 0), origin)
{
    public Expr Condition { get; } = condition;
    public Stmt Then { get; } = then;
    public Stmt? Else { get; } = @else;
}

/// <summary>Writes a buffer; lanes whose <paramref name="predicate"/> is false are left alone. <paramref name="nonTemporal"/> streams past the caches.</summary>
public sealed class Store(Buffer buffer, ImmutableArray<Expr> indices, Expr value, Expr? predicate = null, bool nonTemporal = false, Origin? origin = null)
    : Stmt(HashMix.Of(23, HashMix.Of(buffer.GetHashCode(), HashMix.Of(24, indices)), value.Hash, predicate?.Hash ?? 0), origin)
{
    public Buffer Buffer { get; } = buffer;
    public ImmutableArray<Expr> Indices { get; } = indices;
    public Expr Value { get; } = value;
    public Expr? Predicate { get; } = predicate;
    public bool NonTemporal { get; } = nonTemporal;
}

/// <summary>Names a value for the statements below it.</summary>
public sealed class LetStmt(Var variable, Expr value, Stmt body, Origin? origin = null)
    : Stmt(HashMix.Of(25, variable.Hash, value.Hash, body.Hash), origin)
{
    public Var Variable { get; } = variable;
    public Expr Value { get; } = value;
    public Stmt Body { get; } = body;
}

/// <summary>A buffer that lives as long as <paramref name="body"/>; uninitialised. Every agent that runs it has its own.</summary>
public sealed class Allocate(Buffer buffer, Stmt body, Origin? origin = null) : Stmt(HashMix.Of(26, buffer.GetHashCode(), body.Hash), origin)
{
    public Buffer Buffer { get; } = buffer;
    public Stmt Body { get; } = body;
}

/// <summary>Ends the kernel with an error when <paramref name="condition"/> is false. <paramref name="message"/> indexes
/// <see cref="LoopFunction.Messages"/>; <paramref name="values"/> (index type) go into the error sink.</summary>
public sealed class Check(Expr condition, int message, ImmutableArray<Expr> values, Origin? origin = null)
    : Stmt(HashMix.Of(27 + (message << 8), condition.Hash, HashMix.Of(28, values)), origin)
{
    public Expr Condition { get; } = condition;
    public int Message { get; } = message;
    public ImmutableArray<Expr> Values { get; } = values;
}

/// <summary>Effects that are not stores. <see cref="Barrier"/> joins the agents of the innermost group of bound loops;
/// <see cref="Push"/> and <see cref="Pop"/> pass a token along a named queue; <see cref="Fence"/> makes streamed stores visible;
/// <see cref="Prefetch"/> asks for an element that is read later, and changes nothing.</summary>
public enum EffectKind : byte { Barrier, Copy, Push, Pop, Fence, Prefetch }

/// <summary><paramref name="name"/> is the queue or the scope; <see cref="EffectKind.Copy"/> has arguments in <paramref name="arguments"/>
/// and its buffers in <paramref name="buffers"/> (destination, source; then per buffer one index per dimension, then the extents); <see cref="EffectKind.Prefetch"/> has one buffer and the indices of an element.</summary>
public sealed class Effect(EffectKind kind, string name, ImmutableArray<Buffer> buffers, ImmutableArray<Expr> arguments, Origin? origin = null)
    : Stmt(HashMix.Of(29 + ((int)kind << 8), HashMix.Of(name), HashMix.Of(30, arguments)), origin)
{
    public EffectKind Kind { get; } = kind;
    public string Name { get; } = name;
    public ImmutableArray<Buffer> Buffers { get; } = buffers;
    public ImmutableArray<Expr> Arguments { get; } = arguments;
}

public enum IterKind : byte { Spatial, Reduction, Opaque }

/// <summary>One dimension of a statement instance's iteration domain: <paramref name="Variable"/> in <paramref name="Start"/> .. <paramref name="End"/>;
/// <paramref name="Binding"/> computes it from the loops around.</summary>
public sealed record IterVar(Var Variable, Expr Start, Expr End, IterKind Kind, Expr Binding);

/// <summary>A rectangle of a buffer: for each dimension its first index and its extent.</summary>
public sealed record Region(Buffer Buffer, ImmutableArray<Expr> Start, ImmutableArray<Expr> Extent);

/// <summary>A statement instance: one execution of an equation for one point of its domain. It holds until <c>LowerInstances</c>; legality and
/// placement work from it. Points outside the domain (a split's tail) are not executed. <see cref="Init"/> is short for an instance of its own over the
/// other iterations, just before the outermost loop that a reduction runs over: see <c>DecomposeReductions</c>.</summary>
/// <param name="name">The stage (or cache) that it computes; a schedule's handle.</param>
/// <param name="init">Over the iterations that do not reduce; null where there is nothing to start.</param>
/// <param name="body">Over <see cref="IterVar.Variable"/>s and constants only, not over loop variables.</param>
/// <param name="reassociate">The reduction may be done in any order and with fused multiply-add.</param>
public sealed class Instance(
    string name, ImmutableArray<IterVar> iterations, ImmutableArray<Region> reads, ImmutableArray<Region> writes, Stmt? init, Stmt body,
    bool reassociate, Origin? origin = null)
    : Stmt(HashOf(name, iterations, init, body), origin)
{
    public string Name { get; } = name;
    public ImmutableArray<IterVar> Iterations { get; } = iterations;
    public ImmutableArray<Region> Reads { get; } = reads;
    public ImmutableArray<Region> Writes { get; } = writes;
    public Stmt? Init { get; } = init;
    public Stmt Body { get; } = body;
    public bool Reassociate { get; } = reassociate;

    private static int HashOf(string name, ImmutableArray<IterVar> iterations, Stmt? init, Stmt body)
    {
        int h = HashMix.Of(31, HashMix.Of(name), init?.Hash ?? 0, body.Hash);
        foreach (var i in iterations) h = HashMix.Of(h, i.Variable.Hash, i.Binding.Hash, (int)i.Kind);
        return h;
    }
}

/// <summary>Starts a function of another target (a device kernel) from host code.</summary>
public sealed class Launch(string function, ImmutableArray<Buffer> buffers, ImmutableArray<Expr> grid, ImmutableArray<Expr> block, Origin? origin = null)
    : Stmt(HashMix.Of(32, HashMix.Of(function), HashMix.Of(33, grid), HashMix.Of(34, block)), origin)
{
    public string Function { get; } = function;
    public ImmutableArray<Buffer> Buffers { get; } = buffers;
    public ImmutableArray<Expr> Grid { get; } = grid;
    public ImmutableArray<Expr> Block { get; } = block;
}
