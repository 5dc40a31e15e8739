using System.Globalization;
using Tx.Core;

namespace Tx.Fuzz;

// What lies outside comes from inside: the edge again, the other side, the mirror image.
public sealed partial class ProgramGenerator
{
    private IEnumerable<(int, Func<Tensor, bool>)> BoundaryStages() => [(2, Bordered)];

    private bool Bordered(Tensor a)
    {
        int axis = _random.Next(a.Shape.Length), by = 1 + _random.Next(6);
        if (!IsAlone(a, axis) || a.Type is ElementType.Bool || !Fits(a, 2)) return false;
        var (index, e) = (IndexNames(a.Shape), a.Shape[axis]);
        Require(e, 1);
        string mode = Pick<string>(["clamp", "wrap", "reflect"]);
        bool isBehindRead = _random.Next(2) == 0;
        string read = Shifted(a, index, axis, i =>
        {
            string moved = string.Create(CultureInfo.InvariantCulture, $"{i} {(_random.Next(2) == 0 ? '-' : '+')} {by}");
            return isBehindRead ? moved : mode is "clamp" ? $"clamp({moved}, 0, {e.Text} - 1)" : $"{mode}({moved}, {e.Text})";
        });
        Add("Q", a.Type, a.Shape, Left(a, index), new($"({Element(a, index)} + {(isBehindRead ? $"({read} ?? {mode})" : read)})", a.Type, a.Bound * 2), declares: true);
        return true;
    }
}
