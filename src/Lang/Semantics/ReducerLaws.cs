using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;

namespace Tx.Lang.Semantics;

/// <summary>Tries the laws that a reduction relies on with values that are likely to break them: exactly for integers and <c>bool</c>, within
/// what rounding explains for floats.</summary>
internal static class ReducerLaws
{
    private static readonly ImmutableArray<double> Floats = [0, 1, -1, 0.5, 3.25, -7.5, 1e10, -1e10, double.PositiveInfinity, double.NegativeInfinity, double.NaN];

    /// <summary>The first law that is broken, with values that break it; null where none is.</summary>
    /// <param name="order">Try also whether the order may be changed.</param>
    public static Diagnostic? Check(Reducer reducer, bool order)
    {
        var terms = new TermCompiler(ImmutableDictionary<DimSymbol, long>.Empty, ImmutableDictionary<TensorSymbol, TensorValues>.Empty, new SharedTerms(), reducer.Name);
        var code = new ReductionCompiler(terms).Combiner(reducer);
        long[] frame = terms.NewFrame();
        ImmutableArray<Scalar> samples = [.. Samples(reducer.Type)];
        try
        {
            foreach (var a in samples)
            {
                if (Compare(Combine(reducer.Identity, a), a, [a], $"combine(identity, a)", "a") is { } left)
                    return Broken("left unchanged by its identity", "choose an identity for which `combine` gives the other value", left);
                if (Compare(Combine(a, reducer.Identity), a, [a], $"combine(a, identity)", "a") is { } right)
                    return Broken("left unchanged by its identity", "choose an identity for which `combine` gives the other value", right);
            }
            if (!order) return null;
            const string Help = "write `exact` before each use, which keeps the order of the indices, or change `combine`";
            foreach (var a in samples)
                foreach (var b in samples)
                {
                    if (Compare(Combine(a, b), Combine(b, a), [a, b], "combine(a, b)", "combine(b, a)") is { } swapped) return Broken("commutative", Help, swapped);
                    foreach (var c in samples)
                        if (Compare(Combine(Combine(a, b), c), Combine(a, Combine(b, c)), [a, b, c], "combine(combine(a, b), c)", "combine(a, combine(b, c))") is { } grouped)
                            return Broken("associative", Help, grouped);
                }
        }
        catch (DiagnosticException e)
        {
            return e.Diagnostics[0];
        }
        return null;

        Scalar Combine(Scalar a, Scalar b) => code(frame, a, b);

        Diagnostic Broken(string law, string help, string witness) =>
            Diagnostic.Create(SemanticDiagnostics.ReducerLaw, reducer.Span, reducer.Name, law, help).WithWitness(witness);
    }

    private static IEnumerable<Scalar> Samples(ElementType type)
    {
        if (type.IsFloat) return Floats.Select(x => Scalar.Of(type, x));
        if (type is ElementType.Bool) return [Scalar.Bool(false), Scalar.Bool(true)];
        long[] values = type.IsSigned ? [0, 1, -1, 2, 3, -7, 12, 100, long.MinValue, long.MaxValue] : [0, 1, 2, 3, 7, 12, 100, -1];
        return values.Select(v => ScalarMath.Cast(CastKind.Saturate, type, Scalar.Of(type.IsSigned ? ElementType.I64 : ElementType.U64, v))).Distinct();
    }

    // Sums of large numbers of both signs lose what is small beside them.
    private static string? Compare(Scalar x, Scalar y, ReadOnlySpan<Scalar> values, string first, string second)
    {
        if (x == y) return null;
        if (x.Type.IsFloat)
        {
            if (double.IsNaN(x.Real) && double.IsNaN(y.Real) || x.Real == y.Real) return null;
            double scale = Math.Max(1, Math.Max(Math.Abs(x.Real), Math.Abs(y.Real)));
            foreach (var v in values)
                if (double.IsFinite(v.Real)) scale = Math.Max(scale, Math.Abs(v.Real));
            if (double.IsFinite(scale) && Math.Abs(x.Real - y.Real) <= scale * (x.Type.Bits <= 16 ? 0.05 : x.Type is ElementType.F32 ? 1e-4 : 1e-10)) return null;
        }
        var names = new List<string>();
        for (int i = 0; i < values.Length; i++) names.Add(string.Create(CultureInfo.InvariantCulture, $"{(char)('a' + i)} = {values[i]}"));
        return string.Create(CultureInfo.InvariantCulture, $"for {string.Join(", ", names)}, `{first}` is {x} and `{second}` is {y}");
    }
}
