namespace Tx;

/// <summary>Work on a thread of its own with a large stack: texts nest more deeply than the stacks of most threads allow. It costs about 0.1 ms.</summary>
internal static class DeepStack
{
    private const int Bytes = 256 << 20;

    /// <summary>Runs <paramref name="work"/>; its exceptions come out here.</summary>
    public static T Run<T>(Func<T> work) => RunAsync(work, default).GetAwaiter().GetResult();

    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested) return Task.FromCanceled<T>(cancellation);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try { done.SetResult(work()); }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { done.SetCanceled(cancellation); }
            catch (Exception e) { done.SetException(e); }
        }, Bytes) { IsBackground = true, Name = "tx" };
        thread.Start();
        return done.Task;
    }
}
