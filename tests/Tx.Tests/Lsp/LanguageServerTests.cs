using System.Text.Json.Nodes;
using Tx.Repl.Lsp;

namespace Tx.Tests.Lsp;

public class LanguageServerTests
{
    private const string Uri = "file:///nowhere/a.tx";
    private const string Text = "op f(X: f32[M, N]) -> Y: f32[M] { Y[i] = sum(j: X[i, j]) }\n";

    [Fact]
    public void ASession_FromInitializeToExit()
    {
        using var client = new LspClient();
        Assert.Equal("utf-16", (string?)client.Capabilities!["positionEncoding"]);
        Assert.Equal(2, (int)client.Capabilities["textDocumentSync"]!["change"]!);
        client.Open(Uri, Text);
        Assert.Empty(client.Published(1, _ => true));
        Assert.Contains("j in 0..N", (string)client.At("textDocument/hover", Uri, 0, 45)["result"]!["contents"]!["value"]!, StringComparison.Ordinal);
        Assert.Equal(45, (int)client.At("textDocument/definition", Uri, 0, 53)["result"]![0]!["range"]!["start"]!["character"]!);
        Assert.Null(client.At("textDocument/hover", Uri, 0, 33)["result"]);
        Assert.Null(client.Ask("shutdown", null)["result"]);
        Assert.Equal(LanguageServer.InvalidRequest, (int)client.At("textDocument/hover", Uri, 0, 45)["error"]!["code"]!);
        client.Tell("exit", null);
        Assert.Equal(0, client.WaitForExit());
    }

    [Fact]
    public void AClientThatIsGone_EndsTheServer()
    {
        using var client = new LspClient();
        Assert.Equal(1, client.Leave());
    }

    [Fact]
    public void BeforeInitialize_NothingIsAnswered()
    {
        using var client = new LspClient("none");
        Assert.Equal(LanguageServer.NotInitialized, (int)client.Ask("textDocument/hover", new { })["error"]!["code"]!);
    }

    [Fact]
    public void WrongMessages_DoNotEndTheServer()
    {
        using var client = new LspClient();
        client.Raw("Content-Length: 3\r\n\r\n{{{");
        Assert.Equal(LanguageServer.ParseError, (int)client.Next()["error"]!["code"]!);
        client.Raw("nonsense\r\n\r\nContent-Length: x\r\n\r\nContent-Length: 2\r\n\r\n[]");
        Assert.Equal(LanguageServer.ParseError, (int)client.Next()["error"]!["code"]!);
        client.Raw("Content-Length: 2\r\n\r\n{}");
        Assert.Equal(LanguageServer.InvalidRequest, (int)client.Next()["error"]!["code"]!);
        Assert.Equal(LanguageServer.MethodNotFound, (int)client.Ask("no/such", new { })["error"]!["code"]!);
        Assert.Equal(LanguageServer.InvalidParams, (int)client.Ask("textDocument/hover", new { })["error"]!["code"]!);
        Assert.Equal(LanguageServer.InvalidParams, (int)client.Ask("textDocument/hover", null)["error"]!["code"]!);
        Assert.Equal(LanguageServer.InvalidParams, (int)client.At("textDocument/hover", "file:///not/open.tx", 0, 0)["error"]!["code"]!);
        client.Tell("no/such", new { });
        client.Tell("textDocument/didChange", new { });
        client.Tell("textDocument/didOpen", new { textDocument = 7 });
        client.Open(Uri, Text);
        Assert.NotNull(client.At("textDocument/hover", Uri, 99999, 99999).AsObject()["id"]);
        Assert.NotNull(client.At("textDocument/hover", Uri, -5, -7).AsObject()["id"]);
    }

    [Fact]
    public void Edits_AreAppliedWhereTheyAre()
    {
        using var client = new LspClient();
        client.Open(Uri, "// 𝕏 two units\nlet a = 1\nlet b = q\n");
        Assert.Single(client.Published(1, d => d.Count > 0));
        client.Change(Uri, 2, 2, 8, 9, "a + 1");
        Assert.Empty(client.Published(2, d => d.Count == 0));
        // Behind the sign that takes two units of UTF-16, a new line.
        client.Change(Uri, 3, 0, 5, 5, "\nlet c = z //");
        var error = Assert.Single(client.Published(3, d => d.Count > 0));
        Assert.Equal((1, 8), ((int)error!["range"]!["start"]!["line"]!, (int)error["range"]!["start"]!["character"]!));
        client.Tell("textDocument/didChange", new { textDocument = new { uri = Uri, version = 4 }, contentChanges = new[] { new { text = "let only = 1\n" } } });
        Assert.Empty(client.Published(4, d => d.Count == 0));
    }

    [Theory]
    [InlineData("utf-8", 9)]
    [InlineData("utf-16", 7)]
    [InlineData("utf-32", 6)]
    public void Positions_AreInTheEncodingThatIsAgreed(string encoding, int character)
    {
        using var client = new LspClient("utf-7", encoding);
        Assert.Equal(encoding, (string?)client.Capabilities!["positionEncoding"]);
        client.Open(Uri, "/*𝕏*/ q\n");
        var error = Assert.Single(client.Published(1, d => d.Count > 0));
        Assert.Equal((character, character + 1), ((int)error!["range"]!["start"]!["character"]!, (int)error["range"]!["end"]!["character"]!));
        Assert.Equal(1, (int)error["severity"]!);
        Assert.Equal("tx", (string?)error["source"]);
    }

    [Fact]
    public void WhatIsWrong_HasItsSecondPlaceAndItsMending()
    {
        using var client = new LspClient();
        client.Open(Uri, Text + Text + "let y = zeross(f32[2])\n");
        client.Published(1, d => d.Count >= 2);
        client.Change(Uri, 2, 2, 0, 0, "schedule s for f on cpu { Y.j.splt(4) }\n");
        var found = client.Published(2, d => d.Count >= 3);
        Assert.Contains(found, d => d!["relatedInformation"]?[0]!["location"]!["range"]!["start"]!["line"]!.GetValue<int>() == 0);
        var actions = client.Ask("textDocument/codeAction", new { textDocument = new { uri = Uri }, range = new { start = new { line = 2, character = 30 }, end = new { line = 2, character = 31 } }, context = new { } })["result"]!.AsArray();
        var edit = Assert.Single(actions)!["edit"]!["changes"]![Uri]![0]!;
        Assert.Equal("split", (string?)edit["newText"]);
    }

    [Fact]
    public void Answers_HaveTheFormOfTheProtocol()
    {
        using var client = new LspClient();
        client.Open(Uri, Text + "schedule s for f on cpu { Y.j.split(4) }\nlet  z=zeros(f32[2])\n/* two\nlines */\n");
        var lenses = client.Ask("textDocument/codeLens", new { textDocument = new { uri = Uri } })["result"]!.AsArray();
        Assert.Equal(["steps f", "time f", "steps f s", "time f s"], lenses.Select(l => $"{l!["command"]!["title"]} {string.Join(' ', l["command"]!["arguments"]!.AsArray().Skip(1))}"));
        Assert.Equal(["tx.steps", "tx.time"], lenses.Select(l => (string)l!["command"]!["command"]!).Distinct());
        var items = client.At("textDocument/completion", Uri, 1, 32)["result"]!["items"]!.AsArray();
        var split = items.Single(i => (string)i!["label"]! == "split")!;
        Assert.Equal((30, 35), ((int)split["textEdit"]!["range"]!["start"]!["character"]!, (int)split["textEdit"]!["range"]!["end"]!["character"]!));
        var symbols = client.Ask("textDocument/documentSymbol", new { textDocument = new { uri = Uri } })["result"]!.AsArray();
        Assert.Equal(["f", "s", "z"], symbols.Select(s => (string)s!["name"]!));
        var data = client.Ask("textDocument/semanticTokens/full", new { textDocument = new { uri = Uri } })["result"]!["data"]!.AsArray().Select(d => (int)d!).ToList();
        Assert.Equal(0, data.Count % 5);
        Assert.All(data, d => Assert.True(d >= 0));
        Assert.Equal(4, Enumerable.Range(0, data.Count / 5).Sum(n => data[5 * n]));
        var format = client.Ask("textDocument/formatting", new { textDocument = new { uri = Uri }, options = new { } })["result"]!.AsArray();
        Assert.Contains("let z = zeros(f32[2])", (string)format[0]!["newText"]!, StringComparison.Ordinal);
        var hints = client.Ask("textDocument/inlayHint", new { textDocument = new { uri = Uri }, range = new { start = new { line = 0, character = 0 }, end = new { line = 9, character = 0 } } })["result"]!.AsArray();
        Assert.Contains(hints, h => (string)h!["label"]! == ": f32[2]");
        var signature = client.At("textDocument/signatureHelp", Uri, 1, 36)["result"]!;
        Assert.StartsWith("loop.split(", (string)signature["signatures"]![0]!["label"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void ADocumentThatIsClosed_HasNothingWrong()
    {
        using var client = new LspClient();
        client.Open(Uri, "let x = q\n");
        client.Published(1, d => d.Count > 0);
        client.Tell("textDocument/didClose", new { textDocument = new { uri = Uri } });
        Assert.Empty(client.Published(0, _ => true));
        client.Open("untitled:Untitled-1", "let x = q\n", 3);
        client.Published(3, d => d.Count > 0);
    }
}
