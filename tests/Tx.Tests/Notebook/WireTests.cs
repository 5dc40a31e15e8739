using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Repl.Jupyter;
using Tx.Repl.Notebook;

namespace Tx.Tests.Notebook;

/// <summary>Frames, signatures, positions and guards of the Jupyter protocol; no Jupyter is needed.</summary>
public class WireTests
{
    private static readonly byte[] Identity = [1, 2, 3];

    [Theory, InlineData("secret"), InlineData("")]
    public void MessageReadsBack(string key)
    {
        var frames = new MessageFormat(key).Write([Identity], "execute_reply", Encoding.UTF8.GetBytes("{\"msg_id\" : \"p\"}"), new JsonObject { ["text"] = "𝕏 ü" });
        Assert.Equal(7, frames.Count);
        // The parent's bytes are repeated and not written anew.
        Assert.Equal("{\"msg_id\" : \"p\"}", Encoding.UTF8.GetString(frames[4]));
        var read = new MessageFormat(key).Read(frames)!;
        Assert.Equal("execute_reply", read.Type);
        Assert.Equal([Identity], read.Identities);
        Assert.Equal("𝕏 ü", read.Content.GetProperty("text").GetString());
        Assert.Equal("5.3", JsonElement.Parse(read.Header).GetProperty("version").GetString());
    }

    [Fact]
    public void SignatureIsThatOfTheProtocol()
    {
        // Made with Python's hmac over the four parts.
        string[] parts = ["""{"msg_id":"1","msg_type":"kernel_info_request"}""", "{}", "{}", "{}"];
        byte[][] frames = ["<IDS|MSG>"u8.ToArray(), "c49b"u8.ToArray(), .. parts.Select(Encoding.UTF8.GetBytes)];
        using var hmac = new System.Security.Cryptography.HMACSHA256("key"u8.ToArray());
        frames[1] = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.ComputeHash(Encoding.UTF8.GetBytes(string.Concat(parts)))));
        var format = new MessageFormat("key");
        Assert.Equal("kernel_info_request", format.Read(frames)?.Type);
        for (int frame = 1; frame < frames.Length; frame++)
        {
            byte[][] changed = [.. frames];
            changed[frame] = [.. frames[frame], (byte)' '];
            Assert.Null(format.Read(changed));
        }
        Assert.Null(new MessageFormat("other").Read(frames));
        Assert.Null(format.Read(frames[..^1]));
        Assert.Null(format.Read([]));
    }

    [Theory, InlineData("[]"), InlineData("{"), InlineData("7"), InlineData("")]
    public void BrokenContentIsNoMessage(string content)
    {
        byte[][] frames = ["<IDS|MSG>"u8.ToArray(), [], "{\"msg_type\":\"x\"}"u8.ToArray(), "{}"u8.ToArray(), "{}"u8.ToArray(), Encoding.UTF8.GetBytes(content)];
        Assert.Null(new MessageFormat("").Read(frames));
    }

    [Fact]
    public void PositionsCountCodePoints()
    {
        const string text = "a𝕏b\ud835";
        Assert.Equal([0, 1, 3, 4, 5, 5, 0], new[] { 0, 1, 2, 3, 4, 9, -1 }.Select(p => CodePoints.ToOffset(text, p)));
        Assert.Equal([0, 1, 2, 3, 4], new[] { 0, 1, 3, 4, 5 }.Select(o => CodePoints.At(text, o)));
    }

    [Fact]
    public void GuardHoldsAClientUntilItsSubscription()
    {
        WireMessage Of(byte client, string type) => new([[client]], [], type, "", default);
        var guard = new SubscriberGuard(500);
        guard.Add(Of(1, "a"), now: 1000);
        Assert.Null(guard.Take(1400));
        guard.Subscribed();
        Assert.Equal("a", guard.Take(1400)?.Type);
        // It waits once. A second client waits for its own subscription, and no longer than it is said.
        guard.Add(Of(1, "b"), 1401);
        Assert.Equal("b", guard.Take(1401)?.Type);
        guard.Add(Of(2, "c"), 1500);
        guard.Add(Of(1, "d"), 1501);
        Assert.Null(guard.Take(1999));
        Assert.Equal(2000, guard.Deadline);
        Assert.Equal("c", guard.Take(2000)?.Type);
        Assert.Equal("d", guard.Take(2000)?.Type);
        Assert.Null(guard.Take(2000));
        Assert.Null(guard.Deadline);
    }

    [Fact]
    public void HistoryIsFound()
    {
        var history = new CellHistory();
        foreach (var (number, input) in new[] { (1, "let a = 1"), (2, "a + 1"), (3, "a + 1"), (4, "print(a)") }) history.Add(number, input, input == "a + 1" ? "2" : null);
        string Ask(string request) => string.Join(' ', history.Answer(JsonElement.Parse(request))["history"]!.AsArray().Select(r => r![1]!.GetValue<int>()));
        Assert.Equal("3 4", Ask("""{"hist_access_type":"tail","n":2}"""));
        Assert.Equal("2 3", Ask("""{"hist_access_type":"range","session":0,"start":2,"stop":4}"""));
        Assert.Equal("", Ask("""{"hist_access_type":"range","session":7}"""));
        Assert.Equal("2 3", Ask("""{"hist_access_type":"search","pattern":"a ? ?"}"""));
        Assert.Equal("3", Ask("""{"hist_access_type":"search","pattern":"a*","unique":true}"""));
        Assert.Equal("2", history.Answer(JsonElement.Parse("""{"output":true,"n":2}"""))["history"]![0]![2]![1]!.GetValue<string>());
    }

    [Theory]
    [InlineData("f?", "f")]
    [InlineData("?matmul ", "matmul")]
    [InlineData("a ?? b", null)]
    [InlineData("f(x)?", null)]
    public void QuestionMarksAskForAPage(string cell, string? name) => Assert.Equal(name, PageQuestion.NameIn(cell));
}
