using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Tx.Repl.Notebook;
using Tx.Repl.Polyglot;

namespace Tx.Tests.Notebook;

/// <summary>A host for Polyglot notebooks inside the test's process, over pipes, and what it writes.</summary>
internal sealed class StdioClient : IDisposable
{
    private readonly BlockingCollection<string> _lines = [];
    private readonly (int Read, int Write) _output = Posix.Pipe(), _error = Posix.Pipe(), _input = Posix.Pipe();
    private readonly StreamWriter _commands;
    private readonly Thread _host;
    private int? _exit;

    public StdioClient(string name = "pid-7")
    {
        var host = new StdioHost(name, _output.Write, _error.Write, EndInput);
        _commands = new(new FileStream(new SafeFileHandle(_input.Write, ownsHandle: true), FileAccess.Write), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
        _host = new Thread(() =>
        {
            using (host)
            using (var input = new StreamReader(new FileStream(new SafeFileHandle(_input.Read, ownsHandle: true), FileAccess.Read))) _exit = host.Run(input);
            _ = Posix.Close(_output.Write);
            _ = Posix.Close(_error.Write);
        }, 256 << 20);
        var reader = new Thread(() =>
        {
            using (var lines = new StreamReader(new FileStream(new SafeFileHandle(_output.Read, ownsHandle: true), FileAccess.Read)))
                while (lines.ReadLine() is { } line) _lines.Add(line);
            _lines.CompleteAdding();
        }) { IsBackground = true };
        _host.Start();
        reader.Start();
    }

    public void Send(string line) => _commands.WriteLine(line);

    /// <summary>The next event, as it was written.</summary>
    public string Next() => _lines.TryTake(out string? line, TimeSpan.FromSeconds(60)) ? line : throw new TimeoutException("no event came");

    /// <summary>Events up to the one that ends a command.</summary>
    public List<JsonElement> Until(string token)
    {
        var found = new List<JsonElement>();
        while (true)
        {
            var e = JsonElement.Parse(Next());
            found.Add(e);
            if (Type(e) is "CommandSucceeded" or "CommandFailed" && e.GetProperty("command").GetProperty("token").GetString() == token) return found;
        }
    }

    public List<JsonElement> Ask(string token, string type, string body)
    {
        Send(Command(token, type, body));
        return Until(token);
    }

    public static string Type(JsonElement e) => e.GetProperty("eventType").GetString()!;

    public static string Command(string token, string type, string body) =>
        $$"""{"token":"{{token}}","commandType":"{{type}}","command":{{body}},"routingSlip":["kernel://local/?tag=arrived","kernel://local/tx?tag=arrived"]}""";

    /// <summary>Ends the input, and gives the host's exit code and what it wrote since.</summary>
    public (int? Exit, List<string> Lines) Close()
    {
        EndInput();
        Assert.True(_host.Join(TimeSpan.FromSeconds(60)), "the host does not end");
        return (_exit, [.. _lines.GetConsumingEnumerable()]);
    }

    /// <summary>The host's thread asks for it when it quits, the test when it is done, maybe at once.</summary>
    private void EndInput()
    {
        lock (_lines) _commands.Dispose();
    }

    public void Dispose()
    {
        if (_host.IsAlive) Close();
        _ = Posix.Close(_error.Read);
        _lines.Dispose();
    }
}
