using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

public class NewlineTests
{
    [Theory]
    [InlineData("let a = b\n-c", 2)]
    [InlineData("let x = f\n(y)", 2)]
    [InlineData("let x = A\n[1, 2]", 2)]
    [InlineData("a = 1; b = 2;; c = 3\n\n;\n", 3)]
    [InlineData("a = b +\n  c", 1)]
    [InlineData("a = b\n  + c", 1)]
    [InlineData("a = b\n  .c()\n  .d()", 1)]
    [InlineData("a = f(b\n  - c,\n\n d)", 1)]
    [InlineData("a = b\r\n-c\r\n", 2)]
    [InlineData("a = b // comment\n-c /* more */ // and more\n", 2)]
    [InlineData("a = 1 /* a line\n ends here */ b = 2", 2)]
    [InlineData("a = X[i]\n  ?? 0", 1)]
    [InlineData("a = c\n  ? d\n  : e", 1)]
    [InlineData("op f(X: f32[N])\n  -> Y: f32[N]\n  require N >= 1,\n    N < 9\n{ Y[i] = X[i]\nrequire N > 0 }\nlet z = 1", 2)]
    [InlineData("if a {\n  b = 1\n}\nelse {\n  b = 2\n}\nc = 3", 2)]
    public void LinesEndStatements(string text, int statements) => Assert.Equal(statements, ParsedText.Items(text).Count);

    [Fact]
    public void RequireBelongsToAHeaderOnlyBeforeItsBrace()
    {
        var op = Assert.IsType<OpSyntax>(Assert.Single(ParsedText.Items("op f(X: f32[N]) -> Y: f32[N] require N > 1 {\n Y[i] = X[i]\n require N > 2\n}")));
        Assert.Single(op.Clauses);
        Assert.IsType<RequireSyntax>(op.Body[1]);
    }

    [Theory]
    [InlineData("let a = 1", true)]
    [InlineData("", true)]
    [InlineData("let a =", false)]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] {", false)]
    [InlineData("f(1,", false)]
    [InlineData("/* open", false)]
    [InlineData("f(1))", true)]
    [InlineData("let a = \"open", true)]
    public void APromptAsksForMoreWhereTheTextStopsInside(string text, bool complete) =>
        Assert.Equal(complete, SyntaxParser.IsComplete(new SourceText("<prompt>", text)));

    [Fact]
    public void DocumentationBelongsToTheItemBelow()
    {
        var items = ParsedText.Items("/// of the file\n\n/// One.\n///\n/// Two.\nop f() { }\n//// no\nlet a = 1 /// no\nlet b = 2");
        Assert.Equal("One.\n\nTwo.", items[0].Doc);
        Assert.Null(items[1].Doc);
        Assert.Null(items[2].Doc);
    }
}
