using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

public class ExpressionTests
{
    [Theory]
    [InlineData("a + b * c", "(a Add (b Mul c))")]
    [InlineData("a - b - c", "((a Sub b) Sub c)")]
    [InlineData("a / b * c % d", "(((a Div b) Mul c) Mod d)")]
    [InlineData("a & 1 == 0", "((a And 1) Eq 0)")]
    [InlineData("a | b ^ c & d << e + f", "(a Or (b Xor (c And (d Shl (e Add f)))))")]
    [InlineData("a < b && c >= d || e != f", "(((a Lt b) AndAnd (c Ge d)) OrOr (e Ne f))")]
    [InlineData("-a * b", "((Neg a) Mul b)")]
    [InlineData("!~-a", "(Not (BitNot (Neg a)))")]
    [InlineData("a ? b : c ? d : e", "(a ? b : (c ? d : e))")]
    [InlineData("a ? b ? c : d : e", "(a ? (b ? c : d) : e)")]
    [InlineData("X[i - 1] ?? 0 + X[i + 1] ?? 0", "((X[i - 1] ?? 0) Add (X[i + 1] ?? 0))")]
    [InlineData("-X[i] ?? -Y[i] ?? 1", "(Neg (X[i] ?? (Neg (Y[i] ?? 1))))")]
    [InlineData("(a < b) == (c < d)", "((a Lt b) Eq (c Lt d))")]
    public void PrecedenceGroups(string text, string grouped) => Assert.Equal(grouped, ParsedText.Grouped(text));

    [Fact]
    public void AReductionHasBindersConditionAndBody()
    {
        var sum = Assert.IsType<ReductionSyntax>(ParsedText.Expression("exact sum(i, j in 0..n - 1 if i < j: A[i, j])"));
        Assert.True(sum.IsExact);
        Assert.Equal("sum", sum.Reducer.Text);
        Assert.Equal(["i", "j"], sum.Binders.Select(b => b.Name.Text));
        Assert.Null(sum.Binders[0].Range);
        Assert.Equal("0..n - 1", SyntaxPrinter.Print(sum.Binders[1].Range!));
        Assert.Equal("i < j", SyntaxPrinter.Print(sum.Condition!));
        Assert.Equal("exact sum(i, j in 0..n - 1 if i < j: A[i, j])", sum.Span.Text);
    }

    [Fact]
    public void ACallHasNamedArgumentsAndArrows()
    {
        var call = Assert.IsType<CallSyntax>(ParsedText.Expression("A.cache_read(L, at = root, layout = (i, k) -> [i / 8, k])"));
        Assert.Equal([null, "at", "layout"], call.Arguments.Select(a => a.Name?.Text));
        Assert.IsType<ArrowSyntax>(call.Arguments[2].Value);
        Assert.Equal("A.cache_read", SyntaxPrinter.Print(call.Target));
    }

    [Fact]
    public void SubscriptsHoldSlicesAndPacks()
    {
        var read = Assert.IsType<SubscriptSyntax>(ParsedText.Expression("X[0..2, 3.., ..S, .., i]"));
        Assert.Equal(["0..2", "3..", "..S", "..", "i"], read.Subscripts.Select(SyntaxPrinter.Print));
    }

    [Theory]
    [InlineData("1_000", 1000UL)]
    [InlineData("0xFF_ff", 65535UL)]
    [InlineData("0b1010", 10UL)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void Integers(string text, ulong value) => Assert.Equal(value, Assert.IsType<IntegerSyntax>(ParsedText.Expression(text)).Value);

    [Theory]
    [InlineData("1.5", 1.5)]
    [InlineData("1e-5", 1e-5)]
    [InlineData("2.5E+3", 2500.0)]
    [InlineData("1_0.2_5", 10.25)]
    public void Floats(string text, double value) => Assert.Equal(value, Assert.IsType<FloatSyntax>(ParsedText.Expression(text)).Value);

    [Fact]
    public void StringsHaveEscapes() =>
        Assert.Equal("a\n\"b\"\\ é", Assert.IsType<StringSyntax>(ParsedText.Expression("\"a\\n\\\"b\\\"\\\\ é\"")).Value);

    [Fact]
    public void SoftKeywordsAreNames()
    {
        var items = ParsedText.Items("queue = memory + unit * dma[run] - emit(cycles)\nexact[i] = exact(j)\ncycles = 3\nunit.queue()\nlet memory = dma");
        Assert.Equal(5, items.Count);
        Assert.Equal("exact(j)", SyntaxPrinter.Print(Assert.IsType<SimpleSyntax>(items[1]).Value!));
    }

    [Fact]
    public void ParenthesesOfASingleExpressionLeaveNoNode()
    {
        Assert.IsType<NameExpressionSyntax>(ParsedText.Expression("((a))"));
        Assert.IsType<TupleSyntax>(ParsedText.Expression("(a,)"));
        Assert.Equal("(a - b) - (c - d)".Length, ParsedText.Expression("(a - b) - (c - d)").Span.Span.Length);
    }
}
