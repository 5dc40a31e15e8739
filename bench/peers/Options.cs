using System.Collections.Immutable;
using System.Globalization;
using Tx.Bench.Peers.Rows;

namespace Tx.Bench.Peers;

/// <summary>The command line.</summary>
internal sealed record Options
{
    public const string Usage = "bench/peers/run [FAMILY…] [--row NAME] [--quick] [--gate] [--json FILE] [--details] [--list] [--file FILE] [--op NAME] [--schedule NAME] [--knobs a=1,b=2]";

    public ImmutableArray<string> Families { get; init; } = [];
    /// <summary>A row's name, or a part of some.</summary>
    public string? Row { get; init; }
    public string? Json { get; init; }
    public bool IsGate { get; init; }
    public bool IsQuick { get; init; }
    public bool HasDetails { get; init; }
    public bool IsList { get; init; }
    public Overrides Overrides { get; init; } = new(null, null, null, null);
    /// <summary>A child measures this contender alone.</summary>
    public string? One { get; init; }
    public int Threads { get; init; } = 1;
    /// <summary>What children are told as well.</summary>
    public ImmutableArray<string> PassedOn { get; init; } = [];

    /// <exception cref="ArgumentException">It makes no sense.</exception>
    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options();
        for (int i = 0; i < args.Count; i++)
        {
            string name = args[i];
            string Value() => ++i < args.Count ? args[i] : throw new ArgumentException($"{name} needs a value");
            int first = i;
            options = name switch
            {
                "--row" => options with { Row = Value() },
                "--json" => options with { Json = Value() },
                "--gate" => options with { IsGate = true },
                "--quick" => options with { IsQuick = true },
                "--details" => options with { HasDetails = true },
                "--list" => options with { IsList = true },
                "--file" => options with { Overrides = options.Overrides with { File = Path.GetFullPath(Value()) } },
                "--op" => options with { Overrides = options.Overrides with { Operator = Value() } },
                "--schedule" => options with { Overrides = options.Overrides with { Schedule = Value() } },
                "--knobs" => options with { Overrides = options.Overrides with { Knobs = Knobs(Value()) } },
                "--one" => options with { One = Value() },
                "--threads" => options with { Threads = int.Parse(Value(), CultureInfo.InvariantCulture) },
                _ when name.StartsWith('-') => throw new ArgumentException($"{name} is unknown"),
                _ => options with { Families = options.Families.Add(name) },
            };
            if (name is "--quick" or "--file" or "--op" or "--schedule" or "--knobs") options = options with { PassedOn = [.. options.PassedOn, .. args.Skip(first).Take(i - first + 1)] };
        }
        return options;
    }

    private static ImmutableSortedDictionary<string, long> Knobs(string text) =>
        text.Split(',').Select(k => k.Split('=', 2)).ToImmutableSortedDictionary(k => k[0], k => k.Length > 1 ? long.Parse(k[1], CultureInfo.InvariantCulture) : throw new ArgumentException($"--knobs {text}: write name=number"));
}
