using System.Globalization;
using Tx.Core;
using Tx.LanguageServices;

namespace Tx.Repl.Lsp;

/// <summary>A question about one state of the documents.</summary>
internal sealed record ServerQuestion(Workspace Workspace, DocumentSnapshot Document, TextPositions Positions, CancellationToken Cancellation)
{
    public string Path => Document.Path;
    public Range Range(SourceSpan span) => Positions.Of(span);
}

/// <summary>What the language service says, in the words of the protocol.</summary>
internal sealed class ServerAnswers(LanguageService service, Func<string, string> uriOf)
{
    private static readonly string[] TokenTypes = ["keyword", "comment", "string", "number", "operator", "function", "parameter", "variable", "property", "type", "typeParameter", "enumMember", "class", "method", "macro"];

    public static ServerCapabilities Capabilities(string encoding) => new(
        encoding, new(OpenClose: true, Change: 2), new([".", "\"", "(", ",", "=", ":"]), new(["(", ","]), HoverProvider: true, DefinitionProvider: true, DocumentSymbolProvider: true,
        DocumentFormattingProvider: true, InlayHintProvider: true, new(new(TokenTypes, ["declaration"]), Full: true), new(ResolveProvider: false), CodeActionProvider: true);

    public LspDiagnostic[] Diagnostics(DocumentSnapshot document, TextPositions positions, IEnumerable<Diagnostic> found) => [.. found.Select(d => Diagnostic(document, positions, d))];

    private LspDiagnostic Diagnostic(DocumentSnapshot document, TextPositions positions, Diagnostic d)
    {
        string message = string.Join('\n', new[] { d.Message, d.Witness, d.Help is null ? null : $"help: {d.Help}" }.OfType<string>());
        var related = d.Labels.Select(l => new RelatedInformation(new(uriOf(l.Span.Source.Path), positions.Of(l.Span)), l.Text)).ToArray();
        return new(positions.Of(d.Span ?? new(document.Text, default)), d.Severity switch { Severity.Error => 1, Severity.Warning => 2, Severity.Note => 3 }, d.Code, "tx", message, related.Length == 0 ? null : related);
    }

    public CompletionList Completion(ServerQuestion q, int offset)
    {
        var found = service.Complete(q.Workspace, q.Path, offset);
        var range = q.Range(found.Replaces);
        return new(false, [.. found.Entries.Select((e, n) => new CompletionItem(e.Label, Kind(e.Kind), e.Detail.Length == 0 ? null : e.Detail, Markdown(e.Documentation), n.ToString("D5", CultureInfo.InvariantCulture), new(range, e.Insert ?? e.Label)))]);
    }

    private static int Kind(CompletionKind kind) => kind switch
    {
        CompletionKind.Keyword => 14,
        CompletionKind.Operator or CompletionKind.Reducer or CompletionKind.Function or CompletionKind.Strategy or CompletionKind.Instruction => 3,
        CompletionKind.Schedule or CompletionKind.Target => 7,
        CompletionKind.Constant or CompletionKind.Dimension => 21,
        CompletionKind.Variable or CompletionKind.Tensor or CompletionKind.Index => 6,
        CompletionKind.Loop or CompletionKind.Stage => 5,
        CompletionKind.Primitive => 2,
        CompletionKind.Argument => 10,
        CompletionKind.Type => 25,
        CompletionKind.Word => 20,
        CompletionKind.File => 17,
    };

    private static MarkupContent? Markdown(string text) => text.Length == 0 ? null : new("markdown", text);

    public Hover? Hover(ServerQuestion q, int offset) =>
        service.Hover(q.Workspace, q.Path, offset) is { } h ? new(new("markdown", h.Markdown), q.Range(h.Span)) : null;

    public SignatureHelp? Signature(ServerQuestion q, int offset) =>
        service.Signature(q.Workspace, q.Path, offset) is not { } s ? null
            : new([new(s.Label, Markdown(s.Documentation), [.. s.Parameters.Select(p => new ParameterInformation(p))])], 0, s.Active < 0 ? null : s.Active);

    public Location[] Definition(ServerQuestion q, int offset) =>
        [.. service.Definition(q.Workspace, q.Path, offset).Select(s => new Location(uriOf(s.Source.Path), q.Range(s)))];

    public LspSymbol[] Symbols(ServerQuestion q)
    {
        return [.. service.Symbols(q.Workspace, q.Path).Select(Symbol)];

        LspSymbol Symbol(DocumentSymbol s) => new(s.Name, s.Detail.Length == 0 ? null : s.Detail, s.Kind switch
        {
            NameKind.Operator or NameKind.Strategy or NameKind.Reducer or NameKind.Function or NameKind.Intrinsic => 12,
            NameKind.Schedule => 5,
            NameKind.Target => 2,
            NameKind.Constant or NameKind.Knob => 14,
            NameKind.Loop or NameKind.Stage => 7,
            _ => 13,
        }, q.Range(s.Span), q.Range(s.NameSpan), [.. s.Children.Select(Symbol)]);
    }

    public SemanticTokens Tokens(ServerQuestion q)
    {
        var data = new List<int>();
        var text = q.Document.Text;
        int line = 0, character = 0;
        foreach (var t in service.Tokens(q.Workspace, q.Path, q.Cancellation))
        {
            // A token of the protocol stays in its line.
            for (int start = t.Span.Start; start < t.Span.End;)
            {
                int end = text.Text.IndexOf('\n', start, t.Span.End - start);
                if (end < 0) end = t.Span.End;
                var at = q.Positions.At(text, start);
                int length = q.Positions.CharactersIn(text.Text.AsSpan(start, end - start).TrimEnd('\r'));
                if (length > 0)
                {
                    data.AddRange([at.Line - line, at.Line == line ? at.Character - character : at.Character, length, (int)t.Kind, t.IsDeclaration ? 1 : 0]);
                    (line, character) = (at.Line, at.Character);
                }
                start = end + 1;
            }
        }
        return new([.. data]);
    }

    public LspHint[] Hints(ServerQuestion q, TextSpan range) =>
        [.. service.Hints(q.Workspace, q.Path, range, q.Cancellation).Select(h => new LspHint(q.Positions.At(q.Document.Text, h.Offset), h.Text, 1, PaddingLeft: false))];

    /// <summary>The whole text as one edit; none where it is laid out already or has errors.</summary>
    public static TextEdit[] Format(ServerQuestion q)
    {
        var text = q.Document.Text;
        return LanguageService.Format(q.Document) is { } formatted && formatted != text.Text ? [new(q.Positions.Of(text, new(0, text.Text.Length)), formatted)] : [];
    }

    public CodeLens[] Lenses(ServerQuestion q)
    {
        return [.. service.Actions(q.Workspace, q.Path).SelectMany(Lens)];

        IEnumerable<CodeLens> Lens(ProgramAction a)
        {
            string[] arguments = a.Schedule is null ? [uriOf(q.Path), a.Operator] : [uriOf(q.Path), a.Operator, a.Schedule];
            yield return new(q.Range(a.Span), new("steps", "tx.steps", arguments));
            yield return new(q.Range(a.Span), new("time", "tx.time", arguments));
        }
    }

    /// <summary>The edits that mend what is wrong in a range.</summary>
    public CodeAction[] Actions(ServerQuestion q, TextSpan range)
    {
        var found = service.Diagnose(q.Workspace, q.Path, q.Cancellation);
        return [.. from d in found
                   where d.Fix is not null && d.Span is { } s && s.Span.Start <= range.End && range.Start <= s.Span.End && ReferenceEquals(d.Fix.Span.Source, q.Document.Text)
                   select new CodeAction(d.Fix!.Replacement.Length == 0 ? $"remove `{d.Fix.Span.Text}`" : d.Fix.Span.Span.Length == 0 ? $"insert `{d.Fix.Replacement.Trim()}`" : $"write `{d.Fix.Replacement}`",
                       "quickfix", IsPreferred: true, [Diagnostic(q.Document, q.Positions, d)], new(new() { [uriOf(q.Path)] = [new(q.Range(d.Fix.Span), d.Fix.Replacement)] }))];
    }
}
