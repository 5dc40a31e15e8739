using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary>What is known at a place of a nest: the ranges of the variables in scope and the conditions on the path. Grows and shrinks like a stack
/// (<see cref="Mark"/>, <see cref="Release"/>). Index arithmetic (over loop variables, dimensions and constants) does not overflow; <c>i64</c> values that
/// come from memory may, so nothing is concluded from sums of them. An <c>i64</c> variable that was not bound here counts as an index.</summary>
public sealed partial class RangeContext
{
    private readonly record struct Bound(ConstInterval Constant, LinearForm? Low, LinearForm? High, int Order);

    private readonly Dictionary<Var, Bound> _bounds = [];
    private readonly HashSet<Var> _data = [];
    // Variables that lie in 0 .. limit.
    private readonly Dictionary<Var, Expr> _limits = [];
    private readonly List<LinearForm> _facts = [];
    private readonly Stack<Action> _undo = new();
    private readonly Dictionary<Expr, ConstInterval> _intervals = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expr, bool> _isIndex = new(ReferenceEqualityComparer.Instance);

    /// <summary>Changes whenever something is learned or forgotten.</summary>
    public int Version { get; private set; }

    public int Mark() => _undo.Count;

    /// <summary>Forgets what was learned since <paramref name="mark"/>.</summary>
    public void Release(int mark)
    {
        if (_undo.Count == mark) return;
        while (_undo.Count > mark) _undo.Pop()();
        Changed();
    }

    /// <summary>A variable between two constants.</summary>
    public void Bind(Var v, ConstInterval range) => Bind(v, range, null, null);

    /// <summary>A loop's variable: <c>min ≤ v &lt; min + extent</c>.</summary>
    public void BindLoop(Var v, Expr min, Expr extent)
    {
        var low = FormOf(min);
        var high = low is null || FormOf(extent) is not { } n ? null : low.Plus(n)?.Plus(-1);
        Bind(v, Between(low, high), low, high);
        if (min.IsConstant(0)) Limit(v, extent);
    }

    /// <summary><c>start ≤ v &lt; end</c>.</summary>
    public void BindRange(Var v, Expr start, Expr end)
    {
        var (low, high) = (FormOf(start), FormOf(end)?.Plus(-1));
        Bind(v, Between(low, high), low, high);
    }

    /// <summary>A let's variable. A value from memory gives a variable about which only its type is known.</summary>
    public void BindValue(Var v, Expr value)
    {
        if (v.Type.Element is not ElementType.I64) return;
        if (!IsIndex(value))
        {
            if (_data.Add(v)) _undo.Push(() => _data.Remove(v));
            Changed();
            return;
        }
        if (PartLimit(value) is { } limit)
        {
            BindLoop(v, IntImm.Index(0), limit);
            return;
        }
        var form = value.Type.Lanes == 1 ? FormOf(value) : null;
        Bind(v, IntervalOf(value), form, form);
        if (value is Var w && _limits.TryGetValue(w, out var same)) Limit(v, same);
    }

    // Of 0 ≤ x < a·b, both factors extents of loops: x / b lies in 0 .. a, and x % b in 0 .. b.
    private Expr? PartLimit(Expr value)
    {
        if (value is not Binary { Op: BinaryOp.Div or BinaryOp.Mod, Left: Var x } b || !_limits.TryGetValue(x, out var whole) || whole is not Binary { Op: BinaryOp.Mul } product) return null;
        var other = StructuralComparer.Equal(product.Right, b.Right) ? product.Left : StructuralComparer.Equal(product.Left, b.Right) ? product.Right : null;
        return other is null ? null : b.Op is BinaryOp.Div ? other : b.Right;
    }

    private void Limit(Var v, Expr limit)
    {
        if (_limits.TryGetValue(v, out var before)) _undo.Push(() => _limits[v] = before);
        else _undo.Push(() => _limits.Remove(v));
        _limits[v] = limit;
    }

    /// <summary>Takes a condition as true (or false) from here on. Conjunctions are taken apart; what is not a comparison of indices teaches nothing.</summary>
    public void Assume(Expr condition, bool holds = true)
    {
        switch (condition)
        {
            case Unary { Op: UnaryOp.Not } u: Assume(u.Operand, !holds); break;
            case Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b when holds: Assume(b.Left); Assume(b.Right); break;
            case Binary { Op: BinaryOp.Or, Type.Element: ElementType.Bool } b when !holds: Assume(b.Left, false); Assume(b.Right, false); break;
            case Binary { Op.IsComparison: true } b when IsIndexComparison(b):
                if (FormOf(b.Left) is not { } left || FormOf(b.Right) is not { } right) break;
                var op = holds ? b.Op : b.Op.Negated;
                if (op is BinaryOp.Lt) AddFact(right.Minus(left)?.Plus(-1));
                if (op is BinaryOp.Le or BinaryOp.Eq) AddFact(right.Minus(left));
                if (op is BinaryOp.Gt) AddFact(left.Minus(right)?.Plus(-1));
                if (op is BinaryOp.Ge or BinaryOp.Eq) AddFact(left.Minus(right));
                break;
        }
    }

    internal static bool IsScalarIndex(Expr e) => e.Type == IrType.Index;

    /// <summary>A comparison of two index values of one lane.</summary>
    public bool IsIndexComparison(Binary b) => b.Op.IsComparison && IsScalarIndex(b.Left) && IsIndex(b.Left) && IsIndex(b.Right);

    /// <summary>True for arithmetic over loop variables, dimensions and constants: it does not overflow.</summary>
    public bool IsIndex(Expr e)
    {
        if (e.Type.Element is not ElementType.I64) return false;
        switch (e)
        {
            case IntImm: return true;
            case Var v: return !_data.Contains(v);
            case Load or Cast or Call or LaneReduce or Let: return false;
        }
        if (_isIndex.TryGetValue(e, out bool known)) return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        bool result = e switch
        {
            Binary { Op: <= BinaryOp.Mod or BinaryOp.Min or BinaryOp.Max } b => IsIndex(b.Left) && IsIndex(b.Right),
            Unary { Op: UnaryOp.Neg } u => IsIndex(u.Operand),
            Select s => IsIndex(s.Then) && IsIndex(s.Else),
            Ramp r => IsIndex(r.Base) && IsIndex(r.Stride),
            Broadcast b => IsIndex(b.Value),
            _ => false,
        };
        _isIndex.Add(e, result);
        return result;
    }

    /// <summary>Constants that every lane of an integer expression lies between.</summary>
    public ConstInterval IntervalOf(Expr e)
    {
        switch (e)
        {
            case IntImm i: return ConstInterval.Of(i.Value);
            case Var v: return _bounds.TryGetValue(v, out var b) ? b.Constant : ConstInterval.OfType(v.Type.Element);
        }
        if (!IsIndex(e)) return e is Cast { Kind: CastKind.Convert, Operand.Type.Element: { IsInteger: true, Bits: < 64 } from } && e.Type.Element is ElementType.I64
            ? ConstInterval.OfType(from) : ConstInterval.OfType(e.Type.Element);
        if (_intervals.TryGetValue(e, out var known)) return known;
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        var result = e switch
        {
            Binary { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul, Type.Lanes: 1 } b when FormOf(b) is { } form && !(form.Terms.Count == 1 && ReferenceEquals(form.Terms[0].Key, b)) => IntervalOf(form),
            Binary b => Combine(b.Op, IntervalOf(b.Left), IntervalOf(b.Right)),
            Unary u => -IntervalOf(u.Operand),
            Select s => IntervalOf(s.Then).Union(IntervalOf(s.Else)),
            Ramp r => IntervalOf(r.Base) + new ConstInterval(0, r.Type.Lanes - 1) * IntervalOf(r.Stride),
            Broadcast b => IntervalOf(b.Value),
            _ => ConstInterval.All,
        };
        _intervals[e] = result;
        return result;
    }

    public ConstInterval IntervalOf(LinearForm form)
    {
        var sum = ConstInterval.Of(form.Constant);
        foreach (var (atom, k) in form.Terms) sum += IntervalOf(atom) * ConstInterval.Of(k);
        return sum;
    }

    private static ConstInterval Combine(BinaryOp op, ConstInterval a, ConstInterval b) => op switch
    {
        BinaryOp.Add => a + b,
        BinaryOp.Sub => a - b,
        BinaryOp.Mul => a * b,
        BinaryOp.Div => a.FloorDiv(b),
        BinaryOp.Mod => a.FloorMod(b),
        BinaryOp.Min => a.LeastOf(b),
        BinaryOp.Max => a.GreatestOf(b),
        _ => ConstInterval.All,
    };

    private LinearForm? FormOf(Expr e) => IsScalarIndex(e) && IsIndex(e) ? LinearForm.Of(e) : null;

    private ConstInterval Between(LinearForm? low, LinearForm? high) =>
        new(low is null ? long.MinValue : IntervalOf(low).Min, high is null ? long.MaxValue : IntervalOf(high).Max);

    private void Bind(Var v, ConstInterval range, LinearForm? low, LinearForm? high)
    {
        Set(v, new(range, low, high, _bounds.Count));
        Changed();
    }

    private void Set(Var v, Bound bound)
    {
        if (_bounds.TryGetValue(v, out var before)) _undo.Push(() => _bounds[v] = before);
        else _undo.Push(() => _bounds.Remove(v));
        _bounds[v] = bound;
    }

    // A fact about one variable narrows its interval too.
    private void AddFact(LinearForm? form)
    {
        if (form is null || form.IsConstant) return;
        _facts.Add(form);
        _undo.Push(() => _facts.RemoveAt(_facts.Count - 1));
        if (form is { Terms: [{ Value: 1, Key: Binary atom }], Constant: < 0 }) AddFactOfParts(atom, form.Constant);
        if (form.Terms is [{ Key: Var v, Value: var k and not long.MinValue }] && form.Constant != long.MinValue)
        {
            var known = _bounds.TryGetValue(v, out var b) ? b : new Bound(ConstInterval.All, null, null, _bounds.Count);
            // k·v + c ≥ 0: v ≥ ⌈−c / k⌉ for k > 0, v ≤ ⌊c / −k⌋ for k < 0.
            var narrow = k > 0 ? new ConstInterval(-ScalarMath.FloorDiv(form.Constant, k), long.MaxValue) : new(long.MinValue, ScalarMath.FloorDiv(form.Constant, -k));
            if (known.Constant.Intersect(narrow) is var both && both != known.Constant) Set(v, known with { Constant = both });
        }
        Changed();
    }

    // a·b ≥ 1 with neither below 0: both are at least 1. max(a, k) ≥ c with k < c: a ≥ c.
    private void AddFactOfParts(Binary atom, long constant)
    {
        switch (atom.Op)
        {
            case BinaryOp.Mul when IntervalOf(atom.Left).Min >= 0 && IntervalOf(atom.Right).Min >= 0:
                AddFact(FormOf(atom.Left)?.Plus(-1));
                AddFact(FormOf(atom.Right)?.Plus(-1));
                break;
            case BinaryOp.Max when atom.Left is IntImm { Value: var k } && (Int128)k + constant < 0: AddFact(FormOf(atom.Right)?.Plus(constant)); break;
            case BinaryOp.Max when atom.Right is IntImm { Value: var k } && (Int128)k + constant < 0: AddFact(FormOf(atom.Left)?.Plus(constant)); break;
        }
    }

    private void Changed()
    {
        Version++;
        _intervals.Clear();
    }
}

/// <summary>Relations between comparison operators.</summary>
public static class Comparisons
{
    extension(BinaryOp op)
    {
        /// <summary>The comparison that holds where this one does not (integers; floats have NaN).</summary>
        public BinaryOp Negated => op switch
        {
            BinaryOp.Eq => BinaryOp.Ne, BinaryOp.Ne => BinaryOp.Eq, BinaryOp.Lt => BinaryOp.Ge, BinaryOp.Ge => BinaryOp.Lt,
            BinaryOp.Gt => BinaryOp.Le, BinaryOp.Le => BinaryOp.Gt, _ => op,
        };

        /// <summary>The comparison with its sides exchanged.</summary>
        public BinaryOp Mirrored => op switch
        {
            BinaryOp.Lt => BinaryOp.Gt, BinaryOp.Gt => BinaryOp.Lt, BinaryOp.Le => BinaryOp.Ge, BinaryOp.Ge => BinaryOp.Le, _ => op,
        };
    }
}
