using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Support;

/// <summary>A function of one or two operands as a compiled kernel over blocks of a fixed size, lowered by the product's passes.</summary>
/// <typeparam name="T"><c>float</c> or <c>double</c>.</typeparam>
internal sealed class FunctionKernel<T> : IDisposable where T : unmanaged
{
    private readonly LlvmJit _jit = new();
    private readonly WorkerPool _pool;
    private readonly TensorAllocator _allocator = new();
    private readonly Kernel _kernel;

    /// <param name="lanes">1 for scalar code.</param>
    /// <param name="isParallel">The blocks' iterations are shared out over the pool's threads.</param>
    public FunctionKernel(Intrinsic function, int lanes, int blockSize, bool isParallel = false)
        : this(x => new Call(function, [.. x.AsSpan(0, function is Intrinsic.Pow ? 2 : 1)]), function is Intrinsic.Pow ? 2 : 1, lanes, blockSize, isParallel) { }

    /// <param name="build">The value from its operands, which have as many lanes.</param>
    public FunctionKernel(Func<Expr[], Expr> build, int operands, int lanes, int blockSize, bool isParallel = false)
    {
        (BlockSize, Operands) = (blockSize, operands);
        _pool = new(isParallel ? 2 : 1);
        var type = typeof(T) == typeof(float) ? ElementType.F32 : ElementType.F64;
        Expr[] shape = [IntImm.Index(blockSize)];
        var inputs = Enumerable.Range(0, operands).Select(k => new Buffer($"x{k}", type, [.. shape], BufferRole.Input)).ToArray();
        var output = new Buffer("y", type, [.. shape], BufferRole.Output);
        var i = Var.Index("i");
        Expr index = lanes == 1 ? i : new Ramp(i * lanes, IntImm.Index(1), lanes);
        var value = build([.. inputs.Select(x => new Load(x, [index]))]);
        var body = new For(i, IntImm.Index(0), IntImm.Index(blockSize / lanes), isParallel ? LoopKind.Parallel : LoopKind.Serial, new Store(output, [index], value));
        var module = new LoopModule([new() { Name = "function", Parameters = [.. inputs, output], Dims = [], Temporaries = [], Messages = [], Body = body }], LoopLevel.Expanded);
        var target = CpuTarget.Host();
        _kernel = _jit.Load(new LlvmCompiler().Compile(Lowering.Lower(module, target), target));
    }

    public int BlockSize { get; }
    public int Operands { get; }

    /// <summary>Operands and result, in this order: a set for each thread.</summary>
    public NativeTensor[] AllocateBlocks() =>
        [.. Enumerable.Range(0, Operands + 1).Select(_ => _allocator.Allocate(_kernel.Image.Parameters[0].Type, [BlockSize]))];

    public void Invoke(NativeTensor[] blocks) => _kernel.Invoke(blocks, _pool);

    public void Dispose()
    {
        _kernel.Dispose();
        _jit.Dispose();
        _pool.Dispose();
    }
}
