using System.Collections.Immutable;
using Tx.Backends.Entry;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Runtime;

namespace Tx.Build;

/// <summary>What must hold of the sizes of a call as steps of a size program: the operator's <c>require</c>s, what no proof decides for all sizes, and that tensors and
/// indices fit in 64 bits. A condition over indices is decided by intervals: it may refuse sizes that are fine, and never admits others.</summary>
internal sealed class SizeConditions
{
    private readonly ImmutableArray<SizeStep>.Builder _steps;
    private readonly Dictionary<SizeStep, int> _known = [];
    private readonly Dictionary<DimSymbol, int> _dims = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<IndexSymbol, Interval> _ranges = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableArray<SizeCondition>.Builder _conditions = ImmutableArray.CreateBuilder<SizeCondition>();

    /// <summary>The steps of the least and the greatest value.</summary>
    private readonly record struct Interval(int Low, int High);

    /// <summary>A condition cannot be written as steps.</summary>
    private sealed class InexpressibleException(Term term) : Exception(Terms.Print(term));

    private SizeConditions(Operator op, SizeProgram program)
    {
        _steps = program.Steps.ToBuilder();
        for (int i = 0; i < _steps.Count; i++) _known.TryAdd(_steps[i], i);
        for (int d = 0; d < op.Dims.Length; d++) _dims.Add(op.Dims[d], d);
    }

    /// <summary>Adds the conditions to the program of a kernel for all sizes.</summary>
    /// <param name="maxBytes">No tensor is larger.</param>
    /// <exception cref="DiagnosticException">TX4085: one cannot be checked without the prover.</exception>
    public static (SizeProgram, ImmutableArray<SizeCondition>) Add(Operator op, OperatorReport report, SymbolicSizes sizes, long maxBytes)
    {
        var all = new SizeConditions(op, sizes.Values);
        foreach (var require in op.Requires) all.Add(op, require, () => all.Truth(require), $"these sizes break `require {Terms.Print(require)}`");
        foreach (var d in report.Deferred)
            all.Add(op, d.Obligation.Condition, () => all.HoldsFor(d.Obligation), d.Read is { } read ? $"for these sizes `{Terms.Print(read)}` may lie outside" : $"for these sizes `{Terms.Print(d.Obligation.Condition)}` may not hold");
        foreach (var term in OperatorChecker.MayOverflow(op, maxBytes))
            all.Add(op, term, () => all.Fits(all.Range(term)), $"for these sizes `{Terms.Print(term)}` may not fit in 64 bits");
        foreach (var t in op.Stages.SelectMany(s => s.Tensors).Where(t => t.Role is TensorRole.Intermediate && t.Rank > 0))
            all.Add(op, t.Shape[0], () => all.IsBelow(t, maxBytes), $"`{t.Name}` would be too large for these sizes");
        return (new(all._steps.ToImmutable()), all._conditions.ToImmutable());
    }

    private void Add(Operator op, Term term, Func<int> condition, string text)
    {
        try { _conditions.Add(new(condition(), text)); }
        catch (InexpressibleException e)
        {
            throw new DiagnosticException(BuildDiagnostics.NeedsSizes, term.Span ?? op.Span, op.Name, Terms.Print(term), e.Message);
        }
    }

    private int Step(SizeStep step)
    {
        if (_known.TryGetValue(step, out int at)) return at;
        _steps.Add(step);
        return _known[step] = _steps.Count - 1;
    }

    private int Number(long value) => Step(new ConstantSize(value));
    private int And(int a, int b) => Choose(a, b, Number(0));
    private int Or(int a, int b) => Choose(a, Number(1), b);

    private int Apply(BinaryOp op, int a, int b) =>
        _steps[a] is ConstantSize && _steps[b] is ConstantSize && new SizeProgram([_steps[a], _steps[b], new BinarySize(op, 0, 1)]).Evaluate([])[2] is { } known ? Number(known) : Step(new BinarySize(op, a, b));

    private int Choose(int condition, int then, int @else) =>
        _steps[condition] is ConstantSize c ? c.Value != 0 ? then : @else
        : then == @else ? then
        : _steps[then] is ConstantSize { Value: 1 } && _steps[@else] is ConstantSize { Value: 0 } ? condition : Step(new SelectedSize(condition, then, @else));

    /// <summary>A number over dimensions.</summary>
    private int Value(Term term)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        return term switch
        {
            ConstTerm c when c.Type.IsInteger => Number(c.Value.Integer),
            DimTerm d => Step(new DimensionSize(_dims[d.Dim])),
            UnaryTerm { Type: ElementType.Int, Op: UnaryOp.Neg or UnaryOp.BitNot } u => Step(new UnarySize(u.Op, Value(u.Operand))),
            IntrinsicTerm { Type: ElementType.Int, Function: Intrinsic.Abs } f => Step(new AbsoluteSize(Value(f.Arguments[0]))),
            CastTerm { Kind: CastKind.Convert } c when c.Type.IsInteger && c.Operand.Type.IsInteger => Step(new ConvertedSize(c.Type is ElementType.Int ? ElementType.I64 : c.Type, Value(c.Operand))),
            SelectTerm { Type: ElementType.Int } s => Choose(Truth(s.Condition), Value(s.Then), Value(s.Else)),
            BinaryTerm { Type: ElementType.Int } b => Apply(b.Op, Value(b.Left), Value(b.Right)),
            _ => throw new InexpressibleException(term),
        };
    }

    /// <summary>A condition over dimensions: 1 or 0.</summary>
    private int Truth(Term term)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        return term switch
        {
            ConstTerm { Type: ElementType.Bool } c => Number(c.Value.IsTrue ? 1 : 0),
            UnaryTerm { Op: UnaryOp.Not } u => Step(new UnarySize(UnaryOp.Not, Truth(u.Operand))),
            LogicalTerm l => l.IsAnd ? And(Truth(l.Left), Truth(l.Right)) : Or(Truth(l.Left), Truth(l.Right)),
            SelectTerm s => Choose(Truth(s.Condition), Truth(s.Then), Truth(s.Else)),
            BinaryTerm b when b.Left.Type is ElementType.Bool => Apply(b.Op, Truth(b.Left), Truth(b.Right)),
            BinaryTerm { Op.IsComparison: true } b => Apply(b.Op, Value(b.Left), Value(b.Right)),
            _ => throw new InexpressibleException(term),
        };
    }

    /// <summary>An obligation holds where no index of its scope has a value, or where it holds for all of them.</summary>
    private int HoldsFor(Obligation o)
    {
        int holds = HoldsForAll(o.Condition, [.. o.Scope.Where(i => Count(i) is not null)]);
        foreach (var index in o.Scope)
        {
            var (start, end) = (Range(index.Start), Range(index.End));
            holds = Or(Apply(BinaryOp.Le, end.High, start.Low), holds);
        }
        return holds;
    }

    // Indices over a few numbers take them one after another: a condition such as `i == 0 || i == 1` is about each.
    private int HoldsForAll(Term condition, ImmutableArray<IndexSymbol> few)
    {
        long cases = few.Aggregate(1L, (n, i) => n * Count(i)!.Value);
        if (cases is 0 or > MaxCases) return Holds(condition);
        int all = Number(1);
        for (long n = 0; n < cases; n++)
        {
            long rest = n;
            foreach (var index in few)
            {
                (rest, long at) = Math.DivRem(rest, Count(index)!.Value);
                _ranges[index] = Of(Number(((ConstTerm)index.Start).Value.Integer + at));
            }
            all = And(all, Holds(condition));
        }
        foreach (var index in few) _ranges.Remove(index);
        return all;
    }

    private const long MaxCases = 64;

    private static long? Count(IndexSymbol i) => i.Start is ConstTerm start && i.End is ConstTerm end && end.Value.Integer - start.Value.Integer is var n and > 0 and <= 16 ? n : null;

    /// <summary>1 only where a condition holds for all values of the indices in it.</summary>
    private int Holds(Term term)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case LogicalTerm l: return l.IsAnd ? And(Holds(l.Left), Holds(l.Right)) : Or(Holds(l.Left), Holds(l.Right));
            case ConstTerm { Type: ElementType.Bool } c: return Number(c.Value.IsTrue ? 1 : 0);
            case UnaryTerm { Op: UnaryOp.Not, Operand: BinaryTerm { Op.IsComparison: true } b } when b.Left.Type is ElementType.Int: return Compare(Opposite(b.Op), b);
            case BinaryTerm { Op.IsComparison: true } b when b.Left.Type is ElementType.Int: return Compare(b.Op, b);
            default: return Truth(term);
        }
    }

    private int Compare(BinaryOp op, BinaryTerm b)
    {
        // What both sides hold alike does not count.
        if (Same(b.Left, b.Right)) return Number(op is BinaryOp.Eq or BinaryOp.Le or BinaryOp.Ge ? 1 : 0);
        var (x, y) = (Range(b.Left), Range(b.Right));
        return op switch
        {
            BinaryOp.Lt => Apply(BinaryOp.Lt, x.High, y.Low),
            BinaryOp.Le => Apply(BinaryOp.Le, x.High, y.Low),
            BinaryOp.Gt => Apply(BinaryOp.Gt, x.Low, y.High),
            BinaryOp.Ge => Apply(BinaryOp.Ge, x.Low, y.High),
            BinaryOp.Ne => Or(Apply(BinaryOp.Lt, x.High, y.Low), Apply(BinaryOp.Gt, x.Low, y.High)),
            _ => And(And(Apply(BinaryOp.Eq, x.Low, x.High), Apply(BinaryOp.Eq, y.Low, y.High)), Apply(BinaryOp.Eq, x.Low, y.Low)),
        };
    }

    private static bool Same(Term a, Term b) => ReferenceEquals(a, b) || Terms.Print(a) == Terms.Print(b);

    private static BinaryOp Opposite(BinaryOp op) => op switch
    {
        BinaryOp.Lt => BinaryOp.Ge, BinaryOp.Le => BinaryOp.Gt, BinaryOp.Gt => BinaryOp.Le, BinaryOp.Ge => BinaryOp.Lt, BinaryOp.Eq => BinaryOp.Ne, _ => BinaryOp.Eq,
    };

    /// <summary>An interval that holds every value of a number over dimensions and indices.</summary>
    private Interval Range(Term term)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm or DimTerm: return Of(Value(term));
            case IndexTerm i:
                if (_ranges.TryGetValue(i.Index, out var known)) return known;
                return _ranges[i.Index] = new(Range(i.Index.Start).Low, Apply(BinaryOp.Sub, Range(i.Index.End).High, Number(1)));
            case UnaryTerm { Type: ElementType.Int, Op: UnaryOp.Neg } u: return Range(u.Operand) is var x ? new(Negative(x.High), Negative(x.Low)) : default;
            case SelectTerm { Type: ElementType.Int } s: return Hull(Range(s.Then), Range(s.Else));
            case IntrinsicTerm { Type: ElementType.Int, Function: Intrinsic.Abs } f:
                var a = Range(f.Arguments[0]);
                return new(Number(0), Apply(BinaryOp.Max, Step(new AbsoluteSize(a.Low)), Step(new AbsoluteSize(a.High))));
            case CastTerm { Kind: CastKind.Convert, Type: ElementType.Int } c when c.Operand.Type is ElementType.Int: return Range(c.Operand);
            // Data: any value of its type.
            case CastTerm { Kind: CastKind.Convert, Type: ElementType.Int } c when c.Operand.Type.IsInteger && c.Operand.Type is not (ElementType.U64 or ElementType.I64): return new(Number((long)c.Operand.Type.MinValue), Number((long)c.Operand.Type.MaxValue));
            case BinaryTerm { Type: ElementType.Int } b: return Range(b, Range(b.Left), Range(b.Right));
            default: throw new InexpressibleException(term);
        }
    }

    private Interval Range(BinaryTerm b, Interval x, Interval y)
    {
        switch (b.Op)
        {
            case BinaryOp.Add or BinaryOp.Min or BinaryOp.Max: return new(Apply(b.Op, x.Low, y.Low), Apply(b.Op, x.High, y.High));
            case BinaryOp.Sub: return new(Apply(b.Op, x.Low, y.High), Apply(b.Op, x.High, y.Low));
            case BinaryOp.Mul:
                int[] products = [Apply(b.Op, x.Low, y.Low), Apply(b.Op, x.Low, y.High), Apply(b.Op, x.High, y.Low), Apply(b.Op, x.High, y.High)];
                return new(products.Distinct().Aggregate((p, q) => Apply(BinaryOp.Min, p, q)), products.Distinct().Aggregate((p, q) => Apply(BinaryOp.Max, p, q)));
            // By a positive number that is the same everywhere.
            case BinaryOp.Div or BinaryOp.TruncDiv when y.Low == y.High: return new(Positive(y.Low, Apply(b.Op, x.Low, y.Low)), Positive(y.Low, Apply(b.Op, x.High, y.Low)));
            case BinaryOp.Mod when y.Low == y.High: return new(Positive(y.Low, Number(0)), Positive(y.Low, Apply(BinaryOp.Sub, y.Low, Number(1))));
            default: return x.Low == x.High && y.Low == y.High ? Of(Apply(b.Op, x.Low, y.Low)) : throw new InexpressibleException(b);
        }
    }

    /// <summary>A value where a divisor is positive; else none.</summary>
    private int Positive(int divisor, int value) =>
        _steps[divisor] is ConstantSize { Value: > 0 } ? value : Choose(Apply(BinaryOp.Gt, divisor, Number(0)), value, Apply(BinaryOp.Div, Number(1), Number(0)));

    private Interval Of(int step) => new(step, step);
    private int Negative(int step) => Step(new UnarySize(UnaryOp.Neg, step));
    private Interval Hull(Interval x, Interval y) => new(Apply(BinaryOp.Min, x.Low, y.Low), Apply(BinaryOp.Max, x.High, y.High));

    /// <summary>1 where both ends are numbers of 64 bits; elsewhere it is none itself.</summary>
    private int Fits(Interval x) => And(Apply(BinaryOp.Le, x.Low, x.Low), Apply(BinaryOp.Le, x.High, x.High));

    private int IsBelow(TensorSymbol tensor, long maxBytes)
    {
        int count = tensor.Shape.Select(e => Apply(BinaryOp.Max, Number(1), Value(e))).Aggregate((a, b) => Apply(BinaryOp.Mul, a, b));
        return Apply(BinaryOp.Le, count, Number(maxBytes / tensor.Type.Bytes));
    }
}
