using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower;

/// <summary>An operator as text, bound, with integer-valued inputs and what the evaluator says of them: sums are exact, so loop nests must agree bit for bit
/// unless the operator divides or calls elementary functions.</summary>
internal sealed class OperatorText
{
    private OperatorText(Operator op) => Operator = op;

    public Operator Operator { get; }

    /// <summary>The last operator of a text.</summary>
    public static OperatorText Bind(string text)
    {
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new SourceText("test.tx", text));
        bag.AddRange(tree.Diagnostics);
        var table = DeclarationTable.Build(tree, (_, _) => null, null, bag);
        var syntax = table.Operators.Values.Last();
        var op = new ModuleBinder(table, new TrustingProver()).Bind(syntax, Specialisation.Representative(syntax), bag);
        Assert.True(op is not null && !bag.HasErrors, string.Join("\n", bag.Items.Select(d => $"{d.Code} {d.Message}")));
        return new(op);
    }

    public Dictionary<DimSymbol, long> Dims(params IReadOnlyList<long> sizes) => Operator.Dims.Zip(sizes).ToDictionary();

    public ImmutableArray<DenseArray> Inputs(IReadOnlyDictionary<DimSymbol, long> dims, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Operator.Parameters.Select(p =>
        {
            var a = new DenseArray(p.Type, [.. p.Shape.Select(e => Value(e, dims))]);
            for (long i = 0; i < a.Count; i++)
                a[i] = p.Type.IsFloat ? Scalar.Of(p.Type, (double)random.Next(-3, 4)) : Scalar.Of(p.Type, (long)random.Next(-100, 100));
            return a;
        })];
    }

    /// <summary>Runs a module in the interpreter and compares each result with the evaluator's.</summary>
    public void Check(LoopModule module, IReadOnlyDictionary<DimSymbol, long> dims, string what, double tolerance = 0, ImmutableArray<DenseArray>? inputs = null)
    {
        var arguments = inputs ?? Inputs(dims);
        var expected = ReferenceEvaluator.Evaluate(Operator, arguments, dims);
        var byName = dims.ToDictionary(d => d.Key.Name, d => d.Value, StringComparer.Ordinal);
        var run = LoopInterpreter.Run(module, Operator.Name, arguments, byName, new(Seed: 3));
        Assert.True(run.Check is null, $"{what}: {run.Check}");
        for (int r = 0; r < expected.Length; r++)
            for (long i = 0; i < expected[r].Count; i++)
            {
                var (want, got) = (expected[r][i], run.Outputs[r][i]);
                bool agrees = want.Equals(got) || want.Type.IsFloat && (Math.Abs(want.Real - got.Real) <= tolerance * Math.Max(1, Math.Abs(want.Real)) || double.IsNaN(want.Real) && double.IsNaN(got.Real));
                Assert.True(agrees, $"{what}: {Operator.Results[r].Name} at {i} is {got}, not {want}");
            }
    }

    private static long Value(Term t, IReadOnlyDictionary<DimSymbol, long> dims) => t switch
    {
        ConstTerm c => c.Value.Integer,
        DimTerm d => dims[d.Dim],
        BinaryTerm b => ScalarMath.Apply(b.Op, Scalar.Index(Value(b.Left, dims)), Scalar.Index(Value(b.Right, dims))).Integer,
        _ => throw new ArgumentException(t.GetType().Name),
    };

    // Bounds are not what these tests are about; the interpreter enforces them anyway.
    private sealed class TrustingProver : IProver
    {
        public ProofResult Prove(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term condition) =>
            condition is ConstTerm { Value.IsTrue: false } ? ProofResult.Unknown : ProofResult.Proved;
    }
}

internal static class OperatorSamples
{
    public const string Matmul = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }";

    public const string Softmax = """
        op softmax(X: f32[M, N]) -> Y: f32[M, N] {
            peak[i] = max(j: X[i, j])
            e[i, j] = exp(X[i, j] - peak[i])
            total[i] = sum(j: e[i, j])
            Y[i, j] = e[i, j] / total[i]
        }
        """;

    /// <summary>Text, sizes of the dimensions in the order in which the parameters introduce them, and a tolerance.</summary>
    public static readonly (string Text, double Tolerance, long[][] Sizes)[] All =
    [
        (Matmul, 0, [[0, 3, 4], [3, 0, 4], [3, 4, 0], [1, 1, 1], [7, 5, 3], [33, 37, 29], [20, 41, 70], [1, 90, 70], [90, 70, 1]]),
        ("op atb(A: f32[K, M], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[k, i] * B[k, j]) }", 0, [[37, 33, 29], [3, 1, 5]]),
        ("op abt(A: f32[M, K], B: f32[N, K]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[j, k]) }", 0, [[33, 37, 29], [1, 40, 70]]),
        ("op doubles(A: f64[M, K], B: f64[K, N]) -> C: f64[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }", 0, [[33, 17, 29]]),
        ("op i8mm(A: i8[M, K], B: i8[K, N]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[k, j])) }", 0, [[0, 2, 2], [33, 29, 17]]),
        ("op bmm(A: f32[B, M, K], X: f32[B, K, N]) -> C: f32[B, M, N] { C[b, i, j] = sum(k: A[b, i, k] * X[b, k, j]) }", 0, [[3, 17, 11, 19]]),
        ("op four(A: f32[P, M, K, L], B: f32[K, L, Q, N]) -> C: f32[P, Q, M, N] { C[a, b, i, j] = sum(k, l: A[a, i, k, l] * B[k, l, b, j]) }", 0,
            [[3, 13, 5, 7, 4, 11], [2, 3, 15, 9, 3, 5]]),
        ("op gram(A: f32[M, K]) -> C: f32[M, M] { C[i, j] = sum(k: A[i, k] * A[j, k]) }", 0, [[33, 29], [5, 3]]),
        ("op scaled(A: f32[M, K], B: f32[K, N], s: f32[K]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j] * s[k]) }", 0, [[33, 17, 29]]),
        ("op distance(A: f32[M, K], B: f32[N, K]) -> D: f32[M, N] { D[i, j] = sum(k: abs(A[i, k] - B[j, k])) }", 0, [[33, 17, 29]]),
        ("op shortest(A: i32[M, K], B: i32[K, N]) -> D: i32[M, N] { D[i, j] = min(k: A[i, k] + B[k, j]) }", 0, [[33, 17, 29], [2, 3, 4]]),
        ("""
         op conv(X: f32[N, C, H, W], F: f32[O, C, R, S]) -> Y: f32[N, O, H, W] {
             Y[n, o, y, x] = sum(c, r, s: (X[n, c, y + r - 1, x + s - 1] ?? 0) * F[o, c, r, s])
         }
         """, 0, [[2, 5, 7, 7, 9, 3, 3], [1, 3, 5, 40, 8, 3, 3]]),
        ("op strided(X: f32[C, H, W], F: f32[O, C, R, R]) -> Y: f32[O, (H - R) / 2 + 1, (W - R) / 2 + 1] { Y[o, y, x] = sum(c, r, s: X[c, 2 * y + r, 2 * x + s] * F[o, c, r, s]) }", 0,
            [[3, 17, 20, 8, 3]]),
        ("op nhwc(X: f32[H, W, C], F: f32[R, S, C, O]) -> Y: f32[H, W, O] { Y[y, x, o] = sum(r, s, c: (X[y + r - 1, x + s - 1, c] ?? 0) * F[r, s, c, o]) }", 0, [[7, 9, 5, 3, 3, 20]]),
        ("op depthwise(X: f32[C, H, W], F: f32[C, R, S]) -> Y: f32[C, H, W] { Y[c, y, x] = sum(r, s: (X[c, y + r - 1, x + s - 1] ?? 0) * F[c, r, s]) }", 0, [[3, 7, 35, 3, 3]]),
        ("op dilated(X: f32[C, L], F: f32[O, C, S]) -> Y: f32[O, L - 2 * S + 2] { Y[o, x] = sum(c, s: X[c, x + 2 * s] * F[o, c, s]) }", 0, [[5, 40, 7, 3], [2, 9, 3, 3]]),
        ("op pool(X: f32[C, H, W]) -> Y: f32[C, H / 2, W / 2] { Y[c, y, x] = max(r in 0..2, s in 0..2: X[c, 2 * y + r, 2 * x + s]) }", 0, [[3, 8, 10], [2, 7, 69]]),
        (Softmax, 1e-5, [[0, 4], [1, 1], [5, 37], [3, 130]]),
        ("""
         op layer_norm(X: f32[M, N], g: f32[N], b: f32[N]) -> Y: f32[M, N] {
             mean[i] = sum(j: X[i, j]) / f32(N)
             v[i] = sum(j: (X[i, j] - mean[i]) * (X[i, j] - mean[i])) / f32(N)
             Y[i, j] = (X[i, j] - mean[i]) * rsqrt(v[i] + 0.001) * g[j] + b[j]
         }
         """, 1e-5, [[1, 1], [3, 67]]),
        ("op inside(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] - sum(k: X[i, k]) * max(k: X[i, k]) }", 0, [[7, 67], [2, 3]]),
        ("op nested(A: f32[M, K], B: f32[K, N]) -> y: f32[M] { y[i] = sum(k: A[i, k] * max(j: B[k, j])) }", 0, [[5, 17, 33]]),
        ("op rows(X: f32[M, N]) -> best: f32[M], at: i64[M] { (best[i], at[i]) = max_at(j: X[i, j]) }", 0, [[3, 5], [7, 67]]),
        ("op columns(X: f32[M, N]) -> best: f32[N], at: i64[N] { (best[j], at[j]) = min_at(i: X[i, j]) }", 0, [[33, 70], [3, 5]]),
        ("op corner(X: i32[M, N]) -> p: i64, q: i64 { (p, q) = argmax(i, j: X[i, j]) }", 0, [[13, 29]]),
        ("op position(X: f32[M, N]) -> y: f32[M] { y[i] = f32(argmax(j: X[i, j])) + 1.0 }", 0, [[5, 33]]),
        ("op causal(A: f32[T, S], V: f32[S, D]) -> O: f32[T, D] { O[i, d] = sum(j if j <= i: A[i, j] * V[j, d]) }", 0, [[5, 5, 3], [40, 40, 35]]),
        ("op prefix(A: f32[N, K]) -> Y: f32[N] { Y[i] = exact sum(k if k <= i: A[i, k]) }", 0, [[37, 41]]),
        ("op triangle(A: f32[N, N]) -> Y: f32[N] { Y[i] = sum(k in 0..i: A[i, k]) }", 0, [[1], [17]]),
        ("op total(X: f32[M, N]) -> y: f32 { y = sum(i, j: X[i, j]) }", 0, [[0, 3], [31, 67]]),
        ("op sums(X: f32[M, N]) -> Y: f32[N] { Y[j] = sum(i: X[i, j]) }", 0, [[31, 67], [3, 1], [0, 5]]),
        ("op gemv(A: f32[M, N], x: f32[N]) -> y: f32[M] { y[i] = sum(j: A[i, j] * x[j]) }", 0, [[33, 129], [5, 3]]),
        ("op flags(A: u8[M, K]) -> C: u8[M] { C[i] = bit_or(k: A[i, k]) }", 0, [[33, 129]]),
        ("op any_above(A: i32[M, K]) -> C: bool[M] { C[i] = any(k: A[i, k] > 90) }", 0, [[33, 129], [5, 0]]),
        ("""
         op blur(I: u16[H, W]) -> B: u16[H - 2, W - 2] {
             bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3)
             B[y, x] = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3)
         }
         """, 0, [[3, 3], [7, 70]]),
        ("op divide(A: i32[N], B: i32[N]) -> C: i32[N] { C[i] = B[i] == 0 ? 7 : A[i] / B[i] }", 0, [[33]]),
        ("op lazy(A: f32[N], B: f32[N]) -> C: f32[N] { C[i] = i > 0 && A[i - 1] > B[i] ? A[i - 1] : B[i] }", 0, [[1], [33]]),
        ("""
         op chain(X: f32[M, N]) -> Y: f32[N, M] {
             a[i, j] = X[i, j] * 2
             b[j, i] = a[i, j]
             Y[j, i] = b[j, i] + 1
         }
         """, 0, [[13, 37], [0, 3]]),
        ("op outer(a: f32[M], b: f32[N]) -> C: f32[M, N] { C[i, j] = a[i] * b[j] }", 0, [[5, 129], [70, 1]]),
    ];

    /// <summary>For xunit: the operator's name and its place in <see cref="All"/>.</summary>
    public static TheoryData<string, int> Names
    {
        get
        {
            var data = new TheoryData<string, int>();
            for (int n = 0; n < All.Length; n++) data.Add(All[n].Text.Split("op ", 2)[1].Split('(')[0], n);
            return data;
        }
    }
}
