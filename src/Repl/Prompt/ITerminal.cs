namespace Tx.Repl.Prompt;

/// <summary>A terminal as the editor needs it.</summary>
internal interface ITerminal
{
    int Columns { get; }
    int Rows { get; }
    void Write(string text);

    /// <summary>Waits for bytes without spending time.</summary>
    /// <param name="milliseconds">How long; -1: for ever.</param>
    TerminalInput Read(int milliseconds);

    /// <summary>From now on keys come as they are pressed; disposal gives the terminal back as it was.</summary>
    IDisposable Edit();
}

/// <summary>What came from a terminal.</summary>
internal readonly record struct TerminalInput(byte[] Bytes, TerminalEvent Event);

internal enum TerminalEvent { Input, Timeout, Resized, Ended }
