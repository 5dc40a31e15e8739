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
    {
        ImmutableArray<LibraryCase> library = [.. operators.Of(syntax, name => platforms.Any(p => IsWanted(name, p)))];
        if (library.IsEmpty) continue;
        var expected = library.SelectMany(c => c.Symbolic).ToDictionary(w => w, OperatorComparer.Evaluate);
        // The lowering uses the session, one at a time; compilers and emulators run side by side.
        var programs = platforms.Select(p => Programs(session, [.. library.Where(c => IsWanted(c.Name, p))], p)).Where(p => p is not null).ToList();
        Parallel.ForEach(programs, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, p => Compare(p!, expected));
    }
}
if (platforms[^1] is { Counts: true } m7 && ("conv2d_s8".Contains(filter, StringComparison.Ordinal) || filter == "count")) failures += ConvolutionCount.Run(root, m7) ? 0 : 1;
if (!ObjectLibraries.Run(root, platforms, filter)) failures++;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{runs} programs in C agree with the reference, {failures} do not"));
return failures == 0 && runs > 0 ? 0 : 1;

bool IsWanted(string name, Platform platform) => $"{name}, {platform.Toolchain.Name}".Contains(filter, StringComparison.Ordinal);

PlatformProgram? Programs(Session session, ImmutableArray<LibraryCase> library, Platform platform)
{
    if (library.IsEmpty) return null;
    using var made = new TargetKernels(session, platform.Target);
    try
    {
        var cases = ImmutableArray.CreateBuilder<CCase>();
        foreach (var (c, n) in library.Select((c, n) => (c, n)))
        {
            cases.Add(new(made.Emit(c.Operator, c.Fixed.Dims, $"fixed_{n}"), c.Fixed));
            var all = made.Emit(c.Operator, null, $"symbolic_{n}");
            cases.AddRange(c.Symbolic.Select(w => new CCase(all, w)));
        }
        return new(string.Join(", ", library.Select(c => c.Name)), platform, cases.ToImmutable());
    }
    catch (Exception e) when (e is InvalidOperationException or DiagnosticException or CompilerBugException)
    {
        Fail(library[0].Name, platform, e);
        return null;
    }
}

void Fail(string name, Platform platform, Exception e)
{
    Interlocked.Increment(ref failures);
    Console.WriteLine($"{name}, {platform.Toolchain.Name}: FAILS: {(e is DiagnosticException d ? DiagnosticRenderer.Render(d.Diagnostics) : e.Message)}");
}

void Compare(PlatformProgram program, IReadOnlyDictionary<Workload, RunOutcome> expected)
{
    var (name, platform, cases) = program;
    try
    {
        var results = CComparer.Execute(platform.Toolchain, cases, platform.Counts);
        for (int n = 0; n < cases.Length; n++)
            if (OperatorComparer.Compare(expected[cases[n].Work], results[n].Outcome, cases[n].Work.Tolerance) is { } difference)
                throw new InvalidOperationException($"{cases[n].Kernel.Entry}, {string.Join(" ", cases[n].Work.Dims.Select(d => $"{d.Key.Name}={d.Value}"))}: {difference}");
        Interlocked.Increment(ref runs);
        string size = platform.Counts ? string.Create(CultureInfo.InvariantCulture, $"; {string.Join(" ", cases[0].Work.Dims.Select(d => $"{d.Key.Name}={d.Value}"))}: {TargetKernels.CodeBytes(cases[0].Kernel)} bytes of code, {cases[0].Kernel.ArenaBytes} of arena, {results[0].Ticks} instructions") : "";
        Console.WriteLine($"{name}, {platform.Toolchain.Name}: agrees{size}");
    }
    catch (Exception e) when (e is InvalidOperationException or DiagnosticException or CompilerBugException) { Fail(name, platform, e); }
}

/// <summary>Kernels of one operator, for its choices of types and constants, in one program.</summary>
internal sealed record PlatformProgram(string Name, Platform Platform, ImmutableArray<CCase> Cases);
