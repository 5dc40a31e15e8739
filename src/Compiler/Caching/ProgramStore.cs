using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Caching;

/// <summary>Programs that had no complaints, and the kernels made of them, beside the object code on disk. Only a build of tx finds what it has put itself. What is
/// damaged or cannot be read is made again.</summary>
internal sealed class ProgramStore(ObjectCache cache)
{
    // Compiled the same, tx is the same.
    private static readonly string Build = string.Join('\0',
        new[] { typeof(Diagnostic), typeof(Lang.Program.Operator), typeof(Lower.Pipeline), typeof(Kernel), typeof(LlvmCompiler), typeof(ProgramStore) }.Select(t => t.Module.ModuleVersionId));

    /// <summary>In the directory of the object cache; null where there is none.</summary>
    public static ProgramStore? Default() => ObjectCache.Default() is { } cache ? new(cache) : null;

    /// <summary>The record of a program that begins with a text; null where it is not known or has changed.</summary>
    /// <param name="defines">Values that stand in for those of <c>const</c> declarations.</param>
    public ProgramRecord? Find(SourceText main, ImmutableDictionary<string, Scalar> defines) => Get(KeyOf(main, defines), bytes => ProgramRecord.Read(bytes, main));

    /// <summary>Keeps a program that was loaded without a complaint.</summary>
    public ProgramRecord Keep(SourceText main, ImmutableDictionary<string, Scalar> defines, ProgramLoader loader, IEnumerable<string> operators)
    {
        var files = loader.Sources.Prepend(main).DistinctBy(s => s.Path).ToImmutableSortedDictionary(s => s.Path, s => s, StringComparer.Ordinal);
        var record = new ProgramRecord(files, [.. loader.Absent], [.. operators]);
        cache.Put(KeyOf(main, defines), record.Write());
        return record;
    }

    /// <summary>The kernel that was made of a program for a request; null where there is none.</summary>
    /// <param name="request">All that decides what is made of the program: operator, sizes, schedule, target.</param>
    public KernelImage? Find(ProgramRecord program, string request) =>
        Get(KeyOf("kernel", program.Digest, request), bytes => KernelImageFormat.Read(bytes, path => program.Files.GetValueOrDefault(path)));

    public void Keep(ProgramRecord program, string request, KernelImage image) => cache.Put(KeyOf("kernel", program.Digest, request), KernelImageFormat.Write(image));

    private T? Get<T>(string key, Func<byte[], T?> read) where T : class
    {
        var bytes = cache.TryGet(key);
        if (bytes.IsDefault) return null;
        try { return read(ImmutableCollectionsMarshal.AsArray(bytes)!); }
        catch (IOException) { return null; }
    }

    private static string KeyOf(SourceText main, ImmutableDictionary<string, Scalar> defines) =>
        KeyOf("program", Environment.CurrentDirectory, AppContext.BaseDirectory, main.Path, main.Text, string.Join(',', defines.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}: {d.Value.Type.Name} = {d.Value}")));

    private static string KeyOf(params ReadOnlySpan<string> parts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Build}\0{string.Join('\0', parts!)}")));
}
