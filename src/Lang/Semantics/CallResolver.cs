using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>What is passed to an operator at the top level.</summary>
public abstract record ActualValue;
public sealed record ActualTensor(ElementType Type, ImmutableArray<long> Shape) : ActualValue;
/// <summary>A tensor of literals.</summary>
/// <param name="Type">Null where every item is a literal: it takes the type that it meets.</param>
/// <param name="IsFloat">A literal among the items is a float.</param>
public sealed record ActualList(ElementType? Type, bool IsFloat, ImmutableArray<long> Shape) : ActualValue;
/// <param name="IsLiteral">A literal takes the type that it meets; another value keeps its own.</param>
public sealed record ActualScalar(Scalar Value, bool IsLiteral) : ActualValue;

/// <param name="Name">Set for <c>name = value</c>.</param>
public sealed record ActualArgument(NameSyntax? Name, ActualValue Value, SourceSpan Span);

/// <summary>Where the data of one parameter comes from.</summary>
/// <param name="Position">The argument's position in the call.</param>
/// <param name="Scalar">The value, in the parameter's type, where a number was passed for a parameter without dimensions.</param>
public sealed record ResolvedArgument(TensorSymbol Parameter, int Position, Scalar? Scalar);

/// <summary>A call with everything known: the operator bound for it, and the number of each dimension.</summary>
/// <param name="Arguments">One for each parameter of the operator, in its order.</param>
/// <param name="ResultShapes">One for each result.</param>
public sealed record CallResolution(
    Operator Operator, Specialisation Specialisation, ImmutableArray<(DimSymbol Dim, long Size)> Dims,
    ImmutableArray<ResolvedArgument> Arguments, ImmutableArray<ImmutableArray<long>> ResultShapes);

/// <summary>Resolves calls with concrete tensors.</summary>
public sealed class CallResolver(ModuleBinder module)
{
    /// <summary>Matches arguments, binds the operator for them, finds its dimensions and checks its requirements. Null after errors.</summary>
    public CallResolution? Resolve(OpSyntax op, ImmutableArray<ActualArgument> arguments, SourceSpan? call, DiagnosticBag bag)
    {
        ImmutableArray<Actual> actuals = [.. arguments.Select(Describe)];
        if (SignatureMatch.Match(op, actuals, call, bag) is not { } match) return null;
        if (module.Bind(op, match.Specialisation, bag, call) is not { } bound) return null;
        var resolved = ImmutableArray.CreateBuilder<ResolvedArgument>();
        for (int i = 0, p = 0; i < op.Parameters.Count; i++)
        {
            if (op.Parameters[i].IsConst) continue;
            var parameter = bound.Parameters[p++];
            int position = match.ArgumentOf[i];
            Scalar? scalar = null;
            if (arguments[position].Value is ActualScalar s)
            {
                scalar = s.IsLiteral ? Literal(s.Value, parameter.Type) : s.Value;
                if (scalar is null)
                {
                    bag.Add(SemanticDiagnostics.LiteralDoesNotFit, arguments[position].Span, s.Value, parameter.Type.Name);
                    return null;
                }
            }
            resolved.Add(new(parameter, position, scalar));
        }
        return Complete(bound, match.Specialisation, resolved.ToImmutable(), r => arguments[r.Position], call, bag);
    }

    private static Actual Describe(ActualArgument a) => a.Value switch
    {
        ActualTensor t => Actual.Tensor(a.Span, a.Name, t.Type, t.Shape.Length),
        ActualList l => new(a.Span, a.Name, l.Type, l.Shape.Length, l.IsFloat, _ => null),
        ActualScalar s => new(a.Span, a.Name, s.IsLiteral ? null : s.Value.Type, 0, s.Value.Type.IsFloat,
            type => s.IsLiteral ? Literal(s.Value, type) : Actual.Adapt(s.Value, type)),
        _ => throw new CompilerBugException("call resolver", a.Value.GetType().Name),
    };

    private static Scalar? Literal(Scalar value, ElementType type) =>
        value.Type is ElementType.Bool != (type is ElementType.Bool) ? null
        : type.IsFloat ? ScalarMath.Cast(CastKind.Convert, type, value)
        : value.Type.IsFloat ? null
        : Actual.Adapt(value, type);

    private static CallResolution? Complete(
        Operator op, Specialisation specialisation, ImmutableArray<ResolvedArgument> arguments, Func<ResolvedArgument, ActualArgument> source, SourceSpan? call, DiagnosticBag bag)
    {
        var sizes = new Dictionary<DimSymbol, long>();
        foreach (var r in arguments)
        {
            var shape = ShapeOf(source(r));
            for (int d = 0; d < shape.Length; d++)
                if (r.Parameter.Shape[d] is DimTerm { Dim: var dim }) sizes.TryAdd(dim, shape[d]);
        }
        bool isFine = true;
        foreach (var r in arguments)
        {
            var shape = ShapeOf(source(r));
            for (int d = 0; d < shape.Length && isFine; d++)
                isFine = CheckExtent(op, r.Parameter, d, shape[d], source(r).Span, sizes, bag);
        }
        if (!isFine) return null;
        if (BrokenRequirement(op, sizes, call) is { } broken)
        {
            bag.Add(broken);
            return null;
        }
        var results = ImmutableArray.CreateBuilder<ImmutableArray<long>>();
        foreach (var tensor in op.Results)
            if (Shape(tensor, sizes, call, bag) is { } shape) results.Add(shape);
            else return null;
        foreach (var tensor in op.Stages.SelectMany(s => s.Tensors))
            if (tensor.Role is TensorRole.Intermediate && Shape(tensor, sizes, call, bag) is null) return null;
        return new(op, specialisation, [.. op.Dims.Select(d => (d, sizes.GetValueOrDefault(d)))], arguments, results.ToImmutable());
    }

    private static ImmutableArray<long> ShapeOf(ActualArgument a) => a.Value switch
    {
        ActualTensor t => t.Shape,
        ActualList l => l.Shape,
        _ => [],
    };

    /// <summary>The first <c>require</c> of an operator that does not hold for these sizes.</summary>
    public static Diagnostic? BrokenRequirement(Operator op, IReadOnlyDictionary<DimSymbol, long> sizes, SourceSpan? call)
    {
        foreach (var require in op.Requires)
        {
            if (Terms.Decide(require, sizes) == true) continue;
            var error = Diagnostic.Create(SemanticDiagnostics.RequirementFalse, call, op.Name, Terms.Print(require), $" for {Sizes(require, sizes)}");
            return require.Span is { } place ? error.WithLabel(place, "required here") : error;
        }
        return null;
    }

    private static bool CheckExtent(Operator op, TensorSymbol parameter, int d, long actual, SourceSpan span, Dictionary<DimSymbol, long> sizes, DiagnosticBag bag)
    {
        var extent = parameter.Shape[d];
        if (Terms.Evaluate(extent, sizes) is { } expected && expected == actual) return true;
        string needed = Terms.Evaluate(extent, sizes) is { } number ? number.ToString(CultureInfo.InvariantCulture) : $"`{Terms.Print(extent)}`";
        string because = extent is ConstTerm ? "" : $", and {Sizes(extent, sizes)} from {(extent is DimTerm ? "another argument" : "the arguments")}";
        var error = Diagnostic.Create(SemanticDiagnostics.ArgumentShape, span, parameter.Name, op.Name, needed, d, actual, ProgramPrinter.Type(parameter.Type, parameter.Shape), because);
        bag.Add(parameter.Span is { } place ? error.WithLabel(place, $"`{ProgramPrinter.Declaration(parameter)}`") : error);
        return false;
    }

    /// <summary>A shape in numbers; refused where an extent is negative or no 64-bit number.</summary>
    private static ImmutableArray<long>? Shape(TensorSymbol tensor, Dictionary<DimSymbol, long> sizes, SourceSpan? call, DiagnosticBag bag)
    {
        var shape = ImmutableArray.CreateBuilder<long>();
        foreach (var extent in tensor.Shape)
        {
            var n = Terms.Evaluate(extent, sizes);
            if (n is >= 0 and { } known)
            {
                shape.Add(known);
                continue;
            }
            var error = Diagnostic.Create(n < 0 ? SemanticDiagnostics.NegativeExtent : SemanticDiagnostics.SizeOverflow, call,
                n < 0 ? [tensor.Name, Terms.Print(extent)] : [Terms.Print(extent), tensor.Name]);
            bag.Add(error with { Witness = Sizes(extent, sizes) is { Length: > 0 } witness ? witness : null });
            return null;
        }
        return shape.ToImmutable();
    }

    /// <summary><c>M = 3, N = 0</c>: the dimensions in a term with their numbers.</summary>
    private static string Sizes(Term term, IReadOnlyDictionary<DimSymbol, long> sizes)
    {
        var names = new DimNames();
        names.Visit(term);
        return string.Join(", ", names.Found.Select(d => $"{d.Name} = {sizes.GetValueOrDefault(d)}"));
    }

    private sealed class DimNames : TermRewriter
    {
        public List<DimSymbol> Found { get; } = [];

        protected override Term VisitDim(DimTerm d)
        {
            if (!Found.Contains(d.Dim)) Found.Add(d.Dim);
            return d;
        }
    }
}
