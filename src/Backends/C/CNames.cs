using System.Globalization;
using System.Text;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

/// <summary>Identifiers of C for the names of a program, each used once in its scope.</summary>
internal sealed class CNames
{
    private static readonly HashSet<string> s_reserved = new(StringComparer.Ordinal)
    {
        "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
        "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "asm", "typeof", "main",
        // C++ reads a header; macros of old compilers' headers and of the processor's own.
        "bool", "true", "false", "class", "new", "delete", "this", "template", "namespace", "operator", "private", "public", "protected", "try", "catch", "throw", "using", "virtual",
        "alignas", "alignof", "constexpr", "nullptr", "static_assert", "thread_local", "linux", "unix", "NULL", "arena", "fail",
    };

    private readonly HashSet<string> _used;
    private readonly Dictionary<object, string> _names = new(ReferenceEqualityComparer.Instance);

    /// <param name="outer">Names that are taken around.</param>
    public CNames(IEnumerable<string>? outer = null) => _used = new(outer ?? [], StringComparer.Ordinal);

    public string Of(Lower.Ir.Buffer b) => Of(b, b.Name);
    public string Of(Var v) => Of(v, v.Name);

    /// <summary>A new name.</summary>
    public string Fresh(string hint)
    {
        string name = Identifier(hint), result = name;
        for (int n = 1; !_used.Add(result); n++) result = $"{name}_{n.ToString(CultureInfo.InvariantCulture)}";
        return result;
    }

    private string Of(object key, string hint)
    {
        if (!_names.TryGetValue(key, out var name)) _names.Add(key, name = Fresh(hint));
        return name;
    }

    /// <summary>Letters and digits of ASCII stay, a dot is an underscore, anything else is its number.</summary>
    public static string Identifier(string name)
    {
        var text = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
            if (rune.Value < 128 && (Rune.IsLetterOrDigit(rune) || rune.Value == '_')) text.Append((char)rune.Value);
            else if (rune.Value < 128) text.Append('_');
            else text.Append(CultureInfo.InvariantCulture, $"u{rune.Value:x}");
        string result = text.ToString();
        if (result.Length == 0 || char.IsAsciiDigit(result[0]) || result[0] == '_') result = "v" + result;
        return s_reserved.Contains(result) || result.StartsWith("tx_", StringComparison.Ordinal) || result.StartsWith("TX_", StringComparison.Ordinal) || IsMacro(result) ? result + "_" : result;
    }

    // INT32_MAX and its kin.
    private static bool IsMacro(string name) => name.StartsWith("INT", StringComparison.Ordinal) || name.StartsWith("UINT", StringComparison.Ordinal)
        || (name.StartsWith("int", StringComparison.Ordinal) || name.StartsWith("uint", StringComparison.Ordinal)) && name.EndsWith("_t", StringComparison.Ordinal);
}
