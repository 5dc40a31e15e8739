using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Building;

/// <summary>What a type that the call decides may be.</summary>
public enum TypeConstraint
{
    /// <summary>Any element type.</summary>
    Any,
    /// <summary>Any but <c>bool</c>.</summary>
    Number,
    Integer,
    Float,
}

/// <summary>An operator while it is built: parameters, results and the lines of its body in the order in which they are added. Not safe for
/// several threads.</summary>
public sealed class OperatorBuilder
{
    private readonly Name _name;
    private readonly List<GenericSyntax> _generics = [];
    private readonly List<ParameterSyntax> _parameters = [], _results = [];
    private readonly List<ExpressionSyntax> _requires = [];
    private List<ItemSyntax> _lines = [];

    internal OperatorBuilder(string name) => _name = new(name);

    public string Name => _name.Text;

    /// <summary>The text of the <c>///</c> lines above the operator.</summary>
    public string? Doc { get; set; }

    /// <summary>A type that the call decides: <c>op f&lt;T: number&gt;</c>.</summary>
    public TypeName Generic(string name, TypeConstraint constraint = TypeConstraint.Any)
    {
        string written = constraint switch { TypeConstraint.Any => "any", TypeConstraint.Number => "number", TypeConstraint.Integer => "integer", TypeConstraint.Float => "float" };
        _generics.Add(new(default, new Name(name).Written, new(default, written)));
        return new(name);
    }

    /// <summary>A tensor that is passed in. A dimension is declared by standing alone in a shape; no extents: one value.</summary>
    public Tensor Parameter(string name, TypeName type, params ReadOnlySpan<Expr> shape) => Declared(_parameters, name, type, shape);

    /// <summary>A tensor that the operator gives.</summary>
    public Tensor Result(string name, TypeName type, params ReadOnlySpan<Expr> shape) => Declared(_results, name, type, shape);

    /// <summary>A <c>const</c> parameter: known when a kernel is made.</summary>
    /// <param name="usual">The value where a call gives none.</param>
    public Name Const(string name, TypeName type, Expr? usual = null)
    {
        var declared = new Name(name);
        _parameters.Add(new(default, IsConst: true, declared.Written, type.Of([]), usual?.Syntax));
        return declared;
    }

    /// <summary>Conditions on the sizes: assumed inside, proved by operators that call this one, checked when a kernel is made.</summary>
    public void Require(params ReadOnlySpan<Expr> conditions)
    {
        foreach (var c in conditions) _requires.Add(c.Syntax);
    }

    /// <summary>An intermediate tensor whose type and shape follow from its equation.</summary>
    public Tensor Tensor(string name) => new(this, name);

    /// <summary>Several intermediate tensors.</summary>
    public Several<Tensor> Tensors(params ReadOnlySpan<string> names)
    {
        var items = new Tensor[names.Length];
        for (int i = 0; i < names.Length; i++) items[i] = Tensor(names[i]);
        return new(items);
    }

    /// <summary>An intermediate tensor with a declared type and shape: <c>c: f32[T + 1, U]</c>.</summary>
    public Tensor Tensor(string name, TypeName type, params ReadOnlySpan<Expr> shape)
    {
        var tensor = Tensor(name);
        _lines.Add(new SimpleSyntax(default, tensor.Syntax, type.Of(shape), AssignKind.None, null));
        return tensor;
    }

    /// <summary>An equation with several targets, for what gives several results: <c>op.Define([v[i], p[i]], MaxAt(j, X[i, j]))</c>, or a call
    /// with whole tensors as targets.</summary>
    public void Define(Expr[] targets, Expr value) => Define(new TupleSyntax(default, TypeName.Syntaxes(targets)), value);

    /// <summary>States the range of an index for the equations that <paramref name="body"/> adds.</summary>
    public void For(Binder index, Action body) => For([index], body);

    /// <summary>States the ranges of several indices; later ones may use earlier ones.</summary>
    public void For(ReadOnlySpan<Binder> indices, Action body)
    {
        var outer = _lines;
        _lines = [];
        var binders = new BinderSyntax[indices.Length];
        for (int i = 0; i < indices.Length; i++) binders[i] = indices[i].Syntax;
        body();
        outer.Add(new ForSyntax(default, [.. binders], [.. _lines]));
        _lines = outer;
    }

    /// <summary>A call of this operator: a stage where it stands alone, <c>s.Value = f.Call(X)</c>, and part of an expression on values without dimensions.</summary>
    public Expr Call(params ReadOnlySpan<Argument> arguments) => Compute.Call(Name, arguments);

    internal void Define(ExpressionSyntax target, Expr value)
    {
        // C# has made `H[e] = H[e] + v` of `H[e] += v`. An equation cannot mean that: it would need its own result.
        if (value.Syntax is BinarySyntax b && b.Left == target && UpdateOf(b.Op) is { } update)
            _lines.Add(new SimpleSyntax(default, target, null, update, b.Right));
        else
            _lines.Add(new SimpleSyntax(default, target, null, AssignKind.Assign, value.Syntax));
    }

    internal OpSyntax ToSyntax() => new(default, _name.Written, [.. _generics], [.. _parameters], [.. _results],
        _requires.Count == 0 ? [] : [new RequireClauseSyntax(default, [.. _requires])], [.. _lines])
    { Doc = Doc };

    private Tensor Declared(List<ParameterSyntax> list, string name, TypeName type, ReadOnlySpan<Expr> shape)
    {
        var tensor = new Tensor(this, name);
        list.Add(new(default, IsConst: false, tensor.Written, type.Of(shape), null));
        return tensor;
    }

    private static AssignKind? UpdateOf(InfixOp op) => op switch
    {
        InfixOp.Add => AssignKind.Add,
        InfixOp.Mul => AssignKind.Mul,
        InfixOp.And => AssignKind.And,
        InfixOp.Or => AssignKind.Or,
        InfixOp.Xor => AssignKind.Xor,
        _ => null,
    };
}
