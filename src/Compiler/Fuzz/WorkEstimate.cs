using Tx.Lang.Program;

namespace Tx.Fuzz;

/// <summary>How long an operator takes where every term is evaluated once a point: the number of terms evaluated.</summary>
internal sealed class WorkEstimate(IReadOnlyDictionary<DimSymbol, long> dims)
{
    private readonly Dictionary<Term, double> _known = new(ReferenceEqualityComparer.Instance);

    public static double Of(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        var estimate = new WorkEstimate(dims);
        return op.Stages.SelectMany(s => s.Equations).Sum(e =>
            FlopCount.Volume(e.Indices, dims) * (estimate.Of(e.Value) + e.Targets.SelectMany(t => t.Indices).Sum(estimate.Of)));
    }

    private double Of(Term term)
    {
        if (_known.TryGetValue(term, out double known)) return known;
        double inside = term switch
        {
            BinaryTerm b => Of(b.Left) + Of(b.Right),
            LogicalTerm l => Of(l.Left) + Of(l.Right),
            UnaryTerm u => Of(u.Operand),
            CastTerm c => Of(c.Operand),
            SelectTerm s => Of(s.Condition) + Math.Max(Of(s.Then), Of(s.Else)),
            IntrinsicTerm f => f.Arguments.Sum(Of),
            ReadTerm r => r.Indices.Sum(Of) + (r.Default is null ? 0 : Of(r.Default)),
            ReduceTerm r => FlopCount.Volume(r.Indices, dims) * (Of(r.Body) + (r.Condition is null ? 0 : Of(r.Condition))),
            _ => 0,
        };
        return _known[term] = 1 + inside;
    }
}
