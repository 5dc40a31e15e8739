using System.Runtime.InteropServices;
using Tx.Core;

namespace Tx.Tests.Support;

/// <summary>The functions in double precision by the C library, whose error is below one unit of a double's last place: 2⁻²⁹ of an <c>f32</c>'s. It is not the code
/// under test, nor that of the reference evaluator where that has its own.</summary>
internal static partial class TrueFunctions
{
    public static Func<double, double> Of(Intrinsic function) => function switch
    {
        Intrinsic.Exp => Math.Exp,
        Intrinsic.Exp2 => Exp2,
        Intrinsic.Log => Math.Log,
        Intrinsic.Log2 => Math.Log2,
        Intrinsic.Tanh => Math.Tanh,
        Intrinsic.Sigmoid => x => 1 / (1 + Math.Exp(-x)),
        Intrinsic.Erf => Erf,
        Intrinsic.Sin => Math.Sin,
        Intrinsic.Cos => Math.Cos,
        Intrinsic.Sqrt => Math.Sqrt,
        Intrinsic.Rsqrt => x => 1 / Math.Sqrt(x),
        _ => throw new ArgumentOutOfRangeException(nameof(function)),
    };

    [LibraryImport("libm.so.6", EntryPoint = "erf"), SuppressGCTransition]
    private static partial double Erf(double x);

    [LibraryImport("libm.so.6", EntryPoint = "exp2"), SuppressGCTransition]
    private static partial double Exp2(double x);
}
