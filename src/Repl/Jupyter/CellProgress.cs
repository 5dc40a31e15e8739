using System.Globalization;
using Tx.Core;
using Tx.Display;

namespace Tx.Repl.Jupyter;

/// <summary>Says how far a cell is that takes long: one display that is updated while it runs, and at its end holds the time that it took.</summary>
internal sealed class CellProgress : IDisposable
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2), Next = TimeSpan.FromSeconds(1);

    private readonly Action<DisplayBundle, string, bool> _show;
    private readonly string _id = Guid.NewGuid().ToString();
    private readonly long _start = Environment.TickCount64;
    private readonly Lock _gate = new();
    private readonly Timer _timer;
    private bool _isShown, _isOver;
    private (string Text, int Line)? _current;

    /// <param name="show">Shows a bundle under an identity, for the first time or again.</param>
    public CellProgress(Action<DisplayBundle, string, bool> show)
    {
        _show = show;
        _timer = new(_ => Tick(), null, First, Next);
    }

    /// <summary>A statement of the cell begins.</summary>
    public void Started(SourceSpan statement)
    {
        string line = statement.Source.LineAt(statement.Start.Line).Trim();
        lock (_gate) _current = (line.Length > 60 ? line[..59] + "…" : line, statement.Start.Line);
    }

    private void Tick()
    {
        lock (_gate)
        {
            if (_isOver) return;
            string at = _current is { } c ? string.Create(CultureInfo.InvariantCulture, $", line {c.Line}: `{c.Text}`") : "";
            _show(DisplayBundle.OfText(string.Create(CultureInfo.InvariantCulture, $"running for {Seconds:0} s{at}")), _id, _isShown);
            _isShown = true;
        }
    }

    private double Seconds => (Environment.TickCount64 - _start) / 1e3;

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            if (_isShown) _show(DisplayBundle.OfText(string.Create(CultureInfo.InvariantCulture, $"took {Seconds:0.0} s")), _id, true);
        }
        _timer.Dispose();
    }
}
