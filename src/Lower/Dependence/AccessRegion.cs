using System.Collections.Immutable;
using Tx.Core;
using Tx.Core.Sets;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

/// <summary>One dimension of a region.</summary>
/// <param name="Low">The first index.</param>
/// <param name="Extent">How many indices at most: a number or an expression over dimensions where there is such a bound, otherwise as <paramref name="TightExtent"/>.</param>
/// <param name="TightExtent">How many indices at this iteration of the loops outside; not below 0.</param>
/// <param name="IsWhole">All of the buffer's dimension, because more is not known.</param>
public sealed record RegionDimension(Expr Low, Expr Extent, Expr TightExtent, bool IsWhole);

/// <summary>
/// A box around the elements of a buffer that a statement touches at one iteration of the loops outside. It is found by interval arithmetic over the
/// loops' ranges and the instances' domains; <see cref="Covers"/> proves it by isl.
/// </summary>
public sealed class AccessRegion
{
    private readonly ImmutableArray<SymbolicRange> _ranges;

    private AccessRegion(Buffer buffer, ImmutableArray<SymbolicRange> ranges, DependenceContext context)
    {
        (Buffer, _ranges) = (buffer, ranges);
        var known = context.Ranges();
        Dimensions = [.. ranges.Select((r, d) => DimensionOf(r, buffer.Shape[d], known, [.. context.Dims]))];
    }

    public Buffer Buffer { get; }
    /// <summary>One for each dimension of the buffer, over variables outside of the statement.</summary>
    public ImmutableArray<RegionDimension> Dimensions { get; }

    /// <summary>The region of all reads of <paramref name="buffer"/> in <paramref name="body"/>; null where there is none.</summary>
    /// <param name="insideLoops">Loops around <paramref name="body"/>, outermost first, that run too; those in the body do anyway.</param>
    /// <param name="context">What stands around <paramref name="insideLoops"/>.</param>
    public static AccessRegion? Of(Stmt body, Buffer buffer, IReadOnlyList<For> insideLoops, DependenceContext context, bool includeWrites = false)
    {
        var known = context.Ranges();
        ImmutableArray<SymbolicRange>? box = null;
        foreach (var a in Accesses(body, buffer, insideLoops, includeWrites))
        {
            var ranges = RangesOf(a, known);
            box = box is { } before ? [.. before.Zip(ranges, (x, y) => x.Union(y, known))] : ranges;
        }
        return box is { } all ? new(buffer, all, context) : null;
    }

    /// <summary>The smallest box around both that interval arithmetic finds.</summary>
    public AccessRegion Union(AccessRegion other, DependenceContext context)
    {
        if (!ReferenceEquals(other.Buffer, Buffer)) throw new CompilerBugException("access region", $"{Buffer.Name} is not {other.Buffer.Name}");
        var known = context.Ranges();
        return new(Buffer, [.. _ranges.Zip(other._ranges, (x, y) => x.Union(y, known))], context);
    }

    /// <summary>Proves by isl that every element that is read lies in the box <see cref="RegionDimension.Low"/> .. + <see cref="RegionDimension.TightExtent"/>, and that
    /// <see cref="RegionDimension.Extent"/> is no less. Reads are in the bounds of the buffer, as was proved or is checked elsewhere.</summary>
    public DependenceResult Covers(Stmt body, IReadOnlyList<For> insideLoops, DependenceContext context, bool includeWrites = false)
    {
        (Access, Access)? undecided = null;
        foreach (var a in Accesses(body, Buffer, insideLoops, includeWrites))
        {
            var side = new Side(a, _ => true);
            var inBounds = side.Indices.SelectMany((e, d) => (Expr[])[Expr.Index(0) <= e, e < Buffer.Shape[d]]);
            List<Expr> conditions = [.. context.Assumptions, .. side.Conditions, .. inBounds];
            for (int d = 0; d < Dimensions.Length; d++)
            {
                var (low, extent, tight, isWhole) = Dimensions[d];
                if (isWhole) continue;
                var e = side.Indices[d];
                Expr[] outside = ReferenceEquals(extent, tight) ? [e < low, e >= low + tight] : [e < low, e >= low + tight, e >= low + extent];
                // One question each: a disjunction costs more than its parts.
                foreach (var violated in outside)
                {
                    var answer = context.Prover.Find([.. conditions, violated], context.Dims);
                    if (answer.Answer is Emptiness.NotEmpty)
                    {
                        var around = context.Dims.Where(answer.Point.ContainsKey).Concat(context.Loops.Select(l => l.Variable)).Select(v => (v, answer.Point.GetValueOrDefault(v)));
                        var values = side.Values(answer.Point);
                        return new(DependenceVerdict.Refuted, $"an element outside of the region of {Buffer.Name} is touched",
                            new(a, a, [.. around], values, values, side.Element(answer.Point)));
                    }
                    if (answer.Answer is Emptiness.Unknown) undecided ??= (a, a);
                }
            }
        }
        return undecided is { } pair ? new(DependenceVerdict.Unknown, "not decided by the solver", null, pair) : new(DependenceVerdict.Proved, "isl: the region holds every element that is touched");
    }

    private static IEnumerable<Access> Accesses(Stmt body, Buffer buffer, IReadOnlyList<For> insideLoops, bool includeWrites)
    {
        var root = body;
        foreach (var l in insideLoops.Reverse()) root = new For(l.Variable, l.Min, l.Extent, l.Kind, root);
        return AccessCollector.Collect(root).Where(a => ReferenceEquals(a.Buffer, buffer) && (includeWrites || !a.IsWrite)).DistinctBy(a => a, new SameElements());
    }

    // The indices over the loops and over the instance's iterations: both bound it, and where one says too little the other may not.
    private static ImmutableArray<SymbolicRange> RangesOf(Access a, RangeContext known)
    {
        var loops = new Dictionary<Var, SymbolicRange>();
        foreach (var f in a.Loops) loops.Add(f.Variable, LoopRange(f, loops, known));
        foreach (var v in a.Free) loops[v] = SymbolicRange.Unknown;
        foreach (var g in a.Guards) Narrow(g, loops, known);
        var points = new Dictionary<Var, SymbolicRange>(loops);
        ImmutableArray<IterVar> iterations = a.Instance?.Iterations ?? [];
        // Until its turn an iteration may be anything.
        foreach (var it in iterations) points[it.Variable] = SymbolicRange.Unknown;
        for (int n = 0; n < iterations.Length; n++)
        {
            var start = SymbolicRange.Of(iterations[n].Start, OfPoint, known);
            var end = SymbolicRange.Of(iterations[n].End, OfPoint, known);
            var bound = SymbolicRange.Of(a.Bindings[n], OfLoop, known);
            // The start of a reduction has no point in it.
            bool isPoint = !(a.IsInit && iterations[n].Kind is IterKind.Reduction);
            points[iterations[n].Variable] = isPoint ? bound.Intersect(new(start.Low, [.. end.High.Select(f => f.Plus(-1)).OfType<LinearForm>()])) : SymbolicRange.Unknown;
        }
        return [.. a.Indices.Select((e, d) => SymbolicRange.Of(a.PointIndices[d], OfPoint, known).Intersect(SymbolicRange.Of(e, OfLoop, known)).Where(f => f.ToExpr().FreeVars().All(v => !points.ContainsKey(v))))];

        SymbolicRange? OfLoop(Var v) => loops.TryGetValue(v, out var r) ? r : null;
        SymbolicRange? OfPoint(Var v) => points.TryGetValue(v, out var r) ? r : null;
    }

    private static SymbolicRange LoopRange(For f, Dictionary<Var, SymbolicRange> outer, RangeContext known)
    {
        var low = SymbolicRange.Of(f.Min, v => outer.TryGetValue(v, out var r) ? r : null, known);
        var extent = SymbolicRange.Of(f.Extent is Binary { Op: BinaryOp.Max, Left: IntImm { Value: 0 } } clamped ? clamped.Right : f.Extent, v => outer.TryGetValue(v, out var r) ? r : null, known);
        // A loop that runs has an extent of at least 1, which is then the one that is clamped to 0.
        var end = low + extent;
        return new(low.Low, [.. end.High.Select(h => h.Plus(-1)).OfType<LinearForm>()]);
    }

    // A guard on one loop variable narrows its range: v < n, n <= v.
    private static void Narrow(Expr guard, Dictionary<Var, SymbolicRange> loops, RangeContext known)
    {
        switch (guard)
        {
            case Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b:
                Narrow(b.Left, loops, known);
                Narrow(b.Right, loops, known);
                break;
            case Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } b when b.Left.Type == IrType.Index && b.BuffersRead().IsEmpty
                && LinearForm.Of(b.Left) is { } l && LinearForm.Of(b.Right) is { } r:
                // rest + k·v ≥ 0
                var form = b.Op is BinaryOp.Lt or BinaryOp.Le ? r.Minus(l) : l.Minus(r);
                if (b.Op is BinaryOp.Lt or BinaryOp.Gt) form = form?.Plus(-1);
                if (form is null) break;
                foreach (var (atom, k) in form.Terms)
                    if (atom is Var v && k is 1 or -1 && loops.TryGetValue((Var)atom, out var range) && form.Replace(atom, LinearForm.Of(0)) is { } rest
                        && rest.Terms.All(t => !t.Key.UsesVar((Var)atom)) && rest.ToExpr() is var other)
                    {
                        var bound = SymbolicRange.Of(other, x => loops.TryGetValue(x, out var y) ? y : null, known);
                        loops[(Var)atom] = range.Intersect(k == 1 ? new(bound.Times(-1).Low, []) : new([], bound.High));
                    }
                break;
        }
    }

    private static RegionDimension DimensionOf(SymbolicRange range, Expr size, RangeContext known, HashSet<Var> dims)
    {
        // Elements outside of the buffer are not touched.
        var whole = new RegionDimension(Expr.Index(0), size, size, true);
        if (range.Low.IsEmpty || range.High.IsEmpty) return whole;
        List<LinearForm> lows = [.. range.Low], highs = [.. range.High];
        if (!lows.Exists(f => known.Decide(BinaryOp.Ge, f) == true)) lows.Add(LinearForm.Of(0));
        if (LinearForm.Of(size)?.Plus(-1) is { } last && !highs.Exists(f => f.Minus(last) is { } d && known.Decide(BinaryOp.Le, d) == true)) highs.Add(last);
        Strongest(lows, BinaryOp.Ge, known);
        Strongest(highs, BinaryOp.Le, known);

        var low = Simplifier.Simplify(lows.Select(f => f.ToExpr()).Aggregate(Expr.Max), known);
        var candidates = highs.SelectMany(h => lows.Select(l => h.Minus(l)?.Plus(1))).OfType<LinearForm>().ToList();
        var high = highs.Select(f => f.ToExpr()).Aggregate(Expr.Min);
        var tight = lows is [var onlyLow]
            ? highs.Select(h => (h.Minus(onlyLow)?.Plus(1) ?? h).ToExpr()).Aggregate(Expr.Min)
            : high + 1 - low;
        tight = NotNegative(Simplifier.Simplify(tight, known), known);
        if (candidates.Count == 0) return whole;
        var constants = candidates.Where(c => c.IsConstant).Select(c => c.Constant).ToList();
        // No more than there are.
        if (size is IntImm { Value: var count }) constants.Add(count);
        var invariants = candidates.Where(c => c.Terms.All(t => t.Key.BuffersRead().IsEmpty && t.Key.FreeVars().All(dims.Contains))).Select(c => c.ToExpr()).ToList();
        var extent = constants.Count > 0 ? Expr.Index(Math.Max(0, constants.Min()))
            : invariants.Count > 0 ? NotNegative(Simplifier.Simplify(invariants.Aggregate(Expr.Min), known), known)
            : tight;
        return new(low, extent, StructuralComparer.Equal(extent, tight) ? extent : tight, false);
    }

    private static Expr NotNegative(Expr e, RangeContext known) => known.Decide(BinaryOp.Ge, e, IntImm.Index(0)) == true ? e : Expr.Max(Expr.Index(0), e);

    // Leaves out what another bound implies.
    private static void Strongest(List<LinearForm> forms, BinaryOp op, RangeContext known)
    {
        for (int i = forms.Count - 1; i >= 0; i--)
            for (int j = 0; j < forms.Count; j++)
                if (i != j && forms[j].Minus(forms[i]) is { } d && known.Decide(op, d) == true)
                {
                    forms.RemoveAt(i);
                    break;
                }
    }

    private sealed class SameElements : IEqualityComparer<Access>
    {
        public bool Equals(Access? x, Access? y) => ReferenceEquals(x, y) || x is not null && y is not null && ReferenceEquals(x.Instance, y.Instance) && x.Free.IsEmpty && y.Free.IsEmpty
            && x.Loops.Select(l => l.Variable).SequenceEqual(y.Loops.Select(l => l.Variable)) && x.Indices.SequenceEqual(y.Indices, StructuralComparer.Instance)
            && x.Guards.SequenceEqual(y.Guards, StructuralComparer.Instance);

        public int GetHashCode(Access a) => a.Indices.Aggregate(17, (h, e) => unchecked(h * 31 + StructuralComparer.Instance.GetHashCode(e)));
    }
}
