using Tx;
using Tx.Lang.Building;
using static Tx.Core.ElementType;
using static Tx.Lang.Building.Compute;

namespace Embedding;

public static partial class Samples
{
    private static void Built(TextWriter output)
    {
        var built = new ProgramBuilder("built");
        built.Operator("mean", op =>
        {
            var (N, M) = Dims("N", "M");
            var (i, j) = Indices("i", "j");
            var X = op.Parameter("X", F32, N, M);
            var Y = op.Result("Y", F32, N);
            op.Require(M >= 1);
            Y[i] = Sum(j, X[i, j]) / Cast(F32, M);
        });
        using var program = TxProgram.Build(built);
        using var mean = program["mean"].Compile();
        float[] y = new float[2];
        mean.Invoke(new float[,] { { 1, 2 }, { 3, 5 } }, y);
        output.WriteLine(string.Join(" ", y));
    }
}
