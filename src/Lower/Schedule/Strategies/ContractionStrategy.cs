using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>Contractions get the structure of a fast matrix product (Goto and van de Geijn, 2008): a tile of the output in registers, one side packed once,
/// the other packed by blocks that stay in the second-level cache, both in the order in which the innermost kernel reads them, padded with zeros
/// so that it has no tails. Packing applies to expressions, so casts, defaults and the windows of a convolution are done there.</summary>
internal sealed partial class ContractionStrategy
{
    /// <summary>Multiply-adds below which packing costs more than it gives.</summary>
    private const long SmallestPacked = 1 << 13;
    /// <summary>Blocks that let several threads share the work evenly.</summary>
    private const long WantedBlocks = 8;

    private readonly string _stage;
    private readonly ContractionShape _shape;
    private readonly RegisterTile _tile;
    private readonly CpuTarget _target;
    private Stmt _nest;

    private ContractionStrategy(Stmt nest, string stage, ContractionShape shape, RegisterTile tile, CpuTarget target) =>
        (_nest, _stage, _shape, _tile, _target) = (nest, stage, shape, tile, target);

    /// <summary>The nests that take the place of <paramref name="nest"/> and the buffers that they share; null where it is no contraction worth it.</summary>
    public static (ImmutableArray<Stmt> Nests, ImmutableArray<Buffer> Temporaries)? Apply(Stmt nest, string stage, CpuTarget target)
    {
        if (Fused(nest, stage, target) is not { } fused) return null;
        var (prepared, shape) = fused;
        long rows = Extent(shape.Rows[^1]), columns = Extent(shape.Columns[^1]);
        if (rows < 2 || columns < 2 || InstanceFacts.Points(NestPath.LoopsAround(prepared, stage)) < SmallestPacked) return null;
        if (IsSymbolic(NestPath.LoopsAround(prepared, stage))) return new ContractionStrategy(prepared, stage, shape, SymbolicTile(shape, target), target).RunSymbolic();
        var tile = RegisterTile.Choose(rows, columns, ElementBytes(shape), target);
        return new ContractionStrategy(prepared, stage, shape, tile, target).Run();
    }

    // Short rows or columns are fused with the others of their side, so that small images still fill vectors.
    private static (Stmt, ContractionShape)? Fused(Stmt nest, string stage, CpuTarget target)
    {
        var instance = NestPath.FindInstance(nest, stage);
        // Packing again in every iteration of a carried loop would cost more than it gives.
        if (instance.Iterations.Any(it => it.Kind is IterKind.Opaque)) return null;
        if (ContractionShape.Match(instance, NestPath.LoopsAround(nest, stage)) is not { } shape) return null;
        int lanes = Math.Max(1, target.VectorBytes / ElementBytes(shape));
        nest = Reorder.Apply(nest, [.. Variables(shape.Batch), .. Variables(shape.Rows), .. Variables(shape.Columns), .. Variables(shape.Reductions)]);
        long columns = Extent(shape.Columns[^1]);
        if (shape.Columns.Length > 1 && columns * 4 < RegisterTile.Padded(columns, lanes) * 3)
        {
            // In the order of the text, so that neighbours in memory stay neighbours.
            var original = NestPath.LoopsAround(nest, stage).Where(l => shape.Columns.Any(c => c.Variable == l.Variable)).ToList();
            (nest, var fused) = Fuse.All(nest, [.. original.Select(l => l.Variable)]);
            shape = shape with { Columns = [NestPath.FindLoop(nest, fused)] };
        }
        if (shape.Rows.Length > 1 && shape.Rows.Max(Extent) < 8)
        {
            (nest, var fused) = Fuse.All(nest, Variables(shape.Rows));
            shape = shape with { Rows = [NestPath.FindLoop(nest, fused)] };
        }
        else shape = shape with { Rows = [.. shape.Rows.OrderBy(Extent)] };
        return (nest, shape);
    }

    private (ImmutableArray<Stmt>, ImmutableArray<Buffer>) Run()
    {
        var (otherRows, row) = (Variables(_shape.Rows[..^1]), _shape.Rows[^1]);
        var (otherColumns, column) = (Variables(_shape.Columns[..^1]), _shape.Columns[^1]);
        var batch = Variables(_shape.Batch);
        var reductions = Variables(_shape.Reductions);
        (_nest, var rowPanels, var rowInTile) = Split.Apply(TailGuard.Apply(_nest, row.Variable, _tile.Rows, []), row.Variable, _tile.Rows);
        (_nest, var columnPanels, var columnInTile) = Split.Apply(TailGuard.Apply(_nest, column.Variable, _tile.Columns, []), column.Variable, _tile.Columns);
        (_nest, var vector, var lane) = Split.Apply(_nest, columnInTile, _tile.Lanes);

        // The larger side is packed by blocks: only a block of it is in memory twice.
        bool blockColumns = PackedElements(_shape.RowParts) <= 4 * PackedElements(_shape.ColumnParts);
        var (blocked, blockedPanels, blockedOthers) = blockColumns ? (_tile.Columns, columnPanels, otherColumns) : (_tile.Rows, rowPanels, otherRows);
        var (wholePanels, wholeOthers) = blockColumns ? (rowPanels, otherRows) : (columnPanels, otherColumns);
        ImmutableArray<Var> outer = [.. batch, .. blockedOthers];

        long depth = _shape.Reductions.Aggregate(1L, (n, l) => n * Extent(l));
        long depthLimit = Math.Max(64, _target.L2Bytes / 2 / ((long)blocked * ElementBytes(_shape)));
        ImmutableArray<Var> depthBlocks = [];
        if (depth > depthLimit)
        {
            long below = depth / Extent(_shape.Reductions[0]);
            (_nest, var depthBlock, var rest) = Split.Apply(_nest, reductions[0], Math.Max(1, depthLimit / Math.Max(1, below)), SplitTail.Trim);
            reductions = reductions.SetItem(0, rest);
            depthBlocks = [depthBlock];
            depth = depthLimit;
        }

        long panels = Extent(NestPath.FindLoop(_nest, blockedPanels));
        long outerPoints = outer.Aggregate(1L, (n, v) => n * Extent(NestPath.FindLoop(_nest, v)));
        long fitting = Math.Max(1, depthLimit / Math.Max(1, depth));
        long block = Math.Clamp(Math.Min(fitting, panels * outerPoints / WantedBlocks), 1, panels);
        (_nest, var blocks, var panelInBlock) = Split.Apply(_nest, blockedPanels, block, SplitTail.Trim);

        _nest = Reorder.Apply(_nest, [.. outer, blocks, .. depthBlocks, .. wholeOthers, wholePanels, panelInBlock, .. reductions, rowInTile, vector, lane]);
        _nest = Mark.Vectorize(Mark.Unroll(Mark.Unroll(_nest, rowInTile), vector), lane);

        var fills = new List<Stmt>();
        var temporaries = new List<Buffer>();
        var packAt = depthBlocks.IsEmpty ? blocks : depthBlocks[0];
        foreach (var part in _shape.RowParts) Pack(part, blockColumns ? null : packAt, [rowInTile], fills, temporaries);
        foreach (var part in _shape.ColumnParts) Pack(part, blockColumns ? packAt : null, [vector, lane], fills, temporaries);
        _nest = CacheWrite.Apply(_nest, _stage, panelInBlock, MemoryScope.Register).Nest;
        _nest = OuterParallelism.Apply(_nest, [.. outer, blocks], long.MaxValue / 4);
        return ([.. fills, _nest], [.. temporaries]);
    }

    // The layout is the order of the kernel's loops, with the loops inside the tile last.
    private void Pack(Expr part, Var? at, ImmutableArray<Var> inTile, List<Stmt> fills, List<Buffer> temporaries)
    {
        var loops = NestPath.LoopsAround(_nest, _stage);
        var instance = NestPath.FindInstance(_nest, _stage);
        var used = new HashSet<Var>(instance.Iterations.Where(it => part.UsesVar(it.Variable)).SelectMany(it => it.Binding.FreeVars()));
        int first = at is null ? 0 : loops.Select(l => l.Variable).ToList().IndexOf(at) + 1;
        var layout = loops[first..].Select(l => l.Variable).Where(v => used.Contains(v) && !inTile.Contains(v)).Concat(inTile.Where(used.Contains)).ToImmutableArray();
        string name = $"{(part is Load l ? l.Buffer.Name : _stage)}.pack";
        var result = CacheRead.Apply(_nest, _stage, part, at, layout, at is null ? MemoryScope.Global : MemoryScope.Local, name);
        _nest = result.Nest;
        var fill = result.Fill;
        if (inTile.Length == 2 && layout.Length > 0 && layout[^1] == inTile[^1])
        {
            var lane = result.FillLoops[^1];
            if (fill is null) _nest = Mark.Vectorize(_nest, lane); else fill = Mark.Vectorize(fill, lane);
        }
        if (fill is null) return;
        long inner = result.FillLoops.Length > 1 ? Extent(NestPath.FindLoop(fill, result.FillLoops[^1])) : 1;
        temporaries.Add(result.Cache);
        if (result.Cache.Shape.All(e => e is IntImm))
            fills.Add(OuterParallelism.Apply(fill, [.. result.FillLoops.Take(1)], Math.Max(1, result.Cache.Shape.Skip(1).Aggregate(inner, (n, e) => n * ((IntImm)e).Value) / inner)));
        else fills.Add(ParallelFill(fill, result.FillLoops, inTile));
    }

    private long PackedElements(ImmutableArray<Expr> parts)
    {
        var instance = NestPath.FindInstance(_nest, _stage);
        var loops = NestPath.LoopsAround(_nest, _stage);
        return parts.Sum(p =>
        {
            var used = new HashSet<Var>(instance.Iterations.Where(it => p.UsesVar(it.Variable)).SelectMany(it => it.Binding.FreeVars()));
            return InstanceFacts.Points(loops.Where(l => used.Contains(l.Variable))) ?? long.MaxValue / 8;
        });
    }

    private static int ElementBytes(ContractionShape shape) => Math.Max(shape.Form.Update.Buffer.Type.Carrier.Bytes, shape.RowParts.Concat(shape.ColumnParts).Max(p => p.Type.Element.Carrier.Bytes));
    private static ImmutableArray<Var> Variables(ImmutableArray<For> loops) => ReductionStrategy.Variables(loops);
    private static long Extent(For loop) => NestPath.MaxExtent(loop) ?? TypicalExtent;
}
