using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Fuzz;

// Operators that call operators; const parameters and constants of the file.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> CallStages() => [(1, PackCall), (1, FlipCall), (3, ConstCall), (1, PairCall), (1, RowCall)];

    private bool PackCall(Tensor a)
    {
        if (a.Type is ElementType.Bool || !Fits(a, 4)) return false;
        _declarations.Add("op double_up<T: number>(A: T[..S]) -> B: T[..S] { B[..i] = A[..i] + A[..i] }");
        int times = _random.Next(3) == 0 ? 2 : 1;
        Bind(a with { Bound = a.Bound * 2 * times }, "D", times == 2 ? $"double_up(double_up({a.Name}))" : $"double_up({a.Name})");
        return true;
    }

    private bool FlipCall(Tensor a)
    {
        if (a.Shape.Length != 2 || a.Type is ElementType.Bool) return false;
        _declarations.Add("op flip<T: number>(A: T[P, Q]) -> B: T[Q, P] { B[j, i] = A[i, j] }");
        if (_random.Next(2) == 0) Bind(a, "F", $"flip(flip({a.Name}))");
        else Bind(a with { Shape = [a.Shape[1], a.Shape[0]] }, "F", $"flip({a.Name})");
        return true;
    }

    private bool ConstCall(Tensor a)
    {
        if (!a.Type.IsInteger || a.Shape.Length != 1) return false;
        _declarations.Add("op pick_every<T: integer>(A: T[P], const by: int = 2) -> B: T[P / by] require by >= 1 { for i in 0..P / by { B[i] = A[i * by] } }");
        var e = a.Shape[0];
        if (e.Less > 0 || e.Divisor > 1) return false;
        int by = 1 + _random.Next(3);
        Bind(a with { Shape = [by == 1 ? e : new Extent(e.Dim, 0, by)] }, "J", string.Create(CultureInfo.InvariantCulture, $"pick_every({a.Name}{(by == 2 ? "" : _random.Next(3) > 0 ? $", by = {by}" : $", {by}")})"));
        return true;
    }

    // Two results, and a requirement that the caller owes.
    private bool PairCall(Tensor a)
    {
        if (a.Shape.Length == 0 || a.Shape.Length > 2 || a.Type is ElementType.Bool) return false;
        string name = a.Shape.Length == 1 ? "ends" : "row_ends";
        _declarations.Add(a.Shape.Length == 1
            ? "op ends<T: number>(A: T[P]) -> low: T, high: T require P >= 1 {\n    low  = min(i: A[i])\n    high = max(i: A[i])\n}"
            : "op row_ends<T: number>(A: T[Q, P]) -> low: T[Q], high: T[Q] require P >= 1 {\n    low[j]  = min(i: A[j, i])\n    high[j] = max(i: A[j, i])\n}");
        Require(a.Shape[^1], 1);
        var (low, high) = (a with { Name = Name("L"), Shape = a.Shape[..^1], IsParameter = false }, a with { Name = Name("L"), Shape = a.Shape[..^1], IsParameter = false });
        _lines.Add($"({low.Name}, {high.Name}) = {name}({a.Name})");
        _tensors.Add(low);
        _tensors.Add(high);
        return true;
    }

    // A callee with stages of its own.
    private bool RowCall(Tensor a)
    {
        if (a.Shape.Length != 2 || a.Type is ElementType.Bool || !Fits(a, 2)) return false;
        _declarations.Add("op centered<T: number>(A: T[Q, P]) -> B: T[Q, P] {\n    most[j] = max(i: A[j, i])\n    B[j, i] = A[j, i] - most[j]\n}");
        Bind(a with { Bound = a.Bound * 2 }, "U", $"centered({a.Name})");
        return true;
    }

    private void Bind(Tensor like, string prefix, string call)
    {
        var tensor = like with { Name = Name(prefix), IsParameter = false };
        _lines.Add($"{tensor.Name} = {call}");
        // The next stage bounds what it makes of it; a call cannot.
        _tensors.Add(tensor);
    }

    /// <summary>A call on scalars, inlined where it stands.</summary>
    private Value? ScalarCall(ElementType type, Dictionary<Extent, string> index, Tensor[] fitting)
    {
        var (a, b) = (Pick<Tensor>(fitting), Pick<Tensor>(fitting));
        if (type is ElementType.Bool) return null;
        _declarations.Add("op between<T: number>(a: T, b: T) -> c: T { c = a < b ? b : a - b }");
        return new($"between({Element(a, index)}, {Element(b, index)})", type, a.Bound + b.Bound);
    }

    private Value ConstParameter(ElementType type)
    {
        string name = type.IsFloat ? "cf" : "ci";
        if (!_consts.Exists(c => c.StartsWith($"const {name}:", StringComparison.Ordinal))) _consts.Add(type.IsFloat ? $"const {name}: f64 = 2.0" : $"const {name}: int = 3");
        return new($"{type.Name}({name})", type, 3);
    }

    private Value? FileConst(ElementType type)
    {
        switch (type)
        {
            case ElementType.F32:
                _declarations.Add("const HALF: f32 = 4.0 / 2");
                return new("HALF", type, 2);
            case ElementType.I32:
                _declarations.Add("const STEP: i32 = 2 + 3");
                return new("STEP", type, 5);
            default:
                return null;
        }
    }
}
