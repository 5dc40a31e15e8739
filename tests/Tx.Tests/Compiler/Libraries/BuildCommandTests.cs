using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Libraries;

/// <summary>What <c>tx build</c> writes, and what it refuses.</summary>
public sealed unsafe class BuildCommandTests : IDisposable
{
    private const string Text = "/// Twice.\nop twice(A: f32[N]) -> B: f32[N] { B[i] = A[i] * 2 }\nop row<T: number>(A: T[M, N], const at: int) -> B: T[N] require at >= 0, M > at { B[j] = A[at, j] }\n";
    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public BuildCommandTests() => _file = _folder.Write("small.tx", Text);

    public void Dispose() => _folder.Dispose();

    private string Out(string name) => Path.Combine(_folder.Path, name);

    [Fact]
    public void The_same_program_gives_the_same_bytes()
    {
        foreach (string folder in new[] { "a", "b" }) Assert.Equal(0, CommandLine.Run("build", _file, "-o", Out(folder), "--op", "twice").ExitCode);
        string[] files = ["libsmall.a", "libsmall.so", "libsmall.so.1", "Small.cs", "small.h", "small.pc", "smallConfig.cmake", "small_support.o", "small_twice.o"];
        Assert.Equal(files.Order(StringComparer.Ordinal), Directory.GetFiles(Out("a")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.All(files, f => Assert.Equal(File.ReadAllBytes(Path.Combine(Out("a"), f)), File.ReadAllBytes(Path.Combine(Out("b"), f))));
    }

    [Fact]
    public void A_shared_library_shows_its_entries_and_has_no_constructors()
    {
        Assert.Equal(0, CommandLine.Run("build", _file, "-o", Out("s"), "--op", "twice", "--op", "row:T=i8,at=1", "--prefix", "p", "--emit", "shared").ExitCode);
        byte[] bytes = File.ReadAllBytes(Path.Combine(Out("s"), "libsmall.so.1"));
        Assert.Equal(-1, bytes.AsSpan().IndexOf(".init_array"u8));
        Assert.NotEqual(-1, bytes.AsSpan().IndexOf("libsmall.so.1"u8));
        nint library = NativeLibrary.Load(Path.Combine(Out("s"), "libsmall.so.1"));
        Assert.All(new[] { "p_twice", "p_twice_arena", "p_row_Ti8_at1", "p_set_launcher", "p_manifest" }, s => Assert.True(NativeLibrary.TryGetExport(library, s, out _), s));
        Assert.All(new[] { "p_tx_fail", "p_tx_launcher", "twice" }, s => Assert.False(NativeLibrary.TryGetExport(library, s, out _), s));
        var manifest = JsonDocument.Parse(Marshal.PtrToStringUTF8(NativeLibrary.GetExport(library, "p_manifest"))!).RootElement;
        var row = manifest.GetProperty("entries")[1];
        Assert.Equal(("p_row_Ti8_at1", "i8", "N"), (row.GetProperty("symbol").GetString(), row.GetProperty("parameters")[1].GetProperty("type").GetString(), row.GetProperty("parameters")[1].GetProperty("shape")[0].GetString()));
        NativeLibrary.Free(library);
    }

    [Fact]
    public void One_library_holds_code_for_several_processors()
    {
        if (CpuTarget.HostArchitecture is not CpuArchitecture.X86) return;
        Assert.Equal(0, CommandLine.Run("build", _file, "-o", Out("d"), "--op", "twice", "--target", "x86-64", "--target", "x86-64-v2,sapphirerapids", "--emit", "shared").ExitCode);
        nint library = NativeLibrary.Load(Path.Combine(Out("d"), "libsmall.so.1"));
        var cpu = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(library, "small_cpu");
        var set = (delegate* unmanaged<byte*, int>)NativeLibrary.GetExport(library, "small_set_cpu");
        Assert.Contains(Marshal.PtrToStringUTF8((nint)cpu()), new[] { "x86-64-v2", "sapphirerapids" });
        float* data = stackalloc float[10];
        long* shape = stackalloc long[1];
        var twice = (delegate* unmanaged<TxTensor*, TxTensor*, void*, nuint, TxStatus*, int>)NativeLibrary.GetExport(library, "small_twice");
        foreach (string name in new[] { "x86-64", "x86-64-v2" })
        {
            fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0")) Assert.Equal(0, set(text));
            Assert.Equal(name, Marshal.PtrToStringUTF8((nint)cpu()));
            for (int i = 0; i < 5; i++) (data[i], data[5 + i]) = (i, 0);
            *shape = 5;
            var (a, b) = (new TxTensor { Data = data, Shape = shape, Rank = 1, Type = (int)ElementType.F32 }, new TxTensor { Data = data + 5, Shape = shape, Rank = 1, Type = (int)ElementType.F32 });
            Assert.Equal(0, twice(&a, &b, null, 0, null));
            Assert.Equal(8f, data[9]);
        }
        fixed (byte* text = "znver4\0"u8) Assert.Equal(11, set(text));
        // A refused choice changes nothing.
        Assert.Equal("x86-64-v2", Marshal.PtrToStringUTF8((nint)cpu()));
        NativeLibrary.Free(library);
    }

    [Theory]
    [InlineData("cortex-m7", 40, false), InlineData("aarch64+dotprod", 183, true), InlineData("cortex-a53", 183, true), InlineData("x86-64-v3", 62, true), InlineData("znver4", 62, true), InlineData("host", 0, true)]
    public void Objects_are_for_their_target(string target, int machine, bool is64)
    {
        Assert.Equal(0, CommandLine.Run("build", _file, "-o", Out("t"), "--op", "twice", "--target", target, "--emit", "object,static").ExitCode);
        Assert.NotEqual(0, new FileInfo(Path.Combine(Out("t"), "libsmall.a")).Length);
        foreach (string file in Directory.GetFiles(Out("t"), "*.o"))
        {
            byte[] elf = File.ReadAllBytes(file);
            Assert.Equal(is64 ? 2 : 1, elf[4]);
            if (machine != 0) Assert.Equal(machine, elf[18] | elf[19] << 8);
        }
    }

    [Theory]
    [InlineData("TX4080", "did you mean `x86-64-v3`", "--target", "x86-64-v33")]
    [InlineData("TX4081", "did you mean `dotprod`", "--target", "aarch64+dotprot")]
    [InlineData("TX4084", "cortex-m7", "--target", "cortex-m7", "--target", "x86-64-v3")]
    [InlineData("TX4084", "no shared libraries", "--target", "cortex-m7", "--emit", "shared")]
    [InlineData("TX4084", "one target", "--target", "x86-64-v2,x86-64-v3", "--emit", "c")]
    [InlineData("TX4086", "did you mean `twice`", "--op", "twise")]
    [InlineData("TX4086", "no dimension and no const `M`", "--op", "twice:M=3")]
    [InlineData("TX4086", "the value of `at` is missing", "--op", "row")]
    [InlineData("TX4086", "the size of `N` is missing", "--op", "row:at=0,M=2")]
    [InlineData("TX4086", "`N=-1` is no size", "--op", "twice:N=-1")]
    [InlineData("TX4087", "`small_twice`", "--op", "twice", "--op", "twice")]
    [InlineData("TX4087", "cannot begin a symbol", "--prefix", "7up")]
    [InlineData("TX1027", "row", "--op", "row:at=5,M=2,N=2")]
    public void A_wrong_request_is_refused(string code, string words, params string[] options)
    {
        var result = CommandLine.Run(["build", _file, "-o", Out("none"), .. options]);
        Assert.Contains($"error[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.Contains("help:", result.Error, StringComparison.Ordinal);
        Assert.Equal(code.StartsWith("TX4", StringComparison.Ordinal) ? 2 : 1, result.ExitCode);
        Assert.False(Directory.Exists(Out("none")));
    }

    [Fact]
    public void Without_a_choice_what_cannot_be_built_is_told_of()
    {
        var result = CommandLine.Run("build", _file, "-o", Out("all"), "--emit", "header");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("warning[TX4089]: `row` is not in the library", result.Error, StringComparison.Ordinal);
        string header = File.ReadAllText(Path.Combine(Out("all"), "small.h"));
        Assert.Contains("/* Twice.\n *\n * twice(A: f32[N]) -> B: f32[N]\n", header, StringComparison.Ordinal);
        Assert.Contains("int32_t small_twice(const tx_tensor *A, const tx_tensor *B, void *arena, size_t arena_bytes, tx_status *status);", header, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_refused()
    {
        var result = CommandLine.Run("build", _file, "-o", _file, "--op", "twice", "--emit", "header");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("error[TX5016]", result.Error, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("build", _file, "-o", Out("x"), "--emit", "exe").ExitCode);
        Assert.Equal(Text, File.ReadAllText(_file));
    }
}
