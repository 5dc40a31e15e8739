using System.Collections.Immutable;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Backends;

/// <summary>Compiles hand-written loop IR of level flat and runs it in this process.</summary>
public sealed class LlvmFixture : IDisposable
{
    private readonly LlvmCompiler _compiler = new();
    private readonly TensorAllocator _allocator = new();

    internal LlvmJit Jit { get; } = new();
    internal WorkerPool Pool { get; } = new(2);

    public void Dispose()
    {
        Jit.Dispose();
        Pool.Dispose();
    }

    internal static Buffer Input(string name, ElementType type, params long[] shape) => new(name, type, Extents(shape), BufferRole.Input);
    internal static Buffer Output(string name, ElementType type, params long[] shape) => new(name, type, Extents(shape), BufferRole.Output);
    internal static Buffer Temporary(string name, ElementType type, params long[] shape) => new(name, type, Extents(shape), BufferRole.Temporary);
    internal static Buffer Local(string name, ElementType type, MemoryScope scope, params long[] shape) => new(name, type, Extents(shape), BufferRole.Temporary, scope);

    private static ImmutableArray<Expr> Extents(long[] shape) => [.. shape.Select(n => (Expr)IntImm.Index(n))];

    internal static Stmt Loop(Var v, long extent, Stmt body, LoopKind kind = LoopKind.Serial) => new For(v, IntImm.Index(0), IntImm.Index(extent), kind, body);
    internal static Load At(Buffer b, Expr index, Expr? predicate = null) => new(b, [index], predicate);
    internal static Store Put(Buffer b, Expr index, Expr value, Expr? predicate = null) => new(b, [index], value, predicate);

    internal static LoopModule Module(string name, Buffer[] parameters, Stmt body, Buffer[]? temporaries = null, params CheckMessage[] messages) => new(
        [new() { Name = name, Parameters = [.. parameters], Dims = [], Temporaries = [.. temporaries ?? []], Messages = [.. messages], Body = body }], LoopLevel.Flat);

    internal Kernel Load(LoopModule module) => Jit.Load(_compiler.Compile(module, CpuTarget.Host()));

    internal NativeTensor Tensor(DenseArray data) => NativeTensor.FromDense(_allocator, data);

    internal static DenseArray Dense(ElementType type, IEnumerable<Scalar> values)
    {
        var items = values.ToArray();
        var array = new DenseArray(type, [items.Length]);
        for (int i = 0; i < items.Length; i++) array[i] = items[i];
        return array;
    }

    /// <summary>Runs a module; outputs start as 0.</summary>
    internal DenseArray[] Run(LoopModule module, params DenseArray[] inputs)
    {
        using var kernel = Load(module);
        return Run(kernel, inputs);
    }

    internal DenseArray[] Run(Kernel kernel, params DenseArray[] inputs)
    {
        var tensors = new List<NativeTensor>();
        try
        {
            tensors.AddRange(inputs.Select(Tensor));
            foreach (var p in kernel.Image.Parameters.Where(p => p.IsOutput))
            {
                var tensor = _allocator.Allocate(p.Type, [.. p.Shape.Select(n => n!.Value)]);
                tensor.Clear();
                tensors.Add(tensor);
            }
            kernel.Invoke([.. tensors], Pool);
            return [.. tensors.Skip(inputs.Length).Select(t => t.ToDense())];
        }
        finally
        {
            foreach (var t in tensors) t.Dispose();
        }
    }

    /// <summary>Values where operators change their minds.</summary>
    internal static Scalar[] Edges(ElementType t)
    {
        if (t is ElementType.Bool) return [Scalar.Bool(false), Scalar.Bool(true)];
        if (t.IsFloat)
            return [.. new[] { 0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, 7, -7, 127.5, 255.9, -128.7, 1e10, -1e10, 1e20, 3e38, 1e-40, double.PositiveInfinity, double.NegativeInfinity, double.NaN,
                int.MaxValue, long.MaxValue, int.MinValue, long.MinValue, 4294967295.0, 16777217 }.Select(v => Scalar.Of(t, v))];
        long[] near = [0, 1, 2, 3, 5, 7, 8, 31, 63, 64, 100, -1, -2, -3, -7, -8, -100];
        return [.. near.Select(v => Scalar.Of(t, v)).Append(Scalar.Of(t, unchecked((long)(ulong)(UInt128)t.MaxValue))).Append(Scalar.Of(t, (long)t.MinValue)).Distinct()];
    }
}
