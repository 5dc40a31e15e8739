using System.Collections.Immutable;
using Tx.Core.Sets;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

/// <summary>Pairs of accesses below one root that touch one element while one of them writes, and what is asked about them.</summary>
internal sealed class Conflicts
{
    /// <summary>More pairs than these are not asked about.</summary>
    private const int MaxQuestions = 256;

    private readonly DependenceContext _context;
    private readonly ImmutableArray<Access> _accesses;
    private readonly HashSet<Buffer> _written = new(ReferenceEqualityComparer.Instance);

    public Conflicts(DependenceContext context, ImmutableArray<Access> accesses)
    {
        (_context, _accesses) = (context, Distinct(accesses));
        foreach (var a in accesses)
            if (a.IsWrite) _written.Add(a.Buffer);
    }

    /// <summary>Buffers that change below the root.</summary>
    public bool IsWritten(Buffer b) => _written.Contains(b);

    /// <summary>Pairs that touch a buffer shared by all iterations below the root, one of them a write; each once, and an access with itself.</summary>
    public IEnumerable<(Access First, Access Second)> Pairs()
    {
        foreach (var group in _accesses.Where(a => !a.IsPrivate && _written.Contains(a.Buffer)).GroupBy(a => a.Buffer, (IEqualityComparer<Buffer>)ReferenceEqualityComparer.Instance))
        {
            var list = group.ToList();
            for (int i = 0; i < list.Count; i++)
                for (int j = i; j < list.Count; j++)
                    if (list[i].IsWrite || list[j].IsWrite) yield return (list[i], list[j]);
        }
    }

    /// <summary>The loop variables that are the same wherever the two accesses touch one element.</summary>
    public EqualValues EqualAt(Access a, Access b)
    {
        var common = a.Loops.TakeWhile((l, n) => n < b.Loops.Length && ReferenceEquals(b.Loops[n].Variable, l.Variable)).ToList();
        var variables = a.Loops.Concat(b.Loops).Select(l => l.Variable).Concat(a.Free).Concat(b.Free).ToHashSet();
        var equal = new EqualValues(_context.Ranges(), common, a.Loops.Concat(b.Loops).Concat(_context.Loops), v => !variables.Contains(v));
        foreach (var (x, y) in a.Indices.Zip(b.Indices))
            // The same function of loops that both have.
            if (StructuralComparer.Equal(x, y) && x.BuffersRead().IsEmpty && x.FreeVars().All(v => !variables.Contains(v) || common.Exists(l => ReferenceEquals(l.Variable, v)))) equal.Add(x);
        equal.Solve();
        return equal;
    }

    /// <summary>Asks about each pair in turn, and ends with the first that fails.</summary>
    /// <param name="ask">Null where the pair needs no question; otherwise what would have to hold for it to fail.</param>
    /// <param name="simple">The argument where no question was needed.</param>
    /// <param name="solved">The argument where the solver was asked.</param>
    public DependenceResult Check(IEnumerable<(Access First, Access Second)> pairs, Func<Access, Access, (Side, Side, IEnumerable<Expr>)?> ask, string simple, string solved)
    {
        (Access, Access)? undecided = null;
        int questions = 0;
        foreach (var (a, b) in pairs)
        {
            if (ask(a, b) is not var (first, second, conditions)) continue;
            if (++questions > MaxQuestions) return new(DependenceVerdict.Unknown, "too many pairs of accesses", null, (a, b));
            List<Expr> all = [.. _context.Assumptions, .. first.Conditions, .. second.Conditions, .. conditions];
            var answer = _context.Prover.Find(all, _context.Dims);
            if (answer.Answer is Emptiness.NotEmpty) return new(DependenceVerdict.Refuted, "two iterations touch one element", Witness(first, second, answer.Point));
            if (answer.Answer is Emptiness.Unknown) undecided ??= (a, b);
        }
        return undecided is { } pair ? new(DependenceVerdict.Unknown, IsOfData(pair) ? "which elements are touched depends on data" : "not decided by the solver", null, pair) { DependsOnData = IsOfData(pair) }
            : new(DependenceVerdict.Proved, questions > 0 ? solved : simple);
    }

    private DependenceWitness Witness(Side first, Side second, ImmutableDictionary<Var, long> point)
    {
        var around = _context.Dims.Where(point.ContainsKey).Concat(_context.Loops.Select(l => l.Variable)).Select(v => (v, point.GetValueOrDefault(v)));
        return new(first.Access, second.Access, [.. around], first.Values(point), second.Values(point), first.Element(point));
    }

    private static bool IsOfData((Access First, Access Second) pair) =>
        pair.First.Indices.Concat(pair.Second.Indices).Concat(pair.First.Guards).Concat(pair.Second.Guards).Any(e => !e.BuffersRead().IsEmpty);

    // Equal reads (of one element, under the same conditions) have equal conflicts.
    private static ImmutableArray<Access> Distinct(ImmutableArray<Access> accesses)
    {
        var kept = ImmutableArray.CreateBuilder<Access>();
        var byBuffer = new Dictionary<Buffer, List<Access>>(ReferenceEqualityComparer.Instance);
        foreach (var a in accesses)
        {
            if (!byBuffer.TryGetValue(a.Buffer, out var same)) byBuffer.Add(a.Buffer, same = []);
            if (!a.IsWrite && same.Exists(b => IsSameRead(a, b))) continue;
            same.Add(a);
            kept.Add(a);
        }
        return kept.ToImmutable();
    }

    private static bool IsSameRead(Access a, Access b) =>
        !b.IsWrite && a.Accumulation == b.Accumulation && ReferenceEquals(a.Instance, b.Instance) && a.IsInit == b.IsInit && a.Free.IsEmpty && b.Free.IsEmpty
        && a.Loops.Select(l => l.Variable).SequenceEqual(b.Loops.Select(l => l.Variable)) && a.Indices.SequenceEqual(b.Indices, StructuralComparer.Instance)
        && a.Guards.SequenceEqual(b.Guards, StructuralComparer.Instance);
}
