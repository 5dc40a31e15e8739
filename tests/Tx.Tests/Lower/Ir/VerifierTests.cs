using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower.Ir;

public class VerifierTests
{
    private const string Header = "func f(A: f32[8] in, B: f32[8, 8] out) {\n  temp t: i32[8];\n  alloc r: f32[4] register;\n";

    private static ImmutableArray<string> Problems(string body, string level = "lowered") => Verifier.Verify(IrParser.ParseModule($"module {level}\n{Header}{body}\n}}"));

    [Theory]
    [InlineData("B[0] = 1.0;", "1 indices for 2 dimensions")]
    [InlineData("B[0, 0, 0] = 1.0;", "3 indices for 2 dimensions")]
    [InlineData("B[0, 0] = 1;", "a value of i64 is stored to f32")]
    [InlineData("B[0, 0] = broadcast(1.0, 8);", "a value of f32x8 is stored to f32 in 1 lanes")]
    [InlineData("B[0, 1i32] = 1.0;", "not an index")]
    [InlineData("B[0, ramp(0, 1, 8) if true] = broadcast(1.0, 8);", "the predicate is bool")]
    [InlineData("B[0, ramp(0, 1, 1)] = 1.0;", "a ramp of i64")]
    [InlineData("A[0] = 1.0;", "input `A` is stored to")]
    [InlineData("if 1 { B[0, 0] = 1.0; }", "not a condition")]
    [InlineData("for i in 0..4 axis \"x\" { B[0, i] = 1.0; }", "a loop with an axis is not bound")]
    [InlineData("for i in 0..4 bound { B[0, i] = 1.0; }", "a bound loop has no axis")]
    [InlineData("for i in 0..4 parallel { for j in 0..4 parallel { B[i, j] = 1.0; } }", "a parallel loop stands inside another")]
    [InlineData("for i in 0..4 { B[0, i] = 1.0; } B[i, 0] = 2.0;", "variable `i` is not in scope")]
    [InlineData("for i in 0..4 { alloc x: f32[1]; x[0] = 1.0; } B[0, 0] = x[0];", "buffer `x` is not in scope")]
    [InlineData("check true else 3();", "there is no message 3")]
    [InlineData("let x: i32 = 1; t[0] = x;", "`x` is i32, its value i64")]
    [InlineData("B[0, 0] = saturate<f32>(!1.0);", "Not of f32")]
    [InlineData("t[0] = 1i32 & bits<i32>(2.0f64);", "the bits of f64 are no i32")]
    [InlineData("B[0, 0] = select(true, 1.0, 2.0) + (true + false);", "operands", true)]
    [InlineData("barrier \"\" (A);", "only a copy has buffers")]
    [InlineData("prefetch \"A\";", "a prefetch has one buffer")]
    [InlineData("prefetch \"A\" (A) [0, 0, 0, 0];", "4 indices for")]
    [InlineData("copy \"\" (t, A) [0, 0];", "copies f32 to i32")]
    [InlineData("launch g(A) grid [1] block [1];", "there is no function `g`")]
    public void Broken_rules_are_found(string body, string problem, bool refusedByParser = false)
    {
        if (refusedByParser) Assert.Contains(problem, Assert.Throws<IrParseException>(() => Problems(body)).Message, StringComparison.Ordinal);
        else Assert.Contains(problem, Assert.Single(Problems(body)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("instance B(x in 0..8 = 0) { B[x, x] = 1.0; }", "lowered", "an instance is left")]
    [InlineData("for i in 0..8 { instance B(x in 0..8 = i) { B[x, i] = 1.0; } }", "scheduled", "variable `i` is not in scope")]
    [InlineData("instance B(x in 0..8 = 0, reduce k in 0..8 = 0) { init { B[x, k] = 0.0; } B[x, x] = 1.0; }", "scheduled", "variable `k` is not in scope")]
    [InlineData("instance B(x in 0..8 = 0) { reads A[x : 1, x : 1]; B[x, x] = 1.0; }", "scheduled", "the region of `A`")]
    [InlineData("for i in 0..8 unrolled { B[0, i] = 1.0; }", "expanded", "a mark is left")]
    [InlineData("for i in 0..4 { r[i] = 1.0; }", "expanded", "which is not constant")]
    [InlineData("B[0, 0] = 1.0;", "flat", "2 indices for 1 dimensions")]
    public void Broken_rules_of_a_level_are_found(string body, string level, string problem) =>
        Assert.Contains(problem, Assert.Single(Problems(body, level)), StringComparison.Ordinal);

    [Theory]
    [InlineData("for i in 0..4 { r[i] = A[i]; }", "lowered"), InlineData("B[9] = 1.0;", "flat"), InlineData("for i in 0..8 vectorized { B[0, i] = 1.0; }", "lowered")]
    public void What_follows_the_rules_passes(string body, string level) => Assert.Empty(Problems(body, level));

    [Fact]
    public void What_text_cannot_say_is_found_too()
    {
        var (i, j) = (Var.Index("i"), Var.Index("j"));
        var c = new Tx.Lower.Ir.Buffer("C", ElementType.I32, [IntImm.Index(4)], BufferRole.Output);
        ImmutableArray<string> Of(Stmt body, params ImmutableArray<(Var, Tx.Lower.Ir.Buffer, int)> dims) =>
            Verifier.Verify(new([new() { Name = "f", Parameters = [c], Dims = dims, Temporaries = [], Body = body }], LoopLevel.Lowered));
        Stmt Set(Expr v) => new Store(c, [v], new IntImm(ElementType.I32, 1));
        Stmt Loop(Stmt s) => new For(i, Expr.Index(0), Expr.Index(2), LoopKind.Serial, s);
        Assert.Contains("bound twice", Assert.Single(Of(Block.Of(Loop(Set(i)), Loop(Set(i))))), StringComparison.Ordinal);
        Assert.Contains("directly in a block", Assert.Single(Of(new Block([new Block([Set(Expr.Index(0)), Set(Expr.Index(0))])]))), StringComparison.Ordinal);
        Assert.Contains("no i32", Assert.Single(Of(new Store(c, [Expr.Index(0)], new IntImm(ElementType.I32, 1L << 40)))), StringComparison.Ordinal);
        Assert.Contains("dimension 3", Assert.Single(Of(Set(j), (j, c, 3))), StringComparison.Ordinal);
    }
}
