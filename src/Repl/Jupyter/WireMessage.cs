using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>A message that came in: who sent it, and its parts as bytes and as JSON.</summary>
/// <param name="Identities">The frames that lead back to the sender.</param>
/// <param name="Header">The bytes as they came; an answer repeats them.</param>
internal sealed record WireMessage(byte[][] Identities, byte[] Header, string Type, string Session, JsonElement Content);

/// <summary>Frames, signs and checks messages of the Jupyter protocol: identities, a delimiter, the signature, then header, parent, metadata and content.</summary>
internal sealed class MessageFormat(string key)
{
    public const string Version = "5.3";
    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private static readonly byte[] Empty = "{}"u8.ToArray();

    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);
    private readonly string _session = Guid.NewGuid().ToString();

    /// <summary>The message; null where the frames are none or its signature is wrong.</summary>
    public WireMessage? Read(IReadOnlyList<byte[]> frames)
    {
        int at = 0;
        while (at < frames.Count && !frames[at].AsSpan().SequenceEqual(Delimiter)) at++;
        if (frames.Count - at < 6) return null;
        byte[] signature = frames[at + 1];
        if (!CryptographicOperations.FixedTimeEquals(signature, Sign(frames[at + 2], frames[at + 3], frames[at + 4], frames[at + 5]))) return null;
        try
        {
            var header = JsonElement.Parse(frames[at + 2]);
            var content = JsonElement.Parse(frames[at + 5]);
            if (Json.Text(header, "msg_type") is not { } type || content.ValueKind is not JsonValueKind.Object) return null;
            return new([.. frames.Take(at)], frames[at + 2], type, Json.Text(header, "session") ?? "", content);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The frames of a new message.</summary>
    /// <param name="parent">The header of the message that it answers, as that came; null for none.</param>
    public List<byte[]> Write(IEnumerable<byte[]> identities, string type, byte[]? parent, JsonObject content, JsonObject? metadata = null)
    {
        byte[] header = Json.Bytes(new JsonObject
        {
            // Fresh each time: clients refuse a signature that they have seen.
            ["msg_id"] = Guid.NewGuid().ToString(), ["session"] = _session, ["username"] = "tx",
            ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), ["msg_type"] = type, ["version"] = Version,
        });
        byte[] body = Json.Bytes(content), data = metadata is null ? Empty : Json.Bytes(metadata);
        return [.. identities, Delimiter, Sign(header, parent ?? Empty, data, body), header, parent ?? Empty, data, body];
    }

    /// <summary>HMAC-SHA256 over the bytes of the four parts, in lower-case hexadecimal; empty without a key.</summary>
    private byte[] Sign(params ReadOnlySpan<byte[]> parts)
    {
        if (_key.Length == 0) return [];
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        foreach (byte[] part in parts) hash.AppendData(part);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
