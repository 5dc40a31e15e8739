using Tx.Core;

namespace Tx.Lang.Proofs;

public static class ProofDiagnostics
{
    public static readonly DiagnosticDescriptor ReadOutside = new("TX1501", Severity.Error, "read out of bounds",
        "`{0}` can be outside: dimension {1} of `{2}` has the extent `{3}`",
        "give the outside a value, `{0} ?? 0`, or make the range smaller, or add a `require`");
    public static readonly DiagnosticDescriptor TensorTooLarge = new("TX1502", Severity.Error, "tensor too large",
        "`{0}` would take more than 128 TiB with the shape [{1}]", "use smaller sizes");
    public static readonly DiagnosticDescriptor IndexTooLarge = new("TX1503", Severity.Error, "index arithmetic overflows",
        "`{0}` can be outside the 64 bits of an `int` at these sizes", "use smaller sizes or factors");

    public static readonly DiagnosticDescriptor NotDecided = new("TX3503", Severity.Error, "condition not decided",
        "it could not be decided whether `{0}` always holds, and a check when the kernel runs is not supported yet",
        "write the index or size in a simpler form: sums, and products and quotients by numbers");
}
