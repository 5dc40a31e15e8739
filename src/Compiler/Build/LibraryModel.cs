using System.Collections.Immutable;
using Tx.Backends.Entry;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Runtime;

namespace Tx.Build;

/// <summary>An entry point with all that headers, bindings and the manifest say of it.</summary>
/// <param name="Symbol">Public, with the library's prefix.</param>
/// <param name="Arguments">C names of the parameters.</param>
/// <param name="ArenaBytes">With one worker, the most of all targets; null where it follows from the sizes of a call.</param>
internal sealed record LibraryEntryModel(
    BoundEntry Entry, string Symbol, ImmutableArray<string> Arguments, ImmutableArray<KernelParameter> Parameters, SymbolicSizes? Symbolic, long? ArenaBytes, bool IsParallel)
{
    public Operator Operator => Entry.Operator;
    /// <summary>The operator's tensors, in the order of <see cref="Parameters"/>.</summary>
    public ImmutableArray<TensorSymbol> Tensors => [.. Operator.Parameters, .. Operator.Results];
}

/// <summary>A library whose code is made.</summary>
/// <param name="Name">Of its files.</param>
/// <param name="Source">The name of the program's file.</param>
/// <param name="Targets">The best first.</param>
internal sealed record LibraryModel(string Name, string Prefix, string Source, ImmutableArray<CpuTarget> Targets, ImmutableArray<LibraryEntryModel> Entries)
{
    public bool IsDispatched { get; init; }
}
