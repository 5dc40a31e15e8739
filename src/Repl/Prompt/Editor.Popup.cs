using System.Collections.Immutable;
using Tx.Core;
using Tx.LanguageServices;

namespace Tx.Repl.Prompt;

// The list of completions.
internal static partial class Editor
{
    /// <summary>Null where the key is not for the list.</summary>
    private static EditorState? StepPopup(EditorState s, Popup popup, Key key, IEditorLanguage language) => key.Code switch
    {
        KeyCode.Down or KeyCode.NextEntry => s with { Popup = popup with { Selected = Math.Min(popup.Selected + 1, popup.Entries.Length - 1) } },
        KeyCode.Up or KeyCode.PreviousEntry when popup.Selected >= 0 => s with { Popup = popup with { Selected = popup.Selected - 1 } },
        KeyCode.PageDown => s with { Popup = popup with { Selected = Math.Min(Math.Max(0, popup.Selected) + 8, popup.Entries.Length - 1) } },
        KeyCode.PageUp when popup.Selected >= 0 => s with { Popup = popup with { Selected = Math.Max(popup.Selected - 8, 0) } },
        KeyCode.Tab => Accept(s, popup, popup.Current),
        KeyCode.Enter when popup.Selected >= 0 => Accept(s, popup, popup.Current),
        KeyCode.Escape => s with { Popup = null },
        _ => null,
    };

    private static EditorState Accept(EditorState s, Popup popup, CompletionEntry entry)
    {
        string inserted = entry.Insert ?? entry.Label;
        int from = Math.Clamp(popup.Replaces.Start, 0, s.Text.Length), to = Math.Clamp(popup.Replaces.End, from, s.Text.Length);
        return Edit(s, string.Concat(s.Text.AsSpan(0, from), inserted, s.Text.AsSpan(to)), from + inserted.Length, isTyping: false) with { Popup = null };
    }

    /// <summary>Opens the list, or closes it where there is nothing to offer.</summary>
    /// <param name="isAsked">By Tab; else it opens only where a word or a point was typed.</param>
    private static EditorState Suggest(EditorState s, IEditorLanguage language, bool isAsked)
    {
        if (s.Text.Length > MaxCompleted || (!isAsked && !Invites(s))) return s with { Popup = null };
        var found = language.Complete(s.Text, s.Caret);
        var replaces = TextSpan.FromBounds(Math.Clamp(found.Replaces.Span.Start, 0, s.Caret), s.Caret);
        string word = s.Text.Substring(replaces.Start, replaces.Length);
        var entries = Matching(found.Entries, word);
        if (entries.IsEmpty || (!isAsked && entries is [{ } only] && (only.Insert ?? only.Label) == word)) return s with { Popup = null };
        return s with { Popup = new(entries, replaces, -1) };
    }

    private static bool Invites(EditorState s)
    {
        if (s.Caret == 0) return false;
        char last = s.Text[s.Caret - 1];
        if (last is '.' or ':' or '%' && s.Text.AsSpan(0, s.Caret - 1).IsWhiteSpace()) return true;
        if (last == '.') return s.Caret > 1 && (IsWord(s.Text[s.Caret - 2]) && !char.IsDigit(s.Text[s.Caret - 2]) || s.Text[s.Caret - 2] == ')');
        int start = s.Caret;
        while (start > 0 && IsWord(s.Text[start - 1])) start--;
        // A number is no name.
        return start < s.Caret && !char.IsDigit(s.Text[start]);
    }

    /// <summary>Those that begin with the word, then those that hold it.</summary>
    private static ImmutableArray<CompletionEntry> Matching(ImmutableArray<CompletionEntry> entries, string word)
    {
        if (word.Length == 0) return entries;
        var begins = entries.Where(e => e.Label.StartsWith(word, StringComparison.OrdinalIgnoreCase)).OrderBy(e => !e.Label.StartsWith(word, StringComparison.Ordinal)).ToList();
        return [.. begins, .. word.Length < 2 ? [] : entries.Where(e => !e.Label.StartsWith(word, StringComparison.OrdinalIgnoreCase) && e.Label.Contains(word, StringComparison.OrdinalIgnoreCase))];
    }
}
