using Tx.Core;

namespace Tx.Lower;

/// <summary>Limits of lowering: what is a correct program and can't be compiled yet.</summary>
public static class LowerDiagnostics
{
    public static readonly DiagnosticDescriptor StorageTooLarge = new(
        "TX3001", Severity.Error, "size of storage", "`{0}` needs more than {1} bytes, which no process can have",
        "use smaller dimensions");
}
