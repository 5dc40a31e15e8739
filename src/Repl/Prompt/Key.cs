namespace Tx.Repl.Prompt;

/// <summary>What a key asks the editor for.</summary>
internal enum KeyCode
{
    /// <summary>Inserts its text.</summary>
    Text,
    /// <summary>Inserts its text as one block, as it is.</summary>
    Paste,
    Enter, NewLine, Tab, Escape, Backspace, Delete, Left, Right, Up, Down, Home, End, WordLeft, WordRight, Start, Finish,
    KillToEnd, KillToStart, KillWord, KillNextWord, Yank, Undo, Redo, Search, PreviousEntry, NextEntry, PageUp, PageDown,
    /// <summary>Draws the screen anew.</summary>
    Clear,
    /// <summary>Ctrl-C.</summary>
    Interrupt,
    /// <summary>Ctrl-D: deletes, or ends the session where there is nothing to delete.</summary>
    Leave,
    /// <summary>The input has ended.</summary>
    EndOfInput,
    /// <summary>A key that has no meaning.</summary>
    Unknown,
}

/// <summary>One key, decoded.</summary>
/// <param name="IsBurst">It came together with lines behind it: pasted without marks, or typed ahead. What helps while one types would get in the way.</param>
internal readonly record struct Key(KeyCode Code, string Text = "", bool IsBurst = false)
{
    public static Key Of(string text) => new(KeyCode.Text, text);
}
