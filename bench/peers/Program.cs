using System.Globalization;
using System.Text.Json;
using Tx.Bench.Peers.Families;
using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Bench.Peers.Rows;

namespace Tx.Bench.Peers;

/// <summary>Measures tx beside other libraries; <c>bench/peers/run</c> starts it.</summary>
internal static class Program
{
    private const int Fine = 0, Missed = 1, Misused = 2;
    private const int MaxTries = 3;

    private static readonly (string Name, Func<Workbench, IEnumerable<Row>> Rows)[] AllFamilies = 
        [("matmul", Matmul.Rows), ("memory", Memory.Rows), ("conv", Conv.Rows), ("int8", Int8.Rows), ("one-bit", OneBit.Rows), ("compile", CompileTime.Rows)];

    private static int Main(string[] args)
    {
        int code = Misused;
        // Expressions are walked recursively, as in the program itself.
        var thread = new Thread(() => code = Run(args), 256 << 20);
        thread.Start();
        thread.Join();
        return code;
    }

    private static int Run(string[] args)
    {
        Options options;
        try { options = Options.Parse(args); }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            Console.Error.WriteLine($"{e.Message}\n{Options.Usage}");
            return Misused;
        }
        if (options.Families.FirstOrDefault(f => !AllFamilies.Any(a => a.Name == f)) is { } unknown)
        {
            Console.Error.WriteLine($"there is no family `{unknown}`; there are {string.Join(", ", AllFamilies.Select(f => f.Name))}");
            return Misused;
        }
        string root = Environment.GetEnvironmentVariable("PEERS_ROOT") ?? Environment.CurrentDirectory;
        using var operators = new OperatorTable(root, options.Overrides);
        using var bench = new Workbench(operators, options.Threads);
        var chosen = AllFamilies.Where(f => options.Families.IsEmpty || options.Families.Contains(f.Name)).SelectMany(f => f.Rows(bench)).Select(operators.WithCriteria).ToList();
        if (options.Row is { } name)
            chosen = chosen.Any(r => r.Name == name) ? chosen.FindAll(r => r.Name == name) : chosen.FindAll(r => r.Name.Contains(name, StringComparison.Ordinal));
        if (chosen.Count == 0)
        {
            Console.Error.WriteLine($"no row is called `{options.Row}`; --list names them");
            return Misused;
        }
        if (options.IsList)
        {
            foreach (var row in chosen) Console.WriteLine($"{row.Family} {row.Name}");
            return Fine;
        }
        var runner = new RowRunner(options.IsQuick ? Effort.Quick : Effort.Usual, options.PassedOn);
        if (options.One is { } contender)
        {
            Console.WriteLine(runner.RunOne(chosen[0], contender));
            return Fine;
        }
        return Measure(options, runner, chosen, options.Row is null ? [.. operators.Means] : []);
    }

    private static int Measure(Options options, RowRunner runner, IReadOnlyList<Row> rows, IReadOnlyList<Criterion> means)
    {
        string[] libraries = [.. ((string?[])[OpenBlas.Version, Blis.Version, OneDnn.Version, OnnxRuntime.Version]).OfType<string>()];
        Console.WriteLine($"{Processor.Name}; {string.Join("; ", libraries)}");
        var table = new Table(Console.Out);
        table.Heading();
        var rowReports = new List<RowReport>();
        var last = new List<Outcome>();
        foreach (var row in rows)
        {
            int misses = 0, tries = 0;
            Outcome outcome;
            do
            {
                outcome = runner.Run(row);
                table.Line(outcome);
                if (options.HasDetails) table.Details(outcome);
                tries++;
                if (!outcome.Passes) misses++;
            }
            // A row without a figure has none the second time.
            while (options.IsGate && tries < MaxTries && misses is > 0 and < 2 && outcome.Reason is null);
            last.Add(outcome);
            rowReports.Add(Table.Report(outcome, tries) with { Passes = misses == 0 || (outcome.Reason is null && misses < 2 && tries > 1) });
        }
        Console.WriteLine();
        FamilyReport[] families = [.. last.GroupBy(o => o.Row.Family).Select(g => Table.Summary(g.Key, [.. g]) with { Failed = rowReports.Count(r => r.Family == g.Key && !r.Passes) })];
        foreach (var family in families) table.Summary(family);
        bool areMeansMet = means.Select(m => table.Mean(m, last)).ToList().TrueForAll(met => met);
        var report = new Report(Processor.Name, DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), libraries, families, rowReports);
        if (options.Json is { } json) File.WriteAllText(json, JsonSerializer.Serialize(report, PlainJson.Default.Report));
        if (options.Markdown is { } markdown) File.WriteAllText(markdown, MarkdownTables.Of(report));
        return options.IsGate && !(areMeansMet && rowReports.TrueForAll(r => r.Passes)) ? Missed : Fine;
    }
}
