using Tx.Core;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Dependence;

public sealed class LoopOrderTests : IDisposable
{
    private readonly NestProver _prover = new();

    public void Dispose() => _prover.Dispose();

    [Fact]
    public void Matmul_in_every_order()
    {
        var f = DependenceFixture.Build(OperatorSamples.Matmul);
        foreach (string order in new[] { "ikj", "jik", "jki", "kij", "kji" })
        {
            var r = f.Reordered(_prover, null, [.. order.Select(c => c.ToString())]);
            Assert.True(r.IsProved, $"{order}: {r}");
        }
        Assert.Equal(0, _prover.SolverCallCount);
        Assert.Equal("the order stays", f.Reordered(_prover, null, "i", "j", "k").Argument);
    }

    [Fact]
    public void Sums_in_order_keep_their_reduction_loops()
    {
        var f = DependenceFixture.Build("op exactly(A: f32[M, K, L]) -> C: f32[M] { C[i] = exact sum(k, l: A[i, k, l]) }");
        Assert.True(f.Reordered(_prover, null, "k", "i", "l").IsProved);
        Assert.True(f.Reordered(_prover, null, "k", "l", "i").IsProved);
        var r = f.Reordered(_prover, null, "i", "l", "k");
        Assert.Equal(DependenceVerdict.Refuted, r.Verdict);
        Assert.True(r.Witness!.FirstPoint.At("k") < r.Witness.SecondPoint.At("k"));
        Assert.True(r.Witness.FirstPoint.At("l") > r.Witness.SecondPoint.At("l"));
    }

    [Fact]
    public void Tiled_loops()
    {
        var f = DependenceFixture.Build(OperatorSamples.Matmul);
        var nest = f.Body;
        (nest, _, _) = Split.Apply(nest, nest.V("i"), 16);
        (nest, _, _) = Split.Apply(nest, nest.V("j"), 32);
        (nest, _, _) = Split.Apply(nest, nest.V("k"), 8);
        var r = f.Reordered(_prover, nest, "io", "jo", "ko", "ii", "ki", "ji");
        Assert.True(r.IsProved, r.ToString());
        Assert.Equal(0, _prover.SolverCallCount);
    }

    // Time steps by tiles of space need skewed tiles.
    [Fact]
    public void Tiles_of_a_stencil_over_time_must_be_skewed()
    {
        var f = DependenceFixture.Build("op steps(X: f32[N], T: i32[S]) -> u: f32[S, N] { u[t, i] = t == 0 ? X[i] : (u[t - 1, i - 1] ?? 0) + (u[t - 1, i] ?? 0) + (u[t - 1, i + 1] ?? 0) }");
        var swapped = f.Reordered(_prover, null, "i", "t");
        Assert.Equal(DependenceVerdict.Refuted, swapped.Verdict);
        Assert.Equal("two iterations that touch one element change their order", swapped.Argument);
        Assert.Equal((1, -1), (swapped.Witness!.SecondPoint.At("t") - swapped.Witness.FirstPoint.At("t"), swapped.Witness.SecondPoint.At("i") - swapped.Witness.FirstPoint.At("i")));
        var (tiled, _, _) = Split.Apply(f.Body, f.Body.V("i"), 32);
        Assert.Equal(DependenceVerdict.Refuted, f.Reordered(_prover, tiled, "io", "t").Verdict);

        // Only to the right: the loops may change places.
        var g = DependenceFixture.Build("op right(X: f32[N], T: i32[S]) -> u: f32[S, N] { u[t, i] = t == 0 ? X[i] : (u[t - 1, i - 1] ?? 0) + (u[t - 1, i] ?? 0) }");
        var proved = g.Reordered(_prover, null, "i", "t");
        Assert.Equal((DependenceVerdict.Proved, "isl: no two iterations that touch one element change their order"), (proved.Verdict, proved.Argument));
    }

    // for y in 0..16 { for k in 0..4 { T[y % 4] = sum X[y, k] } }: rows y and y + 4 have one element, and the last stays.
    [Fact]
    public void Runs_of_a_reduction_in_one_element_keep_their_order()
    {
        Buffer x = Input("X", ElementType.F32, 4, 16, 4), t = Output("T", ElementType.F32, 4);
        Var z = Var.Index("z"), y = Var.Index("y"), k = Var.Index("k"), vz = Var.Index("vz"), vy = Var.Index("vy"), vk = Var.Index("vk");
        var at = vy % 4;
        var body = Point(t.Set(new Binary(BinaryOp.Add, t.At(at), x.At(vz, vy, vk)), at), t.Set(new FloatImm(ElementType.F32, 0), at), true,
            Spatial(vz, 4, z), Spatial(vy, 16, y), Reduction(vk, 4, k));
        Stmt inner = Loop(k, 4, body);
        For b = Loop(y, 16, inner), a = Loop(z, 4, b);
        var r = LoopOrder.Check([a, b], [y, z], inner, new(_prover, [], []));
        Assert.Equal(DependenceVerdict.Refuted, r.Verdict);
        Assert.Equal(DependenceVerdict.Refuted, LoopIndependence.Check(b, new(_prover, [a], []), allowReductions: true).Verdict);
    }

    [Fact]
    public void Updates_of_integers_commute_and_those_of_floats_do_not()
    {
        foreach (var type in new[] { ElementType.I32, ElementType.F32 })
        {
            Buffer x = Input("X", type, 8, 8), h = Output("H", type, 15);
            Var i = Var.Index("i"), j = Var.Index("j"), vi = Var.Index("vi"), vj = Var.Index("vj");
            var body = Point(h.Set(new Binary(BinaryOp.Add, h.At(vi + vj), x.At(vi, vj)), vi + vj), null, false, Spatial(vi, 8, i), Spatial(vj, 8, j));
            For b = Loop(j, 8, body), a = Loop(i, 8, b);
            Assert.Equal(type.IsFloat ? DependenceVerdict.Refuted : DependenceVerdict.Proved, LoopOrder.Check([a, b], [j, i], body, new(_prover, [], [])).Verdict);
        }
    }

    [Fact]
    public void A_range_must_not_use_a_loop_inside()
    {
        var f = DependenceFixture.Build("op triangle(A: f32[N, N]) -> Y: f32[N] { Y[i] = sum(k in 0..i: A[i, k]) }");
        Assert.Equal((DependenceVerdict.Refuted, "the range of k uses i, which would lie inside it"), (f.Reordered(_prover, null, "k", "i").Verdict, f.Reordered(_prover, null, "k", "i").Argument));
    }

    [Fact]
    public void A_quota_of_one_proves_nothing_that_needs_the_solver()
    {
        using var prover = new NestProver(quota: 1);
        var g = DependenceFixture.Build("op right(X: f32[N], T: i32[S]) -> u: f32[S, N] { u[t, i] = t == 0 ? X[i] : (u[t - 1, i - 1] ?? 0) + (u[t - 1, i] ?? 0) }");
        Assert.Equal(DependenceVerdict.Unknown, g.Reordered(prover, null, "i", "t").Verdict);
    }
}
