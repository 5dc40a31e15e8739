namespace Tx.Repl.Jupyter;

/// <summary>Holds back the first request of a client until its subscription to outputs has arrived: both travel on connections of their own, and what is published before
/// the subscription is lost. For one thread.</summary>
/// <param name="longest">How long a request is held at most, in milliseconds: a client need not subscribe.</param>
internal sealed class SubscriberGuard(long longest)
{
    private readonly HashSet<string> _clients = new(StringComparer.Ordinal);
    private readonly Queue<(WireMessage Message, int Clients, long Deadline)> _held = [];
    private int _subscriptions;

    public void Subscribed() => _subscriptions++;

    /// <summary>When a message that is held is let go whatever comes; null where none is.</summary>
    public long? Deadline => _held.TryPeek(out var first) ? first.Deadline : null;

    public void Add(WireMessage message, long now)
    {
        bool isNew = _clients.Add(Convert.ToHexString(message.Identities is [var first, ..] ? first : []));
        _held.Enqueue((message, _clients.Count, isNew ? now + longest : now));
    }

    /// <summary>The next request whose turn it is; they keep their order.</summary>
    public WireMessage? Take(long now)
    {
        if (!_held.TryPeek(out var first) || first.Deadline > now && _subscriptions < first.Clients) return null;
        _held.Dequeue();
        return first.Message;
    }
}
