using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

public class SyntaxErrorTests
{
    /// <summary>One mistake, one error; where it has an edit, the edit mends the text.</summary>
    [Theory]
    [InlineData("TX0001", "let x =")]
    [InlineData("TX0001", "let x = * 3")]
    [InlineData("TX0001", "let x 3")]
    [InlineData("TX0001", "op f(X f32[N]) -> Y: f32[N] { Y[i] = X[i] }")]
    [InlineData("TX0001", "op f(X: f32[N]) Y: f32[N] { Y[i] = X[i] }")]
    [InlineData("TX0001", "op f(X: f32[N]) -> Y: f32[N]\n")]
    [InlineData("TX0001", "for i in 0 { x = 1 }")]
    [InlineData("TX0001", "print x")]
    [InlineData("TX0001", "import matmul")]
    [InlineData("TX0002", "let x = f(a, b\nlet y = 2")]
    [InlineData("TX0002", "let x = f(a[i)\nlet y = 2")]
    [InlineData("TX0002", "op f(X: f32[N] -> Y: f32[N] {\n Y[i] = X[i]\n}")]
    [InlineData("TX0002", "op f(X: f32[N]) -> Y: f32[N] {\n for i in 0..N {\n Y[i] = X[i]\n}\nop g() { }")]
    [InlineData("TX0002", "schedule s for f {\n yo.parallel(\n xi.vectorize()\n zo.unroll()\n}")]
    [InlineData("TX0003", "let x = a)")]
    [InlineData("TX0003", "}\nlet x = 2")]
    [InlineData("TX0004", "let x = f(a]")]
    [InlineData("TX0005", "let x = 3x + 1")]
    [InlineData("TX0005", "let x = 0b12")]
    [InlineData("TX0006", "let x = 18446744073709551616")]
    [InlineData("TX0006", "let x = 1e999")]
    [InlineData("TX0007", "let x = 1. + 2")]
    [InlineData("TX0007", "let x = 1.")]
    [InlineData("TX0007", "let x = .5")]
    [InlineData("TX0007", "let x = 2.e5")]
    [InlineData("TX0008", "print(\"abc)\nlet y = 2")]
    [InlineData("TX0009", "let x = 1 /* a /* b */")]
    [InlineData("TX0010", "let x = a $ b")]
    [InlineData("TX0010", "let x = 'abc'")]
    [InlineData("TX0010", "let x = 3 − 2")]
    [InlineData("TX0011", "let x = a < b < c")]
    [InlineData("TX0012", "let x = f(a) ?? 3")]
    [InlineData("TX0014", "let x = random(seed: 1)")]
    [InlineData("TX0014", "let x = random(f32[3], seed: s + 1)")]
    [InlineData("TX0015", "let x = \"a\\qb\"")]
    [InlineData("TX0016", "let x = a let y = 2")]
    [InlineData("TX0017", "let in = 3")]
    [InlineData("TX0018", "let x = a and b")]
    [InlineData("TX0018", "let x = not a")]
    [InlineData("TX0018", "assert a = b")]
    [InlineData("TX0018", "let x := 3")]
    [InlineData("TX0018", "let x = A[1:3]")]
    [InlineData("TX0018", "let x = a ** b")]
    [InlineData("TX0019", "let x = sum(k in 0..n)")]
    [InlineData("TX0021", "let x = exact f(3)")]
    public void OneMistakeGivesOneError(string code, string text)
    {
        var error = Assert.Single(ParsedText.Parse(text).Diagnostics);
        Assert.Equal(code, error.Code);
        Assert.False(string.IsNullOrEmpty(error.Help));
        if (error.Fix is { } fix) Assert.Equal([], ParsedText.Codes(ParsedText.Apply(text, fix)));
    }

    [Fact]
    public void MessagesSpeakOfTheLanguage()
    {
        Assert.Equal("expected an expression, found `*`", Message("let x = * 3"));
        Assert.Equal("expected an expression, found the end of the line", Message("let x =\nlet y = 2"));
        Assert.Equal("expected `{`, found the end of the line", Message("op f(X: f32[N]) -> Y: f32[N]\nlet x = 1"));
        Assert.Equal("expected a name, found `3`", Message("op 3() { }"));
        Assert.Equal("the character U+0000 has no meaning here", Message("\0"));

        static string Message(string text) => Assert.Single(ParsedText.Parse(text).Diagnostics).Message;
    }

    [Fact]
    public void EveryStatementReportsItsOwnError()
    {
        const string Text = "let a = 1 2\nlet b = 3\nop f(X: f32[N]) -> Y: f32[N] {\n  Y[i] = * 2\n  Y[i] = X[i\n  Z[i] = 1 +\n}\nlet c = )\nlet d = 4";
        var tree = ParsedText.Parse(Text);
        Assert.Equal([1, 4, 5, 6, 8], tree.Diagnostics.Select(d => d.Span!.Value.Start.Line));
        Assert.Contains(tree.Root.Items, i => i is LetSyntax { Target: NameExpressionSyntax { Name: "b" } });
        Assert.Contains(tree.Root.Items, i => i is LetSyntax { Target: NameExpressionSyntax { Name: "d" } });
        Assert.Equal(3, Assert.Single(tree.Root.Items.OfType<OpSyntax>()).Body.Count);
    }

    [Fact]
    public void AFaultyStatementKeepsItsNamesAndLosesItsValue()
    {
        var items = ParsedText.Parse("let a = f(b $ c)\nprint(d e)\nlet in = 2\nimport\n").Root.Items;
        Assert.Equal(2, items.Count);
        var let = Assert.IsType<LetSyntax>(items[0]);
        Assert.Equal("a", Assert.IsType<NameExpressionSyntax>(let.Target).Name);
        Assert.IsType<ErrorExpressionSyntax>(let.Value);
        Assert.IsType<ErrorExpressionSyntax>(Assert.IsType<SimpleSyntax>(items[1]).Target);
    }

    [Fact]
    public void AnUnclosedBracketIsReportedAtItself()
    {
        var error = Assert.Single(ParsedText.Parse("schedule s for f {\n  yo.parallel(\n  xi.vectorize()\n}").Diagnostics);
        Assert.Equal(new LinePosition(2, 14), error.Span!.Value.Start);
    }

    [Fact]
    public void ErrorsAreLimitedInNumber() =>
        Assert.Equal(100, ParsedText.Parse(string.Concat(Enumerable.Repeat("let x = 1 2\n", 5000))).Diagnostics.Length);

    [Fact]
    public void CodesAreUniqueAndDescribed()
    {
        var descriptors = typeof(SyntaxDiagnostics).GetFields().Select(f => (DiagnosticDescriptor)f.GetValue(null)!).ToList();
        Assert.Equal(descriptors.Count, descriptors.Select(d => d.Code).Distinct().Count());
        Assert.All(descriptors, d => Assert.Matches("^TX0[0-9]{3}$", d.Code));
        Assert.All(descriptors, d => Assert.NotEmpty(d.Help));
    }
}
