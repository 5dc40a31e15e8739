using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Interpreter;

/// <summary>Turns statements into closures. What synchronises (barrier, push, pop) becomes a coroutine, so that a scheduler can interleave agents
/// there; everything else runs through.</summary>
internal sealed partial class StmtCompiler(ExprCompiler expressions, bool flat, IValueDomain? ordered = null)
{
    private readonly Dictionary<Stmt, bool> _synchronises = new(ReferenceEqualityComparer.Instance);

    /// <summary>A statement without synchronisation.</summary>
    public Action<Frame> Plain(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (s)
        {
            case Block b:
                var all = b.Statements.Select(Plain).ToArray();
                return f => { foreach (var one in all) one(f); };
            case For { Kind: LoopKind.Serial or LoopKind.Vectorized or LoopKind.Unrolled } l:
                var (min, extent, slot) = Loop(l);
                var body = Plain(l.Body);
                return f =>
                {
                    long start = min(f), end = start + extent(f);
                    for (long i = start; i < end; i++)
                    {
                        f.Machine.Step();
                        f.Slots[slot] = i;
                        body(f);
                    }
                };
            case For l: return PlainFork(l);
            case If i:
                var (condition, then, @else) = (expressions.Scalar(i.Condition), Plain(i.Then), i.Else is null ? null : Plain(i.Else));
                return f => { if (condition(f) != 0) then(f); else @else?.Invoke(f); };
            case Store t: return Store(t);
            case LetStmt l:
                var (let, rest) = (expressions.LetValue(l.Variable, l.Value), Plain(l.Body));
                return f => { let(f); rest(f); };
            case Allocate a:
                var (allocate, inside) = (Allocation(a.Buffer), Plain(a.Body));
                return f => { allocate(f); inside(f); };
            case Check c:
                var (holds, values) = (expressions.Scalar(c.Condition), c.Values.Select(expressions.Scalar).ToArray());
                return f => { if (holds(f) == 0) throw new CheckFailedException(c.Message, Array.ConvertAll(values, v => v(f))); };
            case Effect { Kind: EffectKind.Copy } x: return Copy(x);
            case Effect { Kind: EffectKind.Prefetch } x: return Prefetch(x);
            case Effect { Kind: EffectKind.Fence }: return f => f.Streamed.Clear();
            case Effect: return _ => { };
            case Instance i:
                var (enter, main) = (Domain(i), Inside(i, () => Plain(i.Body)));
                return f => { if (enter(f)) main(f); };
            case InstructionCall c: return Plain(c.Body);
            case Launch l: return Start(l);
            default: throw new CompilerBugException("loop interpreter", s.GetType().Name);
        }
    }

    public bool Synchronises(Stmt s)
    {
        if (_synchronises.TryGetValue(s, out bool known)) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        bool result = s switch
        {
            Effect x => x.Kind is EffectKind.Barrier or EffectKind.Push or EffectKind.Pop,
            Block b => b.Statements.Any(Synchronises),
            For l => Synchronises(l.Body),
            If i => Synchronises(i.Then) || i.Else is not null && Synchronises(i.Else),
            LetStmt l => Synchronises(l.Body),
            Allocate a => Synchronises(a.Body),
            Instance i => Synchronises(i.Body),
            _ => false,
        };
        _synchronises.Add(s, result);
        return result;
    }

    private (Func<Frame, long> Min, Func<Frame, long> Extent, int Slot) Loop(For l) =>
        (expressions.Scalar(l.Min), expressions.Scalar(l.Extent), expressions.Bind(l.Variable));

    private Action<Frame> Store(Store t)
    {
        int buffer = expressions.SlotOf(t.Buffer), lanes = Math.Max(t.Value.Type.Lanes, Load.LanesOf(t.Indices));
        var (indices, value, predicate) = (t.Indices.Select(expressions.Vector).ToArray(), expressions.Vector(t.Value), t.Predicate is null ? null : expressions.Vector(t.Predicate));
        return f =>
        {
            f.Machine.Step();
            var at = Array.ConvertAll(indices, i => i(f));
            long[]? mask = predicate?.Invoke(f);
            if (t.NonTemporal) f.Streamed.Add(t.Buffer);
            if (mask is not null)
            {
                var active = new bool[lanes];
                for (int lane = 0; lane < lanes; lane++) active[lane] = ExprCompiler.IsActive(mask, lane);
                if (!active.Contains(true)) return;
                f.Active = active;
            }
            long[] values = value(f);
            f.Active = null;
            var memory = f.Buffers[buffer] ?? throw new InterpreterFaultException(FaultKind.BadCall, $"`{t.Buffer.Name}` is not allocated here", t.ToString());
            for (int lane = 0; lane < lanes; lane++)
                if (ExprCompiler.IsActive(mask, lane))
                    memory.Write(ExprCompiler.PositionOf(memory, at, lane, t), values[values.Length == 1 ? 0 : lane], f.Who, t);
        };
    }

    /// <summary>The extents in which the interpreter keeps a buffer: logical ones, one physical one once storage is flat.</summary>
    internal Func<Frame, long[]> Extents(Ir.Buffer b)
    {
        if (flat && b.Layout is { } layout)
        {
            var physical = layout.PhysicalShape.Select(expressions.Scalar).ToArray();
            return f => [Product(Array.ConvertAll(physical, e => e(f)))];
        }
        var extents = b.Shape.Select(expressions.Scalar).ToArray();
        return flat ? f => [Product(Array.ConvertAll(extents, e => e(f)))] : f => Array.ConvertAll(extents, e => e(f));
    }

    private static long Product(long[] extents)
    {
        Int128 count = 1;
        foreach (long n in extents) count = Int128.Min(count * Math.Max(0, n), long.MaxValue);
        return (long)count;
    }

    private Action<Frame> Allocation(Ir.Buffer b)
    {
        var (slot, extents) = (expressions.Declare(b), Extents(b));
        return f => f.Buffers[slot] = new Memory(b, extents(f), initialised: false);
    }

    // Destination, source; first the destination's indices, then the source's, then the extents of the last dimensions.
    private Action<Frame> Copy(Effect x)
    {
        var (to, from) = (x.Buffers[0], x.Buffers[1]);
        int rankTo = flat ? 1 : to.Shape.Length, rankFrom = flat ? 1 : from.Shape.Length;
        var arguments = x.Arguments.Select(expressions.Scalar).ToArray();
        var (target, source) = (expressions.SlotOf(to), expressions.SlotOf(from));
        return f =>
        {
            long[] values = Array.ConvertAll(arguments, a => a(f));
            var (start, origin, extents) = (values[..rankTo], values[rankTo..(rankTo + rankFrom)], values[(rankTo + rankFrom)..]);
            if (extents.Any(n => n <= 0)) return;
            var (destination, sources) = (f.Buffers[target]!, f.Buffers[source]!);
            var point = new long[extents.Length];
            do
            {
                f.Machine.Step();
                destination.Write(destination.PositionOf(Offset(start, point), x), sources.Read(sources.PositionOf(Offset(origin, point), x), f.Who, x), f.Who, x);
            }
            while (Next(point, extents));
        };
    }

    // It reads nothing, but its address is an element's. A buffer without elements has none.
    private Action<Frame> Prefetch(Effect x)
    {
        var indices = x.Arguments.Select(expressions.Scalar).ToArray();
        int buffer = expressions.SlotOf(x.Buffers[0]);
        return f =>
        {
            f.Machine.Step();
            long[] at = Array.ConvertAll(indices, i => i(f));
            if (f.Buffers[buffer] is { Values.Length: > 0 } memory) memory.PositionOf(at, x);
        };
    }

    private static long[] Offset(long[] start, long[] point)
    {
        var at = (long[])start.Clone();
        for (int d = 1; d <= Math.Min(at.Length, point.Length); d++) at[^d] += point[^d];
        return at;
    }

    private static bool Next(long[] point, long[] extents)
    {
        for (int d = point.Length - 1; d >= 0; d--)
        {
            if (++point[d] < extents[d]) return true;
            point[d] = 0;
        }
        return false;
    }

    // Binds the iteration variables; false outside the domain.
    private T Inside<T>(Instance i, Func<T> compile) => i.Reassociate || ordered is null ? compile() : expressions.With(ordered, compile);

    private Func<Frame, bool> Domain(Instance i)
    {
        if (i.Init is not null) throw new CompilerBugException("loop interpreter", $"{i.Name} has its start inside");
        var bindings = i.Iterations.Select(it => expressions.Scalar(it.Binding)).ToArray();
        var slots = i.Iterations.Select(it => expressions.Bind(it.Variable)).ToArray();
        var ranges = i.Iterations.Select(it => (Start: expressions.Scalar(it.Start), End: expressions.Scalar(it.End))).ToArray();
        return f =>
        {
            f.Machine.Step();
            for (int k = 0; k < slots.Length; k++) f.Slots[slots[k]] = bindings[k](f);
            for (int k = 0; k < slots.Length; k++)
            {
                long value = f.Slots[slots[k]];
                if (value < ranges[k].Start(f) || value >= ranges[k].End(f)) return false;
            }
            return true;
        };
    }

    private Action<Frame> Start(Launch l)
    {
        int[] buffers = [.. l.Buffers.Select(expressions.SlotOf)];
        return f =>
        {
            if (!f.Machine.Kernels.TryGetValue(l.Function, out var kernel)) throw new InterpreterFaultException(FaultKind.BadCall, $"no function `{l.Function}`", l.ToString());
            kernel.Run(f.Machine, Array.ConvertAll(buffers, b => f.Buffers[b]!), f.Who);
        };
    }
}
