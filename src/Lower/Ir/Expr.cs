using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>The type of a loop-IR value: an element type (indices are <see cref="ElementType.I64"/>) and a number of lanes.</summary>
public readonly record struct IrType(ElementType Element, int Lanes = 1)
{
    public static readonly IrType Index = new(ElementType.I64);
    public static readonly IrType Bool = new(ElementType.Bool);
    public bool IsVector => Lanes > 1;
    public IrType WithElement(ElementType element) => this with { Element = element };
    public IrType WithLanes(int lanes) => this with { Lanes = lanes };
    public override string ToString() => Lanes == 1 ? Element.Name : $"{Element.Name}x{Lanes}";
}

/// <summary>A loop-IR expression: pure, strict (both sides of <see cref="Select"/> are evaluated; reads that must not happen carry a
/// predicate). Sealed subclasses, reference identity, structural hash fixed at construction; compare with <c>StructuralComparer</c>.</summary>
public abstract class Expr
{
    private protected Expr(IrType type, int hash) => (Type, Hash) = (type, hash);
    public IrType Type { get; }
    internal int Hash { get; }
    public override string ToString() => IrPrinter.Print(this);
}

/// <summary>An integer or bool constant (lanes = 1).</summary>
public sealed class IntImm(ElementType type, long value) : Expr(new(type), HashMix.Of(1, (int)type, value.GetHashCode()))
{
    public long Value { get; } = value;
    public static IntImm Index(long value) => new(ElementType.I64, value);
    public static IntImm Bool(bool value) => new(ElementType.Bool, value ? 1 : 0);
}

/// <summary>A float constant, already rounded to its type (lanes = 1).</summary>
public sealed class FloatImm(ElementType type, double value) : Expr(new(type), HashMix.Of(2, (int)type, value.GetHashCode()))
{
    public double Value { get; } = value;
}

/// <summary>A variable: a loop's, a let's, a dimension's. Reference identity; the name is for people and unique in its function when printed.</summary>
public sealed class Var(string name, IrType type) : Expr(type, HashMix.Of(3, HashMix.Of(name), type.GetHashCode()))
{
    public string Name { get; } = name;
    public static Var Index(string name) => new(name, IrType.Index);
}

/// <summary>Operands have one type; comparisons give bool of as many lanes. <c>And Or Xor</c> on bool are the strict logical forms.</summary>
public sealed class Binary(BinaryOp op, Expr left, Expr right)
    : Expr(op.IsComparison ? left.Type.WithElement(ElementType.Bool) : left.Type, HashMix.Of(4 + ((int)op << 8), left.Hash, right.Hash))
{
    public BinaryOp Op { get; } = op;
    public Expr Left { get; } = left;
    public Expr Right { get; } = right;
}

public sealed class Unary(UnaryOp op, Expr operand) : Expr(operand.Type, HashMix.Of(5 + ((int)op << 8), operand.Hash))
{
    public UnaryOp Op { get; } = op;
    public Expr Operand { get; } = operand;
}

/// <summary>A named function; no side effects.</summary>
public sealed class Call(Intrinsic function, ImmutableArray<Expr> arguments)
    : Expr(function is Intrinsic.IsNan ? arguments[0].Type.WithElement(ElementType.Bool) : arguments[0].Type, HashMix.Of(6 + ((int)function << 8), arguments))
{
    public Intrinsic Function { get; } = function;
    public ImmutableArray<Expr> Arguments { get; } = arguments;
}

public sealed class Cast(CastKind kind, IrType type, Expr operand) : Expr(type, HashMix.Of(7 + ((int)kind << 8), type.GetHashCode(), operand.Hash))
{
    public CastKind Kind { get; } = kind;
    public Expr Operand { get; } = operand;
}

/// <summary>Lane by lane; both sides are evaluated. <paramref name="rare"/>: the condition seldom holds and <paramref name="then"/> is dear, so that it pays to look first.</summary>
public sealed class Select(Expr condition, Expr then, Expr @else, bool rare = false) : Expr(then.Type, HashMix.Of(8 + (rare ? 256 : 0), condition.Hash, then.Hash, @else.Hash))
{
    public Expr Condition { get; } = condition;
    public Expr Then { get; } = then;
    public Expr Else { get; } = @else;
    public bool Rare { get; } = rare;

    /// <summary>The same choice between other parts.</summary>
    public Select With(Expr condition, Expr then, Expr @else) => new(condition, then, @else, Rare);
}

/// <summary>Reads a buffer. A vector load has one index of several lanes (the last for a row-major buffer). Lanes whose
/// <paramref name="predicate"/> is false are not read and give 0.</summary>
public sealed class Load(Buffer buffer, ImmutableArray<Expr> indices, Expr? predicate = null)
    : Expr(new(buffer.Type, LanesOf(indices)), HashMix.Of(9, buffer.GetHashCode(), HashMix.Of(10, indices), predicate?.Hash ?? 0))
{
    public Buffer Buffer { get; } = buffer;
    public ImmutableArray<Expr> Indices { get; } = indices;
    public Expr? Predicate { get; } = predicate;
    internal static int LanesOf(ImmutableArray<Expr> indices)
    {
        int lanes = 1;
        foreach (var i in indices) lanes = Math.Max(lanes, i.Type.Lanes);
        return lanes;
    }
}

/// <summary><c>base, base + stride, …</c>: an index of several lanes (base and stride have one lane each).</summary>
public sealed class Ramp(Expr @base, Expr stride, int lanes) : Expr(@base.Type.WithLanes(lanes), HashMix.Of(11 + (lanes << 8), @base.Hash, stride.Hash))
{
    public Expr Base { get; } = @base;
    public Expr Stride { get; } = stride;
}

/// <summary>One value in every lane.</summary>
public sealed class Broadcast(Expr value, int lanes) : Expr(value.Type.WithLanes(lanes), HashMix.Of(12 + (lanes << 8), value.Hash))
{
    public Expr Value { get; } = value;
}

/// <summary>Combines all lanes of a vector into one value, in an unspecified order.</summary>
public sealed class LaneReduce(BinaryOp op, Expr vector) : Expr(vector.Type.WithLanes(1), HashMix.Of(13 + ((int)op << 8), vector.Hash))
{
    public BinaryOp Op { get; } = op;
    public Expr Vector { get; } = vector;
}

/// <summary><c>let v = value in body</c>: shares a value inside an expression.</summary>
public sealed class Let(Var variable, Expr value, Expr body) : Expr(body.Type, HashMix.Of(14, variable.Hash, value.Hash, body.Hash))
{
    public Var Variable { get; } = variable;
    public Expr Value { get; } = value;
    public Expr Body { get; } = body;
}

/// <summary>Hashes that are the same in every process (the runtime's own are randomised).</summary>
internal static class HashMix
{
    public static int Of(int a) => unchecked((int)((uint)a * 0x9E3779B1u));
    public static int Of(int a, int b) => unchecked((int)(((uint)Of(a) ^ (uint)b) * 0x85EBCA6Bu + 0xC2B2AE35u));
    public static int Of(int a, int b, int c) => Of(Of(a, b), c);
    public static int Of(int a, int b, int c, int d) => Of(Of(a, b, c), d);
    public static int Of(int kind, ImmutableArray<Expr> items)
    {
        int h = kind;
        foreach (var e in items) h = Of(h, e.Hash);
        return h;
    }
    public static int Of(string text)
    {
        uint h = 2166136261;
        foreach (char c in text) h = unchecked((h ^ c) * 16777619);
        return unchecked((int)h);
    }
}
