using System.Globalization;
using Tx.Fuzz.Schedules;

namespace Tx.Repl.Commands;

/// <summary><c>tx fuzz --schedules</c>.</summary>
internal sealed class ScheduleFuzz(TextWriter output, TextWriter error)
{
    /// <summary>Prints the pairs and runs nothing.</summary>
    public bool Shows { get; init; }
    /// <summary>Only applies the schedules, and prints what they hold.</summary>
    public bool Covers { get; init; }
    public bool Stops { get; init; }
    public bool EveryStep { get; init; }
    /// <summary>Where the first failure goes as a case; null: nowhere.</summary>
    public string? Folder { get; init; }
    public bool IsJson { get; init; }

    public int Run(ulong first, int count)
    {
        using var runner = new ScheduleRunner { EveryStep = EveryStep };
        if (Shows)
        {
            for (int n = 0; n < count; n++)
            {
                var outcome = runner.Run(unchecked(first + (ulong)n), execute: false);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// seed {outcome.Pair.Seed}, {(outcome.Pair.IsSymbolic ? "all sizes" : outcome.Pair.SizesText)}, {(outcome.IsAccepted ? "accepted" : "refused")}\n{outcome.Pair.Text}"));
            }
            return CommandLineApp.Fine;
        }
        var campaign = new ScheduleCampaign(runner) { OnlyApplies = Covers, Permutes = !Covers };
        ScheduleFailure? found = null;
        int done = campaign.Run(first, count, Stops, failure =>
        {
            found ??= failure;
            error.WriteLine(failure);
        }, Console.IsErrorRedirected ? null : error.WriteLine);
        var statistics = campaign.Statistics;
        if (found is not null && Folder is not null) Shrink(runner, found);
        if (IsJson) output.WriteLine(statistics.PrintJson());
        else if (Covers) output.Write(statistics.Print());
        if (found is not null && Stops) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {found.Pair.Seed}: failure after {done} programs"));
        else if (!IsJson)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"seeds {first}..{unchecked(first + (ulong)count)}: {statistics.Pairs} pairs, {statistics.Accepted} accepted, {statistics.TooLong} too long, {campaign.Permuted} with steps exchanged, {statistics.Failed} fail"));
        return found is null ? CommandLineApp.Fine : CommandLineApp.ProgramFault;
    }

    private void Shrink(ScheduleRunner runner, ScheduleFailure failure)
    {
        var shrinker = new ScheduleShrinker(pair => runner.Run(pair).Failure);
        var smallest = shrinker.Shrink(failure);
        Directory.CreateDirectory(Folder!);
        string path = Path.Combine(Folder!, string.Create(CultureInfo.InvariantCulture, $"schedule_{failure.Pair.Seed}.tx"));
        File.WriteAllText(path, RegressionCase.Write(smallest));
        error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{smallest}\n{path}, after {shrinker.Tries} tries"));
    }
}
