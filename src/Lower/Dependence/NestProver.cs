namespace Tx.Lower.Dependence;

public sealed class NestProver(int quota = 100_000) : IDisposable
{
    public int Quota { get; } = quota;
    public void Dispose() { }
}
