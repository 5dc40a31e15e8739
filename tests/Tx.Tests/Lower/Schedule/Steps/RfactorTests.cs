using Tx.Core;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

public class RfactorTests
{
    private const string Histogram = "op histogram(I: u8[H, W]) -> hist: i32[256] { hist[b] = 0\n hist[i32(I[y, x])] += 1 }\n";
    private const string Matmul = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\n";

    private static string Schedule(string op, string body) => $"schedule s for {op} on cpu {{\n{body}\n}}\n";

    [Fact]
    public void Histogram_StripsHavePrivateCopiesAndAreParallel()
    {
        string text = Histogram + Schedule("histogram", "(yo, yi) = hist.update(0).y.split(4)\npart = hist.update(0).rfactor(yo)\nyo.parallel()");
        ScheduledText.RunAll(text, 0, [16, 5], [13, 3], [3, 2], [1, 1], [0, 4], [4, 0]);
        var result = ScheduledText.Run(text, [13, 3]);
        Assert.Contains(Passes.PassFixture.Statements(result.Function.Body).OfType<For>(), f => f.Kind is LoopKind.Parallel);
    }

    [Theory]
    [InlineData("part = hist.update(0).rfactor(hist.update(0).y)\npart.y.parallel()")]
    [InlineData("part = hist.update(0).rfactor(hist.update(0).x)")]
    [InlineData("(yo, yi) = hist.update(0).y.split(4, tail = peel)\npart = hist.update(0).rfactor(yo)\nyo.parallel()")]
    [InlineData("(yo, yi) = hist.update(0).y.split(4)\npart = hist.update(0).rfactor(yi)")]
    [InlineData("f = hist.update(0).y.fuse(hist.update(0).x)\n(fo, fi) = f.split(4)\npart = hist.update(0).rfactor(fo)\nfo.parallel()\nhist.d0.vectorize(8)")]
    public void Histogram_AnyLoop(string body)
    {
        string text = Histogram + Schedule("histogram", body.Replace("hist.d0.vectorize(8)", ""));
        ScheduledText.RunAll(text, 0, [8, 5], [13, 3], [3, 2], [1, 1], [0, 4], [4, 0]);
    }

    [Fact]
    public void Histogram_IsRefusedWithoutIt() =>
        Assert.Equal("TX2109", ScheduledText.Refused(Histogram + Schedule("histogram", "(yo, yi) = hist.update(0).y.split(4)\nyo.parallel()"), [16, 5]).Code);

    [Theory]
    [InlineData("part = C.rfactor(C.k)\npart.k.parallel()")]
    [InlineData("(ko, ki) = C.k.split(4)\npart = C.rfactor(ko)\nko.parallel()")]
    [InlineData("(ko, ki) = C.k.split(4)\npart = C.rfactor(ki)\nki.vectorize()")]
    [InlineData("(ko, ki) = C.k.split(4)\nC.reorder(ko, C.i, C.j, ki)\npart = C.rfactor(ko)\nko.parallel()\nC.j.vectorize(4)")]
    [InlineData("(io, ii) = C.i.split(4)\n(ko, ki) = C.k.split(4)\nC.reorder(io, ko, ii, ki)\npart = C.rfactor(ko)\nio.parallel()")]
    [InlineData("(io, ii) = C.i.split(4)\nio.parallel()\n(ko, ki) = C.k.split(4)\npart = C.rfactor(ko)")]
    [InlineData("(ko, ki) = C.k.split(4, tail = peel)\npart = C.rfactor(ko)\nko.parallel()")]
    [InlineData("(k2, k1, k0) = C.k.split(2, 2)\npart = C.rfactor(k2)\nmore = part.rfactor(k1)\nk2.parallel()")]
    public void Matmul_Reductions(string body) =>
        ScheduledText.RunAll(Matmul + Schedule("matmul", body), 0, [4, 8, 4], [5, 7, 3], [1, 1, 1], [2, 3, 2], [3, 0, 4], [0, 3, 2], [3, 13, 9]);

    [Theory]
    [InlineData("op m(X: i32[M, N]) -> y: i32[M] { y[i] = max(j: X[i, j]) }")]
    [InlineData("op m(X: i32[M, N]) -> y: i32[M] { y[i] = exact sum(j: X[i, j]) }")]
    [InlineData("op m(X: f32[M, N]) -> y: f32[M] { y[i] = min(j: X[i, j]) }")]
    [InlineData("op m(X: i32[M, N]) -> y: i32[M] { y[i] = bit_and(j: X[i, j]) }")]
    [InlineData("op m(X: i32[M, N]) -> y: bool[M] { y[i] = all(j: X[i, j] > -90) }")]
    [InlineData("op m(X: i32[M, N]) -> y: i32[M] { y[i] = sum(j if j > i: X[i, j]) }")]
    public void OtherReductions(string op)
    {
        foreach (string body in (string[])["p = y.rfactor(y.j)", "(jo, ji) = y.j.split(3)\np = y.rfactor(jo)\njo.parallel()"])
            ScheduledText.RunAll(op + "\n" + Schedule("m", body), 0, [3, 9], [4, 7], [1, 1], [2, 0], [0, 5], [1, 2]);
    }

    [Fact]
    public void Updates_OfFloatsFollowTheContractOfSums() =>
        ScheduledText.RunAll("op h(I: u8[N], w: f32[N]) -> y: f32[256] { y[b] = 0\n y[i32(I[n])] += w[n] }\n" + Schedule("h", "(no, ni) = y.update(0).n.split(4)\np = y.update(0).rfactor(no)\nno.parallel()"), 0,
            [8], [7], [1], [0], [13]);

    [Fact]
    public void Updates_OverElementsKeepTheirLoops() =>
        ScheduledText.RunAll("op h(I: u8[N], X: i32[N, M]) -> y: i32[256, M] { y[b, m] = 0\n y[i32(I[n]), m] += X[n, m] }\n" + Schedule("h", "y.update(0).reorder(y.update(0).m, y.update(0).n)\np = y.update(0).rfactor(y.update(0).n)\np.n.parallel()"), 0,
            [4, 3], [1, 1], [0, 2], [3, 0]);

    [Theory]
    [InlineData("op r(X: f32[M, N]) -> y: f32[M] { y[i] = exact sum(j: X[i, j]) }", "y.rfactor(y.j)", "TX2116")]
    [InlineData("op r(X: f32[M, N]) -> y: i64[M] { y[i] = argmax(j: X[i, j]) }", "y.rfactor(y.j)", "TX2123")]
    [InlineData("op r(X: f32[M, N]) -> y: f32[M, N] { y[i, j] = X[i, j] + 1 }", "y.rfactor(y.j)", "TX2123")]
    [InlineData("op r(X: f32[M, N]) -> y: f32[M] { y[i] = sum(j: X[i, j]) }", "y.rfactor(y.i)", "TX2123")]
    [InlineData("op r(X: f32[M, M]) -> y: f32[M] { y[i] = sum(j in 0..i: X[i, j]) }", "y.rfactor(y.j)", "TX2123")]
    [InlineData("op r(X: f32[M, N]) -> y: f32[M] { y[i] = sum(j: X[i, j]) }", "f = y.i.fuse(y.j)\ny.rfactor(f)", "TX2123")]
    [InlineData("op r(X: f32[M, N]) -> y: f32[M] { y[i] = sum(j: X[i, j]) }", "y.decompose_reduction(y.i)\ny.rfactor(y.j)", "TX2123")]
    [InlineData("op r(I: u8[N], w: f32[N]) -> y: f32[256] { y[b] = 1\n y[i32(I[n])] *= w[n] }", "y.update(0).rfactor(y.update(0).n)", "TX2116")]
    public void Refusals(string op, string body, string code)
    {
        var d = ScheduledText.Refused(op + "\n" + Schedule("r", body), op.Contains("[N]", StringComparison.Ordinal) ? [4] : op.Contains("N]", StringComparison.Ordinal) ? [4, 5] : [4]);
        Assert.Equal(code, d.Code);
        Assert.NotEmpty(d.Labels);
    }

    [Fact]
    public void Handles_StayWithThePart()
    {
        var (_, _, result) = ScheduledText.Apply(Matmul + Schedule("matmul", "(ko, ki) = C.k.split(4)\npart = C.rfactor(ko)"), [8, 8, 8]);
        var nests = result.State.Nests;
        var ko = result.State.FindLoop(result.Steps[0].Directive.ResultLoop(0))!;
        Assert.Equal(nests.FindNest("part"), nests.FindNest(ko));
        Assert.NotEqual(nests.FindNest("part"), nests.FindNest("C"));
        Assert.All(result.Steps, s => Assert.Equal(EvidenceTier.Proved, s.Evidence.Tier));
    }
}
