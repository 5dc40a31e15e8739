using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Building;

/// <summary>Names, functions and reductions of the language, to be used with <c>using static Tx.Lang.Building.Compute</c>. The forms of two values
/// are <see cref="Max"/> and <see cref="Min"/>; the reductions are <see cref="Maximum(Binder, Expr)"/> and <see cref="Minimum(Binder, Expr)"/>.</summary>
public static class Compute
{
    /// <summary>An index variable.</summary>
    /// <exception cref="ArgumentException">The text is no identifier, or a keyword.</exception>
    public static IndexVariable Index(string name) => new(name);

    /// <summary>Several index variables.</summary>
    public static Several<IndexVariable> Indices(params ReadOnlySpan<string> names) => Make(names, Index);

    /// <summary>A dimension. It is declared by standing alone in the shape of a parameter.</summary>
    public static Name Dim(string name) => new(name);

    /// <summary>Several dimensions.</summary>
    public static Several<Name> Dims(params ReadOnlySpan<string> names) => Make(names, Dim);

    /// <summary>Any number of dimensions, in a shape, or of indices, in subscripts.</summary>
    public static Pack Pack(string name) => new(name);

    /// <summary>An argument by name: <c>conv.Call(X, F, Named("stride", 2))</c>.</summary>
    public static Argument Named(string name, Expr value) => new(Name.Checked(name), value);

    /// <summary>A call of an operator or a function by its name; <see cref="OperatorBuilder.Call"/> calls one that is at hand.</summary>
    public static Expr Call(string name, params ReadOnlySpan<Argument> arguments)
    {
        var written = new ArgumentSyntax[arguments.Length];
        for (int i = 0; i < arguments.Length; i++) written[i] = arguments[i].Syntax;
        return new(new CallSyntax(default, new NameExpressionSyntax(default, Name.Checked(name)), [.. written]));
    }

    /// <summary><c>condition ? then : otherwise</c>; only the side that is taken is evaluated.</summary>
    public static Expr Select(Expr condition, Expr then, Expr otherwise) => new(new ConditionalSyntax(default, condition.Syntax, then.Syntax, otherwise.Syntax));

    /// <summary><c>f32(x)</c>: between integers it wraps; from a float it truncates and saturates.</summary>
    public static Expr Cast(TypeName type, Expr x) => Call(type.Text, x);
    /// <summary>Converts and clamps to the range of the type.</summary>
    public static Expr Saturate(TypeName type, Expr x) => Call("saturate", new Name(type.Text), x);
    /// <summary>Keeps the bits.</summary>
    public static Expr Bits(TypeName type, Expr x) => Call("bits", new Name(type.Text), x);

    public static Expr Exp(Expr x) => Call("exp", x);
    public static Expr Exp2(Expr x) => Call("exp2", x);
    public static Expr Log(Expr x) => Call("log", x);
    public static Expr Log2(Expr x) => Call("log2", x);
    public static Expr Tanh(Expr x) => Call("tanh", x);
    public static Expr Sigmoid(Expr x) => Call("sigmoid", x);
    public static Expr Erf(Expr x) => Call("erf", x);
    public static Expr Sin(Expr x) => Call("sin", x);
    public static Expr Cos(Expr x) => Call("cos", x);
    public static Expr Sqrt(Expr x) => Call("sqrt", x);
    public static Expr Rsqrt(Expr x) => Call("rsqrt", x);
    public static Expr Pow(Expr x, Expr y) => Call("pow", x, y);
    public static Expr Abs(Expr x) => Call("abs", x);
    public static Expr Floor(Expr x) => Call("floor", x);
    public static Expr Ceil(Expr x) => Call("ceil", x);
    public static Expr Round(Expr x) => Call("round", x);
    public static Expr Trunc(Expr x) => Call("trunc", x);
    public static Expr Popcount(Expr x) => Call("popcount", x);
    public static Expr IsNan(Expr x) => Call("isnan", x);
    /// <summary>a · b + c with one rounding.</summary>
    public static Expr Fma(Expr a, Expr b, Expr c) => Call("fma", a, b, c);
    /// <summary>The value, or the end of the range that is nearer.</summary>
    public static Expr Clamp(Expr x, Expr low, Expr high) => Call("clamp", x, low, high);
    /// <summary>The greater of two values.</summary>
    public static Expr Max(Expr a, Expr b) => Call("max", a, b);
    /// <summary>The lesser of two values.</summary>
    public static Expr Min(Expr a, Expr b) => Call("min", a, b);
    /// <summary>An integer into 0..n, as if the range went round.</summary>
    public static Expr Wrap(Expr x, Expr n) => Call("wrap", x, n);
    /// <summary>An integer into 0..n, as if the range were mirrored at its ends.</summary>
    public static Expr Reflect(Expr x, Expr n) => Call("reflect", x, n);
    /// <summary>Integer division rounding up.</summary>
    public static Expr CeilDiv(Expr a, Expr b) => Call("ceil_div", a, b);
    /// <summary>Integer division rounding to zero.</summary>
    public static Expr TruncDiv(Expr a, Expr b) => Call("trunc_div", a, b);
    /// <summary>The remainder of <see cref="TruncDiv"/>.</summary>
    public static Expr TruncMod(Expr a, Expr b) => Call("trunc_mod", a, b);

    /// <summary><c>name(i, j if c: body)</c>: a reduction by its name, a <c>reducer</c> of the program too. The conditions of the binders hold together.</summary>
    public static Expr Reduce(string name, ReadOnlySpan<Binder> over, Expr body)
    {
        var binders = new BinderSyntax[over.Length];
        Expr? condition = null;
        for (int i = 0; i < over.Length; i++)
        {
            binders[i] = over[i].Syntax;
            if (over[i].Condition is { } c) condition = condition?.And(c) ?? c;
        }
        return new(new ReductionSyntax(default, new(default, Name.Checked(name)), IsExact: false, [.. binders], condition?.Syntax, body.Syntax));
    }

    /// <summary><c>exact sum(…)</c>: the reduction in the order of its indices.</summary>
    /// <exception cref="ArgumentException">The expression is no reduction.</exception>
    public static Expr Exact(Expr reduction) => reduction.Syntax is ReductionSyntax r
        ? new(r with { IsExact = true }) : throw new ArgumentException($"only a reduction is exact, and this is `{reduction}`", nameof(reduction));

    public static Expr Sum(Binder i, Expr body) => Reduce("sum", [i], body);
    public static Expr Sum(Binder i, Binder j, Expr body) => Reduce("sum", [i, j], body);
    public static Expr Sum(Binder i, Binder j, Binder k, Expr body) => Reduce("sum", [i, j, k], body);
    public static Expr Sum(Binder i, Binder j, Binder k, Binder l, Expr body) => Reduce("sum", [i, j, k, l], body);
    public static Expr Product(Binder i, Expr body) => Reduce("prod", [i], body);
    public static Expr Product(Binder i, Binder j, Expr body) => Reduce("prod", [i, j], body);
    public static Expr Maximum(Binder i, Expr body) => Reduce("max", [i], body);
    public static Expr Maximum(Binder i, Binder j, Expr body) => Reduce("max", [i, j], body);
    public static Expr Minimum(Binder i, Expr body) => Reduce("min", [i], body);
    public static Expr Minimum(Binder i, Binder j, Expr body) => Reduce("min", [i, j], body);
    public static Expr Any(Binder i, Expr body) => Reduce("any", [i], body);
    public static Expr Any(Binder i, Binder j, Expr body) => Reduce("any", [i, j], body);
    public static Expr All(Binder i, Expr body) => Reduce("all", [i], body);
    public static Expr All(Binder i, Binder j, Expr body) => Reduce("all", [i, j], body);
    public static Expr BitAnd(Binder i, Expr body) => Reduce("bit_and", [i], body);
    public static Expr BitOr(Binder i, Expr body) => Reduce("bit_or", [i], body);
    public static Expr BitXor(Binder i, Expr body) => Reduce("bit_xor", [i], body);
    /// <summary>The index of the greatest value, the first of equal ones.</summary>
    public static Expr ArgMax(Binder i, Expr body) => Reduce("argmax", [i], body);
    public static Expr ArgMin(Binder i, Expr body) => Reduce("argmin", [i], body);
    /// <summary>The greatest value and its index: for <see cref="OperatorBuilder.Define(Expr[], Expr)"/> with two targets.</summary>
    public static Expr MaxAt(Binder i, Expr body) => Reduce("max_at", [i], body);
    public static Expr MinAt(Binder i, Expr body) => Reduce("min_at", [i], body);

    private static Several<T> Make<T>(ReadOnlySpan<string> names, Func<string, T> make)
    {
        var items = new T[names.Length];
        for (int i = 0; i < names.Length; i++) items[i] = make(names[i]);
        return new(items);
    }
}
