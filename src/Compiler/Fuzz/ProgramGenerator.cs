using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;

namespace Tx.Fuzz;

/// <summary>What the values of a program are, and so how its results are compared.</summary>
public enum ValueMode
{
    /// <summary>Floats are integers that every order of evaluation gives exactly.</summary>
    Whole,
    /// <summary>Any values, NaN and extremes among them; no sum may be reassociated, and only correctly rounded functions occur.</summary>
    Special,
    /// <summary>Fractions, sums in any order and elementary functions; compared within a tolerance.</summary>
    Smooth,
}

/// <summary>A random program as text, with the sizes to run it at.</summary>
public sealed record GeneratedProgram(ulong Seed, string Text, string Operator, ImmutableDictionary<string, long> Sizes, ValueMode Mode)
{
    /// <summary>Results are compared bit for bit.</summary>
    public bool IsExact => Mode is not ValueMode.Smooth;
}

/// <summary>Writes random but valid programs that use every construct of the language: chains of stages over parameters of random types and
/// ranks. The seed decides everything. A family of constructs is a file, a construct a line in its table.</summary>
public sealed partial class ProgramGenerator
{
    private static readonly ElementType[] Types =
    [
        ElementType.F32, ElementType.F32, ElementType.F32, ElementType.F64, ElementType.F64, ElementType.F16, ElementType.BF16, ElementType.I32, ElementType.I32, ElementType.I64, ElementType.I8, ElementType.I16,
        ElementType.U8, ElementType.U16, ElementType.U32, ElementType.U64,
        ElementType.U1, ElementType.U2, ElementType.U4, ElementType.I2, ElementType.I4,
    ];
    private static readonly long[] Sizes = [1, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 19, 33];

    private readonly ulong _seed;
    private readonly Random _random;
    private readonly ValueMode _mode;
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly List<Tensor> _tensors = [];
    private readonly List<string> _lines = [];
    private readonly SortedSet<string> _requires = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _declarations = new(StringComparer.Ordinal);
    private readonly List<string> _consts = [];
    private int _next;

    private ProgramGenerator(ulong seed, bool isPipeline = false)
    {
        _seed = seed;
        _isPipeline = isPipeline;
        _random = new Random(unchecked((int)(seed ^ (seed >> 32) * 0x9E3779B1)));
        _mode = _random.Next(10) switch { < 4 => ValueMode.Whole, < 8 => ValueMode.Special, _ => ValueMode.Smooth };
        _stages = isPipeline ? [.. PipelineStages()] : [.. ExpressionStages(), .. ReadStages(), .. BoundaryStages(), .. ReductionStages(), .. ReducerStages(), .. CallStages(), .. PartStages(), .. GatherStages()];
    }

    // With their weights.
    private readonly ImmutableArray<(int Weight, Func<Tensor, bool> Make)> _stages;

    public static GeneratedProgram Generate(ulong seed) => new ProgramGenerator(seed).Generate();

    /// <summary>An extent is a dimension, or part of one, less a constant: <c>N / 2 - 2</c>.</summary>
    private readonly record struct Extent(string Dim, int Less, int Divisor = 1)
    {
        public string Text => string.Create(CultureInfo.InvariantCulture, $"{Dim}{(Divisor == 1 ? "" : $" / {Divisor}")}{(Less == 0 ? "" : $" - {Less}")}");
    }

    /// <param name="Bound">The largest absolute value of an element; without meaning where values are special.</param>
    private sealed record Tensor(string Name, ElementType Type, ImmutableArray<Extent> Shape, double Bound, bool IsParameter = false);

    private GeneratedProgram Generate()
    {
        foreach (string dim in new[] { "N", "M", "K" }) _sizes[dim] = _random.Next(30) == 0 ? 0 : Pick<long>(_isPipeline ? PipelineSizes : Sizes);
        var parameters = Parameters();
        _tensors.AddRange(parameters);
        for (int i = 0, n = 2 + _random.Next(_isPipeline ? 3 : 5); i < n; i++) Stage();

        var used = new HashSet<string>(parameters.SelectMany(p => p.Shape).Select(e => e.Dim), StringComparer.Ordinal);
        var results = _tensors.Skip(parameters.Count).ToList();
        // The last stage is a result, and so is every one that nothing reads.
        results.RemoveAll(r => r != results[^1] && _lines.Any(l => Reads(l, r.Name)));

        var text = new StringBuilder();
        foreach (string d in _declarations) text.Append(d).Append("\n\n");
        text.Append("op f(").AppendJoin(", ", parameters.Select(Declare).Concat(_consts)).Append(")\n    -> ").AppendJoin(", ", results.Select(Declare));
        if (_requires.Count > 0) text.Append("\n    require ").AppendJoin(", ", _requires);
        text.Append("\n{\n");
        foreach (string line in _lines)
            if (!results.Any(r => line.StartsWith($"{r.Name}: ", StringComparison.Ordinal))) text.Append("    ").Append(line.Replace("\n", "\n    ", StringComparison.Ordinal)).Append('\n');
        text.Append("}\n");
        foreach (string r in _requires)
        {
            string[] sides = r.Split(" >= ");
            _sizes[sides[0]] = Math.Max(_sizes[sides[0]], long.Parse(sides[1], CultureInfo.InvariantCulture));
        }
        return new(_seed, text.ToString(), "f", _sizes.Where(s => used.Contains(s.Key)).ToImmutableDictionary(), _mode);
    }

    private List<Tensor> Parameters()
    {
        var main = AnyType();
        var parameters = new List<Tensor>();
        for (int i = 0, n = 1 + _random.Next(3); i < n; i++)
        {
            var type = _random.Next(3) == 0 ? AnyType() : main;
            int rank = _random.Next(12) == 0 && i > 0 ? 0 : 1 + _random.Next(_isPipeline ? 2 : 3);
            var shape = Shuffled(_sizes.Keys.Order(StringComparer.Ordinal)).Take(rank).Select(d => new Extent(d, 0)).ToImmutableArray();
            parameters.Add(new(Name("X"), type, shape, type is ElementType.Bool ? 1 : type is ElementType.F16 or ElementType.BF16 ? 4 : _mode is ValueMode.Smooth && type.IsFloat ? 2 : 8, IsParameter: true));
        }
        if (_random.Next(8) == 0) parameters.Add(new(Name("B"), ElementType.Bool, [.. parameters[0].Shape.Take(1)], 1, IsParameter: true));
        return parameters;
    }

    // Small floats do not fit a tolerance that is relative to f32.
    private ElementType AnyType() => _isPipeline && _mode is not ValueMode.Smooth ? Pick<ElementType>(PipelineTypes) : _mode is ValueMode.Smooth ? Pick<ElementType>([ElementType.F32, ElementType.F32, ElementType.F64]) : Pick<ElementType>(Types);

    // A name stands in the text of a line after its left side.
    private static bool Reads(string line, string name)
    {
        for (int at = line.IndexOf(name, StringComparison.Ordinal); at >= 0; at = line.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            int end = at + name.Length;
            if (end < line.Length && char.IsLetterOrDigit(line[end]) || at > 0 && (char.IsLetterOrDigit(line[at - 1]) || line[at - 1] == '_')) continue;
            int equals = line.IndexOf(" = ", StringComparison.Ordinal);
            if (at > equals && equals >= 0 && !line.StartsWith($"{name}: ", StringComparison.Ordinal) && !line.StartsWith(name + "[", StringComparison.Ordinal) && !line.Contains($"{{ {name}[", StringComparison.Ordinal)) return true;
        }
        return false;
    }

    private static string Declare(Tensor t) => $"{t.Name}: {TypeOf(t)}";
    private static string TypeOf(Tensor t) => t.Shape.IsEmpty ? t.Type.Name : $"{t.Type.Name}[{string.Join(", ", t.Shape.Select(e => e.Text))}]";

    private void Stage()
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            var sources = _tensors.Where(t => t.Shape.Length > 0).ToArray();
            var source = _isPipeline && _random.Next(3) > 0 ? sources[^1] : Pick<Tensor>(sources);
            int at = _random.Next(_stages.Sum(s => s.Weight));
            int lines = _lines.Count;
            if (_stages.First(s => (at -= s.Weight) < 0).Make(source) && _lines.Count > lines) return;
        }
        Elementwise(_tensors[0]);
    }

    /// <summary>Adds a stage with one equation.</summary>
    private void Add(string prefix, ElementType type, ImmutableArray<Extent> shape, IEnumerable<string> left, Value value, bool declares = false)
    {
        value = Bounded(value with { Type = type });
        var tensor = new Tensor(Name(prefix), type, shape, value.Bound);
        if (declares || _random.Next(6) == 0) _lines.Add(Declare(tensor));
        string equation = $"{Read(tensor, left)} = {value.Text}";
        _lines.Add(equation);
        _tensors.Add(tensor);
    }

    /// <summary>Makes sure that an extent holds so many values.</summary>
    private void Require(Extent e, int atLeast)
    {
        int n = (e.Less + atLeast) * e.Divisor;
        string prefix = e.Dim + " >= ";
        if (_requires.FirstOrDefault(r => r.StartsWith(prefix, StringComparison.Ordinal)) is { } known)
        {
            if (int.Parse(known[prefix.Length..], CultureInfo.InvariantCulture) >= n) return;
            _requires.Remove(known);
        }
        _requires.Add(string.Create(CultureInfo.InvariantCulture, $"{prefix}{n}"));
    }

    private long SizeOf(Extent e) => Math.Max(1, _sizes[e.Dim]);

    private string Name(string prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{_next++}");

    private T Pick<T>(ReadOnlySpan<T> items) => items[_random.Next(items.Length)];

    private List<T> Shuffled<T>(IEnumerable<T> items)
    {
        var list = items.ToList();
        for (int i = list.Count - 1; i > 0; i--)
        {
            int j = _random.Next(i + 1);
            (list[i], list[j]) = (list[j], list[i]);
        }
        return list;
    }
}
