using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.LanguageServices;
using Tx.Lang.Syntax;

namespace Tx.Shells;

/// <summary>Asks the language service about text that is being typed. There is no document on a disk: the session's declarations are a file that an unseen first
/// line imports, its values are bound in unseen lines below that, and an open schedule stands around the text.</summary>
internal sealed class ShellLanguage(Shell shell) : IDisposable
{
    private const string Document = "<typing>";

    private readonly LanguageService _service = new();
    private readonly Lock _gate = new();
    private (object Declarations, DocumentSnapshot File)? _declared;
    private int _version;

    // No file: only a name that an import can find.
    private static string SessionFile => Path.Combine(AppContext.BaseDirectory, ".session.tx").Replace('\\', '/');

    public CompletionResult Complete(string text, int offset)
    {
        if ((Shell.IsCommand(text) || text.AsSpan().Trim() is ":" or "%") && CommandAt(text, offset) is { } at) return Complete(text, offset, at);
        lock (_gate)
        {
            // A point with nothing behind it ends what stands around it: a name takes the place of the one that is to come.
            bool isOpen = offset > 0 && text[offset - 1] == '.' && (offset == text.Length || !char.IsLetterOrDigit(text[offset]));
            var (workspace, shift) = Workspace(isOpen ? text.Insert(offset, "x") : text);
            var found = _service.Complete(workspace, Document, offset + shift);
            return isOpen ? found with { Replaces = new(new("<prompt>", text), new(offset, 0)) } : Back(found, text, shift);
        }
    }

    public HoverResult? Inspect(string text, int offset)
    {
        if (Shell.IsCommand(text)) return ShellCommands.Find(text.TrimStart()[1..].Split(' ')[0]) is { } c ? new(new(new("<prompt>", text), new(0, text.Length)), $"```\n:{c.Usage}\n```\n\n{c.Summary}\n\n{c.Details}".TrimEnd()) : null;
        lock (_gate)
        {
            var (workspace, shift) = Workspace(text);
            // Shapes of values are those of statements.
            _service.DiagnoseStatements(workspace, Document);
            return _service.Hover(workspace, Document, offset + shift) is { } found && found.Span.Span.Start >= shift
                ? found with { Span = new(new("<prompt>", text), found.Span.Span with { Start = found.Span.Span.Start - shift }) } : null;
        }
    }

    public SignatureResult? Signature(string text, int offset)
    {
        if (Shell.IsCommand(text)) return null;
        lock (_gate)
        {
            var (workspace, shift) = Workspace(text);
            return _service.Signature(workspace, Document, offset + shift);
        }
    }

    public ImmutableArray<Diagnostic> Diagnose(string text)
    {
        if (Shell.IsCommand(text)) return [];
        lock (_gate)
        {
            var (workspace, shift) = Workspace(text);
            var source = new SourceText("<prompt>", text);
            return
            [
                .. _service.Diagnose(workspace, Document).Concat(_service.DiagnoseStatements(workspace, Document)).Where(d => d.Span is { Source.Path: Document } s && s.Span.Start >= shift && s.Span.Start - shift <= text.Length)
                    .Select(d => d with { Span = new(source, TextSpan.FromBounds(d.Span!.Value.Span.Start - shift, Math.Min(text.Length, d.Span.Value.Span.End - shift))), Labels = [.. d.Labels.Where(l => l.Span.Source.Path != Document)], Fix = null }),
            ];
        }
    }

    // Where the arguments of a command begin; null where the text has other lines, too.
    private static (ShellCommand? Command, int Start)? CommandAt(string text, int offset)
    {
        int begin = text.Length - text.AsSpan().TrimStart().Length;
        if (text.AsSpan(begin, Math.Max(0, offset - begin)).Contains('\n')) return null;
        int end = begin + 1;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '?')) end++;
        return offset <= end ? (null, begin + 1) : (ShellCommands.Find(text[(begin + 1)..end]), end);
    }

    private CompletionResult Complete(string text, int offset, (ShellCommand? Command, int Start) at)
    {
        var source = new SourceText("<prompt>", text);
        if (at.Command is null)
        {
            bool isName = offset <= at.Start || !text.AsSpan(at.Start, offset - at.Start).ContainsAny(' ', '\t');
            return new(new(source, TextSpan.FromBounds(at.Start, offset)), isName ? [.. ShellCompletion.Commands(shell, "")] : []);
        }
        string before = text[at.Start..offset];
        if (at.Command.Name is "type" or "time" || at.Command.Name == "bench" && before.Contains('(', StringComparison.Ordinal))
        {
            string expression = before.TrimStart();
            var inner = Complete(expression, expression.Length);
            return inner with { Replaces = new(source, inner.Replaces.Span with { Start = inner.Replaces.Span.Start + offset - expression.Length }) };
        }
        int word = offset;
        while (word > at.Start && !char.IsWhiteSpace(text[word - 1]) && text[word - 1] is not (',' or ':' or '%')) word--;
        ImmutableArray<CompletionEntry> entries;
        try { entries = [.. at.Command.Complete(shell, before.TrimStart()).DistinctBy(e => e.Label)]; }
        catch (Exception e) when (e is DiagnosticException or RequestException) { entries = []; }
        return new(new(source, TextSpan.FromBounds(word, offset)), entries);
    }

    private static CompletionResult Back(CompletionResult found, string text, int shift) =>
        found with { Replaces = new(new("<prompt>", text), TextSpan.FromBounds(Math.Max(0, found.Replaces.Span.Start - shift), Math.Max(0, found.Replaces.Span.End - shift))) };

    private (Workspace Workspace, int Shift) Workspace(string text)
    {
        var declarations = shell.Session.Declarations;
        if (_declared is not { } known || !ReferenceEquals(known.Declarations, declarations))
        {
            string all = string.Join('\n', declarations.All.Select(d => (d.Doc is { Length: > 0 } doc ? string.Concat(doc.Split('\n').Select(l => $"/// {l}\n")) : "") + d.Span.Text));
            _declared = known = (declarations, DocumentSnapshot.Of(SessionFile, all, ++_version));
        }
        var head = new StringBuilder($"import \"{SessionFile}\"\n");
        foreach (var v in shell.KnownValues)
            if (v.Value is TensorValue { Shape: { } shape } t) head.Append("let ").Append(v.Name).Append(" = zeros(").Append(Runtime.TensorType.Format(t.Type, shape.AsSpan())).Append(")\n");
            else if (v.Value is ScalarValue s) head.Append("let ").Append(v.Name).Append(": ").Append(s.Type is ElementType.Int ? "i64" : s.Type.Name).Append(" = ").Append(s.Type is ElementType.Bool ? "true" : "0").Append('\n');
        string tail = "";
        if (shell.Explorer is { } explorer)
        {
            head.Append("schedule lines for ").Append(explorer.Operator.Name).Append(" on cpu {\n").AppendJoin('\n', explorer.Lines).Append('\n');
            tail = "\n}\n";
        }
        int shift = head.Length;
        return (LanguageServices.Workspace.Empty.With(known.File).With(DocumentSnapshot.Of(Document, head.Append(text).Append(tail).ToString(), ++_version)), shift);
    }

    public void Dispose()
    {
        lock (_gate) _service.Dispose();
    }
}
