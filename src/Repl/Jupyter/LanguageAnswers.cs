using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Core;
using Tx.Lang.Syntax;
using Tx.LanguageServices;
using Tx.Repl.Notebook;
using Tx.Shells;

namespace Tx.Repl.Jupyter;

/// <summary>What a client asks about text that is being written, in the words of the protocol. Positions count code points.</summary>
internal sealed class LanguageAnswers(Shell shell)
{
    public static JsonObject KernelInfo()
    {
        string version = typeof(LanguageAnswers).Assembly.GetName().Version!.ToString(3);
        return new()
        {
            ["status"] = "ok", ["protocol_version"] = MessageFormat.Version, ["implementation"] = "tx", ["implementation_version"] = version,
            // Clients know no lexer of ours; that of Rust is near.
            ["language_info"] = new JsonObject { ["name"] = "tx", ["version"] = version, ["mimetype"] = "text/x-tx", ["file_extension"] = ".tx", ["pygments_lexer"] = "rust", ["codemirror_mode"] = "rust" },
            ["banner"] = $"tx {version}: tensor programs and their schedules. `:help` shows the commands.", ["help_links"] = new JsonArray(), ["debugger"] = false,
        };
    }

    private static (string Code, int Offset) Place(JsonElement request)
    {
        string code = Json.Text(request, "code") ?? "";
        return (code, Json.Number(request, "cursor_pos") is { } position ? CodePoints.ToOffset(code, position) : code.Length);
    }

    public JsonObject Complete(JsonElement request)
    {
        var (code, offset) = Place(request);
        var found = shell.Complete(code, offset);
        var span = found.Replaces.Span;
        int start = CodePoints.At(code, span.Start), end = CodePoints.At(code, Math.Max(offset, span.End));
        string typed = code[span.Start..offset];
        var matches = new JsonArray();
        var types = new JsonArray();
        foreach (var entry in found.Entries)
        {
            string text = entry.Insert ?? entry.Label;
            // A client shows what it is given: what does not go on from the typed letters is no match.
            if (!text.StartsWith(typed, StringComparison.Ordinal)) continue;
            matches.Add(text);
            types.Add(new JsonObject { ["text"] = text, ["type"] = Kind(entry.Kind), ["signature"] = entry.Detail, ["start"] = start, ["end"] = end });
        }
        return new() { ["status"] = "ok", ["matches"] = matches, ["cursor_start"] = start, ["cursor_end"] = end, ["metadata"] = new JsonObject { ["_jupyter_types_experimental"] = types } };
    }

    private static string Kind(CompletionKind kind) => kind switch
    {
        CompletionKind.Keyword or CompletionKind.Word => "keyword",
        CompletionKind.Operator or CompletionKind.Reducer or CompletionKind.Function or CompletionKind.Strategy or CompletionKind.Instruction or CompletionKind.Primitive => "function",
        CompletionKind.Schedule or CompletionKind.Target or CompletionKind.Type => "class",
        CompletionKind.Constant or CompletionKind.Dimension => "constant",
        CompletionKind.Variable or CompletionKind.Tensor or CompletionKind.Index or CompletionKind.Argument => "variable",
        CompletionKind.Loop or CompletionKind.Stage => "property",
        CompletionKind.File => "module",
    };

    public JsonObject Inspect(JsonElement request)
    {
        var (code, offset) = Place(request);
        var found = shell.Inspect(code, offset);
        return new()
        {
            ["status"] = "ok", ["found"] = found is not null, ["metadata"] = new JsonObject(),
            ["data"] = found is null ? [] : new JsonObject { ["text/plain"] = Plain(found.Markdown), ["text/markdown"] = found.Markdown },
        };
    }

    /// <summary>Markdown without its fences.</summary>
    public static string Plain(string markdown) => string.Join('\n', markdown.Split('\n').Where(line => !line.StartsWith("```", StringComparison.Ordinal))).Trim();

    public JsonObject IsComplete(JsonElement request)
    {
        string code = Json.Text(request, "code") ?? "";
        if (!shell.IsComplete(code)) return new() { ["status"] = "incomplete", ["indent"] = Indent(code) };
        return new() { ["status"] = !Shell.IsCommand(code) && SyntaxParser.Parse(new SourceText("<cell>", code)).Diagnostics.Any(d => d.IsError) ? "invalid" : "complete" };
    }

    /// <summary>The indent of the next line: one step more after an open bracket.</summary>
    private static string Indent(string code)
    {
        string last = code.TrimEnd('\n').Split('\n')[^1];
        return last[..(last.Length - last.TrimStart().Length)] + (last.TrimEnd() is [.., '{' or '(' or '['] ? "    " : "");
    }
}
