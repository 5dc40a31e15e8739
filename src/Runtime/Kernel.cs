using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>A kernel in memory, ready to be called. Safe for several threads at one time. Disposal unloads its code once the calls that
/// run have returned; disposing twice is harmless.</summary>
public sealed unsafe class Kernel : IDisposable
{
    // Choices of sizes that a kernel for all sizes remembers.
    private const int MaxPlans = 256;

    private readonly delegate* unmanaged<TxCall*, int> _entry;
    private readonly IDisposable _code;
    private readonly Action<ImmutableArray<long>>? _admit;
    private readonly WorkspaceCache _workspaces = new();
    private readonly Lock _planGate = new();
    private readonly Dictionary<ValueArray<long>, CallPlan> _plans = [];
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
        if (image.Symbolic is null) _recent = new(image, []);
    }

    public KernelImage Image { get; }
    public string Name => Image.Name;

    /// <summary>Runs the kernel.</summary>
    /// <param name="arguments">Inputs, then outputs, each of its parameter's type and shape; an output is no other argument.</param>
    /// <param name="pool">Runs the parallel loops.</param>
    /// <param name="cancellation">Ends the kernel at its next look.</param>
    /// <exception cref="DiagnosticException">The arguments do not fit, a check of the kernel failed (its outputs are then unspecified), or there is no memory for its workspace.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; its outputs are unspecified.</exception>
    /// <exception cref="ObjectDisposedException">The kernel, the pool or a tensor is disposed.</exception>
    public void Invoke(ReadOnlySpan<NativeTensor> arguments, WorkerPool pool, CancellationToken cancellation = default)
    {
        var plan = PlanFor(arguments);
        pool.ThrowIfDisposed();
        cancellation.ThrowIfCancellationRequested();
        Enter();
        int held = 0;
        NativeBlock? workspace = null;
        try
        {
            var buffers = stackalloc TxBuffer[Math.Max(1, arguments.Length)];
            long* shape = plan.Extents, strides = plan.Strides;
            for (; held < arguments.Length; held++)
            {
                var tensor = arguments[held];
                bool added = false;
                tensor.Block.DangerousAddRef(ref added);
                buffers[held] = new()
                {
                    Data = (void*)tensor.Block.Address, Shape = shape, Strides = strides, Rank = tensor.Rank, Type = (int)tensor.Type,
                };
                shape += tensor.Rank;
                strides += tensor.Rank;
            }

            long workspaceBytes = WorkspaceBytes(plan, pool.Workers);
            if (workspaceBytes > 0) workspace = _workspaces.TryRent(workspaceBytes) ?? throw OutOfMemory(workspaceBytes);
            for (int i = 0; i < plan.Table.Length; i++) ((long*)workspace!.Address)[i] = plan.Table[i];
            int cancel = 0;
            TxError error = default;
            var call = new TxCall
            {
                Version = TxCall.CurrentVersion, BufferCount = arguments.Length, Buffers = buffers,
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
            while (held > 0) arguments[--held].Block.DangerousRelease();
            Leave();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) Leave();
    }

    private long WorkspaceBytes(CallPlan plan, int workers)
    {
        Int128 bytes = plan.SharedBytes + (Int128)workers * plan.WorkerBytes;
        return bytes <= long.MaxValue ? (long)bytes : throw OutOfMemory(long.MaxValue);
    }

    /// <summary>Checks the arguments, and what their sizes need.</summary>
    private CallPlan PlanFor(ReadOnlySpan<NativeTensor> arguments)
    {
        var parameters = Image.Parameters;
        if (arguments.Length != parameters.Length)
            throw new DiagnosticException(RuntimeDiagnostics.ArgumentCount, null, Name, parameters.Length, arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            var (tensor, p) = (arguments[i], parameters[i]);
            ObjectDisposedException.ThrowIf(tensor.IsDisposed, tensor);
            if (tensor.Type != p.Type) throw new DiagnosticException(RuntimeDiagnostics.ArgumentType, null, Name, p.Name, p.Type.Name, tensor.Type.Name);
            if (tensor.Rank != p.Shape.Length) throw WrongShape(p, string.Join(", ", p.Shape.Select(n => n is { } known ? known.ToString(CultureInfo.InvariantCulture) : "_")), tensor);
            if (!p.IsOutput) continue;
            for (int other = 0; other < arguments.Length; other++)
                if (other != i && ReferenceEquals(arguments[other], tensor))
                    throw new DiagnosticException(RuntimeDiagnostics.ArgumentAlias, null, Name, p.Name, parameters[other].Name);
        }
        var plan = Volatile.Read(ref _recent);
        if (plan is null || !HasSizes(plan, arguments))
        {
            lock (_planGate) plan = FindPlan(arguments);
            Volatile.Write(ref _recent, plan);
        }
        CheckShapes(plan, arguments);
        return plan;
    }

    private bool HasSizes(CallPlan plan, ReadOnlySpan<NativeTensor> arguments)
    {
        if (Image.Symbolic is not { } symbolic) return true;
        for (int i = 0; i < symbolic.Dims.Length; i++)
            if (plan.Sizes[i] != arguments[symbolic.Dims[i].Parameter].Shape[symbolic.Dims[i].Dimension]) return false;
        return true;
    }

    // A plan is kept when all that its sizes need has been decided.
    private CallPlan FindPlan(ReadOnlySpan<NativeTensor> arguments)
    {
        var sizes = ImmutableArray.CreateBuilder<long>();
        foreach (var d in Image.Symbolic!.Dims) sizes.Add(arguments[d.Parameter].Shape[d.Dimension]);
        ValueArray<long> key = sizes.ToImmutable();
        if (_plans.TryGetValue(key, out var plan)) return plan;
        plan = new(Image, key.Items);
        CheckShapes(plan, arguments);
        _admit?.Invoke(key.Items);
        // A call may still use a plan that goes; its memory goes with it.
        if (_plans.Count == MaxPlans) _plans.Clear();
        _plans.Add(key, plan);
        return plan;
    }

    private void CheckShapes(CallPlan plan, ReadOnlySpan<NativeTensor> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
            if (!arguments[i].Shape.AsSpan().SequenceEqual(plan.Shapes[i].AsSpan()))
                throw WrongShape(Image.Parameters[i], string.Join(", ", plan.Shapes[i]), arguments[i]);
    }

    private DiagnosticException WrongShape(KernelParameter p, string extents, NativeTensor actual) =>
        new(RuntimeDiagnostics.ArgumentShape, null, Name, p.Name, $"{p.Type.Name}[{extents}]", actual.ToString());

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
            ObjectDisposedException.ThrowIf(uses == 0 || Volatile.Read(ref _isDisposed) != 0, this);
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
        _code.Dispose();
    }

    private DiagnosticException OutOfMemory(long bytes) =>
        new(RuntimeDiagnostics.WorkspaceMemory, null, Name, TensorType.FormatBytes(bytes));
}
