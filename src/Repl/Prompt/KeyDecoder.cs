using System.Collections.Frozen;
using System.Text;

namespace Tx.Repl.Prompt;

/// <summary>Turns what a terminal sends into keys. What is not whole yet waits for the next bytes. For one thread.</summary>
internal sealed class KeyDecoder
{
    private const string PasteBegins = "\e[200~", PasteEnds = "\e[201~";
    private const int MaxSequence = 32;

    private static readonly FrozenDictionary<string, KeyCode> Sequences = new Dictionary<string, KeyCode>(StringComparer.Ordinal)
    {
        ["[A"] = KeyCode.Up, ["[B"] = KeyCode.Down, ["[C"] = KeyCode.Right, ["[D"] = KeyCode.Left, ["OA"] = KeyCode.Up, ["OB"] = KeyCode.Down, ["OC"] = KeyCode.Right, ["OD"] = KeyCode.Left,
        ["[H"] = KeyCode.Home, ["[F"] = KeyCode.End, ["OH"] = KeyCode.Home, ["OF"] = KeyCode.End, ["[1~"] = KeyCode.Home, ["[4~"] = KeyCode.End, ["[7~"] = KeyCode.Home, ["[8~"] = KeyCode.End,
        ["[3~"] = KeyCode.Delete, ["[5~"] = KeyCode.PageUp, ["[6~"] = KeyCode.PageDown, ["[3;5~"] = KeyCode.KillNextWord, ["[3;3~"] = KeyCode.KillNextWord,
        ["[1;5C"] = KeyCode.WordRight, ["[1;5D"] = KeyCode.WordLeft, ["[1;3C"] = KeyCode.WordRight, ["[1;3D"] = KeyCode.WordLeft, ["[1;5A"] = KeyCode.PreviousEntry, ["[1;5B"] = KeyCode.NextEntry,
        ["[1;5H"] = KeyCode.Start, ["[1;5F"] = KeyCode.Finish, ["[Z"] = KeyCode.Unknown,
        ["b"] = KeyCode.WordLeft, ["f"] = KeyCode.WordRight, ["d"] = KeyCode.KillNextWord, ["\x7f"] = KeyCode.KillWord, ["\b"] = KeyCode.KillWord, ["\r"] = KeyCode.NewLine, ["\n"] = KeyCode.NewLine,
        ["<"] = KeyCode.Start, [">"] = KeyCode.Finish, ["_"] = KeyCode.Redo, ["z"] = KeyCode.Redo, ["[13;2u"] = KeyCode.NewLine, ["[27;2;13~"] = KeyCode.NewLine,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _pending = new();

    /// <summary>An escape waits for more: it is the key where nothing follows soon.</summary>
    public bool IsWaiting => _pending.Length > 0 && !_pending.ToString().StartsWith(PasteBegins, StringComparison.Ordinal);

    /// <summary>The keys of some bytes. Lines that come in one piece are marked.</summary>
    public List<Key> Decode(ReadOnlySpan<byte> bytes)
    {
        var chars = new char[bytes.Length + 4];
        _pending.Append(chars, 0, _utf8.GetChars(bytes, chars, flush: false));
        var keys = new List<Key>();
        while (_pending.Length > 0 && Next(isFinal: false) is { } key) keys.Add(key);
        return Bursts(keys);
    }

    /// <summary>The keys of what waits, when nothing follows.</summary>
    public List<Key> Flush()
    {
        var keys = new List<Key>();
        while (_pending.Length > 0 && Next(isFinal: true) is { } key) keys.Add(key);
        return keys;
    }

    private static List<Key> Bursts(List<Key> keys)
    {
        int enter = keys.FindIndex(k => k.Code is KeyCode.Enter);
        bool isBurst = enter >= 0 && keys.Skip(enter + 1).Any(k => k.Code is KeyCode.Text);
        return isBurst ? keys.ConvertAll(k => k.Code is KeyCode.Tab ? new Key(KeyCode.Paste, "    ") : k with { IsBurst = true }) : keys;
    }

    private Key? Next(bool isFinal)
    {
        string text = _pending.ToString();
        if (text.StartsWith(PasteBegins, StringComparison.Ordinal))
        {
            int end = text.IndexOf(PasteEnds, StringComparison.Ordinal);
            if (end < 0 && !isFinal) return null;
            string block = end < 0 ? text[PasteBegins.Length..] : text[PasteBegins.Length..end];
            return Take(end < 0 ? text.Length : end + PasteEnds.Length, new(KeyCode.Paste, block.ReplaceLineEndings("\n")));
        }
        if (text[0] != '\e') return Take(TextLength(text), Plain(text[..TextLength(text)]));
        if (text.Length == 1) return isFinal ? Take(1, new(KeyCode.Escape)) : null;
        int length = SequenceLength(text);
        if (length < 0) return isFinal || text.Length > MaxSequence ? Take(text.Length > MaxSequence ? text.Length : 1, new(text.Length > MaxSequence ? KeyCode.Unknown : KeyCode.Escape)) : null;
        return Take(length, new(Sequences.GetValueOrDefault(text[1..length], text[1] == '\e' ? KeyCode.Escape : KeyCode.Unknown)));
    }

    // A whole character of the text; its combining marks come as keys of their own.
    private static int TextLength(string text) => char.IsHighSurrogate(text[0]) && text.Length > 1 ? 2 : 1;

    /// <summary>How long the sequence is; -1 where more belongs to it.</summary>
    private static int SequenceLength(string text)
    {
        if (text[1] == '\e') return 1 + 1;
        if (text[1] is not ('[' or 'O')) return char.IsHighSurrogate(text[1]) && text.Length > 2 ? 3 : 2;
        if (text[1] == 'O') return text.Length > 2 ? 3 : -1;
        for (int i = 2; i < text.Length; i++)
            if (text[i] is >= '@' and <= '~') return i + 1;
            else if (text[i] is < ' ' or > '?') return i;
        return -1;
    }

    private Key Take(int length, Key key)
    {
        _pending.Remove(0, length);
        return key;
    }

    private static Key Plain(string text) => text[0] switch
    {
        '\r' => new(KeyCode.Enter),
        '\n' => new(KeyCode.Enter),
        '\t' => new(KeyCode.Tab),
        '\x7f' or '\b' => new(KeyCode.Backspace),
        '\x01' => new(KeyCode.Home), '\x02' => new(KeyCode.Left), '\x03' => new(KeyCode.Interrupt), '\x04' => new(KeyCode.Leave), '\x05' => new(KeyCode.End), '\x06' => new(KeyCode.Right),
        '\x07' => new(KeyCode.Escape), '\x0b' => new(KeyCode.KillToEnd), '\x0c' => new(KeyCode.Clear), '\x0e' => new(KeyCode.NextEntry), '\x0f' => new(KeyCode.NewLine), '\x10' => new(KeyCode.PreviousEntry),
        '\x12' => new(KeyCode.Search), '\x15' => new(KeyCode.KillToStart), '\x17' => new(KeyCode.KillWord), '\x19' => new(KeyCode.Yank), '\x1a' or '\x1f' => new(KeyCode.Undo), '\x1e' => new(KeyCode.Redo),
        < ' ' => new(KeyCode.Unknown),
        _ => Key.Of(text),
    };
}
