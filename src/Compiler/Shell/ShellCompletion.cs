using Tx.Core;
using Tx.Lang.Schedules;
using Tx.LanguageServices;
using Tx.Lower.Schedule.Steps;

namespace Tx.Shells;

/// <summary>What may stand among the arguments of commands.</summary>
internal static class ShellCompletion
{
    public static IEnumerable<CompletionEntry> Commands(Shell shell, string before) =>
        ShellCommands.All.Select(c => new CompletionEntry(c.Name, CompletionKind.Word, c.Usage, c.Summary));

    public static IEnumerable<CompletionEntry> Operators(Shell shell, string before) => Words(before) > 0 ? [] : shell.Session.Declarations.Operators.Values.Select(Declaration);

    public static IEnumerable<CompletionEntry> Declared(Shell shell, string before) => shell.Session.Declarations.All.Select(Declaration);

    public static IEnumerable<CompletionEntry> Variables(Shell shell, string before) => shell.Session.Variables.Select(v => new CompletionEntry(v.Name, CompletionKind.Variable, v.Value.Describe()));

    public static IEnumerable<CompletionEntry> VariablesAndDeclared(Shell shell, string before) => Variables(shell, before).Concat(Declared(shell, before));

    public static IEnumerable<CompletionEntry> Names(Shell shell, string before) => VariablesAndDeclared(shell, before)
        .Concat(Vocabulary.Primitives.Select(p => new CompletionEntry(p.Name, CompletionKind.Primitive, Descriptions.Signature(p), p.Summary)))
        .Concat(LanguageWords.Elements.Concat(LanguageWords.Reductions).Concat(LanguageWords.Statements).Select(w => new CompletionEntry(w.Name, CompletionKind.Function, w.Usage, w.Summary)))
        .Concat(LanguageWords.TopLevel.Select(w => new CompletionEntry(w.Name, CompletionKind.Keyword, w.Usage, w.Summary)));

    /// <summary>Is completed like program text.</summary>
    public static IEnumerable<CompletionEntry> Expression(Shell shell, string before) => [];

    public static IEnumerable<CompletionEntry> Codes(Shell shell, string before) => DiagnosticsManual.Codes.Select(c => new CompletionEntry(c, CompletionKind.Word));

    /// <summary>The operator, then its schedules and sizes.</summary>
    public static IEnumerable<CompletionEntry> OperatorArguments(Shell shell, string before) => Words(before) == 0 ? Operators(shell, before) : After(shell, before);

    public static IEnumerable<CompletionEntry> PrintArguments(Shell shell, string before) => Words(before) == 0 ? Operators(shell, before)
        : After(shell, before).Concat(Shells.Commands.OperatorCommands.PrintStages.Select(s => new CompletionEntry(s, CompletionKind.Word, "a stage")));

    private static IEnumerable<CompletionEntry> After(Shell shell, string before)
    {
        string name = before.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        if (!shell.Session.Declarations.Operators.TryGetValue(name, out var op)) return [];
        var dims = new OperatorNames(op).Names.Where(n => n.Kind is NameKind.Dimension).Select(n => n.Name).Distinct();
        return shell.Session.Schedules.SchedulesOf(name).Select(Declaration).Concat(dims.Select(d => new CompletionEntry($"{d}=", CompletionKind.Dimension, "a size")));
    }

    /// <summary>The loops of the open schedule, or operators and then their loops.</summary>
    public static IEnumerable<CompletionEntry> Loops(Shell shell, string before)
    {
        if (shell.Explorer is { } open) return LoopNames.Of(open.State).Select(l => Loop(l.Name, l.Loop));
        if (Words(before) == 0) return Operators(shell, before);
        string name = before.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        if (!shell.Session.Declarations.Operators.ContainsKey(name)) return [];
        var plain = OperatorRequest.Find(shell.Session, name, System.Collections.Immutable.ImmutableDictionary<string, long>.Empty).Plain();
        return LoopNames.Of(ScheduleState.Of(plain, shell.Session.Target)).Select(l => Loop(l.Name, l.Loop)).Concat(After(shell, before));
    }

    private static CompletionEntry Loop(string name, Lower.Ir.For loop) => new(name, CompletionKind.Loop, $"in {loop.Min}..{loop.Extent}");

    public static IEnumerable<CompletionEntry> Settings(Shell shell, string before) => Words(before) == 0
        ? new[] { ("threads", "threads of parallel loops"), ("memory", "the most that values may have together"), ("symbolic", "one kernel for all sizes"), ("time", "says how long each entry took") }.Select(s => new CompletionEntry(s.Item1, CompletionKind.Word, s.Item2))
        : before.TrimStart().StartsWith("symbolic", StringComparison.Ordinal) || before.TrimStart().StartsWith("time", StringComparison.Ordinal) ? new[] { "on", "off" }.Select(s => new CompletionEntry(s, CompletionKind.Word)) : [];

    public static IEnumerable<CompletionEntry> Targets(Shell shell, string before) => CpuTarget.Host().Features.Prepend("baseline").Prepend("host").Select(f => new CompletionEntry(f, CompletionKind.Target, f switch { "host" => "this machine", "baseline" => "no feature", _ => "a feature" }));

    public static IEnumerable<CompletionEntry> Files(Shell shell, string before)
    {
        string word = before[(before.LastIndexOf(' ') + 1)..];
        string folder = Path.GetDirectoryName(word) ?? "";
        string at = folder.Length == 0 ? "." : folder;
        try
        {
            if (!Directory.Exists(at)) return [];
            return Directory.EnumerateDirectories(at).Select(d => new CompletionEntry(Path.Combine(folder, Path.GetFileName(d)) + "/", CompletionKind.File, "a folder"))
                .Concat(Directory.EnumerateFiles(at, "*.tx").Select(f => new CompletionEntry(Path.Combine(folder, Path.GetFileName(f)), CompletionKind.File))).OrderBy(e => e.Label, StringComparer.Ordinal).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static CompletionEntry Declaration(Lang.Syntax.ItemSyntax d) => LanguageService.EntryOf(d);

    private static int Words(string before) => before.Length == 0 ? 0 : before.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length - (before.EndsWith(' ') ? 0 : 1);
}
