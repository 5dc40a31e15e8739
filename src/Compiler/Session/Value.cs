using System.Collections.Immutable;
using Tx.Core;
using Tx.Runtime;

namespace Tx;

/// <summary>What an expression at the top level gives. While a program is only checked, values have types without data.</summary>
public abstract record Value
{
    /// <summary>The kind of value in a few words, for messages.</summary>
    public abstract string Describe();
}

/// <summary>A tensor. <paramref name="Shape"/> is null where it is not known before the program runs (a <c>load</c> without a type);
/// <paramref name="Data"/> is null while a program is only checked.</summary>
public sealed record TensorValue(ElementType Type, ImmutableArray<long>? Shape, NativeTensor? Data) : Value
{
    /// <summary>False where even the element type comes from a file that has not been read.</summary>
    public bool IsTypeKnown { get; init; } = true;
    /// <summary>Straight from a file: a <c>let</c> with a packed type packs it.</summary>
    public bool IsLoaded { get; init; }

    public override string Describe() => !IsTypeKnown ? "tensor" : Shape is { } s ? $"{Type.Name}[{string.Join(", ", s)}]" : $"{Type.Name} tensor";
}

/// <summary>A number or a truth value; <paramref name="Scalar"/> is null while it is not known. Literals are <c>int</c> and <c>f64</c> and take
/// the type that they meet.</summary>
public sealed record ScalarValue(ElementType Type, Scalar? Scalar) : Value
{
    /// <summary>Why a comparison does not hold, for the message of an assertion.</summary>
    public string? Explanation { get; init; }

    public static ScalarValue Of(Scalar scalar) => new(scalar.Type, scalar);
    public override string Describe() => Type.Name;
}

public sealed record StringValue(string Text) : Value
{
    public override string Describe() => "text";
}

/// <summary><c>[a, b]</c>: becomes a tensor where one is compared with it.</summary>
public sealed record ListValue(ImmutableArray<Value> Items) : Value
{
    public override string Describe() => $"list of {Items.Length}";
}

/// <summary>The results of an operator with several.</summary>
public sealed record TupleValue(ImmutableArray<Value> Items) : Value
{
    public override string Describe() => $"tuple of {Items.Length}";
}

/// <summary>A type as an argument: <c>f32[512, 512]</c>, or <c>i32</c> alone (no shape).</summary>
public sealed record TypeValue(ElementType Type, ImmutableArray<long>? Shape) : Value
{
    public override string Describe() => "type";
}

/// <summary>What <c>print</c>, <c>save</c> and the like give.</summary>
public sealed record NothingValue : Value
{
    public override string Describe() => "nothing";
}

/// <summary>Not known before the program runs, or an error that has been reported: never causes another message.</summary>
public sealed record UnknownValue : Value
{
    public override string Describe() => "unknown";
}
