using Tx.Core;

namespace Tx.Fuzz;

// Programs for schedules: a few stages, each of which mostly reads the one before.
public sealed partial class ProgramGenerator
{
    private static readonly long[] PipelineSizes = [1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 12, 13, 16, 17];
    private static readonly ElementType[] PipelineTypes =
        [ElementType.F32, ElementType.F32, ElementType.F32, ElementType.F32, ElementType.F64, ElementType.I32, ElementType.I32, ElementType.I64, ElementType.U8, ElementType.I16, ElementType.F16];

    private readonly bool _isPipeline;

    /// <summary>A program of two to four stages of moderate size: stencils, reductions, what is computed element by element, updates.</summary>
    public static GeneratedProgram GeneratePipeline(ulong seed) => new ProgramGenerator(seed, isPipeline: true).Generate();

    private IEnumerable<(int, Func<Tensor, bool>)> PipelineStages() =>
    [
        (6, Elementwise), (5, Stencil), (4, Padded), (1, Bordered), (1, Guarded), (1, Strided), (2, Reversed), (2, Transposed), (1, Broadcasting),
        (5, Reduction), (4, Contraction), (1, Norm), (1, Arg), (1, Forward), (2, Skewed), (1, Update), (1, Parts), (1, Nested),
    ];

    // Each row from the one before, an element to the side: what its loops may not exchange.
    private bool Skewed(Tensor a)
    {
        if (a.Shape.Length < 2 || a.Shape[0].Less > 0 || !IsAlone(a, 0)) return false;
        var e = a.Shape[0];
        Require(e, 1);
        int axis = 1 + _random.Next(a.Shape.Length - 1);
        var index = IndexNames(a.Shape);
        var tensor = new Tensor(Name("Y"), a.Type, a.Shape, a.Bound);
        string i = index[e], side = _random.Next(2) == 0 ? "+" : "-";
        string at(string first, string other) => Read(tensor, a.Shape.Select((d, n) => n == 0 ? first : n == axis ? other : index[d]));
        _lines.Add(Declare(tensor));
        _lines.Add($"{at("0", index[a.Shape[axis]])} = {Shifted(a, index, 0, _ => "0")}");
        string own = Element(a, index);
        _lines.Add($"for {i} in 1..{e.Text} {{ {at(i, index[a.Shape[axis]])} = {Carry(a.Type, $"({at($"{i} - 1", $"{index[a.Shape[axis]]} {side} 1")} ?? {own})", own)} }}");
        _tensors.Add(tensor);
        return true;
    }
}
