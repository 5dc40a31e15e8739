using Tx.Core;
using Tx.Lower.Build;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower.Build;

public class NestBuilderTests
{
    [Theory, MemberData(nameof(OperatorSamples.Names), MemberType = typeof(OperatorSamples))]
    public void Plain_nests_compute_what_the_evaluator_says(string name, int sample)
    {
        var (text, tolerance, all) = OperatorSamples.All[sample];
        var op = OperatorText.Bind(text);
        foreach (var sizes in all)
        {
            var dims = op.Dims(sizes);
            op.Check(NestBuilder.Build(op.Operator, dims), dims, $"{name} at {string.Join(", ", sizes)}", tolerance);
        }
    }

    [Fact]
    public void Symbolic_dimensions_are_variables_of_the_function()
    {
        var op = OperatorText.Bind(OperatorSamples.Matmul);
        var module = NestBuilder.Build(op.Operator);
        Assert.Equal(["M", "K", "N"], module.Functions[0].Dims.Select(d => d.Variable.Name));
        op.Check(module, op.Dims(3, 5, 4), "symbolic");
    }

    [Fact]
    public void A_reduction_inside_an_expression_is_lifted_over_the_indices_it_uses()
    {
        var op = OperatorText.Bind("op inside(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] - sum(k: X[i, k]) }");
        var f = NestBuilder.Build(op.Operator, op.Dims(3, 5)).Functions[0];
        var lifted = Assert.Single(f.Temporaries);
        Assert.Equal(("Y.sum", 1), (lifted.Name, lifted.Shape.Length));
        Assert.Equal(2, Assert.IsType<Block>(f.Body).Statements.Length);
    }

    [Fact]
    public void The_first_nan_wins_in_forms_that_keep_an_index()
    {
        var op = OperatorText.Bind("op rows(X: f32[M, N]) -> best: f32[M], at: i64[M] { (best[i], at[i]) = max_at(j: X[i, j]) }");
        var dims = op.Dims(2, 4);
        var x = new DenseArray(ElementType.F32, [2, 4]);
        double[] values = [1, double.NaN, 7, double.NaN, double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity, double.NegativeInfinity];
        for (int i = 0; i < values.Length; i++) x[i] = Scalar.Of(ElementType.F32, values[i]);
        op.Check(NestBuilder.Build(op.Operator, dims), dims, "nan", 0, [x]);
    }

    [Fact]
    public void Terms_shared_between_nested_conditions_are_lowered_once()
    {
        string text = "op pick_0(a: f32) -> b: f32 { b = a > 0 ? a : -a }\n"
            + string.Join("\n", Enumerable.Range(1, 30).Select(n => $"op pick_{n}(a: f32) -> b: f32 {{ b = pick_{n - 1}(a) > {n} ? a : -a }}"))
            + "\nop last(x: f32) -> y: f32 { y = pick_30(x) }";
        var op = OperatorText.Bind(text);
        var dims = op.Dims();
        op.Check(NestBuilder.Build(op.Operator, dims), dims, "shared");
    }
}
