using System.Collections.Concurrent;
using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Repl.Lsp;

namespace Tx.Tests.Lsp;

/// <summary>A client of a server that runs in this process.</summary>
internal sealed class LspClient : IDisposable
{
    private readonly AnonymousPipeServerStream _out = new(PipeDirection.Out), _in = new(PipeDirection.In);
    private readonly BlockingCollection<JsonNode> _answers = [], _published = [];
    private readonly Thread _server, _reader;
    private int _id;

    public LspClient(params string[] encodings)
    {
        _server = new(() =>
        {
            using var input = new AnonymousPipeClientStream(PipeDirection.In, _out.ClientSafePipeHandle);
            using var output = new AnonymousPipeClientStream(PipeDirection.Out, _in.ClientSafePipeHandle);
            using var server = new LanguageServer(input, output, TextWriter.Null);
            Exit = server.Run();
        });
        _server.Start();
        _reader = new(Read) { IsBackground = true };
        _reader.Start();
        if (encodings is ["none"]) return;
        Capabilities = Ask("initialize", new { capabilities = new { general = new { positionEncodings = encodings } } })["result"]!["capabilities"]!;
        Tell("initialized", new { });
    }

    public int? Exit { get; private set; }
    public JsonNode? Capabilities { get; }

    private void Read()
    {
        try
        {
            using var reader = new BinaryReader(_in, Encoding.UTF8, leaveOpen: true);
            while (true)
            {
                var header = new StringBuilder();
                while (!header.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal)) header.Append((char)reader.ReadByte());
                int length = int.Parse(header.ToString().Split(':')[1].Split('\r')[0].Trim(), System.Globalization.CultureInfo.InvariantCulture);
                var message = JsonNode.Parse(reader.ReadBytes(length))!;
                (message["method"] is null ? _answers : _published).Add(message);
            }
        }
        catch (Exception e) when (e is EndOfStreamException or ObjectDisposedException or IOException)
        {
            _answers.CompleteAdding();
        }
    }

    public void Raw(string text)
    {
        _out.Write(Encoding.UTF8.GetBytes(text));
        _out.Flush();
    }

    private void Send(object message)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(message);
        _out.Write(Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\n\r\n"));
        _out.Write(body);
        _out.Flush();
    }

    public void Tell(string method, object? parameters) => Send(new { jsonrpc = "2.0", method, @params = parameters });

    public int Begin(string method, object? parameters)
    {
        Send(new { jsonrpc = "2.0", id = ++_id, method, @params = parameters });
        return _id;
    }

    public JsonNode Next() => _answers.TryTake(out var message, TimeSpan.FromSeconds(60)) ? message : throw new TimeoutException("no answer");

    public JsonNode Ask(string method, object? parameters)
    {
        int id = Begin(method, parameters);
        while (true)
            if (Next() is var answer && (int?)answer["id"] == id) return answer;
    }

    public void Open(string uri, string text, int version = 1) => Tell("textDocument/didOpen", new { textDocument = new { uri, languageId = "tx", version, text } });

    public void Change(string uri, int version, int line, int from, int to, string text) => Tell("textDocument/didChange", new
    {
        textDocument = new { uri, version },
        contentChanges = new[] { new { range = new { start = new { line, character = from }, end = new { line, character = to } }, text } },
    });

    public JsonNode At(string method, string uri, int line, int character) => Ask(method, new { textDocument = new { uri }, position = new { line, character } });

    /// <summary>The diagnostics of a version of a document once they fulfil a condition.</summary>
    public JsonArray Published(int version, Func<JsonArray, bool> condition)
    {
        while (_published.TryTake(out var message, TimeSpan.FromSeconds(60)))
            if ((int)message["params"]!["version"]! == version && message["params"]!["diagnostics"]!.AsArray() is var found && condition(found)) return found;
        throw new TimeoutException("no diagnostics");
    }

    /// <summary>Ends the input, as a client does that is gone.</summary>
    public int? Leave()
    {
        _out.Dispose();
        _server.Join(TimeSpan.FromSeconds(30));
        return Exit;
    }

    public int? WaitForExit()
    {
        _server.Join(TimeSpan.FromSeconds(30));
        return Exit;
    }

    public void Dispose()
    {
        Leave();
        // The server's end of the pipe is closed, so that the reader comes to its end.
        if (!_reader.Join(TimeSpan.FromSeconds(30))) return;
        _in.Dispose();
        _answers.Dispose();
        _published.Dispose();
    }
}
