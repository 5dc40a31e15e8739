using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { B[i] = f(A[i]) }   for j { C(B[g(j)]) }   →   for j { C(f(A[g(j)])) }
/// </code>
/// Puts the producer's expression where the consumer reads it. The producer must be one definition without a reduction, which writes each element
/// of its whole buffer at the indices of its own iterations, and the only one that writes it. A read under a predicate passes it on to the producer's reads.
/// </summary>
public static class Inline
{
    /// <summary>True for what can be inlined: one store at plain indices, no reduction, no order, no run-time checks.</summary>
    public static bool IsPure(Instance i)
    {
        if (i.Init is not null || i.Body is not Store { Predicate: null } s || i.Iterations.Any(it => it.Kind is not IterKind.Spatial) || s.Indices.Length != i.Iterations.Length) return false;
        if (s.Value.BuffersRead().Contains(s.Buffer)) return false;
        var variables = s.Indices.OfType<Var>().ToHashSet();
        if (variables.Count != s.Indices.Length || !i.Iterations.All(it => variables.Contains(it.Variable))) return false;
        for (int d = 0; d < s.Indices.Length; d++)
        {
            var it = i.Iterations.First(it => ReferenceEquals(it.Variable, s.Indices[d]));
            if (!it.Start.IsConstant(0) || !StructuralComparer.Equal(it.End, s.Buffer.Shape[d])) return false;
        }
        return true;
    }

    /// <summary>Removes the reads of <paramref name="producer"/>'s buffer from the instance named <paramref name="consumer"/>.</summary>
    public static Stmt Apply(Stmt nest, string consumer, Instance producer)
    {
        if (!IsPure(producer)) throw new CompilerBugException("inline", $"{producer.Name} is not a plain definition");
        return NestPath.ReplaceInstance(nest, consumer, i =>
        {
            var body = new ReadReplacer((Store)producer.Body).Visit(i.Body);
            return new Instance(i.Name, i.Iterations, Regions.Read(i.Init, body), Regions.Written(i.Init, body), i.Init, body, i.Reassociate, i.Origin);
        });
    }

    private sealed class ReadReplacer(Store definition) : Rewriter
    {
        protected override Expr VisitLoad(Load l)
        {
            if (!ReferenceEquals(l.Buffer, definition.Buffer)) return base.VisitLoad(l);
            var map = new Dictionary<Var, Expr>();
            for (int d = 0; d < l.Indices.Length; d++) map.Add((Var)definition.Indices[d], Visit(l.Indices[d]));
            var value = definition.Value.Substitute(map);
            if (l.Predicate is null) return value;
            // What is not read gives 0.
            var predicate = Visit(l.Predicate);
            var guarded = Predication.Apply(value, predicate);
            return guarded is Load ? guarded : Expr.If(predicate, guarded, Expr.Zero(value.Type));
        }
    }
}
