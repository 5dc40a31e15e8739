using System.Globalization;
using System.Text.Json;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>Where a kernel listens and with which key messages are signed, as the client wrote it into a file.</summary>
/// <param name="Key">Empty: messages are not signed.</param>
internal sealed record ConnectionFile(string Transport, string Ip, string Key, int Shell, int Control, int Stdin, int Publish, int Heartbeat)
{
    /// <exception cref="RequestException">The file is not there, or is no connection file.</exception>
    public static ConnectionFile Read(string path)
    {
        byte[] bytes;
        try { bytes = File.ReadAllBytes(path); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"the connection file `{path}` cannot be read: {e.Message}");
        }
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return Parse(path, document.RootElement);
        }
        catch (JsonException e)
        {
            throw new RequestException($"`{path}` is no connection file: {e.Message}");
        }
    }

    private static ConnectionFile Parse(string path, JsonElement root)
    {
        string Text(string name, string otherwise) => Json.Text(root, name) ?? otherwise;
        int Port(string name) => Json.Number(root, name) is > 0 and <= 65535 and var port ? port : throw new RequestException($"`{path}` is no connection file: `{name}` is missing or no port");

        string key = Text("key", ""), scheme = Text("signature_scheme", "hmac-sha256"), transport = Text("transport", "tcp");
        if (key.Length > 0 && scheme != "hmac-sha256") throw new RequestException($"`{path}` asks for signatures by `{scheme}`; tx knows hmac-sha256");
        if (transport is not ("tcp" or "ipc")) throw new RequestException($"`{path}` asks for the transport `{transport}`; tx knows tcp and ipc");
        return new(transport, Text("ip", "127.0.0.1"), key, Port("shell_port"), Port("control_port"), Port("stdin_port"), Port("iopub_port"), Port("hb_port"));
    }

    public string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"{Transport}://{Ip}{(Transport == "tcp" ? ':' : '-')}{port}");
}
