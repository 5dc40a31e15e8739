using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>What can go wrong with libraries that <c>tx build</c> made.</summary>
public static class LibraryDiagnostics
{
    public static readonly DiagnosticDescriptor CannotLoad = new("TX5330", Severity.Error, "kernel library cannot be loaded",
        "`{0}` cannot be loaded: {1}", "check the path, and that the library was built for this processor and system: `tx build FILE --target host --emit shared -o DIR`");

    public static readonly DiagnosticDescriptor NoLibrary = new("TX5331", Severity.Error, "not a kernel library",
        "`{0}` does not describe itself as a library of tx: {1}", "name a shared library that this version of `tx build` made; one with a prefix of its own needs it: `KernelLibrary.Load(path, prefix)`");

    public static readonly DiagnosticDescriptor UnknownKernel = new("TX5332", Severity.Error, "no such kernel in a library",
        "the library `{0}` has no kernel `{1}`; it has {2}", "name one that it has");

    public static readonly DiagnosticDescriptor Refused = new("TX5333", Severity.Error, "a kernel library refused a call",
        "`{0}` gave the code {1}: {2}", "the library's header says what each code means");

    /// <summary>Every descriptor of this stage.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = [CannotLoad, NoLibrary, UnknownKernel, Refused];
}
