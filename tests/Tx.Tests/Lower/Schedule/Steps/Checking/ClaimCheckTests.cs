using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Schedule.Steps.Checking;

namespace Tx.Tests.Lower.Schedule.Steps.Checking;

/// <summary>Steps that are wrong are found by the check, whatever broke them.</summary>
public class ClaimCheckTests
{
    private const string Matmul = "op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }";

    private static ScheduledFunction Split(int factor, string tail = "guard") =>
        ScheduledText.Apply($"{Matmul}\nschedule s for matmul on cpu {{ (io, ii) = C.i.split({factor}, tail = {tail}) }}", [4, 4, 4], isSymbolic: true).Result;

    private static ClaimOutcome Run(ScheduleState before, ScheduleState after) => ClaimCheck.Run(ClaimFunctions.Of(before, after)!, new([], null!), new() { Time = TimeSpan.FromMinutes(1), Admits = _ => true, Help = _ => "" });

    private static ScheduleState Broken(ScheduleState state, Func<Stmt, Stmt> edit) => state.Replace(state.Nests.Order[^1], edit(state.Nests[state.Nests.Order[^1]]));

    [Theory]
    [InlineData(4, "guard")]
    [InlineData(8, "peel")]
    public void A_step_that_is_right_agrees(int factor, string tail)
    {
        var step = Split(factor, tail).Steps[^1];
        Assert.True(Assert.IsType<ClaimOutcome.Agree>(Run(step.Before, step.After)).Count > 20);
    }

    [Theory]
    [InlineData(5, 4)]
    [InlineData(8, 7)]
    [InlineData(8, 9)]
    [InlineData(64, 63)]
    public void A_wrong_factor_differs(int factor, int wrong)
    {
        var step = Split(factor).Steps[^1];
        var differ = Assert.IsType<ClaimOutcome.Differ>(Run(step.Before, Broken(step.After, s => new Multiplier(factor, wrong).Visit(s))));
        Assert.Contains("`C[", differ.Where, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    public void A_lost_tail_differs(int factor)
    {
        var step = Split(factor).Steps[^1];
        Assert.IsType<ClaimOutcome.Differ>(Run(step.Before, Broken(step.After, s => new Rounded(factor).Visit(s))));
    }

    [Fact]
    public void A_reduction_that_loses_its_start_differs()
    {
        var step = Split(4).Steps[^1];
        Assert.IsType<ClaimOutcome.Differ>(Run(step.Before, Broken(step.After, s => new Startless().Visit(s))));
    }

    [Fact]
    public void What_other_nests_see_is_an_output()
    {
        const string text = "op f(X: f32[N]) -> Y: f32[N] { A[i] = X[i] + 1; Y[i] = A[i] * 2 }\nschedule s for f on cpu { (io, ii) = A.i.split(4) }";
        var step = ScheduledText.Apply(text, [4], isSymbolic: true).Result.Steps[^1];
        var functions = ClaimFunctions.Of(step.Before, step.After)!;
        Assert.Equal(["X", "A.given", "A.kept"], functions.Before.Parameters.Select(p => p.Name));
        var broken = step.After.Replace(step.After.Nests.Order[0], new Multiplier(4, 3).Visit(step.After.Nests[step.After.Nests.Order[0]]));
        Assert.Contains("`A[", Assert.IsType<ClaimOutcome.Differ>(Run(step.Before, broken)).Where, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_reach_the_tails_of_nested_splits()
    {
        var result = ScheduledText.Apply($"{Matmul}\nschedule s for matmul on cpu {{ (io, im, ii) = C.i.split(4, 8)\n(ko, ki) = C.k.split(5) }}", [4, 4, 4], isSymbolic: true).Result;
        var sizes = ReducedSizes.Of([result.Function], [])!.Value;
        Assert.Superset(new HashSet<long>([0L, 1, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65]), sizes.Select(s => s["M"]).ToHashSet());
        Assert.Superset(new HashSet<long>([0L, 1, 4, 5, 6, 9, 10, 11]), sizes.Select(s => s["K"]).ToHashSet());
        Assert.DoesNotContain(33, sizes.Select(s => s["N"]));
    }

    private sealed class Multiplier(long factor, long wrong) : Rewriter
    {
        public override Expr Visit(Expr e) => e is Binary { Op: Tx.Core.BinaryOp.Mul, Right: IntImm { Value: var n } } b && n == factor ? new Binary(b.Op, Visit(b.Left), Expr.Index(wrong)) : base.Visit(e);
    }

    private sealed class Rounded(long factor) : Rewriter
    {
        protected override Stmt VisitFor(For f) =>
            f.Extent is Binary { Op: Tx.Core.BinaryOp.Div, Left: Binary { Op: Tx.Core.BinaryOp.Add } sum } && f.Variable.Name == "io"
                ? new For(f.Variable, f.Min, sum.Left / factor, f.Kind, f.Body) : base.VisitFor(f);
    }

    private sealed class Startless : Rewriter
    {
        protected override Stmt VisitInstance(Instance i) => new Instance(i.Name, i.Iterations, i.Reads, i.Writes, null, i.Body, i.Reassociate, i.Origin);
    }
}
