using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Reference;

/// <summary>The meaning of an operator, computed directly: stage after stage, whole tensors at a time, each element from its equation.
/// Everything else is compared with it. It knows nothing of loop nests and schedules.</summary>
public static class ReferenceEvaluator
{
    // Deeper terms could overflow the stack of a thread that evaluates them.
    private const int MaxDepth = 1000;

    /// <summary>Runs an operator.</summary>
    /// <param name="arguments">One array for each parameter, of its type and shape.</param>
    /// <param name="dims">A size for each dimension of the operator.</param>
    /// <returns>One array for each result.</returns>
    /// <exception cref="ArgumentException">An argument does not fit its parameter.</exception>
    /// <exception cref="DiagnosticException">A <c>require</c> does not hold, a read falls outside its tensor, an integer is divided by zero, or there is no memory.</exception>
    public static ImmutableArray<DenseArray> Evaluate(
        Operator op, ImmutableArray<DenseArray> arguments, IReadOnlyDictionary<DimSymbol, long> dims, CancellationToken cancellation = default)
    {
        if (arguments.Length != op.Parameters.Length)
            throw new ArgumentException($"operator `{op.Name}` takes {op.Parameters.Length} tensors, and {arguments.Length} were passed");
        CheckRequires(op, dims);
        var tensors = new Dictionary<TensorSymbol, TensorValues>();
        for (int i = 0; i < arguments.Length; i++)
            tensors.Add(op.Parameters[i], TensorValues.From(op.Parameters[i], Extents(op, op.Parameters[i], dims), arguments[i]));
        foreach (var stage in op.Stages)
        {
            foreach (var tensor in stage.Tensors) tensors.Add(tensor, TensorValues.Create(tensor, Extents(op, tensor, dims)));
            if (NeedsItself(stage)) new DemandEvaluator(stage, dims, tensors, cancellation).Run();
            else
                foreach (var equation in stage.Equations) new EquationEvaluator(equation, dims, tensors, cancellation).Run();
        }
        return [.. op.Results.Select(r => tensors[r].ToDense())];
    }

    private static bool NeedsItself(Stage stage) => SharedTerms.Parts(stage.Equations.Select(e => e.Value)).Any(t => t is ReadTerm r && stage.Tensors.Contains(r.Tensor));

    /// <summary>Counts how deep a term nests, and refuses what the evaluator could not walk.</summary>
    internal static void CheckDepth(SharedTerms shared, Term term, string name)
    {
        if (shared.Add(term) > MaxDepth) throw new DiagnosticException(ReferenceDiagnostics.TooDeep, term.Span, name, MaxDepth);
    }

    private static void CheckRequires(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        foreach (var condition in op.Requires)
            if (!(Terms.Decide(condition, dims) ?? Holds(condition, op.Name, dims)))
                throw new DiagnosticException(ReferenceDiagnostics.RequireFailed, condition.Span, op.Name, Sizes(op, dims));
    }

    // A condition that is not about integers alone.
    private static bool Holds(Term condition, string name, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        var shared = new SharedTerms();
        CheckDepth(shared, condition, name);
        var terms = new TermCompiler(dims, ImmutableDictionary<TensorSymbol, TensorValues>.Empty, shared, name);
        var code = terms.Integer(condition);
        return code(terms.NewFrame()) != 0;
    }

    private static long[] Extents(Operator op, TensorSymbol tensor, IReadOnlyDictionary<DimSymbol, long> dims) =>
        [.. tensor.Shape.Select(n => Terms.Evaluate(n, dims) is { } extent and >= 0
            ? extent : throw new DiagnosticException(ReferenceDiagnostics.BadExtent, n.Span, tensor.Name, Sizes(op, dims)))];

    private static string Sizes(Operator op, IReadOnlyDictionary<DimSymbol, long> dims) =>
        string.Join(", ", op.Dims.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Name} = {dims[d]}")));
}
