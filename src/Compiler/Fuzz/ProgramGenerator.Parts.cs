using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Fuzz;

// Tensors with several equations: stated ranges, parts, recurrences, updates.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> PartStages() => [(1, Ranged), (2, Parts), (2, Forward), (2, Backward), (2, Grid), (2, Pair), (3, Update), (3, TriangularUpdate)];

    private bool Ranged(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length) return false;
        var value = Bounded(Step(new(Element(a, index), a.Type, a.Bound), index));
        var tensor = new Tensor(Name("G"), value.Type, a.Shape, value.Bound);
        _lines.Add(Declare(tensor));
        _lines.Add($"for {string.Join(", ", a.Shape.Select(e => $"{index[e]} in 0..{e.Text}"))} {{ {Read(tensor, Left(a, index))} = {value.Text} }}");
        _tensors.Add(tensor);
        return true;
    }

    // The first element, or the first half, by one equation, the rest by another.
    private bool Parts(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length) return false;
        var e = a.Shape[0];
        string i = index[e], rest = string.Concat(a.Shape.Skip(1).Select(x => $", {index[x]}"));
        var value = Bounded(Step(new(Element(a, index), a.Type, a.Bound), index));
        var tensor = new Tensor(Name("H"), a.Type, a.Shape, Math.Max(value.Bound, 5));
        _lines.Add(Declare(tensor));
        if (_random.Next(2) == 0)
        {
            Require(e, 1);
            _lines.Add($"{tensor.Name}[0{rest}] = {Literal(a.Type, 1)}");
            _lines.Add($"for {i} in 1..{e.Text} {{ {tensor.Name}[{i}{rest}] = {value.Text} }}");
        }
        else
        {
            Require(e, 2);
            string middle = $"({e.Text}) / 2";
            _lines.Add($"for {i} in 0..{middle} {{ {tensor.Name}[{i}{rest}] = {value.Text} }}");
            _lines.Add($"for {i} in {middle}..{e.Text} {{ {tensor.Name}[{i}{rest}] = {Element(a, index)} }}");
        }
        _tensors.Add(tensor with { Bound = Math.Max(tensor.Bound, a.Bound) });
        return true;
    }

    /// <summary>A step of a recurrence that keeps whole floats small.</summary>
    private string Carry(ElementType type, string before, string x) =>
        type is ElementType.Bool ? $"{before} ^ {x}"
        : type.IsInteger ? Pick<string>([$"{before} + {x}", $"{before} * {Literal(type, 3)} ^ {x}", $"max({before}, {x})", $"{x} - {before}"])
        : _mode is ValueMode.Smooth ? Pick<string>([$"0.5 * {before} + {x}", $"max({before}, {x})", $"tanh({before}) + {x}"])
        : Pick<string>([$"clamp({before} + {x}, -8, 8)", $"max({before}, {x})", $"clamp({x} - {before}, -8, 8)", $"min({before}, {x})"]);

    private double CarriedBound(Tensor a) => _mode is ValueMode.Smooth ? a.Bound * 2 + 2 : Math.Max(8, a.Bound);

    private bool Forward(Tensor a) => Recurrence(a, isBackward: false);
    private bool Backward(Tensor a) => Recurrence(a, isBackward: true);

    private bool Recurrence(Tensor a, bool isBackward)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length) return false;
        int axis = _random.Next(a.Shape.Length);
        var e = a.Shape[axis];
        string i = index[e];
        Require(e, 1);
        var tensor = new Tensor(Name("Y"), a.Type, a.Shape, CarriedBound(a));
        string at(string x) => Read(tensor, a.Shape.Select((d, n) => n == axis ? x : index[d]));
        string first = isBackward ? $"{e.Text} - 1" : "0";
        _lines.Add(Declare(tensor));
        _lines.Add($"{at(first)} = {Shifted(a, index, axis, _ => first)}");
        _lines.Add(isBackward
            ? $"for {i} in 0..{e.Text} - 1 {{ {at(i)} = {Carry(a.Type, at($"{i} + 1"), Element(a, index))} }}"
            : $"for {i} in 1..{e.Text} {{ {at(i)} = {Carry(a.Type, at($"{i} - 1"), Element(a, index))} }}");
        _tensors.Add(tensor);
        return true;
    }

    // Two carried dimensions.
    private bool Grid(Tensor a)
    {
        if (a.Shape.Length != 2 || a.Shape[0] == a.Shape[1]) return false;
        var (n, m) = (a.Shape[0], a.Shape[1]);
        Require(n, 1);
        Require(m, 1);
        var y = new Tensor(Name("Y"), a.Type, a.Shape, CarriedBound(a));
        string t = y.Name, x = a.Name;
        _lines.Add(Declare(y));
        _lines.Add($"for j in 0..{m.Text} {{ {t}[0, j] = {x}[0, j] }}");
        _lines.Add($"for i in 1..{n.Text} {{ {t}[i, 0] = {x}[i, 0] }}");
        _lines.Add($"for i in 1..{n.Text}, j in 1..{m.Text} {{ {t}[i, j] = {Carry(a.Type, $"{t}[i - 1, j]", _mode is ValueMode.Smooth ? $"{x}[i, j]" : $"{t}[i, j - 1]")} }}");
        _tensors.Add(y);
        return true;
    }

    // Two tensors that need each other.
    private bool Pair(Tensor a)
    {
        if (a.Shape.Length != 1) return false;
        var e = a.Shape[0];
        Require(e, 1);
        var (y, z) = (new Tensor(Name("Y"), a.Type, a.Shape, CarriedBound(a)), new Tensor(Name("Y"), a.Type, a.Shape, CarriedBound(a)));
        _lines.Add(Declare(y));
        _lines.Add(Declare(z));
        _lines.Add($"{y.Name}[0] = {a.Name}[0]");
        _lines.Add($"{z.Name}[0] = {Literal(a.Type, 1)}");
        _lines.Add($"for i in 1..{e.Text} {{ {y.Name}[i] = {Carry(a.Type, $"{z.Name}[i - 1]", $"{a.Name}[i]")} }}");
        _lines.Add($"for i in 1..{e.Text} {{ {z.Name}[i] = {Carry(a.Type, $"{y.Name}[i]", $"{z.Name}[i - 1]")} }}");
        _tensors.Add(y);
        _tensors.Add(z);
        return true;
    }

    private bool Update(Tensor a)
    {
        var index = IndexNames(a.Shape);
        if (index.Count < a.Shape.Length || a.Type is ElementType.Bool) return false;
        // Over one dimension more than the tensor has: many points meet in one element.
        ImmutableArray<Extent> shape = a.Shape.Length > 1 && _random.Next(2) == 0 ? a.Shape[1..] : a.Shape;
        double count = shape.Length < a.Shape.Length ? SizeOf(a.Shape[0]) : 1;
        bool reassociates = a.Type.IsFloat && _mode is ValueMode.Special && count > 1;
        if (!Fits(a, count + 1) || reassociates) return false;
        // A sum of narrow integers may overflow, which the language refuses.
        bool isNarrow = a.Type.IsInteger && a.Type.Bits < 32;
        string op = isNarrow ? Pick<string>(["&=", "|=", "^="]) : a.Type.IsFloat ? _mode is ValueMode.Special ? Pick<string>(["+=", "*="]) : "+=" : Pick<string>(["+=", "*=", "&=", "|=", "^="]);
        var tensor = new Tensor(Name("N"), a.Type, shape, a.Bound * (count + 1) + 5);
        string at = Read(tensor, shape.Select(e => index[e]));
        _lines.Add(Declare(tensor));
        _lines.Add($"{at} = {Literal(a.Type, _random.Next(4))}");
        _lines.Add($"{at} {op} {Element(a, index)}");
        if (_random.Next(3) == 0 && a.Type.IsInteger) _lines.Add($"{at} {Pick<string>(isNarrow ? ["&=", "|=", "^="] : ["+=", "*=", "&=", "|=", "^="])} {Literal(a.Type, 3)}");
        _tensors.Add(tensor);
        return true;
    }

    private bool TriangularUpdate(Tensor a)
    {
        if (a.Shape.Length != 1 || !a.Type.IsInteger || a.Type.Bits < 32) return false;
        var tensor = new Tensor(Name("N"), a.Type, a.Shape, double.PositiveInfinity);
        _lines.Add(Declare(tensor));
        _lines.Add($"{tensor.Name}[i] = {a.Name}[i]");
        _lines.Add($"for i in 0..{a.Shape[0].Text}, j in 0..i {{ {tensor.Name}[i] {Pick<string>(["+=", "^=", "|=", "&="])} {a.Name}[j] }}");
        _tensors.Add(tensor);
        return true;
    }
}
