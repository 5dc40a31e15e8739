using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Tx.Caching;
using Tx.Core;
using Tx.Lang.Building;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>The operators of a text, ready to be compiled. The text has been checked: every operator is bound, and its reads are proved to stay inside their tensors; those that
/// come from the library are proved when they are compiled.
/// Statements of the text (<c>let</c>, <c>print</c>, <c>test</c>) are not run; <see cref="Session"/> does that.
/// <para>Safe for several threads at one time. Kernels made of it stay usable after its disposal; disposing twice is harmless.</para></summary>
public sealed class TxProgram : IDisposable
{
    private readonly ProgramCore _core;
    private readonly ImmutableSortedDictionary<string, TxOperator> _operators;
    private int _isDisposed;

    private TxProgram(ProgramCore core, IEnumerable<string> operators, ImmutableArray<Diagnostic> warnings)
    {
        (_core, Warnings) = (core, warnings);
        _operators = operators.ToImmutableSortedDictionary(o => o, o => new TxOperator(core, o), StringComparer.Ordinal);
    }

    /// <summary>Reads a file and what it imports. An <c>import</c> is looked for beside the file, then in the library that comes with tx.</summary>
    /// <exception cref="DiagnosticException">The file cannot be read, or has errors: all of them are in it.</exception>
    public static TxProgram Load(string path, ProgramOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        var text = SourceReader.Read(path, out var problem);
        return text is null ? throw new DiagnosticException([problem!]) : Parse(text, options);
    }

    /// <summary>Reads a text. An <c>import</c> is looked for in the current folder, then in the library that comes with tx.</summary>
    /// <exception cref="DiagnosticException">The text has errors: all of them are in it.</exception>
    public static TxProgram Parse(string text, ProgramOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(new SourceText("<text>", text), options);
    }

    /// <summary>Takes what was built in C#. Diagnostics point into its <see cref="ProgramBuilder.ToText"/>.</summary>
    /// <exception cref="DiagnosticException">What was built has errors: all of them are in it.</exception>
    public static TxProgram Build(ProgramBuilder program, ProgramOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(program);
        return Parse(program.ToSource(), options);
    }

    /// <summary>Warnings about the text.</summary>
    public ImmutableArray<Diagnostic> Warnings { get; }

    /// <summary>The operators of the text and of what it imports, in the order of their names.</summary>
    public IEnumerable<TxOperator> Operators => _operators.Values;

    /// <summary>An operator by its name.</summary>
    /// <exception cref="DiagnosticException">TX5320: there is none of this name.</exception>
    public TxOperator this[string name] => TryFind(name, out var found) ? found
        : throw new DiagnosticException(EmbeddingDiagnostics.UnknownOperator, null, name, EmbeddingDiagnostics.NameHelp(name, _operators.Keys));

    /// <summary>An operator by its name; false where there is none.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out TxOperator? found) => _operators.TryGetValue(name, out found);

    /// <summary>Kernels that were made stay usable; nothing more can be compiled.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) _core.Close();
    }

    private static TxProgram Parse(SourceText text, ProgramOptions? options)
    {
        options ??= new();
        var target = options.Target ?? CpuTarget.Host();
        RequireFeatures(target);
        var defines = options.Constants;
        var store = ProgramStore.Default();
        if (store?.Find(text, defines) is { } known)
            return new(new(() => Again(text, known, defines), defines, target) { Kept = new(store, known) }, known.Operators, []);
        return DeepStack.Run(() => Make(text, defines, target, store));
    }

    // A program that is known is parsed when something is to be made of it that is not kept.
    private static DeclarationTable Again(SourceText text, ProgramRecord known, ImmutableDictionary<string, Scalar> defines) =>
        DeepStack.Run(() => new ProgramLoader(defines) { Texts = known.Files }.Load(text, new DiagnosticBag()).Declarations);

    private static TxProgram Make(SourceText text, ImmutableDictionary<string, Scalar> defines, CpuTarget target, ProgramStore? store)
    {
        var bag = new DiagnosticBag();
        var loader = new ProgramLoader(defines);
        var program = Session.Guard(bag, () => loader.Load(text, bag));
        if (program is null) throw new DiagnosticException([.. bag.Items]);
        var names = program.Declarations.Operators.Keys;
        ProgramCore CoreOf(KeptKernels? kept) => new(() => program.Declarations, defines, target) { Kept = kept };
        using (var check = CoreOf(null))
            check.Ask((resolver, _) =>
            {
                Session.Guard(bag, () => resolver.CheckDeclarations(program, CheckScope.WithoutLibrary(text).Includes, bag));
                return true;
            }, default);
        ImmutableArray<Diagnostic> found = [.. ReportFilter.Select(bag.Items, program.Tree.Root.Items)];
        if (bag.HasErrors) throw new DiagnosticException(found);
        return new(CoreOf(store is null || !found.IsEmpty ? null : new(store, store.Keep(text, defines, loader, names))), names, found);
    }

    // Code with instructions that the processor lacks would end the process.
    private static void RequireFeatures(CpuTarget target)
    {
        var missing = target.Features.Except(CpuTarget.Host().Features);
        if (!missing.IsEmpty) throw new DiagnosticException(EmbeddingDiagnostics.ForeignTarget, null, target.Name, string.Join(", ", missing.Select(f => $"`{f}`")));
    }
}
