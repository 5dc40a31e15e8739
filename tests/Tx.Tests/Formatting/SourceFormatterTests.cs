using Tx.Core;
using Tx.Lang.Formatting;
using Tx.Lang.Generated;
using Tx.Lang.Syntax;
using Tx.Tests.Support;

namespace Tx.Tests.Formatting;

public class SourceFormatterTests
{
    private static string Format(string text) => SourceFormatter.Format(new("t.tx", text)).Text ?? throw new InvalidOperationException("refused");

    [Fact]
    public void EveryProgram_FormatsToTheSameTreeAndStays()
    {
        foreach (var program in Corpus.Parsed)
        {
            string once = Format(program.Text);
            Assert.True(once == Format(once), $"{program.Path} changes when it is formatted again:\n{once}\n----\n{Format(once)}");
            var (before, after) = (SyntaxParser.Parse(program), SyntaxParser.Parse(new(program.Path, once)));
            Assert.True(!after.Diagnostics.Any(d => d.IsError), $"{program.Path}:\n{once}");
            Assert.True(SyntaxPrinter.Print(before.Root) == SyntaxPrinter.Print(after.Root), $"{program.Path} means something else:\n{once}");
            Assert.Equal(Docs(before), Docs(after));
        }
    }

    [Fact]
    public void EveryProgram_WithRandomSpacesFormatsToTheSame()
    {
        foreach (var program in Corpus.Parsed)
            for (int seed = 0; seed < 3; seed++)
            {
                string changed = LayoutNoise.Apply(program, new Random(seed));
                Assert.True(Types(program.Text).SequenceEqual(Types(changed)), $"the noise changed {program.Path}:\n{changed}");
                string expected = Format(program.Text), given = Format(changed);
                Assert.True(expected == given, $"{program.Path}, seed {seed}:\n{changed}\n---- expected\n{expected}\n---- given\n{given}");
            }
    }

    [Fact]
    public void EveryComment_StaysWithItsToken()
    {
        var marks = new[] { "// ünïcode", "/* a /* nested */ b */", "/* two\n   lines */", "/// not documentation" };
        foreach (var program in Corpus.Parsed.Where(p => p.Text.Length < 4000))
        {
            var random = new Random(program.Text.Length);
            string text = program.Text;
            // Comments at the ends of lines and in lines of their own.
            var lines = text.Split('\n').Select(l => random.Next(4) switch
            {
                0 when !l.Contains("//", StringComparison.Ordinal) => $"{l} {marks[random.Next(marks.Length)]}",
                1 => $"{l}\n  {marks[random.Next(3)]}",
                _ => l,
            });
            string commented = string.Join('\n', lines);
            var source = new SourceText(program.Path, commented);
            if (SyntaxParser.Parse(source).Diagnostics.Any(d => d.IsError)) continue;
            string once = Format(commented);
            Assert.True(Neighbours(commented).SequenceEqual(Neighbours(once)), $"{program.Path}: a comment moved:\n{commented}\n----\n{once}");
            Assert.True(once == Format(once), $"{program.Path} changes when it is formatted again:\n{once}\n----\n{Format(once)}");
            Assert.Equal(Docs(SyntaxParser.Parse(source)), Docs(SyntaxParser.Parse(new(program.Path, once))));
        }
    }

    [Fact]
    public void LibraryAndExamples_AreFormatted()
    {
        foreach (string file in Repository.Sources("lib", "*.tx").Concat(Repository.Sources("examples", "*.tx")))
            Assert.True(Format(File.ReadAllText(file)) == File.ReadAllText(file), $"run `./tx fmt {Path.GetRelativePath(Repository.Root, file)}`");
    }

    [Fact]
    public void NoLine_IsLongerThanItMustBe()
    {
        foreach (var program in Corpus.Parsed)
            foreach (var line in ItemWriter.Write(ItemReader.Read(program, LayoutNoise.Filtered(program))))
                Assert.True(line.Indent + line.Code.Length <= SourceFormatter.Width || line.Code.StartsWith('/') || line.Code.Split(' ').Length <= 4, line.Code);
    }

    [Theory]
    [InlineData("let  x=1+2 *-3", "let x = 1 + 2 * -3\n")]
    [InlineData("op f<T:number>(X:T[.. S])->Y:T[..S]{Y[..i]=max(X[..i],0)}", "op f<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = max(X[..i], 0) }\n")]
    [InlineData("let x = a?b:c ? d : e", "let x = a ? b : c ? d : e\n")]
    [InlineData("print(C[0 .. 2,1 ..,..])", "print(C[0..2, 1.., ..])\n")]
    [InlineData("let y = X[i+1]??0", "let y = X[i + 1] ?? 0\n")]
    [InlineData("test \"t\" { assert a }", "test \"t\" {\n    assert a\n}\n")]
    [InlineData("target t{unit load{dma dram->inp;run a,b};queue a<->b}", "target t {\n    unit load { dma dram -> inp; run a, b }\n    queue a <-> b\n}\n")]
    [InlineData("schedule s for f on cpu(\"avx2\"){knob a in[1,2]=1;require a*2<=4\n}", "schedule s for f on cpu(\"avx2\") { knob a in [1, 2] = 1; require a * 2 <= 4 }\n")]
    [InlineData("strategy s(n:int)->a:loop{if n>1{a=b}else if n>0{a=c}else{a=d}}", "strategy s(n: int) -> a: loop {\n    if n > 1 { a = b } else if n > 0 { a = c } else { a = d }\n}\n")]
    [InlineData("a;\nb;;c\n;;\n", "a\nb; c\n")]
    [InlineData("\r\n\r\na\r\n\r\n\r\nb  ", "a\n\nb\n")]
    [InlineData("let Y = exact   sum (k if k<=i:A[i,k])", "let Y = exact sum(k if k <= i: A[i, k])\n")]
    [InlineData("W.layout((n,k)->[n/16,k/16])", "W.layout((n, k) -> [n / 16, k / 16])\n")]
    [InlineData("emit llvm \"x\" (a,b)->c", "emit llvm \"x\"(a, b) -> c\n")]
    [InlineData("let a = [\n]", "let a = []\n")]
    [InlineData("", "")]
    [InlineData("// only a comment", "// only a comment\n")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] {\n}", "op f(X: f32[N]) -> Y: f32[N] {}\n")]
    public void Layout_IsTheOne(string given, string expected) => Assert.Equal(expected, Format(given));

    [Fact]
    public void Equations_AreAlignedInRuns() => Assert.Equal("""
        op f(X: f32[N]) -> Y: f32[N] {
            // A comment, a blank line or another statement ends a run.
            peak[i] = X[i]
            e[i]    = X[i]  // short

            a_long_name[i, j] = 1
            t: f32[N]
            Y[i]              = 2
            a_far_longer_name_than_that[i] = 3
        }

        """.Replace("Y[i]              = 2", "Y[i] = 2", StringComparison.Ordinal), Format("""
        op f(X: f32[N]) -> Y: f32[N] { // A comment, a blank line or another statement ends a run.
        peak[i] = X[i]
        e[i] = X[i] // short

        a_long_name[i, j] = 1
        t: f32[N]
        Y[i] = 2
        a_far_longer_name_than_that[i] = 3
        }
        """.Replace("{ //", "{\n//", StringComparison.Ordinal)));

    [Fact]
    public void LongStatements_AreBrokenAtTheOutermostPlaces() => Assert.Equal("""
        assert close(
            matmul(random(f32[37, 301], seed = 1), random(f32[301, 45], seed = 2), using = tiled),
            reference(matmul(random(f32[37, 301], seed = 1), random(f32[301, 45], seed = 2))), rtol = 1e-4,
            atol = 1e-4
        )
        op conv2d(X: f32[N, C, H, W], F: f32[O, C, R, S], const stride: int = 1, const pad: int = 0)
            -> Y: f32[N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1]
            require stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S
        {
            Y[n, o, y, x] = sum(c, r, s: (X[n, c, y * stride + r - pad, x * stride + s - pad] ?? 0) * F[o, c, r, s])
        }

        """, Format("""
        assert close(matmul(random(f32[37, 301], seed = 1), random(f32[301, 45], seed = 2), using = tiled), reference(matmul(random(f32[37, 301], seed = 1), random(f32[301, 45], seed = 2))), rtol = 1e-4, atol = 1e-4)
        op conv2d(X: f32[N, C, H, W], F: f32[O, C, R, S], const stride: int = 1, const pad: int = 0) -> Y: f32[N, O, (H + 2 * pad - R) / stride + 1, (W + 2 * pad - S) / stride + 1] require stride >= 1, pad >= 0, H + 2 * pad >= R, W + 2 * pad >= S { Y[n, o, y, x] = sum(c, r, s: (X[n, c, y * stride + r - pad, x * stride + s - pad] ?? 0) * F[o, c, r, s]) }
        """));

    [Fact]
    public void TextWithErrors_IsRefused()
    {
        var result = SourceFormatter.Format(new("t.tx", "let x = (1"));
        Assert.Null(result.Text);
        Assert.Contains(result.Diagnostics, d => d.IsError);
    }

    [Fact]
    public void ALongList_TakesLinearTime()
    {
        string list = $"let x = [{string.Join(",", Enumerable.Range(0, 20_000))}]";
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(Format(list), Format(Format(list)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), watch.Elapsed.ToString());
    }

    private static List<string> Docs(SyntaxTree tree) => [.. tree.Root.DescendantsAndSelf().OfType<ItemSyntax>().Select(i => i.Doc ?? "")];

    private static List<int> Types(string text) => [.. LayoutNoise.Filtered(new("t.tx", text)).Select(t => t.Type)];

    /// <summary>Of each comment: its text without line ends, the token before it where that is in its line, else the token after it.</summary>
    private static List<string> Neighbours(string text)
    {
        var source = new SourceText("t.tx", text);
        var found = new List<string>();
        int end = 0, count = 0;
        foreach (var token in LayoutNoise.Filtered(source).Where(t => t.Type is not (TxLexer.NL or TxLexer.SEMI)))
        {
            var gap = Gap.Read(text.AsSpan(end, Math.Max(0, token.StartIndex - end)));
            bool isTrailing = true;
            foreach (var c in gap.Comments)
            {
                isTrailing &= c.LinesBefore == 0;
                found.Add($"{(isTrailing ? count : count + 1)} {c.Text}");
            }
            end = token.StopIndex + 1;
            count++;
        }
        return found;
    }
}
