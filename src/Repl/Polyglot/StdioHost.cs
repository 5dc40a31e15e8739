using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Syntax;
using Tx.Repl.Notebook;

namespace Tx.Repl.Polyglot;

/// <summary>Serves a Polyglot notebook: commands come as lines, events go as lines. One thread reads and answers what needs no session, one runs cells and touches values,
/// one answers what is asked about text while a cell runs.</summary>
internal sealed partial class StdioHost : IDisposable
{
    // The compiler recurses over what users write.
    private const int StackBytes = 256 << 20;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly NativeCapture _capture;
    private readonly EventWriter _events;
    private readonly CellSession _session;
    private readonly SubmissionQueue _cells, _questions;
    private readonly TextQuestions _text;
    private readonly Dictionary<string, Action<HostCommand, CancellationToken>> _ofCells, _ofText;
    private readonly Dictionary<string, Action<HostCommand>> _atOnce;
    private readonly Action _quit;
    private volatile HostCommand? _current;
    private int _order;
    private bool _isOver;

    /// <param name="name">The name under which the notebook knows this process.</param>
    /// <param name="outputFile">The file to which events go; what else is written to it is output of a cell.</param>
    /// <param name="quit">Ends the process, when a cell says <c>:quit</c>.</param>
    public StdioHost(string name, int outputFile, int errorFile, Action quit)
    {
        _quit = quit;
        _capture = new(outputFile, errorFile, Stream);
        _events = new($"kernel://{name}/", line => Posix.Write(_capture.OriginalOutput, line));
        _session = new(_capture);
        _cells = new((c, cancellation) => Guard(c, () => _ofCells![c.Type](c, cancellation)), Grace);
        _questions = new((c, cancellation) => Guard(c, () => _ofText![c.Type](c, cancellation)), Grace);
        _text = new(_session.Shell, _events);
        _ofCells = new(StringComparer.Ordinal)
        {
            ["SubmitCode"] = Submit, ["RequestValue"] = (c, _) => RequestValue(c), ["RequestValueInfos"] = (c, _) => RequestValueInfos(c), ["SendValue"] = (c, _) => SendValue(c), ["ClearValues"] = (c, _) => ClearValues(c),
        };
        _ofText = new(StringComparer.Ordinal)
        {
            ["RequestCompletions"] = (c, _) => _text.Completions(c), ["RequestHoverText"] = (c, _) => _text.Hover(c), ["RequestSignatureHelp"] = (c, _) => _text.Signatures(c), ["RequestDiagnostics"] = (c, _) => _text.Diagnostics(c),
        };
        _atOnce = new(StringComparer.Ordinal)
        {
            ["RequestKernelInfo"] = c => _events.Emit("KernelInfoProduced", c, new() { ["kernelInfo"] = KernelInfo() }),
            ["DisplayValue"] = c => _events.EmitValue("DisplayedValueProduced", c, [FormattedOf(c)], Json.Text(c.Body, "valueId")),
            ["UpdateDisplayedValue"] = c => _events.EmitValue("DisplayedValueUpdated", c, [FormattedOf(c)], c.Text("valueId")),
            ["DisplayError"] = c => _events.Emit("ErrorProduced", c, new() { ["message"] = c.Text("message"), ["formattedValues"] = new JsonArray(EventWriter.Formatted(DisplayBundle.PlainType, c.Text("message"))), ["valueId"] = null }),
            ["Cancel"] = _ => _cells.Cancel(),
            ["Quit"] = _ => _isOver = true,
        };
    }

    /// <summary>Serves standard input and output until the input ends or <c>Quit</c> comes.</summary>
    public static int Serve(string name)
    {
        using var host = new StdioHost(name, 1, 2, () => Environment.Exit(CommandLineApp.Fine));
        using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
        return host.Run(input);
    }

    public int Run(TextReader input)
    {
        Thread Start(string name, ThreadStart run)
        {
            var thread = new Thread(run, StackBytes) { IsBackground = true, Name = name };
            thread.Start();
            return thread;
        }

        var (cells, questions) = (Start("cells", _cells.Run), Start("questions", _questions.Run));
        _events.Emit("KernelReady", null, new() { ["kernelInfos"] = new JsonArray(KernelInfo()) });
        while (!_isOver && input.ReadLine() is { } line)
            if (!string.IsNullOrWhiteSpace(line)) Receive(line);
        // At the end of the input what was sent before is still done.
        _cells.Close(abandons: _isOver);
        _questions.Close(abandons: _isOver);
        var patience = _isOver ? TimeSpan.FromSeconds(2) : Timeout.InfiniteTimeSpan;
        _isOver = cells.Join(patience) && questions.Join(patience);
        return CommandLineApp.Fine;
    }

    private void Receive(string line)
    {
        HostCommand? command = null;
        try
        {
            command = HostCommand.Parse(line);
            if (command is null) return;
            if (_ofCells.ContainsKey(command.Type)) _cells.Add(command);
            else if (_ofText.ContainsKey(command.Type)) _questions.Add(command);
            else Guard(command, () => (_atOnce.GetValueOrDefault(command.Type) ?? throw new CommandException($"tx does not handle the command `{command.Type}`"))(command));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Nobody can be answered: there is no token.
            Posix.Write(_capture.OriginalError, Encoding.UTF8.GetBytes($"tx kernel: a line is passed over: {e.Message}\n"));
        }
    }

    /// <summary>Exactly one event ends a command.</summary>
    private void Guard(HostCommand command, Action handle)
    {
        try
        {
            handle();
            _events.Succeed(command, _order);
            if (_session.Shell.IsOver) _quit();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _events.Fail(command, _order, e is CommandException or JsonException ? e.Message : $"tx failed: {e.Message}");
        }
    }

    private JsonObject KernelInfo() => new()
    {
        ["localName"] = "tx", ["uri"] = _events.Host, ["languageName"] = "tx", ["languageVersion"] = typeof(StdioHost).Assembly.GetName().Version!.ToString(3), ["displayName"] = "tx", ["isProxy"] = false, ["isComposite"] = false,
        ["aliases"] = new JsonArray(), ["remoteUri"] = null, ["description"] = "Tensor programs and their schedules.",
        ["supportedKernelCommands"] = new JsonArray([.. _ofCells.Keys.Concat(_ofText.Keys).Concat(_atOnce.Keys).Order(StringComparer.Ordinal).Select(name => new JsonObject { ["name"] = name })]),
    };

    private static JsonObject FormattedOf(HostCommand c)
    {
        if (Json.Member(c.Body, "formattedValue") is not { ValueKind: JsonValueKind.Object } value) throw new CommandException($"`{c.Type}` needs `formattedValue`");
        return new() { ["mimeType"] = Json.Text(value, "mimeType") ?? DisplayBundle.PlainType, ["value"] = Json.Text(value, "value") ?? "", ["suppressDisplay"] = Json.Flag(value, "suppressDisplay", false) };
    }

    // ---- cells ------------------------------------------------------------------------------------------------------------

    private void Stream(bool isError, string text)
    {
        if (_current is { } command) _events.EmitValue(isError ? "StandardErrorValueProduced" : "StandardOutputValueProduced", command, [EventWriter.Formatted(DisplayBundle.PlainType, text)]);
    }

    private void Submit(HostCommand command, CancellationToken cancellation)
    {
        string code = command.Text("code");
        _order++;
        _events.Emit("CodeSubmissionReceived", command, new() { ["code"] = code });
        string program = WithoutDirectives(code);
        if (_session.Shell.IsComplete(program)) _events.Emit("CompleteCodeSubmissionReceived", command, new() { ["code"] = code });
        else _events.Emit("IncompleteCodeSubmissionReceived", command, []);
        if (string.IsNullOrWhiteSpace(program)) return;
        _current = command;
        CellOutcome outcome;
        try
        {
            outcome = _session.Run(program, CellSession.Label(_order), new Sink(_events, command), cancellation);
            _capture.Flush();
        }
        finally { _current = null; }
        if (cancellation.IsCancellationRequested) throw new CommandException("Command cancelled.");
        if (outcome.IsDone) return;
        _events.EmitDiagnostics(command, new SourceText(CellSession.Label(_order), program), outcome.Errors);
        throw new CommandException(outcome.Errors.IsEmpty ? "the cell failed" : DiagnosticRenderer.Render(outcome.Errors).TrimEnd('\n'));
    }

    /// <summary>Lines that choose a kernel are for the notebook; they become blank, so that the others keep their numbers. Those that bind values cannot be carried out here.</summary>
    private static string WithoutDirectives(string code)
    {
        if (Binding().Match(code) is { Success: true } binding) throw new CommandException(DiagnosticRenderer.Render([Diagnostic.Create(NotebookDiagnostics.DirectiveNotServed, null, binding.Value.Trim())]).TrimEnd('\n'));
        return Directive().Replace(code, "");
    }

    [GeneratedRegex(@"^[ \t]*#!.*$", RegexOptions.Multiline)] private static partial Regex Directive();
    [GeneratedRegex(@"^[ \t]*#!(set|share)\b[^\r\n]*", RegexOptions.Multiline)] private static partial Regex Binding();

    private sealed class Sink(EventWriter events, HostCommand command) : ICellSink
    {
        public void Display(DisplayBundle bundle) => events.EmitValue("DisplayedValueProduced", command, EventWriter.Forms(bundle));
        public void Result(DisplayBundle bundle) => events.EmitValue("ReturnValueProduced", command, EventWriter.Forms(bundle));
    }

    // ---- values -----------------------------------------------------------------------------------------------------------

    private void RequestValue(HostCommand command)
    {
        string name = command.Text("name"), mimeType = Json.Text(command.Body, "mimeType") ?? ValueSharing.JsonType;
        if (!_session.Shell.Session.TryGetValue(name, out var value)) throw new CommandException($"tx has no value `{name}`");
        _events.Emit("ValueProduced", command, new() { ["name"] = name, ["formattedValue"] = Format(value, mimeType) });
    }

    private void RequestValueInfos(HostCommand command)
    {
        string mimeType = Json.Text(command.Body, "mimeType") ?? "text/plain+summary";
        var infos = _session.Shell.Session.Variables.Where(v => v.Value is not (UnknownValue or NothingValue)).Select(v => new JsonObject
        {
            ["typeName"] = v.Value.Describe(), ["name"] = v.Name, ["formattedValue"] = Format(v.Value, mimeType), ["preferredMimeTypes"] = new JsonArray([.. Formatters.Of(v.Value).Data.Keys.Select(k => JsonValue.Create(k))]),
        });
        _events.Emit("ValueInfosProduced", command, new() { ["valueInfos"] = new JsonArray([.. infos]) });
    }

    /// <summary>The form of a value that is asked for, or the plain one under its own name.</summary>
    private static JsonObject Format(Value value, string mimeType)
    {
        var bundle = Formatters.Of(value);
        return mimeType == ValueSharing.JsonType ? EventWriter.Formatted(mimeType, ValueSharing.ToJson(value))
            : mimeType == "text/plain+summary" ? EventWriter.Formatted(mimeType, Summary(value, bundle.Plain))
            : bundle.Data.TryGetValue(mimeType, out string? form) ? EventWriter.Formatted(mimeType, form) : EventWriter.Formatted(DisplayBundle.PlainType, bundle.Plain);
    }

    private static string Summary(Value value, string plain)
    {
        string line = value is TensorValue ? value.Describe() : string.Join(' ', plain.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > 80 ? line[..79] + "…" : line;
    }

    private void SendValue(HostCommand command)
    {
        string name = command.Text("name");
        if (SyntaxParser.Parse(new SourceText("<name>", $"let {name} = 0")) is not { Diagnostics: [], Root.Items: [LetSyntax { Target: NameExpressionSyntax }] }) throw new CommandException($"`{name}` is no name in tx: use letters, digits and `_`, and no word of the language");
        var formatted = FormattedOf(command);
        _session.Shell.SetValue(name, ValueSharing.FromFormatted(name, formatted["mimeType"]!.GetValue<string>(), formatted["value"]!.GetValue<string>(), _session.Shell.Session.Memory));
    }

    private void ClearValues(HostCommand command)
    {
        var outcome = _session.Run(":clear", "<clear>", new Sink(_events, command), CancellationToken.None);
        if (!outcome.IsDone) throw new CommandException(DiagnosticRenderer.Render(outcome.Errors).TrimEnd('\n'));
    }

    public void Dispose()
    {
        // A cell that does not stop keeps what it uses; the process ends with it.
        if (!_isOver) return;
        _capture.Dispose();
        _session.Dispose();
        _cells.Dispose();
        _questions.Dispose();
    }
}
