using Tx.Core;

namespace Tx.Repl.Jupyter;

internal static class NotebookDiagnostics
{
    public static readonly DiagnosticDescriptor LibraryMissing = new("TX4201", Severity.Error, "libzmq is not installed",
        "the message library libzmq, over which Jupyter speaks to a kernel, is not installed",
        "run `apt-get install libzmq5`, or set TX_ZMQ to the path of the library");
}
