using System.Collections.Immutable;
using Tx.Backends.Llvm;
using Tx.Caching;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx.Tests.Compiler;

/// <summary>What is kept of a program is found while its files are what they were, and not afterwards.</summary>
public sealed class ProgramStoreTests : IDisposable
{
    private static readonly ImmutableDictionary<string, Scalar> NoDefines = ImmutableDictionary<string, Scalar>.Empty;
    private readonly string _folder = Directory.CreateTempSubdirectory("tx-store-").FullName;
    private readonly ObjectCache _cache;
    private readonly ProgramStore _store;

    public ProgramStoreTests()
    {
        (_cache, _store) = (new(PathOf("cache")), new(new ObjectCache(PathOf("cache"))));
        Directory.CreateDirectory(PathOf("cache"));
        Directory.CreateDirectory(PathOf("sub"));
        File.WriteAllText(PathOf("sub/b.tx"), "op g(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + 1 }\n");
        File.WriteAllText(PathOf("a.tx"), "import \"sub/b.tx\"\nimport \"norm.tx\"\nop f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * 2 }\n");
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SourceText Main() => SourceReader.Read(PathOf("a.tx"), out _)!;

    private ProgramRecord Keep(ImmutableDictionary<string, Scalar>? defines = null)
    {
        var loader = new ProgramLoader(defines ?? NoDefines);
        var bag = new DiagnosticBag();
        var program = loader.Load(PathOf("a.tx"), bag)!;
        Assert.Empty(bag.Items);
        return _store.Keep(program.Tree.Source, defines ?? NoDefines, loader, program.Declarations.Operators.Keys)!;
    }

    [Fact]
    public void AProgram_IsFoundWithItsFiles()
    {
        Assert.Null(_store.Find(Main(), NoDefines));
        var kept = Keep();
        var found = _store.Find(Main(), NoDefines)!;
        Assert.Equal(kept.Digest, found.Digest);
        Assert.Equal(3, found.Files.Count(f => !f.Key.Contains("/strategies/", StringComparison.Ordinal) && !f.Key.Contains("/targets/", StringComparison.Ordinal)));
        Assert.Contains("softmax", found.Operators);
        Assert.Null(_store.Find(Main(), NoDefines.Add("W", Scalar.Index(3))));
    }

    [Theory]
    [InlineData("a.tx")]
    [InlineData("sub/b.tx")]
    [InlineData("norm.tx")]
    public void AFileThatChanges_OrStandsInTheWayOfAnother_EndsIt(string name)
    {
        Keep();
        File.AppendAllText(PathOf(name), "// more\n");
        Assert.Null(_store.Find(Main(), NoDefines));
    }

    [Fact]
    public void AFileThatIsGone_EndsIt()
    {
        Keep();
        File.Delete(PathOf("sub/b.tx"));
        Assert.Null(_store.Find(Main(), NoDefines));
    }

    [Fact]
    public void AKernel_IsFoundByItsRequestAlone()
    {
        var program = Keep();
        var image = new KernelImage("f", "entry", [1, 2], [], 0, 0, []);
        _store.Keep(program, "f N=3", image);
        Assert.Equal("entry", _store.Find(_store.Find(Main(), NoDefines)!, "f N=3")?.Entry);
        Assert.Null(_store.Find(program, "f N=4"));
    }

    [Fact]
    public void DamagedFiles_AreNothing()
    {
        var program = Keep();
        _store.Keep(program, "f", new KernelImage("f", "entry", [1, 2], [], 0, 0, []));
        foreach (string file in Directory.EnumerateFiles(_cache.Directory))
        {
            byte[] bytes = File.ReadAllBytes(file);
            bytes[^1] ^= 1;
            File.WriteAllBytes(file, bytes);
        }
        Assert.Null(_store.Find(Main(), NoDefines));
        Assert.Null(_store.Find(program, "f"));
    }
}
