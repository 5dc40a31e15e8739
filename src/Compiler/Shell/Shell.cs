using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Syntax;
using Tx.LanguageServices;
using Tx.Lower.Schedule.Steps;

namespace Tx.Shells;

/// <summary>What was submitted.</summary>
/// <param name="IsDone">It ran to its end.</param>
public sealed record ShellEntry(int Number, string Text, bool IsDone);

/// <summary>Takes what people type, at a prompt or in a notebook's cell: program text, and commands that begin with <c>:</c> or <c>%</c>. Knows no console.
/// Not safe for several threads; but a token may be cancelled from any, and what is asked about text that is being typed may be asked while another thread runs an entry.</summary>
public sealed partial class Shell : IDisposable
{
    private readonly List<ShellEntry> _history = [];
    private readonly ShellLanguage _language;
    private readonly Lock _valuesGate = new();
    private IReadOnlyList<SessionVariable>? _valuesBefore;

    public Shell(SessionOptions options, ISessionOutput output)
    {
        Output = output;
        Session = new(options, output);
        _language = new(this);
    }

    public Session Session { get; }
    public ISessionOutput Output { get; }
    /// <summary>Entries in their order; those of earlier sessions are the front end's.</summary>
    public IReadOnlyList<ShellEntry> History => _history;
    /// <summary>The number of the next entry.</summary>
    public int NextNumber => _history.Count + 1;
    /// <summary>The operator that is being scheduled line by line; null where none is.</summary>
    public string? Scheduling => Explorer?.Operator.Name;
    /// <summary><c>:quit</c> was given.</summary>
    public bool IsOver { get; internal set; }

    internal ScheduleExplorer? Explorer { get; set; }
    /// <summary>Files that <c>:load</c> has read.</summary>
    internal List<string> Loaded { get; } = [];
    /// <summary>Times are said after each entry.</summary>
    internal bool SaysTimes { get; set; }
    internal CancellationToken Cancellation => Session.Cancellation;

    /// <summary>Runs a text: commands on lines of their own, and program text between them.</summary>
    /// <param name="label">What messages call the text: <c>&lt;prompt 3&gt;</c>.</param>
    /// <returns>False where something fails or is cancelled, which is reported; what comes after it does not run.</returns>
    public bool Submit(string text, string label, CancellationToken cancellation = default)
    {
        Session.EntryNumber = NextNumber;
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        bool isDone;
        lock (_valuesGate) _valuesBefore = Session.Variables;
        try { isDone = Parts(text).All(p => !IsOver && (p.IsCommand ? RunCommand(p.Text, cancellation) : RunProgram(p.Text, label, cancellation))); }
        finally
        {
            lock (_valuesGate) _valuesBefore = null;
        }
        if (SaysTimes) Output.Note(BenchText.Time(System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMicroseconds));
        _history.Add(new(NextNumber, text.TrimEnd(), isDone));
        return isDone;
    }

    /// <summary>The values that names have; while an entry runs, those that they had before it.</summary>
    internal IReadOnlyList<SessionVariable> KnownValues
    {
        get
        {
            lock (_valuesGate) return _valuesBefore ?? Session.Variables;
        }
    }

    /// <summary>Binds a name to a value from outside. A tensor belongs to the session from now on.</summary>
    public void SetValue(string name, Value value)
    {
        lock (_valuesGate) Session.SetValue(name, value);
    }

    /// <summary>False where a prompt should ask for another line.</summary>
    public bool IsComplete(string text) => Parts(text).LastOrDefault() is not { Text: not null, IsCommand: false } last || SyntaxParser.IsComplete(new SourceText("<prompt>", last.Text));

    /// <summary>Whether a text begins with a command.</summary>
    public static bool IsCommand(string text) => text.AsSpan().TrimStart() is [':' or '%', >= 'a' and <= 'z', ..];

    /// <summary>What may be written at a place of a text that is being typed.</summary>
    /// <param name="offset">In UTF-16 units from the start of the text.</param>
    public CompletionResult Complete(string text, int offset) => _language.Complete(text, offset);

    /// <summary>What is known of the name at a place, as Markdown; null where there is none.</summary>
    public HoverResult? Inspect(string text, int offset) => _language.Inspect(text, offset);

    /// <summary>How the call around a place is written; null where there is none.</summary>
    public SignatureResult? Signature(string text, int offset) => _language.Signature(text, offset);

    /// <summary>What is wrong with a text that is being typed, without running it.</summary>
    public ImmutableArray<Diagnostic> Diagnose(string text) => _language.Diagnose(text);

    // Commands begin a line where no bracket is open. Lines before a part are blank in it, so that messages count them.
    private static IEnumerable<(string Text, bool IsCommand)> Parts(string text)
    {
        string[] lines = text.ReplaceLineEndings("\n").Split('\n');
        int start = 0;
        for (int i = 0; i <= lines.Length; i++)
        {
            bool isEnd = i == lines.Length;
            if (!isEnd && !IsCommand(lines[i])) continue;
            string program = new string('\n', start) + string.Join('\n', lines[start..i]);
            if (!isEnd && !string.IsNullOrWhiteSpace(program) && !SyntaxParser.IsComplete(new SourceText("<prompt>", program))) continue;
            if (!string.IsNullOrWhiteSpace(program)) yield return (isEnd ? program : program + "\n", false);
            if (!isEnd) yield return (lines[i].Trim(), true);
            start = i + 1;
        }
    }

    private bool RunProgram(string text, string label, CancellationToken cancellation) =>
        Explorer is { } explorer && ScheduleLines.Are(text, Session.Declarations)
            ? Guarded(() => AddLines(explorer, text.Trim()), cancellation)
            : Session.Submit(new SourceText(label, text), cancellation);

    private bool RunCommand(string line, CancellationToken cancellation)
    {
        string rest = line[1..];
        int space = rest.AsSpan().IndexOfAny(' ', '\t');
        var (name, arguments) = space < 0 ? (rest, "") : (rest[..space], rest[space..].Trim());
        if (ShellCommands.Find(name) is { } command) return Guarded(() => command.Run(this, arguments), cancellation);
        var d = Diagnostic.Create(SessionDiagnostics.UnknownCommand, null, line[0] + name);
        Output.Report(Suggestion.For(name, ShellCommands.All.Select(c => c.Name)) is { } near ? d.WithHelp($"did you mean `{line[0]}{near}`?") : d);
        return false;
    }

    /// <summary>Runs something that may fail: what goes wrong is reported, and the session goes on.</summary>
    private bool Guarded(Func<bool> action, CancellationToken cancellation) => Session.Cancellable(() =>
    {
        try { return action(); }
        catch (DiagnosticException e)
        {
            foreach (var d in e.Diagnostics) Output.Report(d);
            return false;
        }
        catch (RequestException e)
        {
            // The command line writes sizes behind an option.
            return Refuse(e.Message.Replace("--shape ", "", StringComparison.Ordinal), "`:help` shows how a command is called");
        }
        catch (InsufficientExecutionStackException)
        {
            return Refuse("the program is nested too deeply", "take it apart");
        }
    }, cancellation);

    /// <summary>Reports that a command cannot be carried out.</summary>
    /// <returns>False.</returns>
    internal bool Refuse(string message, string help)
    {
        Output.Report(Diagnostic.Create(SessionDiagnostics.CommandRefused, null, message, help));
        return false;
    }

    internal bool Say(string text)
    {
        Output.Print(text);
        return true;
    }

    internal bool Display(object subject)
    {
        Output.Display(subject as DisplayBundle ?? Formatters.Of(subject));
        return true;
    }

    /// <summary>Adds lines to the schedule that is open, and shows what each step makes.</summary>
    private bool AddLines(ScheduleExplorer explorer, string text)
    {
        int number = explorer.Applied.Function.Steps.Length;
        var (isTaken, steps, diagnostics) = explorer.Add(text);
        foreach (var step in steps) Display(explorer.View(step, ++number));
        foreach (var d in diagnostics) Output.Report(d);
        if (isTaken && steps.IsEmpty) Say("// taken; it changes no loop");
        return isTaken;
    }

    public void Dispose()
    {
        _language.Dispose();
        Session.Dispose();
    }
}

/// <summary>Tells lines of a schedule from program text.</summary>
internal static class ScheduleLines
{
    /// <summary>Steps, knobs and conditions of a schedule, and nothing else.</summary>
    public static bool Are(string text, Lang.Semantics.DeclarationTable table)
    {
        var items = SyntaxParser.Parse(new SourceText("<prompt>", text)).Root.Items;
        return items.Count > 0 && items.All(i => i switch
        {
            KnobSyntax or IfSyntax or RequireSyntax => true,
            SimpleSyntax { Assign: AssignKind.Assign, Type: null, Target: not SubscriptSyntax } => true,
            SimpleSyntax { Assign: AssignKind.None, Target: CallSyntax { Target: MemberSyntax } } => true,
            SimpleSyntax { Assign: AssignKind.None, Target: CallSyntax { Target: NameExpressionSyntax n } } => n.Name == "auto" || table.Strategies.ContainsKey(n.Name),
            _ => false,
        });
    }
}
