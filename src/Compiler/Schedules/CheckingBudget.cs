namespace Tx;

/// <summary>What the checks of steps that are neither proved nor refuted may cost.</summary>
/// <param name="Step">For each step in the interpreter.</param>
/// <param name="MayTest">Kernels may be compiled and run on random data, which takes seconds.</param>
internal sealed record CheckingBudget(TimeSpan Step, bool MayTest)
{
    /// <summary>A call does not make anybody wait.</summary>
    public static readonly CheckingBudget OfCall = new(TimeSpan.FromMilliseconds(50), false);
    /// <summary><c>tx check</c> and <c>tx test</c>.</summary>
    public static readonly CheckingBudget OfCheck = new(TimeSpan.FromSeconds(2), true);
}
