using System.Collections.Immutable;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;
using Tx.Tests.Lang.Semantics;
using Tx.Tests.Support;

namespace Tx.Tests.Lang.Proofs;

/// <summary>What comes from data is proved from its type and the conditions around it, or checked when the kernel runs.</summary>
public sealed class RuntimeCheckTests : IDisposable
{
    private readonly IslProver _prover = new();

    public void Dispose() => _prover.Dispose();

    private ImmutableArray<RuntimeCheck> ChecksOf(string text)
    {
        var bound = Bound.Of(text, _prover);
        string name = bound.Module.Table.Operators.Keys.Last();
        var op = bound.Bind(name, Specialisation.Representative(bound.Syntax(name)));
        Assert.True(op is not null && !bound.Bag.HasErrors, string.Join("\n", bound.Bag.Items.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        Assert.Empty(OperatorChecker.Check(op, _prover).Diagnostics);
        return op.RuntimeChecks;
    }

    [Theory]
    [InlineData("X: f32[256], q: u8[B]", "X[q[b]]")]
    [InlineData("X: f32[255], q: u8[B]", "X[q[b]]", "`q[b]` is in 0..255 of `X`")]
    [InlineData("X: f32[N], q: i32[B]", "X[q[b]]", "`q[b]` is in 0..N of `X`")]
    [InlineData("X: f32[N], q: i32[B]", "X[q[b]] ?? 0")]
    [InlineData("X: f32[16], q: i32[B]", "X[q[b] & 15]")]
    [InlineData("X: f32[16], q: i32[B]", "X[q[b] & 16]", "`q[b] & 16` is in 0..16 of `X`")]
    [InlineData("X: f32[16], q: i32[B]", "X[q[b] % 16]")]
    [InlineData("X: f32[16], q: i32[B]", "X[q[b] % 17]", "`q[b] % 17` is in 0..16 of `X`")]
    [InlineData("X: f32[16], q: u32[B]", "X[q[b] >> 28]")]
    [InlineData("X: f32[16], q: i32[B]", "X[q[b] >> 28]", "`q[b] >> 28` is in 0..16 of `X`")]
    [InlineData("X: f32[33], q: u32[B]", "X[popcount(q[b])]")]
    [InlineData("X: f32[N + 255], q: u8[N]", "X[b + int(q[b])]")]
    [InlineData("X: f32[256], q: u8[B]", "X[q[b] + 1]")]
    [InlineData("X: f32[256], q: i8[B]", "X[q[b] + 100]", "`q[b] + 100` is in 0..256 of `X`")]
    [InlineData("X: f32[256], q: i8[B]", "X[i32(q[b]) + 128]")]
    [InlineData("X: f32[4], q: i64[B]", "X[min(int(q[b]) + 1, 3)]", "`min(int(q[b]) + 1, 3)` is in 0..4 of `X`")]
    [InlineData("X: f32[4], q: i64[B]", "X[clamp(int(q[b]) + 1, 0, 3)]")]
    [InlineData("X: f32[4], q: i64[B]", "q[b] > -2 ? X[min(int(q[b]) + 1, 3)] : 0", "`min(int(q[b]) + 1, 3)` is in 0..4 of `X`")]
    [InlineData("X: f32[4], q: i32[B]", "q[b] > -2 ? X[min(int(q[b]) + 1, 3)] : 0")]
    [InlineData("X: f32[N], q: i32[B]", "q[b] >= 0 && q[b] < i32(N) ? X[q[b]] : 0")]
    [InlineData("X: f32[N], q: i32[B]", "q[b] >= 0 && q[b] <= i32(N) ? X[q[b]] : 0", "`q[b]` is in 0..N of `X`")]
    [InlineData("X: f32[N], q: u64[B]", "q[b] < u64(N) ? X[q[b]] : 0")]
    [InlineData("X: f32[N], q: u64[B]", "int(q[b]) < N ? X[q[b]] : 0", "`q[b]` is in 0..N of `X`")]
    [InlineData("X: f32[N], q: i32[B], m: bool[B]", "m[b] ? X[q[b]] : 0", "`q[b]` is in 0..N of `X`")]
    [InlineData("X: f32[2], m: bool[B]", "X[i32(m[b])]")]
    [InlineData("X: f32[N], q: i32[B]", "X[q[b] != 0 ? 0 : 0] ?? 1")]
    [InlineData("X: f32[B], q: f32[B]", "X[argmax(k: q[k] + q[b])]")]
    public void An_index_is_proved_or_checked(string parameters, string value, params string[] checks) =>
        Assert.Equal(checks, ChecksOf($"op f({parameters}) -> Y: f32[{(parameters.Contains("[N + 255]", StringComparison.Ordinal) ? "N" : "B")}] {{ Y[b] = {value} }}").Select(c => c.Condition));

    [Theory]
    [InlineData("7 / X[i]", 1)]
    [InlineData("X[i] % max(X[i], 0)", 1)]
    [InlineData("X[i] % max(X[i], 1)", 0)]
    [InlineData("X[i] == 0 ? 0 : 7 / X[i]", 0)]
    [InlineData("7 / ((X[i] & 1) + 1)", 0)]
    [InlineData("7 / (X[i] * 2 + 1)", 0)]
    [InlineData("7 / (X[i] * 3 + 2)", 1)]
    [InlineData("X[i] << X[i]", 1)]
    [InlineData("X[i] << (X[i] & 32)", 1)]
    [InlineData("X[i] << (X[i] % 32)", 0)]
    [InlineData("X[i] >> min(max(X[i], 0), 31)", 0)]
    public void A_divisor_or_a_shift_is_proved_or_checked(string value, int checks) =>
        Assert.Equal(checks, ChecksOf($"op f(X: i32[N]) -> Y: i32[N] {{ Y[i] = {value} }}").Length);

    [Fact]
    public void A_call_proves_with_what_the_caller_knows()
    {
        const string Callee = "op pick(E: f32[V], id: u8[B]) -> Y: f32[B] { Y[b] = E[id[b]] }\n";
        Assert.Single(ChecksOf(Callee));
        Assert.Single(ChecksOf(Callee + "op f(E: f32[V], id: u8[B]) -> Y: f32[B] { Y = pick(E, id) }"));
        Assert.Empty(ChecksOf(Callee + "op f(E: f32[300], id: u8[B]) -> Y: f32[B] { Y = pick(E, id) }"));
    }

    [Fact]
    public void Check_lists_what_runs_check()
    {
        var result = CommandLine.RunText("check", Operators);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("program.tx:1:67: `gather` checks when it runs that `id[b]` is in 0..V of `E`\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("`ratio` checks when it runs that `B[i]` is not 0\n", result.Output, StringComparison.Ordinal);
    }

    private const string Operators = """
        op gather(E: f32[V, D], id: i32[B]) -> Y: f32[B, D] { Y[b, d] = E[id[b], d] }
        op chain(E: f32[V], p: i32[M], q: u8[B]) -> Y: f32[B] { Y[b] = E[p[q[b]]] }
        op ell(A: f32[M, K], col: i64[M, K], x: f32[N]) -> y: f32[M] { y[i] = sum(k: A[i, k] * x[col[i, k]]) / 2 }
        op taken(E: f32[V], id: i32[B], m: bool[B]) -> Y: f32[B] { Y[b] = m[b] ? E[id[b]] : 0 }
        op some(E: f32[V], id: i32[B], m: bool[B]) -> Y: f32 { Y = 1 + sum(b if m[b]: E[id[b]]) }
        op wide(E: f32[V], id: u64[B]) -> Y: f32[B] { Y[b] = E[id[b]] }
        op ratio(A: i32[N], B: i32[N], m: bool[N]) -> C: i32[N] { C[i] = m[i] ? A[i] / B[i] : 0 }
        op shift(A: u8[N], B: i32[N]) -> C: u8[N] { C[i] = A[i] << B[i] }

        """;

    /// <summary>The kernel and the reference evaluator fail with one message; where the check is on a side that is not taken, neither does.</summary>
    [Theory]
    [InlineData("gather(zeros(f32[5, 3]), [0, 7, 4])", "TX5070", "`Y` reads `E[id[b], d]` at 7 in dimension 0, extent 5")]
    [InlineData("gather(zeros(f32[5, 3]), [0, -1, 4])", "TX5070", "`Y` reads `E[id[b], d]` at -1 in dimension 0, extent 5")]
    [InlineData("gather(zeros(f32[5, 3000]), full(i32[2000], 5))", "TX5070", "`Y` reads `E[id[b], d]` at 5 in dimension 0, extent 5")]
    [InlineData("gather(zeros(f32[0, 3]), [0])", "TX5070", "`Y` reads `E[id[b], d]` at 0 in dimension 0, extent 0")]
    [InlineData("gather(zeros(f32[5, 0]), [9])", null, null)]
    [InlineData("chain(zeros(f32[4]), [1, 2], full(u8[1], 2))", "TX5070", "`Y` reads `p[q[b]]` at 2 in dimension 0, extent 2")]
    [InlineData("chain(zeros(f32[4]), [1, 4], full(u8[1], 1))", "TX5070", "`Y` reads `E[p[q[b]]]` at 4 in dimension 0, extent 4")]
    [InlineData("ell(zeros(f32[1, 3]), full(i64[1, 3], 9), zeros(f32[9]))", "TX5070", "`y` reads `x[col[i, k]]` at 9 in dimension 0, extent 9")]
    [InlineData("taken(zeros(f32[4]), [1, 99], full(bool[2], false))", null, null)]
    [InlineData("taken(zeros(f32[4]), [1, 99], full(bool[2], true))", "TX5070", "`Y` reads `E[id[b]]` at 99 in dimension 0, extent 4")]
    [InlineData("some(zeros(f32[4]), [1, 99], full(bool[2], false))", null, null)]
    [InlineData("some(zeros(f32[4]), [1, 99], full(bool[2], true))", "TX5070", "`Y` reads `E[id[b]]` at 99 in dimension 0, extent 4")]
    [InlineData("wide(zeros(f32[4]), full(u64[2], 18446744073709551615))", "TX5070", "`Y` reads `E[id[b]]` at 18446744073709551615 in dimension 0, extent 4")]
    [InlineData("wide(zeros(f32[4]), full(u64[2], 7))", "TX5070", "`Y` reads `E[id[b]]` at 7 in dimension 0, extent 4")]
    [InlineData("ratio([1, 2], [1, 0], full(bool[2], true))", "TX5062", "`C` divides an integer by `B[i]`, which is 0")]
    [InlineData("ratio([1, 2], [1, 0], full(bool[2], false))", null, null)]
    [InlineData("shift(full(u8[2], 1), [1, 256])", "TX5072", "`C` shifts by `B[i]`, which is outside 0..8")]
    [InlineData("shift(full(u8[2], 1), [1, -256])", "TX5072", "`C` shifts by `B[i]`, which is outside 0..8")]
    [InlineData("shift(full(u8[2], 1), [1, 7])", null, null)]
    public void Kernel_and_reference_fail_alike(string call, string? code, string? message)
    {
        var compiled = CommandLine.RunText("run", $"{Operators}let y = {call}");
        var reference = CommandLine.RunText("run", $"{Operators}let y = reference({call})");
        Assert.Equal(code is null ? 0 : 1, compiled.ExitCode);
        Assert.Equal(code is null ? 0 : 1, reference.ExitCode);
        if (code is null) return;
        Assert.StartsWith($"error[{code}]: {message}\n", compiled.Error, StringComparison.Ordinal);
        Assert.Equal(reference.Error.Replace("/reference", "", StringComparison.Ordinal).Split('\n')[0], compiled.Error.Split('\n')[0]);
        Assert.Contains("program.tx:", compiled.Error, StringComparison.Ordinal);
    }
}
