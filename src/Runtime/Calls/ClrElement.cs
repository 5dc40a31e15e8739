using Tx.Core;

namespace Tx.Runtime;

/// <summary>Element types of .NET types of the same width and meaning. .NET has no type for <c>bf16</c> (a <c>ushort</c> holds its bits) nor for packed integers
/// (a <c>byte</c> holds several).</summary>
internal static class ClrElement
{
    /// <exception cref="DiagnosticException">TX5301.</exception>
    public static ElementType Of<T>() =>
        // The compiler for a value type T folds all of this into one constant.
        typeof(T) == typeof(float) ? ElementType.F32 : typeof(T) == typeof(double) ? ElementType.F64 : typeof(T) == typeof(Half) ? ElementType.F16
        : typeof(T) == typeof(int) ? ElementType.I32 : typeof(T) == typeof(byte) ? ElementType.U8 : typeof(T) == typeof(sbyte) ? ElementType.I8
        : typeof(T) == typeof(long) ? ElementType.I64 : typeof(T) == typeof(short) ? ElementType.I16 : typeof(T) == typeof(ushort) ? ElementType.U16
        : typeof(T) == typeof(uint) ? ElementType.U32 : typeof(T) == typeof(ulong) ? ElementType.U64 : typeof(T) == typeof(bool) ? ElementType.Bool
        : throw Refuse(typeof(T));

    /// <exception cref="DiagnosticException">TX5301.</exception>
    public static ElementType Of(Array array) => Of(array.GetType().GetElementType()!);

    private static ElementType Of(Type type) =>
        type == typeof(float) ? ElementType.F32 : type == typeof(double) ? ElementType.F64 : type == typeof(Half) ? ElementType.F16
        : type == typeof(int) ? ElementType.I32 : type == typeof(byte) ? ElementType.U8 : type == typeof(sbyte) ? ElementType.I8
        : type == typeof(long) ? ElementType.I64 : type == typeof(short) ? ElementType.I16 : type == typeof(ushort) ? ElementType.U16
        : type == typeof(uint) ? ElementType.U32 : type == typeof(ulong) ? ElementType.U64 : type == typeof(bool) ? ElementType.Bool
        : throw Refuse(type);

    private static DiagnosticException Refuse(Type type) => new(CallDiagnostics.ClrType, null, type.Name);
}
