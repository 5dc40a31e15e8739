using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>A shared library that <c>tx build</c> made, loaded into this process. Its kernels are called like those that are compiled here, and need neither libLLVM nor the
/// compiler. Safe for several threads at one time. Disposal unloads it once the calls that run have returned; disposing twice is harmless.</summary>
public sealed unsafe class KernelLibrary : IDisposable
{
    private readonly LibraryHandle _handle;
    private readonly ImmutableSortedDictionary<string, LibraryKernel> _kernels;
    private readonly Lock _gate = new();
    private readonly delegate* unmanaged<void*, int> _setLauncher;

    private KernelLibrary(string path, LibraryHandle handle, LibraryManifest manifest)
    {
        (Path, _handle, Targets) = (path, handle, manifest.Targets);
        _setLauncher = (delegate* unmanaged<void*, int>)handle.Find(manifest.Prefix + "_set_launcher");
        _kernels = manifest.Entries.ToImmutableSortedDictionary(
            e => e.Symbol.StartsWith(manifest.Prefix + "_", StringComparison.Ordinal) ? e.Symbol[(manifest.Prefix.Length + 1)..] : e.Symbol,
            e => new LibraryKernel(e, handle), StringComparer.Ordinal);
    }

    /// <summary>Loads a library.</summary>
    /// <param name="path">Its file, such as <c>build/libops.so</c>.</param>
    /// <param name="prefix">That of its symbols; null: the name of the file without <c>lib</c> and what follows the first dot, which is what <c>tx build</c> takes.</param>
    /// <exception cref="DiagnosticException">TX5330: it cannot be loaded; TX5331: it is no library of tx, or one of another prefix.</exception>
    public static KernelLibrary Load(string path, string? prefix = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        nint address;
        // Without a folder in it, the name would be looked for where the system keeps libraries.
        try { address = NativeLibrary.Load(System.IO.Path.GetFullPath(path)); }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or ArgumentException)
        {
            throw new DiagnosticException(LibraryDiagnostics.CannotLoad, null, path, e.Message.ReplaceLineEndings(" ").Trim());
        }
        var handle = new LibraryHandle(address);
        try
        {
            string symbol = (prefix ?? PrefixOf(path)) + "_manifest";
            if (handle.Find(symbol) is not (not 0 and var text)) throw new FormatException($"it has no `{symbol}`");
            return new(path, handle, LibraryManifest.Parse(Marshal.PtrToStringUTF8(text) ?? ""));
        }
        catch (Exception e)
        {
            handle.Dispose();
            if (e is FormatException) throw new DiagnosticException(LibraryDiagnostics.NoLibrary, null, path, e.Message);
            throw;
        }
    }

    public string Path { get; }

    /// <summary>The processors that it has code for, the best first.</summary>
    public ImmutableArray<string> Targets { get; }

    /// <summary>Its kernels, in the order of their names.</summary>
    public IEnumerable<LibraryKernel> Kernels => _kernels.Values;

    /// <summary>A kernel by the name of its entry point, without the prefix.</summary>
    /// <exception cref="DiagnosticException">TX5332: there is none of this name.</exception>
    public LibraryKernel this[string name] => _kernels.TryGetValue(name, out var found) ? found
        : throw new DiagnosticException(LibraryDiagnostics.UnknownKernel, null, Path, name, string.Join(", ", _kernels.Keys.Select(k => $"`{k}`")));

    /// <summary>Runs the parallel loops of all calls that begin from now on; null: the calling thread does, as at the start.</summary>
    /// <exception cref="ObjectDisposedException">The library or the pool is disposed.</exception>
    public void RunOn(WorkerPool? pool)
    {
        pool?.ThrowIfDisposed();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            if (pool is null)
            {
                _setLauncher(null);
                return;
            }
            nint known = _handle.Launchers.Find(l => ReferenceEquals(l.Pool, pool)).Launcher;
            if (known == 0)
            {
                var launcher = (Launcher*)NativeMemory.Alloc((nuint)sizeof(Launcher));
                *launcher = new() { Launch = WorkerPool.LaunchPointer, State = pool.LaunchState, Workers = pool.Workers };
                known = (nint)launcher;
                _handle.Launchers.Add((known, pool));
            }
            _setLauncher((void*)known);
        }
    }

    public void Dispose() => _handle.Dispose();

    private static string PrefixOf(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        if (name.StartsWith("lib", StringComparison.Ordinal)) name = name[3..];
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? name : name[..dot];
    }

    /// <summary>The C library's <c>tx_launcher</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Launcher
    {
        public delegate* unmanaged<void*, delegate* unmanaged<void*, long, long, int, int>, void*, long, long, int> Launch;
        public void* State;
        public int Workers;
    }
}

/// <summary>A loaded library; calls hold it until they return.</summary>
internal sealed unsafe class LibraryHandle : SafeHandle
{
    public LibraryHandle(nint address) : base(0, ownsHandle: true) => SetHandle(address);

    /// <summary>Those that calls may still use, freed with the library, and the pools that they speak of.</summary>
    public List<(nint Launcher, WorkerPool Pool)> Launchers { get; } = [];

    public override bool IsInvalid => handle == 0;

    /// <summary>The address of a symbol; 0 where there is none.</summary>
    public nint Find(string symbol) => NativeLibrary.TryGetExport(handle, symbol, out nint address) ? address : 0;

    protected override bool ReleaseHandle()
    {
        NativeLibrary.Free(handle);
        foreach (var (launcher, _) in Launchers) NativeMemory.Free((void*)launcher);
        return true;
    }
}
