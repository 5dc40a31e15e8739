using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

/// <summary>Short ways to parse a text and to look at the result.</summary>
internal static class ParsedText
{
    public static SyntaxTree Parse(string text) => SyntaxParser.Parse(new SourceText("<test>", text));

    /// <summary>The items of a text without errors.</summary>
    public static ValueArray<ItemSyntax> Items(string text)
    {
        var tree = Parse(text);
        Assert.Equal([], tree.Diagnostics.Select(d => $"{d.Span}: {d.Code} {d.Message}"));
        return tree.Root.Items;
    }

    public static ExpressionSyntax Expression(string text) => Assert.IsType<SimpleSyntax>(Assert.Single(Items(text))).Target;

    /// <summary>The expression with every operation in parentheses.</summary>
    public static string Grouped(string text) => Grouped(Expression(text));

    private static string Grouped(ExpressionSyntax e) => e switch
    {
        BinarySyntax b => $"({Grouped(b.Left)} {b.Op} {Grouped(b.Right)})",
        UnarySyntax u => $"({u.Op} {Grouped(u.Operand)})",
        ConditionalSyntax c => $"({Grouped(c.Condition)} ? {Grouped(c.Then)} : {Grouped(c.Else)})",
        DefaultSyntax d => $"({Grouped(d.Read)} ?? {Grouped(d.Default)})",
        _ => SyntaxPrinter.Print(e),
    };

    public static string[] Codes(string text) => [.. Parse(text).Diagnostics.Select(d => d.Code)];

    public static string Apply(string text, Fix fix) =>
        text.Remove(fix.Span.Span.Start, fix.Span.Span.Length).Insert(fix.Span.Span.Start, fix.Replacement);
}
