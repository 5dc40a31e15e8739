using Tx.Core;
using Tx.LanguageServices;
using Tx.Tests.Support;

namespace Tx.Tests.LanguageServices;

public class DiagnosticTests
{
    private const string Program = """
        /// A product.
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }

        const T: int = 3
        reducer largest(a: f32, b: f32) -> f32 { identity = -inf; combine = max(a, b) }
        op rows(X: f32[M, N]) -> Y: f32[M] { Y[i] = largest(j: X[i, j]) * f32(T) }

        schedule tiled for matmul on cpu {
            (io, ii) = C.i.split(4)
            io.parallel()
        }

        let A = random(f32[4, 5], seed = 1)
        let B = random(f32[5, 6], seed = 2)
        let C = matmul(A, B)
        print(rows(C))
        test "sizes" {
            assert equal(rows(zeros(f32[2, 2])), zeros(f32[2]))
        }

        """;

    [Fact]
    public void AFineProgram_HasNone()
    {
        using var desk = new Desk();
        BigStack.Run(() => Assert.Empty(desk.Diagnose(desk.Open("a.tx", Program))));
    }

    [Fact]
    public void AnEditAbove_MovesWhatIsWrong() => BigStack.Run(() =>
    {
        using var desk = new Desk();
        const string wrong = "op f(A: f32[N]) -> B: f32[N] { B[i] = A[i + 1] + unknown }\n";
        var first = desk.Diagnose(desk.Open("a.tx", wrong));
        string path = desk.Open("a.tx", "// A line above.\nlet x = 1\n" + wrong);
        var second = desk.Diagnose(path);
        Assert.Equal(first.Select(d => d.Message), second.Select(d => d.Message));
        Assert.All(second, d => Assert.Equal(3, d.Span!.Value.Start.Line));
        Assert.All(second, d => Assert.Same(desk.Workspace.Find(path)!.Text, d.Span!.Value.Source));
        Assert.Equal("unknown", second.First(d => d.Message.Contains("unknown", StringComparison.Ordinal)).Span!.Value.Text);
    });

    [Fact]
    public void LabelsAndFixes_SpeakOfTheTextAsItIs() => BigStack.Run(() =>
    {
        using var desk = new Desk();
        const string wrong = "op f(A: f32[N]) -> B: f32[N] { B[i] = A[i] }\nop f(A: f32[N]) -> B: f32[N] { B[i] = A[i] }\nlet y = rando(f32[2])\n";
        desk.Diagnose(desk.Open("a.tx", wrong));
        string path = desk.Open("a.tx", "let x = 1\n" + wrong);
        var found = desk.Diagnose(path);
        var twice = found.Single(d => d.Labels.Length > 0);
        Assert.Equal((3, 2), (twice.Span!.Value.Start.Line, twice.Labels[0].Span.Start.Line));
        var fix = found.Single(d => d.Fix is not null).Fix!;
        Assert.Equal("rando", fix.Span.Text);
        Assert.Same(desk.Workspace.Find(path)!.Text, fix.Span.Source);
    });

    /// <summary>What is kept from edit to edit never hides or keeps a message.</summary>
    [Fact]
    public void AfterEdits_TheSameIsFoundAsInAFreshDocument() => BigStack.Run(() =>
    {
        using var desk = new Desk();
        var random = new Random(7);
        string text = Program;
        string[] pieces = ["", "q", "1", "sum", " + 1", "\n", "\n\n", "B", "tail = pad", "}", "{", "// c\n", ", 2", "matmul", "largest", "T", "let z = 1\n", "op g(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] }\n"];
        for (int n = 0; n < 60; n++)
        {
            int start = random.Next(text.Length), length = random.Next(3) == 0 ? random.Next(12) : 0;
            string edited = text[..start] + pieces[random.Next(pieces.Length)] + text[Math.Min(text.Length, start + length)..];
            string path = desk.Open("a.tx", edited);
            var kept = desk.Diagnose(path);
            using var fresh = new LanguageService();
            List<Diagnostic> expected = [.. fresh.Diagnose(desk.Workspace, path), .. fresh.DiagnoseStatements(desk.Workspace, path)];
            Assert.True(Lines(expected).SequenceEqual(Lines(kept)), $"edit {n}:\n{edited}\n---- fresh\n{string.Join('\n', Lines(expected))}\n---- kept\n{string.Join('\n', Lines(kept))}");
            // Mend it now and then, so that there is something to keep.
            text = random.Next(3) == 0 || expected.Count > 3 ? Program : edited;
        }
    });

    /// <summary>Programs of the repository: the same codes in the same places as <c>tx check</c> finds in the file itself.</summary>
    [Fact]
    public void Programs_AreJudgedAsByCheck() => BigStack.Run(() =>
    {
        using var service = new LanguageService();
        var files = Repository.Sources("examples", "*.tx").Concat(Repository.Sources("lib", "*.tx"))
            .Append(Repository.PathOf("tests", "cases", "run", "recurrences.tx"));
        foreach (string file in files)
        {
            var workspace = Workspace.Empty.With(DocumentSnapshot.Of(file, File.ReadAllText(file)));
            List<Diagnostic> found = [.. service.Diagnose(workspace, file), .. service.DiagnoseStatements(workspace, file)];
            var output = new Recorded();
            using var session = new Session(new() { Threads = 1 }, output);
            session.Check(file);
            Assert.Equal(output.Found.Where(d => d.Span?.Source.Path == file).Select(d => $"{d.Code} {d.Span?.Start}").Order(StringComparer.Ordinal).Distinct(), found.Where(d => !d.Labels.Any(l => l.Span.Source.Path != file)).Select(d => $"{d.Code} {d.Span?.Start}").Order(StringComparer.Ordinal).Distinct());
        }
    });

    [Fact]
    public void AnErrorInAnImport_IsToldWhereItIsImported() => BigStack.Run(() =>
    {
        using var desk = new Desk();
        desk.File("ops.tx", "op f(A: f32[N]) -> B: f32[N] { B[i] = A[i] }\nlet x = (1\n");
        string path = desk.Open("a.tx", "// first\nimport \"ops.tx\"\nlet y = f(zeros(f32[2]))\n");
        var error = Assert.Single(desk.Diagnose(path));
        Assert.Equal("import \"ops.tx\"", error.Span!.Value.Text);
        Assert.StartsWith("ops.tx: ", error.Message, StringComparison.Ordinal);
        Assert.Equal("ops.tx", Path.GetFileName(error.Labels[^1].Span.Source.Path));
    });

    [Fact]
    public void AnOpenImport_IsSeenAsItIsNow() => BigStack.Run(() =>
    {
        using var desk = new Desk();
        desk.File("ops.tx", "");
        string path = desk.Open("a.tx", "import \"ops.tx\"\nlet y = f(zeros(f32[2]))\n");
        Assert.Single(desk.Diagnose(path));
        string ops = desk.Open("ops.tx", "op f(A: f32[N]) -> B: f32[N] { B[i] = A[i] }\n");
        Assert.Empty(desk.Diagnose(path));
        desk.Close(ops);
        Assert.Single(desk.Diagnose(path));
    });

    [Fact]
    public void ACancelledCheck_IsTakenUpAgain() => BigStack.Run(() =>
    {
        using var desk = new Desk();
        string path = desk.Open("a.tx", Program);
        Assert.ThrowsAny<OperationCanceledException>(() => desk.Service.Diagnose(desk.Workspace, path, new CancellationToken(canceled: true)));
        Assert.Empty(desk.Diagnose(path));
    });

    private static List<string> Lines(IEnumerable<Diagnostic> found) =>
        [.. found.Select(d => $"{d.Code} {d.Span?.Span} {d.Message} {string.Join(' ', d.Labels.Select(l => $"{l.Span.Span} {l.Text}"))} {d.Fix?.Span.Span} {d.Fix?.Replacement}").Order(StringComparer.Ordinal)];

    private sealed class Recorded : ISessionOutput
    {
        public List<Diagnostic> Found { get; } = [];
        public void Report(Diagnostic diagnostic) => Found.Add(diagnostic);
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
    }
}
