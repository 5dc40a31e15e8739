using System.Globalization;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>Watches who started the kernel: it ends with its client, and takes interrupts that come as a byte.</summary>
internal static class ClientWatch
{
    private const byte Interrupt = 3;

    public static void Start(Action interrupt, Action stop)
    {
        if (Console.IsInputRedirected) Background("input", () => ReadInterrupts(interrupt));
        if (int.TryParse(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), NumberStyles.None, CultureInfo.InvariantCulture, out int client) && client > 1) Background("client", () => AwaitEnd(client, stop));
    }

    private static void Background(string name, ThreadStart run) => new Thread(run) { IsBackground = true, Name = name }.Start();

    /// <summary>.NET Interactive writes the byte of Ctrl-C to a kernel's input, and sends neither a signal nor a message.</summary>
    private static void ReadInterrupts(Action interrupt)
    {
        using var input = Console.OpenStandardInput();
        byte[] buffer = new byte[256];
        try
        {
            while (input.Read(buffer) is > 0 and var count)
                if (buffer.AsSpan(0, count).Contains(Interrupt)) interrupt();
        }
        catch (IOException)
        {
            // Whoever could write is gone.
        }
    }

    private static void AwaitEnd(int client, Action stop)
    {
        int parent = Posix.ParentId();
        while (Posix.ParentId() == parent && Posix.IsAlive(client)) Thread.Sleep(1000);
        stop();
    }
}
