using Tx.Core;
using Tx.Lang.Semantics;

namespace Tx.Tests.Lang.Semantics;

/// <summary>Whole operators, as bound text.</summary>
public class ProgramTests
{
    private const string Matmul = """
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] {
            C[i, j] = sum(k: A[i, k] * B[k, j])
        }
        """;

    private const string Softmax = """
        op softmax(X: f32[M, N]) -> Y: f32[M, N] {
            peak[i]    = max(j: X[i, j])
            e[i, j]    = exp(X[i, j] - peak[i])
            total[i]   = sum(j: e[i, j])
            Y[i, j]    = e[i, j] / total[i]
        }
        """;

    private static void Same(string expected, string actual) => Assert.Equal(expected.ReplaceLineEndings("\n").TrimEnd(), actual.TrimEnd());

    [Fact]
    public void Matrix_product() => Same("""
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] {
            for i in 0..M, j in 0..N { C[i, j] = sum(k in 0..K: A[i, k] * B[k, j]) }
        }
        """, Bound.Print(Matmul, "matmul"));

    [Fact]
    public void Stages_without_a_declaration_get_type_and_shape() => Same("""
        op softmax(X: f32[M, N]) -> Y: f32[M, N] {
            peak: f32[M]
            for i in 0..M { peak[i] = max(j in 0..N: X[i, j]) }
            e: f32[M, N]
            for i in 0..M, j in 0..N { e[i, j] = exp(X[i, j] - peak[i]) }
            total: f32[M]
            for i in 0..M { total[i] = sum(j in 0..N: e[i, j]) }
            for i in 0..M, j in 0..N { Y[i, j] = e[i, j] / total[i] }
        }
        """, Bound.Print(Softmax, "softmax"));

    [Fact]
    public void Calls_are_stages_under_the_name_of_the_call() => Same("""
        op attention(Q: f32[T, D], Key: f32[S, D], V: f32[S, E]) -> O: f32[T, E] {
            Kt: f32[D, S]
            for j in 0..D, i in 0..S { Kt[j, i] = Key[i, j] }
            scores: f32[T, S]
            for i in 0..T, j in 0..S { scores[i, j] = sum(k in 0..D: Q[i, k] * Kt[k, j]) }
            scaled: f32[T, S]
            for t in 0..T, s in 0..S { scaled[t, s] = scores[t, s] / sqrt(f32(D)) }
            weights.peak: f32[T]
            for i in 0..T { weights.peak[i] = max(j in 0..S: scaled[i, j]) }
            weights.e: f32[T, S]
            for i in 0..T, j in 0..S { weights.e[i, j] = exp(scaled[i, j] - weights.peak[i]) }
            weights.total: f32[T]
            for i in 0..T { weights.total[i] = sum(j in 0..S: weights.e[i, j]) }
            weights: f32[T, S]
            for i in 0..T, j in 0..S { weights[i, j] = weights.e[i, j] / weights.total[i] }
            for i in 0..T, j in 0..E { O[i, j] = sum(k in 0..S: weights[i, k] * V[k, j]) }
        }
        """, Bound.Print(Matmul + "\n" + Softmax + """

        op transpose(A: f32[M, N]) -> B: f32[N, M] { B[j, i] = A[i, j] }
        op attention(Q: f32[T, D], Key: f32[S, D], V: f32[S, E]) -> O: f32[T, E] {
            Kt           = transpose(Key)
            scores       = matmul(Q, Kt)
            scaled[t, s] = scores[t, s] / sqrt(f32(D))
            weights      = softmax(scaled)
            O            = matmul(weights, V)
        }
        """, "attention"));

    [Fact]
    public void Nested_calls_are_named_by_their_operator()
    {
        string text = Bound.Print(Matmul + "\n" + Softmax + "\nop f(A: f32[M, M]) -> Y: f32[M, M] { Y = softmax(matmul(matmul(A, A), A)) }", "f");
        Assert.Contains("matmul: f32[M, M]", text);
        Assert.Contains("matmul2: f32[M, M]", text);
        Assert.Contains("Y.peak: f32[M]", text);
    }

    [Theory]
    [InlineData("op f(X: f32[H], F: f32[R]) -> Y: f32[H - R + 1] require H >= R { t[y] = sum(r: X[y + r] * F[r]); Y[i] = t[i] }", "y in 0..H - R + 1")]
    [InlineData("op f(X: f32[H]) -> Y: f32[H / 2] { t[y] = max(r in 0..2: X[2 * y + r]); Y[i] = t[i] }", "y in 0..H / 2")]
    [InlineData("op f(X: f32[H], F: f32[R]) -> Y: f32[H - R + 1] require H >= R { t[y] = sum(r: X[H - 1 - y - r] * F[r]); Y[i] = t[i] }", "y in 0..H - R + 1")]
    public void Beside_other_indices_a_range_stays_inside_for_all_of_them(string text, string range) => Assert.Contains(range, Bound.Print(text, "f"));

    [Fact]
    public void Offsets_shrink_the_range_of_an_index_without_a_declared_shape() => Same("""
        op blur(I: u16[H, W]) -> B: u16[H - 2, W - 2]
            require H >= 3, W >= 3
        {
            bx: u16[H, W - 2]
            for y in 0..H, x in 0..W - 2 { bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3) }
            for y in 0..H - 2, x in 0..W - 2 { B[y, x] = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3) }
        }
        """, Bound.Print("""
        op blur(I: u16[H, W]) -> B: u16[H - 2, W - 2] require H >= 3, W >= 3 {
            bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3)
            B[y, x]  = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3)
        }
        """, "blur"));

    private const string Conv = """
        op conv2d(X: f32[N, C, H, W], F: f32[O, C, R, S], const stride: int = 1, const pad: int = 0)
            -> Y: f32[N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1]
            require stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S
        {
            Y[n, o, y, x] = sum(c, r, s: (X[n, c, y * stride + r - pad, x * stride + s - pad] ?? 0) * F[o, c, r, s])
        }
        """;

    [Theory]
    [InlineData(1, 0, "Y: f32[N, O, H - R + 1, W - S + 1]", "X[n, c, y + r, x + s] ?? 0.0")]
    [InlineData(1, 1, "Y: f32[N, O, H - R + 3, W - S + 3]", "X[n, c, y + r - 1, x + s - 1] ?? 0.0")]
    [InlineData(2, 3, "Y: f32[N, O, (H - R) / 2 + 4, (W - S) / 2 + 4]", "X[n, c, 2 * y + r - 3, 2 * x + s - 3] ?? 0.0")]
    public void Consts_are_in_place(int stride, int pad, string result, string read)
    {
        string text = Bound.Print(Conv, "conv2d", Specialisation.Empty with { Consts = [("stride", Scalar.Index(stride)), ("pad", Scalar.Index(pad))] });
        Assert.Contains(result, text);
        Assert.Contains(read, text);
        Assert.Contains("sum(c in 0..C, r in 0..R, s in 0..S:", text);
    }

    [Fact]
    public void A_generic_type_and_a_pack_are_those_of_the_specialisation() => Same("""
        op relu(X: i32[S0, S1, S2]) -> Y: i32[S0, S1, S2] {
            for i0 in 0..S0, i1 in 0..S1, i2 in 0..S2 { Y[i0, i1, i2] = max(X[i0, i1, i2], 0) }
        }
        """, Bound.Print("op relu<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = max(X[..i], 0) }", "relu", new([("T", ElementType.I32)], [("S", 3)], [])));

    [Fact]
    public void Several_results_of_a_reduction() => Same("""
        op row_best(X: f32[M, N]) -> best: f32[M], at: i64[M]
            require N >= 1
        {
            for i in 0..M { (best[i], at[i]) = max_at(j in 0..N: X[i, j]) }
        }
        """, Bound.Print("op row_best(X: f32[M, N]) -> best: f32[M], at: i64[M] require N >= 1 { (best[i], at[i]) = max_at(j: X[i, j]) }", "row_best"));

    [Fact]
    public void A_condition_is_no_range() => Assert.Contains("exact sum(k in 0..N if k <= i: A[i, k])",
        Bound.Print("op causal_sum(A: f32[N, N]) -> Y: f32[N] { Y[i] = exact sum(k if k <= i: A[i, k]) }", "causal_sum"));

    [Fact]
    public void A_constant_of_the_file_and_an_operator_on_scalars_are_in_place() => Assert.Contains("Y[i] = 1.0 / (1.0 + exp(-(X[i] + 1e-05)))",
        Bound.Print("""
        const EPS = 1e-5
        op sigmoid(X: f32[..S]) -> Y: f32[..S] { Y[..i] = 1 / (1 + exp(-X[..i])) }
        op f(X: f32[N]) -> Y: f32[N] { Y[i] = sigmoid(X[i] + EPS) }
        """, "f"));

    [Fact]
    public void The_order_of_the_text_does_not_matter() => Assert.Matches("(?s)a: f32.*Y\\[i\\]",
        Bound.Print("op f(X: f32[N]) -> Y: f32[N] { Y[i] = a[i] + 1; a[i] = X[i] * 2 }", "f"));

    [Fact]
    public void A_stated_range_and_a_declared_intermediate() => Same("""
        op f(X: f32[N]) -> Y: f32[N] {
            c: f64[2, N]
            for i in 0..N, t in 0..2 { c[t, i] = f64(X[i]) * f64(t) }
            for i in 0..N { Y[i] = f32(sum(t in 0..2: c[t, i])) }
        }
        """.Replace("i in 0..N, t in 0..2", "t in 0..2, i in 0..N"), Bound.Print("""
        op f(X: f32[N]) -> Y: f32[N] {
            c: f64[2, N]
            for t in 0..2 { c[t, i] = f64(X[i]) * f64(t) }
            Y[i] = f32(sum(t in 0..2: c[t, i]))
        }
        """, "f"));

    [Fact]
    public void Scalars_need_no_subscripts() => Same("""
        op f(X: f32[N], s: f32) -> Y: f32[N], total: f32 {
            total = sum(i in 0..N: X[i])
            for i in 0..N { Y[i] = X[i] * s / total }
        }
        """, Bound.Print("op f(X: f32[N], s: f32) -> Y: f32[N], total: f32 { total = sum(i: X[i]); Y[i] = X[i] * s / total }", "f"));
}
