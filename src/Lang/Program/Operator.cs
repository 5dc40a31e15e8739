using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>A dimension of an operator: a name that stands alone in a parameter's shape. Reference identity.</summary>
public sealed class DimSymbol(string name, SourceSpan? span)
{
    public string Name { get; } = name;
    public SourceSpan? Span { get; } = span;
    public override string ToString() => Name;
}

/// <summary>An index variable with its half-open range, decided by inference. Reference identity.</summary>
public sealed class IndexSymbol(string name, bool isReduction, SourceSpan? span)
{
    public string Name { get; } = name;
    public bool IsReduction { get; } = isReduction;
    public SourceSpan? Span { get; } = span;
    /// <summary>The pack <c>..i</c> that it is a part of; null for an index of its own.</summary>
    public string? Pack { get; init; }
    /// <summary>First value; set once by the binder. Over dimensions and indices bound further out.</summary>
    public Term Start { get; internal set; } = ConstTerm.Int(0);
    /// <summary>One past the last value; set once by the binder.</summary>
    public Term End { get; internal set; } = ConstTerm.Int(0);
    public override string ToString() => Name;
}

public enum TensorRole { Parameter, Result, Intermediate }

/// <summary>A tensor of an operator. Reference identity.</summary>
public sealed class TensorSymbol(string name, ElementType type, ImmutableArray<Term> shape, TensorRole role, SourceSpan? span)
{
    /// <summary>Unique in its operator; a stage inside a call is named through it: <c>weights.peak</c>.</summary>
    public string Name { get; } = name;
    public ElementType Type { get; } = type;
    /// <summary>Extents of type <c>int</c> over the operator's dimensions.</summary>
    public ImmutableArray<Term> Shape { get; } = shape;
    public TensorRole Role { get; } = role;
    public SourceSpan? Span { get; } = span;
    public int Rank => Shape.Length;
    public override string ToString() => Name;
}

/// <summary>One left side of an equation. An index of an update may read tensors: <c>hist[i32(I[y, x])] += 1</c>.</summary>
public sealed record Target(TensorSymbol Tensor, ImmutableArray<Term> Indices);

/// <summary><c>C[i, j] = value</c> for all values of <see cref="Indices"/>.</summary>
/// <param name="Targets">One, or several for a reduction with several results.</param>
/// <param name="Indices">The loops of the plain nest, outermost first: the left side's indices in the order of the text; for an update all
/// indices outside of reductions, also those that only its subscripts' reads or its value mention.</param>
/// <param name="Update">Null for a definition; the operator of <c>+= *= &amp;= |= ^=</c>.</param>
public sealed record Equation(ImmutableArray<Target> Targets, ImmutableArray<IndexSymbol> Indices, Term Value, BinaryOp? Update, SourceSpan? Span);

/// <summary>The equations of one tensor, of the several targets of one reduction, or of tensors that need each other: a component.</summary>
/// <param name="Tensors">In the order in which the text defines them.</param>
/// <param name="Equations">In the order of the text: definitions, whose points are disjoint and cover their tensors, then updates.</param>
public sealed record Stage(ImmutableArray<TensorSymbol> Tensors, ImmutableArray<Equation> Equations)
{
    /// <summary>An order in which every element is computed before it is read: each equation stands in it once.</summary>
    public ImmutableArray<Step> Order { get; init; } = [.. Equations.Select(e => new EquationStep(e))];
    public string Name => Tensors[0].Name;
    /// <summary>True where elements need other elements of the same stage.</summary>
    public bool IsRecurrent => Order.Any(s => s is CarriedLoop);
}

/// <summary>A part of the order in which a stage is evaluated.</summary>
public abstract record Step;

/// <summary>All points of an equation that the carried loops around it leave open; the points of a definition in any order, those of an
/// update in the order of its indices.</summary>
public sealed record EquationStep(Equation Equation) : Step;

/// <summary>A loop that equations share because later iterations need what earlier ones computed. It runs over the union of its
/// members' ranges, serially; in iteration v a member's index is <c>v - Offset</c>, and where that is outside of the index's own range
/// the equation has no points.</summary>
/// <param name="Name">For people: the name of the first member's index.</param>
/// <param name="IsDescending">From the highest value to the lowest.</param>
/// <param name="Members">One for each equation below. A member's range is over dimensions and indices that loops further out carry.</param>
/// <param name="Body">What one iteration does, in order.</param>
public sealed record CarriedLoop(string Name, bool IsDescending, ImmutableArray<CarriedIndex> Members, ImmutableArray<Step> Body) : Step;

/// <summary>The index of an equation that a loop carries.</summary>
public sealed record CarriedIndex(Equation Equation, IndexSymbol Index, long Offset);

/// <summary>An operator, bound and checked for one choice of its element types, ranks and <c>const</c> values. Calls are expanded: the
/// stages of a callee stand in <see cref="Stages"/> under the name of the call. Immutable, reference identity.</summary>
public sealed class Operator
{
    public required string Name { get; init; }
    public required string? Doc { get; init; }
    public required SourceSpan? Span { get; init; }
    /// <summary>Dimensions in the order in which the parameters introduce them.</summary>
    public required ImmutableArray<DimSymbol> Dims { get; init; }
    /// <summary>The tensors passed in, in the order of the text (<c>const</c> parameters are not among them).</summary>
    public required ImmutableArray<TensorSymbol> Parameters { get; init; }
    public required ImmutableArray<TensorSymbol> Results { get; init; }
    /// <summary>Conditions over the dimensions, checked at the entry of a kernel.</summary>
    public required ImmutableArray<Term> Requires { get; init; }
    /// <summary>In an order of evaluation: a stage reads only parameters and earlier stages.</summary>
    public required ImmutableArray<Stage> Stages { get; init; }
    /// <summary>What depends on data and is not proved, in the order of the text.</summary>
    public required ImmutableArray<RuntimeCheck> RuntimeChecks { get; init; }
    /// <summary>What must be proved beside the bounds of reads: extents that are not negative, a callee's <c>require</c>, equal extents.</summary>
    public required ImmutableArray<Obligation> Obligations { get; init; }
    /// <summary>The values of the <c>const</c> parameters that this instance was bound for.</summary>
    public required ImmutableArray<(string Name, Scalar Value)> Consts { get; init; }
    /// <summary>The calls inside, with those inside of these: a call stands before the calls that its callee makes.</summary>
    public ImmutableArray<CallSite> Calls { get; init; } = [];
}
