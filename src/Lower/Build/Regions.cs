using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Build;

/// <summary>The regions that an instance reads and writes at one point of its domain.</summary>
internal static class Regions
{
    public static ImmutableArray<Region> Read(params ReadOnlySpan<Stmt?> statements) => Collect(statements).Reads;
    public static ImmutableArray<Region> Written(params ReadOnlySpan<Stmt?> statements) => Collect(statements).Writes;

    private static (ImmutableArray<Region> Reads, ImmutableArray<Region> Writes) Collect(ReadOnlySpan<Stmt?> statements)
    {
        var c = new Collector();
        foreach (var s in statements)
            if (s is not null) c.Visit(s);
        return ([.. c.Reads], [.. c.Writes]);
    }

    private sealed class Collector : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public List<Region> Reads { get; } = [];
        public List<Region> Writes { get; } = [];

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load l) Add(Reads, l.Buffer, l.Indices);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t) Add(Writes, t.Buffer, t.Indices);
            base.Visit(s);
        }

        private static void Add(List<Region> regions, Buffer buffer, ImmutableArray<Expr> indices)
        {
            // A vector access touches a range: a ramp of positive stride from its base on. An index that comes from data may be any.
            ImmutableArray<Expr> start = [.. indices.Select(i => IsData(i) ? Expr.Index(0) : i is Ramp r ? r.Base : i)];
            ImmutableArray<Expr> extent = [.. indices.Select((i, d) => IsData(i) ? buffer.Shape[d] : i is Ramp r ? r.Stride * Expr.Index(r.Type.Lanes - 1) + 1 : Expr.Index(1))];
            foreach (var r in regions)
                if (ReferenceEquals(r.Buffer, buffer) && r.Start.SequenceEqual(start, StructuralComparer.Instance) && r.Extent.SequenceEqual(extent, StructuralComparer.Instance)) return;
            regions.Add(new(buffer, start, extent));
        }

        private static bool IsData(Expr index) => !index.BuffersRead().IsEmpty;
    }
}
