using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>A kernel in memory, ready to be called. Safe for several threads at one time. Disposal unloads its code once the calls that
/// run have returned; disposing twice is harmless.</summary>
public sealed unsafe partial class Kernel : CallableKernel, IDisposable
{
    // Choices of sizes that a kernel for all sizes remembers.
    private const int MaxPlans = 256;

    private readonly delegate* unmanaged<TxCall*, int> _entry;
    private readonly IDisposable _code;
    private readonly Action<ImmutableArray<long>>? _admit;
    private readonly ParameterFacts[] _parameters;
    private readonly KernelDimension[] _dims;
    // Arguments of which the first is written: they may not share memory.
    private readonly (int Output, int Other)[] _pairs;
    private readonly WorkspaceCache _workspaces = new();
    private readonly Lock _planGate = new();
    private readonly Dictionary<ValueArray<long>, CallPlan> _plans = [];
    private readonly Lock _variantGate = new();
    private readonly Kernel?[] _variants = new Kernel?[2];
    // That of the call before: most calls have the same sizes.
    private CallPlan? _recent;
    // Calls that run, plus 1 until disposal: whoever brings it to 0 unloads.
    private int _uses = 1;
    private int _isDisposed;

    /// <param name="image">What the code expects of a call.</param>
    /// <param name="entry">The address of the image's entry.</param>
    /// <param name="code">Disposed to unload the code; owned by the kernel from now on.</param>
    /// <param name="admit">Refuses sizes (one for each of the image's symbolic dimensions) with a <see cref="DiagnosticException"/>; asked once for each
    /// choice of them, by one call at a time.</param>
    /// <exception cref="DiagnosticException">There is no memory left.</exception>
    public Kernel(KernelImage image, nint entry, IDisposable code, Action<ImmutableArray<long>>? admit = null)
    {
        (Image, _code, _admit) = (image, code, admit);
        _entry = (delegate* unmanaged<TxCall*, int>)entry;
        _parameters = [.. image.Parameters.Select((p, i) => ParameterFacts.Of(p, image.Symbolic?.Dims.Any(d => d.Parameter == i) ?? false))];
        _pairs = [.. Pairs(image.Parameters)];
        _dims = [.. image.Symbolic?.Dims ?? []];
        if (image.Symbolic is null) _recent = new(image, []);
    }

    public KernelImage Image { get; }
    public string Name => Image.Name;

    /// <summary>Runs the parallel loops of calls that name no pool; it stays its owner's to dispose.</summary>
    public WorkerPool Pool { get; init; } = WorkerPool.Shared;

    /// <summary>Makes the same kernel for views: called once for each kind that calls need, by one call at a time. Null: it takes contiguous tensors only.</summary>
    public Func<ViewKind, Kernel>? Views { get; init; }

    /// <summary>Runs the kernel.</summary>
    /// <param name="arguments">Inputs, then outputs, each of its parameter's type and shape; an output is no other argument.</param>
    /// <param name="pool">Runs the parallel loops.</param>
    /// <param name="cancellation">Ends the kernel at its next look.</param>
    /// <exception cref="DiagnosticException">The arguments do not fit, a check of the kernel failed (its outputs are then unspecified), or there is no memory for its workspace.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; its outputs are unspecified.</exception>
    /// <exception cref="ObjectDisposedException">The kernel, the pool or a tensor is disposed.</exception>
    [SkipLocalsInit]
    public void Invoke(ReadOnlySpan<NativeTensor> arguments, WorkerPool pool, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[Math.Max(1, arguments.Length)];
        int ranks = 0, held = 0;
        foreach (var tensor in arguments) ranks += tensor.Rank;
        long* shape = stackalloc long[Math.Max(1, ranks)];
        try
        {
            for (; held < arguments.Length; held++)
            {
                var tensor = arguments[held];
                ObjectDisposedException.ThrowIf(tensor.IsDisposed, tensor);
                bool added = false;
                tensor.Block.DangerousAddRef(ref added);
                tensor.Shape.AsSpan().CopyTo(new(shape, tensor.Rank));
                views[held] = new() { Data = (void*)tensor.Block.Address, Shape = shape, Rank = tensor.Rank, Type = tensor.Type, Form = ArgumentForm.Shaped };
                shape += tensor.Rank;
            }
            Call(views, arguments.Length, pool, cancellation);
        }
        finally
        {
            while (held > 0) arguments[--held].Block.DangerousRelease();
        }
    }

    /// <summary>Runs the kernel on its own <see cref="Pool"/>.</summary>
    /// <inheritdoc cref="Invoke(ReadOnlySpan{NativeTensor}, WorkerPool, CancellationToken)"/>
    public void Invoke(ReadOnlySpan<NativeTensor> arguments, CancellationToken cancellation = default) => Invoke(arguments, Pool, cancellation);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) Leave();
    }

    private protected override void Call(ArgumentView* arguments, int count, CancellationToken cancellation) => Call(arguments, count, Pool, cancellation);

    private void Call(ArgumentView* arguments, int count, WorkerPool pool, CancellationToken cancellation)
    {
        Enter();
        try
        {
            var plan = Volatile.Read(ref _recent);
            ViewKind? views = null;
            if (plan is null || !IsUsual(plan, arguments, count)) plan = PlanFor(arguments, count, out views);
            pool.ThrowIfDisposed();
            cancellation.ThrowIfCancellationRequested();
            if (views is { } kind) VariantFor(kind, arguments).RunVariant(plan.Sizes, arguments, count, pool, cancellation);
            else Run(plan, arguments, count, pool, cancellation);
        }
        finally
        {
            Leave();
        }
    }

    // The kernel whose variant this is has checked the arguments, and stays until the call is over.
    private void RunVariant(ImmutableArray<long> sizes, ArgumentView* arguments, int count, WorkerPool pool, CancellationToken cancellation)
    {
        var plan = Volatile.Read(ref _recent);
        if (plan is null || !plan.Sizes.AsSpan().SequenceEqual(sizes.AsSpan()))
        {
            lock (_planGate) plan = FindPlan(sizes, null, 0);
            Volatile.Write(ref _recent, plan);
        }
        Run(plan, arguments, count, pool, cancellation);
    }

    [SkipLocalsInit]
    private void Run(CallPlan plan, ArgumentView* arguments, int count, WorkerPool pool, CancellationToken cancellation)
    {
        NativeBlock? workspace = null;
        try
        {
            var buffers = stackalloc TxBuffer[Math.Max(1, count)];
            long* shape = plan.Extents, strides = plan.Strides;
            for (int i = 0; i < count; i++)
            {
                ref readonly var p = ref _parameters[i];
                ref readonly var a = ref arguments[i];
                var b = buffers + i;
                b->Data = a.Data;
                b->Shape = shape;
                b->Strides = a.IsStrided ? a.Strides : strides;
                (b->Offset, b->Rank, b->Type) = (0, p.Rank, (int)p.Type);
                shape += p.Rank;
                strides += p.Rank;
            }

            long workspaceBytes = WorkspaceBytes(plan, pool.Workers);
            if (workspaceBytes > 0) workspace = _workspaces.TryRent(workspaceBytes) ?? throw OutOfMemory(workspaceBytes);
            for (int i = 0; i < plan.Table.Length; i++) ((long*)workspace!.Address)[i] = plan.Table[i];
            int cancel = 0;
            TxError error = default;
            var call = new TxCall
            {
                Version = TxCall.CurrentVersion, BufferCount = count, Buffers = buffers,
                Workspace = workspace is null ? null : (byte*)workspace.Address, WorkspaceBytes = workspaceBytes,
                Launch = WorkerPool.LaunchPointer, LaunchState = pool.LaunchState, Cancel = &cancel, Error = &error, MaxWorkers = pool.Workers,
            };
            int code;
            // The registration is disposed, and its callback over, before `cancel` leaves the stack.
            using (cancellation.CanBeCanceled ? cancellation.UnsafeRegister(static flag => Volatile.Write(ref *(int*)(nint)flag!, 1), (nint)(&cancel)) : default)
                code = _entry(&call);
            GC.KeepAlive(pool);
            GC.KeepAlive(plan);
            if (code != 0) throw Failure(code, error, cancellation);
        }
        finally
        {
            if (workspace is not null) _workspaces.Return(workspace);
        }
    }

    private Kernel VariantFor(ViewKind kind, ArgumentView* arguments)
    {
        if (Volatile.Read(ref _variants[(int)kind]) is { } made) return made;
        if (Views is null)
        {
            int strided = 0;
            while (!arguments[strided].IsStrided) strided++;
            throw Refuse(CallDiagnostics.ContiguousOnly, strided);
        }
        lock (_variantGate)
        {
            if (_variants[(int)kind] is { } other) return other;
            var variant = Views(kind);
            Volatile.Write(ref _variants[(int)kind], variant);
            return variant;
        }
    }

    private long WorkspaceBytes(CallPlan plan, int workers)
    {
        if ((plan.SharedBytes | plan.WorkerBytes) == 0) return 0;
        Int128 bytes = plan.SharedBytes + (Int128)workers * plan.WorkerBytes;
        return bytes <= long.MaxValue ? (long)bytes : throw OutOfMemory(long.MaxValue);
    }

    private Exception Failure(int code, in TxError error, CancellationToken cancellation)
    {
        if (code == 2) return new OperationCanceledException($"kernel {Name} was cancelled", cancellation);
        if (code != 1 || error.Message < 0 || error.Message >= Image.Messages.Length || error.Count is < 0 or > 4)
            return new CompilerBugException("run time", $"kernel {Name} returned code {code} with message {error.Message}");
        var message = Image.Messages[error.Message];
        var values = new object?[4];
        for (int i = 0; i < 4; i++) values[i] = i < error.Count ? error.Values[i] : 0L;
        var descriptor = new DiagnosticDescriptor(message.Code, Severity.Error, "run-time check failed", message.Format, "");
        var failure = Diagnostic.Create(descriptor, message.Span, values);
        return new DiagnosticException(message.Help.Length == 0 ? failure : failure.WithHelp(message.Help));
    }

    private void Enter()
    {
        int uses = Volatile.Read(ref _uses);
        while (true)
        {
            if (uses == 0 || Volatile.Read(ref _isDisposed) != 0) throw Disposed();
            int seen = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (seen == uses) return;
            uses = seen;
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _uses) > 0) return;
        _workspaces.Dispose();
        lock (_planGate)
            foreach (var plan in _plans.Values) plan.Dispose();
        if (Image.Symbolic is null) _recent!.Dispose();
        foreach (var variant in _variants) variant?.Dispose();
        _code.Dispose();
    }

    private ObjectDisposedException Disposed()
    {
        var d = Diagnostic.Create(CallDiagnostics.Disposed, null, Name);
        return new(Name, $"{d.Code}: {d.Message}");
    }

    private DiagnosticException OutOfMemory(long bytes) =>
        new(RuntimeDiagnostics.WorkspaceMemory, null, Name, TensorType.FormatBytes(bytes));
}
