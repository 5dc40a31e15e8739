using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Lower.Dependence;

/// <summary>
/// May directly nested loops be permuted? They may where no two accesses that touch one element, one of them a write, change their order.
/// Updates <c>C[e] op= value</c> that may be done in any order do not count (see <see cref="Access.Accumulation"/>). The start of a reduction stands before its
/// outermost loop in every order, so it does not count either, unless something else in the body uses what it starts.
/// </summary>
public static class LoopOrder
{
    /// <param name="chain">The loops in their order now, each directly inside the one before.</param>
    /// <param name="newOrder">Their variables in the order asked for.</param>
    /// <param name="body">What the innermost loop holds.</param>
    /// <param name="context">What stands around the chain.</param>
    /// <exception cref="CompilerBugException"><paramref name="newOrder"/> does not name the loops of the chain.</exception>
    public static DependenceResult Check(IReadOnlyList<For> chain, IReadOnlyList<Var> newOrder, Stmt body, DependenceContext context)
    {
        if (newOrder.Count != chain.Count || !newOrder.ToHashSet().SetEquals(chain.Select(l => l.Variable))) throw new CompilerBugException("loop order", "the new order does not name the loops");
        if (newOrder.SequenceEqual(chain.Select(l => l.Variable))) return new(DependenceVerdict.Proved, "the order stays");
        if (RangeOutOfScope(chain, newOrder) is { } range) return range;
        var nest = body;
        foreach (var l in chain.Reverse()) nest = l.WithBody(nest);
        var all = AccessCollector.Collect(nest, out bool isOrdered);
        if (isOrdered) return new(DependenceVerdict.Unknown, "barriers or tokens order the iterations");
        var inChain = chain.Select(l => l.Variable).ToHashSet();
        if (MovedStart(chain, newOrder, all, context) is { } moved) return moved;
        // A start outside of the chain runs before all of it. One inside runs also where a reduction further in has nothing to reduce.
        ImmutableArray<Access> accesses = [.. all.Where(a => !a.IsInit || !StartsOutside(a, context))
            .Select(a => a.IsInit ? a with { Loops = [.. a.Loops.Where(l => inChain.Contains(l.Variable) || !a.ReductionLoops.Contains(l.Variable))] } : a)];
        var conflicts = new Conflicts(context, accesses);
        bool reduces = false;
        var result = conflicts.Check(Ordered(conflicts.Pairs()), (a, b) =>
        {
            if (Commute(a, b))
            {
                reduces = true;
                return null;
            }
            // Of a start and its updates only the whole runs count, which are compared by their updates.
            if ((a.IsInit || b.IsInit) && ReferenceEquals(a.Instance, b.Instance) && (a.IsInit && b.IsInit || a.IsAccumulation || b.IsAccumulation)) return null;
            var equal = conflicts.EqualAt(a, b);
            List<Var> before = [.. chain.Select(l => l.Variable).Where(v => !equal.IsEqual(v))], after = [.. newOrder.Where(v => !equal.IsEqual(v))];
            // Loops at which the two points agree order nothing.
            if (before.SequenceEqual(after)) return null;
            // Updates of one run commute, those of two runs don't: a start lies between.
            bool isRun = a.IsAccumulation && a.Accumulation == b.Accumulation && ReferenceEquals(a.Instance, b.Instance);
            var runs = chain.Select(l => l.Variable).Where(v => !a.ReductionLoops.Contains(v) && !equal.IsEqual(v)).ToList();
            if (isRun && runs.Count == 0)
            {
                reduces = true;
                return null;
            }
            var (first, second) = (new Side(a, conflicts.IsWritten), new Side(b, conflicts.IsWritten));
            return (first, second, [.. chain.Where(l => equal.IsEqual(l.Variable)).Select(l => Expr.Eq(first.At(l.Variable), second.At(l.Variable))),
                Lexicographic(before, first, second), Lexicographic(after, second, first), .. Side.SameElement(first, second),
                .. isRun ? [runs.Select(v => Expr.Ne(first.At(v), second.At(v))).Aggregate(Expr.Or)] : Array.Empty<Expr>()]);

            bool Commute(Access x, Access y) => x.Accumulation is { } op && y.Accumulation == op
                && (ReferenceEquals(x.Instance, y.Instance) ? x.Instance!.Init is null || StartsOutside(x, context) : !x.Buffer.Type.IsFloat && x.Instance!.Init is null && y.Instance!.Init is null);
        }, "the iterations that touch one element keep their order", "isl: no two iterations that touch one element change their order");
        return result.IsProved && reduces ? result with { Argument = $"updates may be done in any order; otherwise {result.Argument}" }
            : result.Witness is not null ? result with { Argument = "two iterations that touch one element change their order" } : result;
    }

    // A pair of different accesses may meet in either order.
    private static IEnumerable<(Access, Access)> Ordered(IEnumerable<(Access First, Access Second)> pairs) =>
        pairs.SelectMany(p => ReferenceEquals(p.First, p.Second) ? [p] : ((Access, Access)[])[p, (p.Second, p.First)]);

    private static bool StartsOutside(Access a, DependenceContext context) => context.Loops.Any(l => a.ReductionLoops.Contains(l.Variable))
        || context.Around.OfType<LetStmt>().Any(l => a.ReductionLoops.Contains(l.Variable));

    private static Expr Lexicographic(IReadOnlyList<Var> order, Side p, Side q)
    {
        Expr before = Expr.False, same = Expr.True;
        foreach (var v in order)
        {
            before = Expr.Or(before, Expr.And(same, p.At(v) < q.At(v)));
            same = Expr.And(same, Expr.Eq(p.At(v), q.At(v)));
        }
        return before;
    }

    private static DependenceResult? RangeOutOfScope(IReadOnlyList<For> chain, IReadOnlyList<Var> newOrder)
    {
        for (int n = 0; n < newOrder.Count; n++)
        {
            var loop = chain.First(l => ReferenceEquals(l.Variable, newOrder[n]));
            if (newOrder.Skip(n).FirstOrDefault(v => loop.Min.UsesVar(v) || loop.Extent.UsesVar(v)) is { } inner)
                return new(DependenceVerdict.Refuted, $"the range of {loop.Variable.Name} uses {inner.Name}, which would lie inside it");
        }
        return null;
    }

    // A start that moves to another loop must not pass what else uses its buffer.
    private static DependenceResult? MovedStart(IReadOnlyList<For> chain, IReadOnlyList<Var> newOrder, ImmutableArray<Access> accesses, DependenceContext context)
    {
        foreach (var start in accesses.Where(a => a.IsInit && a.IsWrite && !a.IsPrivate && !StartsOutside(a, context)))
        {
            if (!chain.Any(l => start.ReductionLoops.Contains(l.Variable))) continue;
            if (chain.Select(l => l.Variable).TakeWhile(v => !start.ReductionLoops.Contains(v)).SequenceEqual(newOrder.TakeWhile(v => !start.ReductionLoops.Contains(v)))) continue;
            var other = accesses.FirstOrDefault(a => ReferenceEquals(a.Buffer, start.Buffer) && !ReferenceEquals(a.Instance, start.Instance));
            if (other is not null) return new(DependenceVerdict.Unknown, $"the start of {start.Instance!.Name} would move, and {other.Instance?.Name ?? "another statement"} uses what it starts", null, (start, other));
            // Its own reads of other elements would see them before or after their start.
            var own = accesses.FirstOrDefault(a => ReferenceEquals(a.Buffer, start.Buffer) && !a.IsInit && !a.IsWrite && !IsOwnElement(a, accesses));
            if (own is not null) return new(DependenceVerdict.Unknown, $"the start of {start.Instance!.Name} would move, and it reads other elements of {own.Buffer.Name}", null, (start, own));
        }
        return null;
    }

    private static bool IsOwnElement(Access read, ImmutableArray<Access> accesses) =>
        accesses.Where(a => a.IsWrite && !a.IsInit && ReferenceEquals(a.Buffer, read.Buffer)).All(a => a.Indices.SequenceEqual(read.Indices, StructuralComparer.Instance));
}
