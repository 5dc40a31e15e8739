using Tx.Core;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>The part of an output that one innermost kernel keeps in registers.</summary>
/// <param name="Rows">Rows, unrolled.</param>
/// <param name="Vectors">Vectors a row, unrolled.</param>
/// <param name="Lanes">Lanes of a vector.</param>
internal readonly record struct RegisterTile(int Rows, int Vectors, int Lanes)
{
    public int Columns => Vectors * Lanes;

    /// <summary>Independent additions that keep a fused multiply-add unit busy: latency 4, up to two units.</summary>
    private const int Chains = 8;

    /// <summary>The tile that wastes least: little padding at both edges, few reads for each multiply-add, enough independent sums, and no more than
    /// the registers hold beside one row of vectors and a broadcast. One register is left: with none, an accumulator is spilled and the speed halved.</summary>
    public static RegisterTile Choose(long rows, long columns, int elementBytes, CpuTarget target)
    {
        int lanes = Math.Max(1, target.VectorBytes / elementBytes);
        var best = (Cost: double.MaxValue, Tile: new RegisterTile(1, 1, lanes));
        for (int vectors = 1; vectors <= 4; vectors++)
            for (int r = 1; r * vectors + vectors + 1 < target.VectorRegisters; r++)
            {
                double padding = Padded(rows, r) / (double)rows * (Padded(columns, vectors * lanes) / (double)columns);
                double reads = 1 + 0.1 * (r + vectors) / (r * vectors);
                double latency = Math.Max(1, (double)Chains / (r * vectors));
                double cost = padding * reads * latency;
                if (cost < best.Cost - 1e-9) best = (cost, new(r, vectors, lanes));
            }
        return best.Tile;
    }

    public static long Padded(long extent, long tile) => (extent + tile - 1) / tile * tile;
}
