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
        var forwarding = new Forwarding(f);
        for (int n = NestNeeds.Nests(f.Body).Length - 1; n >= 0; n--) forwarding.Forward(n);
        return forwarding.Gone.Count == 0 ? f : f.With(Block.Of([.. forwarding.Nests.OfType<Stmt>()]), [.. f.Temporaries.Where(t => !forwarding.Gone.Contains(t))]);
    }

    /// <summary>A tensor that the copy takes elements of, and when.</summary>
    private sealed record Source(Buffer Buffer, Expr? When);

    /// <summary>The nests with who reads and writes a buffer, so that a copy costs what its neighbours are, and not the function.</summary>
    private sealed class Forwarding
    {
        private readonly HashSet<Var> _dims;
        private readonly HashSet<Buffer> _temporaries;
        private readonly Dictionary<Buffer, SortedSet<int>> _readers = new(ReferenceEqualityComparer.Instance), _writers = new(ReferenceEqualityComparer.Instance);

        public Forwarding(LoopFunction f)
        {
            _dims = [.. f.Dims.Select(d => d.Variable)];
            _temporaries = f.Temporaries.ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
            Nests = [.. NestNeeds.Nests(f.Body)];
            for (int n = 0; n < Nests.Length; n++)
            {
                foreach (var b in Nests[n]!.BuffersRead().Concat(Nests[n]!.BuffersPrefetched())) Of(_readers, b).Add(n);
                foreach (var b in Nests[n]!.BuffersWritten()) Of(_writers, b).Add(n);
            }
        }

        public Stmt?[] Nests { get; }
        public HashSet<Buffer> Gone { get; } = new(ReferenceEqualityComparer.Instance);

        private static SortedSet<int> Of(Dictionary<Buffer, SortedSet<int>> users, Buffer buffer)
        {
            if (!users.TryGetValue(buffer, out var nests)) users.Add(buffer, nests = []);
            return nests;
        }

        public void Forward(int copy)
        {
            var sources = new List<Source>();
            if (Nests[copy] is not { } nest || SoleStore(nest) is not { NonTemporal: false, Predicate: null, Buffer: { Packed: null, Scope: MemoryScope.Global } to } store
                || !Collect(store.Value, null, store.Indices, _dims, sources) || Of(_writers, to).Count > 1 || sources.DistinctBy(s => s.Buffer).Count() < sources.Count) return;
            if (sources is [{ When: null, Buffer: { Role: BufferRole.Input, Packed: null } from }])
            {
                if (!_temporaries.Contains(to) || !AreAlike(from, to)) return;
                Nests[copy] = null;
                Replace(to, from, null);
            }
            else if (sources.TrueForAll(s => MayStandIn(s, to, copy)))
            {
                Nests[copy] = null;
                Of(_writers, to).Remove(copy);
                foreach (var s in sources) Replace(s.Buffer, to, s.When);
            }
        }

        // Under a condition nothing else may read it, and its nests do nothing else.
        private bool MayStandIn(Source s, Buffer to, int copy) =>
            _temporaries.Contains(s.Buffer) && AreAlike(s.Buffer, to) && Of(_writers, s.Buffer) is var writers && !writers.Any(n => n > copy)
            && (s.When is null || Of(_readers, s.Buffer).All(n => n == copy || writers.Contains(n))
                && writers.All(n => Nests[n]!.BuffersWritten().All(b => b == s.Buffer || b.Role is BufferRole.Temporary && !_temporaries.Contains(b))));

        private void Replace(Buffer old, Buffer with, Expr? when)
        {
            var names = new Dictionary<Buffer, Buffer>(ReferenceEqualityComparer.Instance) { [old] = with };
            var writers = Of(_writers, old);
            foreach (int n in Of(_readers, old).Union(writers))
            {
                if (Nests[n] is not { } nest) continue;
                Nests[n] = writers.Contains(n) ? Under(when, nest.Substitute(names)) : nest.Substitute(names);
                if (Of(_readers, old).Contains(n)) Of(_readers, with).Add(n);
                if (writers.Contains(n)) Of(_writers, with).Add(n);
            }
            Gone.Add(old);
        }
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

    private static bool AreAlike(Buffer a, Buffer b) =>
        a.Type == b.Type && a.Layout is null && b.Layout is null && a.Scope == b.Scope && a.Device == b.Device && a.Shape.Select(Simplifier.Simplify).SequenceEqual(b.Shape.Select(Simplifier.Simplify), StructuralComparer.Instance);
}
