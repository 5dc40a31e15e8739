using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps.Checking;

/// <summary>Steps that the solver cannot decide are accepted where runs at small sizes agree, and refused with a witness where they do not.</summary>
public class CheckedStepTests
{
    private const string Squares = "op squares(X: f32[N]) -> Y: f32[N * N] { Y[k] = 0; Y[i * i] += X[i] }\n";
    private const string Flat = "op flat(X: f32[M, N]) -> Y: f32[M * N] { Y[k] = 0; Y[i * N + j] += X[i, j] }\n";
    private const string Spread = "op spread(X: f32[N]) -> Y: f32[N * N + 16] { Y[k] = 0; Y[(i - 3) * (i - 3)] += X[i] }\n";
    private const string Circles = "op circles(X: f32[M, N]) -> Y: f32[M * M + N * N + 1] { Y[k] = 0; Y[i * i + j * j] += X[i, j] }\n";
    private const string Matmul = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\n";
    private const string Skew = "op skew(X: i32[M, N]) -> Y: i32[M, N] { Y[0, j] = X[0, j]; for i in 1..M { Y[i, N - 1] = X[i, N - 1] }; for i in 1..M, j in 0..N - 1 { Y[i, j] = Y[i - 1, j + 1] + X[i, j] } }\n";
    private const string Smooth = "op smooth(X: f32[M, N]) -> Y: f32[M, N] { A[i, j] = X[i, j] + 1; Y[i, j] = A[i, j] + (A[i - 1, j] ?? 0) + (A[i - 2, j] ?? 0) }\n";

    private static string Schedule(string op, string body) => $"schedule s for {op} on cpu {{\n{body}\n}}\n";

    [Theory]
    [InlineData(Squares, "squares", "Y.update(0).i.parallel()")]
    [InlineData(Squares, "squares", "(io, ii) = Y.update(0).i.split(4)\nio.parallel()")]
    [InlineData(Squares, "squares", "(io, ii) = Y.update(0).i.split(8)\nio.parallel()\nii.vectorize()")]
    [InlineData(Squares, "squares", "(io, ii) = Y.update(0).i.split(4, tail = peel)\nii.vectorize()")]
    public void One_dimension(string op, string name, string body)
    {
        var result = CheckedText.Accept(op + Schedule(name, body), Tx.Lower.Dependence.NestProver.DefaultQuota, [0], [1], [7], [16], [33]);
        Assert.Equal(EvidenceTier.Checked, result.Steps[^1].Evidence.Tier);
        Assert.Matches("^the nests before and after it agree at [0-9]+ choices of sizes$", result.Steps[^1].Evidence.Argument);
    }

    [Theory]
    [InlineData(Flat, "flat", "Y.update(0).i.parallel()")]
    [InlineData(Flat, "flat", "Y.update(0).reorder(Y.update(0).j, Y.update(0).i)")]
    [InlineData(Circles, "circles", "Y.update(0).j.parallel()")]
    public void Two_dimensions(string op, string name, string body)
    {
        var result = CheckedText.Accept(op + Schedule(name, body), Tx.Lower.Dependence.NestProver.DefaultQuota, [0, 3], [3, 0], [1, 1], [5, 7], [17, 4]);
        Assert.Equal(EvidenceTier.Checked, result.Steps[^1].Evidence.Tier);
    }

    [Fact]
    public void A_conflict_is_a_witness()
    {
        var refusal = CheckedText.Refuse(Spread + Schedule("spread", "Y.update(0).i.parallel()"));
        Assert.Equal("TX2153", refusal.Code);
        Assert.Matches(@"for N = 5: iterations \(i = [24]\) and \(i = [24]\) both touch `Y\[1\]`", refusal.Message);
    }

    [Fact]
    public void A_conflict_of_lanes_is_a_witness()
    {
        var refusal = CheckedText.Refuse(Spread + Schedule("spread", "(io, ii) = Y.update(0).i.split(8)\nii.vectorize()"));
        Assert.Equal("TX2153", refusal.Code);
        Assert.Contains("both touch `Y[", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_cannot_be_checked() =>
        Assert.Contains("depends on data", CheckedText.Refuse("op count(I: u8[N]) -> H: i32[256] { H[b] = 0; H[i32(I[n])] += 1 }\n" + Schedule("count", "H.update(0).n.parallel()")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(Matmul, "matmul", "C.i.parallel()")]
    [InlineData(Matmul, "matmul", "(io, ii) = C.i.split(4)\n(jo, ji) = C.j.split(8)\nC.reorder(io, jo, C.k, ii, ji)\nio.parallel()\nji.vectorize()")]
    [InlineData(Matmul, "matmul", "n = C.i.fuse(C.j)\nn.parallel()")]
    [InlineData(Skew, "skew", "Y.eq(2).j.parallel()")]
    [InlineData(Skew, "skew", "(jo, ji) = Y.eq(2).j.split(4)\nji.vectorize()")]
    [InlineData(Smooth, "smooth", "A.compute_at(Y.i, store_at = root)\nY.j.parallel()")]
    [InlineData(Smooth, "smooth", "A.layout((i, j) -> [2 * i + j % 2, j / 2])")]
    public void A_quota_of_one_proves_nothing_by_the_solver(string op, string name, string body)
    {
        var result = CheckedText.Apply(op + Schedule(name, body), quota: 1);
        Assert.DoesNotContain(result.Steps, s => s.Evidence.Tier is EvidenceTier.Proved && s.Evidence.Argument.Contains("isl", StringComparison.Ordinal));
        Assert.All(result.Diagnostics.Where(d => d.IsError), d => Assert.Contains(d.Code, (string[])["TX2109", "TX2153", "TX2154"]));
        var module = new Tx.Lower.Ir.LoopModule([result.Function], Tx.Lower.Ir.LoopLevel.Scheduled);
        var text = OperatorText.Bind(op);
        foreach (long[] sizes in (long[][])[[5, 9, 4], [8, 8, 8], [1, 3, 2]]) text.Check(module, text.Dims(sizes[..text.Operator.Dims.Length]), $"at {string.Join(", ", sizes)}");
    }

    [Theory]
    [InlineData(Matmul, "matmul", "C.k.parallel()")]
    [InlineData(Skew, "skew", "Y.eq(2).i.parallel()")]
    [InlineData(Skew, "skew", "Y.eq(2).reorder(Y.eq(2).j, Y.eq(2).i)")]
    [InlineData("op dot(X: f32[M, N]) -> y: f32 { y = exact sum(i, j: X[i, j]) }\n", "dot", "y.reorder(y.j, y.i)")]
    [InlineData("op put(w: f32[M, N]) -> y: f32[M + N] { y[b] = 1; y[m + n] *= w[m, n] }\n", "put", "y.update(0).reorder(y.update(0).n, y.update(0).m)")]
    [InlineData("op scan(X: f32[N]) -> h: f32[N] { h[0] = X[0]; for n in 1..N { h[n] = h[n - 1] + X[n] } }\n", "scan", "(no, ni) = h.eq(1).n.split(4)\nni.vectorize()")]
    [InlineData(Smooth, "smooth", "A.layout((i, j) -> [i + j, 0 * j])")]
    public void A_quota_of_one_refutes_by_runs(string op, string name, string body)
    {
        var refusal = CheckedText.Refuse(op + Schedule(name, body), quota: 1);
        Assert.Equal("TX2153", refusal.Code);
        Assert.Contains("for ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("[", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_time_nothing_is_accepted()
    {
        var result = CheckedText.Apply(Squares + Schedule("squares", "Y.update(0).i.parallel()"), time: TimeSpan.Zero);
        Assert.Equal(("TX2154", "wait"), (result.Diagnostics[0].Code, result.Diagnostics[0].Help));
    }

    [Fact]
    public void Sizes_that_are_not_admitted_are_not_tried()
    {
        string text = Spread + Schedule("spread", "Y.update(0).i.parallel()");
        Assert.True(CheckedText.Apply(text, admits: s => s["N"] <= 4) is { IsRefused: false, Steps: [{ Evidence.Tier: EvidenceTier.Checked }] });
        Assert.Equal("TX2109", CheckedText.Apply(text, admits: _ => false).Diagnostics[0].Code);
    }

    [Fact]
    public void Kept_evidence_takes_no_time()
    {
        using var folder = new Support.TemporaryFolder();
        string text = Squares + Schedule("squares", "Y.update(0).i.parallel()");
        ScheduledFunction Apply(TimeSpan time) => CheckedText.Apply(text, time: time, kept: new EvidenceCache(folder.Path));

        Assert.True(Apply(TimeSpan.Zero).IsRefused);
        Assert.Empty(Directory.GetFiles(folder.Path));
        var first = Assert.Single(Apply(TimeSpan.FromMinutes(1)).Steps);
        Assert.Equal(first.Evidence, Assert.Single(Apply(TimeSpan.Zero).Steps).Evidence);
        // Of another step it says nothing.
        Assert.True(CheckedText.Apply(Squares + Schedule("squares", "(io, ii) = Y.update(0).i.split(2)\nio.parallel()"), time: TimeSpan.Zero, kept: new EvidenceCache(folder.Path)).IsRefused);

        string file = Assert.Single(Directory.GetFiles(folder.Path));
        string whole = File.ReadAllText(file);
        foreach (string damaged in (string[])["", whole[..20], whole.Replace("\n2\n", "\n1\n", StringComparison.Ordinal), whole.Replace("agree", "agreE", StringComparison.Ordinal), whole + "\n"])
        {
            File.WriteAllText(file, damaged);
            Assert.True(Apply(TimeSpan.Zero).IsRefused);
        }
        Assert.False(Apply(TimeSpan.FromMinutes(1)).IsRefused);
        Assert.Equal(whole, File.ReadAllText(file));
    }
}
