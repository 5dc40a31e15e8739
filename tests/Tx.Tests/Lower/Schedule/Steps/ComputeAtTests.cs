using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

public class ComputeAtTests
{
    internal const string Blur = """
        op blur(I: u16[H, W]) -> B: u16[H - 2, W - 2] {
            bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3)
            B[y, x] = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3)
        }
        """;

    private const string Chain = """
        op chain(X: i32[N]) -> Y: i32[N - 10] {
            a[i] = X[i] + X[i + 1] * 2 + X[i + 2] * 3
            b[i] = a[i] + a[i + 1] * 2 + a[i + 2] * 3
            c[i] = b[i] + b[i + 1] * 2 + b[i + 2] * 3
            e[i] = c[i] + c[i + 1] * 2 + c[i + 2] * 3
            Y[i] = e[i] + e[i + 1] * 2 + e[i + 2] * 3
        }
        """;

    private static readonly string[] s_places = ["root", "yo", "yi", "xo", "xi"];

    [Theory]
    [InlineData(3, 3), InlineData(4, 5), InlineData(5, 19), InlineData(11, 34), InlineData(21, 40)]
    public void A_blur_in_strips_with_a_ring(int h, int w)
    {
        foreach (bool symbolic in (bool[])[false, true])
        {
            var s = PlacementFixture.Of(Blur, [h, w], isSymbolic: symbolic);
            s.Do("yo, yi = B.y.split(8)");
            s.Do("xo, xi = B.x.split(16)");
            s.Do("yo.parallel()");
            s.Do("xi.vectorize()");
            s.Do("bx.compute_at(yi, store_at = yo)");
            if (symbolic) Assert.Contains("alloc bx: u16[10, ", s.Text, StringComparison.Ordinal);
            s.Do("bx.y.fold(4)");
            s.Do("bx.x.vectorize(16)");
            s.Replay();
        }
    }

    [Fact]
    public void A_ring_that_is_too_small_names_the_row_that_is_lost()
    {
        var s = PlacementFixture.Of(Blur, [40, 40]);
        s.Do("yo, yi = B.y.split(8)");
        s.Do("bx.compute_at(yi, store_at = yo)");
        var d = s.Refuse("bx.y.fold(2)");
        Assert.Equal(ScheduleRefusals.FoldTooSmall, d.Descriptor);
        Assert.Equal("use `bx.y.fold(3)` or more", d.Help);
        Assert.Contains("the element at y = 0 of the storage is lost", d.Witness, StringComparison.Ordinal);
        s.Do("bx.y.fold(3)");
        Assert.NotNull(s.Do("bx.y.fold(3)").NoEffect);
    }

    [Theory, InlineData(3, 3), InlineData(4, 12), InlineData(10, 18)]
    public void A_blur_at_every_place(int h, int w)
    {
        foreach (bool symbolic in (bool[])[false, true])
            foreach (string at in s_places[1..])
                foreach (string store in s_places.TakeWhile(p => p != at).Append(at))
                {
                    var s = PlacementFixture.Of(Blur, [h, w], isSymbolic: symbolic);
                    s.Do("yo, yi = B.y.split(3)");
                    s.Do("xo, xi = B.x.split(7)");
                    s.Do($"bx.compute_at({at}, store_at = {store})");
                    foreach (string moved in s_places.TakeWhile(p => p != at).Append(at)) s.Do($"bx.store_at({moved})");
                    s.Do("bx.compute_at(root)");
                    s.Do("bx.compute_at(yi)");
                }
    }

    [Theory]
    [InlineData(10), InlineData(11), InlineData(13), InlineData(17), InlineData(33)]
    public void All_stages_of_a_chain_slide(int n)
    {
        foreach (bool symbolic in (bool[])[false, true])
            foreach (string store in (string[])["io", "root"])
            {
                var s = PlacementFixture.Of(Chain, [n], isSymbolic: symbolic);
                s.Do("io, ii = Y.i.split(5)");
                foreach (string stage in (string[])["e", "c", "b", "a"]) s.Do($"{stage}.compute_at(ii, store_at = {store})");
                if (store == "root") continue;
                foreach (string stage in (string[])["e", "c", "b", "a"])
                {
                    // The first iteration computes the window of all that follow.
                    if (n > 20) Assert.Equal(ScheduleRefusals.FoldTooSmall, s.Refuse($"{stage}.i.fold(2)").Descriptor);
                    s.Do($"{stage}.i.fold(11)");
                }
            }
    }

    // Halide issue 8140: sliding windows whose steps, strides and splits do not fit each other.
    [Theory]
    [InlineData(2, 3, 1), InlineData(3, 2, 4), InlineData(3, 5, 2), InlineData(1, 4, 3), InlineData(4, 3, 5), InlineData(5, 2, 2)]
    public void Strides_and_windows_of_any_size_slide(int stride, int window, int factor)
    {
        string reads = string.Join(" + ", Enumerable.Range(0, window).Select(k => $"p[i * {stride} + {k}] * {k + 1}"));
        string text = $"op f(X: i32[N]) -> Y: i32[(N - {window}) / {stride} + 1] {{\n p[i] = X[i] * 3 + 1\n Y[i] = {reads}\n}}";
        foreach (int n in (int[])[window, window + 1, window + stride, window + 4 * stride + 1, window + 9 * stride])
            foreach (bool symbolic in (bool[])[false, true])
                foreach (string tail in (string[])["guard", "peel"])
                    foreach (string store in (string[])["io", "root"])
                    {
                        var s = PlacementFixture.Of(text, [n], isSymbolic: symbolic);
                        s.Do($"io, ii = Y.i.split({factor})");
                        s.Do($"p.compute_at(ii, store_at = {store})");
                        if (store == "io" && factor > 1) s.Do($"p.i.fold({Math.Max(window, stride)})");
                    }
    }

    [Fact]
    public void A_window_slides_along_one_dimension_of_a_tile()
    {
        foreach (int h in (int[])[3, 9, 14])
        {
            var s = PlacementFixture.Of(Blur, [h, 20]);
            s.Do("yo, yi = B.y.split(4)");
            s.Do("xo, xi = B.x.split(6)");
            s.Do("B.reorder(xo, yo, yi, xi)");
            s.Do("bx.compute_at(yi, store_at = xo)");
            s.Do("bx.y.fold(3)");
        }
    }

    [Theory, InlineData(0, 4), InlineData(1, 1), InlineData(3, 19), InlineData(2, 0)]
    public void Softmax_row_by_row(int m, int n)
    {
        foreach (bool symbolic in (bool[])[false, true])
        {
            var s = PlacementFixture.Of(OperatorSamples.Softmax, [m, n], 1e-5, symbolic);
            s.Do("Y.i.parallel()");
            s.Do("total.compute_at(Y.i)");
            s.Do("e.compute_at(Y.i)");
            s.Do("peak.compute_at(Y.i)");
            Assert.Empty(s.State.Function.Temporaries);
            s.Do("e.j.vectorize(8)");
            s.Do("Y.j.vectorize(8)");
            s.Replay();
        }
    }

    [Theory, InlineData(3, 5, 4, 2), InlineData(9, 17, 6, 5), InlineData(1, 1, 1, 1)]
    public void Attention_computes_its_weights_in_blocks(int t, int d, int s, int e)
    {
        const string text = """
            op softmax(X: f32[M, N]) -> Y: f32[M, N] {
                peak[i] = max(j: X[i, j])
                e[i, j] = exp(X[i, j] - peak[i])
                total[i] = sum(j: e[i, j])
                Y[i, j] = e[i, j] / total[i]
            }
            op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
            op transpose(A: f32[M, N]) -> B: f32[N, M] { B[j, i] = A[i, j] }
            op attention(Q: f32[T, D], Key: f32[S, D], V: f32[S, E]) -> O: f32[T, E] {
                Kt = transpose(Key)
                scores = matmul(Q, Kt)
                scaled[t, s] = scores[t, s] / sqrt(f32(D))
                weights = softmax(scaled)
                O = matmul(weights, V)
            }
            """;
        foreach (bool symbolic in (bool[])[false, true])
        {
            var f = PlacementFixture.Of(text, [t, d, s, e], 1e-4, symbolic);
            f.Do("Kt.inline()");
            f.Do("scaled.inline()");
            f.Do("to, ti = O.i.split(4)");
            f.Do("weights.compute_at(to)");
            f.Do("scores.compute_at(to)");
            f.Do("to.parallel()");
            f.Replay();
            Assert.Empty(f.State.Function.Temporaries);
        }
    }

    [Fact]
    public void Places_that_do_not_enclose_the_reads_are_refused()
    {
        var s = PlacementFixture.Of(Blur, [10, 10]);
        s.Do("yo, yi = B.y.split(4)");
        s.Do("xo, xi = B.x.split(8)");
        s.Do("xi.vectorize()");
        var d = s.Refuse("bx.compute_at(xi)");
        Assert.Equal(ScheduleRefusals.PlaceNotLegal, d.Descriptor);
        Assert.Contains("vectorised", d.Message, StringComparison.Ordinal);
        Assert.Equal("`bx` can be computed at: `yo`, `yi`, `xo`, root", d.Help);
        Assert.Equal(ScheduleRefusals.PlaceNotLegal, s.Refuse("B.compute_at(bx.y)").Descriptor);
        Assert.Equal(ScheduleRefusals.PlaceNotLegal, s.Refuse("bx.compute_at(bx.y)").Descriptor);
        Assert.Equal(ScheduleRefusals.StorageNotLegal, s.Refuse("bx.compute_at(yo, store_at = yi)").Descriptor);
        s.Do("yo.parallel()");
        Assert.Equal(ScheduleRefusals.StorageNotLegal, s.Refuse("bx.compute_at(yi, store_at = root)").Descriptor);
        s.Do("bx.y.split(2)");
        Assert.Equal(ScheduleRefusals.StageHasShape, s.Refuse("bx.compute_at(yi)").Descriptor);
        Assert.NotNull(s.Do("B.compute_at(root)").NoEffect);
    }

    [Fact]
    public void Stages_that_are_read_in_two_nests_stay_at_root()
    {
        var s = PlacementFixture.Of("op f(X: f32[N]) -> Y: f32[N], Z: f32[N] {\n p[i] = X[i] + 1\n Y[i] = p[i]\n Z[i] = p[i] * Y[i] }", [5]);
        var d = s.Refuse("p.compute_at(Y.i)");
        Assert.Equal("`p` cannot be computed at `Y.i`: `Z` reads it outside of that loop", d.Message);
        Assert.Equal("`p` can be computed at: root", d.Help);
        s.Do("Y.compute_at(Z.i)");
        s.Do("p.compute_at(Z.i)");
    }

    [Fact]
    public void A_result_is_computed_where_all_of_it_is_read()
    {
        var s = PlacementFixture.Of("op f(X: f32[N]) -> Y: f32[N], Z: f32[N - 1] {\n Y[i] = X[i] + 1\n Z[i] = Y[i] + Y[i + 1] }", [7]);
        Assert.Equal(ScheduleRefusals.PlaceNotLegal, s.Refuse("Y.compute_at(Z.i)").Descriptor);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(7), InlineData(16)]
    public void Borders_triangles_and_data_have_boxes(int n)
    {
        foreach (string text in (string[])[
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i] = X[i] * 2\n Y[i] = p[max(i - 1, 0)] + p[i] + p[min(i + 1, N - 1)] }",
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i] = X[i] * 2\n Y[i] = (p[i - 1] ?? 5) + p[i] + (p[i + 1] ?? 7) }",
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i] = X[i] * 2\n Y[i] = sum(k in 0..i + 1: p[k]) }",
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i] = X[i] * 2\n Y[i] = sum(k if k <= i: p[k] * X[k]) }",
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i] = X[i] + sum(k in 0..i: X[k])\n Y[i] = p[i] + p[N - 1 - i] }",
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i] = X[i] * 2\n Y[i] = p[N - 1 - i] + p[i / 2] + p[i % 3 < N ? i % 3 : 0] }",
            "op f(X: i32[N]) -> Y: i32[N] {\n p[i, j] = X[i] * X[j]\n q[i] = sum(k: p[i, k] + p[k, i] * p[0, i])\n Y[i] = q[i] + 1 }",
            "op f(X: i32[N]) -> Y: i32[N] {\n t = sum(k: X[k])\n Y[i] = X[i] + t }"])
            foreach (bool symbolic in (bool[])[false, true])
                foreach (string store in (string[])["ii", "io", "root"])
                {
                    var s = PlacementFixture.Of(text, [n], isSymbolic: symbolic);
                    s.Do("io, ii = Y.i.split(3)");
                    string stage = text.Contains(" t =", StringComparison.Ordinal) ? "t" : "p";
                    if (text.Contains(" q[", StringComparison.Ordinal)) s.Do($"q.compute_at(ii, store_at = {store})");
                    s.Do($"{stage}.compute_at({(text.Contains(" q[", StringComparison.Ordinal) ? "q.k" : "ii")}, store_at = {store})");
                }
    }

    // A loop that is not the whole range of an index: the index's own range does not say where it ends.
    [Fact]
    public void A_split_of_a_part_ends_where_the_part_does()
    {
        foreach (int m in (int[])[1, 7, 8, 11])
            foreach (bool symbolic in (bool[])[false, true])
            {
                var s = PlacementFixture.Of(OperatorSamples.Matmul, [m, 3, m], isSymbolic: symbolic);
                s.Do("io, ii = C.i.split(4)");
                s.Do("iio, iii = ii.split(3)");
                s.Do("jo, ji = C.j.split(5)");
                s.Do("C.reorder(C.k, io, jo, iio, iii, ji)");
                s.Do("ji.vectorize(3)");
                s = PlacementFixture.Of("op f(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum(j: X[i, j]) }", [3, m + 4], isSymbolic: symbolic);
                s.Do("jo, ji = Y.j.split(5)");
                s.Do("ji.vectorize(4)");
            }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public void Random_pipelines_compute_the_same(int seed) => RandomPipelines(seed, 12);

    internal static void RandomPipelines(int seed, int count)
    {
        var random = new Random(seed);
        for (int n = 0; n < count; n++)
        {
            int stages = random.Next(1, 4), height = random.Next(6, 16), width = random.Next(6, 12);
            var text = new System.Text.StringBuilder("op f(X: i32[H, W]) -> Y: i32[A, B] require A >= 0, B >= 0 {\n");
            string Read(string t) => string.Join(" + ", Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
                $"({t}[{Index("y", random)}, {Index("x", random)}] ?? {random.Next(5)}) * {random.Next(1, 4)}"));
            for (int s = 0; s < stages; s++) text.Append($" s{s}: i32[H, W]\n s{s}[y, x] = {(random.Next(4) == 0 ? $"sum(k in 0..{random.Next(1, 4)}: (" + (s == 0 ? "X" : $"s{s - 1}") + "[y + k, x] ?? 1))" : Read(s == 0 ? "X" : $"s{s - 1}"))}\n");
            text.Append($" Y[y, x] = {Read($"s{stages - 1}")}{(stages > 1 && random.Next(2) == 0 ? " - " + Read($"s{stages - 2}") : "")}\n}}");
            var f = PlacementFixture.Of(text.ToString().Replace("A, B] require A >= 0, B >= 0", $"{random.Next(1, 12)}, {random.Next(1, 12)}]", StringComparison.Ordinal), [height, width], isSymbolic: random.Next(2) == 0);
            var loops = new List<string>();
            if (random.Next(4) > 0)
            {
                f.Do($"yo, yi = Y.y.split({random.Next(1, 6)})");
                loops.AddRange(["yo", "yi"]);
            }
            else loops.Add("Y.y");
            if (random.Next(2) > 0)
            {
                f.Do($"xo, xi = Y.x.split({random.Next(1, 6)})");
                loops.AddRange(["xo", "xi"]);
            }
            else loops.Add("Y.x");
            if (random.Next(3) == 0)
            {
                string[] order = [.. loops];
                random.Shuffle(order);
                if (f.Try($"Y.reorder({string.Join(", ", order)})")) loops = [.. order];
            }
            if (random.Next(4) == 0) f.Try($"{loops[0]}.parallel()");
            for (int s = stages - 1; s >= 0; s--)
            {
                if (random.Next(5) == 0) continue;
                int at = random.Next(loops.Count), store = random.Next(-1, at + 1);
                if (!f.Try($"s{s}.compute_at({loops[at]}, store_at = {(store < 0 ? "root" : loops[store])})")) continue;
                if (random.Next(2) == 0) f.Try($"s{s}.y.fold({random.Next(1, 9)})");
                if (random.Next(3) == 0) f.Try($"s{s}.x.fold({random.Next(1, 9)})");
                if (random.Next(3) == 0) f.Try($"s{s}.x.vectorize(4)");
                if (random.Next(6) == 0) f.Try($"s{s}.inline()");
            }
            if (random.Next(3) == 0) f.Try($"{loops[^1]}.vectorize({(loops[^1][1] == 'i' ? "" : "4")})");
            f.Replay();
        }
    }

    private static string Index(string v, Random random) => random.Next(6) switch
    {
        0 => $"{v} * {random.Next(1, 4)} + {random.Next(-2, 3)}",
        1 => $"{v} / 2",
        2 => $"max({v} - {random.Next(3)}, 0)",
        _ => $"{v} + {random.Next(-2, 3)}",
    };
}
