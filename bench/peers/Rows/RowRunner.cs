using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Rows;

/// <summary>Measures rows: here with one thread, in a process for each contender with two.</summary>
internal sealed class RowRunner(Effort effort, IReadOnlyList<string> passedOn)
{
    public Outcome Run(Row row)
    {
        if (row.Skip is not null) return new(row, [], [], row.Skip, 0, 0, "");
        using var setup = row.Build();
        return row.Threads == 1 ? Together(row, setup) : Apart(row, setup);
    }

    /// <summary>The child's side of <see cref="Apart"/>: one contender, one line.</summary>
    public string RunOne(Row row, string name)
    {
        using var setup = row.Build();
        var contender = setup.Contenders.First(c => c.Name == name);
        double error = Check(setup, contender);
        var timing = Rounds.Alone(contender, effort);
        return JsonSerializer.Serialize(new OneResult(timing.Median, timing.Min, timing.Spread, timing.Rounds, double.IsFinite(error) ? error : 1e300), PlainJson.Default.OneResult);
    }

    private Outcome Together(Row row, Setup setup)
    {
        double[] errors = [.. setup.Contenders.Select(c => Check(setup, c))];
        var timings = Rounds.Interleaved(setup.Contenders, effort);
        Measured[] measured = [.. setup.Contenders.Select((c, i) => new Measured(c.Name, c.Side, timings[i], errors[i]))];
        var peak = measured.FirstOrDefault(m => m.Name == "peak");
        var copies = measured.Where(m => m.Side == Side.Roof && m.Name != "peak").ToArray();
        return new(row, measured, setup.Missing, setup.NoOperator, setup.Flop, setup.Bytes, setup.Bound)
        {
            IsByBytes = peak is null,
            Roof = peak is not null ? setup.Contenders.First(c => c.Name == "peak").Work / peak.Timing.Median : copies.Length > 0 ? setup.Bytes / copies.Min(c => c.Timing.Median) : null,
        };
    }

    // Idle threads of one library's pool would spin on the core that another one needs.
    private Outcome Apart(Row row, Setup setup)
    {
        Measured[] measured = [.. Rounds.Look(setup.Contenders).Live.Select(i => setup.Contenders[i]).Where(c => c.Side != Side.Roof).Select(c => Child(row, c, row.Threads))];
        double? scaling = null;
        if (measured.FirstOrDefault(m => m.Side == Side.Tx) is { } both)
            scaling = Child(row, setup.Contenders.First(c => c.Side == Side.Tx), 1).Timing.Median / both.Timing.Median;
        return new(row, measured, setup.Missing, setup.NoOperator, setup.Flop, setup.Bytes, setup.Bound) { Scaling = scaling };
    }

    private Measured Child(Row row, Contender contender, int threads)
    {
        string count = threads.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(RowRunner).Assembly.Location);
        foreach (string argument in (string[])["--one", contender.Name, "--threads", count, row.Family, "--row", row.Name, .. passedOn]) start.ArgumentList.Add(argument);
        foreach (string variable in Variables) start.Environment[variable] = count;
        using var child = Process.Start(start)!;
        string text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0) return new(contender.Name, contender.Side, new(double.MaxValue, double.MaxValue, 0, 0), double.PositiveInfinity);
        var one = JsonSerializer.Deserialize(text, PlainJson.Default.OneResult)!;
        return new(contender.Name, contender.Side, new(one.Median, one.Min, one.Spread, one.Rounds), one.Error);
    }

    private static readonly string[] Variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "HL_NUM_THREADS"];

    private static double Check(Setup setup, Contender contender)
    {
        if (contender.Side == Side.Roof) return double.NaN;
        setup.Clear();
        contender.Run();
        contender.Publish?.Invoke();
        return setup.Error();
    }
}

/// <summary>What a child says.</summary>
internal sealed record OneResult(double Median, double Min, double Spread, int Rounds, double Error);
