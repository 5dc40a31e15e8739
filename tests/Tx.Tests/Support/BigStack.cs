using System.Runtime.ExceptionServices;

namespace Tx.Tests.Support;

/// <summary>Runs an action on a stack as large as the program's.</summary>
internal static class BigStack
{
    public static void Run(Action action)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try { action(); }
            catch (Exception e) { failure = ExceptionDispatchInfo.Capture(e); }
        }, 256 << 20);
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
