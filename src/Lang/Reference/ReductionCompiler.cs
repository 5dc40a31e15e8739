using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Reference;

/// <summary>Reductions as loops in the order of their indices. An <c>exact</c> sum or product of floats rounds at each step; any other one
/// may be reassociated, so it is accumulated in double and rounded once, which is closer to the true value than any order of f32 steps.</summary>
internal sealed class ReductionCompiler(TermCompiler terms)
{
    /// <summary>Code for a reduction with one result.</summary>
    public Code Compile(ReduceTerm term)
    {
        if (term.Kind.KeepsIndex)
        {
            var search = CompileSearch(term);
            return new Code(ElementType.Int, f =>
            {
                Span<long> results = stackalloc long[1];
                search(f, results);
                return results[0];
            });
        }
        if (term.Reducer is { } reducer) return UserFold(term, reducer);
        return term.Type.IsFloat ? RealFold(term) : IntegerFold(term);
    }

    // A left fold in the order of the indices.
    private Code UserFold(ReduceTerm term, Reducer reducer)
    {
        var (fold, body, combine) = (Prepare(term), terms.Compile(term.Body).AsScalar(), Combiner(reducer));
        return Code.FromScalar(term.Type, f => fold.Run(f, reducer.Identity, (f, acc) => combine(f, acc, body(f))));
    }

    /// <summary>Code for the combination of two values.</summary>
    public Func<long[], Scalar, Scalar, Scalar> Combiner(Reducer reducer)
    {
        var (left, right) = (terms.SlotOf(reducer.Left), terms.SlotOf(reducer.Right));
        var combine = terms.Compile(reducer.Combine).AsScalar();
        return (f, a, b) =>
        {
            (f[left], f[right]) = (Bits(a), Bits(b));
            return combine(f);
        };
    }

    private static long Bits(Scalar value) => value.Type.IsFloat ? BitConverter.DoubleToInt64Bits(value.Real) : value.Integer;

    private Code RealFold(ReduceTerm term)
    {
        var (fold, type) = (Prepare(term), term.Type);
        var body = Body(term);
        double identity = ScalarMath.Identity(term.Kind, type).Real;
        return (term.Kind, type, term.IsExact) switch
        {
            (ReduceKind.Sum, ElementType.F32, true) => new(type, f => fold.Run(f, identity, (f, acc) => (float)(acc + body(f)))),
            (ReduceKind.Prod, ElementType.F32, true) => new(type, f => fold.Run(f, identity, (f, acc) => (float)(acc * body(f)))),
            (ReduceKind.Sum, ElementType.F32 or ElementType.F64, _) or (ReduceKind.Sum, _, false) => Rounded(type, Sum(fold, body)),
            (ReduceKind.Prod, ElementType.F32 or ElementType.F64, _) or (ReduceKind.Prod, _, false) => Rounded(type, f => fold.Run(f, identity, (f, acc) => acc * body(f))),
            _ => General(term, fold),
        };
    }

    // Most of the time goes into sums; without the delegate for the step they take half as long.
    private static RealCode Sum(Fold fold, RealCode body) => f =>
    {
        double acc = 0;
        Span<long> limits = stackalloc long[fold.Domain.Rank];
        long outerPoint = f[Frame.Point];
        for (bool more = fold.First(f, limits); more; more = fold.Next(f, limits)) acc += body(f);
        f[Frame.Point] = outerPoint;
        return acc;
    };

    private static Code Rounded(ElementType type, RealCode code) => type switch
    {
        ElementType.F32 => new(type, f => (float)code(f)),
        ElementType.F64 => new(type, code),
        _ => new(type, f => Scalar.Of(type, code(f)).Real),
    };

    // A product of small floats under a sum that may be reassociated is not rounded: the sum is one of f32.
    private RealCode Body(ReduceTerm term)
    {
        if (term is not { Kind: ReduceKind.Sum, IsExact: false, Type.IsSmallFloat: true, Body: BinaryTerm { Op: BinaryOp.Mul } product }) return terms.Compile(term.Body).Real;
        var (a, b) = (terms.Compile(product.Left).Real, terms.Compile(product.Right).Real);
        return f => a(f) * b(f);
    }

    private Code IntegerFold(ReduceTerm term)
    {
        var (fold, type) = (Prepare(term), term.Type);
        var body = terms.Compile(term.Body).Integer;
        // Wrapping at the end gives what wrapping at each step does.
        return term.Kind switch
        {
            ReduceKind.Sum => new Code(type, f => Scalar.Of(type, fold.Run(f, 0L, (f, acc) => unchecked(acc + body(f)))).Integer),
            ReduceKind.Prod => new Code(type, f => Scalar.Of(type, fold.Run(f, 1L, (f, acc) => unchecked(acc * body(f)))).Integer),
            _ => General(term, fold),
        };
    }

    private Code General(ReduceTerm term, Fold fold)
    {
        var (identity, combine, body) = (ScalarMath.Identity(term.Kind, term.Type), ScalarMath.Combiner(term.Kind), terms.Compile(term.Body).AsScalar());
        return Code.FromScalar(term.Type, f => fold.Run(f, identity, (f, acc) => ScalarMath.Apply(combine, acc, body(f))));
    }

    /// <summary>Code for <c>argmax argmin max_at min_at</c>: writes the results in order, a float value as its bits. The first NaN wins, else
    /// the first of the best.</summary>
    public Action<long[], Span<long>> CompileSearch(ReduceTerm term)
    {
        var fold = Prepare(term);
        var body = terms.Compile(term.Body).AsScalar();
        bool isMax = term.Kind is ReduceKind.ArgMax or ReduceKind.MaxAt;
        bool givesValue = term.Kind is ReduceKind.MaxAt or ReduceKind.MinAt;
        var better = isMax ? BinaryOp.Gt : BinaryOp.Lt;
        var identity = ScalarMath.Identity(term.Kind, term.Body.Type);
        return (f, results) =>
        {
            // Over an empty range (refused where it can be proved) the value is the identity and the indices are 0.
            var best = identity;
            bool isFirst = true;
            long[] at = new long[fold.Domain.Rank];
            fold.Run(f, 0, (f, acc) =>
            {
                var value = body(f);
                bool takes = isFirst || (!IsNan(best) && (IsNan(value) || ScalarMath.Apply(better, value, best).IsTrue));
                if (!takes) return acc;
                (best, isFirst) = (value, false);
                for (int d = 0; d < at.Length; d++) at[d] = f[fold.Domain.Slots[d]];
                return acc;
            });
            if (givesValue) results[0] = best.Integer;
            at.CopyTo(givesValue ? results[1..] : results);
        };
    }

    private static bool IsNan(Scalar value) => value.Type.IsFloat && double.IsNaN(value.Real);

    private Fold Prepare(ReduceTerm term) =>
        new(terms.Domain(term.Indices), term.Condition is null ? null : terms.Integer(term.Condition));

    private sealed record Fold(IterationDomain Domain, IntegerCode? Condition)
    {
        /// <summary>Goes to the first point where the condition holds.</summary>
        public bool First(long[] frame, Span<long> limits) => Domain.First(frame, limits) && (Holds(frame) || Next(frame, limits));

        /// <summary>Goes to the next point where the condition holds.</summary>
        public bool Next(long[] frame, Span<long> limits)
        {
            while (Domain.Next(frame, limits))
                if (Holds(frame)) return true;
            return false;
        }

        private bool Holds(long[] frame) => Condition is null || Condition(frame) != 0;

        /// <summary>The left fold of <paramref name="step"/> over the points where the condition holds.</summary>
        public T Run<T>(long[] frame, T identity, Func<long[], T, T> step)
        {
            T acc = identity;
            Span<long> limits = stackalloc long[Domain.Rank];
            long outerPoint = frame[Frame.Point];
            for (bool more = First(frame, limits); more; more = Next(frame, limits)) acc = step(frame, acc);
            frame[Frame.Point] = outerPoint;
            return acc;
        }
    }
}
