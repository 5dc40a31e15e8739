using Tx.Lower.Schedule.Steps;

namespace Tx.Tests.Lower.Schedule.Steps;

public class InlineStepTests
{
    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(19)]
    public void A_stage_dissolves_into_all_its_readers(int n)
    {
        foreach (bool symbolic in (bool[])[false, true])
        {
            var s = PlacementFixture.Of("op f(X: f32[N]) -> Y: f32[N], Z: f32[N] {\n p[i] = X[i] * 2\n q[i] = p[i] + (p[i - 1] ?? 3)\n Y[i] = q[i] * p[i]\n Z[i] = sum(k if k <= i: q[k]) }", [n], isSymbolic: symbolic);
            s.Do("q.inline()");
            s.Do("p.inline()");
            Assert.Empty(s.State.Function.Temporaries);
            Assert.Equal(ScheduleRefusals.StageGone, s.Refuse("p.inline()").Descriptor);
            Assert.Equal(ScheduleRefusals.NotInlined, s.Refuse("Z.inline()").Descriptor);
        }
    }

    [Fact]
    public void What_is_not_one_plain_definition_is_refused()
    {
        Refuse("op f(X: f32[N]) -> Y: f32[N] {\n p[i] = sum(k: X[k] * X[i])\n Y[i] = p[i] }", "it is a reduction");
        Refuse("op f(X: f32[N]) -> p: f32[N], Y: f32[N] {\n p[0] = X[0]\n for i in 1..N { p[i] = p[i - 1] + X[i] }\n Y[i] = p[i] }", null, "p.eq1");
    }

    [Theory, InlineData(3, 3), InlineData(9, 7)]
    public void A_stage_that_was_placed_is_inlined(int h, int w)
    {
        var s = PlacementFixture.Of(ComputeAtTests.Blur, [h, w]);
        s.Do("bx.compute_at(B.y)");
        s.Do("bx.inline()");
        Assert.Empty(s.State.Function.Temporaries);
    }

    private static void Refuse(string text, string? why, string stage = "p")
    {
        var d = PlacementFixture.Of(text, [5]).Refuse($"{stage}.inline()");
        Assert.Equal(ScheduleRefusals.NotInlined, d.Descriptor);
        if (why is not null) Assert.Contains(why, d.Message, StringComparison.Ordinal);
    }
}
