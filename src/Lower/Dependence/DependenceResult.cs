using System.Collections.Immutable;
using System.Globalization;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

public enum DependenceVerdict
{
    /// <summary>It holds for all sizes and all data.</summary>
    Proved,
    /// <summary>It fails, as a witness shows.</summary>
    Refuted,
    /// <summary>Not decided: it depends on data, is not affine, or is beyond the solver's quota.</summary>
    Unknown,
}

/// <summary>Two iterations that touch one element.</summary>
/// <param name="Around">The dimensions and the variables of the loops outside.</param>
/// <param name="FirstPoint">The loops of <paramref name="First"/>, outermost first.</param>
/// <param name="Element">The element of the buffer that both touch.</param>
public sealed record DependenceWitness(
    Access First, Access Second, ImmutableArray<(Var Variable, long Value)> Around,
    ImmutableArray<(Var Variable, long Value)> FirstPoint, ImmutableArray<(Var Variable, long Value)> SecondPoint, ImmutableArray<long> Element)
{
    public Buffer Buffer => First.Buffer;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"({Describe(FirstPoint)}) and ({Describe(SecondPoint)}) both touch {Buffer.Name}[{string.Join(", ", Element)}]{(Around.IsEmpty ? "" : $" with {Describe(Around)}")}: {First}, {Second}");

    internal static string Describe(IEnumerable<(Var Variable, long Value)> values) =>
        string.Join(", ", values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Variable.Name} = {v.Value}")));
}

/// <summary>The answer to a question about dependences.</summary>
/// <param name="Argument">Why, in a few words.</param>
/// <param name="Undecided">Where the verdict is unknown because of them: the two accesses that may meet.</param>
public sealed record DependenceResult(DependenceVerdict Verdict, string Argument, DependenceWitness? Witness = null, (Access First, Access Second)? Undecided = null)
{
    /// <summary>The verdict is unknown because an index, or a condition, comes from data.</summary>
    public bool DependsOnData { get; init; }
    public bool IsProved => Verdict is DependenceVerdict.Proved;
}
