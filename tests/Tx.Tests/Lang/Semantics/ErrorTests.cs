using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Semantics;

/// <summary>Each wrong program gives one message, at the right place; a fix, where there is one, mends it.</summary>
public class ErrorTests
{
    private static string Op(string body, string signature = "X: f32[M, N], Z: f32[K]", string result = "Y: f32[M, N]") => $"op f({signature}) -> {result} {{ {body} }}";

    public static TheoryData<string, string, string> Cases => new()
    {
        { "TX1001", Op("Y[i, j] = Xs[i, j]", "X: f32[M, N]"), "Xs" },
        { "TX1001", Op("Y[i, j] = X[i, j] + q", "X: f32[M, N]"), "q" },
        { "TX1002", "op f(X: f32[M]) -> Y: f32[M] { Y[i] = X[i] }\nop f(X: f32[M]) -> Y: f32[M] { Y[i] = X[i] }", "f" },
        { "TX1002", "op f(X: f32[M], X: f32[M]) -> Y: f32[M] { Y[i] = X[i] }", "X" },
        { "TX1003", "import \"nowhere.tx\"", "import \"nowhere.tx\"" },
        { "TX1004", "op f(X: f32[M]) -> Y: f64[M] { Y[i] = X[i] }", "X[i]" },
        { "TX1004", "op f(X: f32[M]) -> Y: f32[M] { Y[i] = X[i] ? 1 : 2 }", "X[i]" },
        { "TX1005", "op f(X: f32[M]) -> Y: f32[M] { Y[i] = X[i] * i }", "X[i] * i" },
        { "TX1005", "op f(X: f32[M], Z: i32[M]) -> Y: f32[M] { Y[i] = max(X[i], Z[i]) }", "max(X[i], Z[i])" },
        { "TX1006", "op f(X: u8[M]) -> Y: u8[M] { Y[i] = X[i] + 300 }", "300" },
        { "TX1006", "op f(X: i32[M]) -> Y: i32[M] { Y[i] = X[i] * 0.5 }", "0.5" },
        { "TX1007", Op("Y[i, j] = X[i]", "X: f32[M, N]"), "X[i]" },
        { "TX1007", Op("Y[i] = X[i, 0]", "X: f32[M, N]"), "Y[i]" },
        { "TX1008", Op("Y[i, j] = X + 1", "X: f32[M, N]"), "X" },
        { "TX1009", Op("Y[i, j] = X[i, j] + M[i]", "X: f32[M, N]"), "M" },
        { "TX1010", Op("Y[i, j] = X[i, k]", "X: f32[M, N]"), "k" },
        { "TX1011", Op("Y[i, j] = sum(k: X[i, j])", "X: f32[M, N]"), "k" },
        { "TX1011", Op("Y[i, j] = sum(k: X[i, i + k])", "X: f32[M, N]"), "k" },
        { "TX1012", Op("Y[i, j] = X[i, j] + sum(k: X[i, k] * Z[k])"), "k" },
        { "TX1013", "op f(X: f32[N], Z: f32[K]) -> Y: f32 { Y = sum(k: X[k + 1] * Z[k + 2]) }", "k" },
        { "TX1014", "op f(X: f32[N]) -> Y: f32 { t[i] = X[i + 1]; Y = sum(k in 0..1: t[k]) }", "i" },
        { "TX1015", Op("t[i] = X[i, 0]", "X: f32[M, N]"), "Y" },
        { "TX1015", "op f(X: f32[N]) -> out: f32[N] { otu[i] = X[i] }", "otu" },
        { "TX1011", "op f(X: f32[N]) -> Y: f32[N] { t[y, x] = X[y + x]; Y[i] = X[i] + t[i, i] }", "y" },
        { "TX1045", "op f(X: f32[N, N]) -> Y: f32[N] { Y[N] = X[N, N] }", "N" },
        { "TX1002", "op f(X: f32[M], Z: f32[N]) -> N: f32[N] { N[i] = Z[i] }", "N" },
        { "TX1016", Op("Y[i, j] = X[i, j]"), "Z" },
        { "TX1017", "op f(X: f33[N]) -> Y: f32[N] { Y[i] = 0 }", "f33" },
        { "TX1018", "op f(X: f32[2 * N]) -> Y: f32[N] { Y[i] = X[i] }", "N" },
        { "TX1018", "op f(Input: f32[Rows]) -> Y: f32[Rovs] { Y[i] = Input[i] }", "Rovs" },
        { "TX1020", "op g(X: f32[N]) -> Y: f32[N] require 1 > 2 { Y[i] = X[i] }", "" },
        { "TX1021", "op g(A: f32[N], B: f32[N]) -> Y: f32[N] { Y[i] = A[i] + B[i] }\nop f(P: f32[M], Q: f32[K]) -> Y: f32[M] { Y = g(P, Q) }", "Q" },
        { "TX1022", "op g(A: f32[N], B: f32[N]) -> Y: f32[N] { Y[i] = A[i] + B[i] }\nop f(P: f32[M]) -> Y: f32[M] { Y = g(P) }", "g(P)" },
        { "TX1022", "op f(X: f32[M]) -> Y: f32[M] { Y[i] = exp(X[i], 2) }", "exp(X[i], 2)" },
        { "TX1023", "op g(Apple: f32[N], const power: int = 1) -> Y: f32[N] { Y[i] = Apple[i] * f32(power) }\nop f(P: f32[M]) -> Y: f32[M] { Y = g(P, powr = 2) }", "powr" },
        { "TX1024", "op g(A: f32[N]) -> Y: f32[N] { Y[i] = A[i] }\nop f(P: f64[M]) -> Y: f32[M] { Y = g(P) }", "P" },
        { "TX1025", "op g(A: f32[N]) -> Y: f32[N] { Y[i] = A[i] }\nop f(P: f32[M, N]) -> Y: f32[M] { Y = g(P) }", "P" },
        { "TX1026", "op g(A: f32[N], const p: int) -> Y: f32[N] { Y[i] = A[i] * f32(p) }\nop f(P: f32[M]) -> Y: f32[M] { Y = g(P, M) }", "M" },
        { "TX1027", "op g(A: f32[N], const p: int = 1) -> Y: f32[N] require p >= 2 { Y[i] = A[i] * f32(p) }", "p >= 2" },
        { "TX1029", "op f(X: i32[N]) -> Y: i32[N] { Y[i] = X[i] / 0 }", "0" },
        { "TX1030", "op f(X: i32[N]) -> Y: i32[N] { Y[i] = X[i] << 32 }", "32" },
        { "TX1031", "op f(X: u8[N]) -> Y: u8 { Y = sum(i: X[i]) }", "sum(i: X[i])" },
        { "TX1031", "op f(X: u8[18]) -> Y: u8 { Y = sum(i: X[i] >> 4) }", "sum(i: X[i] >> 4)" },
        { "TX1031", "op f(X: u8[17, 2]) -> Y: u16 { Y = sum(i, q: u16(X[i, q]) << (8 * q) >> 4) }", "sum(i, q: u16(X[i, q]) << (8 * q) >> 4)" },
        { "TX1031", "op f(X: u8[9]) -> Y: u8[2] { Y[p] = sum(i: X[i] & (p == 0 ? 15 : 31)) }", "sum(i: X[i] & (p == 0 ? 15 : 31))" },
        { "TX1031", "op f(X: u8[N, 64]) -> Y: u8[N] { t: u8[256]\n t[r] = popcount(u8(r) & 15) + popcount(u8(r) >> 4) * 16\n Y[n] = sum(k: t[X[n, k]] & 15) }", "sum(k: t[X[n, k]] & 15)" },
        { "TX1031", "op f(X: u8[N, 4]) -> Y: u8[N] { t: u8[256]\n t[r] = popcount(u8(r) & 15) + popcount(u8(r) >> 4) * 16\n Y[n] = sum(k: t[X[n, k]] & 240) }", "sum(k: t[X[n, k]] & 240)" },
        { "TX1031", "op f(X: u8[N, 3]) -> Y: u8[N] { t: u8[2]\n t[r] = u8(r)\n t[0] += 99\n Y[n] = sum(k: t[int(X[n, k] & 1)]) }", "sum(k: t[int(X[n, k] & 1)])" },
        { "TX1032", "op f(X: f32[M, N]) -> Y: f32[M] require N >= 1 { Y[i] = max_at(j: X[i, j]) }", "Y[i] = max_at(j: X[i, j])" },
        { "TX1033", "op f(X: f32[N]) -> Y: f32[N] require N >= 1 { for i in 0..N - 1 { Y[i] = X[i] } }", "Y[i] = X[i]" },
        { "TX1034", "op f(X: f32[N]) -> Y: f32[N] { let Y[i] = X[i] }", "let Y[i] = X[i]" },
        { "TX1035", "op f(X: f32[N]) -> Y: f32[N] { X[0]; Y[i] = X[i] }", "X[0]" },
        { "TX1036", "op f(X: f32[N]) -> Y: f32[N] { Y = f(X) }", "f(X)" },
        { "TX1038", "op f(X: i32[N]) -> Y: i32[N] { Y[i] = exp(X[i]) }", "exp(X[i])" },
        { "TX1038", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] & X[i] }", "X[i] & X[i]" },
        { "TX1039", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i32(i)] }", "i32(i)" },
        { "TX1040", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = tahn(X[i]) }", "tahn" },
        { "TX1041", "op g(A: f32[N]) -> Y: f32[N] { Y[i] = A[i] }\nop f(P: f32[M]) -> Y: f32[M] { Y[i] = g(P)[i] }", "g(P)" },
        { "TX1042", "op f(X: f32[N]) -> Y: f32[N] require N >= 3, N <= 2 { Y[i] = X[i] }", "N >= 3" },
        { "TX1043", "op f(X: f32[N]) -> Y: f32[N] { X[i] = 0; Y[i] = X[i] }", "X" },
        { "TX1044", "op f(X: f32[N]) -> Y: f32[N] { X[0] + 1 = 2; Y[i] = X[i] }", "X[0] + 1" },
        { "TX1045", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = sum(i: X[i]) }", "i" },
        { "TX1046", "op f(X: f32[N]) -> Y: f32[N] { for t in 0..3 { Y[i] = X[i] } }", "t" },
        { "TX1047", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[0..2] }", "0..2" },
        { "TX1048", "op f(X: f32[M, N]) -> Y: f32[M] { Y[i] = summ(j: X[i, j]) }", "summ" },
        { "TX1049", "op f(X: f32[M, N]) -> Y: f32[M] require X[0, 0] > 1 { Y[i] = X[i, 0] }", "X[0, 0]" },
        { "TX1050", "op g(A: f32[N]) -> Y: f32[N] { Y[i] = A[i] }\nop f(P: f32[M, N]) -> Y: f32[N] { Y = g(P[0, ..]) }", "P[0, ..]" },
        { "TX1053", "op f<T: nubmer>(X: T[N]) -> Y: T[N] { Y[i] = X[i] }", "nubmer" },
        { "TX1054", "op f(X: f32[N]) -> Y: f32[N] { Y[..i] = 1 }\nop g(X: f32[N]) -> Y: f32[..S] { Y[..i] = 1 }", "..S" },
        { "TX1056", "op g(A: f32[N]) -> Y: f32[N] { Y[i] = A[i] }\nop f(P: f32[M], Q: f32[K]) -> Y: f32[K] { Y = g(P) }", "g(P)" },
        { "TX1057", "const A = B + 1\nconst B = A\nop f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * A + B }", "A" },
        { "TX1002", "op g(X: f32[N]) -> a: f32, b: f32 { a = sum(i: X[i]); b = a }\nop f(X: f32[N]) -> Y: f32 { (Y, Y) = g(X) }", "Y" },
        { "TX1010", "op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = A[i, k] * B[k, j] + f32(k) }", "k" },
        { "TX1001", "op f(X: f32[N]) -> Y: f32[N] { t[i] = X[i] * scale; Y[i] = t[i] + scale }", "scale" },
        { "TX1076", "op f(X: f32[N]) -> Y: f32[N] { Y[i] *= X[i]; Y[i] = 0 }", "Y[i] *= X[i]" },
        { "TX1072", "op f(X: f32[N]) -> Y: f32[N] { Y[0] = X[0]; for i in 0..N - 1 { Y[i + 1] = Y[i] + X[i + 1] } }", "0" },
        { "TX1071", "op f(X: f32[N]) -> Y: f32[N] require N >= 1 { Y[0] = X[0]; for i in 0..N { Y[i] = X[i] } }", "Y[i] = X[i]" },
        { "TX1073", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + (Y[i - 1] ?? 0) + (Y[i + 1] ?? 0) }", "Y[i] = X[i] + (Y[i - 1] ?? 0) + (Y[i + 1] ?? 0)" },
        { "TX1074", "op f(X: f32[N], p: i32[N]) -> Y: f32[N] { Y[p[i]] = X[i] }", "p[i]" },
        { "TX1075", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i]; Y[i] += Y[0] }", "Y[0]" },
        { "TX1049", "op f(X: f32[N]) -> s: f32 { s = sum(k in 0..sum(q in 0..3: N): f32(k)) + X[0] }", "sum(q in 0..3: N)" },
        { "TX1078", "op f(X: f32[N]) -> Y: f32[N] { s: f32; s = 0; s += Y[i]; Y[i] = X[i] - s }", "s += Y[i]" },
        { "TX1070", "op f(X: f32[N]) -> Y: f32[N] { a[i] = b[i] + X[i]; b[i] = a[i]; Y[i] = b[i] }", "a[i] = b[i] + X[i]" },
        { "TX1076", "op f(X: f32[N]) -> Y: f32[N] { Y[i] += X[i] }", "Y[i] += X[i]" },
        { "TX1082", "reducer r(a: f32, b: f32) -> f32 { identity = 0 }\nop f(X: f32[M, N]) -> Y: f32[M] { Y[i] = r(j: X[i, j]) }", "r" },
        { "TX1082", "reducer r(a: f32, b: i32) -> f32 { identity = 0; combine = a }\nop f(X: f32[M, N]) -> Y: f32[M] { Y[i] = r(j: X[i, j]) }", "b: i32" },
        { "TX1001", "reducer r(a: f32, b: f32) -> f32 { identity = 0; combine = a + c }\nop f(X: f32[M, N]) -> Y: f32[M] { Y[i] = r(j: X[i, j]) }", "c" },
        { "TX1036", "reducer r(a: f32, b: f32) -> f32 { identity = 0; combine = r(k in 0..2: a + b) }\nop f(X: f32[M, N]) -> Y: f32[M] { Y[i] = r(j: X[i, j]) }", "r" },
        { "TX1039", "op f(X: f32[N], id: f32[M]) -> Y: f32[M] { Y[i] = X[id[i]] }", "id[i]" },
        { "TX1039", "op f(X: f32[N], id: bool[M]) -> Y: f32[M] { Y[i] = X[id[i]] }", "id[i]" },
        { "TX1080", "op f(X: f32[N], n: i32[M]) -> Y: f32[M] { Y[i] = sum(k in 0..n[i]: X[k]) }", "n[i]" },
        { "TX1080", "op f(X: f32[N], p: i64[M], e: i64[M]) -> Y: f32[M] { Y[i] = sum(k in p[i]..e[i]: X[k]) }", "p[i]" },
        { "TX3106", "op f(X: f32[N, 4]) -> Y: f32[4 * N] { for b in 0..N, i in 0..4 { Y[4 * b + i] = X[b, i] } }", "Y[4 * b + i] = X[b, i]" },
        { "TX3109", "op f(X: f32[M, N]) -> Y: i64[M] require N >= 1 { Y[i] = argmax(j if j <= i: X[i, j]) }", "j <= i" },
        { "TX3111", "op f(X: f32[N], n: int) -> Y: f32[N] { Y[i] = X[i] }", "int" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_mistake_gives_one_message(string code, string text, string place)
    {
        if (code is "TX1020") (code, place) = ("TX1027", "1 > 2");
        var errors = Bound.Errors(text).Where(d => d.IsError || code == "TX1016").ToList();
        Assert.True(errors.Count == 1, string.Join("\n", errors.Select(d => $"{d.Span}: {d.Code} {d.Message}")) + $" instead of {code}");
        Assert.Equal(code, errors[0].Code);
        Assert.Equal(place, errors[0].Span!.Value.Text);
        if (errors[0].Fix is not { } fix) return;
        string mended = text[..fix.Span.Span.Start] + fix.Replacement + text[fix.Span.Span.End..];
        Assert.DoesNotContain(Bound.Errors(mended), d => d.IsError);
    }

    /// <summary>However often and for whatever types an operator is bound, its mistakes are said once, and a failure is never silent.</summary>
    [Fact]
    public void A_mistake_is_said_once_for_all_specialisations()
    {
        var bound = Bound.Of("op f<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = X[..i] * q }\nop g(X: f32[N]) -> Y: f32[N] { Y = f(X) }");
        Assert.Null(bound.Bind("f"));
        Assert.Null(bound.Bind("f", new([("T", ElementType.I32)], [("S", 1)], [])));
        Assert.Null(bound.Bind("g"));
        Assert.Single(bound.Bag.Items);
        var later = new DiagnosticBag();
        Assert.Null(bound.Module.Bind(bound.Syntax("f"), Specialisation.Representative(bound.Syntax("f")), later));
        Assert.Single(later.Items);
    }

    [Fact]
    public void A_const_without_a_default_is_checked_for_a_value_that_is_admitted()
    {
        var bound = Bound.Of("op f(X: f32[N], const n: int, const m: int = n + 1) -> Y: f32[N] require n >= 3, m < 20, N >= n { Y[i] = X[i] * f32(n * m) }");
        Assert.Equal("(n, 3), (m, 4)", string.Join(", ", bound.Bind("f")!.Consts));
        Assert.Empty(bound.Bag.Items);
    }

    [Fact]
    public void Several_mistakes_are_found_in_one_run()
    {
        var errors = Bound.Errors("""
            op f(X: f32[M, N]) -> Y: f32[M], Z: f32[M] {
                a[i] = foo(X[i, 0])
                b[i] = a[i] + 1
                Y[i] = b[i] + X[i]
                Z[i] = X[i, 0] * i
            }
            """);
        Assert.Equal(["TX1040", "TX1007", "TX1005"], errors.Select(e => e.Code));
    }

    [Fact]
    public void A_disagreement_names_both_reads_and_shows_sizes()
    {
        var error = Assert.Single(Bound.Errors("op f(A: f32[M, K], B: f32[K2, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }"));
        Assert.Equal("`k` ranges over `K` in `A` and over `K2` in `B`", error.Message);
        Assert.Contains("require K == K2", error.Help);
        Assert.Equal(["A[i, k]", "B[k, j]"], error.Labels.Select(l => l.Span.Text));
        Assert.Equal("K = 0, K2 = 1", error.Witness);
        Assert.Empty(Bound.Errors("op f(A: f32[M, K], B: f32[K2, N]) -> C: f32[M, N] require K == K2 { C[i, j] = sum(k: A[i, k] * B[k, j]) }"));
    }

    [Fact]
    public void What_a_default_hides_must_still_agree_in_its_bare_indices() => Assert.Equal("TX1012", Assert.Single(Bound.Errors(
        "op f(X: f32[C, N], F: f32[D, R]) -> Y: f32[N] { Y[i] = sum(c, r: (X[c, i + r] ?? 0) * F[c, r]) }")).Code);

    [Fact]
    public void Long_sums_and_deep_calls_end_in_a_message()
    {
        string sum = string.Join(" + ", Enumerable.Repeat("X[i]", 700));
        Assert.Equal("TX3107", Assert.Single(Bound.Errors($"op f(X: f32[N]) -> Y: f32[N] {{ Y[i] = {sum} }}")).Code);
        string nest = string.Concat(Enumerable.Repeat("g(", 60)) + "X[i]" + new string(')', 60);
        Assert.Equal("TX3110", Assert.Single(Bound.Errors($"op g(x: f32) -> y: f32 {{ y = x * x }}\nop f(X: f32[N]) -> Y: f32[N] {{ Y[i] = {nest} }}")).Code);
        string chain = string.Concat(Enumerable.Range(0, 300).Select(i => $"op g{i}(X: f32[N]) -> Y: f32[N] {{ Y = g{i + 1}(X) }}\n")) + "op g300(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] }";
        var bound = Bound.Of(chain);
        Assert.Null(bound.Bind("g0"));
        Assert.Equal("TX3108", Assert.Single(bound.Bag.Items).Code);
    }

    [Fact]
    public void Obligations_say_what_is_owed()
    {
        var bound = Bound.Of("""
            op g(X: f32[N]) -> Y: f32[N - 2] require N >= 3 { Y[i] = X[i] }
            op f(X: f32[N], Z: i32[N]) -> Y: f32[N - 2], at: i64 {
                Y = g(X)
                at = argmax(i: Z[i] / (Z[i] + 1) << (i / N))
            }
            """);
        var op = bound.Bind("f");
        Assert.Empty(bound.Bag.Items);
        Assert.Equal(["TX1019", "TX1020", "TX1029", "TX1030", "TX1028"], op!.Obligations.Select(o => o.Descriptor.Code));
        Assert.Equal("N >= 3", Tx.Lang.Program.Terms.Print(op.Obligations[1].Condition));
        Assert.Equal("N >= 3", op.Obligations[1].Labels[0].Span.Text);
    }
}
