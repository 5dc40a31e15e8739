namespace Tx.Tests.Lower.Schedule.Steps;

/// <summary>Schedules that <c>tx fuzz --schedules</c> found to be accepted and wrong, and which are refused now. Those that are right now are in <c>tests/cases/regressions</c>.</summary>
public class FuzzedScheduleTests
{
    [Fact]
    public void A_copy_does_not_take_what_a_layout_leaves_out() => Refuse("TX2122",
        "op f(X: f64[N, M]) -> P: f64[N, M] {\n E[i, j] = X[i, j]\n S[i, j] = E[i, j]\n P[i, j] = S[i, j] }",
        "E.layout((a, b) -> [a, b / 2, b % 2])\nc = E.cache_read(at = S.j)");

    [Fact]
    public void A_reduction_is_not_factored_inside_of_one_of_its_loops() => Refuse("TX2123",
        "op f(X: f32[K], W: f32[M, N]) -> C: f32 { C = sum(i: X[i] * X[i]) }",
        "(a, b) = C.i.split(2)\nb.specialize(N <= M)\nr = C.rfactor(b)");

    [Fact]
    public void A_stage_that_is_prefetched_is_neither_inlined_nor_moved()
    {
        const string op = "op f(X: f32[K, M]) -> P2: f32[K, M] {\n P1[i, j] = X[i, j]\n P2[i, j] = P1[i, j] }";
        Refuse("TX2115", op, "P2.j.prefetch(P1, distance = 1)\nP1.inline()");
        Refuse("TX2113", op, "P2.j.prefetch(P1, distance = 1)\nP1.compute_at(P2.i)");
    }

    [Fact]
    public void What_a_pipeline_has_filled_is_gone_when_an_iteration_is_done_again()
    {
        const string op = "op f(X: f16[K, M]) -> E: f16[K, M] { E[i, j] = X[i, j] }";
        Refuse("TX2112", op, "b = X.cache_read(at = E.i)\nE.i.pipeline(2)\n(q, r) = E.i.split(4, tail = shift)", [5, 8]);
        ScheduleText.Run(op, "b = X.cache_read(at = E.i)\n(q, r) = E.i.split(4, tail = shift)", [5, 8]);
    }

    [Fact]
    public void What_an_instruction_computes_or_reads_is_not_taken_apart()
    {
        const string op = "intrin neg(x: i32[8], y: i32[8]) on cpu { y[k] = -x[k] }\nop f(X: i32[3, 8]) -> Y: i32[3, 8] {\n A[i, j] = X[i, j]\n Y[i, j] = -A[i, j] }";
        Refuse("TX2122", op, "Y.j.tensorize(neg)\nt = Y.cache_write(at = Y.i)");
        Refuse("TX2115", op, "Y.j.tensorize(neg)\nA.inline()");
    }

    [Fact]
    public void Storage_stays_where_the_loop_that_a_stage_is_computed_in_is_gone() => Refuse("TX2114",
        "op f(X: i64[K, N]) -> Q: i64[K, N] {\n P[i, j] = X[i, j] + (X[i, j + 1] ?? 0)\n Q[i, j] = P[i, j] + (P[i - 2, j] ?? 1) }",
        "P.compute_at(Q.i)\n(q0, q1) = Q.i.split(3, tail = mask)\n(q2, q3) = q1.split(7, tail = peel)\nP.store_at(q0)", [3, 10]);

    [Theory, InlineData(1), InlineData(3), InlineData(4)]
    public void A_tile_reads_a_tile_only_where_it_is_computed(int n)
    {
        ScheduleText.Run("op g(X: f32[K]) -> O: f32[K, K] {\n S[i] = X[i]\n O[i, j] = -S[i] }",
            "b1 = O.cache_write(at = O.j)\n(q4, q5) = O.i.split(2)\nb6 = O.cache_write(at = q4, memory = local)", [n], isSymbolic: true);
        ScheduleText.Run("op f(X: u8[N]) -> R: u8[N] {\n S[i] = X[i]\n R[i] = S[i] }",
            "b1 = S.cache_read(at = R.i)\n(q0, q1) = R.i.split(2)\nb2 = R.cache_write(at = q1)", [n], isSymbolic: true);
        ScheduleText.Run("op f(X: u8[N]) -> R: u8[N] {\n S[i] = X[i]\n R[i] = S[i] }",
            "S.compute_at(R.i)\n(q0, q1) = R.i.split(2, tail = mask)\nb2 = R.cache_write(at = q0)", [n], isSymbolic: true);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(3)]
    public void A_fill_ahead_of_a_fused_loop_does_not_divide_by_an_extent_that_is_0(int n) => ScheduleText.Run(
        "op f(X: i64[K, N]) -> P: i64[K, N] {\n G[i, j] = X[i, j]\n E[i, j] = min(G[i, j], X[i, j])\n P[i, j] = E[i, j] + (E[i, j + 1] ?? X[i, j]) }",
        "E.inline()\nq7 = P.i.fuse(P.j)\nb11 = G.cache_read(at = q7, memory = local)\nq7.pipeline(3)\nauto()", [2, n], isSymbolic: true);

    [Theory, InlineData(3), InlineData(4)]
    public void Each_version_of_a_reduction_sets_initial_values_of_its_own(int m) => ScheduleText.Run(
        "op f(X: f64[K, M]) -> C: f64[M] { C[j] = exact sum(i: X[i, j]) }", "(q0, q1, q2, q3) = C.tile(C.j, C.i, 2, 1)\nq3.specialize(M == 4)", [2, m], isSymbolic: true);

    private static void Refuse(string code, string op, string body, long[]? sizes = null) => Assert.Equal(code, ScheduleText.Refuse(op, body, sizes).Code);
}
