using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Fuzz;

// Reducers that the program defines.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> ReducerStages() => [(2, OwnReduction)];

    private bool OwnReduction(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length || a.Type is ElementType.Bool || _mode is not ValueMode.Whole && a.Type.IsFloat) return false;
        ImmutableArray<Extent> reduced = [.. Shuffled(a.Shape).Take(1 + _random.Next(a.Shape.Length))];
        ImmutableArray<Extent> kept = [.. a.Shape.Where(e => !reduced.Contains(e))];
        double volume = reduced.Aggregate(1.0, (v, e) => v * SizeOf(e));
        bool isSum = a.Type.IsInteger || Fits(a, volume) && _random.Next(2) == 0;
        var (identity, combine) = a.Type.IsFloat
            ? isSum ? ("0", "a + b") : ("-8", "a > b ? a : b")
            : Pick<(string, string)>([("0", "a + b"), ("0", "a ^ b"), ("0", "b | a"), ("1", "a * b")]);
        string name = Name("join"), type = a.Type.Name;
        _declarations.Add($"reducer {name}(a: {type}, b: {type}) -> {type} {{\n    identity = {identity}\n    combine = {combine}\n}}");
        string condition = _random.Next(3) == 0 ? $" if {Condition(index)}" : "";
        string body = isSum || a.Type.IsInteger ? Element(a, index) : $"clamp({Element(a, index)}, -8, 8)";
        double bound = a.Type.IsInteger ? double.PositiveInfinity : isSum ? a.Bound * volume : 8;
        Add("U", a.Type, kept, kept.Select(e => index[e]), new($"{name}({string.Join(", ", reduced.Select(e => index[e]))}{condition}: {body})", a.Type, bound));
        return true;
    }
}
