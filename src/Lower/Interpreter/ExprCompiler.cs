using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Interpreter;

/// <summary>Turns expressions into closures over a <see cref="Frame"/>: one value, or one per lane.</summary>
internal sealed class ExprCompiler(IValueDomain usual)
{
    // What is compiled now keeps it.
    private IValueDomain _domain = usual;

    private readonly Dictionary<Var, int> _slots = [];
    private readonly Dictionary<Ir.Buffer, int> _buffers = [];

    public int SlotCount { get; private set; }
    public int BufferCount => _buffers.Count;

    public int Bind(Var v)
    {
        if (_slots.TryGetValue(v, out int slot)) return slot;
        slot = SlotCount;
        _slots.Add(v, slot);
        SlotCount += v.Type.Lanes;
        return slot;
    }

    public int Declare(Ir.Buffer b)
    {
        if (!_buffers.TryGetValue(b, out int slot)) _buffers.Add(b, slot = _buffers.Count);
        return slot;
    }

    public int SlotOf(Var v) => _slots.TryGetValue(v, out int slot) ? slot : throw new InterpreterFaultException(FaultKind.BadCall, $"`{v.Name}` is not bound");
    public int SlotOf(Ir.Buffer b) => _buffers.TryGetValue(b, out int slot) ? slot : throw new InterpreterFaultException(FaultKind.BadCall, $"`{b.Name}` is not declared");

    /// <summary>Compiles something with another domain.</summary>
    public T With<T>(IValueDomain domain, Func<T> compile)
    {
        var outer = _domain;
        _domain = domain;
        try { return compile(); }
        finally { _domain = outer; }
    }

    /// <summary>An expression of one lane.</summary>
    public Func<Frame, long> Scalar(Expr e)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (e)
        {
            case IntImm or FloatImm:
                long constant = Constant(e);
                return _ => constant;
            case Var v:
                int slot = SlotOf(v);
                return f => f.Slots[slot];
            case Binary b:
                var (apply, left, right) = (Function(b.Op, b.Left.Type.Element, b), Scalar(b.Left), Scalar(b.Right));
                return f => apply(left(f), right(f));
            case Unary u:
                var (negate, operand) = (Function(u), Scalar(u.Operand));
                return f => negate(operand(f));
            case Call c:
                var (call, arguments) = (Function(c), c.Arguments.Select(Scalar).ToArray());
                return f =>
                {
                    Span<long> values = stackalloc long[arguments.Length];
                    for (int i = 0; i < values.Length; i++) values[i] = arguments[i](f);
                    return call(values);
                };
            case Cast c:
                var (cast, from) = (Function(c), Scalar(c.Operand));
                return f => cast(from(f));
            case Select s:
                var (condition, then, @else) = (Scalar(s.Condition), Scalar(s.Then), Scalar(s.Else));
                return f =>
                {
                    var (t, x) = (then(f), @else(f));
                    return condition(f) != 0 ? t : x;
                };
            case Load l:
                var (indices, predicate) = (l.Indices.Select(Scalar).ToArray(), l.Predicate is null ? null : Scalar(l.Predicate));
                int buffer = SlotOf(l.Buffer);
                long zero = Zero(l.Type.Element);
                return f =>
                {
                    if (predicate is not null && predicate(f) == 0) return zero;
                    Span<long> at = stackalloc long[indices.Length];
                    for (int i = 0; i < at.Length; i++) at[i] = indices[i](f);
                    var memory = f.Buffers[buffer] ?? throw new InterpreterFaultException(FaultKind.BadCall, $"`{l.Buffer.Name}` is not allocated here", l.ToString());
                    return memory.Read(memory.PositionOf(at, l), f.Who, l);
                };
            case LaneReduce r:
                var (vector, combine) = (Vector(r.Vector), Function(r.Op, r.Vector.Type.Element, r));
                return f =>
                {
                    long[] lanes = vector(f);
                    long result = lanes[0];
                    for (int i = 1; i < lanes.Length; i++) result = combine(result, lanes[i]);
                    return result;
                };
            case Let l:
                var store = LetValue(l);
                var body = Scalar(l.Body);
                return f =>
                {
                    store(f);
                    return body(f);
                };
            default:
                var one = Vector(e);
                return f => one(f)[0];
        }
    }

    /// <summary>An expression of any number of lanes.</summary>
    public Func<Frame, long[]> Vector(Expr e)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        int lanes = e.Type.Lanes;
        switch (e)
        {
            case Ramp r:
                var (start, stride) = (Scalar(r.Base), Scalar(r.Stride));
                var element = r.Type.Element;
                return f =>
                {
                    var (x, s) = (start(f), stride(f));
                    return Fill(lanes, i => Core.Scalar.Of(element, unchecked(x + s * i)).Integer);
                };
            case Broadcast b:
                var value = Scalar(b.Value);
                return f =>
                {
                    var result = new long[lanes];
                    Array.Fill(result, value(f));
                    return result;
                };
            case var _ when lanes == 1:
                var scalar = Scalar(e);
                return f => [scalar(f)];
            case Var v:
                int slot = SlotOf(v);
                return f => f.Slots[slot..(slot + lanes)];
            case Binary b:
                var (apply, left, right) = (Function(b.Op, b.Left.Type.Element, b), Vector(b.Left), Vector(b.Right));
                bool divides = !b.Left.Type.Element.IsFloat && b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod;
                return f =>
                {
                    var (x, y, active) = (left(f), right(f), divides && f.Active is { } a && a.Length == lanes ? f.Active : null);
                    return Fill(lanes, i => active is not null && !active[i] && y[i] == 0 ? 0 : apply(x[i], y[i]));
                };
            case Unary u:
                var (negate, operand) = (Function(u), Vector(u.Operand));
                return f => Array.ConvertAll(operand(f), x => negate(x));
            case Call c:
                var (call, arguments) = (Function(c), c.Arguments.Select(Vector).ToArray());
                return f =>
                {
                    var values = Array.ConvertAll(arguments, a => a(f));
                    return Fill(lanes, i =>
                    {
                        Span<long> at = stackalloc long[values.Length];
                        for (int k = 0; k < at.Length; k++) at[k] = values[k][i];
                        return call(at);
                    });
                };
            case Cast c:
                var (cast, from) = (Function(c), Vector(c.Operand));
                return f => Array.ConvertAll(from(f), x => cast(x));
            case Select s:
                var (condition, then, @else) = (Vector(s.Condition), Vector(s.Then), Vector(s.Else));
                return f =>
                {
                    var (t, x, chosen) = (then(f), @else(f), condition(f));
                    return Fill(lanes, i => chosen[i] != 0 ? t[i] : x[i]);
                };
            case Load l:
                return VectorLoad(l);
            case Let l:
                var store = LetValue(l);
                var body = Vector(l.Body);
                return f =>
                {
                    store(f);
                    return body(f);
                };
            default:
                throw new CompilerBugException("loop interpreter", $"{e.GetType().Name} of {lanes} lanes");
        }
    }

    /// <summary>Evaluates a let's value into its variable.</summary>
    public Action<Frame> LetValue(Var variable, Expr value)
    {
        if (variable.Type.Lanes == 1)
        {
            var scalar = Scalar(value);
            int to = Bind(variable);
            return f => f.Slots[to] = scalar(f);
        }
        var vector = Vector(value);
        int slot = Bind(variable);
        return f => vector(f).CopyTo(f.Slots, slot);
    }

    private Action<Frame> LetValue(Let l) => LetValue(l.Variable, l.Value);

    private Func<Frame, long[]> VectorLoad(Load l)
    {
        int lanes = l.Type.Lanes, buffer = SlotOf(l.Buffer);
        var (indices, predicate) = (l.Indices.Select(Vector).ToArray(), l.Predicate is null ? null : Vector(l.Predicate));
        long zero = Zero(l.Type.Element);
        return f =>
        {
            var (at, active) = (Array.ConvertAll(indices, i => i(f)), predicate?.Invoke(f));
            var memory = f.Buffers[buffer] ?? throw new InterpreterFaultException(FaultKind.BadCall, $"`{l.Buffer.Name}` is not allocated here", l.ToString());
            return Fill(lanes, lane => IsActive(active, lane) ? memory.Read(PositionOf(memory, at, lane, l), f.Who, l) : zero);
        };
    }

    internal static bool IsActive(long[]? predicate, int lane) => predicate is null || predicate[predicate.Length == 1 ? 0 : lane] != 0;

    /// <summary>The element that a lane of an access names; indices of one lane are shared by all.</summary>
    internal static int PositionOf(Memory memory, long[][] indices, int lane, object node)
    {
        Span<long> at = stackalloc long[indices.Length];
        for (int d = 0; d < at.Length; d++) at[d] = indices[d][indices[d].Length == 1 ? 0 : lane];
        return memory.PositionOf(at, node);
    }

    private static long[] Fill(int lanes, Func<int, long> lane)
    {
        var result = new long[lanes];
        for (int i = 0; i < lanes; i++) result[i] = lane(i);
        return result;
    }

    private long Constant(Expr e) => e is IntImm i ? Core.Scalar.Of(i.Type.Element, i.Value).Integer : _domain.FromScalar(Core.Scalar.Of(e.Type.Element, ((FloatImm)e).Value));

    private long Zero(ElementType type) => type.IsFloat ? _domain.FromScalar(Core.Scalar.Of(type, 0.0)) : 0;

    private Func<long, long, long> Function(BinaryOp op, ElementType type, Expr node)
    {
        var domain = _domain;
        if (type.IsFloat) return op.IsComparison ? (a, b) => domain.Compare(op, type, a, b) ? 1 : 0 : (a, b) => domain.Apply(op, type, a, b);
        bool divides = op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod;
        return (type, op) switch
        {
            (ElementType.I64, BinaryOp.Add) => (a, b) => unchecked(a + b),
            (ElementType.I64, BinaryOp.Mul) => (a, b) => unchecked(a * b),
            (ElementType.I64, BinaryOp.Lt) => (a, b) => a < b ? 1 : 0,
            _ => (a, b) => divides && b == 0
                ? throw new InterpreterFaultException(FaultKind.DivisionByZero, "divides by zero", node.ToString())
                : ScalarMath.Apply(op, Core.Scalar.Of(type, a), Core.Scalar.Of(type, b)).Integer,
        };
    }

    private Func<long, long> Function(Unary u)
    {
        var (op, type, domain) = (u.Op, u.Type.Element, _domain);
        return type.IsFloat ? a => domain.Negate(type, a) : a => ScalarMath.Apply(op, Core.Scalar.Of(type, a)).Integer;
    }

    private delegate long Intrinsics(ReadOnlySpan<long> arguments);

    private Intrinsics Function(Call c)
    {
        var (function, type, domain) = (c.Function, c.Arguments[0].Type.Element, _domain);
        if (type.IsFloat) return function is Intrinsic.IsNan ? a => domain.IsNan(type, a[0]) ? 1 : 0 : a => domain.Apply(function, type, a);
        return a =>
        {
            var values = new Core.Scalar[a.Length];
            for (int i = 0; i < values.Length; i++) values[i] = Core.Scalar.Of(type, a[i]);
            return ScalarMath.Apply(function, values).Integer;
        };
    }

    private Func<long, long> Function(Cast c)
    {
        var (kind, from, to, domain) = (c.Kind, c.Operand.Type.Element, c.Type.Element, _domain);
        return from.IsFloat || to.IsFloat ? a => domain.Cast(kind, from, to, a) : a => ScalarMath.Cast(kind, to, Core.Scalar.Of(from, a)).Integer;
    }
}
