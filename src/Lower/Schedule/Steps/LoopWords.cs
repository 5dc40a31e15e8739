using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps;

/// <summary>How messages speak of marks.</summary>
internal static class LoopWords
{
    /// <summary><c>parallel</c>, <c>vectorised</c>.</summary>
    public static string Of(LoopKind kind) => kind switch
    {
        LoopKind.Parallel => "parallel", LoopKind.Vectorized => "vectorised", LoopKind.Unrolled => "unrolled",
        LoopKind.Virtual => "a virtual thread", LoopKind.Bound => "bound", _ => "serial",
    };

    /// <summary>The directive that makes a mark.</summary>
    public static string Directive(LoopKind kind) => kind switch
    {
        LoopKind.Parallel => "parallel", LoopKind.Vectorized => "vectorize", LoopKind.Unrolled => "unroll", LoopKind.Virtual => "vthread", LoopKind.Bound => "bind", _ => "split",
    };
}
