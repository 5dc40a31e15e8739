using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Tx.Mutants;

// Breaks one thing at a time in a copy of the source, and shows that random programs find it: dotnet run --project tests/mutants [NAME…]
const ulong seed = 1;
const int count = 5000;

string root = Environment.CurrentDirectory;
while (!File.Exists(Path.Combine(root, "Dsl.sln"))) root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("no folder above holds Dsl.sln");
var mutants = Mutant.Read(Path.Combine(root, "tests", "mutants")).Where(m => args.Length == 0 || args.Any(a => m.Name.Contains(a, StringComparison.Ordinal))).ToList();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mutants.Count} mutants, each with up to {count} programs from seed {seed}"));

var left = new ConcurrentQueue<Mutant>(mutants);
int survivors = 0;
void Work()
{
    using var workshop = new Workshop(root);
    workshop.Prepare(seed);
    while (left.TryDequeue(out var mutant))
    {
        var watch = Stopwatch.StartNew();
        string line;
        try
        {
            var outcome = workshop.Try(mutant, seed, count);
            if (outcome.Programs is null) Interlocked.Increment(ref survivors);
            line = outcome.Programs is { } n ? string.Create(CultureInfo.InvariantCulture, $"found after {n,4}  {mutant.Name}: {outcome.What}") : $"SURVIVES          {mutant.Name}: {mutant.Breaks}";
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidDataException or IOException)
        {
            Interlocked.Increment(ref survivors);
            line = $"ERROR             {e.Message}";
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{line}  ({watch.Elapsed.TotalSeconds:0} s)"));
    }
}

var workers = Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount / 2, 1, 4)).Select(_ => new Thread(Work)).ToList();
workers.ForEach(w => w.Start());
workers.ForEach(w => w.Join());
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{mutants.Count - survivors} of {mutants.Count} found"));
return survivors == 0 && mutants.Count > 0 ? 0 : 1;
