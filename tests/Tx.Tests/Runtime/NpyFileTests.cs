using System.Text;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Runtime;

/// <summary>The files below <c>tests/cases/npy</c> were written by NumPy (see <c>generate.py</c> there).</summary>
public sealed class NpyFileTests : IDisposable
{
    private readonly TensorAllocator _allocator = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("tx-npy-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Case(string name) => CaseFiles.PathOf("npy", name + ".npy");
    private string Written(string name) => Path.Combine(_folder, name);

    private static string[] Elements(NativeTensor t) => [.. Enumerable.Range(0, (int)t.Count).Select(i => t[i].ToString())];

    public static TheoryData<string, string> Types => new()
    {
        { "bool", "false true false true false true" },
        { "i8", "-128 -2 -1 0 1 127" }, { "i16", "-32768 -2 -1 0 1 32767" }, { "i32", "-2147483648 -2 -1 0 1 2147483647" },
        { "i64", "-9223372036854775808 -2 -1 0 1 9223372036854775807" },
        { "u8", "0 1 2 3 4 255" }, { "u16", "0 1 2 3 4 65535" }, { "u32", "0 1 2 3 4 4294967295" }, { "u64", "0 1 2 3 4 18446744073709551615" },
        { "f16", "0.1 -2 -1 0 1 -inf" }, { "f32", "0.1 -2 -1 0 1 -inf" }, { "f64", "0.1 -2 -1 0 1 -inf" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Files_of_numpy_are_read_in_any_order_and_written_alike(string type, string elements)
    {
        foreach (string variant in new[] { "", "_fortran", "_big" })
        {
            using var t = NpyFile.Read(Case(type + variant), _allocator);
            Assert.Equal($"{type}[2, 3]", t.ToString());
            Assert.Equal(elements, string.Join(' ', Elements(t)));
            NpyFile.Write(Written("c.npy"), t);
            Assert.Equal(File.ReadAllBytes(Case(type)), File.ReadAllBytes(Written("c.npy")));
            NpyFile.Write(Written("f.npy"), t, fortranOrder: true);
            Assert.Equal(File.ReadAllBytes(Case(type + "_fortran")), File.ReadAllBytes(Written("f.npy")));
        }
    }

    [Theory]
    [InlineData("rank0", "f32[]"), InlineData("empty", "f32[2, 0, 3]"), InlineData("rank3_fortran", "i32[2, 3, 4]"), InlineData("version2", "i32[2, 3]"), InlineData("version3", "i32[2, 3]")]
    public void Ranks_sizes_and_versions(string name, string type)
    {
        using var t = NpyFile.Read(Case(name), _allocator);
        Assert.Equal(type, t.ToString());
        if (name == "rank0") Assert.Equal(2.5, t[0].Real);
        else Assert.Equal(Enumerable.Range(0, (int)t.Count).Select(i => $"{i}"), Elements(t));
        NpyFile.Write(Written("again.npy"), t, fortranOrder: true);
        using var again = NpyFile.Read(Written("again.npy"), _allocator);
        Assert.True(TensorComparison.Equal(again, t).Passed);
        Assert.Equal(type, again.ToString());
    }

    [Theory]
    [InlineData("complex", "c8"), InlineData("object", "O"), InlineData("structured", "structured")]
    public void Other_types_are_refused_by_name(string name, string type)
    {
        var d = Refused(Case(name));
        Assert.Equal("TX5013", d.Code);
        Assert.Contains(type, d.Message, StringComparison.Ordinal);
    }

    private static byte[] FileOf(string header, int dataBytes, byte version = 1) =>
        [0x93, .. "NUMPY"u8, version, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.Latin1.GetBytes(header), .. new byte[dataBytes]];

    private Diagnostic Refused(string path) => Assert.Throws<DiagnosticException>(() => NpyFile.Read(path, _allocator)).Diagnostics[0];

    [Theory]
    [InlineData("TX5014", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23)]
    [InlineData("TX5015", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 25)]
    [InlineData("TX5014", "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000), }", 16)]
    [InlineData("TX5002", "{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000, 1000000000000), }", 16)]
    [InlineData("TX5012", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 0)]
    [InlineData("TX5012", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 0)]
    [InlineData("TX5012", "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", 4)]
    [InlineData("TX5012", "{'descr': '<f4', 'shape': (1,), }", 4)]
    [InlineData("TX5012", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4)]
    [InlineData("TX5012", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", 4)]
    [InlineData("TX5012", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4)]
    [InlineData("TX5012", "", 0)]
    [InlineData("TX5012", "{'descr': '<f4", 0)]
    [InlineData("TX5013", "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", 8)]
    [InlineData("TX5013", "{'descr': '', 'fortran_order': False, 'shape': (1,)}", 8)]
    public void Damaged_files_are_diagnosed(string code, string header, int dataBytes)
    {
        File.WriteAllBytes(Written("bad.npy"), FileOf(header, dataBytes));
        Assert.Equal(code, Refused(Written("bad.npy")).Code);
        Assert.Equal(0, _allocator.BytesInUse);
    }

    [Fact]
    public void Header_in_another_style_is_read()
    {
        File.WriteAllBytes(Written("style.npy"), FileOf("{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"|u1\"}", 2));
        using var t = NpyFile.Read(Written("style.npy"), _allocator);
        Assert.Equal("u8[2]", t.ToString());
    }

    [Fact]
    public void Every_proper_prefix_of_a_file_is_refused()
    {
        byte[] whole = File.ReadAllBytes(Case("f32"));
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Written("cut.npy"), whole[..length]);
            Assert.StartsWith("TX501", Refused(Written("cut.npy")).Code, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Missing_files_and_folders_are_diagnosed()
    {
        Assert.Equal("TX5010", Refused(Written("none.npy")).Code);
        Assert.Equal("TX5010", Refused(_folder).Code);
        Assert.Equal("TX5010", Refused("").Code);
        File.WriteAllText(Written("text.npy"), "not an array at all");
        Assert.Equal("TX5011", Refused(Written("text.npy")).Code);
        File.WriteAllBytes(Written("version.npy"), FileOf("{}", 0, version: 9));
        Assert.Equal("TX5011", Refused(Written("version.npy")).Code);
    }

    [Fact]
    public void Failed_write_leaves_nothing_behind()
    {
        using var t = TensorFill.Zeros(_allocator, ElementType.F32, [2]);
        Directory.CreateDirectory(Written("taken.npy"));
        foreach (string path in new[] { Written("taken.npy"), Path.Combine(_folder, "no", "folder.npy") })
            Assert.Equal("TX5016", Assert.Throws<DiagnosticException>(() => NpyFile.Write(path, t)).Diagnostics[0].Code);
        Assert.Empty(Directory.GetFiles(_folder));
        NpyFile.Write(Written("t.npy"), t);
        NpyFile.Write(Written("t.npy"), t);
        Assert.Single(Directory.GetFiles(_folder));
    }
}
