using System.Collections.Frozen;
using System.Text;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>The words of printed loop IR, shared by its printer and parser.</summary>
internal static class IrWords
{
    private static readonly FrozenSet<string> s_reserved = new[]
    {
        "module", "func", "target", "message", "temp", "in", "out", "layout", "of", "packs", "memory", "device", "local", "register", "shared", "named",
        "for", "axis", "lanes", "if", "else", "stream", "let", "alloc", "check", "instance", "reduce", "opaque", "reassociate", "reads", "writes", "init", "instruction", "launch", "grid", "block",
        "barrier", "copy", "push", "pop", "fence", "prefetch", "parallel", "vectorized", "unrolled", "virtual", "bound",
        "true", "false", "inf", "nan", "nan_bits", "select", "select_rare", "ramp", "broadcast", "saturate", "bits", "trunc_div", "trunc_mod", "min", "max",
    }.Concat(Enum.GetValues<ElementType>().Select(t => t.Name)).Concat(Enum.GetValues<Intrinsic>().Select(f => f.Name)).ToFrozenSet(StringComparer.Ordinal);

    public static bool IsReserved(string word) =>
        s_reserved.Contains(word) || word.StartsWith("inf_", StringComparison.Ordinal) || word.StartsWith("nan_", StringComparison.Ordinal);

    public static bool StartsWord(char c) => char.IsLetter(c) || c == '_';
    public static bool ContinuesWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    /// <summary>The name as a word: letters, digits, underscores, and dots before a letter or underscore; anything else becomes an underscore.</summary>
    public static string Clean(string name)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            char c = name[i];
            bool dot = c == '.' && i > 0 && i + 1 < name.Length && StartsWord(name[i + 1]) && name[i - 1] != '.';
            if (text.Length == 0 && !StartsWord(c)) text.Append('_');
            if (dot || ContinuesWord(c)) text.Append(c);
            else if (text.Length > 0 && !(i == 0 && text[^1] == '_')) text.Append('_');
        }
        return text.Length == 0 ? "_" : text.ToString();
    }
}
