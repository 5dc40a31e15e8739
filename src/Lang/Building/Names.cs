using Tx.Core;
using Tx.Lang.Generated;
using Tx.Lang.Syntax;

namespace Tx.Lang.Building;

/// <summary>A name: a dimension, a <c>const</c>, a tensor or an index.</summary>
public class Name : Expr
{
    internal Name(string text) : base(new NameExpressionSyntax(default, Checked(text))) => Text = text;

    public string Text { get; }

    internal NameSyntax Written => new(default, Text);

    /// <exception cref="ArgumentException">The text is no identifier of the language, or one of its keywords.</exception>
    internal static string Checked(string text)
    {
        var source = new SourceText("<name>", text);
        var tokens = TokenScanner.Scan(source, new SyntaxReporter(source))?.Tokens;
        bool isName = tokens is [var token, _] && token.Extent.Length == text.Length && (token.Type == TxLexer.ID || token.Type is >= TxLexer.MEMORY and <= TxLexer.EXACT);
        return isName ? text : throw new ArgumentException($"`{text}` cannot be a name", nameof(text));
    }
}

/// <summary>An index variable; its range follows from the equations unless <see cref="In"/> states it.</summary>
public sealed class IndexVariable : Name
{
    internal IndexVariable(string text) : base(text) { }

    /// <summary><c>i in start..end</c>, half open.</summary>
    public Binder In(Expr start, Expr end) => new(this, new(default, start.Syntax, end.Syntax), null);

    /// <summary>In a reduction: only where the condition holds.</summary>
    public Binder Where(Expr condition) => new(this, null, condition);
}

/// <summary>An index in a reduction or a <c>for</c>, with a range where it is stated.</summary>
public sealed class Binder
{
    private readonly IndexVariable _index;
    private readonly RangeSyntax? _range;

    internal Binder(IndexVariable index, RangeSyntax? range, Expr? condition) => (_index, _range, Condition) = (index, range, condition);

    internal Expr? Condition { get; }
    internal BinderSyntax Syntax => new(default, _index.Written, _range);

    /// <summary>In a reduction: only where the condition, and those given before, hold.</summary>
    public Binder Where(Expr condition) => new(_index, _range, Condition?.And(condition) ?? condition);

    public static implicit operator Binder(IndexVariable index) => new(index, null, null);
}

/// <summary>Any number of dimensions or of indices: <c>..S</c>.</summary>
public sealed class Pack : Expr
{
    internal Pack(string text) : base(new PackSyntax(default, new(default, Name.Checked(text)))) { }
}

/// <summary>The type of elements: an <see cref="ElementType"/>, or a type that the call decides.</summary>
public sealed class TypeName
{
    internal TypeName(string text) => Text = text;

    public string Text { get; }

    internal TypeSyntax Of(ReadOnlySpan<Expr> shape) =>
        new(default, new(default, Text), shape.IsEmpty ? [] : [Syntaxes(shape)]);

    internal static ValueArray<ExpressionSyntax> Syntaxes(ReadOnlySpan<Expr> items)
    {
        var syntaxes = new ExpressionSyntax[items.Length];
        for (int i = 0; i < items.Length; i++) syntaxes[i] = items[i].Syntax;
        return [.. syntaxes];
    }

    public static implicit operator TypeName(ElementType type) => new(type.Name);
}

/// <summary>An argument of a call: an expression, with a name where it is passed by name.</summary>
public sealed class Argument
{
    private readonly string? _name;
    private readonly Expr _value;

    internal Argument(string? name, Expr value) => (_name, _value) = (name, value);

    internal ArgumentSyntax Syntax => new(default, _name is null ? null : new NameSyntax(default, _name), _value.Syntax);

    public static implicit operator Argument(Expr value) => new(null, value);
    public static implicit operator Argument(int value) => new(null, value);
    public static implicit operator Argument(double value) => new(null, value);
    public static implicit operator Argument(bool value) => new(null, value);
}

/// <summary>Several things of one kind made at once: <c>var (i, j, k) = Indices("i", "j", "k")</c>.</summary>
public sealed class Several<T>
{
    private readonly T[] _items;

    internal Several(T[] items) => _items = items;

    public int Count => _items.Length;
    public T this[int i] => _items[i];

    public void Deconstruct(out T a, out T b) => (a, b) = (At(0, 2), At(1, 2));
    public void Deconstruct(out T a, out T b, out T c) => (a, b, c) = (At(0, 3), At(1, 3), At(2, 3));
    public void Deconstruct(out T a, out T b, out T c, out T d) => (a, b, c, d) = (At(0, 4), At(1, 4), At(2, 4), At(3, 4));
    public void Deconstruct(out T a, out T b, out T c, out T d, out T e) => (a, b, c, d, e) = (At(0, 5), At(1, 5), At(2, 5), At(3, 5), At(4, 5));
    public void Deconstruct(out T a, out T b, out T c, out T d, out T e, out T f) => (a, b, c, d, e, f) = (At(0, 6), At(1, 6), At(2, 6), At(3, 6), At(4, 6), At(5, 6));
    public void Deconstruct(out T a, out T b, out T c, out T d, out T e, out T f, out T g) =>
        (a, b, c, d, e, f, g) = (At(0, 7), At(1, 7), At(2, 7), At(3, 7), At(4, 7), At(5, 7), At(6, 7));

    private T At(int i, int count) => Count == count ? _items[i] : throw new InvalidOperationException($"{Count} were made, and {count} are taken");
}
