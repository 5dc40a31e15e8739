using System.Collections.Immutable;
using Tx.Core;
using Tx.LanguageServices;

namespace Tx.Repl.Prompt;

/// <summary>The editor as a function: a state and a key give the next state. It draws nothing and reads nothing.</summary>
internal static partial class Editor
{
    private const int Indent = 4;
    /// <summary>Text that is longer than this is no longer completed while it is typed.</summary>
    private const int MaxCompleted = 20_000;

    public static EditorState Step(EditorState s, Key key, IEditorLanguage language)
    {
        if (s.Search is { } search) return StepSearch(s, search, key, language);
        if (s.Popup is { } popup && StepPopup(s, popup, key, language) is { } handled) return handled;
        var next = Apply(s, key, language);
        return key.Code switch
        {
            KeyCode.Text when !key.IsBurst => Suggest(next, language, isAsked: false),
            KeyCode.Backspace when s.Popup is not null => Suggest(next, language, isAsked: false),
            KeyCode.Tab => next,
            _ => next with { Popup = null },
        };
    }

    private static EditorState Apply(EditorState s, Key key, IEditorLanguage language)
    {
        switch (key.Code)
        {
            case KeyCode.Text: return Type(s, key.Text);
            case KeyCode.Paste: return Insert(s, key.Text.ReplaceLineEndings("\n").Replace("\t", "    ", StringComparison.Ordinal), isTyping: false);
            case KeyCode.Enter: return Enter(s, language, key.IsBurst);
            case KeyCode.NewLine: return NewLine(s);
            case KeyCode.Tab: return Tab(s, language);
            case KeyCode.Backspace: return s.Caret == 0 ? s : Delete(s, Unindents(s) ? s.Caret - Indent : Graphemes.Previous(s.Text, s.Caret), s.Caret);
            case KeyCode.Delete: return Delete(s, s.Caret, Graphemes.Next(s.Text, s.Caret));
            case KeyCode.Leave: return s.Text.Length == 0 ? s with { Outcome = EditorOutcome.Left } : Delete(s, s.Caret, Graphemes.Next(s.Text, s.Caret));
            case KeyCode.EndOfInput: return s with { Outcome = EditorOutcome.Left };
            case KeyCode.Interrupt: return s with { Outcome = EditorOutcome.Abandoned };
            case KeyCode.Left: return Move(s, Graphemes.Previous(s.Text, s.Caret));
            case KeyCode.Right: return Move(s, Graphemes.Next(s.Text, s.Caret));
            case KeyCode.Home: return Move(s, LineStart(s.Text, s.Caret));
            case KeyCode.End: return Move(s, LineEnd(s.Text, s.Caret));
            case KeyCode.Start or KeyCode.PageUp: return Move(s, 0);
            case KeyCode.Finish or KeyCode.PageDown: return Move(s, s.Text.Length);
            case KeyCode.WordLeft: return Move(s, WordLeft(s.Text, s.Caret));
            case KeyCode.WordRight: return Move(s, WordRight(s.Text, s.Caret));
            case KeyCode.Up: return LineStart(s.Text, s.Caret) == 0 ? History(s, -1, language) : Vertical(s, -1);
            case KeyCode.Down: return LineEnd(s.Text, s.Caret) == s.Text.Length ? History(s, +1, language) : Vertical(s, +1);
            case KeyCode.PreviousEntry: return History(s, -1, language);
            case KeyCode.NextEntry: return History(s, +1, language);
            case KeyCode.KillToEnd: return Kill(s, s.Caret, LineEnd(s.Text, s.Caret) is var end && end == s.Caret ? Graphemes.Next(s.Text, end) : end);
            case KeyCode.KillToStart: return Kill(s, LineStart(s.Text, s.Caret), s.Caret);
            case KeyCode.KillWord: return Kill(s, WordLeft(s.Text, s.Caret), s.Caret);
            case KeyCode.KillNextWord: return Kill(s, s.Caret, WordRight(s.Text, s.Caret));
            case KeyCode.Yank: return Insert(s, s.Killed, isTyping: false);
            case KeyCode.Undo: return s.Past.IsEmpty ? s : Show(s, s.Past.Peek()) with { Past = s.Past.Pop(), Future = s.Future.Push(s.Snapshot) };
            case KeyCode.Redo: return s.Future.IsEmpty ? s : Show(s, s.Future.Peek()) with { Future = s.Future.Pop(), Past = s.Past.Push(s.Snapshot) };
            case KeyCode.Search: return Search(s, new("", -1, s.Snapshot), "", language.History.Count - 1, language);
            default: return s;
        }
    }

    // ---- edits ------------------------------------------------------------------------------------------------------------

    private static EditorState Insert(EditorState s, string text, bool isTyping)
    {
        if (text.Length == 0) return s;
        return Edit(s, s.Text.Insert(s.Caret, text), s.Caret + text.Length, isTyping);
    }

    private static EditorState Type(EditorState s, string text)
    {
        // A brace that closes stands under the line that opened it.
        int start = LineStart(s.Text, s.Caret);
        if (text == "}" && s.Caret - start >= Indent && s.Text.AsSpan(start, s.Caret - start).IsWhiteSpace())
            return Edit(s, string.Concat(s.Text.AsSpan(0, s.Caret - Indent), text, s.Text.AsSpan(s.Caret)), s.Caret - Indent + 1, isTyping: false);
        bool isLetter = text.Length == 1 && (char.IsLetterOrDigit(text[0]) || text[0] == '_');
        return Insert(s, text, isLetter);
    }

    private static EditorState Delete(EditorState s, int from, int to) =>
        from >= to ? s : Edit(s, s.Text.Remove(from, to - from), from, isTyping: false);

    private static EditorState Kill(EditorState s, int from, int to) => from >= to ? s : Delete(s, from, to) with { Killed = s.Text[from..to] };

    private static EditorState Edit(EditorState s, string text, int caret, bool isTyping) => s with
    {
        Text = text, Caret = Graphemes.Snap(text, caret) is var at && at < caret ? Graphemes.Next(text, at) : at, IsTyping = isTyping, Column = -1,
        Past = isTyping && s.IsTyping ? s.Past : s.Past.Push(s.Snapshot), Future = [],
    };

    private static EditorState Show(EditorState s, Snapshot to) => s with { Text = to.Text, Caret = Graphemes.Snap(to.Text, to.Caret), IsTyping = false, Column = -1 };

    private static EditorState Enter(EditorState s, IEditorLanguage language, bool isBurst = false) =>
        string.IsNullOrWhiteSpace(s.Text) ? s with { Outcome = EditorOutcome.Submitted }
        : language.IsComplete(s.Text) ? s with { Outcome = EditorOutcome.Submitted, Caret = s.Text.Length } : isBurst ? Insert(s, "\n", isTyping: false) : NewLine(s);

    private static EditorState NewLine(EditorState s)
    {
        int start = LineStart(s.Text, s.Caret), indent = start;
        while (indent < s.Caret && s.Text[indent] == ' ') indent++;
        string before = s.Text[start..s.Caret].TrimEnd();
        int depth = indent - start + (before.Length > 0 && before[^1] is '{' or '(' or '[' ? Indent : 0);
        return Insert(s, "\n" + new string(' ', depth), isTyping: false);
    }

    // Blanks in front of a line go as they came.
    private static bool Unindents(EditorState s)
    {
        int start = LineStart(s.Text, s.Caret), column = s.Caret - start;
        return column > 0 && column % Indent == 0 && s.Text.AsSpan(start, column).Trim(' ').IsEmpty;
    }

    private static EditorState Tab(EditorState s, IEditorLanguage language)
    {
        int start = LineStart(s.Text, s.Caret);
        if (s.Text.Length > 0 && s.Text.AsSpan(start, s.Caret - start).IsWhiteSpace()) return Insert(s, new string(' ', Indent - (s.Caret - start) % Indent), isTyping: false);
        var asked = Suggest(s, language, isAsked: true);
        return asked.Popup is { Entries: [var only] } popup ? Accept(asked, popup, only) : asked;
    }

    // ---- moves ------------------------------------------------------------------------------------------------------------

    private static EditorState Move(EditorState s, int to) => s with { Caret = to, IsTyping = false, Column = -1 };

    private static EditorState Vertical(EditorState s, int lines)
    {
        int start = LineStart(s.Text, s.Caret);
        int column = s.Column >= 0 ? s.Column : Graphemes.WidthOf(s.Text[start..s.Caret]);
        int target = lines < 0 ? LineStart(s.Text, start - 1) : LineEnd(s.Text, s.Caret) + 1;
        int end = LineEnd(s.Text, target), at = target;
        for (int width = 0; at < end; at = Graphemes.Next(s.Text, at))
        {
            width += Graphemes.Width(s.Text.AsSpan(at, Graphemes.Next(s.Text, at) - at));
            if (width > column) break;
        }
        return s with { Caret = Math.Min(at, end), Column = column, IsTyping = false };
    }

    internal static int LineStart(string text, int at) => at <= 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;

    internal static int LineEnd(string text, int at) => text.IndexOf('\n', Math.Min(at, text.Length)) is >= 0 and var end ? end : text.Length;

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_' || char.IsSurrogate(c);

    private static int WordLeft(string text, int at)
    {
        while (at > 0 && !IsWord(text[at - 1])) at--;
        while (at > 0 && IsWord(text[at - 1])) at--;
        return Graphemes.Snap(text, at);
    }

    private static int WordRight(string text, int at)
    {
        while (at < text.Length && !IsWord(text[at])) at++;
        while (at < text.Length && IsWord(text[at])) at++;
        int snapped = Graphemes.Snap(text, at);
        return snapped < at ? Graphemes.Next(text, snapped) : snapped;
    }

    // ---- history ----------------------------------------------------------------------------------------------------------

    private static EditorState History(EditorState s, int step, IEditorLanguage language)
    {
        var history = language.History;
        string draft = s.Entry < 0 ? s.Text : s.Draft;
        int at = s.Entry < 0 ? history.Count : s.Entry;
        do at += step;
        while (at >= 0 && at < history.Count && (!history[at].StartsWith(draft, StringComparison.Ordinal) || history[at] == s.Text));
        if (at < 0 || (at >= history.Count && s.Entry < 0)) return s;
        string text = at >= history.Count ? draft : history[at];
        return s with
        {
            Text = text, Caret = text.Length, Entry = at >= history.Count ? -1 : at, Draft = draft, IsTyping = false, Column = -1, Past = s.Past.Push(s.Snapshot), Future = [],
        };
    }

    private static EditorState StepSearch(EditorState s, HistorySearch search, Key key, IEditorLanguage language)
    {
        switch (key.Code)
        {
            case KeyCode.Text: return Search(s, search, search.Query + key.Text, search.Match < 0 ? language.History.Count - 1 : search.Match, language);
            case KeyCode.Paste: return Search(s, search, search.Query + key.Text.Split('\n')[0], language.History.Count - 1, language);
            case KeyCode.Backspace: return Search(s, search, search.Query[..Graphemes.Previous(search.Query, search.Query.Length)], language.History.Count - 1, language);
            case KeyCode.Search or KeyCode.Up or KeyCode.PreviousEntry: return search.Match <= 0 ? s : Search(s, search, search.Query, search.Match - 1, language);
            case KeyCode.Interrupt or KeyCode.Escape: return Show(s, search.Before) with { Search = null };
            case KeyCode.Enter: return Enter(Found(s, search), language);
            default: return Step(Found(s, search), key, language);
        }
    }

    // Undo goes back to what was there before the search.
    private static EditorState Found(EditorState s, HistorySearch search) =>
        s with { Search = null, Past = s.Text == search.Before.Text ? s.Past : s.Past.Push(search.Before), Future = [], IsTyping = false, Entry = -1 };

    private static EditorState Search(EditorState s, HistorySearch search, string query, int from, IEditorLanguage language)
    {
        if (query.Length == 0) return Show(s, search.Before) with { Search = search with { Query = "", Match = -1 }, Popup = null };
        var history = language.History;
        int at = Math.Min(from, history.Count - 1);
        while (at >= 0 && !history[at].Contains(query, StringComparison.OrdinalIgnoreCase)) at--;
        if (at < 0) return s with { Search = search with { Query = query, Match = search.Match } };
        int caret = history[at].IndexOf(query, StringComparison.OrdinalIgnoreCase);
        return Show(s, new(history[at], caret)) with { Search = search with { Query = query, Match = at } };
    }
}
