using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Fuzz;

// Reductions of every kind: over one and several indices, with conditions, stated ranges, inside expressions, with several results.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> ReductionStages() => [(5, Reduction), (3, Contraction), (2, Arg), (2, Nested), (1, Triangular), (1, SeveralArgs), (1, Norm)];

    private bool Reduction(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length) return false;
        int count = 1 + (a.Shape.Length > 1 ? _random.Next(a.Shape.Length) : 0);
        ImmutableArray<Extent> reduced = [.. Shuffled(a.Shape).Take(count)];
        ImmutableArray<Extent> kept = [.. a.Shape.Where(e => !reduced.Contains(e))];
        var value = Reduce(a, index, reduced);
        Add("R", value.Type, kept, kept.Select(e => index[e]), value);
        return true;
    }

    /// <summary>A reduction of one tensor over some of its extents.</summary>
    private Value Reduce(Tensor a, Dictionary<Extent, string> index, ImmutableArray<Extent> reduced)
    {
        double volume = reduced.Aggregate(1.0, (v, e) => v * SizeOf(e));
        var element = Widened(a, volume);
        var (body, type) = (element(index).Text, element(index).Type);
        string kind = type is ElementType.Bool ? Pick<string>(["any", "all", "bit_xor", "bit_and", "bit_or"])
            : type.IsFloat ? Pick<string>(_mode is ValueMode.Special ? ["max", "min", "exact sum", "exact prod"] : _mode is ValueMode.Smooth ? ["sum", "sum", "max", "min", "exact sum", "prod"] : ["sum", "sum", "sum", "max", "min", "exact sum", "prod"])
            : Pick<string>(["sum", "sum", "max", "min", "bit_or", "bit_and", "bit_xor", "any", "all", "prod"]);
        bool isTruth = kind is "any" or "all";
        if (isTruth && type is not ElementType.Bool) body = $"{body} {Pick<string>(Comparisons)} {Literal(type, 3)}";
        // Products stay small: of signs, or of numbers near 1.
        if (kind is "prod" && type.IsFloat) body = _mode is ValueMode.Smooth ? $"(1 + 0.01 * tanh({body}))" : $"({body} > 0 ? -1 : {type.Name}(1))";
        string binders = string.Join(", ", reduced.Select(e => index[e] + (_random.Next(5) == 0 ? $" in 0..{e.Text}" : "")));
        string condition = _random.Next(4) == 0 ? $" if {Condition(index)}" : "";
        double bound = isTruth || kind is "prod" && _mode is ValueMode.Whole ? 1 : kind is "prod" ? 2000 : kind.EndsWith("sum", StringComparison.Ordinal) ? element(index).Bound * volume : type.IsFloat ? double.MaxValue : double.PositiveInfinity;
        if (kind is "max" or "min" && type.IsFloat)
        {
            // Over nothing these are infinite.
            bound = element(index).Bound;
            string text = $"{kind}({binders}{condition}: {body})";
            return new(_mode is ValueMode.Whole ? $"clamp({text}, -{(int)Math.Min(bound, 4096)}, {(int)Math.Min(bound, 4096)})" : text, type, Math.Max(1, bound));
        }
        return new($"{kind}({binders}{condition}: {body})", isTruth ? ElementType.Bool : type, bound);
    }

    private bool Contraction(Tensor a)
    {
        var b = Pick<Tensor>([.. _tensors]);
        var shared = a.Shape.Intersect(b.Shape).ToList();
        if (shared.Count == 0) return false;
        var k = Pick<Extent>([.. shared]);
        var all = a.Shape.Concat(b.Shape).Distinct().ToImmutableArray();
        double volume = SizeOf(k);
        var (left, right) = (Widened(a, volume * b.Bound), Widened(b, volume * a.Bound));
        var index = IndexNames(all);
        var (x, y) = (left(index), right(index));
        if (x.Type != y.Type || x.Type is ElementType.Bool || all.Length > 4 || index.Count < all.Length) return false;
        if (_mode is ValueMode.Whole && x.Type.IsFloat && x.Bound * y.Bound * volume >= Ceiling(x.Type)) return false;
        var kept = Shuffled(all.Where(e => e != k)).ToImmutableArray();
        if (kept.Length > 3) return false;
        string sum = x.Type.IsFloat && (_mode is ValueMode.Special || _random.Next(6) == 0) ? "exact sum" : "sum";
        string condition = _random.Next(6) == 0 ? $" if {Condition(index)}" : "";
        Add("C", x.Type, kept, kept.Select(e => index[e]), new($"{sum}({index[k]}{condition}: {x.Text} * {y.Text})", x.Type, x.Bound * y.Bound * volume));
        return true;
    }

    private bool Arg(Tensor a)
    {
        if (a.Type is ElementType.Bool) return false;
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length || _mode is ValueMode.Smooth && !a.IsParameter) return false;
        int axis = _random.Next(a.Shape.Length);
        Require(a.Shape[axis], 1);
        ImmutableArray<Extent> shape = a.Shape.RemoveAt(axis);
        string[] left = [.. shape.Select(e => index[e])];
        string form = Pick<string>(["argmax", "argmin", "max_at", "min_at"]);
        string reduction = $"{form}({index[a.Shape[axis]]}: {Element(a, index)})";
        if (form.StartsWith("arg", StringComparison.Ordinal))
        {
            Add("A", ElementType.I64, shape, left, new(reduction, ElementType.I64, 64));
            return true;
        }
        var (value, at) = (new Tensor(Name("V"), a.Type, shape, a.Bound), new Tensor(Name("A"), ElementType.I64, shape, 64));
        _lines.Add($"({Read(value, left)}, {Read(at, left)}) = {reduction}");
        _tensors.Add(value);
        _tensors.Add(at);
        return true;
    }

    // The best over two dimensions, with its place in each.
    private bool SeveralArgs(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (a.Shape.Length < 2 || index.Count < a.Shape.Length || a.Type is ElementType.Bool || _mode is ValueMode.Smooth && !a.IsParameter) return false;
        ImmutableArray<Extent> over = [.. a.Shape.Take(2)], shape = [.. a.Shape.Skip(2)];
        foreach (var e in over) Require(e, 1);
        string[] left = [.. shape.Select(e => index[e])];
        bool givesValue = _random.Next(2) == 0;
        var places = over.Select(_ => new Tensor(Name("A"), ElementType.I64, shape, 64)).ToList();
        if (givesValue) places.Insert(0, new Tensor(Name("V"), a.Type, shape, a.Bound));
        string form = Pick<string>(givesValue ? ["max_at", "min_at"] : ["argmax", "argmin"]);
        _lines.Add($"({string.Join(", ", places.Select(p => Read(p, left)))}) = {form}({string.Join(", ", over.Select(e => index[e]))}: {Element(a, index)})");
        _tensors.AddRange(places);
        return true;
    }

    // A reduction inside an expression, or inside another reduction.
    private bool Nested(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length) return false;
        var inner = Reduce(a, index, [a.Shape[^1]]);
        var kept = a.Shape[..^1];
        if (kept.Length > 0 && inner.Type is ElementType.I32 or ElementType.I64 or ElementType.U32 or ElementType.U64 && _random.Next(2) == 0)
        {
            var rest = kept[..^1];
            Add("H", inner.Type, rest, rest.Select(e => index[e]), new($"{Pick<string>(["sum", "max", "bit_xor"])}({index[kept[^1]]}: {inner.Text} + {Literal(inner.Type, 1)})", inner.Type, double.PositiveInfinity));
            return true;
        }
        var outer = kept.ToDictionary(e => e, e => index[e]);
        Add("H", inner.Type, kept, kept.Select(e => index[e]), kept.IsEmpty ? inner : Step(Bounded(inner), outer));
        return true;
    }

    // sum(k in 0..i: …): a prefix.
    private bool Triangular(Tensor a)
    {
        var e = a.Shape[0];
        if (!IsAlone(a, 0) || a.Type is ElementType.Bool) return false;
        var index = IndexNames(a.Shape);
        var element = Widened(a, SizeOf(e));
        string i = index[e];
        index[e] = "t";
        var x = element(index);
        index[e] = i;
        string range = Pick<string>([$"0..{i}", $"0..{i} + 1", $"{i}..{e.Text}"]);
        string sum = x.Type.IsFloat && _mode is ValueMode.Special ? "exact sum" : "sum";
        Add("K", x.Type, a.Shape, Left(a, index), new($"{sum}(t in {range}: {x.Text})", x.Type, x.Bound * SizeOf(e)), declares: true);
        return true;
    }

    // Elements against a whole row of their own: what softmax and the norms do.
    private bool Norm(Tensor a)
    {
        var e = a.Shape[^1];
        if (!IsAlone(a, a.Shape.Length - 1) || a.Type is ElementType.Bool) return false;
        var index = IndexNames(a.Shape);
        string i = index[e];
        index[e] = "t";
        string other = Element(a, index);
        index[e] = i;
        string best = _mode is ValueMode.Whole && a.Type.IsFloat ? $"max(t: {other})" : $"min(t: {other})";
        bool differs = Fits(a, 2);
        Add("Z", a.Type, a.Shape, Left(a, index), new(differs ? $"({Element(a, index)} - {best})" : $"max({Element(a, index)}, {best})", a.Type, a.Bound * 2));
        return true;
    }

    /// <summary>The element in a type in which so many may be added: i8 … u16 sums may overflow at some size, which the language refuses, and
    /// small floats would round.</summary>
    private Func<Dictionary<Extent, string>, Value> Widened(Tensor a, double count) => a.Type switch
    {
        { IsInteger: true, Bits: <= 16 } => index => new($"i32({Element(a, index)})", ElementType.I32, a.Bound),
        ElementType.F16 or ElementType.BF16 when _mode is ValueMode.Whole && a.Bound * count >= Ceiling(a.Type) => index => new($"f32({Element(a, index)})", ElementType.F32, a.Bound),
        ElementType.F32 or ElementType.F64 when !Fits(a, count) => index => new($"clamp({Element(a, index)}, -2, 2)", a.Type, 2),
        _ => index => new(Element(a, index), a.Type, a.Bound),
    };
}
