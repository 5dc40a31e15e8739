using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tx.Backends.Llvm.Native;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Backends.Llvm;

/// <summary>Loads object code into this process. Safe for several threads at one time. Code that is loaded stays until its owner is disposed of, also
/// after the disposal of this object.</summary>
public sealed unsafe class LlvmJit : IDisposable
{
    // Making one costs as much as loading a kernel; loaded code does not outlive its owners in it.
    private static readonly Lazy<LlvmJit> OfProcess = new(() => new LlvmJit(), LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>One for the whole process; it is never disposed of.</summary>
    /// <inheritdoc cref="LlvmJit()"/>
    public static LlvmJit Shared => OfProcess.Value;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Unit> _units = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly GCHandle _errorState;
    private readonly OrcJitRef _jit;
    private readonly OrcDylibRef _dylib;
    // Loaded objects, plus 1 until disposal: whoever brings it to 0 frees the whole.
    private int _uses = 1;
    private bool _isDisposed;

    /// <summary>Objects with one entry are one: the entry holds the hash of the code.</summary>
    private sealed class Unit
    {
        public required OrcTrackerRef Tracker { get; init; }
        public required nint Address { get; init; }
        public int Owners { get; set; }
    }

    /// <exception cref="DiagnosticException">TX4001 or TX4002 without libLLVM 19.</exception>
    public LlvmJit()
    {
        LlvmLibrary.EnsureLoaded();
        LlvmTarget.EnsureRegistered();
        Check(LlvmC.LLVMOrcCreateLLJIT(out _jit, LlvmC.LLVMOrcCreateLLJITBuilder()), "creating the JIT");
        _dylib = LlvmC.LLVMOrcLLJITGetMainJITDylib(_jit);
        _errorState = GCHandle.Alloc(_errors);
        LlvmC.LLVMOrcExecutionSessionSetErrorReporter(LlvmC.LLVMOrcLLJITGetExecutionSession(_jit), &OnSessionError, GCHandle.ToIntPtr(_errorState));
    }

    /// <summary>Loads a kernel; its disposal unloads the code.</summary>
    /// <param name="admit">What <see cref="Kernel(KernelImage, nint, IDisposable, Action{ImmutableArray{long}})"/> asks of the sizes of a kernel for all sizes.</param>
    /// <exception cref="CompilerBugException">The object cannot be linked.</exception>
    public Kernel Load(KernelImage image, Action<ImmutableArray<long>>? admit = null)
    {
        var code = Load(image.Object, image.Entry, out nint address);
        try
        {
            return new(image, address, code, admit);
        }
        catch
        {
            code.Dispose();
            throw;
        }
    }

    /// <summary>Loads an object and finds its entry; the result unloads it, which is harmless twice.</summary>
    /// <exception cref="CompilerBugException">The object cannot be linked.</exception>
    public IDisposable Load(ImmutableArray<byte> code, string entry, out nint address)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_units.TryGetValue(entry, out var unit))
            {
                unit = Link(code, entry);
                _units.Add(entry, unit);
                _uses++;
            }
            unit.Owners++;
            address = unit.Address;
            return new Owner(this, entry);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            Release();
        }
    }

    private Unit Link(ImmutableArray<byte> code, string entry)
    {
        var tracker = LlvmC.LLVMOrcJITDylibCreateResourceTracker(_dylib);
        try
        {
            fixed (byte* start = code.AsSpan())
            {
                var buffer = LlvmC.LLVMCreateMemoryBufferWithMemoryRangeCopy(start, (nuint)code.Length, entry);
                Check(LlvmC.LLVMOrcLLJITAddObjectFileWithRT(_jit, tracker, buffer), $"loading `{entry}`");
            }
            Check(LlvmC.LLVMOrcLLJITLookup(_jit, out ulong address, entry), $"linking `{entry}`");
            return new() { Tracker = tracker, Address = checked((nint)address) };
        }
        catch
        {
            // The failure is what counts; removing what was half loaded may fail in turn.
            var removed = LlvmC.LLVMOrcResourceTrackerRemove(tracker);
            if (!removed.IsSuccess) _ = LlvmC.Take(removed);
            LlvmC.LLVMOrcReleaseResourceTracker(tracker);
            throw;
        }
    }

    private void Unload(string entry)
    {
        lock (_lock)
        {
            var unit = _units[entry];
            if (--unit.Owners > 0) return;
            _units.Remove(entry);
            Check(LlvmC.LLVMOrcResourceTrackerRemove(unit.Tracker), $"unloading `{entry}`");
            LlvmC.LLVMOrcReleaseResourceTracker(unit.Tracker);
            Release();
        }
    }

    private void Release()
    {
        if (--_uses > 0) return;
        Check(LlvmC.LLVMOrcDisposeLLJIT(_jit), "disposing of the JIT");
        _errorState.Free();
    }

    private void Check(ErrorRef error, string what)
    {
        if (error.IsSuccess) return;
        // The session's report names the symbol that is missing; the error itself only says that something is.
        string message = LlvmC.Take(error);
        while (_errors.TryDequeue(out string? more)) message += "; " + more;
        throw new CompilerBugException("llvm jit", $"{what} failed: {message}");
    }

    [UnmanagedCallersOnly]
    private static void OnSessionError(nint state, ErrorRef error) =>
        ((ConcurrentQueue<string>)GCHandle.FromIntPtr(state).Target!).Enqueue(LlvmC.Take(error));

    private sealed class Owner(LlvmJit jit, string entry) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0) jit.Unload(entry);
        }
    }
}
