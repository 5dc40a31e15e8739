using Tx.Core;

namespace Tx.Tests.Compiler.Embedding;

internal static class EmbeddingFixture
{
    public const string Text = """
        /// Matrix product.
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        op add(A: f32[M, N], B: f32[M, N]) -> C: f32[M, N] { C[i, j] = A[i, j] + B[i, j] }
        op softmax(X: f32[M, N]) -> Y: f32[M, N] require N >= 1 {
            peak[i] = max(j: X[i, j])
            e[i, j] = exp(X[i, j] - peak[i])
            total[i] = sum(j: e[i, j])
            Y[i, j] = e[i, j] / total[i]
        }
        op scale<T: number>(X: T[..S], const by: int = 2) -> Y: T[..S] { Y[..i] = X[..i] * T(by) }
        op pad(A: f32[N], const n: int) -> B: f32[N + n] require n >= 0 { B[i] = A[i] ?? 0 }
        op gather(E: f32[V, D], id: i32[B]) -> R: f32[B, D] { R[b, d] = E[id[b], d] }
        op bits(A: u1[M, N]) -> n: i32[M] { n[i] = sum(j: i32(A[i, j])) }
        op both(A: f32[N]) -> B: f32[N], C: f32[N] { B[i] = A[i] + 1; C[i] = A[i] * 2 }
        schedule tiled for matmul on cpu {
            knob n in [4, 8]
            (io, ii) = C.i.split(n)
        }
        """;

    public static TxProgram Program() => TxProgram.Parse(Text);

    public static float[] Numbers(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 4 - 2)];
    }

    /// <summary>The product by its definition.</summary>
    public static float[] Product(ReadOnlySpan<float> a, ReadOnlySpan<float> b, int m, int k, int n)
    {
        var c = new float[m * n];
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int p = 0; p < k; p++) sum += (double)a[i * k + p] * b[p * n + j];
                c[i * n + j] = (float)sum;
            }
        return c;
    }

    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f * Math.Max(1, Math.Abs(expected[i])));
    }

    /// <summary>The code of the one diagnostic, which has a sentence and says what to do.</summary>
    public static string CodeOf(Action call)
    {
        var d = Assert.Throws<DiagnosticException>(call).Diagnostics[0];
        Assert.True(d.Message.Length > 10 && d.Help is { Length: > 5 }, $"{d.Code}: {d.Message}");
        return d.Code;
    }
}
