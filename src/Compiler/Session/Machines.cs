using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Runtime;

namespace Tx;

/// <summary>Checks calls: results have types and shapes, no data.</summary>
internal sealed class CheckingMachine : IOperatorMachine
{
    public ImmutableArray<Value> Run(ResolvedCall call) =>
        [.. call.ResultTypes().Select(r => (Value)new TensorValue(r.Type, r.Shape, null))];
}

/// <summary>Runs calls as compiled kernels.</summary>
/// <param name="admit">Not null: each operator has one kernel for all sizes, and this proves the sizes of a call.</param>
internal sealed class CompiledMachine(KernelCompiler compiler, WorkerPool pool, TensorAllocator allocator, Func<CancellationToken> cancellation,
    Action<Operator, IReadOnlyDictionary<DimSymbol, long>>? admit = null) : IOperatorMachine
{
    /// <summary>Told of every kernel that ran, with its arguments (inputs, then outputs).</summary>
    public Action<ResolvedCall, Kernel, ImmutableArray<NativeTensor>>? Ran { get; set; }

    /// <summary>Told of every call that has run.</summary>
    public Action<ResolvedCall>? Called { get; init; }

    public ImmutableArray<Value> Run(ResolvedCall call)
    {
        try
        {
            var kernel = admit is null ? compiler.Compile(call.Operator, call.Dims, call.Schedule) : compiler.CompileSymbolic(call.Operator, dims => admit(call.Operator, dims), call.Schedule);
            ImmutableArray<NativeTensor> outputs = [.. call.ResultTypes().Select(r => allocator.Allocate(r.Type, r.Shape.AsSpan()))];
            ImmutableArray<NativeTensor> arguments = [.. call.Inputs, .. outputs];
            kernel.Invoke(arguments.AsSpan(), pool, cancellation());
            Ran?.Invoke(call, kernel, arguments);
            Called?.Invoke(call);
            return [.. outputs.Select(o => (Value)new TensorValue(o.Type, o.Shape, o))];
        }
        catch (DiagnosticException e)
        {
            throw new DiagnosticException([.. e.Diagnostics.Select(d => d.Span is null ? d with { Span = call.Span } : d)]);
        }
    }
}

/// <summary>Runs calls by the reference evaluator: only where a program writes <c>reference(…)</c>.</summary>
internal sealed class ReferenceMachine(TensorAllocator allocator, Func<CancellationToken> cancellation) : IOperatorMachine
{
    public ImmutableArray<Value> Run(ResolvedCall call)
    {
        var results = ReferenceEvaluator.Evaluate(call.Operator, [.. call.Inputs.Select(t => t.ToDense())], call.Dims, cancellation());
        return [.. results.Select(r => NativeTensor.FromDense(allocator, r)).Select(t => (Value)new TensorValue(t.Type, t.Shape, t))];
    }
}

/// <summary>An operator bound for a call, with the sizes of its dimensions and the data of its parameters (none while a program is checked).</summary>
internal sealed record ResolvedCall(Operator Operator, IReadOnlyDictionary<DimSymbol, long> Dims, ImmutableArray<NativeTensor> Inputs, SourceSpan Span)
{
    /// <summary>The schedule that the call names; null: dispatch decides.</summary>
    public ScheduleChoice? Schedule { get; init; }


    public IEnumerable<(ElementType Type, ImmutableArray<long> Shape)> ResultTypes() =>
        Operator.Results.Select(r => (r.Type is ElementType.Int ? ElementType.I64 : r.Type, OperatorShapes.Of(r, Dims)));
}

/// <summary>Extents as numbers.</summary>
public static class OperatorShapes
{
    /// <exception cref="DiagnosticException">A size overflows 64 bits.</exception>
    public static ImmutableArray<long> Of(TensorSymbol tensor, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        var shape = ImmutableArray.CreateBuilder<long>(tensor.Rank);
        foreach (var extent in tensor.Shape) shape.Add(Terms.Evaluate(extent, dims) ?? throw new DiagnosticException(RuntimeDiagnostics.TensorTooLarge, tensor.Span, tensor.Name));
        return shape.MoveToImmutable();
    }
}
