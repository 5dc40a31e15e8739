using System.Collections.Immutable;
using Tx.Backends.Llvm;
using Tx.Backends.Llvm.Native;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Runtime;

namespace Tx.Backends.Entry;

/// <summary>An entry point to compile.</summary>
/// <param name="Symbol">Of the entry, a C identifier.</param>
/// <param name="Arguments">Names of its parameters, C identifiers.</param>
/// <param name="Module">The operator after the pass list.</param>
/// <param name="Conditions">What must hold of the sizes: adds steps to the program of a kernel for all sizes. Null where nothing is left to check.</param>
public sealed record LibraryEntry(
    string Symbol, ImmutableArray<string> Arguments, LoopModule Module, Func<SymbolicSizes, (SizeProgram Program, ImmutableArray<SizeCondition> Conditions)>? Conditions);

/// <summary>An entry point as an object.</summary>
/// <param name="SharedBytes">Of the arena, where sizes are known.</param>
/// <param name="WorkerBytes">For each worker.</param>
public sealed record LibraryObject(
    string Symbol, ImmutableArray<byte> Object, ImmutableArray<KernelParameter> Parameters, SymbolicSizes? Symbolic, long SharedBytes, long WorkerBytes, bool IsParallel);

/// <summary>Compiles the parts of a library of operators: entry points with their kernels, what they share, and the choice among processors.</summary>
public static class LibraryCompiler
{
    /// <summary>An entry point with its kernel. The kernel is the same text, compiled in the same way, as one that is loaded into this process.</summary>
    /// <param name="prefix">Of the library's support functions.</param>
    /// <param name="suffix">Not empty: the entry is one of several for different processors, hidden, with this behind its symbol.</param>
    /// <exception cref="DiagnosticException">As for <see cref="LlvmCompiler.Compile"/>.</exception>
    public static LibraryObject Compile(LibraryEntry entry, CpuTarget target, string prefix, string suffix, CancellationToken cancellation = default) => CompileThread.Run(() =>
    {
        var module = LlvmEmitter.Emit(entry.Module, LlvmCompiler.TargetOf(target));
        var (sizes, conditions) = (module.Symbolic, ImmutableArray<SizeCondition>.Empty);
        if (sizes is not null && entry.Conditions is not null)
        {
            (var program, conditions) = entry.Conditions(sizes);
            sizes = sizes with { Values = program };
        }
        var plan = new EntryPlan(entry.Symbol + suffix, module.Parameters, entry.Arguments, sizes, conditions, module.WorkspaceBytes, module.WorkerBytes, target.MaxBytes) { IsParallel = module.IsParallel };
        string text = module.Body + EntryLlvmPrinter.Declarations(prefix) + new EntryLlvmPrinter(plan, prefix, target.PointerBytes).Print(module.Function, module.Messages, suffix.Length > 0 ? "hidden" : "");
        return new LibraryObject(entry.Symbol, Generate(text, target), module.Parameters, module.Symbolic, module.WorkspaceBytes, module.WorkerBytes, module.IsParallel);
    }, cancellation);

    /// <summary>What the entry points share.</summary>
    /// <param name="manifest">A description of the library, in JSON.</param>
    public static ImmutableArray<byte> CompileSupport(string prefix, string manifest, CpuTarget target) =>
        CompileThread.Run(() => Generate(SupportLlvm.Print(prefix, manifest, target), target));

    /// <summary>Public entry points that call those of the best processor that there is.</summary>
    /// <param name="entries">Symbols and numbers of tensors.</param>
    /// <param name="levels">x86-64 targets, the best first.</param>
    /// <param name="suffixes">Of the symbols, one for each level.</param>
    public static ImmutableArray<byte> CompileDispatch(string prefix, ImmutableArray<(string Symbol, int Tensors)> entries, ImmutableArray<CpuTarget> levels, ImmutableArray<string> suffixes) =>
        CompileThread.Run(() => Generate(DispatchLlvm.Print(prefix, entries, levels, suffixes), TargetCatalog.Parse("x86-64")));

    /// <summary>Whether a processor can be asked for all features of a target.</summary>
    public static bool CanDispatch(CpuTarget target) => target.Architecture is CpuArchitecture.X86 && target.Name != "host" && DispatchLlvm.Knows(target);

    private static ImmutableArray<byte> Generate(string text, CpuTarget target) => CodeGenerator.Compile(text, LlvmTarget.Of(target), CodegenFile.Object);
}
