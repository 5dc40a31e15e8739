using System.Collections.Immutable;
using Tx.Core;

namespace Tx.LanguageServices;

/// <summary>What is asked about a text that is being written for a session, at a prompt or in a cell: it is read behind what the session has declared and bound. Offsets
/// and spans are of that text alone. Safe for several threads, so that it answers while the session runs.</summary>
public sealed class SessionLanguage : IDisposable
{
    private const string Path = "<session>";

    private readonly Lock _gate = new();
    private readonly LanguageService _service = new();
    private volatile SessionText _session = SessionText.Empty;
    private int _version;

    /// <summary>A text has run: what it declares and binds can be used from now on.</summary>
    public void Ran(string text) => _session = _session.With(new(Path, WithoutCommands(text)));

    /// <summary>A name was bound from outside.</summary>
    public void Bound(string name, Value value)
    {
        string? written = value switch
        {
            TensorValue { Shape: not null } => $"zeros({value.Describe()})",
            ScalarValue { Scalar: { } s } => s.ToString(),
            StringValue => "\"\"",
            _ => null,
        };
        if (written is not null) _session = _session.With(new(Path, $"let {name} = {written}"));
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => _session = SessionText.Empty;

    public (TextSpan Replaces, ImmutableArray<CompletionEntry> Entries) Complete(string text, int offset) => Ask(text, offset, (workspace, at, start) =>
    {
        var found = _service.Complete(workspace, Path, at);
        return (Back(found.Replaces.Span, start), found.Entries);
    });

    /// <summary>What is known of the name at a place, as Markdown.</summary>
    public (TextSpan Span, string Markdown)? Hover(string text, int offset) => Ask(text, offset, (workspace, at, start) =>
    {
        // Gives variables their types.
        _service.DiagnoseStatements(workspace, Path);
        return _service.Hover(workspace, Path, at) is { } h ? (Back(h.Span.Span, start), h.Markdown) : ((TextSpan, string)?)null;
    });

    public SignatureResult? Signature(string text, int offset) => Ask(text, offset, (workspace, at, _) => _service.Signature(workspace, Path, at));

    /// <summary>What is wrong with the text, with places in <paramref name="cell"/>.</summary>
    public ImmutableArray<Diagnostic> Diagnose(SourceText cell) => Ask(cell.Text, 0, (workspace, _, start) =>
    {
        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        // A cell may bind again what was bound before it.
        foreach (var d in _service.Diagnose(workspace, Path).Concat(_service.DiagnoseStatements(workspace, Path)).Where(d => d.Descriptor != SessionDiagnostics.AlreadyBound))
            if (d.Span is { } span && span.Span.Start >= start && !found.Any(f => f.Code == d.Code && f.Span?.Span == Back(span.Span, start)))
                found.Add(d with { Span = new(cell, Back(span.Span, start)), Fix = null, Labels = [.. d.Labels.Select(l => l with { Span = Place(l.Span) })] });
        return found.ToImmutable();

        SourceSpan Place(SourceSpan s) => s.Source.Path == Path && s.Span.Start >= start ? new(cell, Back(s.Span, start)) : s;
    });

    private static TextSpan Back(TextSpan span, int start) => new(Math.Max(0, span.Start - start), span.Length);

    private T Ask<T>(string text, int offset, Func<Workspace, int, int, T> answer)
    {
        lock (_gate)
        {
            string cell = WithoutCommands(text);
            string before = _session.Before(new(Path, cell));
            return answer(Workspace.Empty.With(DocumentSnapshot.Of(Path, before + cell, ++_version)), before.Length + offset, before.Length);
        }
    }

    /// <summary>Lines of commands become blank, so that the rest keeps its places.</summary>
    private static string WithoutCommands(string text) => !text.Contains(':', StringComparison.Ordinal) && !text.Contains('%', StringComparison.Ordinal) ? text
        : string.Join('\n', text.Split('\n').Select(line => Shells.Shell.IsCommand(line) ? new string(' ', line.Length) : line));

    public void Dispose() => _service.Dispose();
}
