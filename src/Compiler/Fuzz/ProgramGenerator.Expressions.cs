using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Fuzz;

// Values of elements: operators, functions, conditions, casts.
public sealed partial class ProgramGenerator
{
    private static readonly string[] Indices = ["i", "j", "l", "p", "q"];
    private static readonly string[] Comparisons = ["<", "<=", ">", ">=", "==", "!="];

    private readonly record struct Value(string Text, ElementType Type, double Bound);

    private IEnumerable<(int, Func<Tensor, bool>)> ExpressionStages() => [(8, Elementwise), (3, CastStage), (1, Truth)];

    private bool Elementwise(Tensor a)
    {
        var index = IndexNames(a.Shape);
        var value = new Value(Element(a, index), a.Type, a.Bound);
        for (int i = 1 + _random.Next(3); i > 0; i--) value = Step(value, index);
        Add("E", value.Type, a.Shape, Left(a, index), value);
        return true;
    }

    private bool CastStage(Tensor a)
    {
        var index = IndexNames(a.Shape);
        var value = Cast(new(Element(a, index), a.Type, a.Bound));
        Add("T", value.Type, a.Shape, Left(a, index), Step(value, index) with { Type = value.Type });
        return true;
    }

    // A tensor of conditions.
    private bool Truth(Tensor a)
    {
        var index = IndexNames(a.Shape);
        Add("Q", ElementType.Bool, a.Shape, Left(a, index), new($"{Comparison(a, index)} {Pick<string>(["&&", "||", "&", "|", "^", "==", "!="])} ({Condition(index)})", ElementType.Bool, 1));
        return true;
    }

    /// <summary>One more operation around a value; its type stays.</summary>
    private Value Step(Value x, Dictionary<Extent, string> index)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            var y = Operand(x.Type, index);
            if (_random.Next(9) == 0) return x with { Text = $"({Condition(index)} ? {x.Text} : {y.Text})", Bound = Math.Max(x.Bound, y.Bound) };
            if (x.Type is ElementType.Bool) return x with { Text = Pick<string>([$"!{x.Text}", $"({x.Text} && {Condition(index)})", $"({Condition(index)} || {x.Text})", $"({x.Text} ^ {y.Text})", $"({x.Text} & {y.Text})", $"({x.Text} | {y.Text})"]) };
            var result = x.Type.IsFloat ? FloatStep(x, y, index) : new Value(IntegerStep(x.Type, x.Text, y.Text), x.Type, double.PositiveInfinity);
            if (result is { } found && (_mode is not ValueMode.Whole || !found.Type.IsFloat || found.Bound < Ceiling(found.Type))) return Bounded(found);
        }
        return x;
    }

    private Value? FloatStep(Value x, Value y, Dictionary<Extent, string> index)
    {
        var (a, b, t) = (x.Text, y.Text, x.Type);
        double larger = Math.Max(x.Bound, y.Bound);
        if (_mode is ValueMode.Smooth && _random.Next(3) > 0) return Smooth(x);
        // What is exact comes first.
        int kind = _random.Next(_mode is ValueMode.Whole ? 16 : 30);
        return kind switch
        {
            0 => new($"({a} + {b})", t, x.Bound + y.Bound),
            2 => new($"({a} - {b})", t, x.Bound + y.Bound),
            4 => new($"{a} * {b}", t, x.Bound * y.Bound),
            5 => new($"({a} {Pick<string>(["<", "<=", ">", ">="])} {b} ? {a} : {b})", t, larger),
            6 => new($"max({a}, {b})", t, larger),
            7 => new($"min({a}, {b})", t, larger),
            8 => new($"-{a}", t, x.Bound),
            9 => new($"abs({a})", t, x.Bound),
            10 => new($"fma({a}, {b}, {a})", t, x.Bound * y.Bound + x.Bound),
            11 => new($"({a} + {t.Name}({AnyIndex(index)}))", t, x.Bound + 64),
            1 or 3 or 12 or 13 or 14 => _mode is ValueMode.Smooth ? null : new($"{Pick<string>(["floor", "ceil", "round", "trunc"])}({a})", t, x.Bound),
            15 => new($"clamp({a}, -4, {Literal(t, 5)})", t, Math.Max(5, Math.Min(x.Bound, 5))),
            // What follows need not be whole.
            16 or 17 => _mode is ValueMode.Smooth ? new($"{a} / ({b} * {b} + 1)", t, x.Bound) : new($"{a} / {Divisor(t)}", t, x.Bound),
            18 or 19 => _mode is ValueMode.Smooth ? null : new($"({a} % {Divisor(t)})", t, 8),
            20 => _mode is ValueMode.Smooth ? new($"sqrt(abs({a}) + 1)", t, x.Bound + 1) : new($"sqrt({a})", t, x.Bound),
            21 or 22 => _mode is ValueMode.Smooth ? null : new($"(isnan({a}) ? {b} : {a})", t, larger),
            23 => _mode is ValueMode.Smooth ? null : new($"({a} == {b} || {a} != {a} ? {a} : {SpecialLiteral(t)})", t, larger),
            _ => _mode is ValueMode.Smooth ? null : new($"({a} + {SpecialLiteral(t)})", t, larger),
        };
    }

    // The sign of a computed zero may be open, and a quotient would show it.
    private string Divisor(ElementType type) => _random.Next(2) == 0 && _tensors.FirstOrDefault(t => t.IsParameter && t.Type == type && t.Shape.IsEmpty) is { } scalar
        ? scalar.Name : Pick<string>(["3", "-7", "0.5", "1e-3", "2", "-1", "0.1"]);

    // Arguments stay where the functions are well conditioned.
    private Value Smooth(Value x)
    {
        var (a, t) = (x.Text, x.Type);
        return _random.Next(12) switch
        {
            0 => new($"exp(min({a}, 4))", t, 55),
            1 => new($"exp2(min({a}, 4))", t, 16),
            2 => new($"log(abs({a}) + 2)", t, 40),
            3 => new($"log2(abs({a}) + 2)", t, 60),
            4 => new($"sqrt(abs({a}) + 1)", t, Math.Sqrt(x.Bound + 1)),
            5 => new($"rsqrt(abs({a}) + 1)", t, 1),
            6 => new($"pow(abs({a}) + 1, 0.5)", t, x.Bound + 1),
            7 => new($"sin(clamp({a}, -8, 8))", t, 1),
            8 => new($"cos(clamp({a}, -8, 8))", t, 1),
            var k => new($"{(k == 9 ? "tanh" : k == 10 ? "sigmoid" : "erf")}({a})", t, 1),
        };
    }

    private string IntegerStep(ElementType type, string x, string y) => _random.Next(24) switch
    {
        0 or 1 => $"({x} + {y})",
        2 or 3 => $"({x} - {y})",
        4 or 5 => $"{x} * {y}",
        6 => $"max({x}, {y})",
        7 => $"min({x}, {y})",
        8 => $"({x} & {y})",
        9 => $"({x} | {y})",
        10 => $"({x} ^ {y})",
        11 => $"({x} >> {Amount(type)})",
        12 => $"({x} << {Amount(type)})",
        13 => $"({x} {Pick<string>(["<<", ">>"])} ({y} & {Literal(type, type.Bits - 1)}))",
        14 => $"({x} / {WholeDivisor(type, y)})",
        15 => $"({x} % {WholeDivisor(type, y)})",
        16 => $"trunc_div({x}, {WholeDivisor(type, y)})",
        17 => $"trunc_mod({x}, {WholeDivisor(type, y)})",
        18 => $"-{x}",
        19 => $"~{x}",
        20 => type.IsSigned ? $"abs({x})" : $"popcount({x})",
        21 => $"popcount({x})",
        22 => $"ceil_div({x}, {Literal(type, 1 + _random.Next(6))})",
        _ => $"({x} {Pick<string>(Comparisons)} {y} ? {x} : {y})",
    };

    private string Amount(ElementType type) => (_random.Next(3) == 0 ? type.Bits - 1 : _random.Next(Math.Min(5, type.Bits))).ToString(CultureInfo.InvariantCulture);

    private string WholeDivisor(ElementType type, string y) => _random.Next(3) switch
    {
        0 => $"({y} | 1)",
        1 when type.IsSigned => Literal(type, -1 - _random.Next(6)),
        _ => Literal(type, 1 + _random.Next(6)),
    };

    /// <summary>A cast to another type, of each kind in turn.</summary>
    private Value Cast(Value x)
    {
        if (_mode is ValueMode.Smooth && x.Type.IsFloat) return x with { Text = $"{(x.Type is ElementType.F32 ? "f64" : "f32")}({x.Text})", Type = x.Type is ElementType.F32 ? ElementType.F64 : ElementType.F32 };
        var to = Pick<ElementType>([.. Types, ElementType.Bool, ElementType.Bool]);
        bool saturates = x.Type is not ElementType.Bool && to.IsInteger && _random.Next(2) == 0;
        if (saturates) return new($"saturate({to.Name}, {x.Text})", to, double.PositiveInfinity);
        var same = Types.Where(t => t.Bits == x.Type.Bits && t != x.Type && (_mode is ValueMode.Special || !t.IsFloat)).ToArray();
        // A NaN's payload and the sign of a zero are left open.
        if (_random.Next(4) == 0 && same.Length > 0 && x.Type.IsInteger) return Bits(x, Pick<ElementType>(same));
        if (x.Type is ElementType.Bool) return new($"{to.Name}({x.Text})", to, 1);
        if (_mode is ValueMode.Whole && to.IsFloat)
        {
            double limit = Math.Min(Limit(to), 64);
            return x.Bound <= limit ? new($"{to.Name}({x.Text})", to, x.Bound)
                : x.Type.IsFloat ? new($"{to.Name}(min(max({x.Text}, -8), 8))", to, 8) : new($"{to.Name}({x.Text} % {Literal(x.Type, 8)})", to, 8);
        }
        return new($"{to.Name}({x.Text})", to, to is ElementType.Bool ? 1 : double.PositiveInfinity);
    }

    private static Value Bits(Value x, ElementType to) => new($"bits({to.Name}, {x.Text})", to, double.PositiveInfinity);

    /// <summary>A value to combine with: a read whose indices are all bound here, a scalar, a const, a literal, a call on scalars.</summary>
    private Value Operand(ElementType type, Dictionary<Extent, string> index)
    {
        var fitting = _tensors.Where(t => t.Type == type && t.Shape.All(index.ContainsKey)).ToArray();
        int kind = _random.Next(16);
        if (kind < 10 && fitting.Length > 0)
        {
            var t = Pick<Tensor>(fitting);
            return new(Element(t, index), type, t.Bound);
        }
        if (type is ElementType.Bool) return new(Pick<string>(["true", "false"]), type, 1);
        if (kind == 10) return ConstParameter(type);
        if (kind == 11 && FileConst(type) is { } c) return c;
        if (kind == 12 && fitting.Length > 0 && ScalarCall(type, index, fitting) is { } call) return call;
        if (kind >= 13 && _mode is ValueMode.Special) return new(SpecialLiteral(type), type, double.PositiveInfinity);
        int n = 1 + _random.Next(5);
        return new(Literal(type, n), type, n);
    }

    // In smooth programs only what is exact may decide.
    private string Condition(Dictionary<Extent, string> index, int depth = 0)
    {
        string i = AnyIndex(index);
        var exact = _tensors.Where(t => (_mode is not ValueMode.Smooth || t.IsParameter) && t.Shape.All(index.ContainsKey)).ToArray();
        switch (_random.Next(depth > 1 ? 5 : 9))
        {
            case 0: return string.Create(CultureInfo.InvariantCulture, $"{i} % {2 + _random.Next(3)} {Pick<string>(["==", "!="])} {_random.Next(2)}");
            case 1: return $"{i} {Pick<string>(Comparisons)} {AnyIndex(index)}";
            case 2 or 3 or 4 when exact.Length > 0:
                var t = Pick<Tensor>(exact);
                return t.Type is ElementType.Bool ? Element(t, index) : Comparison(t, index);
            case 5: return $"!({Condition(index, depth + 1)})";
            case 6: return $"({Condition(index, depth + 1)} && {Condition(index, depth + 1)})";
            case 7: return $"({Condition(index, depth + 1)} || {Condition(index, depth + 1)})";
            default: return string.Create(CultureInfo.InvariantCulture, $"{i} > {_random.Next(4)}");
        }
    }

    private string Comparison(Tensor t, Dictionary<Extent, string> index) =>
        t.Type is ElementType.Bool ? $"({Element(t, index)} == {Pick<string>(["true", "false"])})" : $"({Element(t, index)} {Pick<string>(Comparisons)} {Literal(t.Type, _random.Next(5))})";

    /// <summary>Keeps whole floats small enough for the sums that may follow.</summary>
    private Value Bounded(Value v)
    {
        if (!v.Type.IsFloat || _mode is ValueMode.Special || v.Bound < Limit(v.Type)) return v;
        return new($"min(max({v.Text}, -8), 8)", v.Type, 8);
    }

    // Whole floats stay below this between stages, and below the ceiling everywhere.
    private static double Limit(ElementType type) => type switch { ElementType.F16 => 1 << 7, ElementType.BF16 => 1 << 5, _ => 1 << 20 };
    private static double Ceiling(ElementType type) => type switch { ElementType.F16 => 1 << 11, ElementType.BF16 => 1 << 8, ElementType.F32 => 1 << 24, _ => 1L << 53 };

    private string AnyIndex(Dictionary<Extent, string> index) => index.Count == 0 ? "2" : Pick<string>([.. index.Values.Order(StringComparer.Ordinal)]);

    private string SpecialLiteral(ElementType type) => type.IsFloat ? Pick<string>(type is ElementType.F64 or ElementType.F32
            ? ["inf", "(-inf)", "nan", "nan", "(-0.0)", "(-0.0)", "1e-7", "(-1e30)", "1e-40"] : ["inf", "(-inf)", "nan", "nan", "(-0.0)", "(-0.0)", "1e-7", "3e4"])
        : Pick<string>([$"({type.MinValue})", type.MaxValue.ToString(CultureInfo.InvariantCulture), "0"]);

    private static string Literal(ElementType type, int value)
    {
        if (type is ElementType.Bool) return value > 0 ? "true" : "false";
        if (type.IsUnsigned) value = Math.Abs(value);
        if (type.IsPacked) value = Math.Clamp(value, (int)type.MinValue, (int)type.MaxValue);
        string text = value.ToString(CultureInfo.InvariantCulture);
        return value < 0 ? $"({text})" : text;
    }

    private static Dictionary<Extent, string> IndexNames(ImmutableArray<Extent> shape)
    {
        var names = new Dictionary<Extent, string>();
        foreach (var e in shape) names.TryAdd(e, Indices[names.Count % Indices.Length]);
        return names;
    }

    private static ImmutableArray<string> Left(Tensor a, Dictionary<Extent, string> index) => [.. a.Shape.Select(e => index[e])];
    private static string Element(Tensor a, Dictionary<Extent, string> index) => Read(a, a.Shape.Select(e => index[e]));
    private static string Read(Tensor a, IEnumerable<string> indices) => a.Shape.IsEmpty ? a.Name : $"{a.Name}[{string.Join(", ", indices)}]";

    // The indices of a read, one of them another way.
    private static string Shifted(Tensor a, Dictionary<Extent, string> index, int axis, Func<string, string> by) =>
        Read(a, a.Shape.Select((e, d) => d == axis ? by(index[e]) : index[e]));
}
