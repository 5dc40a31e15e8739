using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>A Jupyter kernel. The thread of the sockets hands requests on; what is asked on the control channel is answered there at once, while a cell runs; the rest is done
/// on one thread in its order.</summary>
internal sealed class JupyterKernel : IDisposable
{
    // The compiler recurses over what users write.
    private const int StackBytes = 256 << 20;

    private readonly SocketLoop _loop;
    private readonly Publisher _publisher;
    private readonly BlockingCollection<(long Number, WireMessage Message)> _requests = [];
    private readonly ManualResetEventSlim _isStopped = new();
    private readonly NativeCapture _capture;
    private readonly CellRunner _runner;
    private readonly LanguageAnswers _language;
    private readonly CellSession _session;
    private long _arrived, _abortBefore;
    private bool _isIdle = true;

    /// <exception cref="Core.DiagnosticException">libzmq is missing.</exception>
    /// <exception cref="RequestException">The connection file names addresses that cannot be used.</exception>
    public JupyterKernel(ConnectionFile connection)
    {
        var format = new MessageFormat(connection.Key);
        _loop = new(connection, format, Receive);
        _publisher = new(format, _loop.Send);
        _capture = new(1, 2, (isError, text) => _runner?.Stream(isError, text));
        _session = new(_capture);
        _runner = new(_session, _capture, _publisher);
        _language = new(_session.Shell);
    }

    /// <summary>Serves until a client, a signal or the death of the client ends it.</summary>
    public int Run()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => (c.Cancel, _) = (true, _runner.Interrupt()));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => { c.Cancel = true; Stop(); });
        var sockets = new Thread(Listen) { IsBackground = true, Name = "sockets" };
        var cells = new Thread(Work, StackBytes) { IsBackground = true, Name = "cells" };
        _isIdle = false;
        sockets.Start();
        cells.Start();
        ClientWatch.Start(() => _runner.Interrupt(), Stop);
        _publisher.Status("starting", null);
        _isStopped.Wait();
        _requests.CompleteAdding();
        _runner.Interrupt();
        _isIdle = cells.Join(TimeSpan.FromSeconds(2));
        _loop.Stop();
        _isIdle &= sockets.Join(TimeSpan.FromSeconds(2));
        return CommandLineApp.Fine;
    }

    private void Stop() => _isStopped.Set();

    private void Listen()
    {
        try { _loop.Run(); }
        catch (IOException e)
        {
            Posix.Write(_capture.OriginalError, System.Text.Encoding.UTF8.GetBytes($"tx kernel: {e.Message}\n"));
            Stop();
        }
    }

    /// <summary>On the thread of the sockets.</summary>
    private void Receive(Channel channel, WireMessage message)
    {
        if (channel is Channel.Control) Control(message);
        else if (!_requests.IsAddingCompleted) _requests.Add((++_arrived, message));
    }

    private void Control(WireMessage message)
    {
        _publisher.Status("busy", message.Header);
        switch (message.Type)
        {
            case "interrupt_request":
                _runner.Interrupt();
                _publisher.Reply(Channel.Control, message, new() { ["status"] = "ok" });
                break;
            case "shutdown_request": Shutdown(Channel.Control, message); break;
            case "kernel_info_request": _publisher.Reply(Channel.Control, message, LanguageAnswers.KernelInfo()); break;
        }
        _publisher.Status("idle", message.Header);
    }

    private void Shutdown(Channel channel, WireMessage message)
    {
        JsonObject Content() => new() { ["status"] = "ok", ["restart"] = Json.Flag(message.Content, "restart", false) };
        _publisher.Reply(channel, message, Content());
        _publisher.Publish("shutdown_reply", message.Header, Content());
        Stop();
    }

    private void Work()
    {
        foreach (var (number, message) in _requests.GetConsumingEnumerable())
        {
            if (_isStopped.IsSet) return;
            _publisher.Status("busy", message.Header);
            try { Answer(number, message); }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _capture.PrintError($"tx kernel: {message.Type}: {e.Message}\n");
                if (message.Type.EndsWith("_request", StringComparison.Ordinal))
                    _publisher.Reply(Channel.Shell, message, new() { ["status"] = "error", ["ename"] = e.GetType().Name, ["evalue"] = e.Message, ["traceback"] = new JsonArray() });
            }
            _publisher.Status("idle", message.Header);
        }
    }

    private void Answer(long number, WireMessage message)
    {
        var content = message.Content;
        JsonObject? reply;
        switch (message.Type)
        {
            case "execute_request" when number <= _abortBefore: reply = new() { ["status"] = "aborted", ["execution_count"] = _runner.Count, ["payload"] = new JsonArray(), ["user_expressions"] = new JsonObject() }; break;
            case "execute_request":
                reply = _runner.Execute(message, out bool stops);
                // `:quit` was given.
                if (_session.Shell.IsOver) Stop();
                if (stops)
                {
                    // What was asked before the client could know of the error is given up.
                    _loop.TakeWhatHasArrived();
                    _abortBefore = Interlocked.Read(ref _arrived);
                }
                break;
            case "kernel_info_request": reply = LanguageAnswers.KernelInfo(); break;
            case "complete_request": reply = _language.Complete(content); break;
            case "inspect_request": reply = _language.Inspect(content); break;
            case "is_complete_request": reply = _language.IsComplete(content); break;
            case "history_request": reply = _runner.History.Answer(content); break;
            case "comm_info_request": reply = new() { ["status"] = "ok", ["comms"] = new JsonObject() }; break;
            case "comm_open":
                // No widget lives here: who opens one is told so.
                _publisher.Publish("comm_close", message.Header, new() { ["comm_id"] = Json.Text(content, "comm_id") ?? "", ["data"] = new JsonObject() });
                return;
            case "shutdown_request": Shutdown(Channel.Shell, message); return;
            case "interrupt_request": reply = new() { ["status"] = "ok" }; break;
            default: return;
        }
        _publisher.Reply(Channel.Shell, message, reply);
    }

    public void Dispose()
    {
        // A kernel that does not stop keeps what it uses; the process ends with it.
        if (!_isIdle) return;
        _session.Dispose();
        _capture.Dispose();
        _loop.Dispose();
        _requests.Dispose();
        _isStopped.Dispose();
    }
}
