using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Building;

/// <summary>A tensor of an operator. Reading an element gives an expression; assigning to one adds an equation to the operator:
/// <c>C[i, j] = Sum(k, A[i, k] * B[k, j])</c>. <c>H[e] += v</c> (also <c>* &amp; | ^</c>) adds an update.</summary>
public sealed class Tensor : Name
{
    private readonly OperatorBuilder _owner;

    internal Tensor(OperatorBuilder owner, string text) : base(text) => _owner = owner;

    /// <summary>An element, by one index, expression or pack for each dimension.</summary>
    public Expr this[params ReadOnlySpan<Expr> subscripts]
    {
        get => new(new SubscriptSyntax(default, Syntax, TypeName.Syntaxes(subscripts)));
        set => _owner.Define(new SubscriptSyntax(default, Syntax, TypeName.Syntaxes(subscripts)), value);
    }

    /// <summary>The tensor as a whole: a value without dimensions, <c>s.Value = Sum(i, X[i])</c>, or the result of a call,
    /// <c>O.Value = matmul.Call(A, B)</c>.</summary>
    public Expr Value
    {
        get => this;
        set => _owner.Define(Syntax, value);
    }
}
