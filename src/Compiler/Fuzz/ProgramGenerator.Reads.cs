using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Fuzz;

// How elements are found: shifted, strided, reversed, transposed, guarded, outside with a default.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> ReadStages() => [(1, Stencil), (1, Padded), (1, Guarded), (1, Strided), (1, Reversed), (1, Transposed), (1, Broadcasting)];

    private bool Stencil(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length), width = 1 + _random.Next(2);
        var index = IndexNames(a.Shape);
        if (!IsAlone(a, axis)) return false;
        Require(a.Shape[axis], width + 1);
        var terms = new List<string>();
        for (int k = 0; k <= width; k++)
            terms.Add(Shifted(a, index, axis, i => k == 0 ? i : string.Create(CultureInfo.InvariantCulture, $"{i} + {k}")));
        var shape = a.Shape.SetItem(axis, a.Shape[axis] with { Less = a.Shape[axis].Less + width });
        bool isSum = a.Type is not ElementType.Bool && _random.Next(3) > 0 && Fits(a, width + 1);
        string value = isSum ? $"({string.Join(" + ", terms)})" : a.Type is ElementType.Bool ? string.Join(" ^ ", terms) : $"max({string.Join(", ", terms)})";
        Add("S", a.Type, shape, Left(a, index), new(value, a.Type, a.Bound * (isSum ? width + 1 : 1)));
        return true;
    }

    private bool Padded(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length);
        var index = IndexNames(a.Shape);
        if (!IsAlone(a, axis) || a.Type is ElementType.Bool || !Fits(a, 3)) return false;
        int by = 1 + _random.Next(3);
        string shifted(int k) => string.Create(CultureInfo.InvariantCulture, $"({Shifted(a, index, axis, i => $"{i} {(k < 0 ? '-' : '+')} {Math.Abs(k)}")} ?? {Operand(a.Type, index) switch { var o when o.Bound <= a.Bound => o.Text, _ => Literal(a.Type, 1) }})");
        Add("P", a.Type, a.Shape, Left(a, index), new($"({Element(a, index)} + {shifted(-by)} + {shifted(by)})", a.Type, a.Bound * 3));
        return true;
    }

    // Only the side that is taken is read.
    private bool Guarded(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length), by = 1 + _random.Next(2);
        var index = IndexNames(a.Shape);
        if (!IsAlone(a, axis)) return false;
        string i = index[a.Shape[axis]], end = a.Shape[axis].Text;
        string condition = Condition(index);
        string before = Shifted(a, index, axis, x => string.Create(CultureInfo.InvariantCulture, $"{x} - {by}")), after = Shifted(a, index, axis, x => string.Create(CultureInfo.InvariantCulture, $"{x} + {by}"));
        string other = Operand(a.Type, index) switch { var o when o.Bound <= a.Bound || a.Type.IsInteger => o.Text, _ => Element(a, index) };
        string value = _random.Next(4) switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $"({i} >= {by} ? {before} : {other})"),
            1 => string.Create(CultureInfo.InvariantCulture, $"({i} < {by} || {condition} ? {other} : {before})"),
            2 => string.Create(CultureInfo.InvariantCulture, $"({i} + {by} < {end} && {condition} ? {after} : {other})"),
            _ => string.Create(CultureInfo.InvariantCulture, $"({i} >= {by} && {Compared(before, a.Type)} ? {Element(a, index)} : {other})"),
        };
        if (_mode is ValueMode.Smooth && !a.IsParameter) value = string.Create(CultureInfo.InvariantCulture, $"({i} >= {by} ? {before} : {other})");
        Add("G", a.Type, a.Shape, Left(a, index), new(value, a.Type, a.Bound), declares: true);
        return true;
    }

    private string Compared(string read, ElementType type) => type is ElementType.Bool ? read : $"{read} {Pick<string>(Comparisons)} {Literal(type, _random.Next(4))}";

    private bool Strided(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length), by = 2 + _random.Next(2);
        var e = a.Shape[axis];
        if (e.Less > 0 || e.Divisor > 1 || !IsAlone(a, axis)) return false;
        var index = IndexNames(a.Shape);
        var part = new Extent(e.Dim, 0, by);
        if (a.Shape.Contains(part)) return false;
        Require(e, by);
        string name = Name("S"), i = index[e];
        var tensor = new Tensor(name, a.Type, a.Shape.SetItem(axis, part), a.Bound);
        int offset = _random.Next(by);
        string value = Shifted(a, index, axis, x => string.Create(CultureInfo.InvariantCulture, $"{by} * {x} + {offset}"));
        _lines.Add(Declare(tensor));
        _lines.Add($"for {i} in 0..{part.Text} {{ {Read(tensor, Left(a, index))} = {value} }}");
        _tensors.Add(tensor);
        return true;
    }

    private bool Reversed(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length);
        if (!IsAlone(a, axis)) return false;
        var index = IndexNames(a.Shape);
        string back = Shifted(a, index, axis, i => $"{a.Shape[axis].Text} - 1 - {i}");
        string value = a.Type is ElementType.Bool ? $"({back} ^ {Element(a, index)})" : $"({back} - {Element(a, index)})";
        if (!Fits(a, 2)) value = $"({AnyIndex(index)} % 2 == 0 ? {back} : {Element(a, index)})";
        // With the element itself an iteration needs what the ones before it need; alone, less and less.
        if (_lines.Count % 2 == 0) value = back;
        Add("V", a.Type, a.Shape, Left(a, index), new(value, a.Type, a.Bound * 2));
        return true;
    }

    private bool Transposed(Tensor a)
    {
        if (a.Shape.Length < 2) return false;
        var index = IndexNames(a.Shape);
        var shape = Shuffled(a.Shape).ToImmutableArray();
        if (shape.Distinct().Count() < shape.Length) return false;
        Add("W", a.Type, shape, shape.Select(e => index[e]), Step(new(Element(a, index), a.Type, a.Bound), index));
        return true;
    }

    // Two tensors of different shapes: an outer product or a row along a matrix.
    private bool Broadcasting(Tensor a)
    {
        var others = _tensors.Where(t => t.Type == a.Type && t.Shape.Length > 0 && !t.Shape.SequenceEqual(a.Shape)).ToArray();
        if (others.Length == 0) return false;
        var b = Pick<Tensor>(others);
        var shape = a.Shape.Concat(b.Shape).Distinct().ToImmutableArray();
        if (shape.Length > 3) return false;
        var index = IndexNames(shape);
        Add("O", a.Type, shape, shape.Select(e => index[e]), Step(new(Element(a, index), a.Type, a.Bound), index), declares: true);
        return true;
    }

    // No other index of the read runs over the same extent: it would move along.
    private static bool IsAlone(Tensor a, int axis) => a.Shape.Count(e => e == a.Shape[axis]) == 1;

    /// <summary>True where so many elements can be added and the sum stays what it is in every order.</summary>
    private bool Fits(Tensor a, double count) => !a.Type.IsFloat || _mode is not ValueMode.Whole || a.Bound * count < Ceiling(a.Type);
}
