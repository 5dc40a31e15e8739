using System.Collections.Immutable;

namespace Tx.Repl.Prompt;

/// <summary>Reads one entry after another. PrettyPrompt could stand in its place.</summary>
internal interface ILineReader
{
    /// <summary>The text that was entered; null where the input has ended.</summary>
    string? Read(PromptLabel label);
}

/// <summary>The editor on a terminal: keys in, frames out. It sleeps while nothing is pressed.</summary>
internal sealed class LineEditor(ITerminal terminal, IEditorLanguage language, Palette palette, Action beforeHistory) : ILineReader
{
    /// <summary>An escape that is a key comes alone; one that begins a sequence has the rest right behind it.</summary>
    private const int EscapeMilliseconds = 30;

    private readonly KeyDecoder _decoder = new();
    private readonly Renderer _renderer = new(terminal);
    private readonly Queue<Key> _keys = new();

    public string? Read(PromptLabel label)
    {
        using var raw = terminal.Edit();
        var state = EditorState.Empty;
        while (true)
        {
            if (_keys.Count == 0) _renderer.Draw(FrameBuilder.Build(state, label, terminal.Columns, terminal.Rows, palette));
            var key = NextKey(state, label);
            if (key.Code is KeyCode.Clear) _renderer.ClearScreen();
            // Other sessions may have added to it.
            if (key.Code is KeyCode.Search or KeyCode.Up or KeyCode.PreviousEntry && state is { Search: null, Entry: < 0 }) beforeHistory();
            state = Editor.Step(state, key, language);
            if (state.Outcome is EditorOutcome.Editing) continue;
            _renderer.Finish(FrameBuilder.Build(state with { Popup = null, Search = null }, label, terminal.Columns, int.MaxValue, palette));
            switch (state.Outcome)
            {
                case EditorOutcome.Submitted: return state.Text;
                case EditorOutcome.Left: return null;
                default:
                    state = EditorState.Empty;
                    break;
            }
        }
    }

    private Key NextKey(EditorState state, PromptLabel label)
    {
        while (_keys.Count == 0)
        {
            var input = terminal.Read(_decoder.IsWaiting ? EscapeMilliseconds : -1);
            switch (input.Event)
            {
                case TerminalEvent.Input: foreach (var k in _decoder.Decode(input.Bytes)) _keys.Enqueue(k); break;
                case TerminalEvent.Timeout: foreach (var k in _decoder.Flush()) _keys.Enqueue(k); break;
                case TerminalEvent.Ended: return new(KeyCode.EndOfInput);
                case TerminalEvent.Resized:
                    _renderer.Forget();
                    _renderer.Draw(FrameBuilder.Build(state, label, terminal.Columns, terminal.Rows, palette));
                    break;
            }
        }
        return _keys.Dequeue();
    }
}
