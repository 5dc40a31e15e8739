using Tx.Core;
using Tx.Lang.Building;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Syntax;
using Tx.Tests.Lang.Semantics;
using static Tx.Core.ElementType;
using static Tx.Lang.Building.Compute;

namespace Tx.Tests.Lang.Building;

/// <summary>A built program is the program that its text is.</summary>
public class ProgramBuilderTests
{
    /// <summary>The syntax of both is the same, and so are the typed operators that the binder makes of them.</summary>
    private static void Same(string text, ProgramBuilder built, params string[] operators)
    {
        string printed = SyntaxPrinter.Print(SyntaxParser.Parse(new SourceText("t.tx", text)).Root);
        Assert.Equal(printed, built.ToText());
        using var prover = new IslProver();
        foreach (string name in operators)
        {
            var bag = new DiagnosticBag();
            var op = built.Bind(name, prover, bag);
            Assert.True(op is not null && !bag.HasErrors, string.Join("\n", bag.Items.Select(d => $"{d.Code} {d.Message}")));
            Assert.Equal(Bound.Print(text, name), ProgramPrinter.Print(op));
        }
    }

    private static void Matmul(OperatorBuilder op)
    {
        var (M, K, N) = Dims("M", "K", "N");
        var (i, j, k) = Indices("i", "j", "k");
        var A = op.Parameter("A", F32, M, K);
        var B = op.Parameter("B", F32, K, N);
        var C = op.Result("C", F32, M, N);
        C[i, j] = Sum(k, A[i, k] * B[k, j]);
    }

    private const string MatmulText = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\n";

    private const string SoftmaxText = """
        op softmax(X: f32[M, N]) -> Y: f32[M, N] {
            peak[i]  = max(j: X[i, j])
            e[i, j]  = exp(X[i, j] - peak[i])
            total[i] = sum(j: e[i, j])
            Y[i, j]  = e[i, j] / total[i]
        }

        """;

    private static void Softmax(OperatorBuilder op)
    {
        var (M, N) = Dims("M", "N");
        var (i, j) = Indices("i", "j");
        var X = op.Parameter("X", F32, M, N);
        var Y = op.Result("Y", F32, M, N);
        var (peak, e, total) = op.Tensors("peak", "e", "total");
        peak[i] = Maximum(j, X[i, j]);
        e[i, j] = Exp(X[i, j] - peak[i]);
        total[i] = Sum(j, e[i, j]);
        Y[i, j] = e[i, j] / total[i];
    }

    [Fact]
    public void Matmul_IsItsText()
    {
        var program = new ProgramBuilder();
        program.Operator("matmul", Matmul);
        Same(MatmulText, program, "matmul");
    }

    [Fact]
    public void Softmax_IsItsText()
    {
        var program = new ProgramBuilder();
        program.Operator("softmax", Softmax);
        Same(SoftmaxText, program, "softmax");
    }

    [Fact]
    public void Conv2d_HasConstsRequirementsAndDefaults()
    {
        var program = new ProgramBuilder();
        program.Operator("conv2d", op =>
        {
            var (N, C, H, W) = Dims("N", "C", "H", "W");
            var (O, R, S) = Dims("O", "R", "S");
            var (n, c, y, x, o, r, s) = Indices("n", "c", "y", "x", "o", "r", "s");
            op.Doc = "Convolution.";
            var X = op.Parameter("X", F32, N, C, H, W);
            var F = op.Parameter("F", F32, O, C, R, S);
            var stride = op.Const("stride", Int, 1);
            var pad = op.Const("pad", Int, 0);
            var Y = op.Result("Y", F32, N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1);
            op.Require(stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S);
            Y[n, o, y, x] = Sum(c, r, s, X[n, c, y * stride + r - pad, x * stride + s - pad].Default(0) * F[o, c, r, s]);
        });
        Same("""
            /// Convolution.
            op conv2d(X: f32[N, C, H, W], F: f32[O, C, R, S], const stride: int = 1, const pad: int = 0)
                -> Y: f32[N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1]
                require stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S
            {
                Y[n, o, y, x] = sum(c, r, s: (X[n, c, y * stride + r - pad, x * stride + s - pad] ?? 0) * F[o, c, r, s])
            }
            """, program, "conv2d");
    }

    [Fact]
    public void Calls_AreStages()
    {
        var program = new ProgramBuilder();
        var matmul = program.Operator("matmul", Matmul);
        var softmax = program.Operator("softmax", Softmax);
        program.Operator("attention", op =>
        {
            var (T, D, E) = Dims("T", "D", "E");
            var (t, s) = Indices("t", "s");
            var Q = op.Parameter("Q", F32, T, D);
            var Kt = op.Parameter("Kt", F32, D, T);
            var V = op.Parameter("V", F32, T, E);
            var O = op.Result("O", F32, T, E);
            var (scores, scaled, weights) = op.Tensors("scores", "scaled", "weights");
            scores.Value = matmul.Call(Q, Kt);
            scaled[t, s] = Select(s <= t, scores[t, s] / Sqrt(Cast(F32, D)), double.NegativeInfinity);
            weights.Value = softmax.Call(scaled);
            O.Value = matmul.Call(Named("A", weights), Named("B", V));
        });
        Same(MatmulText + SoftmaxText + """
            op attention(Q: f32[T, D], Kt: f32[D, T], V: f32[T, E]) -> O: f32[T, E] {
                scores       = matmul(Q, Kt)
                scaled[t, s] = s <= t ? scores[t, s] / sqrt(f32(D)) : -inf
                weights      = softmax(scaled)
                O            = matmul(A = weights, B = V)
            }
            """, program, "matmul", "softmax", "attention");
    }

    [Fact]
    public void Generics_PacksAndSeveralResults()
    {
        var program = new ProgramBuilder();
        program.Operator("relu", op =>
        {
            var T = op.Generic("T", TypeConstraint.Number);
            var (S, i) = (Pack("S"), Pack("i"));
            var X = op.Parameter("X", T, S);
            var Y = op.Result("Y", T, S);
            Y[i] = Max(X[i], 0);
        });
        program.Operator("best", op =>
        {
            var (M, N) = Dims("M", "N");
            var (i, j) = Indices("i", "j");
            var X = op.Parameter("X", F32, M, N);
            var value = op.Result("value", F32, M);
            var at = op.Result("at", I64, M);
            op.Require(N >= 1);
            op.Define([value[i], at[i]], MaxAt(j, X[i, j]));
        });
        program.Operator("causal", op =>
        {
            var N = Dim("N");
            var (i, j, k) = Indices("i", "j", "k");
            var A = op.Parameter("A", F32, N, N);
            var Y = op.Result("Y", F32, N);
            var Z = op.Result("Z", F32, N);
            var s = op.Result("s", F64);
            Y[i] = Exact(Sum(k.Where(k <= i), A[i, k]));
            Z[i] = Sum(j, k.In(0, i).Where((j != k).And(!(k == 0))), A[j, k]);
            s.Value = Sum(i, Cast(F64, Y[i]) * 0.5);
        });
        Same("""
            op relu<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = max(X[..i], 0) }
            op best(X: f32[M, N]) -> value: f32[M], at: i64[M] require N >= 1 { (value[i], at[i]) = max_at(j: X[i, j]) }
            op causal(A: f32[N, N]) -> Y: f32[N], Z: f32[N], s: f64 {
                Y[i] = exact sum(k if k <= i: A[i, k])
                Z[i] = sum(j, k in 0..i if j != k && !(k == 0): A[j, k])
                s    = sum(i: f64(Y[i]) * 0.5)
            }
            """, program, "relu", "best", "causal");
    }

    [Fact]
    public void Constants_AreNamed()
    {
        var program = new ProgramBuilder();
        var eps = program.Const("EPS", F32, 1e-5);
        var n = program.Const("N", null, (Expr)4 * 8);
        program.Operator("f", op =>
        {
            var i = Index("i");
            var X = op.Parameter("X", F32, n);
            var Y = op.Result("Y", F32, n);
            Y[i] = -X[i] + eps;
        });
        Same("const EPS: f32 = 1e-5\nconst N = 4 * 8\nop f(X: f32[N]) -> Y: f32[N] { Y[i] = -X[i] + EPS }", program, "f");
    }

    [Fact]
    public void Recurrences_UpdatesAndReducers()
    {
        var program = new ProgramBuilder();
        program.Operator("histogram", op =>
        {
            var (H, W) = Dims("H", "W");
            var (b, y, x) = Indices("b", "y", "x");
            var I = op.Parameter("I", U8, H, W);
            var hist = op.Result("hist", I32, 256);
            hist[b] = 0;
            hist[Cast(I32, I[y, x])] += 1;
        });
        program.Operator("lstm", op =>
        {
            var (T, I, U) = Dims("T", "I", "U");
            var (g, t, u, v, i) = Indices("g", "t", "u", "v", "i");
            var X = op.Parameter("X", F32, T, I);
            var Wx = op.Parameter("Wx", F32, 4, U, I);
            var Wh = op.Parameter("Wh", F32, 4, U, U);
            var b = op.Parameter("b", F32, 4, U);
            var h = op.Result("h", F32, T + 1, U);
            var c = op.Tensor("c", F32, T + 1, U);
            var gate = op.Tensor("gate");
            c[0, u] = 0;
            h[0, u] = 0;
            op.For(t.In(0, T), () =>
            {
                gate[g, t, u] = b[g, u] + Sum(i, Wx[g, u, i] * X[t, i]) + Sum(v, Wh[g, u, v] * h[t, v]);
                c[t + 1, u] = Sigmoid(gate[1, t, u]) * c[t, u] + Sigmoid(gate[0, t, u]) * Tanh(gate[2, t, u]);
                h[t + 1, u] = Sigmoid(gate[3, t, u]) * Tanh(c[t + 1, u]);
            });
        });
        string lse = program.Reducer("logaddexp", F32, double.NegativeInfinity, (a, b) => Select(a == double.NegativeInfinity, b, Max(a, b) + Log(1 + Exp(-Abs(a - b)))));
        program.Operator("lse", op =>
        {
            var (i, j) = Indices("i", "j");
            var X = op.Parameter("X", F32, Dim("M"), Dim("N"));
            var Y = op.Result("Y", F32, Dim("M"));
            op.For([i.In(0, Dim("M"))], () => Y[i] = Reduce(lse, [j], X[i, j]));
        });
        Same("""
            op histogram(I: u8[H, W]) -> hist: i32[256] {
                hist[b] = 0
                hist[i32(I[y, x])] += 1
            }
            op lstm(X: f32[T, I], Wx: f32[4, U, I], Wh: f32[4, U, U], b: f32[4, U]) -> h: f32[T + 1, U] {
                c: f32[T + 1, U]
                c[0, u] = 0
                h[0, u] = 0
                for t in 0..T {
                    gate[g, t, u] = b[g, u] + sum(i: Wx[g, u, i] * X[t, i]) + sum(v: Wh[g, u, v] * h[t, v])
                    c[t + 1, u]   = sigmoid(gate[1, t, u]) * c[t, u] + sigmoid(gate[0, t, u]) * tanh(gate[2, t, u])
                    h[t + 1, u]   = sigmoid(gate[3, t, u]) * tanh(c[t + 1, u])
                }
            }
            reducer logaddexp(a: f32, b: f32) -> f32 {
                identity = -inf
                combine  = a == -inf ? b : max(a, b) + log(1 + exp(-abs(a - b)))
            }
            op lse(X: f32[M, N]) -> Y: f32[M] { for i in 0..M { Y[i] = logaddexp(j: X[i, j]) } }
            """, program, "histogram", "lstm");
    }

    [Fact]
    public void Updates_KeepTheirOperator()
    {
        var program = new ProgramBuilder();
        program.Operator("f", op =>
        {
            var (i, N) = (Index("i"), Dim("N"));
            var X = op.Parameter("X", I32, N);
            var Y = op.Result("Y", I32, N);
            Y[i] = 1;
            Y[i] *= X[i] - 1;
            Y[i] &= X[i];
            Y[i] |= X[i] << 1;
            Y[i] ^= ~X[i] & 3;
            Y[i] += -X[i] % 2;
        });
        Same("op f(X: i32[N]) -> Y: i32[N] { Y[i] = 1; Y[i] *= X[i] - 1; Y[i] &= X[i]; Y[i] |= X[i] << 1; Y[i] ^= ~X[i] & 3; Y[i] += -X[i] % 2 }", program, "f");
    }

    [Fact]
    public void Boundaries_AreThoseOfTheLanguage()
    {
        var program = new ProgramBuilder();
        program.Operator("smooth", op =>
        {
            var (N, i) = (Dim("N"), Index("i"));
            var X = op.Parameter("X", F32, N);
            var Y = op.Result("Y", F32, N);
            op.Require(N >= 1);
            Y[i] = X[i - 1].Clamped() + X[i + 1].Wrapped() + X[i + 2].Reflected() + X[Wrap(i + 3, N)] + X[Reflect(i - 3, N)] + X[Clamp(i, 0, N - 1)];
        });
        Same("op smooth(X: f32[N]) -> Y: f32[N] require N >= 1 { Y[i] = (X[i - 1] ?? clamp) + (X[i + 1] ?? wrap) + (X[i + 2] ?? reflect) + X[wrap(i + 3, N)] + X[reflect(i - 3, N)] + X[clamp(i, 0, N - 1)] }", program, "smooth");
    }

    [Fact]
    public void C_sharp_loops_build_expressions()
    {
        var program = new ProgramBuilder();
        program.Operator("blur", op =>
        {
            var (N, i) = (Dim("N"), Index("i"));
            var X = op.Parameter("X", F32, N);
            var Y = op.Result("Y", F32, N - 2);
            op.Require(N >= 3);
            Expr sum = X[i];
            for (int d = 1; d < 3; d++) sum += X[i + d];
            Y[i] = sum / 3;
        });
        Same("op blur(X: f32[N]) -> Y: f32[N - 2] require N >= 3 { Y[i] = (X[i] + X[i + 1] + X[i + 2]) / 3 }", program, "blur");
    }

    [Theory]
    [InlineData("TX1010", "C[i, j] = A[i, x] * B[x, j]")]
    [InlineData("TX1007", "C[i, j] = sum(k: A[i, k, k] * B[k, j])")]
    [InlineData("TX1015", "")]
    public void WrongUse_IsTheDiagnosticOfTheText(string code, string line)
    {
        var program = new ProgramBuilder("matmul.cs");
        program.Operator("matmul", op =>
        {
            var (M, K, N) = Dims("M", "K", "N");
            var (i, j, k, x) = Indices("i", "j", "k", "x");
            var A = op.Parameter("A", F32, M, K);
            var B = op.Parameter("B", F32, K, N);
            var C = op.Result("C", F32, M, N);
            if (code == "TX1010") C[i, j] = A[i, x] * B[x, j];
            if (code == "TX1007") C[i, j] = Sum(k, A[i, k, k] * B[k, j]);
        });
        var bag = new DiagnosticBag();
        using var prover = new IslProver();
        Assert.Null(program.Bind("matmul", prover, bag));
        string text = $"op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] {{\n    {line}\n}}\n";
        Assert.Equal(Bound.Errors(text).Select(d => (d.Code, d.Message)), bag.Items.Select(d => (d.Code, d.Message)));
        Assert.Contains(bag.Items, d => d.Code == code);
        Assert.All(bag.Items, d => Assert.Equal("matmul.cs", d.Span!.Value.Source.Path));
        Assert.Contains(bag.Items[0].Span!.Value.Text, program.ToText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("for"), InlineData("2x"), InlineData(""), InlineData("a b"), InlineData("x\n"), InlineData("/*"), InlineData("é"), InlineData("\"")]
    public void WhatIsNoName_IsRefused(string name) => Assert.Throws<ArgumentException>(() => Index(name));

    [Fact]
    public void NumbersAreLiterals()
    {
        Assert.Equal("-9223372036854775808", ((Expr)long.MinValue).ToString());
        Assert.Equal("18446744073709551615", ((Expr)ulong.MaxValue).ToString());
        Assert.Equal("-0.0", ((Expr)(-0.0)).ToString());
        Assert.Equal("nan", ((Expr)double.NaN).ToString());
        Assert.Equal("(1 + Index) * 2", ((1 + Index("Index")) * 2).ToString());
        Assert.Throws<InvalidOperationException>(() => Index("i").Default(0));
        Assert.Throws<ArgumentException>(() => Exact(Index("i")));
        Assert.Throws<InvalidOperationException>(() => { var (a, b) = Indices("a"); });
    }

    [Fact]
    public void EveryFunctionAndReduction_HasItsMethod()
    {
        var methods = typeof(Compute).GetMethods().Select(m => m.Name.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal);
        var names = Tx.Lang.Semantics.ExpressionBinder.FunctionNames
            .Concat(Enum.GetValues<ReduceKind>().Where(k => k is not ReduceKind.User).Select(k => k.Name switch { "max" => "maximum", "min" => "minimum", "prod" => "product", var n => n }));
        Assert.DoesNotContain(names.Select(n => n.Replace("_", "", StringComparison.Ordinal)), n => !methods.Contains(n));
    }

    [Fact]
    public void AVeryDeepExpression_IsADiagnostic()
    {
        var program = new ProgramBuilder();
        program.Operator("deep", op =>
        {
            var (X, Y, i) = (op.Parameter("X", F32, Dim("N")), op.Result("Y", F32, Dim("N")), Index("i"));
            Expr e = X[i];
            for (int n = 0; n < 1_000_000; n++) e = -(1 - e);
            Y[i] = e;
        });
        Assert.Equal("TX0013", Assert.Throws<DiagnosticException>(() => program.ToText()).Diagnostics[0].Code);
    }
}
