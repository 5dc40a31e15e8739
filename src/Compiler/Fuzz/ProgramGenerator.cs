using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;

namespace Tx.Fuzz;

/// <summary>A random program as text, with the sizes to run it at.</summary>
/// <param name="IsExact">All values are integers that every order of evaluation gives exactly: results are compared bit for bit.</param>
public sealed record GeneratedProgram(ulong Seed, string Text, string Operator, ImmutableDictionary<string, long> Sizes, bool IsExact);

/// <summary>Writes random but valid operators: chains of stages, each an elementwise expression, a stencil, a reduction, a contraction, a padded
/// read, an <c>argmax</c> or a call, over parameters of random types and ranks. The seed decides everything.</summary>
public sealed partial class ProgramGenerator
{
    private static readonly ElementType[] ExactTypes =
        [ElementType.F32, ElementType.F32, ElementType.F64, ElementType.I32, ElementType.I64, ElementType.I8, ElementType.U8, ElementType.U16, ElementType.U32, ElementType.I16, ElementType.U64, ElementType.F16, ElementType.BF16,
        ElementType.U1, ElementType.U2, ElementType.U4, ElementType.I2, ElementType.I4];
    private static readonly long[] Sizes = [1, 1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 19, 33];

    // Floats stay integers below this; larger values are clamped before they are used again.
    private const double Limit = 1 << 20;

    private readonly ulong _seed;
    private readonly Random _random;
    private readonly bool _exact;
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private readonly List<Tensor> _tensors = [];
    private readonly List<string> _lines = [];
    private readonly HashSet<string> _requires = new(StringComparer.Ordinal);
    private readonly HashSet<string> _helpers = new(StringComparer.Ordinal);
    private int _next;

    private ProgramGenerator(ulong seed)
    {
        _seed = seed;
        _random = new Random(unchecked((int)(seed ^ (seed >> 32) * 0x9E3779B1)));
        _exact = _random.Next(5) != 0;
    }

    public static GeneratedProgram Generate(ulong seed) => new ProgramGenerator(seed).Generate();

    // An extent is a dimension less a constant, N - 2; Bound is the largest absolute value of an element.
    private readonly record struct Extent(string Dim, int Less)
    {
        public string Text => Less == 0 ? Dim : string.Create(CultureInfo.InvariantCulture, $"{Dim} - {Less}");
    }

    private sealed record Tensor(string Name, ElementType Type, ImmutableArray<Extent> Shape, double Bound);

    private GeneratedProgram Generate()
    {
        foreach (string dim in new[] { "N", "M", "K" }) _sizes[dim] = _random.Next(40) == 0 ? 0 : Pick<long>(Sizes);
        var main = _exact ? Pick<ElementType>(ExactTypes) : Pick<ElementType>([ElementType.F32, ElementType.F32, ElementType.F64]);
        var parameters = new List<Tensor>();
        for (int i = 0, n = 1 + _random.Next(3); i < n; i++)
        {
            var type = _random.Next(4) == 0 && _exact ? Pick<ElementType>(ExactTypes) : main;
            int rank = 1 + _random.Next(3);
            var shape = Shuffled(_sizes.Keys.Order(StringComparer.Ordinal)).Take(rank).Select(d => new Extent(d, 0)).ToImmutableArray();
            parameters.Add(new(Name("X"), type, shape, type.IsUnsigned ? 8 : _exact ? 8 : 2));
        }
        _tensors.AddRange(parameters);
        for (int i = 0, n = 1 + _random.Next(5); i < n; i++) Stage();

        var used = new HashSet<string>(parameters.SelectMany(p => p.Shape).Select(e => e.Dim), StringComparer.Ordinal);
        var results = _tensors.Skip(parameters.Count).ToList();
        // The last stage is a result, and so is every one that nothing reads.
        var read = new HashSet<string>(results.Where(r => r != results[^1] && _lines.Any(l => Reads(l, r.Name))).Select(r => r.Name), StringComparer.Ordinal);
        results.RemoveAll(r => read.Contains(r.Name));

        var text = new StringBuilder();
        if (_helpers.Contains("double_up")) text.Append("op double_up<T: number>(A: T[..S]) -> B: T[..S] { B[..i] = A[..i] + A[..i] }\n\n");
        if (_helpers.Contains("flip")) text.Append("op flip<T: number>(A: T[P, Q]) -> B: T[Q, P] { B[j, i] = A[i, j] }\n\n");
        text.Append("op f(").AppendJoin(", ", parameters.Select(Declare)).Append(")\n    -> ").AppendJoin(", ", results.Select(Declare));
        if (_requires.Count > 0) text.Append("\n    require ").AppendJoin(", ", _requires.Order(StringComparer.Ordinal));
        text.Append("\n{\n");
        foreach (string line in _lines) text.Append("    ").Append(line).Append('\n');
        text.Append("}\n");
        foreach (string r in _requires)
        {
            string[] sides = r.Split(" >= ");
            _sizes[sides[0]] = Math.Max(_sizes[sides[0]], long.Parse(sides[1], CultureInfo.InvariantCulture));
        }
        return new(_seed, text.ToString(), "f", _sizes.Where(s => used.Contains(s.Key)).ToImmutableDictionary(), _exact);
    }

    private static bool Reads(string line, string name)
    {
        int from = line.IndexOf(" = ", StringComparison.Ordinal) + 3;
        for (int at = line.IndexOf(name, from, StringComparison.Ordinal); at >= 0; at = line.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            int end = at + name.Length;
            if (end < line.Length && line[end] is '[' or ')' or ',' && !char.IsLetterOrDigit(line[at - 1])) return true;
        }
        return false;
    }

    private static string Declare(Tensor t) => t.Shape.IsEmpty ? $"{t.Name}: {t.Type.Name}" : $"{t.Name}: {t.Type.Name}[{string.Join(", ", t.Shape.Select(e => e.Text))}]";

    private void Stage()
    {
        var source = Pick<Tensor>([.. _tensors.Where(t => t.Shape.Length > 0)]);
        switch (_random.Next(12))
        {
            case 0 or 1 or 2: Elementwise(source); break;
            case 3: Stencil(source); break;
            case 4 or 5: Reduction(source); break;
            case 6 or 7: Contraction(source); break;
            case 8: Padded(source); break;
            case 9: ArgReduction(source); break;
            case 10: CallStage(source); break;
            default: Cast(source); break;
        }
    }

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
