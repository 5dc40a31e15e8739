using Tx.Backends.Llvm;
using Tx.Backends.Llvm.Native;
using Tx.Core;
using Tx.Lower.Ir;
using static Tx.Tests.Backends.LlvmFixture;

namespace Tx.Tests.Backends;

/// <summary>The library, the object cache, the JIT's own errors.</summary>
public sealed class LlvmLibraryTests(LlvmFixture llvm) : IClassFixture<LlvmFixture>, IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "tx-test-" + Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private static LoopModule Constant(double value)
    {
        var y = Output("y", ElementType.F32, 4);
        var i = Var.Index("i");
        return Module("constant", [y], Loop(i, 4, Put(y, i, new FloatImm(ElementType.F32, value))));
    }

    [Fact]
    public void AMissingLibraryIsExplained()
    {
        var e = Assert.Throws<DiagnosticException>(() => LlvmLibrary.Load(LlvmLibrary.Candidates("/nowhere/libLLVM.so")));
        Assert.Equal("TX4001", e.Diagnostics[0].Code);
        Assert.Contains("`/nowhere/libLLVM.so`", e.Diagnostics[0].Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install libllvm19", e.Diagnostics[0].Help, StringComparison.Ordinal);
    }

    [Fact]
    public void ALibraryThatIsNotLlvmIsNotTaken() =>
        Assert.Equal("TX4001", Assert.Throws<DiagnosticException>(() => LlvmLibrary.Load(["libc.so.6"])).Diagnostics[0].Code);

    [Fact]
    public void ObjectsAreKeptBetweenCompilers()
    {
        var image = new LlvmCompiler(new ObjectCache(_folder)).Compile(Constant(1), CpuTarget.Host());
        string file = Assert.Single(Directory.GetFiles(_folder));
        var before = File.ReadAllBytes(file);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        var again = new LlvmCompiler(new ObjectCache(_folder)).Compile(Constant(1), CpuTarget.Host());
        Assert.True(image.Object.AsSpan().SequenceEqual(again.Object.AsSpan()));
        Assert.Equal(before, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_folder))));
        Assert.True(File.GetLastWriteTimeUtc(file) > DateTime.UnixEpoch, "a hit marks the object as used");
        new LlvmCompiler(new ObjectCache(_folder)).Compile(Constant(2), CpuTarget.Host());
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void DamagedObjectsAreCompiledAgain()
    {
        var compiler = new LlvmCompiler(new ObjectCache(_folder));
        var image = compiler.Compile(Constant(1), CpuTarget.Host());
        string file = Assert.Single(Directory.GetFiles(_folder));
        byte[] good = File.ReadAllBytes(file);
        byte[] flipped = [.. good];
        flipped[^1] ^= 1;
        foreach (byte[] damaged in (byte[][])[good[..^7], good[..20], [], flipped, [.. good, 0]])
        {
            File.WriteAllBytes(file, damaged);
            Assert.True(image.Object.AsSpan().SequenceEqual(compiler.Compile(Constant(1), CpuTarget.Host()).Object.AsSpan()));
            Assert.Equal(good, File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void ACacheThatCannotBeWrittenIsNone()
    {
        Directory.CreateDirectory(_folder);
        string file = Path.Combine(_folder, "a file");
        File.WriteAllText(file, "");
        Assert.NotEmpty(new LlvmCompiler(new ObjectCache(Path.Combine(file, "below"))).Compile(Constant(1), CpuTarget.Host()).Object);
    }

    [Fact]
    public void TheLeastRecentlyUsedObjectsGo()
    {
        var cache = new ObjectCache(_folder, maxBytes: 10_000);
        for (int n = 0; n < 12; n++)
        {
            string key = $"{n:x}1";
            cache.Put(key, new byte[1000]);
            File.SetLastWriteTimeUtc(cache.PathOf(key), DateTime.UnixEpoch.AddDays(n));
        }
        Assert.False(cache.TryGet("01").IsDefault);
        cache.Trim();
        Assert.False(cache.TryGet("01").IsDefault);
        Assert.True(cache.TryGet("11").IsDefault);
        Assert.False(cache.TryGet("b1").IsDefault);
        Assert.True(Directory.GetFiles(_folder).Sum(f => new FileInfo(f).Length) <= 10_000);
    }

    [Fact]
    public void AMissingSymbolIsNamed()
    {
        const string text = "declare i32 @tx_no_such_symbol()\ndefine i32 @f(ptr %call) {\n  %r = call i32 @tx_no_such_symbol()\n  ret i32 %r\n}\n";
        var code = CompileThread.Run(() => CodeGenerator.Compile(text, LlvmTarget.Of(CpuTarget.Host()), CodegenFile.Object));
        var e = Assert.Throws<CompilerBugException>(() => llvm.Jit.Load(code, "f", out _));
        Assert.Contains("tx_no_such_symbol", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusedTextIsKeptInAFile()
    {
        const string text = "define i32 @f(ptr %call) {\n  ret i32 0.5\n}\n";
        var e = Assert.Throws<CompilerBugException>(() => CompileThread.Run(() => CodeGenerator.Compile(text, LlvmTarget.Of(CpuTarget.Host()), CodegenFile.Object)));
        string path = e.Message[(e.Message.LastIndexOf("(module: ", StringComparison.Ordinal) + 9)..^1];
        Assert.Equal(text, File.ReadAllText(path));
        File.Delete(path);
    }

    [Fact]
    public void AFatalErrorInsideLlvmEndsOnlyTheCompilation()
    {
        // A vector too wide for any register of the target: LLVM's own way to refuse it is to abort.
        const string text = "define <16 x i32> @f(<16 x i32> %a) #0 {\n  %r = call <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32> %a, <16 x i32> %a, <16 x i32> %a)\n  ret <16 x i32> %r\n}\n"
            + "declare <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32>, <16 x i32>, <16 x i32>)\nattributes #0 = { nounwind }\n";
        if (!System.Runtime.Intrinsics.X86.X86Base.IsSupported) return;
        var plain = new LlvmTarget("x86_64-pc-linux-gnu", "x86-64", "");
        Assert.Throws<CompilerBugException>(() => CompileThread.Run(() => CodeGenerator.Compile(text, plain, CodegenFile.Object)));
        Assert.Equal(3, llvm.Run(Constant(3))[0][0].Real);
    }

    [Fact]
    public void CodeOutlivesItsJit()
    {
        using var jit = new LlvmJit();
        var image = new LlvmCompiler().Compile(Constant(4), CpuTarget.Host());
        using var first = jit.Load(image);
        using var second = jit.Load(image);
        first.Dispose();
        jit.Dispose();
        using var y = llvm.Tensor(new DenseArray(ElementType.F32, [4]));
        second.Invoke([y], llvm.Pool);
        Assert.Equal(4, y[0].Real);
        Assert.Throws<ObjectDisposedException>(() => jit.Load(image));
    }

    [Fact]
    public void CompilersRunAtOneTime()
    {
        var compiler = new LlvmCompiler(new ObjectCache(_folder));
        Parallel.For(0, 16, n =>
        {
            using var kernel = llvm.Jit.Load(compiler.Compile(Constant(n % 4), CpuTarget.Host()));
            using var y = llvm.Tensor(new DenseArray(ElementType.F32, [4]));
            kernel.Invoke([y], llvm.Pool);
            Assert.Equal(n % 4, y[0].Real);
        });
    }

    [Fact]
    public void ThePeakIsThatOfThisMachine()
    {
        double single = PeakProbe.MeasurePeakGflops(ElementType.F32, 1), wide = PeakProbe.MeasurePeakGflops(ElementType.F64, 1);
        // One multiply-add a cycle on four lanes at 1 GHz is the least that any machine does.
        Assert.InRange(single, 8, 1000);
        Assert.InRange(single / wide, 1.5, 2.6);
    }
}
