using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower.Schedule.Steps;

/// <summary><c>decompose_reduction</c>, <c>specialize</c> and <c>partition</c>.</summary>
public class LoopVersionTests
{
    private const string Matmul = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }\n";
    private const string Conv = "op conv(X: f32[H, W], F: f32[R, S]) -> Y: f32[H, W] { Y[y, x] = sum(r, s: (X[y + r - 1, x + s - 1] ?? 0) * F[r, s]) }\n";
    private const string Blur = "op blur(X: i32[N]) -> Y: i32[N] { Y[i] = (X[i - 1] ?? 7) + X[i] + (X[i + 1] ?? 9) }\n";
    private static readonly long[][] MatmulSizes = [[4, 8, 4], [5, 7, 3], [1, 1, 1], [2, 3, 2], [3, 0, 4], [0, 3, 2], [9, 5, 13]];

    private static string Schedule(string op, string body) => $"schedule s for {op} on cpu {{\n{body}\n}}\n";

    [Theory]
    [InlineData("z = C.decompose_reduction(C.i)\nz.j.vectorize(4)")]
    [InlineData("z = C.decompose_reduction(C.j)")]
    [InlineData("z = C.decompose_reduction(root)\nz.i.parallel()")]
    [InlineData("C.reorder(C.i, C.k, C.j)\nz = C.decompose_reduction(C.i)\nz.j.vectorize(4)")]
    [InlineData("(io, ii) = C.i.split(4)\n(jo, ji) = C.j.split(4)\nC.reorder(io, jo, C.k, ii, ji)\nz = C.decompose_reduction(io)\nio.parallel()")]
    [InlineData("(io, ii) = C.i.split(4)\nC.reorder(io, C.k, ii, C.j)\nz = C.decompose_reduction(root)\nio.parallel()")]
    public void Decompose(string body) => ScheduledText.RunAll(Matmul + Schedule("matmul", body), 0, MatmulSizes);

    [Theory]
    [InlineData("C.decompose_reduction(C.k)", "TX2150")]
    [InlineData("C.reorder(C.k, C.i)\nC.decompose_reduction(C.j)", "TX2150")]
    [InlineData("C.decompose_reduction(root)\nC.decompose_reduction(root)", "TX2123")]
    [InlineData("(ko, ki) = C.k.split(2, tail = peel)\nC.decompose_reduction(ko)", "TX2150")]
    public void Decompose_Refusals(string body, string code)
    {
        var d = ScheduledText.Refused(Matmul + Schedule("matmul", body), [4, 5, 6]);
        Assert.Equal(code, d.Code);
        Assert.NotEmpty(d.Labels);
    }

    [Fact]
    public void Decompose_NamesLegalPlaces() =>
        Assert.Contains("`C.i`, `C.j`, root", ScheduledText.Refused(Matmul + Schedule("matmul", "C.decompose_reduction(C.k)"), [4, 5, 6]).Help, StringComparison.Ordinal);

    [Theory]
    [InlineData("C.i.specialize(N % 4 == 0)\nC.j.vectorize(4)")]
    [InlineData("C.j.specialize(N == 4)\nC.j.vectorize(4)")]
    [InlineData("C.k.specialize(K > 3 && M == 5)\n(ko, ki) = C.k.split(4)")]
    [InlineData("(ko, ki) = C.k.split(4)\nC.reorder(ko, C.i, C.j, ki)\nki.specialize(K % 4 == 0)\nC.i.parallel()")]
    [InlineData("(io, ii) = C.i.split(4)\nio.parallel()\nii.specialize(M == 4)\nC.j.vectorize(4)")]
    public void Specialized(string body) => ScheduledText.RunAll(Matmul + Schedule("matmul", body), 0, MatmulSizes);

    [Fact]
    public void Specialized_KnowsTheSize()
    {
        var result = ScheduledText.Run(Matmul + Schedule("matmul", "C.j.specialize(N == 4)\nC.j.vectorize()"), [3, 5, 4], isSymbolic: true);
        Assert.Contains(Passes.PassFixture.Statements(result.Function.Body).OfType<For>(), f => f.Kind is LoopKind.Vectorized);
    }

    [Fact]
    public void Specialized_WhereTheConditionIsKnownHasNoEffect() =>
        Assert.Equal("TX2111", Assert.Single(ScheduledText.Apply(Matmul + Schedule("matmul", "C.j.specialize(N % 4 == 0)"), [3, 5, 4]).Result.Diagnostics).Code);

    [Theory]
    [InlineData("Y.y.partition()")]
    [InlineData("Y.x.partition()\nY.y.partition()")]
    [InlineData("Y.y.partition()\nY.x.partition()\nY.x.vectorize(4)")]
    [InlineData("Y.reorder(Y.r, Y.s, Y.y, Y.x)\nY.x.partition()\nY.y.parallel()")]
    [InlineData("Y.r.partition()")]
    [InlineData("(xo, xi) = Y.x.split(4)\nxo.partition()\nxi.vectorize()")]
    [InlineData("(yo, yi) = Y.y.split(3)\nyo.partition()")]
    public void Partitioned_Padding(string body) =>
        ScheduledText.RunAll(Conv + Schedule("conv", body), 0, [9, 10, 3, 3], [7, 6, 3, 3], [3, 3, 3, 3], [2, 2, 3, 3], [1, 1, 3, 3], [0, 4, 3, 3], [4, 4, 1, 1], [5, 5, 0, 2], [2, 3, 5, 4]);

    [Theory]
    [InlineData("Y.i.partition()")]
    [InlineData("(io, ii) = Y.i.split(4)\nio.partition()\nii.vectorize()")]
    [InlineData("(io, ii) = Y.i.split(4)\nii.partition()")]
    [InlineData("(io, ii) = Y.i.split(4, tail = peel)\nio.partition()")]
    [InlineData("(io, im, ii) = Y.i.split(2, 3)\nio.partition()\nim.partition()")]
    public void Partitioned_Choices(string body) => ScheduledText.RunAll(Blur + Schedule("blur", body), 0, [16], [13], [8], [5], [4], [3], [2], [1], [0]);

    [Theory]
    [InlineData("(ko, ki) = C.k.split(4)\nko.partition()\nC.j.vectorize(4)")]
    [InlineData("(ko, ki) = C.k.split(4)\nC.reorder(ko, C.i, C.j, ki)\nko.partition()")]
    [InlineData("(io, ii) = C.i.split(4)\n(jo, ji) = C.j.split(4)\nC.reorder(io, jo, C.k, ii, ji)\nio.partition()\njo.partition()\nji.vectorize()\nii.unroll()")]
    public void Partitioned_Tails(string body) => ScheduledText.RunAll(Matmul + Schedule("matmul", body), 0, MatmulSizes);

    [Fact]
    public void Partitioned_MiddleHasNoConditions()
    {
        var result = ScheduledText.Run(Conv + Schedule("conv", "Y.y.partition()\nY.x.partition()"), [9, 10, 3, 3]);
        var body = Passes.PassFixture.Statements(result.Function.Body).OfType<Instance>().Single(i => i.Name == "Y").Body;
        Assert.All(Passes.PassFixture.Expressions(body).OfType<Load>(), l => Assert.Null(l.Predicate));
        // Five nests, and each of them runs: the conditions fail in one row and one column.
        Assert.Equal(["Y", "Y.after", "Y.before"], Passes.PassFixture.Statements(result.Function.Body).OfType<Instance>().Select(i => i.Name).Where(n => !n.EndsWith('2')).Order(StringComparer.Ordinal).Distinct());
    }

    [Fact]
    public void Partitioned_WithoutConditionsHasNoEffect() =>
        Assert.Equal("TX2111", Assert.Single(ScheduledText.Apply(Matmul + Schedule("matmul", "C.i.partition()"), [3, 5, 4]).Result.Diagnostics).Code);
}
