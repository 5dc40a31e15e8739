using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Tests.Lower.Passes;

/// <summary>Space for what lives at one time is little more than what lives at one time; the largest live set is counted here step by step.</summary>
public class OffsetPlanTests
{
    private const double Allowed = 1.1;

    [Fact]
    public void A_diamond_fits_in_its_largest_live_set()
    {
        // 0 is read by 1 and 2, those by 3; then a chain.
        ImmutableArray<PlacedItem> items = [new(1000, 0, 2), new(3000, 1, 3), new(2000, 2, 3), new(500, 3, 4), new(4000, 4, 5), new(700, 5, 6), new(2500, 6, 7), new(100, 7, 8)];
        AssertPlan(items, 1.0);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public void Random_lives_fit_in_little_more(int seed)
    {
        var random = new Random(seed);
        for (int n = 0; n < 40; n++)
        {
            int steps = random.Next(4, 14);
            AssertPlan([.. Enumerable.Range(0, random.Next(2, 16)).Select(_ => random.Next(steps)).Select(first => new PlacedItem(64 * random.Next(1, 200), first, Math.Min(steps, first + random.Next(1, 4))))], Allowed);
        }
    }

    [Theory]
    [InlineData("op f(X: f32[N, N]) -> Y: f32[N] { a[i, j] = X[i, j] * X[j, i]\n b[i] = sum(j: a[i, j])\n c[i, j] = sum(k: a[i, k] * X[k, j])\n d[i, j] = sum(k: c[i, k] * a[j, k])\n e[i] = max(j: d[i, j])\n g[i, j] = sum(k: d[k, i] * c[j, k])\n h[i] = b[i] + e[i]\n Y[i] = sum(j: g[i, j] * h[j]) }", 48)]
    [InlineData("op f(X: i32[N]) -> Y: i32[N] { a[i] = sum(k in 0..N: X[k] ^ X[i])\n b[i] = sum(k in 0..N: a[k] * a[i])\n c[i] = max(k in 0..N: a[k] + a[i])\n d[i] = sum(k in 0..N: b[k] * c[i])\n e[i] = sum(k in 0..N: d[k] - d[i])\n g[i] = sum(k in 0..N: e[k] & d[i])\n h[i] = max(k in 0..N: g[k] + g[i])\n Y[i] = sum(k in 0..N: h[k] * g[i]) }", 1000)]
    [InlineData("op f(X: f32[N, N]) -> Y: f32[N, N] { a[i, j] = sum(k: X[i, k] * X[k, j])\n b[i, j] = sum(k: a[i, k] * X[k, j])\n c[i, j] = sum(k: a[k, j] * X[i, k])\n d[i, j] = sum(k: b[i, k] * c[k, j])\n e[i, j] = sum(k: d[i, k] * a[k, j])\n g[i, j] = sum(k: e[i, k] * d[k, j])\n h[i, j] = sum(k: g[i, k] * X[k, j])\n Y[i, j] = sum(k: h[i, k] * g[k, j]) }", 40)]
    public void Operators_of_eight_stages_need_little_more_than_what_lives(string text, long size)
    {
        var op = OperatorText.Bind(text);
        foreach (var (target, alignment) in new[] { (CpuTarget.Host(), 64), (TargetCatalog.Parse("cortex-m7"), 8) })
        {
            var f = Pipeline.RunForC(DefaultSchedule.Apply(NestBuilder.Build(op.Operator, op.Dims(size)), target), target).Functions[0];
            var plan = WorkspacePlan.Of(f, 512, 2048, alignment);
            var nests = f.Body is Block b ? b.Statements : [f.Body];
            long largest = 0;
            for (int n = 0; n < nests.Length; n++)
            {
                long live = f.Temporaries.Where(t => Enumerable.Range(0, n + 1).Any(m => Uses(nests[m], t)) && Enumerable.Range(n, nests.Length - n).Any(m => Uses(nests[m], t))).Sum(t => t.Bytes());
                largest = Math.Max(largest, live + Scratch(nests[n], plan));
            }
            Assert.InRange(plan.SharedBytes, largest, (long)(largest * Allowed));
        }
    }

    private static bool Uses(Stmt s, Tx.Lower.Ir.Buffer b) => new Finder(b).In(s);

    // Allocations inside each other add up, those beside each other do not.
    private static long Scratch(Stmt s, WorkspacePlan plan) => s switch
    {
        Block b => b.Statements.Select(x => Scratch(x, plan)).DefaultIfEmpty().Max(),
        For f => Scratch(f.Body, plan),
        If i => Math.Max(Scratch(i.Then, plan), i.Else is null ? 0 : Scratch(i.Else, plan)),
        LetStmt l => Scratch(l.Body, plan),
        Allocate a => (plan.SlotOf(a.Buffer) is null ? 0 : a.Buffer.Bytes()) + Scratch(a.Body, plan),
        _ => 0,
    };

    private static void AssertPlan(ImmutableArray<PlacedItem> items, double allowed)
    {
        var (offsets, end) = OffsetPlan.Of(items);
        for (int a = 0; a < items.Length; a++)
        {
            Assert.InRange(offsets[a], 0, end - items[a].Bytes);
            for (int b = 0; b < a; b++)
                Assert.True(items[a].Last < items[b].First || items[b].Last < items[a].First || offsets[a] + items[a].Bytes <= offsets[b] || offsets[b] + items[b].Bytes <= offsets[a], $"{items[a]} and {items[b]}");
        }
        long largest = Enumerable.Range(0, items.Max(i => i.Last) + 1).Max(step => items.Where(i => i.First <= step && step <= i.Last).Sum(i => i.Bytes));
        Assert.InRange(end, largest, (long)(largest * allowed));
    }

    private sealed class Finder(Tx.Lower.Ir.Buffer wanted) : Walker
    {
        private bool _found;

        public bool In(Stmt s)
        {
            Visit(s);
            return _found;
        }

        protected override void VisitBuffer(Tx.Lower.Ir.Buffer buffer) => _found |= buffer == wanted;
    }
}
