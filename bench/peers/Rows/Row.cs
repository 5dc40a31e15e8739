using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Rows;

/// <summary>One line of the table.</summary>
/// <param name="Threads">1: all contenders in one process, by processor time; 2: each in a process of its own, by wall time.</param>
/// <param name="Build">Makes inputs and contenders; it is asked once for each try.</param>
internal sealed record Row(string Family, string Name, int Threads, Func<Setup> Build)
{
    /// <summary>The least ratio, the best peer's time by tx's; null: none is asked.</summary>
    public double? Wanted { get; init; }
    /// <summary>The longest time of tx, in µs; null: none is asked.</summary>
    public double? MostMicroseconds { get; init; }
    /// <summary>Why this machine cannot run it; null: it can.</summary>
    public string? Skip { get; init; }
}

/// <summary>What a row is measured on.</summary>
internal sealed class Setup : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public List<Contender> Contenders { get; } = [];
    /// <summary>Peers that are not on this machine, and why tx is not, if it is not.</summary>
    public List<string> Missing { get; } = [];
    public string? NoOperator { get; set; }
    /// <summary>Operations of one call; the share of the peak is of these.</summary>
    public double Flop { get; init; }
    /// <summary>Bytes that one call must read and write; where they count, the share is of the bandwidth.</summary>
    public double Bytes { get; init; }
    /// <summary>How far the result is off, as a share of what is allowed.</summary>
    public required Func<double> Error { get; init; }
    /// <summary>Empties the result, so that nobody is praised for another one's.</summary>
    public required Action Clear { get; init; }
    /// <summary>What is allowed, in words.</summary>
    public required string Bound { get; init; }

    /// <summary>Null: the library has no such thing.</summary>
    public void Add(Contender? contender)
    {
        if (contender is not null) Contenders.Add(contender);
    }

    public T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--) _owned[i].Dispose();
    }
}
