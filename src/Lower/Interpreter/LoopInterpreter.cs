using System.Collections.Immutable;
using System.Diagnostics;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Lower.Interpreter;

/// <summary>How to run a nest.</summary>
/// <param name="Seed">Decides the order of agents.</param>
/// <param name="Domain">Null: <see cref="NumericDomain"/>.</param>
/// <param name="MaxSteps">Loop iterations and stores before the run is given up.</param>
/// <param name="Level">Null: decided by the number of indices of the accesses.</param>
public sealed record InterpreterOptions(int Seed = 0, IValueDomain? Domain = null, long MaxSteps = 100_000_000, LoopLevel? Level = null)
{
    /// <summary>For instances that keep the order of their operations (<see cref="Instance.Reassociate"/>), with values that <see cref="Domain"/> understands. Null: the same domain.</summary>
    public IValueDomain? OrderedDomain { get; init; }
    /// <summary>A time of <see cref="Stopwatch.GetTimestamp"/> at which the run is given up; null: never.</summary>
    public long? Deadline { get; init; }
}

/// <summary>A check that failed, with the values that go into its message.</summary>
public sealed record FailedCheck(CheckMessage Message, ImmutableArray<long> Values);

/// <summary>The outputs in the order of the parameters, or the check that ended the run.</summary>
/// <param name="Outputs">As numbers.</param>
/// <param name="Values">As the domain's own values, exact, row-major.</param>
public sealed record RunResult(ImmutableArray<DenseArray> Outputs, ImmutableArray<long[]> Values, FailedCheck? Check);

/// <summary>Runs a loop function at any level, slowly and with every rule of the IR enforced: bounds, initialisation, one writer at a time. Parallel,
/// bound and virtual loops run as agents in an order decided by the seed; vectorized and unrolled loops run in order. An <see cref="Instance"/> is executed
/// where all its iteration variables lie in their ranges; an <see cref="Instance.Init"/> is the instance that <see cref="DecomposeReductions"/> makes of it.</summary>
public static class LoopInterpreter
{
    /// <param name="inputs">The input parameters, in order.</param>
    /// <param name="dims">Dimensions by name, for those that no input has; others are read off the inputs.</param>
    /// <exception cref="InterpreterFaultException">The function breaks a rule.</exception>
    public static RunResult Run(LoopFunction f, ImmutableArray<DenseArray> inputs, IReadOnlyDictionary<string, long>? dims = null, InterpreterOptions? options = null) =>
        Run(f, [], inputs, dims, options ?? new());

    /// <summary>Runs one function of a module; the others can be launched from it.</summary>
    public static RunResult Run(LoopModule m, string function, ImmutableArray<DenseArray> inputs, IReadOnlyDictionary<string, long>? dims = null, InterpreterOptions? options = null) =>
        Run(m.Functions.First(f => f.Name == function), m.Functions, inputs, dims, (options ?? new()) with { Level = m.Level });

    private static RunResult Run(LoopFunction f, ImmutableArray<LoopFunction> all, ImmutableArray<DenseArray> inputs, IReadOnlyDictionary<string, long>? dims, InterpreterOptions options)
    {
        var domain = options.Domain ?? NumericDomain.Instance;
        var kernels = all.Where(k => k.Name != f.Name).ToDictionary(k => k.Name, k => new Kernel(k, domain, options.Level, options.OrderedDomain), StringComparer.Ordinal);
        var machine = new Machine(domain, options.Seed, options.MaxSteps, options.Deadline, kernels);
        var kernel = new Kernel(f, domain, options.Level, options.OrderedDomain);
        try
        {
            return kernel.Run(machine, inputs, dims ?? new Dictionary<string, long>());
        }
        catch (CheckFailedException failed)
        {
            var message = failed.Index < f.Messages.Length ? f.Messages[failed.Index] : new CheckMessage("", $"check {failed.Index}", null);
            return new([], [], new(message, [.. failed.Values]));
        }
    }
}

/// <summary>A function compiled to closures.</summary>
internal sealed class Kernel
{
    private readonly LoopFunction _function;
    private readonly ExprCompiler _expressions;
    private readonly Func<Frame, IEnumerable<Wait>> _body;
    private readonly (Ir.Buffer Buffer, int Slot, Func<Frame, long[]> Logical, Func<Frame, long[]> Stored, Func<Frame, long[], long[]>? Place)[] _buffers;
    private readonly (Var Variable, int Slot, int Parameter, int Dimension)[] _dims;
    private readonly (int Slot, int Parameter, int Dimension)[] _strides;
    // The extents of parameters whose elements are packed.
    private readonly Dictionary<Ir.Buffer, Func<Frame, long>[]> _packed;

    public Kernel(LoopFunction f, IValueDomain domain, LoopLevel? level, IValueDomain? ordered = null)
    {
        f = DecomposeReductions.Run(f);
        bool flat = level is { } known ? known is LoopLevel.Flat : HasFlatAccess(f);
        _function = f;
        _expressions = new(domain);
        var statements = new StmtCompiler(_expressions, flat, ordered ?? domain);
        _dims = [.. f.Dims.Select(d => (d.Variable, _expressions.Bind(d.Variable), f.Parameters.IndexOf(d.Buffer), d.Dimension))];
        _strides = [.. f.Strides.Select(s => (_expressions.Bind(s.Variable), f.Parameters.IndexOf(s.Buffer), s.Dimension))];
        _buffers = [.. f.Parameters.Concat(f.Temporaries).Select(b =>
        {
            var extents = b.Shape.Select(_expressions.Scalar).ToArray();
            return (b, _expressions.Declare(b), new Func<Frame, long[]>(x => Array.ConvertAll(extents, e => e(x))), statements.Extents(b), flat ? Placement(b) : null);
        })];
        _packed = f.Parameters.Where(b => b.Packed is not null).ToDictionary(b => b, b => b.Packed!.Shape.Select(_expressions.Scalar).ToArray());
        _body = statements.Coroutine(f.Body);
    }

    public RunResult Run(Machine machine, ImmutableArray<DenseArray> inputs, IReadOnlyDictionary<string, long> dims)
    {
        var frame = NewFrame(machine, Segment.Root);
        int count = _function.Parameters.Count(p => p.Role is BufferRole.Input);
        if (inputs.Length != count) throw new InterpreterFaultException(FaultKind.BadCall, $"{inputs.Length} inputs for {count} parameters");
        var arrays = new DenseArray?[_buffers.Length];
        for (int p = 0, i = 0; p < _function.Parameters.Length; p++)
            if (_function.Parameters[p].Role is BufferRole.Input) arrays[p] = inputs[i++];
        foreach (var (v, slot, parameter, dimension) in _dims)
            frame.Slots[slot] = dims.TryGetValue(v.Name, out long n) ? n
                : parameter >= 0 && arrays[parameter] is { } a ? a.Shape[dimension]
                : throw new InterpreterFaultException(FaultKind.BadCall, $"the dimension `{v.Name}` has no value");
        for (int p = 0; p < _buffers.Length; p++) frame.Buffers[_buffers[p].Slot] = Load(p, arrays[p], frame);

        Run(machine, frame);

        var outputs = Enumerable.Range(0, _function.Parameters.Length).Where(p => _function.Parameters[p].Role is BufferRole.Output).Select(p => Unload(p, frame)).ToArray();
        return new([.. outputs.Select(o => o.Array)], [.. outputs.Select(o => o.Values)], null);
    }

    /// <summary>Called by a launch: the buffers stand for the parameters.</summary>
    public void Run(Machine machine, Memory[] buffers, Segment who)
    {
        var frame = NewFrame(machine, who);
        if (buffers.Length != _function.Parameters.Length) throw new InterpreterFaultException(FaultKind.BadCall, $"{buffers.Length} buffers for {_function.Parameters.Length} parameters of `{_function.Name}`");
        foreach (var (_, slot, parameter, dimension) in _dims) frame.Slots[slot] = buffers[parameter].Shape[dimension];
        for (int p = 0; p < _buffers.Length; p++)
            frame.Buffers[_buffers[p].Slot] = p < buffers.Length ? buffers[p] : new Memory(_buffers[p].Buffer, _buffers[p].Stored(frame), initialised: false);
        Run(machine, frame);
    }

    private Frame NewFrame(Machine machine, Segment who) => new(machine, new long[_expressions.SlotCount], new Memory?[_expressions.BufferCount], who);

    private void Run(Machine machine, Frame frame)
    {
        // Its own memory is contiguous.
        foreach (var (slot, parameter, dimension) in _strides)
            frame.Slots[slot] = _buffers[parameter].Logical(frame).Skip(dimension + 1).Aggregate(1L, (stride, n) => stride * Math.Max(1, n));
        long progress = -1;
        foreach (var _ in _body(frame))
        {
            if (machine.Progress == progress) throw new InterpreterFaultException(FaultKind.Deadlock, "every agent waits for a token", _function.Name);
            progress = machine.Progress;
        }
        frame.RequireFence();
    }

    private Memory Load(int index, DenseArray? array, Frame frame)
    {
        var (buffer, _, logical, stored, place) = _buffers[index];
        var memory = new Memory(buffer, stored(frame), initialised: array is not null);
        if (array is null) return memory;
        long[] shape = logical(frame);
        if (_packed.ContainsKey(buffer) && array.Type == buffer.TensorType) array = PackedRows.ToBytes(array);
        if (array.Type != buffer.Type || !array.Shape.AsSpan().SequenceEqual(shape))
            throw new InterpreterFaultException(FaultKind.BadCall, $"`{buffer.Name}` is {buffer.Type.Name}[{string.Join(", ", shape)}], the argument is {array.Type.Name}[{string.Join(", ", array.Shape)}]");
        for (long i = 0; i < array.Count; i++)
            memory.Values[Position(i, shape, memory, place, frame)] = buffer.Type.IsFloat ? frame.Machine.Domain.FromScalar(array[i]) : array[i].Integer;
        return memory;
    }

    private (DenseArray Array, long[] Values) Unload(int index, Frame frame)
    {
        var (buffer, slot, logical, _, place) = _buffers[index];
        var memory = frame.Buffers[slot]!;
        if (place is null) memory.RequireWritten();
        long[] shape = logical(frame);
        var array = new DenseArray(buffer.Type, [.. shape]);
        var values = new long[array.Count];
        for (long i = 0; i < values.Length; i++)
        {
            values[i] = memory.Read(Position(i, shape, memory, place, frame), Segment.Root, "the result");
            array[i] = buffer.Type.IsFloat ? frame.Machine.Domain.ToScalar(buffer.Type, values[i]) : Scalar.Of(buffer.Type, values[i]);
        }
        if (!_packed.TryGetValue(buffer, out var extents)) return (array, values);
        var elements = PackedRows.FromBytes(buffer.TensorType, [.. extents.Select(e => e(frame))], array);
        return (elements, [.. Enumerable.Range(0, (int)elements.Count).Select(i => elements[i].Integer)]);
    }

    // Row-major order unless a layout places the element elsewhere.
    private static int Position(long logical, long[] shape, Memory memory, Func<Frame, long[], long[]>? place, Frame frame)
    {
        if (place is null) return (int)logical;
        var indices = new long[shape.Length];
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            indices[d] = logical % shape[d];
            logical /= shape[d];
        }
        return memory.PositionOf(place(frame, indices), "layout");
    }

    private Func<Frame, long[], long[]>? Placement(Ir.Buffer b)
    {
        if (b.Layout is not { } layout) return null;
        var axes = layout.Axes.Select(_expressions.Bind).ToArray();
        var (indices, extents) = (layout.PhysicalIndices.Select(_expressions.Scalar).ToArray(), layout.PhysicalShape.Select(_expressions.Scalar).ToArray());
        return (f, at) =>
        {
            for (int a = 0; a < axes.Length; a++) f.Slots[axes[a]] = at[a];
            long p = 0;
            for (int d = 0; d < indices.Length; d++) p = p * extents[d](f) + indices[d](f);
            return [p];
        };
    }

    private static bool HasFlatAccess(LoopFunction f)
    {
        var finder = new FlatAccess();
        finder.Visit(f.Body);
        return finder.Found;
    }

    private sealed class FlatAccess : Walker
    {
        public bool Found { get; private set; }

        public override void Visit(Expr e)
        {
            if (e is Load l && l.Indices.Length != l.Buffer.Shape.Length) Found = true;
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t && t.Indices.Length != t.Buffer.Shape.Length) Found = true;
            base.Visit(s);
        }
    }
}
