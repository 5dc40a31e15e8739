using System.Globalization;
using System.Runtime.InteropServices;
using Tx.Core;

namespace Tx.Backends.Llvm.Native;

/// <summary>Finds and loads libLLVM 19. Its symbols are versioned, so other versions may live in the same process.</summary>
internal static unsafe class LlvmLibrary
{
    private const uint Major = 19;

    // Debian and Ubuntu install the first; the others are other distributions' and LLVM's own packages'.
    private static readonly string[] Names =
        ["libLLVM.so.19.1", "libLLVM-19.so.1", "libLLVM-19.so", "/usr/lib/llvm-19/lib/libLLVM.so.1"];

    // A failure is not kept: the user may install the library and go on.
    private static readonly Lazy<(nint Handle, string Version)> Loaded = new(() => Load(Candidates(Environment.GetEnvironmentVariable("TX_LLVM"))), LazyThreadSafetyMode.PublicationOnly);

    internal static nint Handle => Loaded.Value.Handle;

    /// <summary>As in <c>19.1.7</c>.</summary>
    internal static string Version => Loaded.Value.Version;

    /// <exception cref="DiagnosticException">TX4001 or TX4002.</exception>
    internal static void EnsureLoaded() => _ = Loaded.Value;

    /// <summary>What to try, in order. A path that the user gives is the only one.</summary>
    internal static IReadOnlyList<string> Candidates(string? given) => string.IsNullOrEmpty(given) ? Names : [given];

    internal static (nint Handle, string Version) Load(IReadOnlyList<string> candidates)
    {
        Diagnostic? wrong = null;
        foreach (string name in candidates)
        {
            if (!NativeLibrary.TryLoad(name, out nint handle)) continue;
            if (NativeLibrary.TryGetExport(handle, "LLVMGetVersion", out nint export))
            {
                uint major, minor, patch;
                ((delegate* unmanaged<uint*, uint*, uint*, void>)export)(&major, &minor, &patch);
                string version = string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}.{patch}");
                if (major == Major) return (handle, version);
                wrong ??= Diagnostic.Create(BackendDiagnostics.LibraryVersion, null, name, version);
            }
            NativeLibrary.Free(handle);
        }
        throw new DiagnosticException(wrong ?? Diagnostic.Create(BackendDiagnostics.LibraryMissing, null, string.Join(", ", candidates.Select(c => $"`{c}`"))));
    }
}
