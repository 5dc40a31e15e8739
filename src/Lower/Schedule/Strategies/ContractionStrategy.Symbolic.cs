using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Strategies;

// Extents that are not numbers: the same kernel, with blocks of fixed sizes. Which side is larger is not known, so both are cut into blocks, and a thread
// takes one of each; what it packs of the blocked side is used for all rows of the other's block.
internal sealed partial class ContractionStrategy
{
    /// <summary>What an extent that is not known counts as, where a choice needs a number.</summary>
    private const long TypicalExtent = 1024;
    /// <summary>Steps of the reduction that are packed at once: the tile of the output is read and written once for each.</summary>
    private const long SymbolicDepth = 512;
    /// <summary>Columns (or rows) in a block of the side that is packed by blocks.</summary>
    private const long BlockedExtent = 96;
    /// <summary>Rows (or columns) of the other side that share a packed block.</summary>
    private const long WholeExtent = 256;

    private static bool IsSymbolic(ImmutableArray<For> loops) => loops.Any(l => l.Extent is not IntImm);

    // A side of unknown length is long: padding at its end does not count.
    private static RegisterTile SymbolicTile(ContractionShape shape, CpuTarget target)
    {
        static long Length(For loop) => loop.Extent is IntImm n ? n.Value : 1 << 20;
        return RegisterTile.Choose(Length(shape.Rows[^1]), Length(shape.Columns[^1]), ElementBytes(shape), target);
    }

    private (ImmutableArray<Stmt>, ImmutableArray<Buffer>) RunSymbolic()
    {
        var (otherRows, row) = (Variables(_shape.Rows[..^1]), _shape.Rows[^1]);
        var (otherColumns, column) = (Variables(_shape.Columns[..^1]), _shape.Columns[^1]);
        var batch = Variables(_shape.Batch);
        var reductions = Variables(_shape.Reductions);
        (_nest, var rowPanels, var rowInTile) = Split.Apply(TailGuard.Apply(_nest, row.Variable, _tile.Rows, []), row.Variable, _tile.Rows);
        (_nest, var columnPanels, var columnInTile) = Split.Apply(TailGuard.Apply(_nest, column.Variable, _tile.Columns, []), column.Variable, _tile.Columns);
        (_nest, var vector, var lane) = Split.Apply(_nest, columnInTile, _tile.Lanes);

        // The whole side is packed at root, padded in each of its dimensions: better the one with fewer.
        bool blockColumns = _shape.RowParts.Sum(UsedLoops) <= _shape.ColumnParts.Sum(UsedLoops);
        var (blockedPanels, blockedOthers, blockedRows) = blockColumns ? (columnPanels, otherColumns, _tile.Columns) : (rowPanels, otherRows, _tile.Rows);
        var (wholePanels, wholeOthers, wholeRows) = blockColumns ? (rowPanels, otherRows, _tile.Rows) : (columnPanels, otherColumns, _tile.Columns);

        long below = _shape.Reductions.Skip(1).Aggregate(1L, (n, l) => n * (l.Extent is IntImm e ? e.Value : 4));
        (_nest, var depthBlock, var depthInBlock) = Split.Apply(_nest, reductions[0], Math.Max(1, SymbolicDepth / Math.Max(1, below)), SplitTail.Trim);
        // An empty reduction still sets its elements.
        _nest = NestPath.ReplaceLoop(_nest, depthBlock, l => new For(l.Variable, l.Min, Expr.Max(Expr.Index(1), l.Extent), l.Kind, l.Body, l.Axis, l.Origin));
        reductions = reductions.SetItem(0, depthInBlock);
        (_nest, var blocks, var panelInBlock) = Split.Apply(_nest, blockedPanels, Math.Max(1, BlockedExtent / blockedRows), SplitTail.Trim);
        (_nest, var wholeBlocks, var wholeInBlock) = Split.Apply(_nest, wholePanels, Math.Max(1, WholeExtent / wholeRows), SplitTail.Trim);

        ImmutableArray<Var> outer = [.. batch, .. blockedOthers, blocks, wholeBlocks];
        _nest = Reorder.Apply(_nest, [.. outer, depthBlock, .. wholeOthers, wholeInBlock, panelInBlock, .. reductions, rowInTile, vector, lane]);
        _nest = Mark.Vectorize(Mark.Unroll(Mark.Unroll(_nest, rowInTile), vector), lane);

        var fills = new List<Stmt>();
        var temporaries = new List<Buffer>();
        foreach (var part in _shape.RowParts) Pack(part, blockColumns ? null : depthBlock, [rowInTile], fills, temporaries);
        foreach (var part in _shape.ColumnParts) Pack(part, blockColumns ? depthBlock : null, [vector, lane], fills, temporaries);
        _nest = CacheWrite.Apply(_nest, _stage, panelInBlock, MemoryScope.Register).Nest;
        _nest = OuterParallelism.Apply(_nest, outer, long.MaxValue / 4);
        return ([.. fills, _nest], [.. temporaries]);
    }

    private int UsedLoops(Expr part)
    {
        var instance = NestPath.FindInstance(_nest, _stage);
        return instance.Iterations.Count(it => part.UsesVar(it.Variable));
    }

    // Threads over all blocks of panels; inside a panel its rows are unrolled, so that whole panels are copied without a test for each element.
    private static Stmt ParallelFill(Stmt fill, ImmutableArray<Var> loops, ImmutableArray<Var> inTile)
    {
        var last = NestPath.FindLoop(fill, loops[^1]);
        if (inTile.Length == 1 && last is { Kind: LoopKind.Serial, Extent: IntImm }) fill = Mark.Unroll(fill, last.Variable);
        var outer = loops.TakeWhile(v => NestPath.MaxExtent(NestPath.FindLoop(fill, v)) is null).ToList();
        return OuterParallelism.Apply(fill, outer, long.MaxValue / 4);
    }
}
