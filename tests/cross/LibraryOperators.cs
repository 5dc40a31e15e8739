using System.Collections.Immutable;
using Tx.Core;
using Tx.Fuzz;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Cross;

/// <summary>An operator of the library with data: one choice of sizes for a kernel of its own, and several for the one for all sizes.</summary>
internal sealed record LibraryCase(string Name, Operator Operator, Workload Fixed, ImmutableArray<Workload> Symbolic);

/// <summary>Bound operators of a program with sizes that they admit: ends, tails, 1.</summary>
internal sealed class LibraryOperators(Session session)
{
    private const long MaxSteps = 400_000;
    private static readonly long[] s_sizes = [1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 20, 33];
    private static readonly ElementType[] s_numbers = [ElementType.F32, ElementType.I8, ElementType.U8, ElementType.I16, ElementType.I32, ElementType.U32, ElementType.I64, ElementType.F16, ElementType.BF16, ElementType.F64];

    /// <param name="isWanted">By name.</param>
    public IEnumerable<LibraryCase> Of(OpSyntax op, Func<string, bool> isWanted)
    {
        foreach (var (label, choice) in Choices(op))
        {
            if (!isWanted(op.Name.Text + label)) continue;
            var bag = new DiagnosticBag();
            var bound = session.Resolver.Binder.Bind(op, choice, bag);
            if (bound is null || bag.HasErrors) continue;
            var random = new Random(bound.Name.Length * 7919 + label.Length);
            var sizes = Sizes(bound, random);
            if (sizes.IsEmpty) throw new InvalidOperationException($"`{op.Name.Text}`: no sizes are known that it admits");
            ImmutableArray<Workload> runs = [.. sizes.Select((dims, n) => Run(bound, dims, n))];
            yield return new($"{op.Name.Text}{label}", bound, runs[0], runs);
        }
    }

    // All element types of a generic; strides and borders beside the defaults.
    private static IEnumerable<(string Label, Specialisation Choice)> Choices(OpSyntax op)
    {
        var usual = Specialisation.Representative(op);
        if (op.Generics.Count > 0)
            foreach (var type in s_numbers)
                if (op.Generics[0].Constraint.Text == "number" || type.IsInteger) yield return ($"<{type.Name}>", usual with { Types = [.. op.Generics.Select(g => (g.Name.Text, type))] });
        if (op.Generics.Count > 0) yield break;
        yield return ("", usual);
        var consts = op.Parameters.Where(p => p.IsConst).Select(p => p.Name.Text).ToList();
        foreach (var (name, value) in ((string, long)[])[("pad", 1), ("stride", 2), ("V", 4)])
            if (consts.Contains(name)) yield return ($"({name} = {value})", usual with { Consts = [(name, Scalar.Index(value))] });
        if (consts.Contains("offset")) yield return ("(offset = 128)", usual with { Consts = [("offset", Scalar.Of(ElementType.I16, 128L)), ("pad", Scalar.Index(1))] });
    }

    private ImmutableArray<ImmutableDictionary<DimSymbol, long>> Sizes(Operator op, Random random)
    {
        var found = ImmutableArray.CreateBuilder<ImmutableDictionary<DimSymbol, long>>();
        // A middling size first, then the smallest that are admitted, then others.
        int top = op.Dims.Length switch { >= 7 => 4, >= 5 => 6, 4 => 9, _ => s_sizes.Length };
        for (int attempt = 0; attempt < 4000 && found.Count < 4; attempt++)
        {
            var dims = op.Dims.ToImmutableDictionary(d => d, _ => found.Count switch { 0 => s_sizes[random.Next(attempt < 1000 ? top / 2 : 0, top)], 1 => s_sizes[random.Next(attempt < 2000 ? 1 : 4)], _ => s_sizes[random.Next(top)] });
            if (Elements(op, dims) <= MaxSteps / 20 && IsAdmitted(op, dims)) found.Add(dims);
        }
        return found.ToImmutable();
    }

    private static long Elements(Operator op, IReadOnlyDictionary<DimSymbol, long> dims) => op.Parameters.Concat(op.Results).Sum(t => OperatorShapes.Of(t, dims).Aggregate(1L, (n, e) => n * Math.Max(1, e)));

    private bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        try { session.Resolver.Admit(op, dims); }
        catch (Exception e) when (e is DiagnosticException or RequestException) { return false; }
        return true;
    }

    private static Workload Run(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, int n)
    {
        // Integers are compared at the ends of their ranges, too.
        var values = new InputValues(n % 2 == 1 && op.Parameters.All(p => !p.Type.IsFloat) ? ValueMode.Special : ValueMode.Smooth, 31 * n + op.Name.Length);
        ImmutableArray<DenseArray> inputs = [.. op.Parameters.Select(p => values.Fill(new DenseArray(p.Type, OperatorShapes.Of(p, dims))))];
        bool isNarrow = op.Parameters.Concat(op.Results).Any(p => p.Type.IsSmallFloat);
        return new(op, dims, inputs, isNarrow ? 1e-2 : 2e-4, n);
    }
}
