using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Lang.Semantics;
using Tx.Runtime;
using Tx.Tests.Lang.Semantics;

namespace Tx.Tests.Lang.Reference;

/// <summary>Operators as text, compared with what NumPy computed (see <c>tests/cases/reference/generate.py</c>).</summary>
public sealed class ReferenceProgramTests
{
    private readonly TensorAllocator _allocator = new();

    private NativeTensor Load(string name) => NpyFile.Read(CaseFiles.PathOf("reference", name + ".npy"), _allocator);

    private static ImmutableArray<DenseArray> Evaluate(string text, string name, Specialisation? specialisation, params DenseArray[] arguments)
    {
        var bound = Bound.Of(text);
        var op = bound.Bind(name, specialisation);
        Assert.True(op is not null && !bound.Bag.HasErrors, string.Join("\n", bound.Bag.Items.Select(d => $"{d.Code} {d.Message}")));

        // A dimension stands alone in some parameter's shape.
        var dims = new Dictionary<DimSymbol, long>();
        foreach (var (parameter, argument) in op.Parameters.Zip(arguments))
            for (int d = 0; d < parameter.Rank; d++)
                if (parameter.Shape[d] is DimTerm dim) dims[dim.Dim] = argument.Shape[d];
        return ReferenceEvaluator.Evaluate(op, [.. arguments], dims);
    }

    private void AgreesWithNumPy(string @case, string text, string name, double rtol, Specialisation? specialisation = null)
    {
        DenseArray[] arguments = [.. Enumerable.Range(0, 9).TakeWhile(n => File.Exists(CaseFiles.PathOf("reference", $"{@case}.in{n}.npy"))).Select(n => Load($"{@case}.in{n}").ToDense())];
        using var actual = NativeTensor.FromDense(_allocator, Evaluate(text, name, specialisation, arguments)[0]);
        using var expected = Load($"{@case}.out");
        var result = TensorComparison.Close(actual, expected, rtol, atol: rtol / 10);
        Assert.True(result.Passed, result.ToString());
    }

    [Fact]
    public void Attention() => AgreesWithNumPy("attention", """
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        op transpose(A: f32[M, N]) -> B: f32[N, M] { B[j, i] = A[i, j] }
        op softmax(X: f32[M, N]) -> Y: f32[M, N] {
            peak[i]    = max(j: X[i, j])
            e[i, j]    = exp(X[i, j] - peak[i])
            total[i]   = sum(j: e[i, j])
            Y[i, j]    = e[i, j] / total[i]
        }
        op attention(Q: f32[T, D], Key: f32[S, D], V: f32[S, E]) -> O: f32[T, E] {
            Kt           = transpose(Key)
            scores       = matmul(Q, Kt)
            scaled[t, s] = scores[t, s] / sqrt(f32(D))
            weights      = softmax(scaled)
            O            = matmul(weights, V)
        }
        """, "attention", 1e-5);

    [Fact]
    public void Convolution_with_stride_and_padding() => AgreesWithNumPy("conv2d", """
        op conv2d(X: f32[N, C, H, W], F: f32[O, C, R, S], const stride: int = 1, const pad: int = 0)
            -> Y: f32[N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1]
            require stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S
        {
            Y[n, o, y, x] = sum(c, r, s: (X[n, c, y * stride + r - pad, x * stride + s - pad] ?? 0) * F[o, c, r, s])
        }
        """, "conv2d", 1e-5, new Specialisation([], [], [("stride", Scalar.Index(2)), ("pad", Scalar.Index(1))]));

    [Fact]
    public void Layer_norm() => AgreesWithNumPy("layer_norm", """
        op layer_norm(X: f32[M, N], gain: f32[N], bias: f32[N]) -> Y: f32[M, N] require N >= 1 {
            mean[i] = sum(j: X[i, j]) / f32(N)
            var[i]  = sum(j: (X[i, j] - mean[i]) * (X[i, j] - mean[i])) / f32(N)
            Y[i, j] = (X[i, j] - mean[i]) * rsqrt(var[i] + 1e-5) * gain[j] + bias[j]
        }
        """, "layer_norm", 1e-5);

    [Fact]
    public void Product_of_bytes_into_i32() => AgreesWithNumPy("product_i8", """
        op product(A: i8[M, K], B: i8[K, N]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[k, j])) }
        """, "product", 0);

    [Fact]
    public void Argmax_takes_the_first_of_equals() => AgreesWithNumPy("row_argmax", """
        op row_argmax(X: f32[M, N]) -> at: i64[M] require N >= 1 { at[i] = argmax(j: X[i, j]) }
        """, "row_argmax", 0);

    [Fact]
    public void Conditional_reduction() => AgreesWithNumPy("causal_mean", """
        op causal_mean(A: f32[N, N]) -> Y: f32[N] { Y[i] = sum(k if k <= i: A[i, k]) / f32(i + 1) }
        """, "causal_mean", 1e-6);

    [Fact]
    public void Division_and_remainder_round_down() => AgreesWithNumPy("floor_parts", """
        op floor_parts(X: i32[N], Y: i32[N]) -> Z: i32[N] { Z[i] = Y[i] == 0 ? 0 : X[i] / Y[i] * 100 + X[i] % Y[i] }
        """, "floor_parts", 0);

    [Fact]
    public void Require_that_does_not_hold_is_reported_with_the_sizes()
    {
        const string Text = "op first(X: f32[N]) -> Y: f32[N] require N >= 1 { Y[i] = X[0] }";
        var e = Assert.Throws<DiagnosticException>(() => Evaluate(Text, "first", null, new DenseArray(ElementType.F32, [0])));
        Assert.Equal("TX5060: a `require` of operator `first` does not hold for N = 0", e.Message);
    }

    [Fact]
    public void Generic_operator_over_a_pack()
    {
        const string Text = "op relu<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = max(X[..i], 0) }";
        var x = new DenseArray(ElementType.I16, [2, 1, 2]);
        for (int i = 0; i < 4; i++) x[i] = Scalar.Of(ElementType.I16, i - 2L);
        var y = Evaluate(Text, "relu", new Specialisation([("T", ElementType.I16)], [("S", 3)], []), x)[0];
        Assert.Equal([0L, 0L, 0L, 1L], Enumerable.Range(0, 4).Select(i => y[i].Integer));
    }
}
