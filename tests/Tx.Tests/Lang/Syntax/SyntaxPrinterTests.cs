using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

public class SyntaxPrinterTests
{
    [Theory]
    [InlineData("a - (b - c)", "a - (b - c)")]
    [InlineData("(a - b) - c", "a - b - c")]
    [InlineData("(a * b) + c", "a * b + c")]
    [InlineData("a & 1 == 0", "(a & 1) == 0")]
    [InlineData("a | b | c", "a | b | c")]
    [InlineData("a < b == (c < d)", null)]
    [InlineData("(a < b) == (c < d)", "(a < b) == (c < d)")]
    [InlineData("X[i] ?? 0 + 1", "(X[i] ?? 0) + 1")]
    [InlineData("-X[i] ?? -1", "-(X[i] ?? -1)")]
    [InlineData("(X[i] ?? 0)[j]", "(X[i] ?? 0)[j]")]
    [InlineData("(-a)[i] + (1).k", "(-a)[i] + (1).k")]
    [InlineData("(a ? b : c) ? d : e", "(a ? b : c) ? d : e")]
    [InlineData("a ? (b ? c : d) : (e ? f : g)", "a ? b ? c : d : e ? f : g")]
    [InlineData("sum(k if (a ? b : c): k)", "sum(k if (a ? b : c): k)")]
    [InlineData("(a,)", "(a,)")]
    [InlineData("- - a", "--a")]
    [InlineData("1e300 * 1.0 + 0.1", "1e+300 * 1.0 + 0.1")]
    [InlineData("\"a\\tb\\\"\"", "\"a\\tb\\\"\"")]
    public void ExpressionsKeepTheirGrouping(string text, string? printed)
    {
        if (printed is null)
        {
            Assert.Equal(["TX0011"], ParsedText.Codes(text));
            return;
        }
        Assert.Equal(printed, SyntaxPrinter.Print(ParsedText.Expression(text)));
        Assert.Equal(ParsedText.Grouped(text), ParsedText.Grouped(printed));
    }

    [Fact]
    public void BlocksAreIndentedAndDeclarationsApart()
    {
        const string Text = "import \"a.tx\"\n/// Doc.\nop f<T:number>(X:T[N],const k:int=2)->Y:T[N] require N>=1 {for i in 0..N,j in 0..i{Y[i]=X[i]};require N<9}\nlet y:f32[4]=f(x,k=3)";
        const string Printed = """
            import "a.tx"

            /// Doc.
            op f<T: number>(X: T[N], const k: int = 2) -> Y: T[N] require N >= 1 {
                for i in 0..N, j in 0..i {
                    Y[i] = X[i]
                }
                require N < 9
            }

            let y: f32[4] = f(x, k = 3)

            """;
        Assert.Equal(Printed, SyntaxPrinter.Print(new FileSyntax(default, ParsedText.Items(Text))));
    }

    [Fact]
    public void LongHeadersContinueBelow()
    {
        string text = $"op f(X: f32[{string.Join(", ", Enumerable.Range(0, 40).Select(i => $"N{i}"))}]) -> Y: f32[N0] require N0 >= 1 {{ Y[i] = 0 }}";
        string printed = SyntaxPrinter.Print(new FileSyntax(default, ParsedText.Items(text)));
        Assert.Contains("\n    -> Y: f32[N0]\n    require N0 >= 1\n{\n    Y[i] = 0\n}\n", printed, StringComparison.Ordinal);
        Assert.Equal(printed, SyntaxPrinter.Print(new FileSyntax(default, ParsedText.Items(printed))));
    }

    [Fact]
    public void ElseIfStaysFlat()
    {
        const string Text = "if a {\n    x = 1\n} else if b {\n    x = 2\n} else {\n    x = 3\n}\n";
        var items = ParsedText.Items(Text);
        Assert.IsType<IfSyntax>(Assert.Single(Assert.IsType<IfSyntax>(items[0]).Else));
        Assert.Equal(Text, SyntaxPrinter.Print(items[0]));
    }
}
