using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Fuzz;

public sealed partial class ProgramGenerator
{
    private static readonly string[] Indices = ["i", "j", "l", "p", "q"];

    private void Elementwise(Tensor a)
    {
        var index = IndexNames(a.Shape);
        var (value, bound) = Expression(a.Type, index, Element(a, index), a.Bound, depth: 1 + _random.Next(3));
        Add("E", a.Type, a.Shape, Left(a, index), value, bound);
    }

    private void Stencil(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length), width = 1 + _random.Next(2);
        var index = IndexNames(a.Shape);
        Require(a.Shape[axis], width + 1);
        var terms = new List<string>();
        for (int k = 0; k <= width; k++)
            terms.Add(Read(a, Left(a, index).Select((n, d) => d == axis && k > 0 ? string.Create(CultureInfo.InvariantCulture, $"{n} + {k}") : n)));
        var shape = a.Shape.SetItem(axis, a.Shape[axis] with { Less = a.Shape[axis].Less + width });
        bool isMax = _random.Next(3) == 0;
        string value = isMax ? terms.Aggregate((x, y) => $"max({x}, {y})") : string.Join(" + ", terms);
        Add("S", a.Type, shape, Left(a, index), value, isMax ? a.Bound : a.Bound * (width + 1));
    }

    private void Reduction(Tensor a)
    {
        // i8 … u16 sums may overflow at some size: the language refuses them, so they are widened first.
        var (element, type) = Widened(a);
        var index = IndexNames(a.Shape);
        int count = 1 + (a.Shape.Length > 1 ? _random.Next(a.Shape.Length) : 0);
        var reduced = Shuffled(Enumerable.Range(0, a.Shape.Length)).Take(count).Order().ToList();
        if (reduced.Count == a.Shape.Length && a.Shape.Length == 1 && _random.Next(2) == 0) reduced = [0];
        var kept = Enumerable.Range(0, a.Shape.Length).Where(d => !reduced.Contains(d)).ToList();
        string[] kinds = type.IsFloat ? ["sum", "sum", "max", "min", "exact sum"] : ["sum", "max", "min", "bit_or", "bit_and", "bit_xor", "any", "all", "prod"];
        string kind = Pick<string>(kinds);
        bool isTruth = kind is "any" or "all";
        string body = element(index);
        if (isTruth) body = $"{body} > {Literal(type, 3)}";
        string condition = _random.Next(4) == 0 ? $" if {index[a.Shape[reduced[0]]]} % 2 == 0" : "";
        string value = $"{kind}({string.Join(", ", reduced.Select(d => index[a.Shape[d]]))}{condition}: {body})";
        double volume = reduced.Aggregate(1.0, (v, d) => v * Math.Max(1, _sizes[a.Shape[d].Dim]));
        double bound = isTruth ? 1 : kind.EndsWith("sum", StringComparison.Ordinal) ? a.Bound * volume : type.IsFloat ? a.Bound : double.PositiveInfinity;
        if (kind is "max" or "min" && type.IsFloat)
            foreach (int d in reduced) Require(a.Shape[d], 1);
        if (isTruth) { value = $"{ElementType.I32.Name}({value})"; type = ElementType.I32; }
        // A rank of 0 is legal, but a result of one element says little: keep one index where there is none.
        if (kept.Count == 0)
        {
            Add("R", type, [], [], value, bound);
            return;
        }
        Add("R", type, [.. kept.Select(d => a.Shape[d])], [.. kept.Select(d => index[a.Shape[d]])], value, bound);
    }

    private void Contraction(Tensor a)
    {
        var b = Pick<Tensor>([.. _tensors]);
        var (left, type) = Widened(a);
        var (right, other) = Widened(b);
        var shared = a.Shape.Intersect(b.Shape).ToList();
        if (type != other || shared.Count == 0 || (type.IsFloat && a.Bound * b.Bound > Limit)) { Elementwise(a); return; }
        var k = Pick<Extent>([.. shared]);
        var all = a.Shape.Concat(b.Shape).Distinct().ToImmutableArray();
        var index = IndexNames(all);
        var kept = Shuffled(all.Where(e => e != k)).ToImmutableArray();
        double bound = a.Bound * b.Bound * Math.Max(1, _sizes[k.Dim]);
        Add("C", type, kept, [.. kept.Select(e => index[e])], $"sum({index[k]}: {left(index)} * {right(index)})", bound);
    }

    private void Padded(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length);
        var index = IndexNames(a.Shape);
        int by = 1 + _random.Next(3);
        string shifted(int k) => $"({Read(a, Left(a, index).Select((n, d) => d == axis ? string.Create(CultureInfo.InvariantCulture, $"{n} {(k < 0 ? '-' : '+')} {Math.Abs(k)}") : n))} ?? {Literal(a.Type, 1)})";
        Add("P", a.Type, a.Shape, Left(a, index), $"{Element(a, index)} + {shifted(-by)} + {shifted(by)}", a.Bound * 3);
    }

    private void ArgReduction(Tensor a)
    {
        if (a.Shape.Length < 2) { Elementwise(a); return; }
        var index = IndexNames(a.Shape);
        int axis = _random.Next(a.Shape.Length);
        Require(a.Shape[axis], 1);
        var kept = Enumerable.Range(0, a.Shape.Length).Where(d => d != axis).ToList();
        ImmutableArray<Extent> shape = [.. kept.Select(d => a.Shape[d])];
        ImmutableArray<string> left = [.. kept.Select(d => index[a.Shape[d]])];
        string form = Pick<string>(["argmax", "argmin", "max_at", "min_at"]);
        string reduction = $"{form}({index[a.Shape[axis]]}: {Element(a, index)})";
        if (form.StartsWith("arg", StringComparison.Ordinal)) { Add("A", ElementType.I64, shape, left, reduction, 64); return; }
        var (value, at) = (new Tensor(Name("V"), a.Type, shape, a.Bound), new Tensor(Name("A"), ElementType.I64, shape, 64));
        string subs = string.Join(", ", left);
        _lines.Add($"({value.Name}[{subs}], {at.Name}[{subs}]) = {reduction}");
        _tensors.Add(value);
        _tensors.Add(at);
    }

    private void CallStage(Tensor a)
    {
        if (a.Shape.Length == 2 && _random.Next(2) == 0)
        {
            _helpers.Add("flip");
            var flipped = a with { Name = Name("F"), Shape = [a.Shape[1], a.Shape[0]] };
            _lines.Add($"{flipped.Name} = flip({a.Name})");
            _tensors.Add(flipped);
            return;
        }
        if (a.Shape.Length == 0 || (a.Type.IsFloat && a.Bound * 2 > Limit)) { Elementwise(a); return; }
        _helpers.Add("double_up");
        var doubled = a with { Name = Name("D"), Bound = a.Bound * 2 };
        _lines.Add($"{doubled.Name} = double_up({a.Name})");
        _tensors.Add(doubled);
    }

    private void Cast(Tensor a)
    {
        var to = _exact ? Pick<ElementType>(ExactTypes) : a.Type is ElementType.F32 ? ElementType.F64 : ElementType.F32;
        var index = IndexNames(a.Shape);
        // Integers beyond 2^24 do not fit f32 exactly.
        string source = to.IsFloat && !(a.Bound < Limit) ? $"({Element(a, index)} % {Literal(a.Type, 64)})" : Element(a, index);
        double bound = to.IsFloat ? a.Bound < Limit ? a.Bound : 64 : a.Type.IsFloat ? a.Bound : double.PositiveInfinity;
        Add("T", to, a.Shape, Left(a, index), $"{to.Name}({source})", bound);
    }

    private void Add(string prefix, ElementType type, ImmutableArray<Extent> shape, ImmutableArray<string> left, string value, double bound)
    {
        if (type.IsFloat && !(bound < Limit))
        {
            value = $"min(max({value}, {Literal(type, -8)}), {Literal(type, 8)})";
            bound = 8;
        }
        // Sums that reached the limit before the clamp were exact up to 2^24 only if the limit leaves room: Limit · 16.
        var tensor = new Tensor(Name(prefix), type, shape, bound);
        _lines.Add(shape.Length == 0 ? $"{tensor.Name} = {value}" : $"{tensor.Name}[{string.Join(", ", left)}] = {value}");
        _tensors.Add(tensor);
    }

    private void Require(Extent e, int atLeast)
    {
        int n = e.Less + atLeast;
        _requires.RemoveWhere(r => r.StartsWith(e.Dim + " >= ", StringComparison.Ordinal) && int.Parse(r[(e.Dim.Length + 4)..], CultureInfo.InvariantCulture) <= n);
        if (!_requires.Any(r => r.StartsWith(e.Dim + " >= ", StringComparison.Ordinal)))
            _requires.Add(string.Create(CultureInfo.InvariantCulture, $"{e.Dim} >= {n}"));
    }

    private static Dictionary<Extent, string> IndexNames(ImmutableArray<Extent> shape)
    {
        var names = new Dictionary<Extent, string>();
        foreach (var e in shape) names.TryAdd(e, Indices[names.Count % Indices.Length]);
        return names;
    }

    private static ImmutableArray<string> Left(Tensor a, Dictionary<Extent, string> index) => [.. a.Shape.Select(e => index[e])];
    private static string Element(Tensor a, Dictionary<Extent, string> index) => Read(a, a.Shape.Select(e => index[e]));
    private static string Read(Tensor a, IEnumerable<string> indices) => $"{a.Name}[{string.Join(", ", indices)}]";

    private static (Func<Dictionary<Extent, string>, string> Element, ElementType Type) Widened(Tensor a) => a.Type switch
    {
        { IsInteger: true, Bits: <= 16 } => (index => $"i32({Element(a, index)})", ElementType.I32),
        _ => (index => Element(a, index), a.Type),
    };

    private static string Literal(ElementType type, int value)
    {
        if (type.IsUnsigned) value = Math.Abs(value);
        if (type.IsPacked) value = Math.Clamp(value, (int)type.MinValue, (int)type.MaxValue);
        string text = value.ToString(CultureInfo.InvariantCulture);
        return value < 0 ? $"({text})" : text;
    }
}
