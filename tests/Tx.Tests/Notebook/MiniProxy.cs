using System.Text.Json;

namespace Tx.Tests.Notebook;

/// <summary>What the proxy of .NET Interactive checks of each event before it believes it, for one command that it sent.</summary>
/// <param name="origin">The address that the command came from.</param>
internal sealed class MiniProxy(string token, string origin, IEnumerable<string> slip, string host)
{
    private readonly List<string> _slip = [.. slip];

    /// <summary>How the command ended; null while it runs.</summary>
    public string? End { get; private set; }

    public void Take(JsonElement e)
    {
        string type = e.GetProperty("eventType").GetString()!;
        Assert.Null(End);
        Assert.Equal([host], e.GetProperty("routingSlip").EnumerateArray().Select(s => s.GetString()));
        var command = e.GetProperty("command");
        // The root of its token says which command it belongs to, and its origin that it was this proxy that sent it.
        Assert.Equal(token.Split('.')[0], command.GetProperty("token").GetString()!.Split('.')[0]);
        Assert.Equal(origin, command.GetProperty("command").GetProperty("originUri").GetString());
        ContinueWith([.. command.GetProperty("routingSlip").EnumerateArray().Select(s => s.GetString()!)]);
        if (type is "CommandSucceeded" or "CommandFailed") End = type;
    }

    // The slip goes on from what is known, and names nobody twice.
    private void ContinueWith(List<string> other)
    {
        foreach (string entry in other.Take(_slip.Count).SequenceEqual(_slip) ? other.Skip(_slip.Count) : other)
        {
            Assert.DoesNotContain(entry, _slip);
            // An address stands there as one that has arrived before it stands there as one that is done.
            if (!entry.Contains("?tag=", StringComparison.Ordinal)) Assert.Contains(entry + "?tag=arrived", _slip);
            _slip.Add(entry);
        }
    }
}
