using System.Collections.Immutable;

namespace Tx.Backends.Entry;

// What an entry point of a library does before it calls its kernel, as data: straight code that computes numbers and fails. It is printed as LLVM IR
// for objects and as C for C output, so that both refuse the same calls in the same words.

internal enum EntryType { Bool, I32, I64, Pointer }

internal enum EntryOp { Add, Sub, Mul, SDiv, SRem, And, Or, Xor, Shl, AShr, Eq, Ne, Lt, Le, Gt, Ge, ULt, UGt }

/// <summary>The fields of a <c>tx_tensor</c>, in their order.</summary>
internal enum TensorField { Data, Shape, Strides, Rank, Type }

/// <summary>A value without effects.</summary>
internal abstract record EntryExpr(EntryType Type)
{
    public static readonly EntryExpr True = new EntryNumber(EntryType.Bool, 1), False = new EntryNumber(EntryType.Bool, 0);

    public static EntryExpr I64(long value) => new EntryNumber(EntryType.I64, value);
    public static EntryExpr I32(int value) => new EntryNumber(EntryType.I32, value);

    public static EntryExpr And(EntryExpr a, EntryExpr b) => a == True ? b : b == True ? a : a == False || b == False ? False : new EntryOperation(EntryOp.And, a, b);
    public static EntryExpr Or(EntryExpr a, EntryExpr b) => a == False ? b : b == False ? a : a == True || b == True ? True : new EntryOperation(EntryOp.Or, a, b);
    public static EntryExpr Not(EntryExpr a) => a is EntryNumber n ? n.Value == 0 ? True : False : new EntryOperation(EntryOp.Xor, a, True);

    /// <summary>An operation on numbers that both are known, folded; or that operation.</summary>
    public static EntryExpr Of(EntryOp op, EntryExpr a, EntryExpr b)
    {
        if (a is EntryNumber { Value: var x } && b is EntryNumber { Value: var y } && Fold(op, x, y) is { } known) return IsComparison(op) ? known != 0 ? True : False : new EntryNumber(a.Type, known);
        return new EntryOperation(op, a, b);
    }

    public static EntryExpr IsNull(EntryExpr pointer) => new EntryOperation(EntryOp.Eq, pointer, new EntryNumber(EntryType.Pointer, 0));

    public static bool IsComparison(EntryOp op) => op >= EntryOp.Eq;

    private static long? Fold(EntryOp op, long x, long y) => op switch
    {
        EntryOp.Add => unchecked(x + y),
        EntryOp.Sub => unchecked(x - y),
        EntryOp.Mul => unchecked(x * y),
        EntryOp.And => x & y,
        EntryOp.Or => x | y,
        EntryOp.Eq => x == y ? 1 : 0,
        EntryOp.Ne => x != y ? 1 : 0,
        EntryOp.Lt => x < y ? 1 : 0,
        EntryOp.Le => x <= y ? 1 : 0,
        EntryOp.Gt => x > y ? 1 : 0,
        EntryOp.Ge => x >= y ? 1 : 0,
        _ => null,
    };
}

/// <summary>A constant; of a pointer, null.</summary>
internal sealed record EntryNumber(EntryType Type, long Value) : EntryExpr(Type);

/// <summary>A parameter, or what a <see cref="EntryLet"/> has named.</summary>
internal sealed record EntryName(EntryType Type, string Id) : EntryExpr(Type);

/// <summary>64-bit numbers of two's complement, or conditions. Whoever writes it knows that it does not overflow and no divisor is 0.</summary>
internal sealed record EntryOperation(EntryOp Op, EntryExpr Left, EntryExpr Right) : EntryExpr(IsComparison(Op) ? EntryType.Bool : Left.Type);

internal sealed record EntryChoice(EntryExpr Condition, EntryExpr Then, EntryExpr Else) : EntryExpr(Then.Type);

/// <summary>A field of the tensor that an argument points to.</summary>
internal sealed record EntryField(string Argument, TensorField Field)
    : EntryExpr(Field is TensorField.Rank or TensorField.Type ? EntryType.I32 : EntryType.Pointer);

/// <summary>One of the 64-bit numbers that a pointer points to.</summary>
internal sealed record EntryElement(EntryExpr Pointer, int Index) : EntryExpr(EntryType.I64);

/// <summary>A pointer, or a number of 32 bits with its sign, as a number of 64 bits.</summary>
internal sealed record EntryWide(EntryExpr Value) : EntryExpr(EntryType.I64);

/// <summary>Why a call is refused.</summary>
/// <param name="Argument">The place of the argument, or -1.</param>
/// <param name="Text">With <c>{0}</c> … <c>{3}</c> where <paramref name="Values"/> go.</param>
internal sealed record EntryFailure(EntryCode Code, int Argument, string Text, ImmutableArray<EntryExpr> Values);

internal abstract record EntryStatement;

internal sealed record EntryLet(string Id, EntryExpr Value) : EntryStatement;

/// <summary>A sum, difference or product, and whether it does not fit in 64 bits.</summary>
internal sealed record EntryCheckedLet(string Id, string OverflowId, EntryOp Op, EntryExpr Left, EntryExpr Right) : EntryStatement;

internal sealed record EntryFailIf(EntryExpr Condition, EntryFailure Failure) : EntryStatement;

/// <summary>Names inside are not known behind it.</summary>
internal sealed record EntryWhen(EntryExpr Condition, ImmutableArray<EntryStatement> Body) : EntryStatement;

/// <summary>The codes of the library's interface: <c>TX_ERROR_NULL</c> and so on. Numbers are never changed.</summary>
public enum EntryCode
{
    Ok = 0, Null = 1, Rank = 2, Type = 3, Shape = 4, Strides = 5, Alignment = 6, Overlap = 7, Arena = 8, Size = 9, Check = 10, Cpu = 11, Launcher = 12, Internal = 13,
}
