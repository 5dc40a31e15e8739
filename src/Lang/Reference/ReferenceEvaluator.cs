using System.Collections.Immutable;
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
        var tensors = new Dictionary<TensorSymbol, TensorValues>();
        CheckRequires(op, dims, tensors);
        for (int i = 0; i < arguments.Length; i++)
            tensors.Add(op.Parameters[i], TensorValues.From(op.Parameters[i], Extents(op.Parameters[i], dims, tensors), arguments[i]));
        foreach (var stage in op.Stages)
        {
            foreach (var tensor in stage.Tensors) tensors.Add(tensor, TensorValues.Create(tensor, Extents(tensor, dims, tensors)));
            foreach (var equation in stage.Equations) new EquationEvaluator(equation, dims, tensors, cancellation).Run();
        }
        return [.. op.Results.Select(r => tensors[r].ToDense())];
    }

    /// <summary>Counts how deep a term nests, and refuses what the evaluator could not walk.</summary>
    internal static void CheckDepth(SharedTerms shared, Term term, string name)
    {
        if (shared.Add(term) > MaxDepth) throw new DiagnosticException(ReferenceDiagnostics.TooDeep, term.Span, name, MaxDepth);
    }

    private static void CheckRequires(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, Dictionary<TensorSymbol, TensorValues> tensors)
    {
        foreach (var condition in op.Requires)
        {
            if (Value(condition, op.Name, dims, tensors) != 0) continue;
            string sizes = string.Join(", ", op.Dims.Select(d => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{d.Name} = {dims[d]}")));
            throw new DiagnosticException(ReferenceDiagnostics.RequireFailed, condition.Span, op.Name, sizes);
        }
    }

    private static long[] Extents(TensorSymbol tensor, IReadOnlyDictionary<DimSymbol, long> dims, Dictionary<TensorSymbol, TensorValues> tensors) =>
        [.. tensor.Shape.Select(n => Value(n, tensor.Name, dims, tensors))];

    private static long Value(Term term, string name, IReadOnlyDictionary<DimSymbol, long> dims, Dictionary<TensorSymbol, TensorValues> tensors)
    {
        var shared = new SharedTerms();
        CheckDepth(shared, term, name);
        var terms = new TermCompiler(dims, tensors, shared);
        var code = terms.Integer(term);
        return code(terms.NewFrame());
    }
}
