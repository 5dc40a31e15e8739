using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tx.Repl.Jupyter;

/// <summary><c>name?</c> or <c>?name</c> as a whole cell: what is known of the name, in the client's pager, as notebooks of other languages have it.</summary>
internal static partial class PageQuestion
{
    public static string? NameIn(string cell) => Question().Match(cell) is { Success: true } match ? match.Groups["name"].Value : null;

    /// <param name="markdown">What is known; null for nothing.</param>
    public static JsonObject Page(string name, string? markdown)
    {
        string text = markdown ?? $"nothing is known of `{name}`";
        return new() { ["source"] = "page", ["data"] = new JsonObject { ["text/plain"] = LanguageAnswers.Plain(text), ["text/markdown"] = text }, ["start"] = 0 };
    }

    [GeneratedRegex(@"^\s*(?:\?(?<name>[A-Za-z_]\w*)|(?<name>[A-Za-z_]\w*)\?)\s*$")]
    private static partial Regex Question();
}
