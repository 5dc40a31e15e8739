using Tx.Core;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Tests.Lower.Passes;

/// <summary>The pass list for C keeps the order that the rules ask for, and leaves loops and scalars.</summary>
public class CPipelineTests
{
    [Theory, InlineData("host"), InlineData("cortex-m7")]
    public void Passes_stand_in_the_order_of_the_rules(string target)
    {
        var names = Pipeline.ForC(TargetCatalog.Parse(target)).Select(p => p.Name).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        var rules = Pipeline.Constraints.Where(c => names.Contains(c.Before) && names.Contains(c.After)).ToList();
        Assert.True(rules.Count >= 10);
        Assert.All(Pipeline.ConstraintsForC, c => Assert.True(names.Contains(c.Before) && names.Contains(c.After)));
        rules.AddRange(Pipeline.ConstraintsForC);
        Assert.All(rules, c => Assert.True(names.IndexOf(c.Before) < names.IndexOf(c.After), $"{c.Before} after {c.After}: {c.Because}"));
        Assert.DoesNotContain("expand_vectors", names);
    }

    [Theory]
    [InlineData("op f(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum(j: X[i, j] * X[i, j]) }")]
    [InlineData("op f(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }")]
    [InlineData("op f(X: f16[M, N]) -> Y: f16[M, N] { Y[i, j] = exp(X[i, j]) }")]
    public void Nothing_is_a_vector_and_every_pass_keeps_the_meaning(string text)
    {
        var op = OperatorText.Bind(text);
        var dims = op.Dims([.. op.Operator.Dims.Select((_, n) => 7L + 6 * n)]);
        foreach (var target in new[] { CpuTarget.Host(), TargetCatalog.Parse("cortex-m7") })
        {
            var scheduled = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, dims), target);
            var final = Pipeline.RunForC(scheduled, target, (pass, module) => op.Check(module, dims, pass.Name, 1e-2));
            Assert.Equal(LoopLevel.Flat, final.Level);
            Assert.False(new Vectors().In(final.Functions[0].Body));
        }
    }

    private sealed class Vectors : Walker
    {
        private bool _any;

        public bool In(Stmt s)
        {
            Visit(s);
            return _any;
        }

        public override void Visit(Expr e)
        {
            _any |= e.Type.IsVector;
            base.Visit(e);
        }
    }
}
