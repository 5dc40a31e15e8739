using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Tx.Core;

namespace Tx.Repl.Commands;

/// <summary>Options that several commands share.</summary>
internal static class Arguments
{
    public static Argument<string> File() => new("FILE") { Description = "a .tx file" };
    public static Option<string> Operator() => new("--op") { Description = "the operator", Required = true, HelpName = "NAME" };
    public static Option<string[]> Shape() => new("--shape") { Description = "sizes of dimensions", HelpName = "M=64,…" };
    public static Option<bool> Json() => new("--json") { Description = "one JSON object a line" };
    public static Option<int?> Threads() => new("--threads") { Description = "threads of parallel loops (default: one a core)", HelpName = "N" };
    public static Option<bool> Symbolic() => new("--symbolic") { Description = "compile each operator once for all sizes" };
    public static Option<string?> Schedule() => new("--schedule") { Description = "a schedule of the operator (default: the one that applies)", HelpName = "NAME" };
    public static Option<string[]> Knobs() => new("--knob") { Description = "the value of a knob of the schedule", HelpName = "name=value" };
    public static Option<string[]> Defines() => new("-D") { Description = "the value of a const", HelpName = "name=value" };

    /// <summary><c>mr=6,nr=16</c>; null where none is given.</summary>
    public static ImmutableSortedDictionary<string, long>? ParseKnobs(string[]? texts, string? schedule)
    {
        if (texts is null or []) return null;
        if (schedule is null) throw new RequestException("--knob needs the schedule that it is of: --schedule NAME");
        return ParseNumbers(texts, "--knob", "--knob mr=6").ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    /// <summary><c>M=64,N=32</c>, several times too.</summary>
    public static ImmutableDictionary<string, long> ParseShape(string[]? texts) => ParseNumbers(texts, "--shape", "--shape M=64,N=32");

    private static ImmutableDictionary<string, long> ParseNumbers(string[]? texts, string option, string example)
    {
        var sizes = ImmutableDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (string part in (texts ?? []).SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
        {
            string[] sides = part.Split('=');
            if (sides.Length != 2 || !long.TryParse(sides[1], NumberStyles.None, CultureInfo.InvariantCulture, out long size))
                throw new RequestException($"`{option} {part}` is no {(option == "--shape" ? "size" : "number")}; write name=number, such as {example}");
            sizes[sides[0].Trim()] = size;
        }
        return sizes.ToImmutable();
    }

    /// <summary><c>-D name=value</c>: an integer, a float, true or false.</summary>
    public static ImmutableDictionary<string, Scalar> ParseDefines(string[]? texts)
    {
        var values = ImmutableDictionary.CreateBuilder<string, Scalar>(StringComparer.Ordinal);
        foreach (string part in texts ?? [])
        {
            int at = part.IndexOf('=');
            string value = at > 0 ? part[(at + 1)..].Trim() : "";
            values[at > 0 ? part[..at].Trim() : part] =
                value is "true" or "false" ? Scalar.Bool(value == "true")
                : long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n) ? Scalar.Index(n)
                : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double x) ? Scalar.Of(ElementType.F64, x)
                : throw new RequestException($"`-D {part}` gives no value; write -D name=number");
        }
        return values.ToImmutable();
    }

    public static int? CheckThreads(int? threads) =>
        threads is null or (> 0 and <= 1024) ? threads : throw new RequestException($"--threads {threads} is not between 1 and 1024");

    /// <summary>A file named on the command line that is not there is the call's fault.</summary>
    public static string Existing(string path) =>
        System.IO.File.Exists(path) ? path
        : Directory.Exists(path) ? throw new RequestException($"`{path}` is a folder; name a .tx file")
        : throw new RequestException($"there is no file `{path}`");
}
