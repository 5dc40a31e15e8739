using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;
using Tx.Tests.Lang.Semantics;

namespace Tx.Tests.Lang.Proofs;

public sealed class OperatorCheckerTests : IDisposable
{
    private readonly IslProver _prover = new();

    public void Dispose() => _prover.Dispose();

    private OperatorReport Check(string text, params (string Name, long Value)[] consts)
    {
        var bound = Bound.Of(text, _prover);
        string name = bound.Module.Table.Operators.Keys.Last();
        var specialisation = Specialisation.Representative(bound.Syntax(name));
        if (consts.Length > 0) specialisation = specialisation with { Consts = [.. consts.Select(c => (c.Name, Scalar.Index(c.Value)))] };
        var op = bound.Bind(name, specialisation);
        Assert.True(op is not null && !bound.Bag.HasErrors, string.Join("\n", bound.Bag.Items.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        return OperatorChecker.Check(op, _prover);
    }

    private ImmutableArray<Diagnostic> At(OperatorReport report, params long[] sizes) =>
        OperatorChecker.CheckDeferred(report, _prover, report.Operator.Dims.Zip(sizes).ToDictionary(p => p.First, p => p.Second));

    private static void Fine(OperatorReport report)
    {
        Assert.Empty(report.Diagnostics.Select(d => $"{d.Code} {d.Message} {d.Witness}"));
        Assert.Empty(report.Deferred.Select(d => Terms.Print(d.Obligation.Condition)));
    }

    private static Diagnostic Single(OperatorReport report, DiagnosticDescriptor expected)
    {
        var error = Assert.Single(report.Diagnostics);
        Assert.Equal(expected, error.Descriptor);
        return error;
    }

    [Theory]
    [InlineData("op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = sum(k in 0..N if k <= i: X[i - k]) }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = i >= 1 && X[i - 1] > 0 ? X[i - 1] : X[i] }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[2 * N] { Y[i] = X[i / 2] }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[N - 1 - i] }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = (X[i - 1] ?? 0) + (X[i + 1] ?? 0) }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i - 1] ?? X[0] }")]
    [InlineData("op f(X: i32[N]) -> Y: i32[N] { Y[i] = X[i] / max(X[i], 1) + (X[i] != 0 ? 7 % X[i] : 0) }")]
    [InlineData("op f(X: u32[N]) -> Y: u32[N] { Y[i] = (X[i] << (X[i] & 31)) >> (X[i] % 32) }")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M * N] { Y[i] = M >= 1 && N >= 1 ? X[i / N, i % N] : 0 }", false)]
    public void Safe_programs(string text, bool isDecided = true)
    {
        var report = Check(text);
        Assert.Empty(report.Diagnostics.Select(d => $"{d.Code} {d.Message} {d.Witness}"));
        if (isDecided) Assert.Empty(report.Deferred.Select(d => Terms.Print(d.Obligation.Condition)));
        Assert.Empty(At(report, 4, 5, 6));
    }

    [Fact]
    public void A_read_beyond_the_end_has_a_witness_labels_and_a_fix()
    {
        var error = Single(Check("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i + 1] }"), ProofDiagnostics.ReadOutside);
        Assert.Equal("for N = 1, i = 0 reads `X[1]`, extent 1", error.Witness);
        Assert.Equal("(X[i + 1] ?? 0)", error.Fix!.Replacement);
        Assert.Equal("`X[i + 1]` can be outside: dimension 0 of `X` has the extent `N`", error.Message);
        Assert.Single(error.Labels);
        Fine(Check("op f(X: f32[N]) -> Y: f32[N] { Y[i] = (X[i + 1] ?? 0) }"));
    }

    [Fact]
    public void Blur_without_a_requirement_may_have_a_negative_width()
    {
        const string blur = "op blur(I: u16[H, W]) -> B: u16[H, W - 2] {0}{ B[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3) }";
        var error = Single(Check(blur.Replace("{0}", "")), SemanticDiagnostics.NegativeExtent);
        Assert.Equal("for W = 0", error.Witness);
        Fine(Check(blur.Replace("{0}", "require W >= 2 ")));
    }

    [Theory]
    [InlineData("op f(X: f32[M, N], g: f32[N], b: f32[N]) -> Y: f32[M, N] require N >= 1 { mean[i] = sum(j: X[i, j]) / f32(N); var[i] = sum(j: (X[i, j] - mean[i]) * (X[i, j] - mean[i])) / f32(N); Y[i, j] = (X[i, j] - mean[i]) * rsqrt(var[i] + 1e-5) * g[j] + b[j] }")]
    [InlineData("op f(A: f32[B, M, K], C: f32[B, K, N]) -> Y: f32[B, M, N] { Y[b, i, j] = sum(k: A[b, i, k] * C[b, k, j]) }")]
    [InlineData("op f(X: f32[C, W], F: f32[O, C, K], const dilation: int = 2) -> Y: f32[O, W - (K - 1) * dilation] require dilation >= 1, K >= 1, W >= (K - 1) * dilation { Y[o, i] = sum(c, k: X[c, i + k * dilation] * F[o, c, k]) }")]
    [InlineData("op f(X: f32[N, C, H, W], const size: int = 3, const stride: int = 2) -> Y: f32[N, C, (H - size) / stride + 1, (W - size) / stride + 1] require H >= size, W >= size { Y[n, c, y, x] = max(r in 0..size, s in 0..size: X[n, c, y * stride + r, x * stride + s]) }")]
    [InlineData("op f(X: f32[N, C, H, W]) -> Y: f32[N, C, H / 2, W / 2] { Y[n, c, y, x] = max(r in 0..2, s in 0..2: X[n, c, 2 * y + r, 2 * x + s]) }")]
    [InlineData("op f(S: f32[T, T], V: f32[T, E]) -> O: f32[T, E] { peak[i] = max(j if j <= i: S[i, j]); e[i, j] = j <= i ? exp(S[i, j] - peak[i]) : 0; total[i] = sum(j if j <= i: e[i, j]); O[i, c] = sum(j if j <= i: e[i, j] * V[j, c]) / total[i] }")]
    [InlineData("op f(A: i8[M, K], B: i8[K, N]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[k, j])) }")]
    [InlineData("op f(I: u16[H, W]) -> B: u16[H - 2, W - 2] require H >= 3, W >= 3 { bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3); B[y, x] = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3) }")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { for i in 0..N { Y[i] = sum(k in 0..i + 1: X[k]) } }")]
    [InlineData("op f(X: f32[N], const s: int = 4) -> Y: f32[N / s, s] { Y[i, j] = X[i * s + j] }")]
    [InlineData("op f(X: f32[H, W]) -> Y: f32[2 * H, 2 * W] { Y[i, j] = X[i / 2, j / 2] }")]
    [InlineData("op f(X: f32[C, H, W], const r: int = 2) -> Y: f32[C / (r * r), H * r, W * r] { Y[c, y, x] = X[c * r * r + (y % r) * r + x % r, y / r, x / r] }")]
    public void Usual_operators_are_proved_for_all_sizes(string text) => Fine(Check(text));

    private const string Conv = """
        op conv2d(X: f32[N, C, H, W], F: f32[O, C, R, S], const stride: int = 1, const pad: int = 0)
            -> Y: f32[N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1]
            require stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S
        {
            Y[n, o, y, x] = sum(c, r, s: READ * F[o, c, r, s])
        }
        """;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(2, 3)]
    public void Convolution(int stride, int pad)
    {
        Fine(Check(Conv.Replace("READ", "(X[n, c, y * stride + r - pad, x * stride + s - pad] ?? 0)"), ("stride", stride), ("pad", pad)));
        var report = Check(Conv.Replace("READ", "X[n, c, y * stride + r - pad, x * stride + s - pad]"), ("stride", stride), ("pad", pad));
        if (pad == 0) Fine(report);
        else Assert.All(report.Diagnostics, d => Assert.Equal(ProofDiagnostics.ReadOutside, d.Descriptor));
        Assert.Equal(pad == 0 ? 0 : 2, report.Diagnostics.Length);
    }

    [Fact]
    public void One_error_for_each_dimension_of_a_tensor() =>
        Single(Check("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i + 1] + X[i + 2] + X[i + 3] }"), ProofDiagnostics.ReadOutside);

    [Fact]
    public void A_requirement_of_a_callee_that_does_not_hold_is_one_error()
    {
        const string callee = "op g(X: f32[N]) -> Y: f32[N - 2] require N >= 3 { Y[i] = X[i] + X[i + 2] }\n";
        var error = Single(Check(callee + "op f(A: f32[M]) -> B: f32[M - 2] { B = g(A) }"), SemanticDiagnostics.RequirementNotMet);
        Assert.Equal("for M = 0", error.Witness);
        Fine(Check(callee + "op f(A: f32[M]) -> B: f32[M - 2] require M >= 4 { B = g(A) }"));
    }

    [Fact]
    public void Conditions_on_data_do_not_make_a_read_safe() =>
        Single(Check("op f(X: f32[N], P: i32[N]) -> Y: f32[N] { Y[i] = P[i] > 0 ? X[i + 1] : 0 }"), ProofDiagnostics.ReadOutside);

    [Fact]
    public void A_best_index_needs_a_value()
    {
        var error = Single(Check("op f(X: f32[M, N]) -> at: i64[M] { at[i] = argmax(j: X[i, j]) }"), SemanticDiagnostics.EmptyRange);
        Assert.Equal("for N = 0", error.Witness);
        Fine(Check("op f(X: f32[M, N]) -> at: i64[M] require N >= 1 { at[i] = argmax(j: X[i, j]) }"));
    }

    [Fact]
    public void A_divisor_that_wraps_to_zero_is_found()
    {
        Single(Check("op f(X: u8[N]) -> Y: u8[N] { Y[i] = X[i] / u8(i + 1) }"), SemanticDiagnostics.DivisionByZero);
        Fine(Check("op f(X: u8[N]) -> Y: u8[N] require N < 256 { Y[i] = X[i] / u8(i + 1) }"));
        var report = Check("op f(X: i32[N]) -> Y: i32[N] { Y[i] = X[i] / i32(i + 1) }");
        Assert.Empty(report.Diagnostics);
        Assert.Single(report.Deferred);
        Assert.Empty(At(report, 1000));
    }

    [Fact]
    public void What_is_not_affine_is_decided_with_numbers()
    {
        var report = Check("op f(X: f32[M, N]) -> Y: f32[M * N] require M >= 1, N >= 1 { Y[i] = X[i / N, i % N] }");
        Assert.Empty(report.Diagnostics);
        Assert.NotEmpty(report.Deferred);
        Assert.Empty(At(report, 3, 5));
        var wrong = Check("op f(X: f32[M, N]) -> Y: f32[M * N] require M >= 1, N >= 1 { Y[i] = X[i / N, i % (N + 1)] }");
        var error = Assert.Single(wrong.Diagnostics.AddRange(At(wrong, 3, 5)), d => d.Descriptor == ProofDiagnostics.ReadOutside);
        Assert.NotNull(error.Witness);
    }

    [Fact]
    public void Sizes_near_the_end_of_64_bits_are_refused()
    {
        var report = Check("op f(X: f32[N, M]) -> Y: f32[N, M] { Y[i, j] = X[i, j] }");
        Fine(report);
        Assert.Empty(At(report, 1 << 20, 1 << 20));
        Assert.Empty(At(report, long.MaxValue, 0));
        Assert.Equal(ProofDiagnostics.TensorTooLarge, Assert.Single(At(report, long.MaxValue, 2)).Descriptor);
        Assert.Equal(ProofDiagnostics.TensorTooLarge, Assert.Single(At(report, 1L << 40, 1L << 40)).Descriptor);
        var sum = Check("op f(X: f32[N]) -> Y: f32[3 * N] { Y[i] = X[i / 3] }");
        Assert.Equal("TX1502", Assert.Single(At(sum, long.MaxValue / 2)).Code);
    }

    [Fact]
    public void Index_arithmetic_that_leaves_64_bits_is_refused()
    {
        var report = Check("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i * 4611686018427387904 / 4611686018427387905] }");
        Assert.Empty(report.Diagnostics);
        Assert.Empty(At(report, 2));
        Assert.Equal(ProofDiagnostics.IndexTooLarge, Assert.Single(At(report, 3)).Descriptor);
        Assert.Empty(At(report, 0));
    }

    [Fact]
    public void With_a_quota_of_one_nothing_that_needs_the_solver_is_proved()
    {
        using var prover = new IslProver(quota: 1);
        string text = Conv.Replace("READ", "X[n, c, y * stride + r - pad, x * stride + s - pad]");
        var bound = Bound.Of(text, _prover);
        var specialisation = Specialisation.Representative(bound.Syntax("conv2d")) with { Consts = [("stride", Scalar.Index(3)), ("pad", Scalar.Index(0))] };
        var op = bound.Bind("conv2d", specialisation)!;
        var full = OperatorChecker.Check(op, _prover);
        var starved = OperatorChecker.Check(op, prover);
        Assert.Empty(starved.Diagnostics);
        Assert.NotEmpty(starved.Deferred);
        Assert.Equal(full.ProvedCount, starved.ProvedCount + starved.Deferred.Length);
    }

    [Fact]
    public void Questions_and_solver_calls_grow_with_the_program_and_no_faster()
    {
        var (few, fewCalls) = Chain(100);
        var (many, manyCalls) = Chain(1000);
        Assert.InRange(many, 9 * few, 11 * few);
        Assert.True(manyCalls <= 10 * Math.Max(fewCalls, 1), $"{fewCalls} -> {manyCalls}");

        (long Questions, long Calls) Chain(int stages)
        {
            var lines = Enumerable.Range(1, stages).Select(s =>
                $"    s{s}[i] = (s{s - 1}[i - 1] ?? 0) + s{s - 1}[i] + (s{s - 1}[i + 1] ?? 0)" + (s > 1 ? $" + s{s - 2}[i]" : ""));
            string text = $"op chain(s0: f32[N]) -> Y: f32[N] {{\n{string.Join('\n', lines)}\n    Y[i] = s{stages}[i]\n}}";
            using var prover = new IslProver();
            var op = Bound.Of(text, prover).Bind("chain")!;
            long questions = prover.QuestionCount, calls = prover.SolverCallCount;
            Assert.Empty(OperatorChecker.Check(op, prover).Diagnostics);
            return (prover.QuestionCount - questions, prover.SolverCallCount - calls);
        }
    }
}
