using System.Globalization;
using System.Text;

namespace Tx.Repl.Prompt;

/// <summary>Draws frames on a terminal, where they differ from the last. For one thread.</summary>
internal sealed class Renderer(ITerminal terminal)
{
    private Frame _shown = Frame.Empty;

    public void Draw(Frame frame)
    {
        var text = new StringBuilder();
        Up(text, _shown.CaretRow);
        text.Append('\r');
        for (int i = 0; i < frame.Rows.Length; i++)
        {
            if (i >= _shown.Rows.Length || _shown.Rows[i] != frame.Rows[i]) text.Append(frame.Rows[i]).Append("\e[K");
            if (i + 1 < frame.Rows.Length) text.Append("\r\n");
        }
        if (_shown.Rows.Length > frame.Rows.Length) text.Append("\r\n\e[J\e[A");
        Up(text, frame.Rows.Length - 1 - frame.CaretRow);
        text.Append('\r');
        if (frame.CaretColumn > 0) text.Append(CultureInfo.InvariantCulture, $"\e[{frame.CaretColumn}C");
        _shown = frame;
        terminal.Write(text.ToString());
    }

    /// <summary>Draws the last frame without what stands below the text, and goes to the row under it.</summary>
    public void Finish(Frame last)
    {
        Draw(last with { CaretRow = Math.Max(0, last.Rows.Length - 1), CaretColumn = 0 });
        terminal.Write("\r\n");
        _shown = Frame.Empty;
    }

    /// <summary>The terminal has another size, and what was drawn is broken up: it is drawn again.</summary>
    public void Forget()
    {
        var text = new StringBuilder();
        Up(text, _shown.CaretRow);
        terminal.Write(text.Append("\r\e[J").ToString());
        _shown = Frame.Empty;
    }

    public void ClearScreen()
    {
        terminal.Write("\e[H\e[2J");
        _shown = Frame.Empty;
    }

    private static void Up(StringBuilder text, int rows)
    {
        if (rows > 0) text.Append(CultureInfo.InvariantCulture, $"\e[{rows}A");
    }
}
