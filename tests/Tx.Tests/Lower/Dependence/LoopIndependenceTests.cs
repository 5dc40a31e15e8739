using Tx.Core;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Dependence;

public sealed class LoopIndependenceTests : IDisposable
{
    private const string Prefix = "op prefix(X: f32[N]) -> Y: f32[N] { Y[n] = X[n] + (Y[n - 1] ?? 0) }";
    private const string Own = "each iteration writes elements of its own";

    private readonly NestProver _prover = new();

    public void Dispose() => _prover.Dispose();

    [Fact]
    public void Matmul()
    {
        var f = DependenceFixture.Build(OperatorSamples.Matmul);
        foreach (string loop in new[] { "i", "j" })
        {
            var r = f.Independent(_prover, loop);
            Assert.Equal((DependenceVerdict.Proved, Own), (r.Verdict, r.Argument));
        }
        Assert.Equal(0, _prover.SolverCallCount);

        var k = f.Independent(_prover, "k");
        Assert.Equal(DependenceVerdict.Refuted, k.Verdict);
        Assert.Equal("C", k.Witness!.Buffer.Name);
        Assert.True(k.Witness.FirstPoint.At("k") < k.Witness.SecondPoint.At("k"));
        Assert.Equal("0 0", string.Join(" ", k.Witness.Element));
        Assert.NotNull(k.Witness.First.Origin?.Equation);
        Assert.StartsWith("its updates may be done in any order", f.Independent(_prover, "k", allowReductions: true).Argument, StringComparison.Ordinal);
        Assert.True(f.Independent(_prover, "k", allowReductions: true).IsProved);
    }

    [Fact]
    public void Sums_in_order_are_not_partial_sums()
    {
        var f = DependenceFixture.Build("op exactly(A: f32[M, K]) -> C: f32[M] { C[i] = exact sum(k: A[i, k]) }");
        Assert.Equal(DependenceVerdict.Refuted, f.Independent(_prover, "k", allowReductions: true).Verdict);
        Assert.True(f.Independent(_prover, "i").IsProved);
    }

    [Fact]
    public void Prefix_sum_has_two_iterations_in_order()
    {
        var f = DependenceFixture.Build(Prefix);
        var r = f.Independent(_prover, "n");
        Assert.Equal(DependenceVerdict.Refuted, r.Verdict);
        Assert.Equal(1, Math.Abs(r.Witness!.FirstPoint.At("n") - r.Witness.SecondPoint.At("n")));
        Assert.Equal("Y", r.Witness.Buffer.Name);
        Assert.Equal(2, r.Witness.Around.At("N"));
    }

    [Fact]
    public void Split_and_fused_loops_of_any_size()
    {
        var f = DependenceFixture.Build(OperatorSamples.Matmul);
        var nest = f.Body;
        (nest, var io, var ii) = Split.Apply(nest, nest.V("i"), 16);
        (nest, var jo, var ji) = Split.Apply(nest, nest.V("j"), 32, SplitTail.Trim);
        nest = Reorder.Apply(nest, io, jo, ii, ji);
        foreach (var v in new[] { io, jo, ii, ji }) Assert.Equal(Own, f.Independent(_prover, v.Name, nest).Argument);
        (nest, var tiles) = Fuse.Apply(nest, io, jo);
        Assert.Equal(Own, f.Independent(_prover, tiles.Name, nest).Argument);
        Assert.Equal(Own, f.Independent(_prover, ji.Name, nest).Argument);

        var (fused, all) = Fuse.Apply(f.Body, f.Body.V("i"), f.Body.V("j"));
        Assert.Equal(Own, f.Independent(_prover, all.Name, fused).Argument);
        var g = DependenceFixture.Build("op copy(X: f32[A, B, C]) -> Y: f32[A, B, C] { Y[a, b, c] = X[a, b, c] * 2 }");
        var (deep, three) = Fuse.All(g.Body, [g.Body.V("a"), g.Body.V("b"), g.Body.V("c")]);
        Assert.Equal(Own, g.Independent(_prover, three.Name, deep).Argument);
        var (lets, collapsed) = Collapse.Apply(g.Body, [g.Body.V("a"), g.Body.V("b"), g.Body.V("c")]);
        Assert.Equal(Own, g.Independent(_prover, collapsed.Name, lets).Argument);
        Assert.Equal(0, _prover.SolverCallCount);

        // A loop over elements and over a reduction at once is neither.
        var (mixed, jk) = Fuse.Apply(f.Body, f.Body.V("j"), f.Body.V("k"));
        Assert.NotEqual(DependenceVerdict.Proved, f.Independent(_prover, jk.Name, mixed).Verdict);
    }

    [Fact]
    public void A_shifted_tail_meets_itself()
    {
        Buffer x = Input("X", ElementType.F32, 20), y = Output("Y", ElementType.F32, 20);
        Var o = Var.Index("o"), i = Var.Index("i"), v = Var.Index("v");
        var at = Expr.Min(o * 8, Expr.Index(12)) + i;
        var nest = Loop(o, 3, Loop(i, 8, Point(y.Set(x.At(v), v), null, true, Spatial(v, 20, at))));
        var r = LoopIndependence.Check(nest, new(_prover, [], []));
        Assert.Equal((DependenceVerdict.Refuted, 1L, 2L), (r.Verdict, r.Witness!.FirstPoint.At("o"), r.Witness.SecondPoint.At("o")));
        Assert.True(LoopIndependence.Check((For)nest.Body, DependenceContext.OfLoop(_prover, nest, i, [])).IsProved);
    }

    // Rows are independent of nothing: each needs the one before; points of a row are independent.
    [Fact]
    public void Stencil_recurrence()
    {
        var f = DependenceFixture.Build("op steps(X: f32[N], T: i32[S]) -> u: f32[S, N] { u[t, i] = t == 0 ? X[i] : (u[t - 1, i - 1] ?? 0) + (u[t - 1, i] ?? 0) + (u[t - 1, i + 1] ?? 0) }");
        Assert.Equal(DependenceVerdict.Refuted, f.Independent(_prover, "t").Verdict);
        var inner = f.Independent(_prover, "i");
        Assert.True(inner.IsProved, inner.ToString());
    }

    // Y[i, j] = Y[j, i] in place.
    [Fact]
    public void Transposed_in_place()
    {
        var y = Output("Y", ElementType.F32, 8, 8);
        Var i = Var.Index("i"), j = Var.Index("j"), vi = Var.Index("vi"), vj = Var.Index("vj");
        For Nest(Expr from, Expr extent) => Loop(i, 8, new For(j, from, extent, LoopKind.Serial,
            Point(y.Set(y.At(vj, vi), vi, vj), null, false, Spatial(vi, 8, i), Spatial(vj, 8, j))));
        var all = LoopIndependence.Check(Nest(Expr.Index(0), Expr.Index(8)), new(_prover, [], []));
        Assert.Equal(DependenceVerdict.Refuted, all.Verdict);
        Assert.Equal(all.Witness!.FirstPoint.At("i"), all.Witness.SecondPoint.At("j"));
        // Above the diagonal nothing is read that is written.
        var half = LoopIndependence.Check(Nest(i + 1, 7 - (Expr)i), new(_prover, [], []));
        Assert.Equal((DependenceVerdict.Proved, "isl: no two iterations touch one element"), (half.Verdict, half.Argument));
    }

    [Fact]
    public void Histograms_and_scatters_depend_on_data()
    {
        Buffer x = Input("X", ElementType.U8, 100), h = Output("H", ElementType.I32, 256), y = Output("Y", ElementType.I32, 256);
        Var i = Var.Index("i"), v = Var.Index("v");
        var bin = new Cast(CastKind.Convert, IrType.Index, x.At(v));
        var count = Loop(i, 100, Point(h.Set(new Binary(BinaryOp.Add, h.At(bin), new IntImm(ElementType.I32, 1)), bin), null, false, Spatial(v, 100, i) with { Kind = IterKind.Opaque }));
        foreach (bool allow in new[] { false, true })
        {
            var r = LoopIndependence.Check(count, new(_prover, [], []), allow);
            Assert.Equal((DependenceVerdict.Unknown, "which elements are touched depends on data"), (r.Verdict, r.Argument));
            Assert.Equal("H", r.Undecided!.Value.First.Buffer.Name);
        }
        var scatter = Loop(i, 100, Point(y.Set(new IntImm(ElementType.I32, 1), bin), null, false, Spatial(v, 100, i)));
        Assert.Equal(DependenceVerdict.Unknown, LoopIndependence.Check(scatter, new(_prover, [], [])).Verdict);
        // Blocks of 256 are apart whatever the data.
        var big = Output("Z", ElementType.I32, 25600);
        var blocks = Loop(i, 100, Point(big.Set(new IntImm(ElementType.I32, 1), v * 256 + bin), null, false, Spatial(v, 100, i)));
        Assert.True(LoopIndependence.Check(blocks, new(_prover, [], [])).IsProved);
        // One element named by data that the loop itself changes is two.
        var chase = Output("P", ElementType.I32, 100);
        var same = Var.Index("c");
        var chasing = Loop(i, 100, Point(big.Set(new IntImm(ElementType.I32, 1), v + new Cast(CastKind.Convert, IrType.Index, chase.At(same))), null, false, Spatial(v, 100, i), Spatial(same, 100, Expr.Index(7))));
        Assert.True(LoopIndependence.Check(chasing, new(_prover, [], [])).IsProved);
        var changing = Loop(i, 100, Block.Of(chasing.Body, Point(chase.Set(new IntImm(ElementType.I32, 3), v), null, false, Spatial(v, 100, i))));
        Assert.False(LoopIndependence.Check(changing, new(_prover, [], [])).IsProved);
    }

    [Fact]
    public void Private_buffers_do_not_count_and_shared_ones_do()
    {
        Buffer x = Input("X", ElementType.F32, 64), y = Output("Y", ElementType.F32, 64), t = Temporary("T", ElementType.F32, MemoryScope.Local, 1);
        Var i = Var.Index("i");
        var body = Block.Of(t.Set(x.At(i), Expr.Index(0)), y.Set(t.At(Expr.Index(0)), i));
        Assert.True(LoopIndependence.Check(Loop(i, 64, new Allocate(t, body)), new(_prover, [], [])).IsProved);
        var shared = LoopIndependence.Check(Loop(i, 64, body), new(_prover, [], []));
        Assert.Equal((DependenceVerdict.Refuted, "T"), (shared.Verdict, shared.Witness!.Buffer.Name));
    }

    [Fact]
    public void Cached_tiles_of_a_reduction()
    {
        var f = DependenceFixture.Build(OperatorSamples.Matmul, 64, 40, 48);
        var nest = f.Body;
        (nest, var jo, var ji) = Split.Apply(nest, nest.V("j"), 16);
        nest = Reorder.Apply(nest, jo, nest.V("k"), ji);
        nest = CacheWrite.Apply(nest, "C", jo, MemoryScope.Local).Nest;
        Assert.True(f.Independent(_prover, "i", nest).IsProved);
        Assert.True(f.Independent(_prover, "jo", nest).IsProved);
        Assert.Equal(DependenceVerdict.Refuted, f.Independent(_prover, "k", nest).Verdict);
        Assert.True(f.Independent(_prover, "k", nest, allowReductions: true).IsProved);
    }

    [Fact]
    public void A_quota_of_one_proves_nothing_that_needs_the_solver()
    {
        using var prover = new NestProver(quota: 1);
        var f = DependenceFixture.Build("op steps(X: f32[N], T: i32[S]) -> u: f32[S, N] { u[t, i] = t == 0 ? X[i] : (u[t - 1, i - 1] ?? 0) + (u[t - 1, i] ?? 0) }");
        Assert.Equal(DependenceVerdict.Unknown, f.Independent(prover, "i").Verdict);
        Assert.Equal(DependenceVerdict.Unknown, f.Independent(prover, "t").Verdict);
        Assert.Equal(DependenceVerdict.Unknown, DependenceFixture.Build(Prefix).Independent(prover, "n").Verdict);
        Assert.True(prover.SolverCallCount > 0);
    }
}
