using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tx.Backends.C;
using Tx.Core;
using Tx.Fuzz;
using Tx.Fuzz.CPrograms;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Repl;
using Tx.Tests.Lower;
using Tx.Tests.Support;

namespace Tx.Tests.Backends;

/// <summary>What is printed as C is compiled, with warnings as errors and sanitizers, run, and compared with the reference evaluator. Without a compiler of C these tests fail
/// with TX4051; <c>./test</c> installs one.</summary>
public class CProgramTests
{
    private static readonly CTarget[] s_targets = [CTarget.For(CpuTarget.Host()), CTarget.For(TargetCatalog.Parse("cortex-m7"))];

    [Fact]
    public void A_product_is_loops_with_the_names_of_the_source()
    {
        var kernel = Emit(OperatorText.Bind("op scaled(X: f32[N], a: f32) -> Y: f32[N] { Y[i] = a * X[i] + 1 }"), s_targets[1], [4]);
        Assert.Equal(
            """
            static void scaled_Y(const float *restrict a, const float *restrict X, float *restrict Y) {
                for (int32_t i = 0; i < 4; i++) {
                    Y[i] = a[0] * X[i] + 1.0f;
                }
            }

            static int32_t scaled(const float *restrict X, const float *restrict a, float *restrict Y) {
                scaled_Y(a, X, Y);
                return 0;
            }

            """, kernel.Text);
        Assert.Equal(0, kernel.ArenaBytes);
        Assert.False(kernel.HasArena);
        Assert.Equal(["stdint.h"], kernel.Includes);
    }

    private static readonly CTarget s_wide = CTarget.For(TargetCatalog.Parse("x86-64-v3"));

    // Rows: the largest, exp, the sum, the quotient. What compilers of C get is counted, since times vary.
    [Theory]
    [InlineData("1024,1024", 1)]
    [InlineData("", 1)]
    public void The_stages_of_softmax_are_one_loop_each(string sizes, int loops)
    {
        var op = OperatorText.Bind("op softmax(X: f32[M, N]) -> Y: f32[M, N] { m[i] = max(j: X[i, j])\n e[i, j] = exp(X[i, j] - m[i])\n t[i] = sum(j: e[i, j])\n Y[i, j] = e[i, j] / t[i] }");
        string text = Emit(op, s_wide, sizes.Length == 0 ? null : [.. sizes.Split(',').Select(long.Parse)]).Text;
        foreach (string stage in new[] { @"\be\[[^]]*\] = ", @"\bY\[[^]]*\] = " })
            Assert.Equal(loops, Regex.Count(text, @"for \(int64_t (j\w*) = 0; \1 < [^;]+; \1\+\+\) \{\n( +const .*\n)*\s+" + stage));
        // Lanes are combined in halves, with no tree of more than eight.
        Assert.All(Regex.Matches(text, @"^ *\w+ = .*;$", RegexOptions.Multiline), m => Assert.True(Regex.Count(m.Value, @"\[") <= 9, m.Value));
        Assert.DoesNotMatch(@"(?m)^ *if \(", text);
    }

    [Theory]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = max(X[i, j], 0) }")]
    [InlineData("op f(X: f32[M, N], b: f32[N]) -> Y: f32[M, N] { Y[i, j] = tanh(X[i, j] + b[j]) }")]
    [InlineData("op f(X: i8[M, N], Z: i16[M, N]) -> Y: i32[M, N] { Y[i, j] = i32(X[i, j]) * i32(Z[i, j]) }")]
    public void An_elementwise_row_is_one_loop_for_all_sizes(string text)
    {
        string code = Emit(OperatorText.Bind(text), s_wide, null).Text;
        Assert.Single(Regex.Matches(code, @"\bY\[[^]]*\] = "));
        Assert.DoesNotMatch(@"(?m)^ *if \(", code);
    }

    [Fact]
    public void A_tile_is_a_row_of_known_length_and_keeps_its_loop()
    {
        string code = Emit(OperatorText.Bind("op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }"), s_wide, [512, 512, 512]).Text;
        Assert.Matches(@"TX_TILE\(16\)\n +for \(int64_t (\w+) = 0; \1 < 16; \1\+\+\) \{\n +C_acc\[\w+ \* 16 \+ \1\] = tx_mul_add_f32\(", code);
        Assert.Matches(@"TX_ALIGNED float C_acc\[\d+\];", code);
        Assert.DoesNotContain("TX_", Emit(OperatorText.Bind("op f(X: f32[N]) -> Y: f32[N] { Y[i] = exp(X[i]) }"), s_targets[1], null).Text, StringComparison.Ordinal);
    }

    // Sums, tails, sizes 0 and 1, all types, checks.
    [Theory]
    [InlineData("op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }", "1,1,1 7,19,5 33,2,17 0,3,4 3,0,4")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M, N] { m[i] = max(j: X[i, j])\n e[i, j] = exp(X[i, j] - m[i])\n t[i] = sum(j: e[i, j])\n Y[i, j] = e[i, j] / t[i] }", "1,1 5,70 3,33")]
    [InlineData("op f(X: i8[N], Z: i16[N]) -> Y: i8[N], W: u16[N] { Y[i] = saturate(i8, i32(Z[i]) * i32(X[i]))\n W[i] = u16(Z[i]) * u16(Z[i]) - u16(3) }", "0 1 40")]
    [InlineData("op f(X: i64[N], Z: i32[N]) -> Y: i64[N], W: i32[N] { Y[i] = X[i] * 3037000500 * i64(Z[i]) + i64(i)\n W[i] = -Z[i] * 1000003 << 3 }", "1 19")]
    [InlineData("op f(X: f32[N]) -> A: i8[N], B: u8[N], C: i32[N], D: i64[N], E: f32[N], F: f32[N], G: f32[N], H: f32[N] { A[i] = i8(X[i] * 1e3)\n B[i] = u8(X[i])\n C[i] = i32(X[i] * 1e10)\n D[i] = i64(X[i] * 1e20)\n E[i] = floor(X[i])\n F[i] = ceil(X[i])\n G[i] = round(X[i] * 2)\n H[i] = trunc(X[i]) }", "1 33")]
    [InlineData("op f(X: f16[N], Z: bf16[N]) -> Y: f16[N], W: bf16[N] { Y[i] = X[i] * X[i] + f16(0.1)\n W[i] = Z[i] / bf16(3) - bf16(f32(X[i])) }", "1 21")]
    [InlineData("op f(A: u1[M, K], B: u1[N, K]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k] ^ B[j, k])) }", "1,1,1 3,70,5")]
    [InlineData("op f(X: f64[N], Z: f32[N]) -> Y: f64[N], W: f64[N], V: f32[N] { Y[i] = sqrt(abs(X[i])) + fma(X[i], X[i], 1)\n W[i] = exp(X[i]) % 0.7\n V[i] = fma(Z[i], Z[i], -1) % 0.3 }", "1 23")]
    [InlineData("op f(X: i8[N, M], Z: i8[N, K]) -> C: i32[M, K] { C[j, l] = sum(i if (X[i, j] <= 4): i32(X[i, j]) * i32(Z[i, l])) }", "4,9,9 1,1,1")]
    [InlineData("op f(E: f32[V, D], id: i32[B]) -> R: f32[B, D] { R[b, d] = E[id[b], d] }", "101,3,4 1,1,1")]
    [InlineData("op f(I: i32[H, W]) -> E: i32[H, W] { E[y, x] = sum(r in 0..3, s in 0..3: (I[y + r - 1, x + s - 1] ?? 7)) }", "1,1 9,11")]
    [InlineData("op f(X: f32[N], a: f32) -> Y: f32[N] { Y[n] = a * X[n] + (1 - a) * (Y[n - 1] ?? 0) }", "1 40")]
    [InlineData("op f(X: i32[M, N]) -> Y: i32[M], Q: i32[M, N] { Y[i] = max(j: X[i, j] / 7 - X[i, j] % 5)\n Q[i, j] = X[i, j] / (i32(j) + 2) + (X[i, j] >> 2) }", "1,1 6,13")]
    public void Programs_agree_with_the_reference(string text, string sizes) => BigStack.Run(() =>
    {
        var op = OperatorText.Bind(text);
        var runs = sizes.Split(' ').Select(s => Run(op, [.. s.Split(',').Select(long.Parse)])).ToImmutableArray();
        foreach (var (target, toolchain) in s_targets.Zip(Toolchains()))
        {
            var all = Emit(op, target, null);
            var cases = runs.Select(r => new CCase(all, r)).Concat(runs.Select(r => new CCase(Emit(op, target, [.. op.Operator.Dims.Select(d => r.Dims[d])], $"f{string.Join('_', op.Operator.Dims.Select(d => r.Dims[d]))}"), r))).ToImmutableArray();
            var results = CComparer.Execute(toolchain, cases);
            for (int n = 0; n < cases.Length; n++)
            {
                var difference = OperatorComparer.Compare(OperatorComparer.Evaluate(cases[n].Work), results[n].Outcome, cases[n].Work.Tolerance);
                Assert.True(difference is null, $"{toolchain.Name}, {target.Cpu.Name}, {cases[n].Kernel.Name}, {string.Join(' ', cases[n].Work.Dims.Values)}: {difference}");
            }
        }
    });

    [Fact]
    public void A_failing_check_says_which_and_ends_the_kernel()
    {
        using var folder = new TemporaryFolder();
        using var session = new Session(new() { Threads = 1 }, new ConsoleOutput(TextWriter.Null, TextWriter.Null));
        Assert.NotNull(session.Load(folder.Write("gather.tx", "op f(E: i32[V], id: i32[B]) -> R: i32[B] { R[b] = E[id[b]] }")));
        var op = session.Resolver.Binder.Bind(session.Declarations.Operators["f"], Specialisation.Empty, new DiagnosticBag())!;
        var kernel = session.Compiler.EmitC(op, null);
        Assert.Equal("TX5070", Assert.Single(kernel.Messages).Code);
        foreach (var (index, fails) in new[] { (4L, false), (5, true), (-1, true) })
        {
            var id = new DenseArray(ElementType.I32, [3]);
            id[2] = Scalar.Of(ElementType.I32, index);
            var work = new Workload(op, op.Dims.ToDictionary(d => d, d => d.Name == "V" ? 5L : 3), [new DenseArray(ElementType.I32, [5]), id], 0, 1);
            var outcome = CComparer.Execute(Toolchains()[0], [new(kernel, work)])[0].Outcome;
            Assert.Equal(fails, outcome.IsRefused);
            Assert.Equal(fails, OperatorComparer.Evaluate(work).IsRefused);
        }
    }

    [Fact]
    public void Random_programs_agree()
    {
        FuzzFailure? failure = null;
        BigStack.Run(() =>
        {
            using DifferentialRunner fixedSizes = new(inC: true), symbolic = new(symbolic: true, inC: true);
            for (int i = 0; i < 30 && failure is null; i++) failure = (i % 3 == 2 ? symbolic : fixedSizes).Run(ProgramGenerator.Generate(70_000 + (ulong)i));
        });
        Assert.True(failure is null, failure?.ToString());
    }

    // Where the compiler has no such feature, the declared loops run.
    [Fact]
    public void An_instruction_stands_in_its_form_and_as_its_loops()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("dot.tx", """
            intrin dot2(a: i16[2], b: i16[2], acc: i32) on cpu("dsp") {
                acc += sum(k: i32(a[k]) * i32(b[k]))
                emit c "__smlad({a}, {b}, {acc})"(a = bits(i32, a), b = bits(i32, b), acc) -> acc
            }
            op dot(X: i16[N, 2], Y: i16[N, 2]) -> Z: i32 { Z = sum(n, k: i32(X[n, k]) * i32(Y[n, k])) }
            schedule s for dot on cpu("dsp") { Z.k.tensorize(dot2) }
            """);
        var printed = CommandLine.Run("print", file, "--op", "dot", "--emit", "c", "--target", "cortex-m7", "--shape", "N=9");
        Assert.Equal((0, ""), (printed.ExitCode, printed.Error));
        Assert.Contains("#if defined(tx_has_dsp)\n            Z[0] = __smlad(tx_word_i32(&X[n * 2]), tx_word_i32(&Y[n * 2]), Z[0]);\n#else\n", printed.Output.Replace("        Z[0]", "            Z[0]"), StringComparison.Ordinal);
        foreach (var toolchain in Toolchains()) toolchain.Run(printed.Output + "int main(void) { static const int16_t x[18] = {1, 2, 3}; int32_t z = 0; return dot(x, x, &z) || z != 14; }\n", folder.Path);
    }

    [Theory]
    [InlineData("acc += sum(k: i32(a[k]) * i32(b[k]))\n emit c \"f({a})\"(a) -> acc", "TX2162")]
    [InlineData("acc += sum(k: i32(a[k]) * i32(b[k]))\n emit c \"f({q})\"(a = bits(i32, a)) -> acc", "TX2162")]
    [InlineData("acc += sum(k: i32(a[k]) * i32(b[k]))\n emit c \"f({a})\"(bits(i32, a)) -> acc", "TX2162")]
    [InlineData("acc += sum(k: i32(a[k]) * i32(b[k]))\n emit rust \"f({a})\"(a = bits(i32, a)) -> acc", "TX2162")]
    public void A_wrong_form_is_refused(string body, string code)
    {
        using var folder = new TemporaryFolder();
        var result = CommandLine.Run("check", folder.Write("wrong.tx", $"intrin f(a: i16[2], b: i16[2], acc: i32) on cpu(\"dsp\") {{\n {body}\n}}\n"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error[{code}]", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_feature_without_a_macro_is_refused()
    {
        using var folder = new TemporaryFolder();
        string file = folder.Write("sse.tx", """
            intrin twice(a: i32[1], b: i32[1]) on cpu("fp-armv8d16") {
                b[i] = a[i] + a[i]
                emit c "2 * {a}"(a) -> b
            }
            op f(X: i32[N, 1]) -> Y: i32[N, 1] { Y[n, k] = X[n, k] + X[n, k] }
            schedule s for f on cpu("fp-armv8d16") { Y.k.tensorize(twice) }
            """);
        var result = CommandLine.Run("print", file, "--op", "f", "--emit", "c", "--target", "cortex-m7");
        // As for all that code generation refuses.
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("error[TX4052]", result.Error, StringComparison.Ordinal);
    }

    private static ImmutableArray<CToolchain> Toolchains() => CToolchain.Host(isSanitized: true, "-O1") is { Length: 1 } one ? [one[0], one[0]] : CToolchain.Host(isSanitized: true, "-O1");

    private static CModule Emit(OperatorText op, CTarget target, IReadOnlyList<long>? sizes, string? name = null)
    {
        var scheduled = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, sizes is null ? null : op.Dims(sizes)), target.Cpu);
        return CEmitter.Emit(Pipeline.RunForC(scheduled, target.Cpu), target, name);
    }

    private static Workload Run(OperatorText op, IReadOnlyList<long> sizes)
    {
        var dims = op.Dims(sizes);
        var values = new InputValues(op.Operator.Parameters.Any(p => p.Type.IsFloat) ? ValueMode.Smooth : ValueMode.Special, sizes.Count + 11);
        bool gathers = op.Operator.Parameters.Any(p => p.Name == "id");
        return new(op.Operator, dims, gathers ? op.Inputs(dims).SetItem(1, new DenseArray(ElementType.I32, [dims[op.Operator.Dims[2]]])) : [.. op.Operator.Parameters.Select(p => values.Fill(new DenseArray(p.Type, OperatorShapes.Of(p, dims))))],
            op.Operator.Parameters.Any(p => p.Type.IsSmallFloat) ? 1e-2 : 1e-4, 1);
    }
}
