using System.Globalization;
using System.Text.RegularExpressions;

namespace Tx.Build;

/// <summary>Names that C, C++ and C# admit.</summary>
internal static partial class CNames
{
    // Words of C and C++, macros of their headers, and what an entry point's other parameters are called.
    private static readonly HashSet<string> Reserved = [.. """
        alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const constexpr continue decltype default delete do double dynamic_cast else enum
        explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
        reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename
        union unsigned using virtual void volatile wchar_t while xor xor_eq I NULL EOF errno stdin stdout stderr unix linux complex imaginary assert
        arena arena_bytes status launcher workers
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];

    public static bool IsIdentifier(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_');

    public static bool IsReserved(string name) => Reserved.Contains(name) || Local().IsMatch(name);

    // What an entry point in C calls its own variables.
    [GeneratedRegex(@"^s\d+(_over)?$|_(at|bytes|over|\d+)$|^tx_|^TX_|^u?int\d*_t$|^fail$|^size_t$")]
    private static partial Regex Local();

    /// <summary>Names for parameters: their own where C admits them.</summary>
    public static IReadOnlyList<string> Parameters(IEnumerable<string> names)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<string>();
        foreach (string name in names)
        {
            string given = !IsIdentifier(name) || name.StartsWith('_') ? string.Create(CultureInfo.InvariantCulture, $"arg{result.Count}") : IsReserved(name) ? name + "_" : name;
            while (!taken.Add(given)) given += "_";
            result.Add(given);
        }
        return result;
    }

    /// <summary>A name made of any text: what is no letter becomes an underscore.</summary>
    public static string From(string text)
    {
        string name = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return name.Length == 0 || char.IsAsciiDigit(name[0]) ? "lib" + name : name;
    }

    /// <summary><c>matmul_M64</c> as <c>MatmulM64</c>.</summary>
    public static string Pascal(string name) => string.Concat(name.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
}
