using System.CommandLine;
using System.Globalization;
using Tx.Core;
using Tx.Fuzz;
using Tx.Fuzz.Mutations;
using Tx.Fuzz.Schedules;

namespace Tx.Repl.Commands;

internal static class FuzzCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var seed = new Option<ulong>("--seed") { Description = "the first seed", HelpName = "S", DefaultValueFactory = _ => 1 };
        var count = new Option<int>("--count") { Description = "how many programs", HelpName = "N", DefaultValueFactory = _ => 100 };
        var show = new Option<bool>("--show") { Description = "print the programs instead of running them" };
        var vector = new Option<int?>("--vector") { Description = "schedule for vectors of this many bytes (default: the machine's)", HelpName = "BYTES" };
        var symbolic = new Option<bool>("--symbolic") { Description = "compile each program once for all sizes, and run it at several" };
        var stop = new Option<bool>("--first") { Description = "stop at the first failure" };
        var coverage = new Option<bool>("--coverage") { Description = "print which constructs of the language occur in how many programs, without running them" };
        var mutate = new Option<string[]>("--mutate") { Description = "mutate the programs in these folders, and random ones", HelpName = "FOLDER", Arity = ArgumentArity.ZeroOrMore, AllowMultipleArgumentsPerToken = true };
        var schedules = new Option<bool>("--schedules") { Description = "random schedules for random programs; with --coverage which steps they have" };
        var steps = new Option<bool>("--every-step") { Description = "with --schedules: run the nests after every step" };
        var shrink = new Option<string?>("--shrink") { Description = "with --schedules: make the first failure smaller and write it into this folder", HelpName = "FOLDER" };
        var inC = new Option<bool>("--c") { Description = "run each program in C, too: scheduled for this machine and for a microcontroller, compiled here with sanitizers" };
        var json = Arguments.Json();
        var command = new Command("fuzz", "Runs random programs by the reference evaluator, the loop interpreter after every pass, and as kernels, and compares.") { seed, count, show, vector, symbolic, stop, coverage, mutate, schedules, steps, shrink, inC, json };
        command.SetAction(parsed =>
        {
            ulong first = parsed.GetValue(seed);
            int n = parsed.GetValue(count);
            if (n < 0) throw new RequestException($"--count {n} is negative");
            if (parsed.GetResult(mutate) is not null) return Mutate(parsed.GetValue(mutate) ?? [], first, n, parsed.GetValue(show), output, error);
            if (parsed.GetValue(schedules))
                return new ScheduleFuzz(output, error)
                {
                    Shows = parsed.GetValue(show), Covers = parsed.GetValue(coverage), Stops = parsed.GetValue(stop) || parsed.GetValue(shrink) is not null, EveryStep = parsed.GetValue(steps),
                    Folder = parsed.GetValue(shrink), IsJson = parsed.GetValue(json),
                }.Run(first, n);
            if (parsed.GetValue(coverage))
            {
                var constructs = new ConstructCoverage();
                for (int i = 0; i < n; i++) constructs.Add(ProgramGenerator.Generate(unchecked(first + (ulong)i)));
                output.Write(constructs.Print());
                return CommandLineApp.Fine;
            }
            if (parsed.GetValue(show))
            {
                for (int i = 0; i < n; i++) output.WriteLine(ProgramGenerator.Generate(unchecked(first + (ulong)i)).Text);
                return CommandLineApp.Fine;
            }
            int failures = 0;
            if (parsed.GetValue(vector) is { } bytes && bytes is not (16 or 32 or 64)) throw new RequestException($"--vector {bytes} is not 16, 32 or 64");
            var host = CpuTarget.Host();
            using var runner = new DifferentialRunner(parsed.GetValue(vector) is { } width ? host with { VectorBytes = width, VectorRegisters = width == 64 ? 32 : 16 } : host, parsed.GetValue(symbolic), inC: parsed.GetValue(inC));
            for (int i = 0; i < n; i++)
            {
                if (runner.Run(ProgramGenerator.Generate(unchecked(first + (ulong)i))) is not { } failure) continue;
                failures++;
                error.WriteLine(failure);
                if (!parsed.GetValue(stop)) continue;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {unchecked(first + (ulong)i)}: failure after {i + 1} programs"));
                return CommandLineApp.ProgramFault;
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds {first}..{unchecked(first + (ulong)n)}: {n - failures} programs agree, {failures} fail"));
            return failures == 0 ? CommandLineApp.Fine : CommandLineApp.ProgramFault;
        });
        return command;
    }

    private static int Mutate(string[] folders, ulong first, int count, bool show, TextWriter output, TextWriter error)
    {
        foreach (string folder in folders)
            if (!Directory.Exists(folder)) throw new RequestException($"--mutate {folder}: there is no such folder");
        using var runner = new MutationRunner(folders.SelectMany(ProgramCorpus.Read));
        int failures = 0;
        for (int i = 0; i < count; i++)
        {
            ulong seed = unchecked(first + (ulong)i);
            if (show) output.WriteLine(runner.Mutate(seed).Text);
            else if (runner.Run(seed) is { } failure)
            {
                failures++;
                error.WriteLine(failure);
            }
        }
        var (programs, parsed, valid, compared) = runner.Counts;
        if (!show) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds {first}..{unchecked(first + (ulong)count)}: {programs} mutated programs, {parsed} parse, {valid} are valid, {compared} operators compared, {failures} fail"));
        return failures == 0 ? CommandLineApp.Fine : CommandLineApp.ProgramFault;
    }
}
