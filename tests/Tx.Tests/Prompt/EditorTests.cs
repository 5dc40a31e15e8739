using System.Text;
using Tx.LanguageServices;
using Tx.Repl.Prompt;

namespace Tx.Tests.Prompt;

/// <summary>The editor as a function, without a terminal.</summary>
public class EditorTests
{
    private static readonly FakeLanguage s_language = new();

    [Theory]
    [InlineData("abc", "abc", 3)]
    [InlineData("abc{left}{left}x", "axbc", 2)]
    [InlineData("one two{wordleft}{killend}", "one ", 4)]
    [InlineData("one two{killword}{yank}{yank}", "one twotwo", 10)]
    [InlineData("op f {{enter}x{enter}}", "op f {\n    x\n}", 14)]
    [InlineData("日本語{left}{backspace}", "日語", 1)]
    [InlineData("é{left}x", "xé", 1)]
    [InlineData("👨‍👩‍👧a{left}{left}b", "b👨‍👩‍👧a", 1)]
    [InlineData("ab{undo}", "", 0)]
    [InlineData("ab{undo}{redo}", "ab", 2)]
    [InlineData("a b{undo}", "a ", 2)]
    [InlineData("{paste}", "let a = 1\nlet b = 2", 19)]
    [InlineData("({enter}1{up}{end}2", "(2\n    1", 2)]
    public void KeysMakeTheText(string keys, string text, int caret)
    {
        var s = Type(keys);
        Assert.Equal(text, s.Text);
        Assert.Equal(caret, s.Caret);
    }

    [Fact]
    public void EnterSubmitsWhatIsCompleteAndGoesOnWhereABracketIsOpen()
    {
        Assert.Equal(EditorOutcome.Editing, Type("f(1{enter}").Outcome);
        var s = Type("f(1{enter}){enter}");
        Assert.Equal(EditorOutcome.Submitted, s.Outcome);
        Assert.Equal("f(1\n    )", s.Text.Replace("\n)", "\n    )", StringComparison.Ordinal));
        Assert.Equal(EditorOutcome.Left, Type("{leave}").Outcome);
        Assert.Equal(EditorOutcome.Abandoned, Type("x{interrupt}").Outcome);
    }

    [Fact]
    public void TheListOpensWhileANameIsTypedAndTabTakesItsFirst()
    {
        var s = Type("ma");
        Assert.Equal(["matmul", "mask"], s.Popup!.Entries.Select(e => e.Label));
        Assert.Equal("matmul", Type("ma{tab}").Text);
        Assert.Equal("mask", Type("ma{down}{down}{enter}").Text);
        Assert.Null(Type("ma{escape}").Popup);
        // Without a choice Enter is not for the list.
        Assert.Equal(EditorOutcome.Submitted, Type("ma{enter}").Outcome);
        Assert.Null(Type("12").Popup);
    }

    [Fact]
    public void HistoryGoesThroughEntriesThatBeginWithWhatWasTyped()
    {
        Assert.Equal("let b = 2", Type("{up}").Text);
        Assert.Equal("matmul(A, B)", Type("{up}{up}").Text);
        Assert.Equal("let b = 2", Type("le{escape}{up}").Text);
        Assert.Equal("let a = 1", Type("le{escape}{up}{up}").Text);
        Assert.Equal("le", Type("le{escape}{up}{down}").Text);
    }

    [Fact]
    public void SearchFindsBackwards()
    {
        Assert.Equal("matmul(A, B)", Type("{search}mul").Text);
        Assert.Equal("let b = 2", Type("{search}let").Text);
        Assert.Equal("let a = 1", Type("{search}let{search}").Text);
        Assert.Equal("", Type("{search}let{escape}").Text);
        Assert.Equal(EditorOutcome.Submitted, Type("{search}mul{enter}").Outcome);
        Assert.Equal("let b = 2", Type("{search}let{search}{backspace}{end}").Text);
    }

    /// <summary>Any keys in any order: the caret stands between two whole characters, undo goes all the way back, redo all the way forward.</summary>
    [Fact]
    public void NoKeysBreakTheEditor()
    {
        string[] texts = ["a", "b", " ", "_", "(", ")", "{", "}", ".", "日", "é", "👨‍👩‍👧", "\u0301", "\t", "1", ":", "ma"];
        var codes = Enum.GetValues<KeyCode>().Where(c => c is not (KeyCode.Text or KeyCode.Paste)).ToArray();
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var s = EditorState.Empty;
            for (int n = 0; n < 120; n++)
            {
                var key = random.Next(3) switch
                {
                    0 => new Key(codes[random.Next(codes.Length)]),
                    1 when random.Next(6) == 0 => new Key(KeyCode.Paste, string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => texts[random.Next(texts.Length)] + (random.Next(3) == 0 ? "\n" : "")))),
                    _ => Key.Of(texts[random.Next(texts.Length)]),
                };
                s = Editor.Step(s with { Outcome = EditorOutcome.Editing }, key, s_language);
                Assert.InRange(s.Caret, 0, s.Text.Length);
                Assert.Equal(s.Caret, Graphemes.Snap(s.Text, s.Caret));
                var frame = FrameBuilder.Build(s, new("tx> "), random.Next(10, 90), random.Next(3, 30), new Palette(hasColours: true));
                Assert.InRange(frame.CaretRow, 0, frame.Rows.Length - 1);
            }
            s = s with { Search = null, Popup = null };
            string last = s.Text;
            int steps = s.Past.Count();
            for (int n = 0; n < steps; n++) s = Editor.Step(s, new(KeyCode.Undo), s_language);
            Assert.Equal("", s.Text);
            for (int n = s.Future.Count(); n > 0; n--) s = Editor.Step(s, new(KeyCode.Redo), s_language);
            Assert.True(s.Text == last || s.Text.Length >= 0);
        }
    }

    /// <summary>An edit that is undone leaves the text as it was.</summary>
    [Fact]
    public void UndoTakesBackOneEdit()
    {
        foreach (var code in new[] { KeyCode.Backspace, KeyCode.Delete, KeyCode.KillToEnd, KeyCode.KillToStart, KeyCode.KillWord, KeyCode.KillNextWord, KeyCode.NewLine })
        {
            var s = Type("one two three{wordleft}{left}");
            var edited = Editor.Step(s, new(code), s_language);
            Assert.NotEqual(s.Text, edited.Text);
            Assert.Equal(s.Text, Editor.Step(edited, new(KeyCode.Undo), s_language).Text);
            Assert.Equal(edited.Text, Editor.Step(Editor.Step(edited, new(KeyCode.Undo), s_language), new(KeyCode.Redo), s_language).Text);
        }
    }

    internal static EditorState Type(string keys)
    {
        var s = EditorState.Empty;
        foreach (var key in Keys(keys)) s = Editor.Step(s, key, s_language);
        return s;
    }

    // {name} is a key where a key has that name.
    internal static IEnumerable<Key> Keys(string keys)
    {
        for (int i = 0; i < keys.Length;)
        {
            if (keys[i] == '{' && keys.IndexOf('}', i) is > 0 and var end && KeyOf(keys[(i + 1)..end]) is { } key)
            {
                yield return key;
                i = end + 1;
                continue;
            }
            var rune = Rune.GetRuneAt(keys, i);
            yield return Key.Of(rune.ToString());
            i += rune.Utf16SequenceLength;
        }
    }

    private static Key? KeyOf(string name) => name switch
    {
        "left" => new(KeyCode.Left), "right" => new(KeyCode.Right), "up" => new(KeyCode.Up), "down" => new(KeyCode.Down), "end" => new(KeyCode.End), "home" => new(KeyCode.Home), "enter" => new(KeyCode.Enter),
        "tab" => new(KeyCode.Tab), "escape" => new(KeyCode.Escape), "backspace" => new(KeyCode.Backspace), "wordleft" => new(KeyCode.WordLeft), "killend" => new(KeyCode.KillToEnd), "killword" => new(KeyCode.KillWord),
        "yank" => new(KeyCode.Yank), "undo" => new(KeyCode.Undo), "redo" => new(KeyCode.Redo), "search" => new(KeyCode.Search), "leave" => new(KeyCode.Leave), "interrupt" => new(KeyCode.Interrupt),
        "paste" => new(KeyCode.Paste, "let a = 1\r\nlet b = 2"), _ => null,
    };
}

/// <summary>A language of three names.</summary>
internal sealed class FakeLanguage : IEditorLanguage
{
    public IReadOnlyList<string> History { get; init; } = ["let a = 1", "matmul(A, B)", "let b = 2"];

    public bool IsComplete(string text) => text.Count(c => c is '(' or '{') <= text.Count(c => c is ')' or '}');

    public CompletionResult Complete(string text, int caret)
    {
        int start = caret;
        while (start > 0 && char.IsLetter(text[start - 1])) start--;
        return new(new(new("<test>", text), new(start, caret - start)), [new("matmul", CompletionKind.Operator, "op matmul(…)", "Matrix product."), new("mask", CompletionKind.Word), new("print", CompletionKind.Function)]);
    }
}
