using Tx.Lang.Building;
using static Tx.Core.ElementType;
using static Tx.Lang.Building.Compute;

namespace Tx.Tests.Compiler.Embedding;

public sealed class BuiltProgramTests
{
    [Fact]
    public void A_builder_makes_a_program()
    {
        var built = new ProgramBuilder("built");
        built.Operator("twice", op =>
        {
            var (i, _) = Indices("i", "j");
            var (N, _) = Dims("N", "M");
            var X = op.Parameter("X", F64, N);
            var Y = op.Result("Y", F64, N);
            Y[i] = X[i] * 2;
        });
        using var program = TxProgram.Build(built);
        using var twice = program["twice"].Compile();
        double[] y = new double[2];
        twice.Invoke(new double[] { 1.5, -2 }, y);
        Assert.Equal([3.0, -4.0], y);
    }
}
