using System.Collections.Immutable;
using System.Globalization;
using System.IO.Enumeration;
using Tx.Core;

namespace Tx.Bench.Peers.Rows;

/// <summary>What the command line puts in place of the table's entries.</summary>
internal sealed record Overrides(string? File, string? Operator, string? Schedule, ImmutableSortedDictionary<string, long>? Knobs);

/// <summary>An entry of <c>operators.txt</c>.</summary>
internal sealed record OperatorEntry(string File, string Operator, string? Schedule, ImmutableArray<(string Dim, string Size)> Sizes, ImmutableArray<(string Name, string Value)> Consts);

/// <summary>A line that asks something of rows whose names fit a pattern with <c>*</c>.</summary>
internal sealed record Criterion(string Kind, string Family, string Rows, double Value)
{
    public bool Holds(Row row) => row.Family == Family && FileSystemName.MatchesSimpleExpression(Rows, row.Name);
}

/// <summary>Finds and compiles the operators that <c>operators.txt</c> names.</summary>
internal sealed class OperatorTable : IDisposable
{
    private readonly string _root;
    private readonly Overrides _overrides;
    private readonly (Dictionary<string, OperatorEntry> Entries, ImmutableArray<Criterion> Criteria) _table;
    private readonly Dictionary<string, (Session? Session, string Reason)> _sessions = [];

    public OperatorTable(string root, Overrides overrides) =>
        (_root, _overrides, _table) = (root, overrides, Read(Path.Combine(root, "bench", "peers", "operators.txt")));

    public string Root => _root;

    /// <summary>The row with what is asked of it; the last line that holds counts.</summary>
    public Row WithCriteria(Row row) => row with
    {
        Wanted = _table.Criteria.LastOrDefault(c => c.Kind == "least" && c.Holds(row))?.Value,
        MostMicroseconds = _table.Criteria.LastOrDefault(c => c.Kind == "most" && c.Holds(row))?.Value,
    };

    public IEnumerable<Criterion> Means => _table.Criteria.Where(c => c.Kind == "mean");

    public bool Has(string key) => _table.Entries.ContainsKey(key);

    /// <summary>The kernel of an entry for the sizes of a row, or why there is none.</summary>
    public (TxOperator? Operator, string Reason) Find(string key, IReadOnlyDictionary<string, long> sizes)
    {
        if (!_table.Entries.TryGetValue(key, out var entry)) return (null, $"operators.txt has no `{key}`");
        entry = entry with { File = _overrides.File ?? entry.File };
        if (!IsLayout(key)) entry = entry with { Operator = _overrides.Operator ?? entry.Operator, Schedule = _overrides.Schedule ?? entry.Schedule };
        string path = Path.GetFullPath(entry.File, _root);
        if (!File.Exists(path)) return (null, $"no operator yet: no file {entry.File}");
        var (session, reason) = Open(path, [.. entry.Consts.Select(c => (c.Name, SizeOf(c.Value, sizes)))]);
        if (session is null) return (null, reason);
        try
        {
            var dims = entry.Sizes.ToImmutableDictionary(s => s.Dim, s => SizeOf(s.Size, sizes));
            return (new TxOperator(OperatorRequest.Find(session, entry.Operator, dims, entry.Schedule, entry.Schedule is null || IsLayout(key) ? null : _overrides.Knobs).Compile()), "");
        }
        catch (RequestException e) { return (null, e.Message.Contains("has no operator", StringComparison.Ordinal) ? $"no operator yet: {entry.Operator} in {entry.File}" : e.Message); }
        catch (DiagnosticException e) { return (null, string.Join("; ", e.Diagnostics.Select(d => $"{d.Code} {d.Message}"))); }
    }

    private static bool IsLayout(string key) => key.EndsWith(".pack", StringComparison.Ordinal) || key.EndsWith(".pack0", StringComparison.Ordinal) || key.EndsWith(".unpack", StringComparison.Ordinal);

    private (Session?, string) Open(string path, ImmutableArray<(string Name, long Value)> consts)
    {
        string key = $"{path} {string.Join(',', consts)}";
        if (_sessions.TryGetValue(key, out var known)) return known;
        var output = new Complaints();
        var session = new Session(new SessionOptions { Defines = consts.ToImmutableDictionary(c => c.Name, c => Scalar.Index(c.Value)) }, output);
        (Session?, string) opened = session.Open(path) is null ? (null, $"{Path.GetFileName(path)}: {string.Join("; ", output.Messages)}") : (session, "");
        _sessions.Add(key, opened);
        return opened;
    }

    // `n`, `16`, `n/16` (rounded up), `n<16` (at most 16).
    private static long SizeOf(string text, IReadOnlyDictionary<string, long> sizes)
    {
        if (text.Split('<', 2) is [var size0, var most]) return Math.Min(SizeOf(size0, sizes), SizeOf(most, sizes));
        string[] parts = text.Split('/', 2);
        long n = sizes.TryGetValue(parts[0], out long size) ? size : long.Parse(parts[0], CultureInfo.InvariantCulture);
        long by = parts.Length == 1 ? 1 : long.Parse(parts[1], CultureInfo.InvariantCulture);
        return (n + by - 1) / by;
    }

    private static (Dictionary<string, OperatorEntry>, ImmutableArray<Criterion>) Read(string path)
    {
        var entries = new Dictionary<string, OperatorEntry>();
        var criteria = ImmutableArray.CreateBuilder<Criterion>();
        foreach (string line in File.ReadLines(path))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 3 || words[0].StartsWith('#')) continue;
            if (words is ["least" or "mean" or "most", var family, var rows, var value])
            {
                criteria.Add(new(words[0], family, rows, double.Parse(value, CultureInfo.InvariantCulture)));
                continue;
            }
            var sizes = ImmutableArray.CreateBuilder<(string, string)>();
            var consts = ImmutableArray.CreateBuilder<(string, string)>();
            for (int i = 3; i < words.Length; i++)
            {
                bool isConst = words[i] == "-D";
                string[] pair = words[isConst ? ++i : i].Split('=', 2);
                (isConst ? consts : sizes).Add((pair[0], pair[1]));
            }
            string[] name = words[2].Split('/', 2);
            entries.Add(words[0], new(words[1], name[0], name.Length > 1 ? name[1] : null, sizes.ToImmutable(), consts.ToImmutable()));
        }
        return (entries, criteria.ToImmutable());
    }

    public void Dispose()
    {
        foreach (var (session, _) in _sessions.Values) session?.Dispose();
    }

    private sealed class Complaints : ISessionOutput
    {
        public List<string> Messages { get; } = [];
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
        public void Report(Diagnostic diagnostic) { if (diagnostic.IsError) Messages.Add($"{diagnostic.Code} {diagnostic.Message}"); }
    }
}
