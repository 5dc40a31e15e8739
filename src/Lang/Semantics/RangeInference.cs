using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>The ranges of indices that are neither stated nor fixed by a declared shape. Where an index stands alone in reads, their extents
/// must be equal; reads at an offset then shrink the range to what stays inside.</summary>
internal sealed class RangeInference(SizeComparer sizes, DiagnosticBag bag, List<Obligation> obligations)
{
    private sealed class Bounds
    {
        public List<(Term Extent, RecordedRead Read)> Bare { get; } = [];
        public List<(AffineForm Start, AffineForm End)> Offset { get; } = [];
    }

    /// <summary>Sets the range of each index; false after an error.</summary>
    public bool Solve(ImmutableArray<IndexSymbol> open, IReadOnlyList<RecordedRead> reads)
    {
        var bounds = open.ToDictionary(i => i, _ => new Bounds());
        if (bounds.Count == 0) return true;
        foreach (var read in reads)
            for (int d = 0; d < read.Subscripts.Length; d++)
            {
                if (read.IsBare[d] && read.Subscripts[d] is IndexTerm { Index: var index })
                {
                    if (bounds.TryGetValue(index, out var b)) b.Bare.Add((read.Tensor.Shape[d], read));
                }
                else if (read.Bounds) AddOffset(bounds, read.Subscripts[d], read.Tensor.Shape[d]);
            }
        bool isFine = true;
        var left = new List<IndexSymbol>();
        foreach (var index in open)
            if (bounds[index].Bare.Count == 0 && bounds[index].Offset.Count == 0) left.Add(index);
            else isFine &= Solve(index, bounds[index]);
        if (left.Count == 0 || !isFine) return isFine;

        // What stands beside other indices: they have their ranges now. A window that nobody stated is more likely forgotten than meant.
        foreach (var read in reads.Where(r => r.Bounds && !left.Exists(i => i.IsReduction)))
            for (int d = 0; d < read.Subscripts.Length; d++) AddBeside(bounds, left, read.Subscripts[d], read.Tensor.Shape[d]);
        ImmutableArray<IndexSymbol> boundless = [.. left.Where(i => bounds[i].Offset.Count == 0)];
        if (boundless.Length > 0) ReportNoRange(boundless);
        foreach (var index in left) isFine &= !boundless.Contains(index) && Solve(index, bounds[index]);
        return isFine;
    }

    /// <summary>What keeps <c>a · i + b</c> inside 0..extent for all values of the other indices in b, such as <c>2 * y + r</c> with r in 0..R.</summary>
    private static void AddBeside(Dictionary<IndexSymbol, Bounds> bounds, List<IndexSymbol> left, Term subscript, Term extent)
    {
        var form = AffineForm.Of(subscript);
        if (form.Terms.Select(t => t.Atom).OfType<IndexAtom>().Where(a => left.Contains(a.Index)).ToList() is not [var sole]) return;
        var (least, greatest) = (form, form);
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is not IndexAtom { Index: var other })
            {
                if (!IsOverDims(atom)) return;
                continue;
            }
            if (other == sole.Index) continue;
            var (first, last) = (AffineForm.Of(other.Start), AffineForm.Of(other.End) - 1);
            if (AffineForm.ToLong(k) is not { } factor || factor is long.MinValue || !IsOverDims(first) || !IsOverDims(last)) return;
            var here = AffineForm.Of(other);
            least += ((factor > 0 ? first : last) - here) * factor;
            greatest += ((factor > 0 ? last : first) - here) * factor;
        }
        if (Alone(least) is not { } low || Alone(greatest) is not { } high) return;
        bool rises = form.Terms.First(t => t.Atom is IndexAtom a && a.Index == sole.Index).Coefficient.Sign > 0;
        bounds[sole.Index].Offset.Add(rises ? (low.Start, high.End) : (high.Start, low.End));

        (AffineForm Start, AffineForm End)? Alone(AffineForm end)
        {
            var probe = new Dictionary<IndexSymbol, Bounds> { [sole.Index] = new() };
            if (end.ToTerm() is { } term) AddOffset(probe, term, extent);
            return probe[sole.Index].Offset is [var only] ? only : null;
        }
    }

    private void ReportNoRange(ImmutableArray<IndexSymbol> indices)
    {
        string names = string.Join(", ", indices.Select(i => $"`{i.Name}`"));
        string ranges = string.Join(", ", indices.Select(i => $"{i.Name} in 0..n"));
        bag.Add(SemanticDiagnostics.NoRange, indices[0].Span, names,
            indices[0].IsReduction ? $"`{ranges}`" : $"`for {ranges} {{ … }}`, or declare the tensor on the left with its shape");
    }

    /// <summary>What keeps <c>a · i + b</c> inside 0..extent, where i is the only index.</summary>
    private static void AddOffset(Dictionary<IndexSymbol, Bounds> bounds, Term subscript, Term extent)
    {
        var form = AffineForm.Of(subscript);
        IndexSymbol? index = null;
        long factor = 0;
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is IndexAtom i)
            {
                if (index is not null || AffineForm.ToLong(k) is not { } number || number is long.MinValue) return;
                (index, factor) = (i.Index, number);
            }
            else if (!IsOverDims(atom)) return;
        }
        if (index is null || !bounds.TryGetValue(index, out var b)) return;
        var rest = form - AffineForm.Of(index) * factor;
        var end = AffineForm.Of(extent);
        var by = AffineForm.Of(Math.Abs(factor));
        if (factor > 0) b.Offset.Add((AffineForm.FloorDiv(-rest + (factor - 1), by), AffineForm.FloorDiv(end - rest - 1, by) + 1));
        else b.Offset.Add((AffineForm.FloorDiv(rest - end, by) + 1, AffineForm.FloorDiv(rest, by) + 1));
    }

    private static bool IsOverDims(AffineAtom atom) => atom switch
    {
        DimAtom => true,
        ProductAtom p => p.Factors.All(IsOverDims),
        DivAtom d => IsOverDims(d.Dividend) && IsOverDims(d.Divisor),
        ModAtom m => IsOverDims(m.Dividend) && IsOverDims(m.Divisor),
        ExtremumAtom x => IsOverDims(x.Left) && IsOverDims(x.Right),
        _ => false,
    };

    private static bool IsOverDims(AffineForm form) => form.Terms.All(t => IsOverDims(t.Atom));

    private bool Solve(IndexSymbol index, Bounds b)
    {
        var starts = b.Offset.Select(o => o.Start).ToList();
        var ends = b.Offset.Select(o => o.End).ToList();
        if (b.Bare.Count > 0)
        {
            if (!Agree(index, b.Bare)) return false;
            starts.Insert(0, AffineForm.Zero);
            ends.Insert(0, AffineForm.Of(b.Bare[0].Extent));
        }
        if (Extremum(index, starts, wantMax: true) is not { } start || Extremum(index, ends, wantMax: false) is not { } end) return false;
        if (start.ToTerm() is not { } first || end.ToTerm() is not { } last)
        {
            ReportNoRange([index]);
            return false;
        }
        if (!index.IsReduction && !start.Equals(AffineForm.Zero))
        {
            bag.Add(SemanticDiagnostics.IndexStartsOffZero, index.Span, index.Name, Terms.Print(first), Statement(index, Terms.Print(last)));
            return false;
        }
        (index.Start, index.End) = (first, last);
        return true;
    }

    private static string Statement(IndexSymbol index, string end) =>
        index.IsReduction ? $"`{index.Name} in 0..{end}`" : $"`for {index.Name} in 0..{end} {{ … }}`, or the shape of the tensor on the left";

    private bool Agree(IndexSymbol index, List<(Term Extent, RecordedRead Read)> bare)
    {
        var (first, read) = bare[0];
        foreach (var (extent, other) in bare.Skip(1))
        {
            var equal = sizes.Equal(first, extent);
            if (equal.Verdict is Verdict.Proved) continue;
            ImmutableArray<object?> names = [index.Name, Terms.Print(first), read.Tensor.Name, Terms.Print(extent), other.Tensor.Name];
            ImmutableArray<Label> labels = [new(read.Span, $"`{index.Name}` in 0..{names[1]}"), new(other.Span, $"`{index.Name}` in 0..{names[3]}")];
            if (equal.Verdict is Verdict.Unknown)
            {
                obligations.Add(new(SemanticDiagnostics.RangesDisagree, names, new BinaryTerm(BinaryOp.Eq, first, extent), [], [], index.Span, labels));
                continue;
            }
            var error = Diagnostic.Create(SemanticDiagnostics.RangesDisagree, index.Span, [.. names]) with { Labels = labels, Witness = SizeComparer.Witness(equal) };
            bool isNumber = first is ConstTerm && extent is ConstTerm;
            bag.Add(isNumber ? error.WithHelp($"the two extents are {names[1]} and {names[3]}: give one of them another index") : error);
            return false;
        }
        return true;
    }

    private AffineForm? Extremum(IndexSymbol index, List<AffineForm> bounds, bool wantMax)
    {
        var best = bounds[0];
        foreach (var bound in bounds.Skip(1))
        {
            var (low, high) = wantMax ? (bound, best) : (best, bound);
            if (sizes.AtMost(low, high) is Verdict.Proved) continue;
            if (sizes.AtMost(high, low) is not Verdict.Proved)
            {
                bag.Add(SemanticDiagnostics.RangesNotComparable, index.Span, index.Name, Show(best), Show(bound), Statement(index, "n"));
                return null;
            }
            best = bound;
        }
        return best;
    }

    private static string Show(AffineForm form) => form.ToTerm() is { } term ? Terms.Print(term) : "…";
}
