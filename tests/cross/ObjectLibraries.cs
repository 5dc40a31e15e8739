using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Build;
using Tx.Core;
using Tx.Fuzz;
using Tx.Fuzz.CPrograms;
using Tx.Lang.Syntax;

namespace Tx.Cross;

/// <summary>Builds each operator of the library as `tx build` does, by objects with entry points, for one choice of sizes and for all; links a program in C with each and compares what it
/// computes with the reference evaluator. On x86-64 the library holds two levels, and each is run.</summary>
internal static class ObjectLibraries
{
    private const int ArenaBytes = 5 << 19;

    private sealed record Entry(string Symbol, Workload Work);

    public static bool Run(string root, ImmutableArray<Platform> platforms, string filter)
    {
        int agree = 0, failures = 0;
        ImmutableArray<(string Name, string[] Targets, CToolchain Toolchain, bool HasLevels)> machines =
        [
            ("x86-64-v2 and x86-64-v3", ["x86-64-v2", "x86-64-v3"], platforms.First(p => p.Target.Name == "host" && p.Toolchain.Flags.Contains("-O3")).Toolchain, true),
            .. platforms.Where(p => p.Target.Name != "host").Select(p => (p.Toolchain.Name, new[] { p.Target.Name }, p.Toolchain, false)),
        ];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, "lib"), "*.tx").Order(StringComparer.Ordinal))
        {
            using var session = new Session(new() { Threads = 1 }, new Quiet());
            session.Load(file);
            var own = SyntaxOperators.In(file);
            var cases = session.Declarations.Operators.Values.Where(o => own.Contains(o.Name.Text)).OrderBy(o => o.Name.Text, StringComparer.Ordinal)
                .Select(o => (Syntax: o, Cases: new LibraryOperators(session).Of(o, _ => true).ToList())).Where(o => o.Cases.Count > 0).ToList();
            foreach (var machine in machines)
            {
                var wanted = cases.Where(o => $"{o.Syntax.Name.Text}, objects {machine.Name}".Contains(filter, StringComparison.Ordinal)).ToList();
                if (wanted.Count == 0) continue;
                var folder = Directory.CreateTempSubdirectory("tx-objects-");
                try
                {
                    var requests = new List<string>();
                    var programs = wanted.Select(o => (Name: o.Syntax.Name.Text, Entries: Entries(o.Syntax, o.Cases, requests))).ToList();
                    var request = new LibraryRequest(file) { Operators = [.. requests], Targets = [.. machine.Targets], Name = "cross", Outputs = LibraryOutputs.Static | LibraryOutputs.Header };
                    (LibraryBuilder.Build(request, new Quiet(), out _) ?? throw new InvalidOperationException($"{file} has errors")).WriteTo(folder.FullName);
                    var toolchain = machine.Toolchain with { Flags = [.. machine.Toolchain.Flags, "-I" + folder.FullName], Files = [Path.Combine(folder.FullName, "libcross.a"), .. machine.Toolchain.Files] };
                    foreach (var (name, entries) in programs)
                        foreach (string? level in machine.HasLevels ? machine.Targets : (string?[])[null])
                            if (Compare($"{name}, objects {level ?? machine.Name}", toolchain, entries, level, folder.CreateSubdirectory($"{name}-{level}").FullName)) agree++;
                            else failures++;
                }
                catch (Exception e) when (e is InvalidOperationException or DiagnosticException or CompilerBugException)
                {
                    failures++;
                    Console.WriteLine($"{Path.GetFileName(file)}, objects {machine.Name}: FAILS: {(e is DiagnosticException d ? DiagnosticRenderer.Render(d.Diagnostics) : e.Message)}");
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{agree} programs with objects agree with the reference, {failures} do not"));
        return failures == 0;
    }

    private static List<Entry> Entries(OpSyntax syntax, List<LibraryCase> cases, List<string> requests)
    {
        var entries = new List<Entry>();
        foreach (var c in cases)
        {
            string type = c.Name.Contains('<') ? c.Name[(c.Name.IndexOf('<') + 1)..^1] : "";
            string values = string.Join(',', syntax.Generics.Select(g => $"{g.Name.Text}={type}").Concat(c.Operator.Consts.Select(k => $"{k.Name}={Text(k.Value)}")));
            string sizes = string.Join(',', c.Operator.Dims.Select(d => $"{d.Name}={c.Fixed.Dims[d].ToString(CultureInfo.InvariantCulture)}"));
            string number = requests.Count.ToString(CultureInfo.InvariantCulture);
            requests.Add($"fixed_{number}={syntax.Name.Text}:{string.Join(',', new[] { values, sizes }.Where(p => p.Length > 0))}");
            requests.Add($"all_{number}={syntax.Name.Text}{(values.Length > 0 ? ":" + values : "")}");
            entries.Add(new($"cross_fixed_{number}", c.Fixed));
            entries.AddRange(c.Symbolic.Select(w => new Entry($"cross_all_{number}", w)));
        }
        return entries;
    }

    private static string Text(Scalar value) => value.Type is ElementType.Bool ? value.IsTrue ? "true" : "false" : value.Type.IsFloat ? value.Real.ToString("R", CultureInfo.InvariantCulture) : value.Integer.ToString(CultureInfo.InvariantCulture);

    private static bool Compare(string name, CToolchain toolchain, List<Entry> entries, string? level, string folder)
    {
        try
        {
            ImmutableArray<Workload> works = [.. entries.Select(e => e.Work)];
            string output = toolchain.Run(Program(entries, level), folder);
            var results = CProgram.Read(output, works);
            for (int n = 0; n < works.Length; n++)
                if (OperatorComparer.Compare(OperatorComparer.Evaluate(works[n]), results[n].Outcome, works[n].Tolerance) is { } difference)
                    throw new InvalidOperationException($"{entries[n].Symbol}, {string.Join(" ", works[n].Dims.Select(d => $"{d.Key.Name}={d.Value}"))}: {difference}\n{string.Join('\n', output.Split('\n').Where(l => l.StartsWith("refused", StringComparison.Ordinal)))}");
            Console.WriteLine($"{name}: agrees");
            return true;
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"{name}: FAILS: {e.Message}");
            return false;
        }
    }

    private static string Program(List<Entry> entries, string? level)
    {
        var text = new StringBuilder("#include \"cross.h\"\n#include <stdio.h>\n#include <string.h>\n");
        text.Append(CProgram.Runtime).Append(CultureInfo.InvariantCulture, $"static uint64_t arena_words[{ArenaBytes / 8 + 8}];\n");
        for (int n = 0; n < entries.Count; n++) Case(text, n, entries[n]);
        text.Append("int main(void) {\n");
        if (level is not null) text.Append(CultureInfo.InvariantCulture, $"    if (cross_set_cpu(\"{level}\") != TX_OK || strcmp(cross_cpu(), \"{level}\") != 0) return 1;\n");
        for (int n = 0; n < entries.Count; n++) text.Append(CultureInfo.InvariantCulture, $"    case_{n}();\n");
        return text.Append("    puts(\"end\");\n    return 0;\n}\n").ToString();
    }

    private static void Case(StringBuilder text, int n, Entry e)
    {
        string id = n.ToString(CultureInfo.InvariantCulture);
        var tensors = new List<string>();
        var work = e.Work;
        var shapes = work.Operator.Parameters.Concat(work.Operator.Results).Select(t => (Type: t.Type is ElementType.Int ? ElementType.I64 : t.Type, Shape: OperatorShapes.Of(t, work.Dims))).ToArray();
        var sizes = shapes.Skip(work.Inputs.Length).Select(s => CProgram.SizeOf(s.Type, s.Shape)).ToArray();
        for (int i = 0; i < shapes.Length; i++)
        {
            string data = i < work.Inputs.Length ? $"(void *)(uintptr_t)in_{id}_{i}" : $"(unsigned char *)out_{id}_{i - work.Inputs.Length} + {CProgram.GuardBytes}";
            if (i < work.Inputs.Length) text.Append(CultureInfo.InvariantCulture, $"static const uint64_t in_{id}_{i}[] = {{{string.Join(", ", CProgram.Words(CProgram.BytesOf(work.Inputs[i])))}}};\n");
            else text.Append(CultureInfo.InvariantCulture, $"static uint64_t out_{id}_{i - work.Inputs.Length}[{(sizes[i - work.Inputs.Length] + 7) / 8 + 2 * CProgram.GuardBytes / 8}];\n");
            text.Append(CultureInfo.InvariantCulture, $"static const int64_t shape_{id}_{i}[] = {{{string.Join(", ", shapes[i].Shape.DefaultIfEmpty(1))}}};\n");
            tensors.Add($"{{{data}, shape_{id}_{i}, NULL, {shapes[i].Shape.Length}, {(int)shapes[i].Type}}}");
        }
        string arguments = string.Join(", ", shapes.Select((_, i) => $"&t[{i}]"));
        text.Append(CultureInfo.InvariantCulture, $"static void case_{id}(void) {{\n    const tx_tensor t[] = {{{string.Join(", ", tensors)}}};\n    tx_status status;\n");
        text.Append("    unsigned char *arena = (unsigned char *)(((uintptr_t)arena_words + 63) / 64 * 64);\n");
        for (int i = 0; i < sizes.Length; i++) text.Append(CultureInfo.InvariantCulture, $"    memset(out_{id}_{i}, {CProgram.Canary}, sizeof out_{id}_{i});\n");
        text.Append(CultureInfo.InvariantCulture, $"    int64_t bytes = {e.Symbol}_arena({arguments});\n    int rc = bytes < 0 || bytes > {ArenaBytes} ? 99 : (int){e.Symbol}({arguments}, arena, (size_t)bytes, &status);\n");
        text.Append(CultureInfo.InvariantCulture, $"    printf(\"case {id} %d 0\\n\", rc);\n    if (rc != 0) printf(\"refused: {e.Symbol}: %s %ld\\n\", rc == 99 ? \"arena of\" : status.message, (long)bytes);\n");
        for (int i = 0; i < sizes.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    tx_show({id}, {i}, (const unsigned char *)out_{id}_{i} + {CProgram.GuardBytes}, {sizes[i]});\n");
            text.Append(CultureInfo.InvariantCulture, $"    tx_guard({id}, (const unsigned char *)out_{id}_{i}, {CProgram.GuardBytes});\n    tx_guard({id}, (const unsigned char *)out_{id}_{i} + {CProgram.GuardBytes + sizes[i]}, {CProgram.GuardBytes});\n");
        }
        text.Append("}\n");
    }
}
