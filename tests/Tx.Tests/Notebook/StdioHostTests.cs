using System.Text.Json;
using Tx.Tests.Support;

namespace Tx.Tests.Notebook;

/// <summary>The host for Polyglot notebooks: a transcript, the shapes of events, the rules of the proxy at the other end.</summary>
public class StdioHostTests
{
    /// <summary>The members of each event and of what it holds, as the published contract has them.</summary>
    private static readonly Dictionary<string, string[]> Shapes = new(StringComparer.Ordinal)
    {
        ["KernelReady"] = ["kernelInfos[].aliases", "kernelInfos[].description", "kernelInfos[].displayName", "kernelInfos[].isComposite", "kernelInfos[].isProxy", "kernelInfos[].languageName", "kernelInfos[].languageVersion", "kernelInfos[].localName",
            "kernelInfos[].remoteUri", "kernelInfos[].supportedKernelCommands[].name", "kernelInfos[].uri"],
        ["KernelInfoProduced"] = ["kernelInfo.aliases", "kernelInfo.description", "kernelInfo.displayName", "kernelInfo.isComposite", "kernelInfo.isProxy", "kernelInfo.languageName", "kernelInfo.languageVersion", "kernelInfo.localName", "kernelInfo.remoteUri",
            "kernelInfo.supportedKernelCommands[].name", "kernelInfo.uri"],
        ["CodeSubmissionReceived"] = ["code"], ["CompleteCodeSubmissionReceived"] = ["code"], ["IncompleteCodeSubmissionReceived"] = [],
        ["CommandSucceeded"] = ["executionOrder"], ["CommandFailed"] = ["executionOrder", "message"],
        ["StandardOutputValueProduced"] = Value(), ["StandardErrorValueProduced"] = Value(), ["DisplayedValueProduced"] = Value(), ["DisplayedValueUpdated"] = Value(), ["ReturnValueProduced"] = Value(),
        ["ErrorProduced"] = [.. Value(), "message"],
        ["DiagnosticsProduced"] = ["diagnostics[].code", .. Span("diagnostics[].linePositionSpan"), "diagnostics[].message", "diagnostics[].severity", .. Formatted("formattedDiagnostics[]")],
        ["CompletionsProduced"] = [.. ((string[])["displayText", "documentation", "filterText", "insertText", "insertTextFormat", "kind", "sortText"]).Select(n => $"completions[].{n}"), .. Span("linePositionSpan")],
        ["HoverTextProduced"] = [.. Formatted("content[]"), .. Span("linePositionSpan")],
        ["SignatureHelpProduced"] = ["activeParameterIndex", "activeSignatureIndex", .. Formatted("signatures[].documentation"), "signatures[].label", .. Formatted("signatures[].parameters[].documentation"), "signatures[].parameters[].label"],
        ["ValueProduced"] = [.. Formatted("formattedValue"), "name"],
        ["ValueInfosProduced"] = [.. Formatted("valueInfos[].formattedValue"), "valueInfos[].name", "valueInfos[].preferredMimeTypes", "valueInfos[].typeName"],
    };

    private static string[] Formatted(string at) => [$"{at}.mimeType", $"{at}.suppressDisplay", $"{at}.value"];
    private static string[] Value() => [.. Formatted("formattedValues[]"), "valueId"];
    private static string[] Span(string at) => [$"{at}.end.character", $"{at}.end.line", $"{at}.start.character", $"{at}.start.line"];

    private static IEnumerable<string> Members(JsonElement e, string at) => e.ValueKind switch
    {
        JsonValueKind.Object => e.EnumerateObject().SelectMany(m => Members(m.Value, at.Length == 0 ? m.Name : $"{at}.{m.Name}")),
        JsonValueKind.Array when e.GetArrayLength() > 0 && e[0].ValueKind is JsonValueKind.Object => e.EnumerateArray().SelectMany(x => Members(x, at + "[]")),
        _ => [at],
    };

    private static void HasShape(JsonElement e) =>
        Assert.Equal(Shapes[StdioClient.Type(e)].Order(StringComparer.Ordinal), Members(e.GetProperty("event"), "").Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void TranscriptIsAsRecorded()
    {
        string[] recorded = File.ReadAllLines(Repository.PathOf("tests", "cases", "polyglot", "transcript.txt"));
        using var client = new StdioClient();
        var seen = new List<string> { "< " + client.Next() };
        foreach (string line in recorded.Where(l => l.StartsWith("> ", StringComparison.Ordinal)))
        {
            seen.Add(line);
            client.Send(line[2..]);
            if (line.Contains("commandType", StringComparison.Ordinal)) seen.AddRange(client.Until(JsonElement.Parse(line[2..]).GetProperty("token").GetString()!).Select(e => "< " + e.GetRawText()));
        }
        Assert.Equal((0, 0), (client.Close().Exit, 0));
        string path = Path.Combine(Path.GetTempPath(), "tx-polyglot-transcript.txt");
        File.WriteAllLines(path, seen);
        Assert.True(recorded.Where(l => l.Length > 0 && l[0] != '#').SequenceEqual(seen), $"the transcript differs; what was seen is in {path}");
    }

    [Fact]
    public void EventsHaveTheShapesOfTheContract()
    {
        using var client = new StdioClient();
        var events = new List<JsonElement> { JsonElement.Parse(client.Next()) };
        void Ask(string type, string body) => events.AddRange(client.Ask($"t{events.Count}", type, body));
        const string place = "\"linePosition\":{\"line\":0,\"character\":6}";
        Ask("SubmitCode", """{"code":"/// Doubles.\nop doubled(X: f32[N]) -> Y: f32[N] { Y[i] = 2 * X[i] }\nlet grid = zeros(f32[3])\nprint(grid)\ngrid"}""");
        Ask("SubmitCode", """{"code":"op unread(X: f32[N]) -> Y: f32[N] {\n    T[i] = X[i] + 1\n    Y[i] = X[i]\n}"}""");
        Ask("SubmitCode", """{"code":":list"}""");
        Ask("SubmitCode", """{"code":"bench doubled(grid)"}""");
        Ask("SubmitCode", """{"code":"grid[9]"}""");
        Ask("SubmitCode", """{"code":"print("}""");
        Ask("RequestCompletions", "{\"code\":\"print(gr)\"," + place + "}");
        Ask("RequestHoverText", "{\"code\":\"print(grid)\"," + place + "}");
        Ask("RequestSignatureHelp", """{"code":"doubled(","linePosition":{"line":0,"character":8}}""");
        Ask("RequestDiagnostics", """{"code":"let a = 1\nlet b = nothing_here"}""");
        Ask("RequestKernelInfo", "{}");
        Ask("RequestValueInfos", """{"mimeType":"text/plain+summary"}""");
        Ask("RequestValue", """{"name":"grid","mimeType":"application/json"}""");
        Ask("SendValue", """{"name":"sent","formattedValue":{"mimeType":"application/json","value":"[[1,2],[3,4]]","suppressDisplay":false}}""");
        Ask("DisplayValue", """{"formattedValue":{"mimeType":"text/html","value":"<b>hi</b>","suppressDisplay":false},"valueId":"v"}""");
        Ask("UpdateDisplayedValue", """{"formattedValue":{"mimeType":"text/html","value":"<b>ho</b>","suppressDisplay":false},"valueId":"v"}""");
        Ask("DisplayError", """{"message":"oops"}""");
        Ask("Cancel", "{}");
        Ask("ClearValues", "{}");
        Ask("AddPackage", """{"packageName":"P","packageVersion":"1"}""");
        Assert.All(events, HasShape);
        Assert.Equal(Shapes.Keys.Order(StringComparer.Ordinal), events.Select(StdioClient.Type).Distinct().Order(StringComparer.Ordinal));
        // What stands in a value is text, whatever its type.
        Assert.Contains(events, e => StdioClient.Type(e) == "ValueProduced" && e.GetProperty("event").GetProperty("formattedValue").GetProperty("value").GetString() == "[0,0,0]");
    }

    [Theory]
    [InlineData("SubmitCode", """{"code":"#!tx\n1 + 1","targetKernelName":null,"originUri":"kernel://local/tx","destinationUri":"kernel://pid-7/"}""", "CommandSucceeded")]
    [InlineData("SubmitCode", """{"code":"let = 1","originUri":"kernel://local/tx"}""", "CommandFailed")]
    [InlineData("SubmitCode", """{"code":"#!set --name a --value @csharp:b","originUri":"kernel://local/tx"}""", "CommandFailed")]
    [InlineData("SubmitCode", """{"originUri":"kernel://local/tx"}""", "CommandFailed")]
    [InlineData("RequestValue", """{"name":"nobody","mimeType":"text/html","originUri":"kernel://local/tx"}""", "CommandFailed")]
    [InlineData("RequestHoverText", """{"code":"xyz","linePosition":{"line":9,"character":-4},"originUri":"kernel://local/tx"}""", "CommandSucceeded")]
    [InlineData("SendValue", """{"name":"for","formattedValue":{"mimeType":"application/json","value":"1"},"originUri":"kernel://local/tx"}""", "CommandFailed")]
    [InlineData("OpenProject", """{"project":{"files":[]},"originUri":"kernel://local/tx"}""", "CommandFailed")]
    [InlineData("RequestInput", """{"prompt":"name?","originUri":"kernel://local/tx"}""", "CommandFailed")]
    public void ProxyTakesEveryEvent(string type, string body, string end)
    {
        using var client = new StdioClient();
        client.Next();
        var proxy = new MiniProxy("r0t", "kernel://local/tx", ["kernel://local/?tag=arrived", "kernel://local/tx?tag=arrived"], "kernel://pid-7/");
        foreach (var e in client.Ask("r0t", type, body)) proxy.Take(e);
        Assert.Equal(end, proxy.End);
    }

    [Fact]
    public void MalformedLinesDoNotEndTheHost()
    {
        using var client = new StdioClient();
        client.Next();
        foreach (string line in (string[])["garbage", "{", "[]", "3", "", "   ", "{\"commandType\":3}", "{\"token\":\"x\"}", "{\"commandType\":\"SubmitCode\",\"command\":7,\"token\":\"odd\"}", "{\"eventType\":\"CommandSucceeded\"}",
            "{\"commandType\":\"SubmitCode\",\"token\":\"sur\",\"command\":{\"code\":\"\\ud800\"}}", "\u0000\u0001"]) client.Send(line);
        var events = client.Ask("after", "SubmitCode", """{"code":"6 * 7"}""");
        Assert.Contains(events, e => StdioClient.Type(e) == "CommandFailed" && e.GetProperty("command").GetProperty("token").GetString() == "odd");
        Assert.Equal("CommandSucceeded", StdioClient.Type(events[^1]));
        Assert.Equal(0, client.Close().Exit);
    }

    [Fact]
    public void AbandonedSubmissionIsCancelled()
    {
        using var client = new StdioClient();
        client.Next();
        client.Send(StdioClient.Command("old", "SubmitCode", """{"code":"op spin(X: f32[N]) -> Y: f32[1] { Y[o] = sum(a in 0..N, b in 0..N, c in 0..N: sin(X[a] * X[b] + X[c])) }\nprint(spin(random(f32[4000], seed = 1)))"}"""));
        // Questions are answered while it runs, and cancel nothing.
        var asked = client.Ask("q", "RequestCompletions", """{"code":"arang","linePosition":{"line":0,"character":5}}""");
        Assert.DoesNotContain(asked, e => StdioClient.Type(e) == "CommandFailed");
        client.Send(StdioClient.Command("new", "SubmitCode", """{"code":"6 * 7"}"""));
        var events = client.Until("new");
        var ends = events.Where(e => StdioClient.Type(e) is "CommandSucceeded" or "CommandFailed").Select(e => (e.GetProperty("command").GetProperty("token").GetString(), StdioClient.Type(e)));
        Assert.Equal([("old", "CommandFailed"), ("new", "CommandSucceeded")], ends);
        Assert.Contains(events, e => StdioClient.Type(e) == "ReturnValueProduced");
    }

    [Fact]
    public void CancelAndQuitEndWhatRuns()
    {
        using var client = new StdioClient();
        client.Next();
        client.Send(StdioClient.Command("run", "SubmitCode", """{"code":"op spin(X: f32[N]) -> Y: f32[1] { Y[o] = sum(a in 0..N, b in 0..N, c in 0..N: sin(X[a] * X[b] + X[c])) }\nprint(spin(random(f32[4000], seed = 1)))"}"""));
        while (StdioClient.Type(JsonElement.Parse(client.Next())) != "CompleteCodeSubmissionReceived") { }
        client.Send(StdioClient.Command("stop", "Cancel", "{}"));
        var failed = client.Until("run")[^1];
        Assert.Equal("Command cancelled.", failed.GetProperty("event").GetProperty("message").GetString());
        client.Ask("quit", "Quit", "{}");
        Assert.Equal(0, client.Close().Exit);
    }

    [Fact]
    public void QuitOfACellEndsTheHost()
    {
        using var client = new StdioClient();
        client.Next();
        client.Ask("bye", "SubmitCode", """{"code":":quit"}""");
        Assert.Equal(0, client.Close().Exit);
    }

    [Fact]
    public void ValuesAreShared()
    {
        using var client = new StdioClient();
        client.Next();
        client.Ask("a", "SendValue", """{"name":"M","formattedValue":{"mimeType":"application/json","value":"[[1.5,2],[3,\"NaN\"]]"}}""");
        client.Ask("b", "SubmitCode", """{"code":"op doubled(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = 2 * X[i, j] }\nlet D = doubled(M)"}""");
        var value = client.Ask("c", "RequestValue", """{"name":"D","mimeType":"application/json"}""")[0].GetProperty("event").GetProperty("formattedValue");
        Assert.Equal("[[3,4],[6,\"NaN\"]]", value.GetProperty("value").GetString());
        var infos = client.Ask("d", "RequestValueInfos", """{"mimeType":"text/plain+summary"}""")[0].GetProperty("event").GetProperty("valueInfos");
        Assert.Equal(["D f32[2, 2]", "M f32[2, 2]"], infos.EnumerateArray().Select(i => $"{i.GetProperty("name").GetString()} {i.GetProperty("formattedValue").GetProperty("value").GetString()}"));
        client.Ask("e", "ClearValues", "{}");
        Assert.Equal("CommandFailed", StdioClient.Type(client.Ask("f", "RequestValue", """{"name":"D"}""")[^1]));
    }
}
