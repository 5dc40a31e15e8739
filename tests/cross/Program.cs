using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Tx;
using Tx.Core;
using Tx.Cross;
using Tx.Fuzz;
using Tx.Fuzz.CPrograms;

// Builds each operator of the library as C, for one choice of sizes and for all, runs it on each platform and compares with the reference evaluator.
// Usage: Tx.Cross ROOT [FILTER]: ROOT is the repository, FILTER a part of an operator's or a platform's name, or `objects`: only the libraries of objects, which come last.
string root = args[0], filter = args.ElementAtOrDefault(1) ?? "";
var platforms = Platform.All(Path.Combine(root, "tests", "cross"));
int failures = 0, runs = 0;
var references = new Dictionary<Workload, RunOutcome>(ReferenceEqualityComparer.Instance);

if (filter == "objects") return ObjectLibraries.Run(root, platforms, "") ? 0 : 1;
foreach (string file in Directory.EnumerateFiles(Path.Combine(root, "lib"), "*.tx").Order(StringComparer.Ordinal))
{
    using var session = new Session(new() { Threads = 1 }, new Quiet());
    if (session.Load(file) is null)
    {
        Console.WriteLine($"{file} has errors");
        return 1;
    }
    var operators = new LibraryOperators(session);
    var own = SyntaxOperators.In(file);
    foreach (var syntax in session.Declarations.Operators.Values.Where(o => own.Contains(o.Name.Text)).OrderBy(o => o.Name.Text, StringComparer.Ordinal))
        foreach (var c in operators.Of(syntax, name => platforms.Any(p => IsWanted(name, p))))
            foreach (var platform in platforms)
                if (IsWanted(c.Name, platform)) Compare(session, c, platform);
}
if (platforms[^1] is { Counts: true } m7 && ("conv2d_s8".Contains(filter, StringComparison.Ordinal) || filter == "count")) failures += ConvolutionCount.Run(root, m7) ? 0 : 1;
if (!ObjectLibraries.Run(root, platforms, filter)) failures++;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs} programs in C agree with the reference, {failures} do not"));
return failures == 0 && runs > 0 ? 0 : 1;

bool IsWanted(string name, Platform platform) => $"{name}, {platform.Toolchain.Name}".Contains(filter, StringComparison.Ordinal);

void Compare(Session session, LibraryCase c, Platform platform)
{
    try
    {
        using var made = new TargetKernels(session, platform.Target);
        var one = made.Emit(c.Operator, c.Fixed.Dims, "fixed");
        var all = made.Emit(c.Operator, null, "symbolic");
        ImmutableArray<CCase> cases = [new(one, c.Fixed), .. c.Symbolic.Select(w => new CCase(all, w))];
        var results = CComparer.Execute(platform.Toolchain, cases, platform.Counts);
        for (int n = 0; n < cases.Length; n++)
        {
            if (!references.TryGetValue(cases[n].Work, out var expected)) references.Add(cases[n].Work, expected = OperatorComparer.Evaluate(cases[n].Work));
            if (OperatorComparer.Compare(expected, results[n].Outcome, cases[n].Work.Tolerance) is { } difference)
                throw new InvalidOperationException($"{(n == 0 ? "fixed" : "symbolic")}, {string.Join(" ", cases[n].Work.Dims.Select(d => $"{d.Key.Name}={d.Value}"))}: {difference}");
        }
        runs++;
        string size = platform.Counts ? string.Create(CultureInfo.InvariantCulture, $"; fixed: {made.CodeBytes(one, root)} bytes of code, {one.ArenaBytes} of arena, {results[0].Ticks} instructions") : "";
        Console.WriteLine($"{c.Name}, {platform.Toolchain.Name}: agrees{size}");
    }
    catch (Exception e) when (e is InvalidOperationException or DiagnosticException or CompilerBugException)
    {
        failures++;
        Console.WriteLine($"{c.Name}, {platform.Toolchain.Name}: FAILS: {(e is DiagnosticException d ? DiagnosticRenderer.Render(d.Diagnostics) : e.Message)}");
    }
}
