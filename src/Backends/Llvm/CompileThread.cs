using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Tx.Backends.Llvm.Native;
using Tx.Core;

namespace Tx.Backends.Llvm;

/// <summary>Runs one compilation on a thread of its own: deep expressions need a large stack, and a fatal error inside LLVM, which ends the thread that meets
/// it, must not end the process.</summary>
internal static unsafe class CompileThread
{
    private const int StackBytes = 256 << 20;

    // LLVM's handler is one for the process and is told only the reason, so the thread itself must know what it works for.
    [ThreadStatic] private static Job? _job;

    // Installed once; LLVM refuses a second handler.
    private static readonly Lazy<bool> Handler = new(() =>
    {
        LlvmLibrary.EnsureLoaded();
        LlvmC.LLVMInstallFatalErrorHandler(&OnFatalError);
        return true;
    }, LazyThreadSafetyMode.ExecutionAndPublication);

    private sealed class Job
    {
        public ManualResetEventSlim Done { get; } = new();
        public Exception? Error { get; set; }
    }

    /// <summary>Runs <paramref name="work"/>; its exceptions come out here.</summary>
    /// <param name="cancellation">Ends the wait: LLVM cannot be stopped, and what it makes is then lost.</param>
    /// <exception cref="CompilerBugException">LLVM met a fatal error.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static T Run<T>(Func<T> work, CancellationToken cancellation = default)
    {
        LlvmLibrary.EnsureLoaded();
        _ = Handler.Value;
        var job = new Job();
        T? result = default;
        var thread = new Thread(() =>
        {
            _job = job;
            try { result = work(); }
            catch (Exception e) { job.Error = e; }
            job.Done.Set();
        }, StackBytes) { IsBackground = true, Name = "tx compile" };
        thread.Start();
        job.Done.Wait(cancellation);
        if (job.Error is { } error) ExceptionDispatchInfo.Throw(error);
        return result!;
    }

    [UnmanagedCallersOnly]
    private static void OnFatalError(byte* reason)
    {
        if (_job is not { } job) return;
        job.Error = new CompilerBugException("llvm", Marshal.PtrToStringUTF8((nint)reason) ?? "fatal error");
        job.Done.Set();
        // Returning would abort the process; unwinding through LLVM is not possible. The thread and its module are lost.
        Thread.Sleep(Timeout.Infinite);
    }
}
