using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

/// <summary>No text makes the parser throw, overflow the stack, or take more than linear time.</summary>
public class HostileTextTests
{
    private const int Many = 100_000;

    private static string Repeat(string text, int count = Many) => string.Concat(Enumerable.Repeat(text, count));

    [Theory]
    [InlineData("(", "")]
    [InlineData("x = (", "")]
    [InlineData("{", "")]
    [InlineData("x = a ? ", "")]
    [InlineData("f(a[", "")]
    public void BracketsAndConditionalsNestToALimit(string part, string end)
    {
        var error = Assert.Single(ParsedText.Parse(Repeat(part) + end).Diagnostics);
        Assert.Equal("TX0013", error.Code);
    }

    [Theory]
    [InlineData("x = ", "-", "1")]
    [InlineData("x = a", ".b", "")]
    [InlineData("x = a", "(1)", "")]
    [InlineData("x = a", "[1]", "")]
    [InlineData("x = a", " + a", "")]
    [InlineData("x = ", "a ? b : ", "c")]
    [InlineData("x = a[0]", " ?? a[0]", "")]
    public void ChainsGrowToALimit(string start, string part, string end)
    {
        Assert.Equal("TX0013", Assert.Single(ParsedText.Parse(start + Repeat(part) + end).Diagnostics).Code);
        var shortEnough = ParsedText.Parse(start + Repeat(part, SyntaxBuilder.MaxDepth - 2) + end);
        Assert.Empty(shortEnough.Diagnostics);
        // Whatever walks the tree by recursion gets along.
        _ = shortEnough.Root.GetHashCode();
        Assert.Empty(ParsedText.Parse(SyntaxPrinter.Print(shortEnough.Root)).Diagnostics);
    }

    [Theory]
    [InlineData("/*")]
    [InlineData("\"")]
    [InlineData("\0")]
    [InlineData("\uD800")]
    [InlineData("é")]
    [InlineData("]")]
    [InlineData("(]")]
    [InlineData("; ")]
    [InlineData("op f( {\n")]
    [InlineData("x = \n1 2\n")]
    [InlineData("\\")]
    [InlineData("else ")]
    [InlineData("if a { } else ")]
    [InlineData("x = {\n")]
    public void AnythingEndsInATree(string part)
    {
        var tree = ParsedText.Parse(Repeat(part, 20_000));
        Assert.InRange(tree.Diagnostics.Length, part == "; " ? 0 : 1, 100);
    }

    [Fact]
    public void ALineOfTenMegabytesIsRead()
    {
        Assert.Empty(ParsedText.Parse("x = " + new string('a', 10_000_000)).Diagnostics);
        Assert.Equal(["TX0006"], ParsedText.Codes("x = " + new string('9', 10_000_000)));
        Assert.Equal(["TX0020"], ParsedText.Codes("x = [" + Repeat("1,", 5_000_000) + "]"));
    }

    [Fact]
    public void MutationsOfProgramsNeverThrow()
    {
        var random = new Random(20261121);
        string[] programs = [.. ExampleTests.Files().Select(File.ReadAllText)];
        string[] pieces = ["(", ")", "[", "]", "{", "}", "\"", "/*", "*/", "\n", ";", ":", "?", "..", "->", "op ", "let ", "= ", "1.", "3x", "\0", "\uDC00", "é", "??", "- ", "exact "];
        int errors = 0;
        for (int i = 0; i < 500; i++)
        {
            string text = programs[random.Next(programs.Length)];
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                int at = random.Next(text.Length);
                text = random.Next(3) switch
                {
                    0 => text.Insert(at, pieces[random.Next(pieces.Length)]),
                    1 => text.Remove(at, Math.Min(random.Next(1, 8), text.Length - at)),
                    _ => text[..at] + pieces[random.Next(pieces.Length)] + text[Math.Min(text.Length, at + 1)..],
                };
            }
            var tree = ParsedText.Parse(text);
            errors += tree.Diagnostics.Length;
            if (tree.Diagnostics.IsEmpty) Assert.Empty(ParsedText.Parse(SyntaxPrinter.Print(tree.Root)).Diagnostics);
        }
        // About two edits a text: recovery keeps the number of errors in that order.
        Assert.InRange(errors, 300, 1500);
    }

    [Fact]
    public void RandomTextNeverThrows()
    {
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            char[] text = new char[random.Next(400)];
            for (int k = 0; k < text.Length; k++) text[k] = random.Next(4) == 0 ? (char)random.Next(0x10000) : (char)random.Next(9, 127);
            Assert.NotNull(ParsedText.Parse(new string(text)).Root);
        }
    }
}
