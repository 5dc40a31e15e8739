using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Fuzz;

// Indices that come from data.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> GatherStages() => [(3, Gather), (3, Scatter)];

    private bool Gather(Tensor a)
    {
        if (Places(a) is not { } id) return false;
        var e = a.Shape[0];
        var shape = id.Shape.Concat(a.Shape.Skip(1)).ToImmutableArray();
        if (shape.Distinct().Count() < shape.Length || shape.Length > 3) return false;
        var index = IndexNames(shape);
        string at = Element(id, index), rest = string.Concat(a.Shape.Skip(1).Select(x => $", {index[x]}")), other = Literal(a.Type, 1);
        string read(string i) => $"{a.Name}[{i}{rest}]";
        string value = _random.Next(5) switch
        {
            0 => $"({read(at)} ?? {other})",
            1 => $"({at} >= 0 && int({at}) < {e.Text} ? {read(at)} : {other})",
            2 => read(Clamped(id, at, e)),
            3 => read(Masked(at, e)),
            _ => read(Unproved(at, e)),
        };
        Add("J", a.Type, shape, shape.Select(x => index[x]), new(value, a.Type, Math.Max(a.Bound, 1)), declares: true);
        return true;
    }

    // A histogram: many points add to one element, in the order of their indices.
    private bool Scatter(Tensor a)
    {
        if (Places(a) is not { } id || a.Shape.Length > 2) return false;
        var e = a.Shape[0];
        var index = IndexNames(id.Shape);
        // A row of the tensor for each element, where it has rows.
        string rest = "", at = Element(id, index);
        if (a.Shape.Length == 2)
        {
            if (id.Shape.Contains(a.Shape[1])) return false;
            rest = ", q";
        }
        double count = id.Shape.Aggregate(1.0, (n, x) => n * SizeOf(x));
        var type = a.Type.IsFloat && (_mode is not ValueMode.Whole || 8 * count < Ceiling(a.Type)) ? a.Type : ElementType.I32;
        string op = type.IsFloat ? "+=" : Pick<string>(["+=", "*=", "|=", "^=", "&="]);
        var tensor = new Tensor(Name("N"), type, a.Shape, 8 * count + 8);
        string place = _random.Next(3) switch { 0 => Clamped(id, at, e), 1 => Masked(at, e), _ => Unproved(at, e) };
        _lines.Add(Declare(tensor));
        _lines.Add($"{tensor.Name}[{(a.Shape.Length == 2 ? "p, q" : "p")}] = {Literal(type, 1)}");
        _lines.Add($"{tensor.Name}[{place}{rest}] {op} {type.Name}({AnyIndex(index)} % 4) + {Literal(type, 2)}");
        _tensors.Add(tensor);
        return true;
    }

    // Integers that can stand for places.
    private Tensor? Places(Tensor a)
    {
        var fitting = _tensors.Where(t => t.Type.IsInteger && t.Type.Bits is >= 8 and < 64 && t.Shape.Length is 1 or 2 && t.Shape.Distinct().Count() == t.Shape.Length).ToArray();
        return a.Shape.Length == 0 || a.Type is ElementType.Bool || fitting.Length == 0 ? null : Pick<Tensor>(fitting);
    }

    private string Clamped(Tensor id, string at, Extent e)
    {
        Require(e, 1);
        return id.Type.IsSigned || _random.Next(2) == 0 ? $"clamp(int({at}), 0, {e.Text} - 1)" : $"min(int({at}), {e.Text} - 1)";
    }

    private string Masked(string at, Extent e)
    {
        Require(e, 4);
        return $"{at} & 3";
    }

    // Always inside, but no bound of its parts says so: checked when the kernel runs.
    private string Unproved(string at, Extent e)
    {
        Require(e, 8);
        return $"({at} & 7) - ({at} & 3)";
    }
}
