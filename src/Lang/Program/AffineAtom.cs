using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Tx.Lang.Program;

/// <summary>What an <see cref="AffineForm"/> multiplies by a number: a symbol, or a subterm that is not linear. Structural equality.</summary>
public abstract class AffineAtom : IEquatable<AffineAtom>
{
    private protected AffineAtom() { }
    public abstract bool Equals(AffineAtom? other);
    public abstract override int GetHashCode();
    public sealed override bool Equals(object? obj) => obj is AffineAtom other && Equals(other);
}

public sealed class DimAtom(DimSymbol dim) : AffineAtom
{
    public DimSymbol Dim { get; } = dim;
    public override bool Equals(AffineAtom? other) => other is DimAtom o && ReferenceEquals(o.Dim, Dim);
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(Dim);
}

public sealed class IndexAtom(IndexSymbol index) : AffineAtom
{
    public IndexSymbol Index { get; } = index;
    public override bool Equals(AffineAtom? other) => other is IndexAtom o && ReferenceEquals(o.Index, Index);
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(Index);
}

/// <summary>A product of two or more atoms, none a product itself; their order does not count.</summary>
public sealed class ProductAtom(ImmutableArray<AffineAtom> factors) : AffineAtom
{
    private readonly int _hash = factors.Aggregate(17, (h, f) => unchecked(h + f.GetHashCode() * 31));
    public ImmutableArray<AffineAtom> Factors { get; } = factors;

    public override bool Equals(AffineAtom? other)
    {
        if (other is not ProductAtom o || o._hash != _hash || o.Factors.Length != Factors.Length) return false;
        var rest = o.Factors.ToList();
        return Factors.All(rest.Remove);
    }

    public override int GetHashCode() => _hash;
}

/// <summary>A floor division that is not exact. A constant divisor is at least 2, and then no coefficient of the dividend reaches it.</summary>
public sealed class DivAtom(AffineForm dividend, AffineForm divisor) : AffineAtom
{
    public AffineForm Dividend { get; } = dividend;
    public AffineForm Divisor { get; } = divisor;
    public override bool Equals(AffineAtom? other) => other is DivAtom o && o.Dividend.Equals(Dividend) && o.Divisor.Equals(Divisor);
    public override int GetHashCode() => unchecked(Dividend.GetHashCode() * 31 + Divisor.GetHashCode() + 1);
}

/// <summary>A remainder by a divisor that is not constant (by a constant it is <c>a - c * (a / c)</c>).</summary>
public sealed class ModAtom(AffineForm dividend, AffineForm divisor) : AffineAtom
{
    public AffineForm Dividend { get; } = dividend;
    public AffineForm Divisor { get; } = divisor;
    public override bool Equals(AffineAtom? other) => other is ModAtom o && o.Dividend.Equals(Dividend) && o.Divisor.Equals(Divisor);
    public override int GetHashCode() => unchecked(Dividend.GetHashCode() * 31 + Divisor.GetHashCode() + 2);
}

/// <summary>The smaller or larger of two forms whose difference is not constant; their order does not count.</summary>
public sealed class ExtremumAtom(bool isMax, AffineForm left, AffineForm right) : AffineAtom
{
    public bool IsMax { get; } = isMax;
    public AffineForm Left { get; } = left;
    public AffineForm Right { get; } = right;
    public override bool Equals(AffineAtom? other) => other is ExtremumAtom o && o.IsMax == IsMax
        && ((o.Left.Equals(Left) && o.Right.Equals(Right)) || (o.Left.Equals(Right) && o.Right.Equals(Left)));
    public override int GetHashCode() => unchecked(Left.GetHashCode() + Right.GetHashCode() + (IsMax ? 3 : 4));
}

/// <summary>Any other term: a read, a cast, a choice. Compared by structure.</summary>
public sealed class TermAtom(Term term) : AffineAtom
{
    public Term Term { get; } = term;
    public override bool Equals(AffineAtom? other) => other is TermAtom o && Terms.AreSame(o.Term, Term);
    public override int GetHashCode() => Terms.Hash(Term);
}
