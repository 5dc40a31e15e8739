using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>A kernel in memory, ready to be called. Safe for several threads at one time. Disposal unloads its code once the calls that
/// run have returned; disposing twice is harmless.</summary>
public sealed unsafe class Kernel : IDisposable
{
    private readonly delegate* unmanaged<TxCall*, int> _entry;
    private readonly IDisposable _code;
    private readonly NativeBlock _extents;
    private readonly WorkspaceCache _workspaces = new();
    private readonly int _rankSum;
    // Calls that run, plus 1 until disposal: whoever brings it to 0 unloads.
    private int _uses = 1;
    private int _isDisposed;

    /// <param name="image">What the code expects of a call.</param>
    /// <param name="entry">The address of the image's entry.</param>
    /// <param name="code">Disposed to unload the code; owned by the kernel from now on.</param>
    /// <exception cref="DiagnosticException">There is no memory left.</exception>
    public Kernel(KernelImage image, nint entry, IDisposable code)
    {
        (Image, _code) = (image, code);
        _entry = (delegate* unmanaged<TxCall*, int>)entry;
        foreach (var p in image.Parameters) _rankSum += p.Shape.Length;
        _extents = NativeBlock.TryAllocate(2L * sizeof(long) * _rankSum) ?? throw OutOfMemory(2L * sizeof(long) * _rankSum);

        // Shapes, then strides, parameter after parameter: they are the same in every call.
        long* shape = (long*)_extents.Address, stride = shape + _rankSum;
        foreach (var p in image.Parameters)
        {
            foreach (long n in p.Shape) *shape++ = n;
            foreach (long n in TensorType.RowMajorStrides(p.Shape.AsSpan())) *stride++ = n;
        }
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
        Validate(arguments);
        pool.ThrowIfDisposed();
        cancellation.ThrowIfCancellationRequested();
        Enter();
        int held = 0;
        NativeBlock? workspace = null;
        try
        {
            var buffers = stackalloc TxBuffer[Math.Max(1, arguments.Length)];
            long* shape = (long*)_extents.Address, strides = shape + _rankSum;
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

            long workspaceBytes = WorkspaceBytes(pool.Workers);
            if (workspaceBytes > 0) workspace = _workspaces.TryRent(workspaceBytes) ?? throw OutOfMemory(workspaceBytes);
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

    private long WorkspaceBytes(int workers)
    {
        Int128 bytes = Image.WorkspaceBytes + (Int128)workers * Image.WorkerBytes;
        return bytes <= long.MaxValue ? (long)bytes : throw OutOfMemory(long.MaxValue);
    }

    private void Validate(ReadOnlySpan<NativeTensor> arguments)
    {
        var parameters = Image.Parameters;
        if (arguments.Length != parameters.Length)
            throw new DiagnosticException(RuntimeDiagnostics.ArgumentCount, null, Name, parameters.Length, arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            var (tensor, p) = (arguments[i], parameters[i]);
            ObjectDisposedException.ThrowIf(tensor.IsDisposed, tensor);
            if (tensor.Type != p.Type) throw new DiagnosticException(RuntimeDiagnostics.ArgumentType, null, Name, p.Name, p.Type.Name, tensor.Type.Name);
            if (!tensor.Shape.AsSpan().SequenceEqual(p.Shape.AsSpan()))
                throw new DiagnosticException(RuntimeDiagnostics.ArgumentShape, null, Name, p.Name, TensorType.Format(p.Type, p.Shape.AsSpan()), tensor.ToString());
            if (!p.IsOutput) continue;
            for (int other = 0; other < arguments.Length; other++)
                if (other != i && ReferenceEquals(arguments[other], tensor))
                    throw new DiagnosticException(RuntimeDiagnostics.ArgumentAlias, null, Name, p.Name, parameters[other].Name);
        }
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
        return new DiagnosticException(descriptor, message.Span, values);
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
        _extents.Dispose();
        _code.Dispose();
    }

    private DiagnosticException OutOfMemory(long bytes) =>
        new(RuntimeDiagnostics.WorkspaceMemory, null, Name, TensorType.FormatBytes(bytes));
}
