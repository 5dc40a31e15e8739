using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>What a subscript outside becomes: <c>X[i - 1] ?? clamp</c>, and the functions <c>wrap(e, n)</c> and <c>reflect(e, n)</c>.</summary>
internal sealed partial class ExpressionBinder
{
    /// <summary>NumPy's <c>pad</c> calls them edge, wrap and reflect.</summary>
    private enum Boundary { Clamp, Wrap, Reflect }

    /// <summary>The boundary that a name behind <c>??</c> means, unless it is a name of the operator.</summary>
    private Boundary? BoundaryOf(ExpressionSyntax? e) => e is NameExpressionSyntax n && _scope.Find(n.Name) is null
        ? n.Name switch { "clamp" => Boundary.Clamp, "wrap" => Boundary.Wrap, "reflect" => Boundary.Reflect, _ => null }
        : null;

    /// <summary>Maps each subscript of a read into its dimension, which must not be empty.</summary>
    private ImmutableArray<Term> Apply(Boundary boundary, TensorSymbol tensor, ImmutableArray<Term> subscripts, SourceSpan span)
    {
        for (int d = 0; d < subscripts.Length; d++)
        {
            var (index, extent) = (subscripts[d], tensor.Shape[d]);
            var mapped = boundary switch
            {
                Boundary.Clamp => Fold.Binary(BinaryOp.Min, Fold.Binary(BinaryOp.Max, index, ConstTerm.Int(0), index.Span),
                    Fold.Binary(BinaryOp.Sub, extent, ConstTerm.Int(1), null), index.Span),
                Boundary.Wrap => extent is ConstTerm { Value.Integer: 0 } ? index : Fold.Binary(BinaryOp.Mod, index, extent, index.Span),
                _ => Reflect(index, extent, index.Span),
            };
            subscripts = subscripts.SetItem(d, Terms.Simplify(mapped));
            Owe(SemanticDiagnostics.NothingToRead, [tensor.Name, d, Terms.Print(extent)], new BinaryTerm(BinaryOp.Ge, extent, ConstTerm.Int(1)), span);
        }
        return subscripts;
    }

    /// <summary>0 1 … n−1 n−2 … 1 and again: the element at either end is not repeated.</summary>
    private static Term Reflect(Term index, Term extent, SourceSpan? span)
    {
        Term Number(long n) => new ConstTerm(Scalar.Of(index.Type, n));
        var period = Fold.Binary(BinaryOp.Mul, Number(2), Fold.Binary(BinaryOp.Sub, extent, Number(1), span), span);
        var divisor = Fold.Binary(BinaryOp.Max, period, Number(1), span);
        var place = Fold.Binary(BinaryOp.Mod, index, divisor, span);
        return Fold.Binary(BinaryOp.Min, place, Fold.Binary(BinaryOp.Sub, period, place, span), span);
    }

    private Value? BindBoundary(string name, ImmutableArray<Value> x, CallSyntax call)
    {
        if (!Count(call, name, 2, x.Length)) return null;
        return Combine(name, x, call.Span, t =>
        {
            if (t[0].Type.IsInteger) return name == "wrap" ? Apply(BinaryOp.Mod, t[0], t[1], call.Span) : Reflect(t[0], t[1], call.Span);
            _bag.Add(SemanticDiagnostics.OperandKind, call.Span, name, t[0].Type.Name, "integers");
            return null;
        });
    }
}
