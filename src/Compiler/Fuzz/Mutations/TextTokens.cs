using System.Text.RegularExpressions;
using Tx.Core;

namespace Tx.Fuzz.Mutations;

/// <summary>A rough split of a text into tokens: good enough to mutate at, and of any text.</summary>
internal static partial class TextTokens
{
    public static List<TextSpan> Split(string text) => [.. Token().Matches(text).Select(m => new TextSpan(m.Index, m.Length))];

    [GeneratedRegex("""//[^\n]*|"[^"\n]*"|[A-Za-z_]\w*|\d[\w]*(?:\.\d[\w]*)?|\?\?|\.\.|->|<<|>>|&&|\|\||[-+*&|^<>=!]=|\n|[^\s]""")]
    private static partial Regex Token();
}
