using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Dependence;

/// <summary>
/// May the iterations of a loop run in any order, or at the same time? They may where no two of them touch one element that one of them writes. Buffers
/// allocated inside the loop do not count, since every iteration has its own.
/// <para>Most nests need no solver: the indices of a write give the iteration back (<see cref="EqualValues"/>), and the loop's other accesses
/// of that buffer have the same indices. What is left is decided pair by pair by isl.</para>
/// </summary>
public static class LoopIndependence
{
    /// <param name="loop">A loop of a function of level <see cref="LoopLevel.Scheduled"/>.</param>
    /// <param name="context">What stands around it.</param>
    /// <param name="allowReductions">Updates <c>C[e] op= value</c> of one instance may meet where <c>e</c> does not depend on the loop: who runs the loop keeps partial results.</param>
    public static DependenceResult Check(For loop, DependenceContext context, bool allowReductions = false)
    {
        if (loop.Extent is IntImm { Value: <= 1 }) return new(DependenceVerdict.Proved, "there is at most one iteration");
        var root = context.Decompose(loop, out var started);
        // The loop itself, where starts of reductions stand before it.
        if (FindLoop(root, loop.Variable) is not { } inside) return new(DependenceVerdict.Unknown, "the loop is lost");
        var accesses = AccessCollector.Collect(inside, out bool isOrdered, started);
        if (isOrdered) return new(DependenceVerdict.Unknown, "barriers or tokens order the iterations");
        var conflicts = new Conflicts(context, accesses);
        var pairs = conflicts.Pairs().ToList();
        if (pairs.Count == 0) return new(DependenceVerdict.Proved, "nothing is written that another iteration sees");
        bool reduces = false;
        var result = conflicts.Check(pairs, (a, b) =>
        {
            if (allowReductions && IsInvariantUpdate(a, b, loop.Variable))
            {
                reduces = true;
                return null;
            }
            if (conflicts.EqualAt(a, b).IsEqual(loop.Variable)) return null;
            var (first, second) = (new Side(a, conflicts.IsWritten), new Side(b, conflicts.IsWritten));
            var (p, q) = (first.At(loop.Variable), second.At(loop.Variable));
            return (first, second, [ReferenceEquals(a, b) ? p < q : Expr.Ne(p, q), .. Side.SameElement(first, second)]);
        }, "each iteration writes elements of its own", "isl: no two iterations touch one element");
        return result.IsProved && reduces ? result with { Argument = $"its updates may be done in any order; otherwise {result.Argument}" } : result;
    }

    private static bool IsInvariantUpdate(Access a, Access b, Var loop) =>
        a.Accumulation is { } op && b.Accumulation == op && a.Instance is not null && ReferenceEquals(a.Instance, b.Instance)
        && a.Indices.Concat(b.Indices).All(i => i.BuffersRead().IsEmpty && !i.UsesVar(loop));

    private static For? FindLoop(Stmt s, Var loop) => s switch
    {
        For f => ReferenceEquals(f.Variable, loop) ? f : null,
        Block b => b.Statements.Select(x => FindLoop(x, loop)).FirstOrDefault(x => x is not null),
        _ => null,
    };
}
