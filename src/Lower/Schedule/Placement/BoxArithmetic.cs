using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

namespace Tx.Lower.Schedule.Placement;

/// <summary>Arithmetic of boxes at a place of a nest: ends of index expressions while inner loops run, which of two ends is lower, how long a box can get.</summary>
internal sealed class BoxArithmetic
{
    private const int MaxSplits = 6;

    private readonly RangeContext _ranges = new();
    // Conditions that are assumed now.
    private int _splits;
    private readonly ImmutableArray<For> _around;

    /// <param name="dims">Sizes, which are not negative.</param>
    /// <param name="around">The loops around the place, outermost first.</param>
    public BoxArithmetic(IEnumerable<Var> dims, ImmutableArray<For> around)
    {
        _around = around;
        foreach (var d in dims) _ranges.Bind(d, ConstInterval.NonNegative);
        foreach (var l in around) _ranges.BindLoop(l.Variable, l.Min, l.Extent);
    }

    public Expr Simplify(Expr e) => Simplifier.Simplify(e, _ranges);

    /// <summary>The expression where more is known.</summary>
    public Expr SimplifyUnder(Expr e, params ReadOnlySpan<Expr> conditions)
    {
        int mark = _ranges.Mark();
        foreach (var c in conditions) _ranges.Assume(c);
        var result = Simplifier.Simplify(e, _ranges);
        _ranges.Release(mark);
        return result;
    }

    public bool Proves(Expr condition, params ReadOnlySpan<Expr> under)
    {
        int mark = _ranges.Mark();
        foreach (var c in under) _ranges.Assume(c);
        bool holds = _ranges.Proves(Simplifier.Simplify(condition, _ranges));
        _ranges.Release(mark);
        return holds;
    }

    /// <summary>The lowest or highest value (one that is not passed, where it is not exact) while inner loops run; null where it is not known.</summary>
    /// <param name="inner">Outermost first.</param>
    public Expr? End(Expr e, ImmutableArray<For> inner, bool isHigh)
    {
        Expr? end = e;
        for (int n = inner.Length - 1; n >= 0 && end is not null; n--)
        {
            var l = inner[n];
            end = End(end, l.Variable, l.Min, l.Min + Positive(l.Extent) - 1, isHigh);
        }
        return end is null ? null : Simplify(end);
    }

    // Of a loop that does not run, any end is right.
    private static Expr Positive(Expr extent) =>
        extent is Binary { Op: BinaryOp.Max } b ? b.Left.IsConstant(0) ? b.Right : b.Right.IsConstant(0) ? b.Left : extent : extent;

    private Expr? End(Expr e, Var v, Expr low, Expr high, bool isHigh)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        if (ReferenceEquals(e, v)) return isHigh ? high : low;
        if (!e.UsesVar(v)) return e;
        if (e.Type != IrType.Index) return null;
        if (LinearForm.Of(e) is { } form && !(form is { Terms: [var only], Constant: 0 } && ReferenceEquals(only.Key, e)))
        {
            Expr sum = Expr.Index(form.Constant);
            foreach (var (atom, k) in form.Terms)
            {
                if (End(atom, v, low, high, isHigh == k > 0) is not { } end) return null;
                sum += end * k;
            }
            return sum;
        }
        switch (e)
        {
            case Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 } c } b: return End(b.Left, v, low, high, isHigh) is { } q ? q / c : null;
            case Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 } c }: return Expr.Index(isHigh ? c.Value - 1 : 0);
            case Binary { Op: BinaryOp.Min or BinaryOp.Max } b:
                var (x, y) = (End(b.Left, v, low, high, isHigh), End(b.Right, v, low, high, isHigh));
                // One side alone still bounds a minimum from above and a maximum from below.
                return x is not null && y is not null ? Expr.Make(b.Op, x, y) : b.Op is BinaryOp.Min == isHigh ? x ?? y : null;
            case Binary { Op: BinaryOp.Mul } b:
                var (factor, other) = b.Left.UsesVar(v) ? (b.Right, b.Left) : (b.Left, b.Right);
                return !factor.UsesVar(v) && _ranges.IntervalOf(factor).Min >= 0 && End(other, v, low, high, isHigh) is { } scaled ? scaled * factor : null;
            case Select s:
                if (End(s.Then, v, low, high, isHigh) is not { } then || End(s.Else, v, low, high, isHigh) is not { } @else) return null;
                return !s.Condition.UsesVar(v) ? Expr.If(s.Condition, then, @else) : isHigh ? Greater(then, @else) : Lower(then, @else);
            default: return null;
        }
    }

    public Expr Lower(Expr a, Expr b) => _ranges.Decide(BinaryOp.Le, a, b) == true ? a : _ranges.Decide(BinaryOp.Le, b, a) == true ? b : Expr.Min(a, b);
    public Expr Greater(Expr a, Expr b) => _ranges.Decide(BinaryOp.Ge, a, b) == true ? a : _ranges.Decide(BinaryOp.Ge, b, a) == true ? b : Expr.Max(a, b);

    /// <summary>How many indices lie between two ends, at most, over dimensions alone; null where it is not known.</summary>
    /// <param name="isTight">It is not more than the loops around make it.</param>
    public Expr? Length(Expr low, Expr high, out bool isTight)
    {
        (var difference, isTight) = Difference(high, low);
        if (difference is null) return null;
        var length = Simplifier.Simplify(difference + 1);
        return length is IntImm n ? Expr.Index(Math.Max(0, n.Value)) : ProvesOfDims(length >= 0) ? length : Expr.Max(Expr.Index(0), length);
    }

    private bool ProvesOfDims(Expr condition) => _ranges.Proves(condition);

    // An upper end of a - b.
    private (Expr? Difference, bool IsTight) Difference(Expr a, Expr b)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        if (LinearForm.Of(a) is { } x && LinearForm.Of(b) is { } y && x.Minus(y) is { IsConstant: true } d) return (Expr.Index(d.Constant), true);
        if (_splits < MaxSplits && (FirstSelect(a) ?? FirstSelect(b)) is { } choice)
        {
            _splits++;
            var either = Larger(DifferenceUnder(choice.Condition, With(a, choice, choice.Then), With(b, choice, choice.Then)),
                DifferenceUnder(Expr.Not(choice.Condition), With(a, choice, choice.Else), With(b, choice, choice.Else)));
            _splits--;
            return (either, false);
        }
        switch (a, b)
        {
            // Clamped in the same way, two indices do not get further apart.
            case (Binary { Op: BinaryOp.Min or BinaryOp.Max } s, Binary t) when s.Op == t.Op && Shared(s, t) is var (left, right):
                var (inside, isTight) = Difference(left, right);
                return (Larger(inside, Expr.Index(0)), isTight);
            case (Binary { Op: BinaryOp.Max } s, _): return Both(Difference(s.Left, b), Difference(s.Right, b));
            case (_, Binary { Op: BinaryOp.Min } t): return Both(Difference(a, t.Left), Difference(a, t.Right));
            case (Binary { Op: BinaryOp.Min } s, _) when Either(Difference(s.Left, b), Difference(s.Right, b)) is { Difference: not null } either: return either;
            case (_, Binary { Op: BinaryOp.Max } t) when Either(Difference(a, t.Left), Difference(a, t.Right)) is { Difference: not null } either: return either;
        }
        var end = End(LinearForm.Of(a - b)?.ToExpr() ?? a - b, _around, isHigh: true);
        return end is null || end.UsesAny(v => _around.Any(l => ReferenceEquals(l.Variable, v))) ? (null, false) : (end, IsOfDims(a - b));
    }

    private static Select? FirstSelect(Expr e) => e as Select ?? LinearForm.Of(e)?.Terms.Select(t => t.Key).OfType<Select>().FirstOrDefault();

    private static Expr With(Expr e, Select choice, Expr chosen) =>
        LinearForm.Of(e) is { } form && LinearForm.Of(chosen) is { } value && form.Replace(choice, value) is { } replaced ? replaced.ToExpr() : e;

    // With what the condition says of the loops around.
    private Expr? DifferenceUnder(Expr condition, Expr a, Expr b)
    {
        int mark = _ranges.Mark();
        _ranges.Assume(condition);
        var difference = Difference(Simplifier.Simplify(a, _ranges), Simplifier.Simplify(b, _ranges)).Difference;
        _ranges.Release(mark);
        return difference;
    }

    private bool IsOfDims(Expr e) => LinearForm.Of(e) is { } f && !f.Terms.Any(t => t.Key.UsesAny(v => _around.Any(l => ReferenceEquals(l.Variable, v))));

    private static (Expr, Expr)? Shared(Binary s, Binary t) =>
        StructuralComparer.Equal(s.Right, t.Right) ? (s.Left, t.Left) : StructuralComparer.Equal(s.Left, t.Left) ? (s.Right, t.Right)
        : StructuralComparer.Equal(s.Left, t.Right) ? (s.Right, t.Left) : StructuralComparer.Equal(s.Right, t.Left) ? (s.Left, t.Right) : null;

    private static Expr? Larger(Expr? a, Expr? b) => a is null || b is null ? null : Expr.Max(a, b);
    private static (Expr?, bool) Both((Expr? Difference, bool IsTight) a, (Expr? Difference, bool IsTight) b) => (Larger(a.Difference, b.Difference), a.IsTight && b.IsTight);

    private static (Expr? Difference, bool IsTight) Either((Expr? Difference, bool IsTight) a, (Expr? Difference, bool IsTight) b) =>
        a.Difference is null ? b : b.Difference is null ? a : a is (IntImm x, _) && b is (IntImm y, _) ? x.Value <= y.Value ? a : b : a.IsTight ? a : b;
}
