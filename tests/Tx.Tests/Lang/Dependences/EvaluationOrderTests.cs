using Tx.Lang.Program;
using Tx.Tests.Lang.Semantics;

namespace Tx.Tests.Lang.Dependences;

public sealed class EvaluationOrderTests
{
    private static string Order(string text, string name)
    {
        var bound = Bound.Of(text);
        var op = bound.Bind(name);
        Assert.True(op is not null, string.Join("\n", bound.Bag.Items.Select(d => $"{d.Code} {d.Message} {d.Witness}")));
        return string.Join(" | ", op.Stages.Select(s => string.Join(" ", s.Order.Select(Show))));
    }

    private static string Show(Step step) => step switch
    {
        EquationStep e => e.Equation.Targets[0].Tensor.Name + (e.Equation.Update is null ? "" : "'"),
        CarriedLoop l => $"{(l.IsDescending ? "down" : "up")} {l.Name}{{{string.Join(" ", l.Body.Select(Show))}}}"
            + string.Concat(l.Members.Where(m => m.Offset != 0).Select(m => $"+{m.Equation.Targets[0].Tensor.Name}:{m.Offset}")),
        _ => "?",
    };

    [Theory]
    [InlineData("op f(X: f32[N]) -> S: f32[N + 1] { S[0] = 0; for i in 0..N { S[i + 1] = S[i] + X[i] } }", "S up i{S}")]
    [InlineData("op f(X: f32[N]) -> S: f32[N] { S[i] = X[i] + (S[i - 1] ?? 0) }", "up i{S}")]
    [InlineData("op f(X: f32[N]) -> S: f32[N] { S[i] = X[i] + (S[i + 3] ?? 0) }", "down i{S}")]
    [InlineData("op f(L: f32[N, N], b: f32[N]) -> x: f32[N] { x[i] = b[i] - sum(k in 0..i: L[i, k] * x[k]) }", "up i{x}")]
    [InlineData("op f(U: f32[N, N], b: f32[N]) -> x: f32[N] { x[i] = b[i] - sum(k in i + 1..N: U[i, k] * x[k]) }", "down i{x}")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] + (Y[i, j - 1] ?? 0) }", "up j{Y}")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] + (Y[i - 1, j] ?? 0) + (Y[i, j - 1] ?? 0) }", "up i{up j{Y}}")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] + (Y[i - 1, j + 1] ?? 0) + (Y[i, j + 1] ?? 0) }", "up i{down j{Y}}")]
    [InlineData("op f(X: f32[N]) -> A: f32[N], B: f32[N] { A[i] = X[i] + (B[i - 1] ?? 0); B[i] = A[i] * 2 }", "up i{A B}")]
    [InlineData("op f(X: f32[N]) -> A: f32[N], B: f32[N] { B[i] = A[i] * 2; A[i] = X[i] + (B[i - 1] ?? 0) }", "up i{A B}")]
    [InlineData("op f(X: f32[N]) -> A: f32[N], B: f32[N] { A[i] = X[i] + (B[i + 1] ?? 0); B[i] = A[i - 2] ?? 0 }", "up i{B A}+A:1")]
    [InlineData("op f(X: f32[N]) -> Y: f32[2 * N] { for i in 0..N { Y[2 * i] = X[i]; Y[2 * i + 1] = Y[2 * i] + 1 } }", "Y Y")]
    [InlineData("op f(X: f32[N]) -> Y: f32[2 * N] { for i in 0..N { Y[2 * i + 1] = Y[2 * i] + 1; Y[2 * i] = X[i] } }", "Y Y")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[N - 1 - i] = X[i]; for i in 0..N { Y[i] = 0 } }", null)]
    [InlineData("op f(X: f32[N]) -> Y: f32 { a[i] = X[i] + 1; Y = 0; Y += a[k]; Y *= 2 }", "a | Y Y' Y'")]
    public void Loops_carry_what_needs_an_order(string text, string? order)
    {
        if (order is null) Assert.NotEmpty(Bound.Errors(text));
        else Assert.Equal(order, Order(text, "f"));
    }

    [Fact]
    public void Tensors_that_need_each_other_share_the_loop_over_steps()
    {
        const string lstm = """
            op f(X: f32[T, I], W: f32[4, U, I], R: f32[4, U, U]) -> h: f32[T + 1, U] {
                c: f32[T + 1, U]
                c[0, u] = 0
                h[0, u] = 0
                for t in 0..T {
                    gate[g, t, u] = sum(i: W[g, u, i] * X[t, i]) + sum(v: R[g, u, v] * h[t, v])
                    c[t + 1, u] = gate[1, t, u] * c[t, u] + gate[0, t, u] * gate[2, t, u]
                    h[t + 1, u] = gate[3, t, u] * c[t + 1, u]
                }
            }
            """;
        Assert.Equal("c h up t{gate c h}", Order(lstm, "f"));
    }

    [Fact]
    public void A_call_brings_the_order_of_its_stages_along()
    {
        const string text = """
            op scan(A: f32[P]) -> B: f32[P] { B[i] = A[i] + (B[i - 1] ?? 0) }
            op f(X: f32[N]) -> Y: f32[N] { s = scan(X); Y[i] = s[i] / 2 }
            """;
        Assert.Equal("up i{s} | Y", Order(text, "f"));
    }
}
