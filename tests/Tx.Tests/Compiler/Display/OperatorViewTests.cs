using System.Collections.Immutable;
using Tx.Core;
using Tx.Display;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Display;

/// <summary>Views of an operator and its schedule: for one CPU, so that they are the same everywhere.</summary>
public class OperatorViewTests
{
    private const string Blur = """
        op blur(I: f32[H, W]) -> B: f32[H - 2, W] require H >= 3 {
            S[y, x] = I[y, x] * 0.5
            B[y, x] = S[y, x] + S[y + 1, x] + S[y + 2, x]
        }
        schedule strips for blur on cpu {
            (yo, yi) = B.y.split(32)
            yo.parallel()
            B.x.vectorize(8)
            S.compute_at(yi, store_at = yo)
            S.y.fold(3)
        }
        op chain(A: f32[N]) -> D: f32[N] {
            B[i] = A[N - 1 - i] + 1
            C[i] = B[N - 1 - i] * 2
            D[i] = C[N - 1 - i] + A[i]
        }
        schedule apart for chain on cpu { D.i.vectorize(8) }
        """;

    private static readonly CpuTarget Target = new("host", ["avx2", "fma"], 32, 16, 32 << 10, 1 << 20, 32 << 20);

    [Fact]
    public void Nests_ShowMarksAndFigures()
    {
        using var desk = new Desk();
        var bundle = Formatters.Of(desk.Request("blur", ("H", 130), ("W", 64)).Nests());
        var root = ViewAssert.IsSound(bundle);
        Assert.Contains("for yo in 0..4 parallel", bundle.Plain, StringComparison.Ordinal);
        Assert.Contains("parallel", root.Value, StringComparison.Ordinal);
        ViewAssert.IsGolden("nests.txt", bundle.Plain);
        ViewAssert.IsGolden("nests.html", bundle.Rich!);
    }

    [Fact]
    public void Tree_SaysWhereStagesAreComputedAndStored()
    {
        using var desk = new Desk();
        var bundle = Formatters.Of(desk.Request("blur", ("H", 130), ("W", 64)).Tree());
        ViewAssert.IsSound(bundle);
        ViewAssert.IsGolden("tree.txt", bundle.Plain);
        ViewAssert.IsGolden("tree.svg", bundle.Data[DisplayBundle.SvgType]);
    }

    [Fact]
    public void Memory_ShowsTemporariesThatShareTheirPlace()
    {
        using var desk = new Desk();
        var plan = desk.Request("chain", ("N", 100_000)).Memory();
        var bundle = Formatters.Of(plan);
        ViewAssert.IsSound(bundle);
        ViewAssert.IsGolden("memory.txt", bundle.Plain);
        ViewAssert.IsGolden("memory.svg", bundle.Data[DisplayBundle.SvgType]);
        // No two buffers lie in one place at one time.
        var placed = plan.Buffers.Where(b => b.Place is BufferPlace.Workspace).ToList();
        Assert.Equal(2, placed.Count);
        foreach (var (a, b) in placed.SelectMany((a, i) => placed.Skip(i + 1).Select(b => (a, b))))
            Assert.True(a.Last < b.First || b.Last < a.First || a.Offset + a.Bytes <= b.Offset || b.Offset + b.Bytes <= a.Offset, $"{a} and {b}");
    }

    [Fact]
    public void Memory_ForAllSizes_SaysThatTheCallDecides()
    {
        using var desk = new Desk();
        var bundle = Formatters.Of(desk.Request("chain").Memory());
        ViewAssert.IsSound(bundle);
        Assert.Contains("at the call", bundle.Plain, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_ShowWhatEachLineChanged()
    {
        using var desk = new Desk();
        var applied = desk.Request("blur").Steps()!;
        var root = ViewAssert.IsSound(Formatters.Of(applied));
        Assert.Equal(applied.Function.Steps.Length, root.Descendants("details").Count());
        Assert.Contains("+ ", root.Value, StringComparison.Ordinal);
        var evidence = Formatters.Of(new StepEvidenceList(applied));
        ViewAssert.IsSound(evidence);
        Assert.Equal(applied.Function.Steps.Length, evidence.Plain.Split('\n').Count(l => l.Contains("proved: ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Assembly_KnowsTheLineOfEachProduct()
    {
        using var desk = new Desk();
        var listing = desk.Request("blur", ("H", 130), ("W", 64)).Assembly();
        ViewAssert.IsSound(Formatters.Of(listing));
        string Of(string source) => string.Join('\n', listing.Parts.Where(p => p.Source?.StartsWith(source, StringComparison.Ordinal) == true).SelectMany(p => p.Lines));
        Assert.Contains("mul", Of("S[y, x] ="), StringComparison.Ordinal);
        Assert.DoesNotContain("mul", Of("B[y, x] =").Replace("imul", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("add", Of("B[y, x] ="), StringComparison.Ordinal);
        Assert.Equal(2, listing.Parts.Select(p => p.Place).Where(p => p is not null).Distinct().Count());
    }

    /// <summary>Looking does not change what is looked at.</summary>
    [Fact]
    public void Assembly_HasTheInstructionsOfTheKernel()
    {
        using var desk = new Desk();
        var request = desk.Request("blur", ("H", 130), ("W", 64));
        var shown = request.Assembly().Parts.SelectMany(p => p.Lines).Select(Operation);
        var kernel = request.Print("asm").Split('\n').Where(l => l.StartsWith('\t') && !l.StartsWith("\t.", StringComparison.Ordinal) && !l.StartsWith("\t#", StringComparison.Ordinal)).Select(Operation);
        Assert.Equal(Counts(kernel), Counts(shown));

        static string Operation(string line) => line.Trim().Split((char[])['\t', ' '])[0];
        static IEnumerable<(string, int)> Counts(IEnumerable<string> words) => words.Where(w => !w.EndsWith(':')).GroupBy(w => w).Select(g => (g.Key, g.Count())).OrderBy(c => c.Key, StringComparer.Ordinal);
    }

    [Fact]
    public void Roofline_PutsMeasurementsUnderTheRoof()
    {
        var machine = new MachinePeaks(ElementType.F32, 1, 100, 10, 200);
        var roofline = Tx.Display.Roofline.Of("f", machine,
        [
            ("fast", new("f", "fast", [], 1, 10, 9, 7, 80, 100, 0) { Bytes = 20_000 }),
            ("slow", new("f", "slow", [], 1, 100, 90, 7, 8, 100, 0) { Bytes = 20_000 }),
            ("copies", new("f", "copies", [], 1, 100, 90, 7, 0, 100, 0) { Bytes = 20_000 }),
        ]);
        Assert.Equal([40, 40], roofline.Points.Select(p => p.Intensity));
        var bundle = Formatters.Of(roofline);
        var root = ViewAssert.IsSound(bundle);
        double[] heights = [.. root.Descendants().Where(e => e.Name.LocalName == "circle").Select(e => double.Parse(e.Attribute("cy")!.Value, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.True(heights[0] < heights[1]);
        ViewAssert.IsGolden("roofline.svg", bundle.Data[DisplayBundle.SvgType]);
        ViewAssert.IsGolden("roofline.txt", bundle.Plain);
    }

    [Fact]
    public void Roofline_OfNothing_SaysSo() =>
        Assert.Contains("nothing", Formatters.Of(Tx.Display.Roofline.Of("f", new(ElementType.F32, 2, 100, 10, 200), [])).Plain, StringComparison.Ordinal);

    [Fact]
    public void Probe_ReadsCachesFasterThanNothing()
    {
        double cache = Tx.Runtime.BandwidthProbe.MeasureReads(Tx.Runtime.BandwidthProbe.CacheBytes, 1);
        Assert.InRange(cache, 1, 5000);
    }

    [Fact]
    public void Text_WithCharactersThatXmlLacks_IsReplaced()
    {
        Assert.Equal("a\ufffdb\ufffd\nc\U0001d54f", Markup.Clean("a\0b\ud800\nc\U0001d54f"));
        ViewAssert.IsSound(Formatters.Of(new LoopNests("<&\u0001>\"", [new Tx.Lower.Schedule.Steps.StatementView("]]>", "a < b\u0008")])));
    }

    private sealed class Desk : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Session _session = new(new() { Threads = 1, Target = Target }, new Silence());

        public Desk() => Assert.NotNull(_session.Load(_folder.Write("blur.tx", Blur)));

        public OperatorRequest Request(string op, params (string Name, long Size)[] sizes) =>
            OperatorRequest.Find(_session, op, sizes.ToImmutableDictionary(s => s.Name, s => s.Size, StringComparer.Ordinal));

        public void Dispose()
        {
            _session.Dispose();
            _folder.Dispose();
        }
    }

    private sealed class Silence : ISessionOutput
    {
        public void Print(string text) { }
        public void Display(DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
        public void Report(Diagnostic diagnostic) => Assert.False(diagnostic.IsError, diagnostic.Message);
    }
}
