using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>What an operator is bound for: an element type for each generic, a rank for each pack, a value for each <c>const</c>
/// parameter. A <c>const</c> that is absent takes its default. Equal by value.</summary>
public sealed record Specialisation(
    ValueArray<(string Name, ElementType Type)> Types, ValueArray<(string Name, int Rank)> Ranks, ValueArray<(string Name, Scalar Value)> Consts)
{
    public static readonly Specialisation Empty = new([], [], []);

    /// <summary>The most dimensions that a tensor may have.</summary>
    public const int MaxRank = 16;

    /// <summary>What to check an operator for when nobody calls it: the first type of each constraint, packs of two dimensions, and what
    /// the binder takes for <c>const</c> parameters.</summary>
    public static Specialisation Representative(OpSyntax op) => new(
        [.. op.Generics.Select(g => (g.Name.Text, g.Constraint.Text == "integer" ? ElementType.I32 : ElementType.F32))],
        [.. Packs(op).Select(p => (p, 2))],
        []);

    /// <summary>The packs <c>..S</c> in the shapes of the parameters, in the order of the text.</summary>
    public static ImmutableArray<string> Packs(OpSyntax op) => [.. op.Parameters
        .SelectMany(p => p.Type.Brackets.Count == 1 ? p.Type.Brackets[0] : [])
        .OfType<PackSyntax>().Where(p => p.Name is not null).Select(p => p.Name!.Text).Distinct()];

    public ElementType? TypeOf(string generic)
    {
        foreach (var (name, type) in Types)
            if (name == generic) return type;
        return null;
    }

    public int? RankOf(string pack)
    {
        foreach (var (name, rank) in Ranks)
            if (name == pack) return rank;
        return null;
    }

    public Scalar? ValueOf(string parameter)
    {
        foreach (var (name, value) in Consts)
            if (name == parameter) return value;
        return null;
    }
}
