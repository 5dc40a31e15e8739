using System.Diagnostics;
using System.Runtime.InteropServices;
using Tx.Bench.Peers.Measuring;

namespace Tx.Bench.Peers.Libraries;

/// <summary>clang as a compiler of plain C at run time: a process, a shared library, its function.</summary>
internal static class ClangCompiler
{
    private const string Program = "/usr/bin/clang-19";

    public static bool IsHere => File.Exists(Program);

    public static Contender Of(string root, string name)
    {
        string source = Path.Combine(root, "bench", "peers", "native", "compile", $"{name}.c");
        void Once()
        {
            string library = Path.Combine(Path.GetTempPath(), $"peer-{Guid.NewGuid():N}.so");
            using (var process = Process.Start(Program, ["-O3", "-march=native", "-shared", "-fPIC", "-o", library, source])) process.WaitForExit();
            nint handle = NativeLibrary.Load(library);
            NativeLibrary.GetExport(handle, name);
            NativeLibrary.Free(handle);
            File.Delete(library);
        }
        return new("clang", Side.Peer, Once) { Sample = () => WallClock.Of(Once) };
    }
}
