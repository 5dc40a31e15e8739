using System.Collections.Immutable;
using Tx.Backends.C;
using Tx.Backends.Entry;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;
using Tx.Runtime;

namespace Tx.Build;

/// <summary>What <c>tx build</c> writes.</summary>
[Flags]
public enum LibraryOutputs
{
    None = 0,
    Object = 1,
    Static = 2,
    Shared = 4,
    Header = 8,
    PkgConfig = 16,
    CMake = 32,
    CSharp = 64,
    /// <summary>C99 instead of objects, for another compiler.</summary>
    C = 128,
}

/// <summary>A library of compiled operators to make from a program.</summary>
/// <param name="File">The program.</param>
public sealed record LibraryRequest(string File)
{
    /// <summary>Entry points: <c>matmul</c>, <c>matmul:M=64,K=64,N=64</c>, <c>mm64=matmul:…</c>. Empty: every operator of the file, for all sizes.</summary>
    public ImmutableArray<string> Operators { get; init; } = [];
    /// <summary>Names of targets (<see cref="TargetCatalog"/>); several x86-64 ones are chosen among when the library is used.</summary>
    public ImmutableArray<string> Targets { get; init; } = ["host"];
    /// <summary>Of the library and its files; null: that of the program.</summary>
    public string? Name { get; init; }
    /// <summary>Before every symbol, with an underscore; null: the name.</summary>
    public string? Prefix { get; init; }
    /// <summary>None: all that the target can have.</summary>
    public LibraryOutputs Outputs { get; init; }
    /// <summary>Values that stand in for <c>const</c> declarations.</summary>
    public ImmutableDictionary<string, Scalar> Defines { get; init; } = ImmutableDictionary<string, Scalar>.Empty;
}

/// <summary>A file of a library.</summary>
/// <param name="LinkTo">Not null: it is a link to that name.</param>
public sealed record LibraryFile(string Name, ImmutableArray<byte> Content, string? LinkTo = null);

/// <summary>A library that is made and not written yet.</summary>
/// <param name="Entries">What it exports: symbols, the bytes of machine code and data of their objects, and of their arenas (null: the sizes of a call say).</param>
public sealed record OperatorLibrary(ImmutableArray<LibraryFile> Files, ImmutableArray<(string Symbol, long ObjectBytes, long? ArenaBytes)> Entries)
{
    /// <summary>Writes all files into a folder, each under another name first, so that no reader sees a part of one.</summary>
    /// <exception cref="DiagnosticException">TX5016: the folder cannot be made, is not writable or is full.</exception>
    public void WriteTo(string folder)
    {
        try { Directory.CreateDirectory(folder); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new DiagnosticException(RuntimeDiagnostics.CannotWrite, null, folder, e is UnauthorizedAccessException ? "access is denied" : File.Exists(folder) ? "a file has this name" : e.Message.Split(" : '")[0].TrimEnd('.'));
        }
        foreach (var f in Files)
        {
            string path = Path.Combine(folder, f.Name);
            if (f.LinkTo is null) DataFile.Write(path, stream => stream.Write(f.Content.AsSpan()));
            else Link(path, f.LinkTo);
        }
    }

    private static void Link(string path, string target)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.CreateSymbolicLink(temporary, target);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DiagnosticException(RuntimeDiagnostics.CannotWrite, null, path, e.Message.Split(" : '")[0].TrimEnd('.'));
        }
    }
}

/// <summary>Compiles operators of a program ahead of time into libraries for C, C++ and C#.</summary>
public static class LibraryBuilder
{
    // Sizes at which a check by intervals must not refuse what the prover admits.
    private static readonly ImmutableArray<ImmutableArray<long>> Probes = [[1, 2, 3, 4, 5, 6], [4, 4, 4, 4, 4, 4], [5, 3, 7, 2, 8, 4], [16, 8, 3, 5, 2, 1], [2, 9, 4, 6, 3, 8]];

    /// <summary>Makes a library.</summary>
    /// <param name="output">Told what is wrong with the program, and what was left out.</param>
    /// <returns>Null where the program has errors, which are reported.</returns>
    /// <exception cref="DiagnosticException">The request is wrong (TX4080 and on), or an operator cannot be compiled.</exception>
    public static OperatorLibrary? Build(LibraryRequest request, ISessionOutput output, out bool lacksLibrary)
    {
        var targets = TargetsOf(request);
        string name = request.Name ?? CNames.From(Path.GetFileNameWithoutExtension(request.File)), prefix = request.Prefix ?? CNames.From(name);
        if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))) throw new DiagnosticException(BuildDiagnostics.NameClash, null, $"`{name}` is no name for a library", "use letters, digits, `_` and `-`: `--name kernels`");
        if (!CNames.IsIdentifier(prefix) || prefix.StartsWith('_')) throw new DiagnosticException(BuildDiagnostics.NameClash, null, $"`{prefix}` cannot begin a symbol of C", "use a word of letters, digits and `_`: `--prefix nn`");
        var outputs = OutputsOf(request.Outputs, targets[0]);
        if (targets.Length > 1 && outputs.HasFlag(LibraryOutputs.C))
            throw new DiagnosticException(BuildDiagnostics.TargetsDoNotFit, null, "C is written for one target", "name one, and let the compiler of the C choose instructions");
        // The program is checked on this machine; its operators are then lowered for each target.
        using var session = new Session(new() { Threads = 1, Defines = request.Defines, SkipsOpenSchedules = true }, output);
        lacksLibrary = false;
        if (session.Load(request.File) is null)
        {
            lacksLibrary = session.LacksLibrary;
            return null;
        }
        var bound = Bind(request, session, prefix, output);
        NoteSchedules(session, bound, targets, output);
        bool isDispatched = targets.Length > 1 || LibraryCompiler.CanDispatch(targets[0]) && targets[0].Name != "x86-64";
        // A header alone is that of objects.
        bool hasObjects = !outputs.HasFlag(LibraryOutputs.C) || (outputs & (LibraryOutputs.Object | LibraryOutputs.Static | LibraryOutputs.Shared)) != 0;
        if (!hasObjects) isDispatched = false;
        string[] suffixes = isDispatched ? [.. targets.Select(t => "__" + CNames.From(t.Name))] : [""];

        var objects = new List<(string Name, ImmutableArray<string> Symbols, ImmutableArray<byte> Object)>();
        var models = new List<LibraryEntryModel>();
        var printed = new List<CLibraryEntry>();
        foreach (var entry in bound)
        {
            string symbol = $"{prefix}_{entry.Name}";
            var compiled = hasObjects ? targets.Select((t, i) => Compile(session, entry, symbol, t, prefix, suffixes[i])).ToList() : [];
            for (int i = 0; i < compiled.Count; i++) objects.Add((symbol + suffixes[i], [symbol + suffixes[i], $"{symbol}{suffixes[i]}_arena"], compiled[i].Object));
            var c = outputs.HasFlag(LibraryOutputs.C) ? EmitC(session, entry, symbol, targets[0]) : null;
            if (c is not null) printed.Add(c);
            models.Add(ModelOf(entry, symbol, compiled, c?.Kernel));
        }
        var model = new LibraryModel(name, prefix, Path.GetFileName(request.File), targets, [.. models]) { IsDispatched = isDispatched };
        string manifest = Manifest.Of(model);
        if (hasObjects) objects.Add(($"{prefix}_support", [EntryNames.Fail(prefix), EntryNames.Launcher(prefix), $"{prefix}_set_launcher", $"{prefix}_manifest"], LibraryCompiler.CompileSupport(prefix, manifest, SupportTarget(targets))));
        if (isDispatched)
            objects.Add(($"{prefix}_dispatch", [.. models.SelectMany(m => new[] { m.Symbol, m.Symbol + "_arena" }), $"{prefix}_cpu", $"{prefix}_set_cpu"],
                LibraryCompiler.CompileDispatch(prefix, [.. models.Select(m => (m.Symbol, m.Parameters.Length))], targets, [.. suffixes])));
        string? text = printed.Count > 0 ? CLibrary.Print($"{name}.h", prefix, [.. printed], targets[0], manifest) : null;
        return new(FilesOf(model, outputs, objects, text), [.. models.Select(m => (m.Symbol, objects.Where(o => o.Name == m.Symbol || o.Name.StartsWith(m.Symbol + "__", StringComparison.Ordinal)).Sum(o => (long)o.Object.Length), m.ArenaBytes))]);
    }

    private static ImmutableArray<CpuTarget> TargetsOf(LibraryRequest request)
    {
        ImmutableArray<CpuTarget> targets = [.. request.Targets.Select(TargetCatalog.Parse)];
        if (targets.Length == 1) return targets;
        if (targets.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new DiagnosticException(BuildDiagnostics.TargetsDoNotFit, null, $"the target `{twice.Key}` is given twice", "name each target once");
        if (targets.FirstOrDefault(t => !LibraryCompiler.CanDispatch(t)) is { } other)
            throw new DiagnosticException(BuildDiagnostics.TargetsDoNotFit, null, $"`{other.Name}` cannot be one of several targets of a library", "a library chooses among x86-64 processors that are named; call `tx build` once for each other target");
        // The best first: that with the most features.
        return [.. targets.OrderByDescending(t => t.Features.Count)];
    }

    // What chooses and what is shared runs on all of them.
    private static CpuTarget SupportTarget(ImmutableArray<CpuTarget> targets) => targets[0].Architecture is CpuArchitecture.X86 ? TargetCatalog.Parse("x86-64") : targets[0];

    private static LibraryOutputs OutputsOf(LibraryOutputs asked, CpuTarget target)
    {
        const LibraryOutputs dynamic = LibraryOutputs.Shared | LibraryOutputs.CSharp;
        if (target.IsFreestanding && (asked & dynamic) != 0)
            throw new DiagnosticException(BuildDiagnostics.TargetsDoNotFit, null, $"`{target.Name}` has no shared libraries", "ask for `--emit object,static,header`");
        if (asked != LibraryOutputs.None) return asked;
        // C instead of objects is asked for by name.
        var all = Enum.GetValues<LibraryOutputs>().Aggregate((a, b) => a | b) & ~LibraryOutputs.C;
        return target.IsFreestanding ? all & ~dynamic : all;
    }

    private static List<BoundEntry> Bind(LibraryRequest request, Session session, string prefix, ISessionOutput output)
    {
        var bound = new List<BoundEntry>();
        if (!request.Operators.IsEmpty)
            foreach (string text in request.Operators)
            {
                var entry = EntryRequest.Parse(text).Bind(session);
                Admit(session, entry);
                bound.Add(entry);
            }
        else
            foreach (var op in session.Declarations.Operators.Values.Where(o => Path.GetFullPath(o.Span.Source.Path) == Path.GetFullPath(request.File)).OrderBy(o => o.Span.Span.Start))
                try
                {
                    var entry = EntryRequest.Parse(op.Name.Text).Bind(session);
                    Admit(session, entry);
                    bound.Add(entry);
                }
                catch (DiagnosticException e) when (e.Diagnostics is [var d, ..] && (d.Descriptor == BuildDiagnostics.WrongEntry || d.Descriptor == BuildDiagnostics.NeedsSizes))
                {
                    output.Report(Diagnostic.Create(BuildDiagnostics.LeftOut, op.Name.Span, op.Name.Text, d.Message, d.Help));
                }
        if (bound.Count == 0) throw new DiagnosticException(BuildDiagnostics.WrongEntry, null, "…", $"`{request.File}` declares no operator that can be built as it is", "name the entries and their sizes: `--op NAME:M=64,…`");
        if (bound.FirstOrDefault(b => !CNames.IsIdentifier(b.Name)) is { } odd)
            throw new DiagnosticException(BuildDiagnostics.NameClash, null, $"`{odd.Name}` is no name in C", $"give the entry one: `--op name={odd.Request.Text}`");
        // Symbols of the library's own.
        var taken = new Dictionary<string, string>(StringComparer.Ordinal) { [$"{prefix}_set_launcher"] = "", [$"{prefix}_manifest"] = "", [$"{prefix}_cpu"] = "", [$"{prefix}_set_cpu"] = "", [EntryNames.Fail(prefix)] = "", [EntryNames.Launcher(prefix)] = "" };
        foreach (var b in bound)
            foreach (string symbol in new[] { $"{prefix}_{b.Name}", $"{prefix}_{b.Name}_arena" })
                if (!taken.TryAdd(symbol, b.Request.Text))
                    throw new DiagnosticException(BuildDiagnostics.NameClash, null, $"two parts of the library would be called `{symbol}`{(taken[symbol] is { Length: > 0 } other ? $": `{other}` and `{b.Request.Text}`" : "")}", $"give the entry another name: `--op name={b.Request.Text}`");
        return bound;
    }

    // Dispatch would take a schedule, and that is not one for all sizes.
    private static void NoteSchedules(Session session, List<BoundEntry> bound, ImmutableArray<CpuTarget> targets, ISessionOutput output)
    {
        var noted = new HashSet<(string, string)>();
        foreach (var t in targets)
        {
            if (session.Target != t) session.SetTarget(t);
            foreach (var b in bound.Where(b => b.Dims is null))
                if (session.Schedules.Choose(b.Operator, null) is { } choice && session.Compiler.Lower(b.Operator, null).Schedule?.Elaborated is null && noted.Add((b.Operator.Name, choice.Name)))
                    output.Report(Diagnostic.Create(BuildDiagnostics.ScheduleLeftOut, choice.Schedule.Name.Span, b.Operator.Name, choice.Name));
        }
    }

    /// <summary>Proves the operator for its sizes, or for all.</summary>
    private static void Admit(Session session, BoundEntry entry)
    {
        if (entry.Dims is { } dims)
        {
            if (CallResolver.BrokenRequirement(entry.Operator, dims, null) is { } broken) throw new DiagnosticException([broken]);
            foreach (var tensor in entry.Operator.Parameters.Concat(entry.Operator.Results))
                TensorType.CountElements(tensor.Type is ElementType.Int ? ElementType.I64 : tensor.Type, OperatorShapes.Of(tensor, dims).AsSpan());
            session.Resolver.Admit(entry.Operator, dims);
            return;
        }
        var errors = session.Resolver.ReportOf(entry.Operator).Diagnostics.Where(d => d.IsError).ToImmutableArray();
        if (!errors.IsEmpty) throw new DiagnosticException(errors);
    }

    private static LibraryObject Compile(Session session, BoundEntry entry, string symbol, CpuTarget target, string prefix, string suffix)
    {
        if (session.Target != target) session.SetTarget(target);
        var final = session.Compiler.Lower(entry.Operator, entry.Dims).Final;
        ImmutableArray<string> arguments = [.. Enumerable.Range(0, final.Functions[0].Parameters.Length).Select(i => "p" + i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        return LibraryCompiler.Compile(new(symbol, arguments, final, sizes => Conditions(session, entry.Operator, sizes, target)), target, prefix, suffix, session.Cancellation);
    }

    private static CLibraryEntry EmitC(Session session, BoundEntry entry, string symbol, CpuTarget target)
    {
        if (session.Target != target) session.SetTarget(target);
        var kernel = session.Compiler.EmitC(entry.Operator, entry.Dims, name: symbol + "_kernel");
        return new(symbol, [.. CNames.Parameters(kernel.Parameters.Select(p => p.Name))], kernel, sizes => Conditions(session, entry.Operator, sizes, target));
    }

    private static LibraryEntryModel ModelOf(BoundEntry entry, string symbol, List<LibraryObject> compiled, CModule? c)
    {
        var (parameters, symbolic) = c is null || compiled.Count > 0 ? (Merge(compiled), compiled[0].Symbolic) : (c.Parameters, c.Symbolic);
        bool isKnown = compiled.Select(o => o.Symbolic).Append(c?.Symbolic).All(s => s is null || s.Slots.IsEmpty);
        long bytes = compiled.Select(o => o.SharedBytes + o.WorkerBytes).Append(c is null ? 0 : (c.ArenaBytes + EntryPlanAlignment - 1) / EntryPlanAlignment * EntryPlanAlignment).Max();
        return new(entry, symbol, [.. CNames.Parameters(parameters.Select(p => p.Name))], parameters, symbolic, isKnown ? bytes : null, compiled.Any(o => o.IsParallel));
    }

    private const int EntryPlanAlignment = 64;

    private static (SizeProgram, ImmutableArray<SizeCondition>) Conditions(Session session, Operator op, SymbolicSizes sizes, CpuTarget target)
    {
        var report = session.Resolver.ReportOf(op);
        var (program, conditions) = SizeConditions.Add(op, report, sizes, target.MaxBytes);
        // Intervals are coarse: what the prover admits at usual sizes must pass, or the entry would be of no use.
        foreach (var probe in report.Deferred.IsEmpty ? [] : Probes)
        {
            var dims = op.Dims.Select((d, i) => (d, Size: probe[i % probe.Length])).ToImmutableDictionary(p => p.d, p => p.Size);
            var values = program.Evaluate([.. op.Dims.Select(d => dims[d])]);
            if (conditions.FirstOrDefault(c => values[c.Step] is not (not null and not 0)) is { } refused && IsAdmitted(session, op, dims))
                throw new DiagnosticException(BuildDiagnostics.NeedsSizes, op.Span, op.Name, refused.Text, string.Join(", ", op.Dims.Select(d => $"{d.Name} = {dims[d]}")));
        }
        return (program, conditions);
    }

    private static bool IsAdmitted(Session session, Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        try
        {
            session.Resolver.Admit(op, dims);
            return true;
        }
        catch (DiagnosticException)
        {
            return false;
        }
    }

    // An address that suits all targets.
    private static ImmutableArray<KernelParameter> Merge(List<LibraryObject> compiled) =>
        [.. compiled[0].Parameters.Select((p, i) => p with { Alignment = compiled.Max(c => c.Parameters[i].Alignment) })];

    private static ImmutableArray<LibraryFile> FilesOf(LibraryModel model, LibraryOutputs outputs, List<(string Name, ImmutableArray<string> Symbols, ImmutableArray<byte> Object)> objects, string? c)
    {
        var files = ImmutableArray.CreateBuilder<LibraryFile>();
        void Text(string name, string text) => files.Add(new(name, [.. System.Text.Encoding.UTF8.GetBytes(text)]));
        bool hasStatic = outputs.HasFlag(LibraryOutputs.Static), hasShared = outputs.HasFlag(LibraryOutputs.Shared);
        if (outputs.HasFlag(LibraryOutputs.Object)) foreach (var o in objects) files.Add(new(o.Name + ".o", o.Object));
        if (hasStatic) files.Add(new($"lib{model.Name}.a", [.. ArArchive.Of([.. objects.Select(o => (o.Name + ".o", o.Symbols, o.Object))])]));
        if (hasShared)
        {
            string soname = $"lib{model.Name}.so.1";
            var symbols = model.Entries.SelectMany(e => new[] { e.Symbol, e.Symbol + "_arena" }).Concat([$"{model.Prefix}_set_launcher", $"{model.Prefix}_manifest"]);
            if (model.IsDispatched) symbols = symbols.Concat([$"{model.Prefix}_cpu", $"{model.Prefix}_set_cpu"]);
            files.Add(new(soname, [.. SharedLinker.Link(model.Targets[0], soname, objects.Select(o => o.Object), symbols)]));
            files.Add(new($"lib{model.Name}.so", [], soname));
        }
        if (c is not null) Text($"{model.Name}.c", c);
        if (outputs.HasFlag(LibraryOutputs.Header)) Text($"{model.Name}.h", CHeader.Of(model));
        if (outputs.HasFlag(LibraryOutputs.PkgConfig)) Text($"{model.Name}.pc", PackageFiles.PkgConfig(model));
        if (outputs.HasFlag(LibraryOutputs.CMake)) Text($"{model.Name}Config.cmake", PackageFiles.CMake(model, hasStatic, hasShared));
        if (outputs.HasFlag(LibraryOutputs.CSharp)) Text($"{CNames.Pascal(model.Prefix)}.cs", CSharpBindings.Of(model));
        return files.ToImmutable();
    }
}
