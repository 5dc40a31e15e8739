using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Tests.Lower.Schedule.Steps;

public class CacheTests
{
    private const string Matmul = OperatorSamples.Matmul;
    private const string Conv = """
        op conv(X: f32[N, C, H, W], F: f32[O, C, R, S]) -> Y: f32[N, O, H, W] {
            Y[n, o, y, x] = sum(c, r, s: (X[n, c, y + r - 1, x + s - 1] ?? 0) * F[o, c, r, s])
        }
        """;

    private const string Blocked = """
        (io, ii) = C.i.split(6, tail = pad)
        (jo, ji) = C.j.split(8, tail = pad)
        (ko, ki) = C.k.split(4)
        C.reorder(jo, ko, io, ki, ii, ji)
        Ap  = A.cache_read(at = root, layout = (i, k) -> [i / 6, k, i % 6])
        Bp  = B.cache_read(at = ko, layout = (k, j) -> [j / 8, k, j % 8])
        acc = C.cache_write(at = io, memory = register)
        jo.parallel()
        ji.vectorize()
        ii.unroll()
        """;

    [Theory, InlineData(12, 8, 16), InlineData(13, 7, 17), InlineData(1, 1, 1), InlineData(2, 3, 2), InlineData(3, 1, 5), InlineData(0, 4, 4), InlineData(4, 5, 0)]
    public void The_blocked_schedule_of_a_matrix_product(int m, int k, int n)
    {
        ScheduleText.Run(Matmul, Blocked, [m, k, n]);
        ScheduleText.Run(Matmul, Blocked, [m, k, n], isSymbolic: true);
    }

    [Fact]
    public void An_empty_reduction_gives_the_initial_value() => ScheduleText.Run(Matmul, Blocked, [4, 0, 5], isSymbolic: true);

    [Fact]
    public void Packed_panels_are_read_without_a_condition_and_in_the_order_of_the_loops()
    {
        var f = ScheduleText.Run(Matmul, Blocked, [13, 7, 17]).Function;
        var compute = NestPath.FindInstance(((Block)f.Body).Statements[^1], "C");
        Assert.DoesNotContain("?", compute.Body.ToString(), StringComparison.Ordinal);
        Assert.Contains("Ap[vio, vko * 4 + vki, vii]", compute.Body.ToString(), StringComparison.Ordinal);
        Assert.Contains("Bp[0, vki, vji]", compute.Body.ToString(), StringComparison.Ordinal);
    }

    [Theory, InlineData(16, 8, 32), InlineData(9, 10, 17), InlineData(1, 1, 1), InlineData(3, 2, 2), InlineData(0, 4, 4)]
    public void Caches_of_a_product_of_bytes(int m, int k, int n)
    {
        const string op = "op qmm(A: u8[M, K], B: i8[K, N]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[k, j])) }";
        const string body = """
            (io, ii) = C.i.split(8, tail = pad)
            (jo, ji) = C.j.split(16, tail = pad)
            (ko, ki) = C.k.split(4, tail = pad)
            C.reorder(jo, io, ko, ii, ji, ki)
            Bp  = B.cache_read(at = jo, layout = (k, j) -> [k / 4, j, k % 4])
            Ap  = A.cache_read(at = io)
            acc = C.cache_write(at = io, memory = register)
            ii.unroll()
            """;
        ScheduleText.Run(op, body, [m, k, n]);
        ScheduleText.Run(op, body, [m, k, n], isSymbolic: true);
    }

    [Theory, InlineData(1, 2, 7, 9, 5), InlineData(2, 1, 1, 1, 1), InlineData(1, 3, 4, 8, 2), InlineData(1, 0, 4, 8, 2), InlineData(1, 2, 0, 3, 2)]
    public void A_padded_image_of_a_convolution(int n, int c, int h, int w, int o)
    {
        const string body = """
            (xo, xi) = Y.x.split(4)
            Y.reorder(Y.n, Y.o, Y.y, xo, Y.c, Y.r, Y.s, xi)
            Xp = X.cache_read(at = Y.y)
            Fp = F.cache_read(at = root, layout = (o, c, r, s) -> [c, r, s, o])
            acc = Y.cache_write(at = xo, memory = register)
            xi.vectorize()
            """;
        ScheduleText.Run(Conv, body, [n, c, h, w, o, 3, 3], isSymbolic: true);
        if (c == 0) return;
        var f = ScheduleText.Run(Conv, body, [n, c, h, w, o, 3, 3]).Function;
        Assert.DoesNotContain("Xp[vn", NestPath.FindInstance(((Block)f.Body).Statements[^1], "Y").Body.ToString(), StringComparison.Ordinal);
    }

    [Theory, InlineData(7), InlineData(1), InlineData(0), InlineData(16)]
    public void The_default_of_the_reads_lies_in_the_cache(int n)
    {
        const string op = "op f(X: f32[N]) -> Y: f32[N] { Y[i] = (X[i - 1] ?? 7) + X[i] + (X[i + 2] ?? 7) }";
        foreach (string at in (string[])["root", "io"])
        {
            var f = ScheduleText.Run(op, $"(io, ii) = Y.i.split(4)\nXs = X.cache_read(at = {at})\nii.vectorize()", [n], isSymbolic: true).Function;
            var compute = f.Body is Block b ? b.Statements[^1] : f.Body;
            Assert.DoesNotContain("select", NestPath.FindInstance(compute, "Y").Body.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory, InlineData(7), InlineData(1), InlineData(9)]
    public void Two_defaults_keep_their_conditions(int n) =>
        ScheduleText.Run("op f(X: f32[N]) -> Y: f32[N] { Y[i] = (X[i - 1] ?? 7) + (X[i + 2] ?? 5) }", "(io, ii) = Y.i.split(4)\nXs = X.cache_read(at = io)", [n], isSymbolic: true);

    [Theory, InlineData(5), InlineData(1), InlineData(17)]
    public void Indices_from_data_cache_the_whole_dimension(int n) =>
        ScheduleText.Run("op gather(E: f32[V, D], id: i32[B]) -> Y: f32[B, D] { Y[b, d] = (E[id[b], d] ?? 0) }", "(bo, bi) = Y.b.split(4)\nEs = E.cache_read(at = bo)\nids = id.cache_read(at = bo)", [200, 3, n]);

    [Theory, InlineData(6), InlineData(1), InlineData(13)]
    public void A_triangle_is_cached_as_a_box(int n) =>
        ScheduleText.Run("op tri(A: f32[N, N]) -> Y: f32[N] { Y[i] = sum(k in 0..i: A[i, k]) }", "Ar = A.cache_read(at = Y.i)", [n], isSymbolic: true);

    [Theory, InlineData(10, 9), InlineData(1, 1), InlineData(3, 2), InlineData(0, 3)]
    public void An_elementwise_stage_computes_in_a_tile(int m, int n) => ScheduleText.Run(
        "op f(X: f32[M, N]) -> Y: f32[N, M] { Y[j, i] = X[i, j] * 2 + 1 }",
        "(io, ii) = Y.i.split(4)\n(jo, ji) = Y.j.split(4)\nY.reorder(jo, io, ii, ji)\nt = Y.cache_write(at = io)\nii.unroll()\nji.vectorize()\nY.nontemporal()", [m, n], isSymbolic: true);

    [Theory, InlineData(3, 5), InlineData(1, 1)]
    public void Several_results_have_a_tile_each(int m, int n) => ScheduleText.Run(
        "op rows(X: f32[M, N]) -> best: f32[M], at: i64[M] { (best[i], at[i]) = max_at(j: X[i, j]) }", "t = best.cache_write(at = best.i, memory = register)", [m, n], isSymbolic: true);

    [Theory]
    [InlineData("a = C.cache_write(at = root)", "TX2122")]
    [InlineData("a = C.cache_write(at = C.i, memory = shared)", "TX2122")]
    [InlineData("a = C.cache_write(at = C.i, memory = register)", "TX2122")]
    [InlineData("a = C.cache_write(at = C.k)\nb = a.cache_write(at = C.i)", "TX2122")]
    [InlineData("C.j.parallel()\na = C.cache_write(at = C.i)", "TX2122")]
    [InlineData("a = A.cache_read(at = root, memory = register)", "TX2122")]
    [InlineData("a = A.cache_read(at = C.i, memory = register)", "TX2122")]
    [InlineData("a = A.cache_read(at = C.i, memory = shared)", "TX2149")]
    [InlineData("a = A.cache_read(at = root, layout = (i, k) -> [i / 8, k])", "TX2119")]
    [InlineData("a = A.cache_read(at = root, layout = (i, k) -> [i + k, i - 2 * k])", "TX2135", false)]
    [InlineData("C.i.bind(block.x)", "TX2149")]
    public void What_is_no_cache_is_refused(string body, string code, bool isRefused = true)
    {
        if (!isRefused)
        {
            ScheduleText.Run(Matmul, body, [5, 4, 3], isSymbolic: true);
            return;
        }
        var d = ScheduleText.Refuse(Matmul, body);
        Assert.Equal(code, d.Code);
        if (code == "TX2119") Assert.Contains("both lie at", d.Witness, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_nest_writes_is_not_cached()
    {
        const string op = "op scan(X: f32[T, U]) -> h: f32[T + 1, U] {\n h[0, u] = 0\n for t in 0..T { h[t + 1, u] = h[t, u] + X[t, u] }\n }";
        Assert.Equal("TX2122", ScheduleText.Refuse(op, "p = h.cache_read(at = h.eq(1).u)").Code);
        ScheduleText.Run(op, "p = X.cache_read(at = h.eq(1).t)", [4, 3]);
        Assert.Equal("TX2122", ScheduleText.Refuse(op, "q = h.eq(1).cache_write(at = h.eq(1).t)").Code);
    }
}
