using System.Text;
using System.Text.RegularExpressions;
using Tx.Repl.Prompt;

namespace Tx.Tests.Prompt;

/// <summary>Keys from bytes, and frames on a terminal that is not there.</summary>
public partial class TerminalTests
{
    [Theory]
    [InlineData("a\x1b[A\x1b[1;5C\x03", "Text Up WordRight Interrupt")]
    [InlineData("\x1bOD\x1b[3~\x1b\r\x12", "Left Delete NewLine Search")]
    [InlineData("\x1b[200~let a = 1\r\nlet b = 2\x1b[201~\r", "Paste Enter")]
    [InlineData("1\r2\r", "Text Enter Text Enter")]
    [InlineData("1\r", "Text Enter")]
    [InlineData("\x1b[99;99;99z\x1b[", "Unknown")]
    [InlineData("日é", "Text Text")]
    public void BytesAreKeys(string sent, string keys)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(sent);
        Assert.Equal(keys, string.Join(' ', new KeyDecoder().Decode(bytes).Select(k => k.Code)));
        // Byte by byte they are the same.
        var slow = new KeyDecoder();
        Assert.Equal(keys, string.Join(' ', bytes.SelectMany(b => slow.Decode([b])).Select(k => k.Code)));
    }

    /// <summary>Without marks, several lines at once are taken as they are: no blanks are put in front of them, and each that is complete is an entry.</summary>
    [Fact]
    public void LinesInOnePieceAreNotHelped()
    {
        var terminal = new FakeTerminal(40, 12, "f(\r    1\r)\rma\r");
        var editor = new LineEditor(terminal, new FakeLanguage(), new Palette(hasColours: false), () => { });
        Assert.Equal("f(\n    1\n)", editor.Read(new("tx> ")));
        Assert.Equal("ma", editor.Read(new("tx> ")));
        Assert.Null(editor.Read(new("tx> ")));
    }

    [Fact]
    public void AnEscapeAloneIsAKeyWhenNothingFollows()
    {
        var decoder = new KeyDecoder();
        Assert.Empty(decoder.Decode("\e"u8));
        Assert.True(decoder.IsWaiting);
        Assert.Equal([new Key(KeyCode.Escape)], decoder.Flush());
    }

    [Fact]
    public void RandomBytesAreReadToTheirEnd()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var decoder = new KeyDecoder();
            for (int n = 0; n < 20; n++)
            {
                byte[] bytes = new byte[random.Next(1, 40)];
                random.NextBytes(bytes);
                if (random.Next(2) == 0) bytes[0] = 0x1b;
                decoder.Decode(bytes);
            }
            decoder.Flush();
            decoder.Flush();
        }
    }

    [Fact]
    public void AnEntryIsTypedDrawnAndGiven()
    {
        var terminal = new FakeTerminal(40, 12, "let x = 日", "本\x1b[D!", "\r");
        var editor = new LineEditor(terminal, new FakeLanguage(), new Palette(hasColours: false), () => { });
        Assert.Equal("let x = 日!本", editor.Read(new("tx> ")));
        Assert.Equal("tx> let x = 日!本", terminal.Screen()[0]);
        Assert.True(terminal.WasRaw && !terminal.IsRaw);
    }

    [Fact]
    public void LongTextsAreWrappedAtBlanksAndTheCaretStaysWithItsCharacter()
    {
        string text = string.Join(' ', Enumerable.Repeat("word", 20));
        var s = new EditorState { Text = text, Caret = text.Length };
        var frame = FrameBuilder.Build(s, new("tx> "), 40, 20, new Palette(hasColours: false));
        Assert.All(frame.Rows, r => Assert.True(Graphemes.WidthOf(r) < 40, r));
        Assert.DoesNotContain(frame.Rows, r => r.TrimEnd().EndsWith("wo", StringComparison.Ordinal) || r.TrimEnd().EndsWith("wor", StringComparison.Ordinal));
        Assert.Equal(text.Replace(" ", "", StringComparison.Ordinal), string.Concat(frame.Rows.Select(r => r[4..])).Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(frame.Rows.Length - 1, frame.CaretRow);
        Assert.Equal(Graphemes.WidthOf(frame.Rows[^1]), frame.CaretColumn);
    }

    [Fact]
    public void WideAndCombinedCharactersTakeTheirColumns()
    {
        Assert.Equal(6, Graphemes.WidthOf("日本語"));
        Assert.Equal(1, Graphemes.WidthOf("e\u0301"));
        Assert.Equal(2, Graphemes.WidthOf("👨‍👩‍👧"));
        Assert.Equal(2, Graphemes.WidthOf("❤️"));
        var frame = FrameBuilder.Build(new EditorState { Text = "日本語", Caret = 2 }, new("tx> "), 40, 20, new Palette(hasColours: false));
        Assert.Equal(8, frame.CaretColumn);
    }

    [Fact]
    public void TheListStandsUnderTheWordWithItsDocumentation()
    {
        var frame = FrameBuilder.Build(EditorTests.Type("let a = ma"), new("tx> "), 60, 20, new Palette(hasColours: false));
        Assert.Equal("tx> let a = ma", frame.Rows[0]);
        Assert.StartsWith(new string(' ', 12) + " matmul", frame.Rows[1], StringComparison.Ordinal);
        Assert.Contains("Matrix product.", frame.Rows[^1], StringComparison.Ordinal);
        Assert.Equal((0, 14), (frame.CaretRow, frame.CaretColumn));
    }

    [Fact]
    public void ColoursComeFromTheLexerOverTheWholeText()
    {
        var palette = new Palette(hasColours: true);
        string[] styles = palette.StylesOf("/* a\nlet b */ let c = 1");
        Assert.Equal(styles[0], styles[6]);
        Assert.NotEqual(styles[6], styles[15]);
        Assert.All(new Palette(hasColours: false).StylesOf("let c = 1"), s => Assert.Equal("", s));
    }

    [Fact]
    public void SessionsShareOneHistory()
    {
        using var folder = new Support.TemporaryFolder();
        string path = Path.Combine(folder.Path, "state", "tx", "history");
        Parallel.For(0, 4, n =>
        {
            var history = new HistoryFile(path);
            for (int i = 0; i < 25; i++) history.Add($"session {n}\nentry {i}");
        });
        var all = new HistoryFile(path);
        all.Load();
        Assert.Equal(100, all.Entries.Count);
        Assert.Equal(100, all.Entries.Distinct().Count());
        // What another program has torn does not stop it.
        File.AppendAllText(path, "\"half");
        new HistoryFile(path).Add("whole");
        all.Load();
        Assert.Equal("whole", all.Entries[^1]);
        Assert.Equal(101, all.Entries.Count);
    }

    /// <summary>Takes what a program writes, and keeps the screen that it makes.</summary>
    private sealed partial class FakeTerminal(int columns, int rows, params string[] input) : ITerminal, IDisposable
    {
        private readonly Queue<string> _input = new(input);
        private readonly List<StringBuilder> _screen = [new()];
        private int _row, _column;

        public int Columns => columns;
        public int Rows => rows;
        public bool IsRaw { get; private set; }
        public bool WasRaw { get; private set; }

        public TerminalInput Read(int milliseconds) => milliseconds >= 0 ? new([], TerminalEvent.Timeout)
            : _input.TryDequeue(out string? text) ? new(Encoding.UTF8.GetBytes(text), TerminalEvent.Input) : new([], TerminalEvent.Ended);

        public IDisposable Edit()
        {
            IsRaw = WasRaw = true;
            return this;
        }

        public void Dispose() => IsRaw = false;

        public List<string> Screen() => [.. _screen.Select(l => l.ToString().Replace("\0", "", StringComparison.Ordinal).TrimEnd())];

        public void Write(string text)
        {
            for (int i = 0; i < text.Length;)
            {
                if (text[i] == '\e')
                {
                    var m = Sequence().Match(text, i);
                    Assert.True(m.Success && m.Index == i, $"unknown sequence at {i}");
                    int n = m.Groups["n"].Length > 0 ? int.Parse(m.Groups["n"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : 1;
                    switch (m.Groups["c"].Value)
                    {
                        case "A": _row = Math.Max(0, _row - n); break;
                        case "C": _column += n; break;
                        case "K": Line().Length = Math.Min(Line().Length, _column); break;
                        case "J": Line().Length = Math.Min(Line().Length, _column); _screen.RemoveRange(_row + 1, _screen.Count - _row - 1); break;
                    }
                    i += m.Length;
                    continue;
                }
                if (text[i] == '\r') { _column = 0; i++; continue; }
                if (text[i] == '\n')
                {
                    if (++_row == _screen.Count) _screen.Add(new());
                    i++;
                    continue;
                }
                int end = Graphemes.Next(text, i), width = Graphemes.Width(text.AsSpan(i, end - i));
                var line = Line();
                while (line.Length < _column + width) line.Append(' ');
                // The second column of a wide character holds nothing.
                line[_column] = text[i];
                for (int w = 1; w < width; w++) line[_column + w] = '\0';
                _column += width;
                i = end;
            }
        }

        private StringBuilder Line() => _screen[_row];

        [GeneratedRegex(@"\G\x1b\[\??(?<n>\d*)[\d;]*(?<c>[A-Za-z])")]
        private static partial Regex Sequence();
    }
}
