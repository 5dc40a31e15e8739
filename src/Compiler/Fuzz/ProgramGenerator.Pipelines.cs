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
        (6, Elementwise), (5, Stencil), (4, Padded), (1, Bordered), (1, Guarded), (1, Strided), (1, Reversed), (2, Transposed), (1, Broadcasting),
        (5, Reduction), (4, Contraction), (1, Norm), (1, Arg), (1, Forward), (1, Update), (1, Parts), (1, Nested),
    ];
}
