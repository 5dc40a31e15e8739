using System.Text.Json.Nodes;
using Tx.Core;
using Tx.LanguageServices;
using Tx.Repl.Notebook;
using Tx.Shells;

namespace Tx.Repl.Polyglot;

/// <summary>What a notebook asks about text that is being written. Positions are lines and UTF-16 units, from 0.</summary>
internal sealed class TextQuestions(Shell shell, EventWriter events)
{
    public void Completions(HostCommand command)
    {
        var (text, offset) = Place(command);
        var found = shell.Complete(text.Text, offset);
        var items = new JsonArray();
        foreach (var entry in found.Entries)
            items.Add(new JsonObject
            {
                ["displayText"] = entry.Label, ["kind"] = Kind(entry.Kind), ["filterText"] = entry.Label, ["sortText"] = entry.Label, ["insertText"] = entry.Insert ?? entry.Label, ["insertTextFormat"] = null,
                ["documentation"] = string.Join("\n\n", ((string[])[entry.Detail, entry.Documentation]).Where(t => t.Length > 0)),
            });
        events.Emit("CompletionsProduced", command, new() { ["linePositionSpan"] = EventWriter.Span(text, found.Replaces.Span), ["completions"] = items });
    }

    // The words of .NET Interactive, to which editors have pictures.
    private static string Kind(CompletionKind kind) => kind switch
    {
        CompletionKind.Keyword or CompletionKind.Word => "Keyword",
        CompletionKind.Operator or CompletionKind.Reducer or CompletionKind.Function or CompletionKind.Strategy or CompletionKind.Instruction or CompletionKind.Primitive => "Method",
        CompletionKind.Schedule or CompletionKind.Target => "Class",
        CompletionKind.Type => "Structure",
        CompletionKind.Constant or CompletionKind.Dimension => "Constant",
        CompletionKind.Variable or CompletionKind.Tensor or CompletionKind.Index => "Local",
        CompletionKind.Argument => "Parameter",
        CompletionKind.Loop or CompletionKind.Stage => "Property",
        CompletionKind.File => "Module",
    };

    public void Hover(HostCommand command)
    {
        var (text, offset) = Place(command);
        // An event without content is none: where nothing is known, the command only succeeds.
        if (shell.Inspect(text.Text, offset) is { } found)
            events.Emit("HoverTextProduced", command, new() { ["content"] = new JsonArray(EventWriter.Formatted("text/markdown", found.Markdown)), ["linePositionSpan"] = EventWriter.Span(text, found.Span.Span) });
    }

    public void Signatures(HostCommand command)
    {
        var (text, offset) = Place(command);
        if (shell.Signature(text.Text, offset) is not { } found) return;
        var parameters = new JsonArray([.. found.Parameters.Select(p => new JsonObject { ["label"] = p, ["documentation"] = EventWriter.Formatted("text/markdown", "") })]);
        events.Emit("SignatureHelpProduced", command, new()
        {
            ["signatures"] = new JsonArray(new JsonObject { ["label"] = found.Label, ["documentation"] = EventWriter.Formatted("text/markdown", found.Documentation), ["parameters"] = parameters }),
            ["activeSignatureIndex"] = 0, ["activeParameterIndex"] = Math.Max(0, found.Active),
        });
    }

    public void Diagnostics(HostCommand command)
    {
        var text = new SourceText("<cell>", command.Text("code"));
        events.EmitDiagnostics(command, text, shell.Diagnose(text.Text));
    }

    private static (SourceText Text, int Offset) Place(HostCommand command)
    {
        var text = new SourceText("<cell>", command.Text("code"));
        if (Json.Member(command.Body, "linePosition") is not { } position || Json.Number(position, "line") is not { } line || Json.Number(position, "character") is not { } character)
            throw new CommandException($"`{command.Type}` needs `linePosition`, with `line` and `character`");
        return (text, line < 0 ? 0 : line >= text.LineCount ? text.Text.Length : Math.Clamp(text.StartOfLine(line + 1) + Math.Max(0, character), 0, text.StartOfLine(line + 1) + text.LineAt(line + 1).Length));
    }
}
