using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

internal enum Channel { Shell, Control, Publish }

/// <summary>The one thread that owns the sockets. It hands requests on and sends what others give it, in the order in which it was given; nothing that it calls waits.</summary>
internal sealed class SocketLoop : IDisposable
{
    private const int LingerMilliseconds = 1000, HoldMilliseconds = 500;

    private readonly MessageFormat _format;
    private readonly Action<Channel, WireMessage> _receive;
    private readonly ConcurrentQueue<(Channel Channel, List<byte[]> Frames)> _outgoing = new();
    private readonly ConcurrentQueue<TaskCompletionSource> _barriers = new();
    private readonly SubscriberGuard _guard = new(HoldMilliseconds);
    private readonly Zmq.Context _context;
    private readonly Zmq.Socket _shell, _control, _stdin, _publish, _heartbeat;
    private readonly (int Read, int Write) _wake = Posix.Pipe();
    private int _isAwake;
    private volatile bool _isStopping;

    /// <exception cref="RequestException">An address of the connection file cannot be used.</exception>
    public SocketLoop(ConnectionFile connection, MessageFormat format, Action<Channel, WireMessage> receive)
    {
        Zmq.EnsureLoaded();
        (_format, _receive) = (format, receive);
        _context = new();
        Zmq.Socket Open(Zmq.SocketKind kind) => _context.Open(kind).With(Zmq.Option.Linger, LingerMilliseconds).With(Zmq.Option.SendLimit, 0).With(Zmq.Option.ReceiveLimit, 0);
        Zmq.Socket Router() => Open(Zmq.SocketKind.Router).With(Zmq.Option.Handover, 1);
        (_shell, _control, _stdin) = (Router(), Router(), Router());
        (_publish, _heartbeat) = (Open(Zmq.SocketKind.Publisher).With(Zmq.Option.VerboseSubscriptions, 1), Open(Zmq.SocketKind.Reply));
        // What a client subscribes to comes first, so that its requests do not overtake the subscription by much.
        foreach (var (socket, port) in (ReadOnlySpan<(Zmq.Socket, int)>)[(_publish, connection.Publish), (_heartbeat, connection.Heartbeat), (_stdin, connection.Stdin), (_control, connection.Control), (_shell, connection.Shell)])
            if (socket.Bind(connection.Address(port)) is not 0 and var error)
            {
                Dispose();
                throw new RequestException($"the kernel cannot listen at {connection.Address(port)}: {(error == Zmq.AddressInUse ? "another program uses the port; start the kernel again" : Zmq.Describe(error))}");
            }
    }

    /// <summary>Sends a message, from any thread.</summary>
    public void Send(Channel channel, List<byte[]> frames)
    {
        _outgoing.Enqueue((channel, frames));
        Wake();
    }

    /// <summary>Returns when every request that has arrived by now was handed on.</summary>
    public void TakeWhatHasArrived()
    {
        var barrier = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _barriers.Enqueue(barrier);
        Wake();
        barrier.Task.Wait(TimeSpan.FromSeconds(1));
    }

    /// <summary>Ends <see cref="Run"/> once everything is sent.</summary>
    public void Stop()
    {
        _isStopping = true;
        Wake();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isAwake, 1) == 0) Posix.Write(_wake.Write, [1]);
    }

    public void Run()
    {
        ReadOnlySpan<Zmq.Socket> sockets = [_publish, _control, _shell, _stdin, _heartbeat];
        Span<byte> wakes = stackalloc byte[64];
        while (!_isStopping)
        {
            Zmq.Poll(sockets, _wake.Read, _guard.Deadline is { } deadline ? Math.Max(0, deadline - Environment.TickCount64) : -1);
            if (Posix.Awaits(_wake.Read, 0))
            {
                // Before the queues are looked at: what is added from now on wakes again.
                Posix.Read(_wake.Read, wakes);
                Interlocked.Exchange(ref _isAwake, 0);
            }
            while (_publish.TryReceive() is { } frames) Subscription(frames);
            Receive(_control, m => _receive(Channel.Control, m));
            int barriers = _barriers.Count;
            Receive(_shell, m => _guard.Add(m, Environment.TickCount64));
            while (_guard.Take(Environment.TickCount64) is { } message) _receive(Channel.Shell, message);
            // Nothing is asked on this channel, so that nothing is answered.
            while (_stdin.TryReceive() is not null) { }
            while (_heartbeat.TryReceive() is { } beat) _heartbeat.Send(beat);
            for (; barriers > 0 && _barriers.TryDequeue(out var barrier); barriers--) barrier.SetResult();
            SendAll();
        }
        SendAll();
    }

    private void Receive(Zmq.Socket socket, Action<WireMessage> take)
    {
        while (socket.TryReceive() is { } frames)
            if (_format.Read(frames) is { } message) take(message);
    }

    private void Subscription(List<byte[]> frames)
    {
        if (frames is not [[1, .. var topic]]) return;
        _guard.Subscribed();
        _publish.Send(_format.Write([topic], "iopub_welcome", null, new JsonObject { ["subscription"] = Encoding.UTF8.GetString(topic) }));
    }

    private void SendAll()
    {
        while (_outgoing.TryDequeue(out var next))
            (next.Channel switch { Channel.Shell => _shell, Channel.Control => _control, Channel.Publish => _publish }).Send(next.Frames);
    }

    public void Dispose()
    {
        foreach (var socket in (Zmq.Socket?[])[_shell, _control, _stdin, _publish, _heartbeat]) socket?.Dispose();
        _context.Dispose();
        _ = Posix.Close(_wake.Read);
        _ = Posix.Close(_wake.Write);
    }
}
