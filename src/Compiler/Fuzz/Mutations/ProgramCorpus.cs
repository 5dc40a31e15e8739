using System.Text.RegularExpressions;

namespace Tx.Fuzz.Mutations;

/// <summary>Valid programs to mutate.</summary>
public static partial class ProgramCorpus
{
    /// <summary>The programs below a folder: <c>.tx</c> files, and the <c>tx</c> blocks of <c>.md</c> files.</summary>
    public static IEnumerable<(string Path, string Text)> Read(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (file.EndsWith(".tx", StringComparison.Ordinal)) yield return (file, File.ReadAllText(file));
            if (!file.EndsWith(".md", StringComparison.Ordinal)) continue;
            foreach (Match block in Block().Matches(File.ReadAllText(file))) yield return (file, block.Groups["program"].Value);
        }
    }

    [GeneratedRegex(@"^```tx\n(?<program>(?:.*\n)*?)```$", RegexOptions.Multiline)]
    private static partial Regex Block();
}
