using System.Diagnostics;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Semantics;

/// <summary>Calls with concrete tensors, equations at the prompt, and tables of declarations.</summary>
public class CallTests
{
    private const string Ops = """
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        op scale<T: number>(X: T[..S], s: T, const n: int = 2) -> Y: T[..S] require n >= 1 { Y[..i] = X[..i] * s + T(n) }
        op tail(X: f32[N]) -> Y: f32[N - 2] require N >= 2 { Y[i] = X[i + 2] }
        """;

    private static ActualArgument Arg(ElementType type, params long[] shape) => new(null, new ActualTensor(type, [.. shape]), Place);
    private static ActualArgument Literal(Scalar value, string? name = null) => new(name is null ? null : new(Place, name), new ActualScalar(value, true), Place);
    private static SourceSpan Place => new(new("call.tx", "argument"), new(0, 8));

    private static (CallResolution? Call, IReadOnlyList<Diagnostic> Errors) Resolve(string op, params ActualArgument[] arguments)
    {
        var bound = Bound.Of(Ops);
        return (new CallResolver(bound.Module).Resolve(bound.Syntax(op), [.. arguments], Place, bound.Bag), bound.Bag.Items);
    }

    [Fact]
    public void Dimensions_and_result_shapes_get_numbers()
    {
        var (call, errors) = Resolve("matmul", Arg(ElementType.F32, 3, 5), Arg(ElementType.F32, 5, 0));
        Assert.Empty(errors);
        Assert.Equal([("M", 3), ("K", 5), ("N", 0)], call!.Dims.Select(d => (d.Dim.Name, d.Size)));
        Assert.Equal(new long[] { 3, 0 }, call.ResultShapes[0]);
    }

    [Fact]
    public void Generics_packs_scalars_and_consts_are_inferred()
    {
        var (call, errors) = Resolve("scale", Arg(ElementType.F64, 2, 3), Literal(Scalar.Of(ElementType.I32, 4)), Literal(Scalar.Of(ElementType.I32, 7), "n"));
        Assert.Empty(errors);
        Assert.Equal("scale(X: f64[S0, S1], s: f64) -> Y: f64[S0, S1]", ProgramPrinter.Print(call!.Operator).Split(" {")[0][3..]);
        Assert.Equal(Scalar.Of(ElementType.F64, 4.0), call.Arguments[1].Scalar);
        Assert.Equal(("n", Scalar.Index(7)), call.Operator.Consts[0]);
    }

    [Fact]
    public void Equal_calls_share_one_operator()
    {
        var bound = Bound.Of(Ops);
        var resolver = new CallResolver(bound.Module);
        ActualArgument[] arguments = [Arg(ElementType.F32, 3), Literal(Scalar.Of(ElementType.F32, 1.0))];
        Assert.Same(resolver.Resolve(bound.Syntax("scale"), [.. arguments], null, bound.Bag)!.Operator,
            resolver.Resolve(bound.Syntax("scale"), [.. arguments, Literal(Scalar.Of(ElementType.I32, 2))], null, bound.Bag)!.Operator);
    }

    public static TheoryData<string, string, ActualArgument[]> Wrong => new()
    {
        { "TX1022", "matmul", [Arg(ElementType.F32, 3, 5)] },
        { "TX1024", "matmul", [Arg(ElementType.F64, 3, 5), Arg(ElementType.F32, 5, 2)] },
        { "TX1025", "matmul", [Arg(ElementType.F32, 3), Arg(ElementType.F32, 5, 2)] },
        { "TX1051", "matmul", [Arg(ElementType.F32, 3, 5), Arg(ElementType.F32, 4, 2)] },
        { "TX1027", "tail", [Arg(ElementType.F32, 1)] },
        { "TX1027", "scale", [Arg(ElementType.F32, 1), Literal(Scalar.Of(ElementType.F32, 1.0)), Literal(Scalar.Of(ElementType.I32, 0))] },
        { "TX1024", "scale", [Arg(ElementType.Bool, 1), Literal(Scalar.Of(ElementType.F32, 1.0))] },
        { "TX1023", "scale", [Arg(ElementType.F32, 1), Literal(Scalar.Of(ElementType.F32, 1.0)), Literal(Scalar.Of(ElementType.I32, 1), "m")] },
        { "TX1006", "scale", [Arg(ElementType.I32, 1), Literal(Scalar.Of(ElementType.F32, 1.5))] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_calls_give_one_message(string code, string op, ActualArgument[] arguments)
    {
        var (call, errors) = Resolve(op, arguments);
        Assert.Null(call);
        Assert.Equal(code, Assert.Single(errors).Code);
    }

    [Fact]
    public void A_requirement_shows_its_numbers() =>
        Assert.Equal("`tail` requires `N >= 2`, which does not hold for N = 1", Resolve("tail", Arg(ElementType.F32, 1)).Errors[0].Message);

    private static string Anonymous(string let)
    {
        var bound = Bound.Of(Ops);
        var tree = SyntaxParser.Parse(new("prompt", let));
        var op = bound.Module.BindAnonymous((LetSyntax)tree.Root.Items[0], n => n is "C" ? (ElementType.F32, [8, 4]) : n is "Y" ? (ElementType.I32, [3]) : null, bound.Bag);
        Assert.True(op is not null, string.Join("\n", bound.Bag.Items.Select(d => d.Message)));
        return ProgramPrinter.Print(op).ReplaceLineEndings("\n");
    }

    [Theory]
    [InlineData("let Z[i] = C[i, 0] * 2", "op Z(C: f32[8, 4]) -> Z: f32[8] {\n    for i in 0..8 { Z[i] = C[i, 0] * 2.0 }\n}\n")]
    [InlineData("let s = sum(i, j: C[i, j])", "op s(C: f32[8, 4]) -> s: f32 {\n    s = sum(i in 0..8, j in 0..4: C[i, j])\n}\n")]
    [InlineData("let (b[i], p[i]) = max_at(j: C[i, j])", "op b(C: f32[8, 4]) -> b: f32[8], p: i64[8] {\n    for i in 0..8 { (b[i], p[i]) = max_at(j in 0..4: C[i, j]) }\n}\n")]
    [InlineData("let Y[i] = Y[i] + 1", "op Y(Y: i32[3]) -> Y_: i32[3] {\n    for i in 0..3 { Y_[i] = Y[i] + 1 }\n}\n")]
    [InlineData("let Z: f64[2] = 0", null)]
    public void An_equation_at_the_prompt_is_an_operator(string let, string? expected)
    {
        if (expected is null) Assert.ThrowsAny<Exception>(() => Anonymous(let));
        else Assert.Equal(expected, Anonymous(let));
    }

    [Fact]
    public void Imports_are_seen_through_files_each_read_once()
    {
        var bound = Bound.Of("import \"a.tx\"\nimport \"b.tx\"\nimport \"a.tx\"\nop f(X: f32[N]) -> Y: f32[N] { Y = g(X) }", null,
            ("a.tx", "import \"b.tx\"\nop g(X: f32[N]) -> Y: f32[N] { Y = h(X) }"), ("b.tx", "op h(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * K }\nconst K = 2"));
        Assert.NotNull(bound.Bind("f"));
        Assert.Empty(bound.Bag.Items);
        Assert.Equal(2, bound.Module.Table.Imports.Count);
    }

    [Theory]
    [InlineData("import \"a.tx\"", "import \"b.tx\"", "import \"a.tx\"", "b.tx: `a.tx` imports itself through `b.tx`")]
    [InlineData("import \"b.tx\"", "import \"a.tx\"", "import \"test.tx\"", "b.tx: `test.tx` imports itself through `b.tx`")]
    [InlineData("import \"a.tx\"", "import \"a.tx\"", "", "a.tx: `a.tx` imports itself")]
    [InlineData("import \"a.tx\"\nimport \"b.tx\"", "import \"b.tx\"", "import \"a.tx\"\nimport \"test.tx\"", "b.tx: `a.tx` imports itself through `b.tx`; b.tx: `test.tx` imports itself through `a.tx`, `b.tx`")]
    public void Imports_in_a_circle_are_refused(string root, string a, string b, string expected)
    {
        var bag = Bound.Of(root, null, ("a.tx", a), ("b.tx", b), ("test.tx", root)).Bag;
        Assert.All(bag.Items, d => Assert.Equal("TX1059", d.Code));
        Assert.Equal(expected, string.Join("; ", bag.Items.Select(d => $"{d.Span!.Value.Source.Path}: {d.Message}")));
    }

    [Fact]
    public void A_call_that_grows_too_large_is_reported_at_each_place_once()
    {
        var errors = Bound.Errors("""
            op g(a: f32) -> y: f32 { y = a + a + a + a }
            op g2(a: f32) -> y: f32 { y = g(g(g(g(g(a))))) }
            op g3(a: f32) -> y: f32 { y = g2(g2(a)) }
            op big(a: f32) -> y: f32 { y = g3(g3(a)) }
            op h(X: f32[N]) -> Y: f32[N] { Y[i] = big(X[i]) + big(X[i]) }
            op h2(X: f32[N]) -> Y: f32[N] { Y[i] = big(X[i]) }
            """);
        Assert.Equal(("TX3110", 4), Assert.Single(errors.Select(e => (e.Code, e.Span!.Value.Start.Line))));
    }

    [Fact]
    public void A_later_table_hides_an_earlier_one()
    {
        var bag = new DiagnosticBag();
        var first = DeclarationTable.Build(SyntaxParser.Parse(new("1", Ops)), (_, _) => null, null, bag);
        var second = DeclarationTable.Build(SyntaxParser.Parse(new("2", "op tail(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] }")), (_, _) => null, first, bag);
        Assert.Empty(bag.Items);
        Assert.Equal("2", second.Operators["tail"].Span.Source.Path);
        Assert.Same(first.Operators["matmul"], second.Operators["matmul"]);
    }

    /// <summary>Counts work instead of time: a stage costs the same wherever it stands.</summary>
    [Fact]
    public void A_chain_of_stencils_is_bound_in_linear_time()
    {
        Chain(50);
        var (few, many) = (Chain(200), Chain(2000));
        Assert.True(many < 30 * few, $"{few} and {many} bytes allocated");

        static long Chain(int n)
        {
            string text = "op f(s0: f32[N]) -> Y: f32[N] {\n"
                + string.Concat(Enumerable.Range(1, n).Select(k => $"s{k}[i] = s{k - 1}[i] + s{k - 1}[i + 1] + s{k - 1}[i + 2]{(k > 2 ? $" + s{k - 2}[i + 2]" : "")}\n")) + $"Y[i] = s{n}[i] ?? 0\n}}";
            var prover = new SmallSizesProver();
            var bound = Bound.Of(text, prover);
            long start = GC.GetAllocatedBytesForCurrentThread();
            var op = bound.Bind("f");
            Assert.NotNull(op);
            Assert.True(prover.Calls == 0, $"{prover.Calls} proofs");
            Assert.Equal(n + 1, op.Stages.Length);
            return GC.GetAllocatedBytesForCurrentThread() - start;
        }
    }
}
