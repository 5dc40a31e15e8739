using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>Runs the outermost loops of a nest in parallel, in pieces that are worth handing to another thread.</summary>
internal static class OuterParallelism
{
    /// <summary>Operations below which a nest stays on one thread.</summary>
    private const long WorthIt = 1 << 16;
    /// <summary>As many times as much must be worth it where the loop is started again and again, by threads that wait for each other each time.</summary>
    private const long Repeated = 4;
    /// <summary>Operations of one piece.</summary>
    private const long Piece = 1 << 15;
    /// <summary>Operations beside which the divisions that take a fused index apart do not count.</summary>
    private const long WorthAnIndex = 1 << 10;

    /// <summary>Pieces enough for the threads of a machine.</summary>
    private const long EnoughPieces = 64;
    /// <summary>Iterations of a loop that is worth being one.</summary>
    private const long WorthALoop = 4;

    /// <param name="loops">Directly nested loops over elements, outermost first; they are fused as far as their ranges allow.</param>
    /// <param name="inner">Operations of one iteration of the last of <paramref name="loops"/>.</param>
    /// <param name="isRepeated">The loops stand inside of loops that stay serial.</param>
    public static Stmt Apply(Stmt nest, IReadOnlyList<Var> loops, long inner, bool isRepeated = false)
    {
        // One level of parallelism: what stands in a parallel loop is one thread's.
        if (loops.Count == 0 || IsInParallel(nest, loops[0])) return nest;
        var chain = loops.Select(v => NestPath.FindLoop(nest, v)).ToList();
        long? points = InstanceFacts.Points(chain);
        if (points is null)
        {
            // Ranges that depend on a loop outside alone are short as often as not.
            var dims = nest.FreeVars();
            return !isRepeated || chain.Exists(l => l.Extent.UsesAny(dims.Contains)) ? Symbolic(nest, chain, inner) : nest;
        }
        if (points is 0 or 1 || points < (isRepeated ? WorthIt * Repeated : WorthIt) / Math.Max(1, inner)) return nest;

        var fusible = new List<Var> { chain[0].Variable };
        var variables = new HashSet<Var> { chain[0].Variable };
        long covered = NestPath.MaxExtent(chain[0]) ?? long.MaxValue;
        foreach (var l in chain.Skip(1))
        {
            long rest = points.Value / Math.Max(1, covered);
            if (covered >= EnoughPieces && (rest >= WorthALoop || Work(rest, inner) >= WorthAnIndex)) break;
            if (l.Extent.UsesAny(variables.Contains) || l.Min.UsesAny(variables.Contains)) break;
            variables.Add(l.Variable);
            long extent = NestPath.MaxExtent(l) ?? long.MaxValue, piece = Math.Max(1, Piece / Math.Max(1, inner));
            if (ReferenceEquals(l, chain[^1]) && extent >= EnoughPieces && piece > 1)
            {
                // A long loop of small iterations is cut, so that the divisions that take a fused index apart are done once for each piece.
                if (piece >= extent) break;
                (nest, var pieces, _) = Split.Apply(nest, l.Variable, piece, SplitTail.Trim);
                fusible.Add(pieces);
                covered *= (extent + piece - 1) / piece;
                break;
            }
            fusible.Add(l.Variable);
            covered = covered <= long.MaxValue / Math.Max(1, extent) ? covered * extent : long.MaxValue;
        }
        (nest, var fused) = Fuse.All(nest, fusible);
        long each = Work(points.Value / Math.Max(1, covered), inner);
        long chunk = Math.Max(1, Piece / Math.Max(1, each));
        if (chunk > 1) (nest, fused, _) = Split.Apply(nest, fused, chunk, SplitTail.Trim);
        return Mark.Parallel(nest, fused);
    }

    private static bool IsInParallel(Stmt nest, Var loop)
    {
        for (var s = nest; ;)
            switch (s)
            {
                case For f when ReferenceEquals(f.Variable, loop): return false;
                case For { Kind: LoopKind.Parallel }: return true;
                case For f: s = f.Body; break;
                case Allocate a: s = a.Body; break;
                case LetStmt l: s = l.Body; break;
                default: return false;
            }
    }

    // How much there is to do is known when the kernel runs: the launch decides how many iterations are worth a thread. A loop of small iterations
    // is cut into pieces, so that the divisions that take a collapsed index apart are done once for each of them.
    private static Stmt Symbolic(Stmt nest, List<For> chain, long inner)
    {
        var variables = new HashSet<Var>();
        var collapsible = new List<Var>();
        foreach (var l in chain)
        {
            if (l.Extent.UsesAny(variables.Contains) || l.Min.UsesAny(variables.Contains)) break;
            collapsible.Add(l.Variable);
            variables.Add(l.Variable);
        }
        if (collapsible.Count > 1 && inner < WorthAnIndex)
        {
            (nest, var pieces, _) = Split.Apply(nest, collapsible[^1], Math.Max(1, Piece / Math.Max(1, inner)), SplitTail.Trim);
            collapsible[^1] = pieces;
        }
        (nest, var collapsed) = Collapse.Apply(nest, collapsible);
        return Mark.Parallel(nest, collapsed);
    }

    private static long Work(long points, long inner) => points > long.MaxValue / Math.Max(1, inner) ? long.MaxValue : points * Math.Max(1, inner);
}
