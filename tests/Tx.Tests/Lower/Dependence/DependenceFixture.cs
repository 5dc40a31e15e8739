using System.Collections.Immutable;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Tests.Lower.Dependence;

/// <summary>Plain nests from text, and questions about their loops.</summary>
internal static class DependenceFixture
{
    /// <summary>The only function of a text's last operator.</summary>
    /// <param name="sizes">Of the dimensions in order; none: all stay symbols.</param>
    public static LoopFunction Build(string text, params long[] sizes)
    {
        var op = OperatorText.Bind(text);
        return NestBuilder.Build(op.Operator, sizes.Length == 0 ? null : op.Dims(sizes)).Functions[0];
    }

    public static ImmutableArray<Var> Dims(this LoopFunction f) => [.. f.Dims.Select(d => d.Variable)];

    /// <summary>The loop of that name around (or in) a nest, the last one where there are several.</summary>
    public static For Loop(this Stmt nest, string name)
    {
        var found = Passes.PassFixture.Statements(nest).OfType<For>().Where(l => l.Variable.Name == name).ToList();
        Assert.True(found.Count > 0, $"no loop {name} in\n{nest}");
        return found[^1];
    }

    public static Var V(this Stmt nest, string name) => nest.Loop(name).Variable;

    public static DependenceResult Independent(this LoopFunction f, NestProver prover, string loop, Stmt? nest = null, bool allowReductions = false)
    {
        nest ??= f.Body;
        var l = nest.Loop(loop);
        return LoopIndependence.Check(l, DependenceContext.OfLoop(prover, nest, l.Variable, f.Dims()), allowReductions);
    }

    /// <summary>Asks whether the directly nested loops from the first of <paramref name="order"/> in the nest on may take that order.</summary>
    public static DependenceResult Reordered(this LoopFunction f, NestProver prover, Stmt? nest, params string[] order)
    {
        nest ??= f.Body;
        var variables = order.Select(nest.V).ToList();
        var chain = new List<For>();
        Stmt s = Passes.PassFixture.Statements(nest).OfType<For>().First(l => variables.Contains(l.Variable));
        while (chain.Count < order.Length)
        {
            chain.Add((For)s);
            s = chain[^1].Body;
        }
        return LoopOrder.Check(chain, variables, s, DependenceContext.OfLoop(prover, nest, chain[0].Variable, f.Dims()));
    }

    public static long At(this ImmutableArray<(Var Variable, long Value)> point, string name) => point.Single(v => v.Variable.Name == name).Value;
}
