using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Fuzz;

public sealed partial class ProgramGenerator
{
    /// <summary>An expression of a type over the given indices around <paramref name="seed"/>, with the largest absolute value it can have.</summary>
    private (string Text, double Bound) Expression(ElementType type, Dictionary<Extent, string> index, string seed, double bound, int depth)
    {
        string text = seed;
        for (int i = 0; i < depth; i++)
        {
            var (other, otherBound) = Operand(type, index);
            (text, bound) = type.IsFloat ? FloatStep(type, index, text, bound, other, otherBound) : IntegerStep(type, index, text, other);
        }
        return (text, bound);
    }

    // A read of another tensor of this type whose indices are all bound here, or a literal.
    private (string, double) Operand(ElementType type, Dictionary<Extent, string> index)
    {
        var fitting = _tensors.Where(t => t.Type == type && t.Shape.Length > 0 && t.Shape.All(index.ContainsKey)).ToList();
        if (fitting.Count == 0 || _random.Next(3) == 0)
        {
            int n = 1 + _random.Next(5);
            return (Literal(type, n), n);
        }
        var t = Pick<Tensor>([.. fitting]);
        return (Element(t, index), t.Bound);
    }

    private (string, double) FloatStep(ElementType type, Dictionary<Extent, string> index, string x, double bound, string y, double otherBound)
    {
        if (!_exact && _random.Next(2) == 0)
        {
            string smooth = Pick<string>(["exp", "tanh", "sigmoid", "erf", "sqrt", "rsqrt", "log"]);
            // Arguments stay where the functions are well conditioned.
            return smooth switch
            {
                "exp" => ($"exp(min({x}, 4))", 55),
                "sqrt" => ($"sqrt(abs({x}) + 1)", Math.Sqrt(bound + 1)),
                "rsqrt" => ($"rsqrt(abs({x}) + 1)", 1),
                "log" => ($"log(abs({x}) + 2)", 40),
                _ => ($"{smooth}({x})", 1),
            };
        }
        switch (_random.Next(7))
        {
            case 0: return ($"({x} + {y})", bound + otherBound);
            case 1: return ($"({x} - {y})", bound + otherBound);
            case 2 when bound * otherBound < Limit: return ($"{x} * {y}", bound * otherBound);
            case 3: return ($"max({x}, {y})", Math.Max(bound, otherBound));
            case 4: return ($"min({x}, {y})", Math.Max(bound, otherBound));
            case 5: return ($"({x} < {y} ? {x} : {y})", Math.Max(bound, otherBound));
            default:
                string i = Pick<string>([.. index.Values.Order(StringComparer.Ordinal)]);
                return ($"({x} + {type.Name}({i}))", bound + 64);
        }
    }

    private (string, double) IntegerStep(ElementType type, Dictionary<Extent, string> index, string x, string y)
    {
        string text = _random.Next(11) switch
        {
            0 => $"({x} + {y})",
            1 => $"({x} - {y})",
            2 => $"{x} * {y}",
            3 => $"max({x}, {y})",
            4 => $"min({x}, {y})",
            5 => $"({x} & {y})",
            6 => $"({x} ^ {y})",
            7 => $"({x} >> {Math.Min(1 + _random.Next(3), type.Bits - 1)})",
            8 => $"({x} / {Literal(type, 1 + _random.Next(4))})",
            9 => $"({x} % {Literal(type, 1 + _random.Next(6))})",
            _ => $"({x} > {y} && {Pick<string>([.. index.Values.Order(StringComparer.Ordinal)])} % 3 != 1 ? {x} : {y})",
        };
        return (text, double.PositiveInfinity);
    }
}
