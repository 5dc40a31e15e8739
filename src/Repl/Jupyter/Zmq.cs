using System.Runtime.InteropServices;
using Tx.Core;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>The part of libzmq that a kernel uses, bound by hand. A socket belongs to one thread.</summary>
internal static unsafe partial class Zmq
{
    private const string Library = "zmq";
    private const int InterruptedError = 4, AgainError = 11;
    public const int AddressInUse = 98;
    private const int DontWait = 1, SendMore = 2;

    public enum SocketKind { Reply = 4, Router = 6, Publisher = 9 }
    public enum Option { Linger = 17, SendLimit = 23, ReceiveLimit = 24, Handover = 56, VerboseSubscriptions = 78, IpV6 = 42 }

    private static readonly Lazy<nint> Handle = new(() => ((string[])["libzmq.so.5", "libzmq.so", "libzmq.5.dylib", "libzmq.dll"]).Prepend(Environment.GetEnvironmentVariable("TX_ZMQ") ?? "")
        .Where(name => name.Length > 0).Select(name => NativeLibrary.TryLoad(name, out nint handle) ? handle : 0).FirstOrDefault(handle => handle != 0));

    static Zmq() => NativeLibrary.SetDllImportResolver(typeof(Zmq).Assembly, static (name, _, _) => name == Library ? Handle.Value : 0);

    [LibraryImport(Library)] private static partial nint zmq_ctx_new();
    [LibraryImport(Library)] private static partial int zmq_ctx_term(nint context);
    [LibraryImport(Library, SetLastError = true)] private static partial nint zmq_socket(nint context, int kind);
    [LibraryImport(Library)] private static partial int zmq_close(nint socket);
    [LibraryImport(Library, SetLastError = true)] private static partial int zmq_setsockopt(nint socket, int option, int* value, nuint size);
    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int zmq_bind(nint socket, string address);
    [LibraryImport(Library, SetLastError = true)] private static partial int zmq_send(nint socket, byte* data, nuint size, int flags);
    [LibraryImport(Library)] private static partial int zmq_msg_init(Message* message);
    [LibraryImport(Library, SetLastError = true)] private static partial int zmq_msg_recv(Message* message, nint socket, int flags);
    [LibraryImport(Library)] private static partial byte* zmq_msg_data(Message* message);
    [LibraryImport(Library)] private static partial nuint zmq_msg_size(Message* message);
    [LibraryImport(Library)] private static partial int zmq_msg_more(Message* message);
    [LibraryImport(Library)] private static partial int zmq_msg_close(Message* message);
    [LibraryImport(Library, SetLastError = true)] private static partial int zmq_poll(PollItem* items, int count, CLong milliseconds);
    [LibraryImport(Library)] private static partial nint zmq_strerror(int error);

    // zmq_msg_t: 64 bytes, aligned as pointers are.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Message
    {
        private nint _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollItem
    {
        public nint Socket;
        public int File;
        public short Events, Returned;
    }

    /// <exception cref="DiagnosticException">The library is not there.</exception>
    public static void EnsureLoaded()
    {
        if (Handle.Value == 0) throw new DiagnosticException(NotebookDiagnostics.LibraryMissing, null);
    }

    /// <summary>The owner of sockets.</summary>
    public sealed class Context : IDisposable
    {
        private readonly nint _handle = zmq_ctx_new();

        public Socket Open(SocketKind kind) => new(zmq_socket(_handle, (int)kind) is not 0 and var socket ? socket : throw Failure("a socket cannot be opened", Marshal.GetLastPInvokeError()));

        /// <summary>Waits until sockets that are closed have sent what they held, as long as they linger.</summary>
        public void Dispose() => _ = zmq_ctx_term(_handle);
    }

    public sealed class Socket(nint handle) : IDisposable
    {
        internal nint Handle => handle;

        public Socket With(Option option, int value)
        {
            if (zmq_setsockopt(handle, (int)option, &value, sizeof(int)) != 0) throw Failure($"the option {option} is refused", Marshal.GetLastPInvokeError());
            return this;
        }

        /// <returns>0, or the number of the error.</returns>
        public int Bind(string address) => zmq_bind(handle, address) == 0 ? 0 : Marshal.GetLastPInvokeError();

        /// <summary>A message in all its frames; null where none has come.</summary>
        public List<byte[]>? TryReceive()
        {
            List<byte[]>? frames = null;
            while (true)
            {
                Message message;
                _ = zmq_msg_init(&message);
                int error = 0;
                while (zmq_msg_recv(&message, handle, DontWait) < 0 && (error = Marshal.GetLastPInvokeError()) == InterruptedError) error = 0;
                if (error != 0)
                {
                    _ = zmq_msg_close(&message);
                    // The frames of a message come together: none is missing once the first is there.
                    return error == AgainError ? null : throw Failure("a message cannot be received", error);
                }
                (frames ??= []).Add(new ReadOnlySpan<byte>(zmq_msg_data(&message), checked((int)zmq_msg_size(&message))).ToArray());
                bool hasMore = zmq_msg_more(&message) != 0;
                _ = zmq_msg_close(&message);
                if (!hasMore) return frames;
            }
        }

        /// <summary>Sends a message; one that nobody is there for is dropped.</summary>
        public void Send(IReadOnlyList<byte[]> frames)
        {
            for (int i = 0; i < frames.Count; i++)
                fixed (byte* data = frames[i])
                    while (zmq_send(handle, data, (nuint)frames[i].Length, DontWait | (i + 1 < frames.Count ? SendMore : 0)) < 0)
                        if (Marshal.GetLastPInvokeError() != InterruptedError) return;
        }

        public void Dispose() => _ = zmq_close(handle);
    }

    /// <summary>Waits until a socket or the file has something to read, or the time is over; −1 waits for ever.</summary>
    public static void Poll(ReadOnlySpan<Socket> sockets, int file, long milliseconds)
    {
        PollItem* items = stackalloc PollItem[sockets.Length + 1];
        for (int i = 0; i < sockets.Length; i++) items[i] = new() { Socket = sockets[i].Handle, Events = 1 };
        items[sockets.Length] = new() { File = file, Events = 1 };
        // A signal ends the wait early, which is no harm: the caller looks again.
        _ = zmq_poll(items, sockets.Length + 1, new CLong((nint)milliseconds));
    }

    public static string Describe(int error) => Marshal.PtrToStringUTF8(zmq_strerror(error)) ?? $"error {error}";

    private static IOException Failure(string what, int error) => new($"{what}: {Describe(error)}");
}
