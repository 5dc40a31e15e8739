using System.Buffers.Binary;
using System.IO.Compression;
using Tx.Core;
using Tx.Runtime;
using Tx.Tests.Support;

namespace Tx.Tests.Runtime;

/// <summary>The archives below <c>tests/cases/npy</c> were written by NumPy (see <c>generate.py</c> there).</summary>
public sealed class NpzFileTests : IDisposable
{
    private static readonly string[] Names = ["W", "b", "mask", "scalar", "empty"];
    private readonly TensorAllocator _allocator = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Case(string name) => CaseFiles.PathOf("npy", name + ".npz");
    private string Written(string name) => Path.Combine(_folder.Path, name);

    private Diagnostic Refused(string path, params string[] names) =>
        Assert.Throws<DiagnosticException>(() => NpzFile.Read(path, names, _allocator)).Diagnostics[0];

    private static byte[] Entry(string path, string name)
    {
        using var archive = ZipFile.OpenRead(path);
        using var stream = archive.GetEntry(name)!.Open();
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    [Theory]
    [InlineData("stored")]
    [InlineData("deflated")]
    public void ArchivesOfNumPy_AreReadByNameInAnyOrder(string name)
    {
        Assert.Equal(Names, NpzFile.Names(Case(name)));
        var arrays = NpzFile.Read(Case(name), ["b", "W", "mask", "scalar", "empty"], _allocator);
        Assert.Equal(["i64[2]", "f32[2, 3]", "bool[2, 3]", "f64[]", "u8[0, 3]"], arrays.Select(a => a.ToString()));
        Assert.Equal([1, -2], arrays[0].AsSpan<long>().ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 5], arrays[1].AsSpan<float>().ToArray());
        Assert.Equal([0, 1, 0, 1, 0, 1], arrays[2].AsSpan<byte>().ToArray());
        Assert.Equal(0.5, arrays[3][0].Real);
    }

    [Fact]
    public void WhatIsWritten_HoldsTheBytesOfNumPysEntries()
    {
        var arrays = NpzFile.Read(Case("stored"), Names, _allocator);
        NpzFile.Write(Written("a.npz"), Names.Zip(arrays));
        NpzFile.Write(Written("b.npz"), Names.Zip(arrays));
        Assert.Equal(File.ReadAllBytes(Written("a.npz")), File.ReadAllBytes(Written("b.npz")));
        foreach (string name in Names.Where(n => n != "mask"))
            Assert.Equal(Entry(Case("stored"), name + ".npy"), Entry(Written("a.npz"), name + ".npy"));
        var again = NpzFile.Read(Written("a.npz"), Names, _allocator);
        Assert.All(Enumerable.Range(0, Names.Length), i => Assert.True(TensorComparison.Equal(again[i], arrays[i]).Passed));
        Assert.Equal(["a.npz", "b.npz"], Directory.GetFiles(_folder.Path).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AMissingArray_IsNamedBesideThoseThatAreThere()
    {
        var d = Refused(Case("stored"), "b", "w");
        Assert.Equal(("TX5018", "did you mean `W`?"), (d.Code, d.Help));
        Assert.Contains("`W`, `b`, `mask`, `scalar`, `empty`", d.Message, StringComparison.Ordinal);
        Assert.Contains("it has nothing", Refused(Case("none"), "W").Message, StringComparison.Ordinal);
        Assert.Equal(0, _allocator.BytesInUse);
    }

    [Theory]
    [InlineData("twice", "TX5017"), InlineData("text", "TX5011")]
    public void OddArchives_AreRefused(string name, string code) => Assert.Equal(code, Refused(Case(name), "W").Code);

    [Fact]
    public void OtherFiles_AreNoArchives()
    {
        Assert.Equal("TX5010", Refused(Written("none.npz"), "W").Code);
        Assert.Equal("TX5010", Refused(_folder.Path, "W").Code);
        Assert.Equal("TX5017", Refused(CaseFiles.PathOf("npy", "f32.npy"), "W").Code);
        Assert.Equal("TX5017", Refused(_folder.Write("empty.npz", ""), "W").Code);
    }

    [Theory]
    [InlineData("stored"), InlineData("deflated")]
    public void EveryPrefix_IsRefused(string name)
    {
        byte[] whole = File.ReadAllBytes(Case(name));
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(Written("cut.npz"), whole[..length]);
            Assert.Equal("TX5017", Refused(Written("cut.npz"), Names).Code);
        }
        Assert.Equal(0, _allocator.BytesInUse);
    }

    [Theory]
    [InlineData("stored"), InlineData("deflated")]
    public void EveryChangedByte_IsRefusedOrHarmless(string name)
    {
        byte[] whole = File.ReadAllBytes(Case(name));
        var expected = NpzFile.Read(Case(name), Names, _allocator);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 0x55;
            File.WriteAllBytes(Written("changed.npz"), changed);
            try
            {
                var arrays = NpzFile.Read(Written("changed.npz"), Names, _allocator);
                Assert.All(Enumerable.Range(0, Names.Length), i => Assert.True(TensorComparison.Equal(arrays[i], expected[i]).Passed, $"byte {at}"));
            }
            catch (DiagnosticException e)
            {
                Assert.StartsWith("TX50", e.Diagnostics[0].Code, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void AnEntryThatClaimsTooMuch_TakesNoMemory()
    {
        byte[] header = [0x93, .. "NUMPY"u8, 1, 0, 76, 0, .. "{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 100000), }".PadRight(76).Select(c => (byte)c)];
        using (var archive = ZipFile.Open(Written("bomb.npz"), ZipArchiveMode.Create))
        using (var stream = archive.CreateEntry("W.npy").Open())
            stream.Write(header);
        Assert.Equal("TX5014", Refused(Written("bomb.npz"), "W").Code);

        // The directory claims the forty gigabytes, too.
        byte[] bytes = File.ReadAllBytes(Written("bomb.npz"));
        int directory = bytes.AsSpan().IndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(directory + 24), uint.MaxValue - 1);
        File.WriteAllBytes(Written("bomb.npz"), bytes);
        Assert.Contains(Refused(Written("bomb.npz"), "W").Code, new[] { "TX5014", "TX5017" });
        Assert.Equal(0, _allocator.PeakBytes);
    }

    [Fact]
    public void Programs_LoadAndSaveByName()
    {
        File.Copy(Case("deflated"), Written("weights.npz"));
        string file = _folder.Write("p.tx", """
            let (W, b) = load("weights.npz", "W", "b")
            let mask: bool[2, 3] = load("weights.npz", "mask")
            assert equal(W, [[0, 1, 2], [3, 4, 5]])
            save("out.npz", first = W, second = [1.5])
            let (s, f) = load("out.npz", "second", "first")
            assert equal(f, W)
            assert equal(s, full(f32[1], 1.5))
            """);
        var result = CommandLine.Run("run", file);
        Assert.Equal("", result.Error);
        Assert.Equal(["first", "second"], NpzFile.Names(Written("out.npz")).ToArray());
    }

    [Theory]
    [InlineData("let a = load(\"w.npz\")", "TX1717")]
    [InlineData("let a = load(\"w.npy\", \"a\")", "TX1718")]
    [InlineData("let a = load(\"w.npz\", 1)", "TX1703")]
    [InlineData("let (a, b) = load(\"w.npz\", \"a\", \"b\", \"c\")", "TX1711")]
    [InlineData("save([1], \"w.npz\")", "TX1717")]
    [InlineData("save(\"w.npy\", a = [1])", "TX1718")]
    [InlineData("save(\"w.npz\")", "TX1704")]
    [InlineData("save([1], \"w.npz\", a = [1])", "TX1704")]
    [InlineData("save(\"w.npz\", a = [1], a = [2])", "TX1002")]
    [InlineData("save(\"w.npz\", a = \"text\")", "TX1703")]
    public void WrongCalls_AreFoundByTheCheck(string program, string code)
    {
        var result = CommandLine.RunText("check", program);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split("error[").Skip(1));
    }
}
