using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Dependences;

/// <summary>Finds an order of evaluation for equations that need each other's elements: equations in a row where that is enough, else a
/// loop that carries dependences, and inside it an order for what the loop leaves open (Allen and Kennedy's method on whole equations).</summary>
internal sealed class EvaluationOrder(IProver prover, ImmutableArray<Term> requires)
{
    private const int MaxAssignments = 1 << 14;

    private readonly Dictionary<(Dependence, IndexSymbol, IndexSymbol, bool), long?> _distances = [];

    private sealed record Loop(ImmutableArray<CarriedIndex> Members, bool IsDescending, ImmutableArray<Dependence> Open);

    /// <summary>Null where no such loops were found.</summary>
    /// <param name="equations">In the order of the text, which decides among those that could come next.</param>
    public ImmutableArray<Step>? Find(IReadOnlyList<Equation> equations, IReadOnlyList<Dependence> dependences) => Find(equations, dependences, []);

    private ImmutableArray<Step>? Find(IReadOnlyList<Equation> equations, IReadOnlyList<Dependence> dependences, ImmutableHashSet<IndexSymbol> carried)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();
        foreach (var component in Components.Sort(equations, e => dependences.Where(d => d.To == e).Select(d => d.From)))
        {
            var inside = dependences.Where(d => component.Contains(d.From) && component.Contains(d.To)).ToList();
            if (inside.Count == 0)
            {
                steps.AddRange(component.Select(e => new EquationStep(e)));
                continue;
            }
            if ((Carry(component, inside, carried, isDescending: false) ?? Carry(component, inside, carried, isDescending: true)) is not { } loop) return null;
            // Whichever loop carries something without hurting the rest leaves no less to be found than any other.
            if (Find(component, loop.Open, carried.Union(loop.Members.Select(m => m.Index))) is not { } body) return null;
            steps.Add(new CarriedLoop(loop.Members[0].Index.Name, loop.IsDescending, loop.Members, body));
        }
        return steps.ToImmutable();
    }

    /// <summary>One index for each equation such that no dependence goes back along them and some go forward.</summary>
    private Loop? Carry(IReadOnlyList<Equation> component, List<Dependence> dependences, ImmutableHashSet<IndexSymbol> carried, bool isDescending)
    {
        var chosen = new Dictionary<Equation, IndexSymbol>(ReferenceEqualityComparer.Instance);
        int tried = 0;
        return Choose(0);

        Loop? Choose(int n)
        {
            if (n == component.Count) return Align(component, dependences, chosen, isDescending);
            var equation = component[n];
            foreach (var index in equation.Indices)
            {
                if (carried.Contains(index) || !IsFixed(index, carried) || ++tried > MaxAssignments) continue;
                chosen[equation] = index;
                bool fits = dependences.TrueForAll(d => !(d.From == equation || d.To == equation)
                    || !chosen.TryGetValue(d.From, out var from) || !chosen.TryGetValue(d.To, out var to) || Distance(d, from, to, isDescending) is not null);
                if (fits && Choose(n + 1) is { } loop) return loop;
            }
            chosen.Remove(equation);
            return null;
        }
    }

    private static bool IsFixed(IndexSymbol index, ImmutableHashSet<IndexSymbol> carried)
    {
        bool isFixed = true;
        foreach (var end in new[] { index.Start, index.End })
            Terms.Substitute(end, null, i =>
            {
                isFixed &= carried.Contains(i);
                return null;
            });
        return isFixed;
    }

    /// <summary>Offsets that make every distance at least 0: longest paths, which exist where no cycle goes back.</summary>
    private Loop? Align(IReadOnlyList<Equation> component, List<Dependence> dependences, Dictionary<Equation, IndexSymbol> chosen, bool isDescending)
    {
        var offsets = component.ToDictionary(e => e, _ => 0L, (IEqualityComparer<Equation>)ReferenceEqualityComparer.Instance);
        for (int round = 0; ; round++)
        {
            bool changed = false;
            foreach (var d in dependences)
            {
                long needed = offsets[d.From] - Between(d);
                if (offsets[d.To] >= needed) continue;
                (offsets[d.To], changed) = (needed, true);
            }
            if (!changed) break;
            if (round == component.Count) return null;
        }
        var open = ImmutableArray.CreateBuilder<Dependence>();
        foreach (var d in dependences)
        {
            if (offsets[d.To] - offsets[d.From] + Between(d) > 0) continue;
            long shift = isDescending ? offsets[d.From] - offsets[d.To] : offsets[d.To] - offsets[d.From];
            var same = new BinaryTerm(BinaryOp.Eq, new BinaryTerm(BinaryOp.Add, new IndexTerm(chosen[d.To]), ConstTerm.Int(shift)), d.Source[chosen[d.From]]);
            var rest = d with { Assumptions = d.Assumptions.Add(Terms.Simplify(same)) };
            if (!rest.IsEmpty(prover, requires)) open.Add(rest);
        }
        if (open.Count == dependences.Count) return null;
        return new([.. component.Select(e => new CarriedIndex(e, chosen[e], isDescending ? -offsets[e] : offsets[e]))], isDescending, open.ToImmutable());

        long Between(Dependence d) => Distance(d, chosen[d.From], chosen[d.To], isDescending)!.Value;
    }

    /// <summary>A lower bound of how many iterations the reading point lies behind the writing one; null where there is none.</summary>
    private long? Distance(Dependence d, IndexSymbol from, IndexSymbol to, bool isDescending)
    {
        if (_distances.TryGetValue((d, from, to, isDescending), out var known)) return known;
        return _distances[(d, from, to, isDescending)] = Find();

        long? Find()
        {
            if (!d.Source.TryGetValue(from, out var written)) return null;
            var (write, read) = (AffineForm.Of(written), AffineForm.Of(to));
            var distance = isDescending ? write - read : read - write;
            if (distance.IsConstant) return AffineForm.ToLong(distance.Constant);
            if (distance.ToTerm() is not { } term) return null;
            for (long least = 1; least >= -1; least--)
                if (prover.Prove([.. requires, .. d.Assumptions], d.Scope, new BinaryTerm(BinaryOp.Ge, term, ConstTerm.Int(least))).Verdict is Verdict.Proved) return least;
            return null;
        }
    }
}
