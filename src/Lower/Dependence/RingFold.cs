using System.Collections.Immutable;
using Tx.Core.Sets;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

/// <summary>
/// May a buffer keep only a few indices of a dimension at a time, index modulo factor? It may where between a write of an element and a later read of it no other
/// element is written that has the same place. Decided by isl on triples of accesses: write, other write, read.
/// </summary>
public static class RingFold
{
    private const int MaxQuestions = 64;

    /// <param name="scope">A statement that holds every access of the buffer.</param>
    /// <param name="carrier">The serial loop, in <paramref name="scope"/>, that reuses the storage.</param>
    /// <param name="buffer">Allocated outside of <paramref name="carrier"/>.</param>
    /// <param name="context">What stands around <paramref name="scope"/>.</param>
    /// <param name="proofOnly">Without a proof it does not matter why.</param>
    /// <returns>In a refutation, the first access of the witness overwrites the element that the second reads; <see cref="DependenceWitness.Element"/> is lost.</returns>
    public static DependenceResult Check(Stmt scope, For carrier, Buffer buffer, int dim, long factor, DependenceContext context, bool proofOnly = false)
    {
        if (factor < 1) return new(DependenceVerdict.Refuted, "a ring has at least one element");
        if (carrier.Kind is not LoopKind.Serial) return new(DependenceVerdict.Refuted, $"{carrier.Variable.Name} is not serial");
        if (buffer.Shape[dim] is IntImm { Value: var size } && size <= factor) return new(DependenceVerdict.Proved, "the ring holds the whole dimension");
        var all = AccessCollector.Collect(context.Decompose(scope, out var started), out bool isOrdered, started);
        if (isOrdered) return new(DependenceVerdict.Unknown, "barriers or tokens order the iterations");
        ImmutableArray<Access> accesses = [.. all.Where(a => ReferenceEquals(a.Buffer, buffer))];
        if (accesses.Any(a => a.IsPrivate && a.Loops.Take(a.OwnerDepth).Any(l => ReferenceEquals(l.Variable, carrier.Variable)))) return new(DependenceVerdict.Refuted, $"{buffer.Name} is allocated inside {carrier.Variable.Name}");
        var written = all.Where(a => a.IsWrite).Select(a => a.Buffer).ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);

        List<Access> writes = [.. accesses.Where(a => a.IsWrite)], reads = [.. accesses.Where(a => !a.IsWrite).DistinctBy(a => (a.Instance, string.Join(",", a.Indices), string.Join("&", a.Guards), a.IsInit))];
        (Access, Access)? undecided = null;
        int questions = 0;
        foreach (var read in reads)
            foreach (var write in writes)
                foreach (var other in writes)
                {
                    if (++questions > MaxQuestions) return new(DependenceVerdict.Unknown, "too many accesses", null, (other, read));
                    Side w = new(write, written.Contains), o = new(other, written.Contains), r = new(read, written.Contains);
                    List<Expr> conditions = [.. context.Assumptions, .. w.Conditions, .. o.Conditions, .. r.Conditions, .. Owner(w, o), .. Owner(o, r),
                        .. Side.SameElement(w, r), .. Place(o, r, dim, factor), Side.Before(w, o), Side.Before(o, r)];
                    var answer = context.Prover.Find(conditions, context.Dims);
                    if (proofOnly && answer.Answer is not Emptiness.Empty) return new(DependenceVerdict.Unknown, "not proved", null, (other, read));
                    if (answer.Answer is Emptiness.NotEmpty && IsLost(writes, o, r, answer.Point, written.Contains, context))
                    {
                        var (lost, by) = (r.Element(answer.Point), o.Element(answer.Point));
                        var around = context.Dims.Where(answer.Point.ContainsKey).Concat(context.Loops.Select(l => l.Variable)).Select(v => (v, answer.Point.GetValueOrDefault(v)));
                        return new(DependenceVerdict.Refuted, $"{buffer.Name}[{string.Join(", ", lost)}] is overwritten by {buffer.Name}[{string.Join(", ", by)}] before it is read",
                            new(other, read, [.. around], o.Values(answer.Point), r.Values(answer.Point), lost));
                    }
                    if (answer.Answer is not Emptiness.Empty) undecided ??= (other, read);
                }
        return undecided is { } pair ? new(DependenceVerdict.Unknown, "not decided by the solver", null, pair)
            : new(DependenceVerdict.Proved, $"isl: no element is overwritten before its last read with {factor} kept");
    }

    // Another element in the same place.
    private static IEnumerable<Expr> Place(Side o, Side r, int dim, long factor)
    {
        for (int d = 0; d < o.Indices.Length; d++)
            if (d != dim) yield return Expr.Eq(o.Indices[d], r.Indices[d]);
        yield return Expr.Ne(o.Indices[dim], r.Indices[dim]);
        yield return Expr.Eq((o.Indices[dim] - r.Indices[dim]) % factor, Expr.Index(0));
    }

    // Every iteration of the loops around an allocation has a buffer of its own.
    private static IEnumerable<Expr> Owner(Side a, Side b) => a.Access.Loops.Take(a.Access.OwnerDepth).Select(l => Expr.Eq(a.At(l.Variable), b.At(l.Variable)));

    // Unless the element is written once more between the two.
    private static bool IsLost(List<Access> writes, Side other, Side read, ImmutableDictionary<Var, long> point, Func<Buffer, bool> isUnstable, DependenceContext context)
    {
        List<Expr> at = [.. point.Select(p => Expr.Eq(p.Key, IntImm.Index(p.Value)))];
        foreach (var write in writes)
        {
            var again = new Side(write, isUnstable);
            List<Expr> conditions = [.. at, .. again.Conditions, .. Owner(again, read), .. Side.SameElement(again, read), Side.Before(other, again), Side.Before(again, read)];
            if (context.Prover.Find(conditions, context.Dims).Answer is not Emptiness.Empty) return false;
        }
        return true;
    }
}
