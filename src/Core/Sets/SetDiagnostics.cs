namespace Tx.Core.Sets;

public static class SetDiagnostics
{
    public static readonly DiagnosticDescriptor LibraryMissing = new("TX4101", Severity.Error, "libisl is not installed",
        "the integer-set library libisl, which proves bounds, is not installed",
        "run `apt-get install libisl23`, or set TX_ISL to the path of the library");
}
