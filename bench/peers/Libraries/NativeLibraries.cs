using System.Runtime.InteropServices;

namespace Tx.Bench.Peers.Libraries;

/// <summary>Finds shared libraries in the system's folders and loads them.</summary>
internal static partial class NativeLibraries
{
    /// <summary>The first of these files in a folder of libraries, such as <c>openblas-pthread/libopenblas.so.0</c>; null: there is none.</summary>
    public static string? Find(params string[] names) =>
        (from name in names
         from folder in Directory.GetDirectories("/usr/lib", "*-linux-gnu")
         let path = Path.Combine(folder, name)
         where File.Exists(path)
         select path).FirstOrDefault();

    /// <summary>A copy of a library with a variable set while it starts: two copies in one process may differ in the processor they were told.</summary>
    public static nint LoadCopy(string path, string name, string? variable = null, string? value = null, Action<nint>? start = null)
    {
        string copy = Path.Combine(Path.GetTempPath(), $"peer-{Environment.ProcessId}-{name}.so");
        File.Copy(path, copy, overwrite: true);
        if (variable is not null) _ = SetVariable(variable, value!, 1);
        try
        {
            nint handle = NativeLibrary.Load(copy);
            start?.Invoke(handle);
            return handle;
        }
        finally
        {
            if (variable is not null) _ = UnsetVariable(variable);
            File.Delete(copy);
        }
    }

    /// <summary>What <c>run</c> compiled beside this program; null: it could not.</summary>
    public static nint? TryLoadBuilt(string name)
    {
        string path = Path.Combine(Environment.GetEnvironmentVariable("PEERS_BUILT") ?? ".", name);
        return File.Exists(path) ? NativeLibrary.Load(path) : null;
    }

    // The runtime's own copy of the environment is not the one that libraries read.
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnsetVariable(string name);
}
