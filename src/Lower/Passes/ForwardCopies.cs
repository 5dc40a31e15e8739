using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Computes in its place what a nest would only copy, or choose by a condition on sizes:
/// <code>
/// nests of A  nests of B  for i { Y[i] = N >= 64 ? A[i] : B[i] }
///   →  if N >= 64 { nests of A, which write Y }  if !(N >= 64) { nests of B, which write Y }
/// </code>
/// A copy of a parameter is the parameter: <c>for i { A[i] = X[i] }</c> goes, and what read <c>A</c> reads <c>X</c>.
/// It is legal where the nest is all that writes <c>Y</c> and reads each element at its own place, where the shapes agree, and where under a condition nothing else reads
/// <c>A</c>: then both hold the same once their nests have run.</summary>
public static class ForwardCopies
{
    public static LoopModule Run(LoopModule module) => module.Map(Run);

    private static LoopFunction Run(LoopFunction f)
    {
        for (int n = NestNeeds.Nests(f.Body).Length - 1; n >= 0; n--)
            if (Forward(f, n) is { } changed) f = changed;
        return f;
    }

    /// <summary>A tensor that the copy takes elements of, and when.</summary>
    private sealed record Source(Buffer Buffer, Expr? When);

    private static LoopFunction? Forward(LoopFunction f, int copy)
    {
        var nests = NestNeeds.Nests(f.Body);
        if (SoleStore(nests[copy]) is not { NonTemporal: false, Predicate: null, Buffer: { Packed: null, Scope: MemoryScope.Global } to } store || nests.Where((_, n) => n != copy).Any(n => n.BuffersWritten().Contains(to))) return null;
        var sources = new List<Source>();
        if (!Collect(store.Value, null, store.Indices, [.. f.Dims.Select(d => d.Variable)], sources) || sources.DistinctBy(s => s.Buffer).Count() < sources.Count) return null;
        if (sources is [{ When: null, Buffer: { Role: BufferRole.Input, Packed: null } from }] && to.Role is BufferRole.Temporary && from.Type == to.Type && HaveSameShape(from, to))
        {
            var parameter = new Dictionary<Buffer, Buffer>(ReferenceEqualityComparer.Instance) { [to] = from };
            return f.With(Block.Of([.. nests.RemoveAt(copy).Select(nest => nest.Substitute(parameter))]), [.. f.Temporaries.Where(t => t != to)]);
        }
        var writers = sources.ToDictionary(s => s, s => nests.Select((nest, n) => (nest, n)).Where(x => x.nest.BuffersWritten().Contains(s.Buffer)).Select(x => x.n).ToList());
        foreach (var s in sources)
        {
            if (s.Buffer.Role is not BufferRole.Temporary || !f.Temporaries.Contains(s.Buffer) || s.Buffer.Type != to.Type || !HaveSameShape(s.Buffer, to) || writers[s].Exists(n => n > copy)) return null;
            if (s.When is null) continue;
            if (writers[s].Exists(n => nests[n].BuffersWritten().Any(b => f.Temporaries.Contains(b) && b != s.Buffer || f.Parameters.Contains(b)))) return null;
            if (Enumerable.Range(0, nests.Length).Any(n => n != copy && !writers[s].Contains(n) && nests[n].BuffersRead().Contains(s.Buffer))) return null;
        }
        var names = sources.ToDictionary(s => s.Buffer, _ => to, (IEqualityComparer<Buffer>)ReferenceEqualityComparer.Instance);
        var body = nests.Select((nest, n) => n == copy ? null : Under(sources.Find(s => writers[s].Contains(n))?.When, nest.Substitute(names))).OfType<Stmt>();
        return f.With(Block.Of([.. body]), [.. f.Temporaries.Where(t => !names.ContainsKey(t))]);
    }

    private static Stmt Under(Expr? condition, Stmt nest) => condition is null ? nest : new If(condition, nest);

    // The only store of loops that do nothing else.
    private static Store? SoleStore(Stmt s) => s switch
    {
        Store t => t,
        For f => SoleStore(f.Body),
        If { Else: null } i => SoleStore(i.Then),
        LetStmt l => SoleStore(l.Body),
        _ => null,
    };

    private static bool Collect(Expr value, Expr? when, ImmutableArray<Expr> place, HashSet<Var> dims, List<Source> sources)
    {
        switch (value)
        {
            case Load { Predicate: null } l when l.Indices.SequenceEqual(place, StructuralComparer.Instance):
                sources.Add(new(l.Buffer, when));
                return true;
            case Select s when NestNeeds.IsOfSizes(s.Condition, dims):
                return Collect(s.Then, Both(when, s.Condition), place, dims, sources) && Collect(s.Else, Both(when, Expr.Not(s.Condition)), place, dims, sources);
            default: return false;
        }
    }

    private static Expr Both(Expr? a, Expr b) => a is null ? b : Expr.And(a, b);

    private static bool HaveSameShape(Buffer a, Buffer b) =>
        a.Layout is null && b.Layout is null && a.Scope == b.Scope && a.Device == b.Device && a.Shape.Select(Simplifier.Simplify).SequenceEqual(b.Shape.Select(Simplifier.Simplify), StructuralComparer.Instance);
}
