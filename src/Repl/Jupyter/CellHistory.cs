using System.IO.Enumeration;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>The cells of this kernel with what they gave, as <c>history_request</c> asks for them. For one thread.</summary>
internal sealed class CellHistory
{
    // There is one session: that of this process.
    private const int Session = 1;
    private readonly List<(int Number, string Input, string? Output)> _entries = [];

    public void Add(int number, string input, string? output) => _entries.Add((number, input, output));

    public JsonObject Answer(JsonElement request)
    {
        bool withOutput = Json.Flag(request, "output", false);
        int? count = Json.Number(request, "n");
        IEnumerable<(int Number, string Input, string? Output)> found = Json.Text(request, "hist_access_type") switch
        {
            "range" => (Json.Number(request, "session") ?? 0) is 0 or Session ? _entries.Where(e => e.Number >= (Json.Number(request, "start") ?? 0) && e.Number < (Json.Number(request, "stop") ?? int.MaxValue)) : [],
            "search" => Last(Search(Json.Text(request, "pattern") ?? "*", Json.Flag(request, "unique", false)), count),
            _ => Last(_entries, count),
        };
        var rows = new JsonArray();
        foreach (var e in found) rows.Add(new JsonArray(Session, e.Number, withOutput ? new JsonArray(e.Input, e.Output) : JsonValue.Create(e.Input)));
        return new() { ["status"] = "ok", ["history"] = rows };
    }

    private IEnumerable<(int Number, string Input, string? Output)> Search(string pattern, bool isUnique)
    {
        var matches = _entries.Where(e => FileSystemName.MatchesSimpleExpression(pattern, e.Input, ignoreCase: false));
        // The latest of those that are alike.
        return isUnique ? matches.GroupBy(e => e.Input).Select(g => g.Last()).OrderBy(e => e.Number) : matches;
    }

    private static IEnumerable<(int Number, string Input, string? Output)> Last(IEnumerable<(int Number, string Input, string? Output)> entries, int? count) => count is { } n ? entries.TakeLast(n) : entries;
}
