using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

/// <summary>Extents of a function with symbolic dimensions in the form in which the runtime evaluates them.</summary>
internal sealed class SizeProgramBuilder
{
    private readonly Dictionary<Var, int> _dims = [];
    private readonly Dictionary<Expr, int> _steps = new(StructuralComparer.Instance);
    private readonly ImmutableArray<SizeStep>.Builder _program = ImmutableArray.CreateBuilder<SizeStep>();

    private SizeProgramBuilder(LoopFunction function)
    {
        foreach (var (variable, _, _) in function.Dims) _dims.Add(variable, _dims.Count);
    }

    /// <summary>Null for a function without symbolic dimensions.</summary>
    public static SymbolicSizes? Of(LoopFunction function, WorkspacePlan plan)
    {
        if (function.Dims.IsEmpty) return null;
        var builder = new SizeProgramBuilder(function);
        ImmutableArray<ImmutableArray<int>> shapes = [.. function.Parameters.Select(p => builder.Shape(p.TensorShape))];
        ImmutableArray<KernelSlot> slots = [.. plan.SymbolicSlots.Select(s => new KernelSlot(s.IsPerWorker, [.. s.Buffers.Select(builder.Slot)]))];
        return new([.. function.Dims.Select(d => new KernelDimension(d.Variable.Name, function.Parameters.IndexOf(d.Buffer), d.Dimension))],
            new(builder._program.ToImmutable()), shapes, slots);
    }

    private KernelBuffer Slot(Buffer b) => new(b.Name, b.Type.Bytes, Shape(b.Layout?.PhysicalShape ?? b.Shape));

    private ImmutableArray<int> Shape(ImmutableArray<Expr> extents) => [.. extents.Select(Step)];

    private int Step(Expr e)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_steps.TryGetValue(e, out int known)) return known;
        SizeStep step = e switch
        {
            IntImm i => new ConstantSize(i.Value),
            Var v when _dims.TryGetValue(v, out int dim) => new DimensionSize(dim),
            Binary b => new BinarySize(b.Op, Step(b.Left), Step(b.Right)),
            Unary u => new UnarySize(u.Op, Step(u.Operand)),
            Select s => new SelectedSize(Step(s.Condition), Step(s.Then), Step(s.Else)),
            Cast { Kind: CastKind.Convert } c when c.Type.Element.IsInteger => new ConvertedSize(c.Type.Element, Step(c.Operand)),
            Call { Function: Intrinsic.Abs } c => new AbsoluteSize(Step(c.Arguments[0])),
            _ => throw new CompilerBugException("sizes", $"an extent `{e}` is not made of dimensions"),
        };
        _program.Add(step);
        _steps.Add(e, _program.Count - 1);
        return _program.Count - 1;
    }
}
