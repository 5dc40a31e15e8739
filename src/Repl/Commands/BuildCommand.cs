using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Tx.Build;
using Tx.Core;

namespace Tx.Repl.Commands;

internal static class BuildCommand
{
    private static readonly ImmutableArray<(string Name, LibraryOutputs Output)> Kinds =
    [
        ("object", LibraryOutputs.Object), ("static", LibraryOutputs.Static), ("shared", LibraryOutputs.Shared), ("header", LibraryOutputs.Header),
        ("pkg-config", LibraryOutputs.PkgConfig), ("cmake", LibraryOutputs.CMake), ("csharp", LibraryOutputs.CSharp), ("c", LibraryOutputs.C),
    ];

    public static Command Create(TextWriter output, TextWriter error)
    {
        var (file, defines) = (Arguments.File(), Arguments.Defines());
        var folder = new Option<string>("--output", "-o") { Description = "the folder to write to", Required = true, HelpName = "DIR" };
        var operators = new Option<string[]>("--op") { Description = "an entry point (default: every operator, for all sizes)", HelpName = "[NAME=]OP[:M=64,…]" };
        var targets = new Option<string[]>("--target") { Description = "a processor, such as host, x86-64-v3, znver4, aarch64+dotprod, cortex-m7; several x86-64 ones are chosen among at run time", HelpName = "TARGET" };
        var emit = new Option<string[]>("--emit") { Description = $"what to write (default: all of these that the target can have, but c): {string.Join(", ", Kinds.Select(k => k.Name))}", HelpName = "KIND,…" };
        var name = new Option<string?>("--name") { Description = "of the library's files (default: that of the program)", HelpName = "NAME" };
        var prefix = new Option<string?>("--prefix") { Description = "before every symbol (default: the name)", HelpName = "PREFIX" };
        var command = new Command("build", "Compiles operators into a library for C, C++ and C#.") { file, folder, operators, targets, emit, name, prefix, defines };
        command.SetAction(parsed =>
        {
            var request = new LibraryRequest(Arguments.Existing(parsed.GetRequiredValue(file)))
            {
                Operators = [.. parsed.GetValue(operators) ?? []], Targets = parsed.GetValue(targets) is { Length: > 0 } given ? [.. given.SelectMany(t => t.Split(','))] : ["host"],
                Name = parsed.GetValue(name), Prefix = parsed.GetValue(prefix), Outputs = ParseKinds(parsed.GetValue(emit)), Defines = Arguments.ParseDefines(parsed.GetValue(defines)),
            };
            if (LibraryBuilder.Build(request, new ConsoleOutput(output, error), out bool lacksLibrary) is not { } library) return lacksLibrary ? CommandLineApp.CallFault : CommandLineApp.ProgramFault;
            string target = parsed.GetRequiredValue(folder);
            library.WriteTo(target);
            foreach (var (symbol, bytes, arena) in library.Entries)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{symbol}: {(bytes == 0 ? "" : $"objects of {bytes} bytes, ")}{(arena is { } n ? n == 0 ? "no arena" : $"an arena of {n} bytes" : "an arena by the sizes of a call")}"));
            output.WriteLine($"{target}: {string.Join(", ", library.Files.Select(f => f.Name))}");
            return CommandLineApp.Fine;
        });
        return command;
    }

    private static LibraryOutputs ParseKinds(string[]? texts)
    {
        var outputs = LibraryOutputs.None;
        foreach (string kind in (texts ?? []).SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
            outputs |= Kinds.FirstOrDefault(k => k.Name == kind) is { Output: not LibraryOutputs.None } found ? found.Output
                : throw new RequestException($"`--emit {kind}` is no kind of output{(Suggestion.For(kind, Kinds.Select(k => k.Name)) is { } near ? $"; did you mean `{near}`?" : "")}; there are {string.Join(", ", Kinds.Select(k => k.Name))}");
        return outputs;
    }
}
