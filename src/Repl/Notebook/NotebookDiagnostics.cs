using Tx.Core;

namespace Tx.Repl.Notebook;

internal static class NotebookDiagnostics
{
    public static readonly DiagnosticDescriptor LibraryMissing = new("TX4201", Severity.Error, "libzmq is not installed",
        "the message library libzmq, over which Jupyter speaks to a kernel, is not installed",
        "run `apt-get install libzmq5`, or set TX_ZMQ to the path of the library");

    public static readonly DiagnosticDescriptor CellFailed = new("TX9201", Severity.Error, "a cell failed inside tx",
        "tx failed on this cell: {0}", "the session goes on; this is a defect of tx, and its makers want to hear of it");

    public static readonly DiagnosticDescriptor ValueNotShared = new("TX5210", Severity.Error, "value that cannot be shared",
        "`{0}` cannot be taken from a notebook's other language: {1}", "share a number, a truth value, a text, or an array of numbers in rows of one length");

    public static readonly DiagnosticDescriptor DirectiveNotServed = new("TX5211", Severity.Error, "notebook directive that tx does not carry out",
        "`{0}` is a directive of .NET Interactive that it leaves to its kernels, and tx does not carry it out", "bind the name in tx with `let`; values of tx are read by other kernels by their names");
}
