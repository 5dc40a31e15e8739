using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps.Checking;

/// <summary>Choices of small sizes at which a nest does all that it does at large ones: empty, one iteration, and for every number that its loops, conditions and subscripts hold
/// against a dimension, sizes just below, at and just above it and its double, and one beyond the product of two of them.</summary>
internal static class ReducedSizes
{
    /// <summary>A number above this is not reached.</summary>
    private const long LargestNumber = 1 << 20;
    private const int RandomChoices = 24;
    private const long Few = 3;
    private const long Farthest = 1 << 10;

    /// <summary>Choices in the order of the iterations that they make; null where a number is too large to be reached.</summary>
    /// <param name="more">Numbers that any dimension may be held against.</param>
    public static ImmutableArray<ImmutableDictionary<string, long>>? Of(IReadOnlyList<LoopFunction> functions, IReadOnlyCollection<long> more)
    {
        ImmutableArray<Var> dims = [.. functions[0].Dims.Select(d => d.Variable)];
        if (dims.IsEmpty) return [ImmutableDictionary<string, long>.Empty];
        var numbers = new Numbers(dims);
        foreach (var f in functions) numbers.Read(f);
        foreach (var d in dims) numbers.Of[d].UnionWith(more.Where(n => n is > 1 and <= LargestNumber));
        if (numbers.Of.Values.Any(n => n.Any(x => x > LargestNumber))) return null;
        var sizes = dims.ToDictionary(d => d, d => Sizes(numbers.Of[d]));
        var large = dims.ToDictionary(d => d, d => numbers.Of[d].Count == 0 ? 7 : 2 * numbers.Of[d].Max + 1);
        var choices = new List<ImmutableDictionary<string, long>>();
        void Add(Func<Var, long> size) => choices.Add(dims.ToImmutableDictionary(d => d.Name, size, StringComparer.Ordinal));
        foreach (var d in dims)
            foreach (long n in sizes[d])
            {
                Add(x => x == d ? n : Few);
                Add(x => x == d ? n : large[x]);
            }
        foreach (var d in dims) Add(x => x == d ? Far(numbers.Of[d]) : Few);
        for (int k = 0; k < sizes.Values.Max(s => s.Length); k++) Add(d => sizes[d][k % sizes[d].Length]);
        var random = new Random(dims.Length);
        for (int k = 0; k < RandomChoices; k++) Add(d => sizes[d][random.Next(sizes[d].Length)]);
        return [.. choices.DistinctBy(c => string.Join(',', dims.Select(d => c[d.Name]))).OrderBy(c => dims.Aggregate(1.0, (p, d) => p * (c[d.Name] + 1)))];
    }

    private static ImmutableArray<long> Sizes(SortedSet<long> numbers) =>
        [.. numbers.SelectMany(n => (long[])[n - 1, n, n + 1, 2 * n - 1, 2 * n, 2 * n + 1]).Concat([0, 1, 2, 3, 4, 5, 7, 16, 17]).Distinct().Order()];

    // Two remainders come round together after as many iterations.
    private static long Far(SortedSet<long> numbers) => Math.Min(numbers.Reverse().Take(2).Aggregate(1L, (p, n) => p * n) + 1, Farthest);

    /// <summary>The numbers that stand with each dimension in one expression, through the variables whose ranges depend on it.</summary>
    private sealed class Numbers : Walker
    {
        private readonly Dictionary<Var, HashSet<Var>> _dims = [];

        public Numbers(ImmutableArray<Var> dims)
        {
            foreach (var d in dims) (_dims[d], Of[d]) = ([d], []);
        }

        public Dictionary<Var, SortedSet<long>> Of { get; } = [];

        public void Read(LoopFunction f)
        {
            foreach (var b in f.Parameters.Concat(f.Temporaries)) Relate([.. b.Shape]);
            Visit(f.Body);
        }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case For f: Bind(f.Variable, f.Min, f.Extent); break;
                case LetStmt l: Bind(l.Variable, l.Value); break;
                case If i: Relate(i.Condition); break;
                case Store t: Relate([.. t.Indices]); break;
                case Allocate a: Relate([.. a.Buffer.Shape]); break;
                case Instance i:
                    foreach (var it in i.Iterations) Bind(it.Variable, it.Start, it.End, it.Binding);
                    break;
            }
            base.Visit(s);
        }

        public override void Visit(Expr e)
        {
            switch (e)
            {
                case Load l: Relate([.. l.Indices, .. l.Predicate is { } p ? [p] : Array.Empty<Expr>()]); break;
                case Let l: Bind(l.Variable, l.Value); break;
                case Select s: Relate(s.Condition); break;
            }
            base.Visit(e);
        }

        private void Bind(Var v, params ReadOnlySpan<Expr> from)
        {
            foreach (var e in from)
            {
                Relate(e);
                if (!_dims.TryGetValue(v, out var dims)) _dims[v] = dims = [];
                foreach (var x in e.FreeVars())
                    if (_dims.TryGetValue(x, out var its)) dims.UnionWith(its);
            }
        }

        // What a subscript and another have in common may meet.
        private void Relate(params ReadOnlySpan<Expr> all)
        {
            foreach (var e in all)
            {
                var literals = new Literals();
                literals.Visit(e);
                foreach (var v in e.FreeVars())
                    if (_dims.TryGetValue(v, out var dims))
                        foreach (var d in dims) Of[d].UnionWith(literals.Found);
            }
        }
    }

    private sealed class Literals : Walker
    {
        public HashSet<long> Found { get; } = [];

        public override void Visit(Expr e)
        {
            if (e is IntImm { Value: var n } && e.Type == IrType.Index && n is > 1 or < -1) Found.Add(Math.Abs(n));
            base.Visit(e);
        }
    }
}
