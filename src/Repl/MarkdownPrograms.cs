using System.Text;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Formatting;

namespace Tx.Repl;

/// <summary>The programs in a Markdown page: blocks that begin with <c>```tx</c>.</summary>
internal static partial class MarkdownPrograms
{
    /// <summary>The page with its programs laid out. One with syntax errors stays as it is: a page may show what is wrong.</summary>
    public static string Format(SourceText page)
    {
        var text = new StringBuilder();
        int end = 0;
        foreach (Match block in Block().Matches(page.Text))
        {
            var program = block.Groups["program"];
            text.Append(page.Text, end, program.Index - end);
            text.Append(SourceFormatter.Format(new(page.Path, program.Value)).Text ?? program.Value);
            end = program.Index + program.Length;
        }
        return text.Append(page.Text, end, page.Text.Length - end).ToString();
    }

    [GeneratedRegex(@"^```tx\r?\n(?<program>(?:.*\n)*?)```\r?$", RegexOptions.Multiline)]
    private static partial Regex Block();
}
