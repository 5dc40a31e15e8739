using System.Text.Json;

namespace Tx.Mutants;

/// <summary>One thing broken in the compiler, as an edit of its source.</summary>
/// <param name="Symbolic">Looked for in kernels for all sizes, where loops run in parallel however short they are.</param>
/// <param name="Schedules">Looked for by random schedules for random programs.</param>
/// <param name="Find">Stands exactly once in <paramref name="File"/>.</param>
internal sealed record Mutant(string Name, string Breaks, string File, string Find, string Replace, bool Symbolic = false, bool Schedules = false)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    public static List<Mutant> Read(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).SelectMany(f => JsonSerializer.Deserialize<List<Mutant>>(System.IO.File.ReadAllText(f), Format)!)];

    /// <summary>The source with the edit.</summary>
    public string Apply(string source)
    {
        int at = source.IndexOf(Find, StringComparison.Ordinal);
        if (at < 0 || source.IndexOf(Find, at + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidDataException($"{Name}: `{Find}` does not stand exactly once in {File}");
        return string.Concat(source.AsSpan(0, at), Replace, source.AsSpan(at + Find.Length));
    }
}
