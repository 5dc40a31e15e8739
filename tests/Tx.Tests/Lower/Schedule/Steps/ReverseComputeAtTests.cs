using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

// TVM issue 15911: regions and predicates of partial tiles.
public class ReverseComputeAtTests
{
    private const string Text = """
        op f(A: f32[M, K], B: f32[K, N], b: f32[N]) -> Y: f32[M, N] {
            C[i, j] = sum(k: A[i, k] * B[k, j])
            Y[i, j] = max(C[i, j] + b[j], 0)
        }
        """;

    [Theory, InlineData(0, 3, 4), InlineData(3, 0, 4), InlineData(1, 1, 1), InlineData(2, 3, 2), InlineData(9, 4, 17), InlineData(8, 3, 16)]
    public void An_epilogue_in_partial_tiles(int m, int k, int n)
    {
        foreach (bool symbolic in (bool[])[false, true])
            foreach (string at in (string[])["io", "jo", "ii", "ji"])
            {
                var s = PlacementFixture.Of(Text, [m, k, n], isSymbolic: symbolic);
                s.Do("io, ii = C.i.split(4)");
                s.Do("jo, ji = C.j.split(8)");
                s.Do("C.reorder(io, jo, ii, ji)");
                s.Do($"Y.reverse_compute_at({at})");
                if (at is "ji") continue;
                s.Do("Y.j.vectorize(8)");
            }
    }

    [Fact]
    public void Several_loops_of_a_tile_make_a_rectangle()
    {
        foreach (int n in (int[])[1, 16, 21, 40])
        {
            var s = PlacementFixture.Of(Text, [5, 3, n]);
            s.Do("jo, jm, ji = C.j.split(2, 4)");
            s.Do("C.reorder(jo, C.i, jm, ji, C.k)");
            s.Do("Y.reverse_compute_at(jo)");
            s.Do("jo.parallel()");
        }
    }

    [Fact]
    public void What_is_not_complete_or_not_elementwise_is_refused()
    {
        var s = PlacementFixture.Of(Text, [5, 6, 7]);
        s.Do("ko, ki = C.k.split(2)");
        s.Do("C.reorder(C.i, ko, C.j, ki)");
        Assert.Equal("`Y` cannot be computed at `ko`: `C` is complete only after all iterations of `ko`", s.Refuse("Y.reverse_compute_at(ko)").Message);
        s.Do("Y.reverse_compute_at(C.i)");
        var stencil = PlacementFixture.Of("op f(X: f32[N]) -> Y: f32[N - 1] {\n p[i] = X[i] + 1\n Y[i] = p[i] + p[i + 1] }", [6]);
        Assert.Contains("other elements", stencil.Refuse("Y.reverse_compute_at(p.i)").Message, StringComparison.Ordinal);
        var border = PlacementFixture.Of("op f(X: f32[N]) -> Y: f32[N + 2] {\n p[i] = X[i] + 1\n Y[i] = p[i] ?? 0 }", [6]);
        Assert.Equal(ScheduleRefusals.PlaceNotLegal, border.Refuse("Y.reverse_compute_at(p.i)").Descriptor);
        var two = PlacementFixture.Of("op f(X: f32[N]) -> Y: f32[N] {\n p[i] = X[i] + 1\n q[i] = X[i] * 2\n Y[i] = p[i] + q[i] }", [6]);
        Assert.Contains("`q`, which it also reads, is not complete there", two.Refuse("Y.reverse_compute_at(p.i)").Message, StringComparison.Ordinal);
        two.Do("Y.reverse_compute_at(q.i)");
    }

    [Theory, InlineData(1, 1), InlineData(5, 7)]
    public void Broadcasts_run_whole(int n, int m)
    {
        foreach (bool symbolic in (bool[])[false, true])
        {
            var s = PlacementFixture.Of("op f(X: f32[N], W: f32[M]) -> Y: f32[M, N], Z: f32[N] {\n p[i] = X[i] + 1\n Y[j, i] = p[i] * W[j]\n Z[i] = sum(k: p[i] * W[k]) }", [n, m], isSymbolic: symbolic);
            s.Do("io, ii = p.i.split(3)");
            s.Do("Y.reverse_compute_at(io)");
            s.Do("Z.reverse_compute_at(io)");
        }
    }
}
