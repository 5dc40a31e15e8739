using System.Diagnostics;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Lower.Schedule.Primitives;

namespace Tx.Tests.Lower.Dependence;

/// <summary>What questions cost on nests with many loops, for all sizes.</summary>
public sealed class CostTests : IDisposable
{
    private readonly NestProver _prover = new();

    public void Dispose() => _prover.Dispose();

    [Fact]
    public void Questions_are_quick()
    {
        var questions = new List<(string Name, Func<NestProver, DependenceResult> Ask)>();
        foreach (var (text, _, _) in OperatorSamples.All.Append((Text: "op steps(X: f32[N, M], T: i32[S]) -> u: f32[S, N, M] { u[t, i, j] = t == 0 ? X[i, j] : (u[t - 1, i - 1, j] ?? 0) + (u[t - 1, i, j + 1] ?? 0) }", 0, [])))
        {
            var f = DependenceFixture.Build(text);
            foreach (var stage in f.Body is Block b ? b.Statements : [f.Body])
            {
                var nest = stage;
                if (NestPath.SoleInstance(nest) is not { } i) continue;
                foreach (var l in NestPath.LoopsAround(nest, i.Name).Take(4)) (nest, _, _) = Split.Apply(nest, l.Variable, 8);
                var loops = NestPath.LoopsAround(nest, i.Name);
                foreach (var l in loops)
                    questions.Add(($"{f.Name} {l.Variable.Name}", p => LoopIndependence.Check(l, DependenceContext.OfLoop(p, nest, l.Variable, f.Dims()))));
                if (loops.Length < 2) continue;
                var reversed = loops.Reverse().Select(l => l.Variable).ToList();
                questions.Add(($"{f.Name} reversed", p => LoopOrder.Check(loops, reversed, loops[^1].Body, new(p, [], f.Dims()))));
            }
        }
        foreach (var (_, ask) in questions) ask(_prover);
        using var fresh = new NestProver();
        var times = new List<(double Ms, string What)>();
        foreach (var (name, ask) in questions)
        {
            long start = Stopwatch.GetTimestamp();
            var r = ask(fresh);
            times.Add((Stopwatch.GetElapsedTime(start).TotalMilliseconds, $"{name}: {r.Verdict} {r.Argument}"));
        }
        times = [.. times.OrderBy(t => t.Ms)];
        string report = $"{times.Count} questions, {fresh.SolverCallCount} to the library, median {times[times.Count / 2].Ms:F2} ms, worst {string.Join("; ", times.TakeLast(5).Select(t => $"{t.Ms:F1} ms {t.What}"))}";
        if (Environment.GetEnvironmentVariable("TX_SHOW_COST") is not null) Assert.Fail(report);
        // On a quiet machine a fifth of these.
        Assert.True(times[times.Count / 2].Ms < 5 && times[^1].Ms < 250, report);
    }
}
