using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Dependences;

/// <summary>The point of an equation that writes a given element.</summary>
/// <param name="Values">Indices that the element determines, over the symbols of the element.</param>
/// <param name="Conditions">What holds where the equation writes the element: its indices are in their ranges, its subscripts meet the element.</param>
/// <param name="IsExact">True where every index is determined and the conditions say all.</param>
internal sealed record WritingPoint(IReadOnlyDictionary<IndexSymbol, Term> Values, ImmutableArray<Term> Conditions, bool IsExact)
{
    /// <summary>All conditions as one.</summary>
    public Term Condition => Conditions.Aggregate((Term)Terms.True, (all, c) => ReferenceEquals(all, Terms.True) ? c : new LogicalTerm(true, all, c));

    /// <summary>Solves the target's subscripts for the equation's indices.</summary>
    /// <param name="element">A term for each dimension; null where it is not known, such as an index from data.</param>
    public static WritingPoint Of(Equation equation, Target target, ImmutableArray<Term?> element)
    {
        var values = new Dictionary<IndexSymbol, Term>();
        var conditions = ImmutableArray.CreateBuilder<Term>();
        var open = Enumerable.Range(0, element.Length).Where(d => element[d] is not null).ToList();
        bool isExact = open.Count == element.Length;
        for (bool progress = true; progress && open.Count > 0;)
        {
            progress = false;
            foreach (int d in open.ToArray())
            {
                if (!Solve(Subscript(d), element[d]!, equation, values, conditions)) continue;
                open.Remove(d);
                progress = true;
            }
        }
        isExact &= open.Count == 0;
        foreach (var index in equation.Indices)
        {
            if (!values.TryGetValue(index, out var value)) { isExact = false; continue; }
            var (start, end) = (Replace(index.Start), Replace(index.End));
            if (Mentions(start, equation) || Mentions(end, equation)) { isExact = false; continue; }
            conditions.Add(new BinaryTerm(BinaryOp.Le, start, value));
            conditions.Add(new BinaryTerm(BinaryOp.Lt, value, end));
        }
        return new(values, conditions.ToImmutable(), isExact);

        Term Subscript(int d) => Replace(target.Indices[d]);
        Term Replace(Term t) => Terms.Simplify(Terms.Substitute(t, null, i => values.GetValueOrDefault(i)));
    }

    private static bool Solve(Term subscript, Term element, Equation equation, Dictionary<IndexSymbol, Term> values, ImmutableArray<Term>.Builder conditions)
    {
        var form = AffineForm.Of(subscript);
        IndexSymbol? open = null;
        long factor = 0;
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is IndexAtom { Index: var index } && equation.Indices.Contains(index))
            {
                if (open is not null || AffineForm.ToLong(k) is not { } number || number is 0 or long.MinValue) return false;
                (open, factor) = (index, number);
            }
            else if (AffineForm.Of(atom).ToTerm() is not { } part || (atom is not IndexAtom && Mentions(part, equation))) return false;
        }
        if (open is null)
        {
            conditions.Add(new BinaryTerm(BinaryOp.Eq, subscript, element));
            return true;
        }
        var rest = AffineForm.Of(element) - (form - AffineForm.Of(open) * factor);
        if (factor < 0) rest = -rest;
        var by = AffineForm.Of(Math.Abs(factor));
        if (rest.ToTerm() is not { } product || AffineForm.FloorDiv(rest, by).ToTerm() is not { } value) return false;
        if (Math.Abs(factor) != 1)
            conditions.Add(new BinaryTerm(BinaryOp.Eq, new BinaryTerm(BinaryOp.Mod, product, ConstTerm.Int(Math.Abs(factor))), ConstTerm.Int(0)));
        values.Add(open, Terms.Simplify(value));
        return true;
    }

    private static bool Mentions(Term term, Equation equation)
    {
        bool found = false;
        Terms.Substitute(term, null, i =>
        {
            found |= equation.Indices.Contains(i);
            return null;
        });
        return found;
    }
}
