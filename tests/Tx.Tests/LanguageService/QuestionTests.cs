using Tx.Core;
using Tx.LanguageServices;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Tests.Formatting;
using Tx.Tests.Support;

namespace Tx.Tests.LanguageServices;

/// <summary>Hover, definitions, completion and what else is asked about a place.</summary>
public sealed class QuestionTests : IDisposable
{
    private const string Ops = """
        /// A product.
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }

        op softmax(X: f32[M, N]) -> Y: f32[M, N] {
            peak[i] = max(j: X[i, j])
            Y[i, j] = exp(X[i, j] - peak[i])
        }
        op attention(Q: f32[T, D]) -> O: f32[T, D] {
            weights = softmax(Q)
            O[t, d] = weights[t, d] * 2
        }
        const LIMIT: int = 4
        strategy halves(l: loop) -> outer: loop, inner: loop { (outer, inner) = l.split(2) }

        """;

    private readonly Desk _desk = new();

    public QuestionTests() => _desk.File("ops.tx", Ops);

    public void Dispose() => _desk.Dispose();

    [Theory]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum($j: X[i, j]) }", "j in 0..N")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum(j: X[i, $j]) }", "j in 0..N")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M] { Y[$i] = sum(j: X[i, j]) }", "i in 0..M")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N - 2] { Y[i] = X[$i] + X[i + 2] }", "i in 0..N - 2")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N + 1] {\n Y[0] = 0\n for i in 0..N { Y[$i + 1] = Y[i] + X[i] } }", "i in 0..N")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M] {\n s[i] = sum(j: X[i, j])\n Y[i] = $s[i] }", "s: f32[M]")]
    [InlineData("op f($X: u8[M, N]) -> Y: u8[M, N] { Y[i, j] = X[i, j] }", "X: u8[M, N]")]
    [InlineData("op f(X: f32[M, $N]) -> Y: f32[M] { Y[i] = sum(j: X[i, j]) }", "a dimension of `f`")]
    [InlineData("import \"ops.tx\"\nlet y = $matmul(zeros(f32[2, 2]), zeros(f32[2, 2]))", "A product.")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.$k.split(2) }", "k in 0..K")]
    [InlineData("import \"ops.tx\"\nschedule s for attention on cpu { weights.peak.$j.split(2) }", "j in 0..N")]
    [InlineData("import \"ops.tx\"\nschedule s for attention on cpu { weights.$peak.inline() }", "peak: f32[M]")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.k.$split(2) }", "cuts a loop")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n (ko, ki) = C.k.split(2)\n $ko.unroll()\n}", "a loop")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = $exp(X[i]) }", "e to the power x")]
    [InlineData("le$t x = 1", "binds a value")]
    public void Hover_Says(string text, string expected) => BigStack.Run(() => Assert.Contains(expected, _desk.Hover(text), StringComparison.Ordinal));

    [Fact]
    public void Hover_OnAValueGivesItsType() => BigStack.Run(() =>
    {
        string path = _desk.Open("v.tx", "import \"ops.tx\"\nlet x = zeros(f32[2, 3])\nlet y = matmul(x, zeros(f32[3, 4]))\nprint(y)\n");
        Assert.Empty(_desk.Diagnose(path));
        Assert.Contains("let y: f32[2, 4]", _desk.Service.Hover(_desk.Workspace, path, _desk.Workspace.Find(path)!.Text.Text.LastIndexOf('y'))!.Markdown, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.$k.split(2) }", "ops.tx: k: A[i, k]")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.$i.split(2) }", "ops.tx: i, j] = sum(k")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { $C.inline() }", "ops.tx: C[i, j] = sum(k")]
    [InlineData("import \"ops.tx\"\nschedule s for attention on cpu { weights.$peak.inline() }", "ops.tx: peak[i] = max")]
    [InlineData("import \"ops.tx\"\nschedule s for attention on cpu { weights.peak.$j.split(2) }", "ops.tx: j: X[i, j])")]
    [InlineData("import \"ops.tx\"\nschedule s for $matmul on cpu { }", "ops.tx: matmul(A")]
    [InlineData("import \"ops.tx\"\nlet y = $matmul(zeros(f32[2, 2]), zeros(f32[2, 2]))", "ops.tx: matmul(A")]
    [InlineData("import \"ops.tx\"\nlet y = matmul($B = zeros(f32[2, 2]), A = zeros(f32[2, 2]))", "ops.tx: B: f32[K, N]) -> C")]
    [InlineData("import \"o$ps.tx\"", "ops.tx: /// A product.")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n (ko, ki) = C.k.split(2)\n k$o.unroll()\n}", "definition.tx: ko, ki) = C.k.split(2)")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n (ko, ki) = $halves(C.k)\n}", "ops.tx: halves(l: loop)")]
    [InlineData("import \"ops.tx\"\nschedule a for matmul on cpu { C.i.parallel() }\nschedule s for matmul on cpu extends $a { }", "definition.tx: a for matmul")]
    [InlineData("import \"ops.tx\"\nop f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * f32($LIMIT) }", "ops.tx: LIMIT: int = 4")]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M] {\n s[i] = sum(j: X[i, j])\n Y[i] = $s[i] }", "definition.tx: s[i] = sum")]
    [InlineData("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[$i] }", "definition.tx: i] = X[i] }")]
    [InlineData("op f(X: f32[..S]) -> Y: f32[..S] { Y[..i] = X[..$i] }", "definition.tx: i] = X[..i] }")]
    [InlineData("let x = 1\nlet y = $x + 1", "definition.tx: x = 1")]
    [InlineData("test \"t\" {\n let x = 1\n assert $x == 1\n}", "definition.tx: x = 1")]
    public void Definition_Leads(string text, string expected) => BigStack.Run(() => Assert.StartsWith(expected, _desk.Definition(text), StringComparison.Ordinal));

    [Theory]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n C.$\n}", "k,i,reorder,compute_at", "split")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n C.k.$\n}", "split,vectorize", "compute_at,k")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n (ko, ki) = C.k.split(2)\n ko.$\n}", "unroll", "reorder")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu {\n t = C.cache_write(at = root)\n t.$\n}", "compute_at", "unroll")]
    [InlineData("import \"ops.tx\"\nschedule s for attention on cpu {\n weights.$\n}", "peak,i,j,inline", "split")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.k.split(2, tail = $) }", "guard,pad", "root")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.k.split(2, $) }", "tail", "memory")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.i.bind(block.$) }", "x,y,z", "split")]
    [InlineData("import \"ops.tx\"\nschedule s for $", "matmul,softmax", "exp")]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on $", "cpu,gpu", "matmul")]
    [InlineData("import \"ops.tx\"\nschedule a for matmul on cpu { }\nlet y = matmul(zeros(f32[2, 2]), zeros(f32[2, 2]), using = $)", "a", "exp")]
    [InlineData("import \"ops.tx\"\nlet y = matmul($)", "A,B,zeros", "exp")]
    [InlineData("import \"ops.tx\"\nop f(X: f32[M, N]) -> Y: f32[M] { Y[i] = su$ }", "sum,exp,X,M,i,matmul,LIMIT", "print,split")]
    [InlineData("import \"ops.tx\"\n$", "op,schedule,let,matmul", "split,guard")]
    [InlineData("let x: $", "f32,i8,bool", "op")]
    [InlineData("import \"$\"", "ops.tx", "op")]
    [InlineData("// wo$", "", "op,let")]
    [InlineData("let x = \"wo$\"", "", "op,let")]
    public void Completion_Offers(string text, string expected, string absent) => BigStack.Run(() =>
    {
        var offered = _desk.Complete(text);
        foreach (string word in expected.Split(',', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(word, offered);
        foreach (string word in absent.Split(',')) Assert.DoesNotContain(word, offered);
    });

    [Theory]
    [InlineData("import \"ops.tx\"\nlet y = matmul(zeros(f32[2, 2]), $)", "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N]", 1)]
    [InlineData("import \"ops.tx\"\nlet y = matmul(B = $)", "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N]", 1)]
    [InlineData("import \"ops.tx\"\nschedule s for matmul on cpu { C.k.split(2, tail = $) }", "loop.split(factors: integer, …, tail: guard | mask | peel | shift | pad?) -> (loop, …)", 1)]
    [InlineData("let x = arange(i32, 0, $)", "arange(i32, start, end)", 2)]
    public void Signature_IsThatOfTheCall(string text, string label, int active) => BigStack.Run(() =>
    {
        string path = _desk.Open("s.tx", text, out int place);
        var signature = _desk.Service.Signature(_desk.Workspace, path, place)!;
        Assert.Equal((label, active), (signature.Label, signature.Active));
        Assert.All(signature.Parameters, p => Assert.Contains(p, signature.Label, StringComparison.Ordinal));
    });

    [Fact]
    public void Symbols_AreNested() => BigStack.Run(() =>
    {
        string path = _desk.Open("o.tx", Ops);
        var symbols = _desk.Service.Symbols(_desk.Workspace, path);
        Assert.Equal(["matmul", "softmax", "attention", "LIMIT", "halves"], symbols.Select(s => s.Name));
        Assert.Equal(["X", "Y", "peak"], symbols[1].Children.Select(c => c.Name));
        Assert.All(symbols, s => Assert.True(s.Span.Span.Start <= s.NameSpan.Span.Start && s.NameSpan.Span.End <= s.Span.Span.End));
    });

    [Fact]
    public void Hints_ShowInferredTypes() => BigStack.Run(() =>
    {
        string text = Ops + "let m = matmul(zeros(f32[2, 3]), zeros(f32[3, 4]))\nlet n: i32 = 1\n";
        string path = _desk.Open("h.tx", text);
        _desk.Diagnose(path);
        var hints = _desk.Service.Hints(_desk.Workspace, path, new(0, text.Length));
        Assert.Equal(["peak[i]: f32[M]", "weights: f32[T, D]", "let m: f32[2, 4]"], hints.Select(h => text[..h.Offset].Split('\n')[^1].TrimStart() + h.Text));
    });

    [Fact]
    public void Tokens_StandInTheOrderOfTheText() => BigStack.Run(() =>
    {
        foreach (var program in Corpus.Programs)
        {
            string path = _desk.Open("tokens.tx", program.Text.Replace("$", "", StringComparison.Ordinal));
            string text = _desk.Workspace.Find(path)!.Text.Text;
            int end = 0;
            foreach (var t in _desk.Service.Tokens(_desk.Workspace, path))
            {
                Assert.True(t.Span.Start >= end && t.Span.Length > 0 && t.Span.End <= text.Length);
                end = t.Span.End;
            }
        }
    });

    /// <summary>Where programs are cut off, as they are while someone types, every question has an answer.</summary>
    [Fact]
    public void Questions_AboutUnfinishedTextAreAnswered() => BigStack.Run(() =>
    {
        var random = new Random(3);
        foreach (var program in Corpus.Programs.Where(p => p.Text.Length < 3000).Where((_, n) => n % 12 == 0))
        {
            int cut = random.Next(program.Text.Length);
            string path = _desk.Open("cut.tx", program.Text[..cut].Replace("$", "", StringComparison.Ordinal));
            int end = _desk.Workspace.Find(path)!.Text.Text.Length;
            for (int place = Math.Max(0, end - 40); place <= end; place++)
            {
                _desk.Service.Complete(_desk.Workspace, path, place);
                _desk.Service.Signature(_desk.Workspace, path, place);
                _desk.Service.Definition(_desk.Workspace, path, place);
                _desk.Service.Hover(_desk.Workspace, path, place);
            }
            _desk.Service.Symbols(_desk.Workspace, path);
            _desk.Service.Hints(_desk.Workspace, path, new(0, end));
            _desk.Service.Actions(_desk.Workspace, path);
        }
    });

    [Fact]
    public void Words_AreThoseOfTheLanguage()
    {
        Assert.Equal(ExpressionBinder.FunctionNames.Order(StringComparer.Ordinal), LanguageWords.Elements.Select(w => w.Name).Order(StringComparer.Ordinal));
        Assert.Equal(ScheduleRun.Functions.Append("auto").Order(StringComparer.Ordinal), LanguageWords.Schedules.Select(w => w.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Enum.GetValues<ReduceKind>().Where(k => k is not ReduceKind.User).Select(k => k.Name).Order(StringComparer.Ordinal), LanguageWords.Reductions.Select(w => w.Name).Order(StringComparer.Ordinal));
        Assert.All(LanguageWords.Statements, w => Assert.NotEmpty(w.Summary));
    }
}
