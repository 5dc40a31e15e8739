using Tx.Core;

namespace Tx.Lang.Reference;

/// <summary>Gives the value of an integer or bool term for the index values in the frame.</summary>
internal delegate long IntegerCode(long[] frame);

/// <summary>Gives the value of a float term, rounded to its type.</summary>
internal delegate double RealCode(long[] frame);

/// <summary>A term made ready to run: <see cref="Real"/> for floats, <see cref="Integer"/> for all else.</summary>
internal readonly record struct Code(ElementType Type, IntegerCode? IntegerOrNull, RealCode? RealOrNull)
{
    public Code(ElementType type, IntegerCode code) : this(type, code, null) { }
    public Code(ElementType type, RealCode code) : this(type, null, code) { }

    public IntegerCode Integer => IntegerOrNull ?? throw new CompilerBugException("reference evaluator", $"{Type.Name} where an integer is expected");
    public RealCode Real => RealOrNull ?? throw new CompilerBugException("reference evaluator", $"{Type.Name} where a float is expected");

    /// <summary>The value with its type, for operations that are left to <see cref="ScalarMath"/>.</summary>
    public Func<long[], Scalar> AsScalar()
    {
        var type = Type;
        if (RealOrNull is { } real) return f => Scalar.Of(type, real(f));
        var integer = Integer;
        return f => Scalar.Of(type, integer(f));
    }

    /// <summary>Code for a value that <see cref="ScalarMath"/> computes.</summary>
    public static Code FromScalar(ElementType type, Func<long[], Scalar> value) =>
        type.IsFloat ? new(type, f => value(f).Real) : new Code(type, f => value(f).Integer);
}
