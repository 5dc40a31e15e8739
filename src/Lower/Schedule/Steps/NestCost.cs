using System.Collections.Immutable;
using System.Globalization;
using Tx.Lower.Analysis;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;

namespace Tx.Lower.Schedule.Steps;

/// <summary>What the nests of a schedule do, over all iterations: as a number where all sizes are known, else as products of sizes.</summary>
/// <param name="Operations">Arithmetic on elements.</param>
/// <param name="Loads">Elements that are read, each time that one is.</param>
/// <param name="Stores">Elements that are written, each time that one is.</param>
/// <param name="Bytes">The distinct bytes that the nest with the largest footprint touches; null where sizes are not known.</param>
public sealed record NestCost(string Operations, string Loads, string Stores, long? Bytes)
{
    // Loops whose ranges depend on others are counted iteration by iteration, up to so many.
    private const int MaxCounted = 1 << 16;

    public static NestCost Of(ScheduleState state)
    {
        var (operations, loads, stores) = (new Sum(), new Sum(), new Sum());
        foreach (int nest in state.Nests.Order)
            foreach (var i in state.Nests.Instances(nest))
            {
                var facts = InstanceFacts.Of(i);
                // A stage that is computed in a loop of another may compute an element more than once; of any other the domain is what runs.
                double? runs = state.Placed.ContainsKey(i.Name) ? Runs(NestPath.LoopsAround(state.Nests[nest], i.Name)) : null;
                IEnumerable<Expr> points = runs is null ? i.Iterations.Select(it => Simplify.Simplifier.Simplify(it.End - it.Start)) : [];
                bool isLeast = runs is null && state.Placed.ContainsKey(i.Name);
                operations.Add(facts.Arithmetic * (runs ?? 1), points, isLeast);
                loads.Add(facts.Loads.Count * (runs ?? 1), points, isLeast);
                stores.Add(facts.Stores.Count * (runs ?? 1), points, isLeast);
            }
        long? bytes = null;
        foreach (var view in NestViews.Of(state))
            if (view is LoopView { Bytes: { } b }) bytes = Math.Max(bytes ?? 0, b);
        return new(operations.ToString(), loads.ToString(), stores.ToString(), bytes);
    }

    /// <summary>How often what stands inside some loops runs; null where sizes are not known, or it would take too long to count.</summary>
    private static double? Runs(ImmutableArray<For> loops)
    {
        var point = new Dictionary<Var, long>();
        int left = MaxCounted;
        return Count(0);

        double? Count(int at)
        {
            if (at == loops.Length) return 1;
            var evaluator = new PointEvaluator(point);
            if (left-- == 0 || evaluator.Evaluate(loops[at].Min) is not { } first || evaluator.Evaluate(loops[at].Extent) is not { } extent) return null;
            var variable = loops[at].Variable;
            if (!loops.Skip(at + 1).Any(l => l.Min.UsesVar(variable) || l.Extent.UsesVar(variable))) return Math.Max(0, extent) * Count(at + 1);
            double total = 0;
            for (long i = 0; i < extent; i++)
            {
                point[variable] = first + i;
                if (Count(at + 1) is not { } inner) return null;
                total += inner;
            }
            point.Remove(variable);
            return total;
        }
    }

    /// <summary>A sum of products: one number, and a coefficient for each product of sizes.</summary>
    private sealed class Sum
    {
        private readonly OrderedDictionary<string, double> _terms = new(StringComparer.Ordinal);

        private bool _isLeast;

        public void Add(double each, IEnumerable<Expr> extents, bool isLeast)
        {
            _isLeast |= isLeast;
            double number = each;
            var others = new List<string>();
            foreach (var e in extents)
                if (e is IntImm n) number *= n.Value;
                else others.Add(e is Var ? e.ToString() : $"({e})");
            if (number == 0) return;
            string key = string.Join("·", others);
            _terms[key] = _terms.GetValueOrDefault(key) + number;
        }

        public override string ToString() => _terms.Count == 0 ? "0" : (_isLeast ? "at least " : "") + string.Join(" + ", _terms.OrderBy(t => t.Key.Length == 0).Select(t => t.Key.Length == 0 ? Number(t.Value) : t.Value == 1 ? t.Key : $"{Number(t.Value)}·{t.Key}"));

        private static string Number(double n) => n switch
        {
            >= 1e13 => n.ToString("0.###e0", CultureInfo.InvariantCulture),
            _ => n.ToString("#,0", CultureInfo.InvariantCulture),
        };
    }
}

/// <summary>The loops of a schedule by the names that its lines know them by.</summary>
public static class LoopNames
{
    /// <summary>Every loop, nest by nest from outside; a loop without a name of its own has that of its variable.</summary>
    public static IEnumerable<(string Name, For Loop, int Nest)> Of(ScheduleState state) =>
        state.Nests.Order.SelectMany(n => LoopPlace.LoopsIn(state.Nests[n]).Select(l => (Names.Of(state, l.Variable), l, n)));

    /// <summary>Every stage with its loops, from outside.</summary>
    public static IEnumerable<(string Name, Instance Instance, ImmutableArray<For> Loops)> Stages(ScheduleState state) =>
        state.Nests.Order.SelectMany(n => state.Nests.Instances(n).Select(i => (Names.OfStage(i.Name), i, NestPath.LoopsAround(state.Nests[n], i.Name))));
}
