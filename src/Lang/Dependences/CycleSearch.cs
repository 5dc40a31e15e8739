using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;

namespace Tx.Lang.Dependences;

/// <summary>Looks for elements that need each other, at small sizes, so that a refusal can show them.</summary>
internal sealed class CycleSearch
{
    private const int MaxElements = 4096, MaxTrials = 256;
    private const long LargestSize = 4;

    private sealed record Element(TensorSymbol Tensor, ValueArray<long> Index)
    {
        public override string ToString() => Index.Count == 0
            ? $"`{Tensor.Name}`" : $"`{Tensor.Name}[{string.Join(", ", Index.Select(i => i.ToString(CultureInfo.InvariantCulture)))}]`";
    }

    private readonly Dictionary<DimSymbol, long> _dims;
    private readonly Dictionary<Element, List<Element>> _needs = [];
    private int _left = MaxElements;

    private CycleSearch(Dictionary<DimSymbol, long> dims) => _dims = dims;

    /// <summary>A sentence such as "for N = 3 `s[1]` needs `s[2]`, which needs `s[1]`"; null where none was found.</summary>
    public static string? Find(IReadOnlyList<Equation> equations, IReadOnlyList<DimSymbol> dims, ImmutableArray<Term> requires)
    {
        int trials = 0;
        foreach (var sizes in Sizes(dims))
        {
            if (++trials > MaxTrials) return null;
            if (requires.Any(r => Terms.Decide(r, sizes) == false)) continue;
            var search = new CycleSearch(sizes);
            foreach (var equation in equations) search.Collect(equation, equations);
            if (search._left < 0 || search.Cycle() is not { } cycle) continue;
            string at = dims.Count == 0 ? "" : "for " + string.Join(", ", dims.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Name} = {sizes[d]}"))) + " ";
            return $"{at}{cycle[0]} needs {string.Join(", which needs ", cycle.Skip(1).Append(cycle[0]))}";
        }
        return null;
    }

    // All dimensions alike first, from small to large; then every choice of the smallest ones.
    private static IEnumerable<Dictionary<DimSymbol, long>> Sizes(IReadOnlyList<DimSymbol> dims)
    {
        for (long n = 1; n <= LargestSize; n++) yield return dims.ToDictionary(d => d, _ => n);
        for (long code = 0; code < 1L << Math.Min(2 * dims.Count, 16); code++)
            yield return dims.Select((d, i) => (d, i)).ToDictionary(x => x.d, x => 1 + (code >> (2 * Math.Min(x.i, 7)) & 3));
    }

    private void Collect(Equation equation, IReadOnlyList<Equation> equations)
    {
        var tensors = equations.SelectMany(e => e.Targets).Select(t => t.Tensor).ToHashSet();
        var reads = ReadCollector.Find(equation, tensors.Contains);
        Walk(equation.Indices, [], point =>
        {
            var written = equation.Targets.Select(t => At(t.Tensor, t.Indices, point)).OfType<Element>().ToList();
            foreach (var (read, scope, path) in reads)
                Walk([.. scope.Skip(equation.Indices.Length)], point, inner =>
                {
                    if (path.Any(c => Terms.Decide(c, _dims, inner) == false) || read.Indices.Any(TermMeasure.ReadsData)) return;
                    if (At(read.Tensor, read.Indices, inner) is not { } needed) return;
                    foreach (var element in written) Needs(element).Add(needed);
                });
        });
    }

    private List<Element> Needs(Element e)
    {
        if (!_needs.TryGetValue(e, out var list)) _needs.Add(e, list = []);
        return list;
    }

    private void Walk(ImmutableArray<IndexSymbol> indices, Dictionary<IndexSymbol, long> point, Action<Dictionary<IndexSymbol, long>> visit)
    {
        if (_left < 0) return;
        if (indices.IsEmpty)
        {
            _left--;
            visit(point);
            return;
        }
        if (Terms.Evaluate(indices[0].Start, _dims, point) is not { } start || Terms.Evaluate(indices[0].End, _dims, point) is not { } end) return;
        for (long i = start; i < end && _left >= 0; i++)
            Walk(indices[1..], new Dictionary<IndexSymbol, long>(point) { [indices[0]] = i }, visit);
    }

    private Element? At(TensorSymbol tensor, ImmutableArray<Term> indices, Dictionary<IndexSymbol, long> point)
    {
        var at = ImmutableArray.CreateBuilder<long>(indices.Length);
        for (int d = 0; d < indices.Length; d++)
        {
            if (Terms.Evaluate(indices[d], _dims, point) is not { } i || Terms.Evaluate(tensor.Shape[d], _dims) is not { } extent || i < 0 || i >= extent) return null;
            at.Add(i);
        }
        return new(tensor, at.MoveToImmutable());
    }

    // Depth first, with a stack of its own; the elements on the stack are the path.
    private List<Element>? Cycle()
    {
        var done = new HashSet<Element>();
        foreach (var root in _needs.Keys)
        {
            var path = new List<(Element Element, int Next)> { (root, 0) };
            var onPath = new HashSet<Element> { root };
            while (path.Count > 0 && !done.Contains(root))
            {
                var (element, next) = path[^1];
                var needs = _needs.GetValueOrDefault(element);
                if (needs is null || next >= needs.Count)
                {
                    path.RemoveAt(path.Count - 1);
                    onPath.Remove(element);
                    done.Add(element);
                    continue;
                }
                path[^1] = (element, next + 1);
                var needed = needs[next];
                if (onPath.Contains(needed)) return [.. path.Select(p => p.Element).SkipWhile(e => e != needed)];
                if (!done.Contains(needed) && onPath.Add(needed)) path.Add((needed, 0));
            }
        }
        return null;
    }
}
