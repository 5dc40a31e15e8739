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
        // Loops of the statement itself: a tile.
        private readonly List<For> _loops = [];
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
            switch (s)
            {
                case For f:
                    Visit(f.Min);
                    Visit(f.Extent);
                    _loops.Add(f);
                    _seen.Clear();
                    Visit(f.Body);
                    _loops.RemoveAt(_loops.Count - 1);
                    return;
                // What it emits touches the same elements.
                case InstructionCall c: Visit(c.Body); return;
                case Store t: Add(Writes, t.Buffer, t.Indices); break;
            }
            base.Visit(s);
        }

        private void Add(List<Region> regions, Buffer buffer, ImmutableArray<Expr> indices)
        {
            // A vector access touches a range: a ramp of positive stride from its base on. An index that comes from data may be any.
            var ranges = indices.Select((i, d) => IsData(i) ? (Expr.Index(0), buffer.Shape[d]) : i is Ramp r ? (r.Base, r.Stride * Expr.Index(r.Type.Lanes - 1) + 1) : Range(i) ?? (Expr.Index(0), buffer.Shape[d])).ToList();
            ImmutableArray<Expr> start = [.. ranges.Select(r => r.Item1)], extent = [.. ranges.Select(r => r.Item2)];
            foreach (var r in regions)
                if (ReferenceEquals(r.Buffer, buffer) && r.Start.SequenceEqual(start, StructuralComparer.Instance) && r.Extent.SequenceEqual(extent, StructuralComparer.Instance)) return;
            regions.Add(new(buffer, start, extent));
        }

        // All that an index takes over the loops inside; null where that is not known.
        private (Expr Start, Expr Extent)? Range(Expr index)
        {
            if (!_loops.Exists(f => index.UsesVar(f.Variable))) return (index, Expr.Index(1));
            var form = LinearForm.Of(index);
            long span = 1;
            foreach (var f in Enumerable.Reverse(_loops))
            {
                if (form is null || form.CoefficientOf(f.Variable) is var k && k == 0) continue;
                if (f.Min is not IntImm { Value: var first } || f.Extent is not IntImm { Value: > 0 and var n }) return null;
                form = form.Replace(f.Variable, LinearForm.Of(k > 0 ? first : first + n - 1));
                span += Math.Abs(k) * (n - 1);
            }
            return form is null || form.Terms.Any(t => _loops.Exists(f => t.Key.UsesVar(f.Variable))) ? null : (form.ToExpr(), Expr.Index(span));
        }

        private static bool IsData(Expr index) => !index.BuffersRead().IsEmpty;
    }
}
