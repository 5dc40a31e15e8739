using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Backends.C;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Runtime;

namespace Tx.Backends.Entry;

/// <summary>An entry point whose kernel is C.</summary>
/// <param name="Symbol">Of the entry, a C identifier.</param>
/// <param name="Arguments">Names of its parameters, C identifiers.</param>
/// <param name="Conditions">As for <see cref="LibraryEntry"/>.</param>
public sealed record CLibraryEntry(
    string Symbol, ImmutableArray<string> Arguments, CModule Kernel, Func<SymbolicSizes, (SizeProgram Program, ImmutableArray<SizeCondition> Conditions)>? Conditions);

/// <summary>A library as one file of C99, which needs nothing but headers of a freestanding compiler and that of the library.</summary>
public static class CLibrary
{
    /// <param name="header">The name of the library's header.</param>
    /// <param name="manifest">A description of the library, in JSON.</param>
    public static string Print(string header, string prefix, ImmutableArray<CLibraryEntry> entries, CpuTarget target, string manifest)
    {
        var text = new StringBuilder();
        var modules = entries.Select(e => e.Kernel).ToList();
        text.Append($"/* {header[..^2]}.c: written by `tx build` for {target.Name}; changes are lost. C99, without a library. */\n\n");
        text.Append(CultureInfo.InvariantCulture, $"#include \"{header}\"\n");
        foreach (string include in modules.SelectMany(m => m.Includes).Distinct().Order(StringComparer.Ordinal)) text.Append(CultureInfo.InvariantCulture, $"#include <{include}>\n");
        text.Append('\n').Append(CSupport.Preamble).Append('\n');
        if (modules.Any(m => !m.Messages.IsEmpty)) text.Append(CEmitter.FailType).Append('\n');
        text.Append(CSupport.TextOf(modules.SelectMany(m => m.Support).Distinct()));
        string bodies = string.Concat(entries.Select(e => $"{e.Kernel.Text}\n{new EntryCPrinter(PlanOf(e, target), e.Kernel).Print()}"));
        text.Append(Refuse);
        foreach (var (name, sign) in new[] { ("add", "+"), ("sub", "-"), ("mul", "*") })
            if (bodies.Contains($"tx_{name}_overflows(", StringComparison.Ordinal)) text.Append(Overflows(name, sign));
        text.Append(bodies);
        text.Append(CultureInfo.InvariantCulture, $$"""
            /* Parallel loops run on the calling thread in this form: a launcher is looked at, and not used. */
            int32_t {{EntryNames.SetLauncher(prefix)}}(const tx_launcher *launcher) {
                return launcher != NULL && (launcher->launch == NULL || launcher->workers < 1) ? TX_ERROR_LAUNCHER : TX_OK;
            }

            """);
        text.Append(CultureInfo.InvariantCulture, $"\nconst char {EntryNames.Manifest(prefix)}[] = {{");
        byte[] bytes = [.. Encoding.UTF8.GetBytes(manifest), 0];
        // As numbers: a literal may not be this long.
        for (int i = 0; i < bytes.Length; i++) text.Append(i % 32 == 0 ? "\n    " : " ").Append(CultureInfo.InvariantCulture, $"{bytes[i]}{(i + 1 < bytes.Length ? "," : "")}");
        return text.Append("\n};\n").ToString().ReplaceLineEndings("\n");
    }

    private static EntryPlan PlanOf(CLibraryEntry e, CpuTarget target)
    {
        var sizes = e.Kernel.Symbolic;
        var conditions = ImmutableArray<SizeCondition>.Empty;
        if (sizes is not null && e.Conditions is not null)
        {
            (var program, conditions) = e.Conditions(sizes);
            sizes = sizes with { Values = program };
        }
        // There is one worker, whose slots lie with the others.
        if (sizes is not null) sizes = sizes with { Slots = [.. sizes.Slots.Select(s => s with { IsPerWorker = false })] };
        return new(e.Symbol, e.Kernel.Parameters, e.Arguments, sizes, conditions, (e.Kernel.ArenaBytes + WorkspacePlan.Alignment - 1) / WorkspacePlan.Alignment * WorkspacePlan.Alignment, 0, target.MaxBytes)
        {
            MaxElements = e.Kernel.MaxElements, HasTable = false,
        };
    }

    private static string Overflows(string name, string sign) => $$"""
        static int tx_{{name}}_overflows(int64_t a, int64_t b, int64_t *result) {
        #if defined(__GNUC__)
            return __builtin_{{name}}_overflow(a, b, result);
        #else
            {{(name == "mul"
                ? "if (a == 0 || b == 0) { *result = 0; return 0; }\n    if (a == -1 ? b == INT64_MIN : b == -1 ? a == INT64_MIN : (a > 0) == (b > 0) ? (a > 0 ? a > INT64_MAX / b : a < INT64_MAX / b) : (a > 0 ? b < INT64_MIN / a : a < INT64_MIN / b)) return 1;"
                : name == "add" ? "if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return 1;" : "if (b < 0 ? a > INT64_MAX + b : a < INT64_MIN + b) return 1;")}}
            *result = a {{sign}} b;
            return 0;
        #endif
        }

        """ + "\n";

    private const string Refuse = """
        /* Writes why a call is refused. A byte of the text from 1 to 4 stands for a value, one from 5 to 8 for one of which 0 is not shown. */
        static int32_t tx_refuse(tx_status *status, int32_t code, int32_t argument, const char *text, int64_t a, int64_t b, int64_t c, int64_t d) {
            const int64_t values[4] = {a, b, c, d};
            char digits[24];
            int at = 0;
            if (status == NULL) return code;
            status->code = code;
            status->argument = argument;
            for (; *text != 0 && at < 159; text++) {
                const unsigned char byte = (unsigned char)*text;
                int count = 0;
                if (byte > 8) {
                    status->message[at++] = *text;
                } else if (byte <= 4 || values[byte - 5] != 0) {
                    const int64_t value = values[(byte - 1) % 4];
                    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
                    do {
                        digits[count++] = (char)('0' + (char)(rest % 10));
                        rest /= 10;
                    } while (rest != 0);
                    if (value < 0) digits[count++] = '-';
                    while (count > 0 && at < 159) status->message[at++] = digits[--count];
                }
            }
            status->message[at] = 0;
            return code;
        }

        static int32_t tx_accept(tx_status *status) {
            if (status != NULL) {
                status->code = TX_OK;
                status->argument = -1;
                status->message[0] = 0;
            }
            return TX_OK;
        }


        """;
}
