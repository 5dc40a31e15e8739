using System.Globalization;
using System.Runtime.InteropServices;
using Tx.LanguageServices;
using Tx.Shells;

namespace Tx.Repl.Prompt;

/// <summary>The prompt on a terminal. Ctrl-C stops what runs and never the session.</summary>
internal sealed class InteractivePrompt : IEditorLanguage, IDisposable
{
    private readonly Shell _shell;
    private readonly HistoryFile _history;
    private readonly ILineReader _reader;
    private readonly TextWriter _output;
    private CancellationTokenSource? _running;

    public InteractivePrompt(ITerminal terminal, SessionOptions options, ISessionOutput results, HistoryFile history, TextWriter output)
    {
        (_history, _output) = (history, output);
        _shell = new(options, results);
        _reader = new LineEditor(terminal, this, Palette.FromEnvironment(), _history.Load);
    }

    public IReadOnlyList<string> History => _history.Entries;
    public bool IsComplete(string text) => _shell.IsComplete(text);
    public CompletionResult Complete(string text, int caret) => _shell.Complete(text, caret);

    public int Run()
    {
        // While nothing runs the terminal sends Ctrl-C as a key.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            Interrupt();
        });
        var warm = new Thread(Warm, 16 << 20) { IsBackground = true, Name = "tx warm" };
        warm.Start();
        _history.Load();
        while (!_shell.IsOver && _reader.Read(new($"{_shell.Scheduling ?? "tx"}> ")) is { } text)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            _history.Add(text.TrimEnd());
            Submit(text);
            _output.Flush();
        }
        return CommandLineApp.Fine;
    }

    private void Submit(string text)
    {
        using var cancellation = new CancellationTokenSource();
        Volatile.Write(ref _running, cancellation);
        try
        {
            _shell.Submit(text, string.Create(CultureInfo.InvariantCulture, $"<prompt {_shell.NextNumber}>"), cancellation.Token);
        }
        catch (Core.CompilerBugException e)
        {
            // A defect of ours ends the entry, and not the session.
            _output.WriteLine($"tx: a defect of tx: {e.Message}");
        }
        finally
        {
            Volatile.Write(ref _running, null);
        }
    }

    private void Interrupt()
    {
        try { Volatile.Read(ref _running)?.Cancel(); }
        catch (ObjectDisposedException) { return; }
    }

    // What the first key needs is compiled and read before it comes.
    private void Warm() => _shell.Complete("pri", 3);

    public void Dispose() => _shell.Dispose();
}
