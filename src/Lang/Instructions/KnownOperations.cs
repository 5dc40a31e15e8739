using System.Collections.Frozen;

namespace Tx.Lang.Instructions;

/// <summary>LLVM's own operations that an <c>emit</c> may name: on vectors of integers or floats, on every processor.</summary>
internal static class KnownOperations
{
    private static readonly FrozenSet<string> s_conversions = new[] { "zext", "sext", "trunc" }.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> s_floats = new[] { "fadd", "fsub", "fmul" }.ToFrozenSet(StringComparer.Ordinal);
    private static readonly FrozenSet<string> s_all =
        new[] { "add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr", "shufflevector", "bitcast" }.Concat(s_conversions).Concat(s_floats).ToFrozenSet(StringComparer.Ordinal);

    public static IEnumerable<string> Names => s_all;

    public static bool Contains(string word) => s_all.Contains(word);
    public static bool IsConversion(string word) => s_conversions.Contains(word);
    public static bool IsFloat(string word) => s_floats.Contains(word);
}
