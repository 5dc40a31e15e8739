using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Tests.Lower.Passes;

namespace Tx.Tests.Lower.Schedule.Steps;

public class TensorizeTests
{
    private const string Vnni = """
        intrin vpdpbusd(a: u8[4], b: i8[16, 4], acc: i32[16]) on cpu("avx512vnni") {
            acc[i] += sum(k: i32(a[k]) * i32(b[i, k]))
            emit llvm "llvm.x86.avx512.vpdpbusd.512"(acc, broadcast(bits(i32, a), 16), bits(i32[16], b)) -> acc
        }
        intrin clear(o: i32[16]) { o[i] = 0 }
        intrin dot4(a: u8[4], b: i8[2, 4], acc: i32[2]) { acc[i] += sum(k: i32(a[k]) * i32(b[i, k])) }
        intrin axpy(x: f32[4], s: f32, y: f32[4]) { y[i] += s * x[i] }
        intrin twice(x: f32[4], y: f32[4]) { y[i] = x[i] + x[i] }

        """;

    // Its weights lie as the instruction wants them.
    private const string Dense = "op dense(A: u8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[j, k])) }\n";

    private static string Schedule(string op, string body) => $"schedule s for {op} on cpu(\"avx512vnni\") {{\n{body}\n}}\n";

    private const string Split = "(jo, ji) = C.j.split(16)\n(ko, ki) = C.k.split(4)\nC.reorder(jo, C.i, ko, ji, ki)\n";

    [Theory]
    [InlineData(Split + "ji.tensorize(vpdpbusd)")]
    [InlineData(Split + "ji.tensorize(vpdpbusd, init = clear)")]
    [InlineData(Split + "ji.tensorize(vpdpbusd)\njo.parallel()")]
    [InlineData("(jo, ji) = C.j.split(16)\n(ko, ki) = C.k.split(4)\nC.reorder(ko, C.i, jo, ki, ji)\nki.tensorize(vpdpbusd)")]
    [InlineData("(jo, ji) = C.j.split(2)\n(ko, ki) = C.k.split(4)\nC.reorder(jo, C.i, ko, ji, ki)\nji.tensorize(dot4)\nC.i.unroll()")]
    [InlineData("(jo, ji) = C.j.split(16)\n(ko, ki) = C.k.split(4)\nC.reorder(jo, C.i, ko, ji, ki)\nz = C.decompose_reduction(C.i)\nji.tensorize(vpdpbusd, init = clear)")]
    public void DotProducts(string body)
    {
        foreach (long[] sizes in (long[][])[[3, 8, 32], [1, 4, 16], [5, 12, 16]])
        {
            var result = ScheduledText.Run(Vnni + Dense + Schedule("dense", body), sizes);
            Assert.Contains(PassFixture.Statements(result.Function.Body), s => s is InstructionCall);
        }
    }

    [Fact]
    public void Emission_ReadsTilesAsVectors()
    {
        var result = ScheduledText.Run(Vnni + Dense + Schedule("dense", Split + "ji.tensorize(vpdpbusd)"), [3, 4, 32]);
        var module = Pipeline.Run(new LoopModule([result.Function], LoopLevel.Scheduled), ScheduledText.Target);
        var call = PassFixture.Statements(module.Body()).OfType<InstructionCall>().First();
        Assert.Equal(new IrType(ElementType.I32, 16), call.Emission!.ResultType);
        Assert.Equal([new(ElementType.I32, 16), new(ElementType.I32, 16), new IrType(ElementType.I32, 16)], call.Emission.Operations[0].Arguments.Select(a => a.Type));
        // K is 4: the tile of B is one row of 64 bytes.
        Assert.All(call.Emission.Operations[0].Arguments.Select(a => a.Value).OfType<Load>(), l => Assert.IsType<Ramp>(Assert.Single(l.Indices)));
        var printed = IrPrinter.Print(module);
        Assert.Equal(printed, IrPrinter.Print(IrParser.ParseModule(printed)));
    }

    [Fact]
    public void OtherTargets_RunTheDeclaredLoops()
    {
        var result = ScheduledText.Run(Vnni + Dense + Schedule("dense", Split + "ji.tensorize(vpdpbusd)"), [3, 4, 32]);
        var module = Pipeline.Run(new LoopModule([result.Function], LoopLevel.Scheduled), PassFixture.Target);
        Assert.DoesNotContain(PassFixture.Statements(module.Body()), s => s is InstructionCall);
    }

    [Theory]
    [InlineData("op s(A: f32[M], x: f32[N]) -> C: f32[M, N] { C[i, j] = 0\n C[i, j] += A[i] * x[j] }", "(jo, ji) = C.update(0).j.split(4)\nji.tensorize(axpy)")]
    [InlineData("op s(A: f32[M, N]) -> C: f32[M, N] { C[i, j] = A[i, j] + A[i, j] }", "(jo, ji) = C.j.split(4)\nji.tensorize(twice)")]
    [InlineData("op s(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }", "(jo, ji) = C.j.split(4)\nC.reorder(C.i, jo, C.k, ji)\nji.tensorize(axpy)")]
    public void Elementwise(string op, string body)
    {
        foreach (long[] sizes in (long[][])[[3, 8, 8], [4, 4, 4], [8, 8, 12]]) ScheduledText.Run(Vnni + op + "\n" + Schedule("s", body), op.Contains('K') ? sizes : [8, 8]);
    }

    private const string Tables = """
        intrin look(t: u8[16], i: u8[8], o: u8[8]) { o[k] = t[i[k] & 15] }
        intrin look2(t: u8[2, 4], i: u8[8], o: u8[8, 2]) { o[k, r] = t[r, i[k] & 3] + u8(r) }

        """;

    [Theory]
    [InlineData("op s(T: u8[16], I: u8[M, N]) -> X: u8[M, N] { X[m, k] = T[I[m, k] & 15] }", "look")]
    [InlineData("op s(T: u8[M, 3, 20], I: u8[M, N]) -> X: u8[M, N] { X[m, k] = T[m, 2, I[m, k] & 15] }", "look")]
    [InlineData("op s(T: u8[256, 16], I: u8[M, N]) -> X: u8[M, N] { X[m, k] = T[I[m, 0], I[m, k] & 15] }", "look")]
    [InlineData("op s(T: u8[2, 4], I: u8[M, N]) -> X: u8[M, N, 2] { X[m, k, r] = T[r, I[m, k] & 3] + u8(r) }", "look2")]
    public void Lookups(string op, string instruction)
    {
        foreach (long[] sizes in (long[][])[[3, 8], [1, 16], [2, 24]])
        {
            var result = ScheduledText.Run(Tables + op + "\n" + Schedule("s", $"(ko, ki) = X.k.split(8)\nki.tensorize({instruction})"), sizes);
            Assert.Contains(PassFixture.Statements(result.Function.Body), s => s is InstructionCall);
        }
    }

    [Theory]
    [InlineData(Split + "ji.tensorize(vpdpbusd)", new long[] { 3, 8, 30 }, "`j` is tested in `ji`")]
    [InlineData(Split + "ji.tensorize(vpdpbusd)", new long[] { 3, 7, 32 }, "`k` is tested in `ki`")]
    [InlineData("(jo, ji) = C.j.split(8)\n(ko, ki) = C.k.split(4)\nC.reorder(jo, C.i, ko, ji, ki)\nji.tensorize(vpdpbusd)", new long[] { 3, 8, 32 }, "`ji` runs 8 times")]
    [InlineData("(ko, ki) = C.k.split(4)\nki.tensorize(vpdpbusd)", new long[] { 3, 8, 32 }, "no loop here is `i`")]
    [InlineData(Split + "ki.unroll()\nji.tensorize(vpdpbusd)", new long[] { 3, 8, 32 }, "is marked unrolled")]
    [InlineData("(io, ii) = C.i.split(16)\n(ko, ki) = C.k.split(4)\nC.reorder(C.j, io, ko, ii, ki)\nii.tensorize(vpdpbusd)", new long[] { 16, 8, 32 }, "")]
    [InlineData(Split + "ji.tensorize(axpy)", new long[] { 3, 8, 32 }, "no index of `axpy`")]
    [InlineData(Split + "ji.tensorize(vpdpbusd, init = twice)", new long[] { 3, 8, 32 }, "no index of `twice`")]
    public void Mismatches_AreExplained(string body, long[] sizes, string why)
    {
        var d = ScheduledText.Refused(Vnni + Dense + Schedule("dense", body), sizes);
        Assert.Contains(why, d.Message, StringComparison.Ordinal);
        Assert.NotEmpty(d.Help!);
    }

    [Theory]
    [InlineData("op s(A: i8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[j, k])) }", "`A` is i8, and operand `a` is u8")]
    [InlineData("op s(A: u8[M, K], B: i8[K, N]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) * i32(B[k, j])) }", "does not run over neighbouring elements of `B`")]
    [InlineData("op s(A: u8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = max(k: i32(A[i, k]) * i32(B[j, k])) }", "combines by `+`")]
    [InlineData("op s(A: u8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k]) + i32(B[j, k])) }", "is expected")]
    [InlineData("op s(A: u8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[i, k] ?? 0) * i32(B[j, k + 1] ?? 0)) }", "under a condition")]
    [InlineData("op s(A: u8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = sum(k: i32(A[j, k]) * i32(B[j, k])) }", "")]
    public void Mismatches_OfValuesAreExplained(string op, string why)
    {
        var d = ScheduledText.Refused(Vnni + op + "\n" + Schedule("s", Split + "ji.tensorize(vpdpbusd)"), [32, 8, 32]);
        Assert.Equal("TX2124", d.Code);
        Assert.Contains(why, d.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("intrin f(a: u8[K], acc: i32[4]) { acc[i] += i32(a[i]) }", "TX2160")]
    [InlineData("intrin f(a: u8[4], acc: i32[4]) { acc[i] += i32(a[i])\n acc[i] += 1 }", "TX2161")]
    [InlineData("intrin f(a: u8[4], acc: i32[4]) { a[i] = a[i] }", null)]
    [InlineData("intrin f(a: u8[4], acc: i32) { acc += max(k: i32(a[k])) }", "TX2161")]
    [InlineData("intrin f(a: u8[8], acc: i32[4]) { acc[i] += i32(a[i + 1]) }", "TX2161")]
    [InlineData("intrin f(a: u8[4, 2], o: u8[4]) { o[i] = a[i, 1] }", "TX2161")]
    [InlineData("intrin f(a: u8[2, 4], o: u8[4]) { o[i] = a[0, i] + a[1, i] }", "TX2161")]
    [InlineData("intrin f(t: u8[16], i: u8[4], o: u8[4]) { o[k] = t[i[k]] }", "TX2161")]
    [InlineData("intrin f(t: u8[16, 4], i: u8[4], o: u8[4]) { o[k] = t[i[k] & 15, k] }", "TX2161")]
    [InlineData("intrin f(t: u8[16, 16], i: u8[4], o: u8[4]) { o[k] = t[i[k] & 15, i[k] & 15] }", "TX2161")]
    [InlineData("intrin f(a: i32[16], acc: i32[16]) on cpu(\"avx512f\") { acc[i] += a[i]\n emit llvm \"llvm.x86.avx512.vpdpbusd.512\"(acc, a, a) -> acc }", "TX2162")]
    [InlineData("intrin f(a: i32[16], acc: i32[16]) on cpu(\"avx512vnni\") { acc[i] += a[i]\n emit llvm \"llvm.x86.avx512.vpdpbusd.512\"(acc, a) -> acc }", "TX2162")]
    [InlineData("intrin f(a: i32[8], acc: i32[8]) on cpu(\"avx512vnni\") { acc[i] += a[i]\n emit llvm \"llvm.x86.avx512.vpdpbusd.512\"(acc, a, a) -> acc }", "TX2162")]
    [InlineData("intrin f(a: i32[16], acc: i32[16]) on cpu(\"avx512vnni\") { acc[i] += a[i]\n emit llvm \"llvm.x86.nothing\"(acc, a, a) -> acc }", "TX2162")]
    public void Declarations(string text, string? code)
    {
        var bag = new DiagnosticBag();
        var table = DeclarationTable.Build(SyntaxParser.Parse(new SourceText("test.tx", text)), (_, _) => null, null, bag);
        using var prover = new IslProver();
        var bound = InstructionBinder.Bind(table.Intrinsics.Values.Single(), new ModuleBinder(table, prover), bag);
        Assert.Null(bound);
        if (code is not null) Assert.Equal([code], bag.Items.Where(d => d.IsError).Select(d => d.Code));
    }

    private const string Pairs = """
        intrin pairs(a: u8[2, 2], b: i8[4, 2, 2], acc: i32[4]) {
            acc[i] += sum(h: i32(saturate(i16, i32(a[h, 0]) * i32(b[i, h, 0]) + i32(a[h, 1]) * i32(b[i, h, 1]))))
            emit llvm "bitcast"(broadcast(bits(i32, a), 4)) -> x: i8[16]
            emit llvm "and"(x, b) -> y
            emit llvm "bitcast"(y) -> acc: i32[4]
        }

        """;

    private static string PairsOf(string a, string b) =>
        "op s(A: u8[M, K], B: i8[N, K]) -> C: i32[M, N] { C[i, j] = sum(k in 0..K / 4, h in 0..2: i32(saturate(i16, "
        + $"i32(A[i, {a}]) * i32(B[j, k * 4 + h * 2]) + i32(A[i, k * 4 + h * 2 + 1]) * i32(B[j, {b}])))) }}\n"
        + "schedule t for s on cpu {\n(jo, ji) = C.j.split(4)\nC.reorder(jo, C.i, C.k, ji, C.h)\nji.tensorize(pairs)\n}\n";

    [Fact]
    public void EntriesByNumber_LieBesideEachOther()
    {
        // At K = 4 the rows of B follow each other; at 8 they do not.
        foreach (long[] sizes in (long[][])[[3, 4, 8], [2, 8, 4]])
        {
            var result = ScheduledText.Run(Pairs + PairsOf("k * 4 + h * 2", "k * 4 + h * 2 + 1"), sizes);
            var module = Pipeline.Run(new LoopModule([result.Function], LoopLevel.Scheduled), ScheduledText.Target);
            var call = PassFixture.Statements(module.Body()).OfType<InstructionCall>().First();
            Assert.Equal(4, Assert.IsType<Ramp>(Assert.Single(((Load)call.Emission!.Operations[0].Arguments[0].Value!).Indices)).Type.Lanes);
            var b = Assert.Single(((Load)call.Emission.Operations[1].Arguments[1].Value!).Indices);
            Assert.Equal(16, b.Type.Lanes);
            if (sizes[1] == 4) Assert.IsType<Ramp>(b);
        }
    }

    [Theory]
    [InlineData("k * 4 + h * 2 + 1", "k * 4 + h * 2 + 1")]
    [InlineData("k * 4 + h * 2", "k * 4 + h * 2")]
    [InlineData("k * 4 + h", "k * 4 + h * 2 + 1")]
    public void EntriesByNumber_StartTogether(string a, string b)
    {
        var d = ScheduledText.Refused(Pairs + PairsOf(a, b), [3, 8, 8]);
        Assert.Equal("TX2124", d.Code);
    }

    [Fact]
    public void MissingFeature_IsRefused() =>
        Assert.Equal("TX2163", ScheduledText.Refused(Vnni.Replace("avx512vnni", "avx512bf16", StringComparison.Ordinal).Replace("emit llvm", "// emit llvm", StringComparison.Ordinal) + Dense
            + "schedule s for dense on cpu {\n" + Split + "ji.tensorize(vpdpbusd)\n}\n", [3, 8, 32]).Code);

    private const string Packed = """
        op qmatmul(A: u8[M, K], B: i8[K, N]) -> C: i32[M, N] {
            C[i, j] = sum(k: i32(A[i, k]) * i32(B[k, j]))
        }

        schedule vnni for qmatmul on cpu("avx512vnni") {
            (io, ii) = C.i.split(8, tail = pad)
            (jo, ji) = C.j.split(16, tail = pad)
            (ko, ki) = C.k.split(4, tail = pad)
            C.reorder(jo, io, ko, ii, ji, ki)
            Ap  = A.cache_read(at = root, layout = (i, k) -> [i / 8, k / 4, i % 8, k % 4])
            Bp  = B.cache_read(at = jo, layout = (k, j) -> [j / 16, k / 4, j % 16, k % 4])
            acc = C.cache_write(at = io, memory = register)
            ji.tensorize(vpdpbusd)
            ii.unroll()
            jo.parallel()
        }

        """;

    [Fact]
    public void Packed_ForAnySizes()
    {
        foreach (long[] sizes in (long[][])[[8, 4, 16], [16, 8, 32], [9, 7, 17], [1, 1, 1], [3, 5, 40]])
            foreach (bool isSymbolic in (bool[])[false, true]) ScheduledText.Run(Vnni + Packed, sizes, isSymbolic);
    }

    [Fact]
    public void Packed_TilesAreContiguous()
    {
        var result = ScheduledText.Run(Vnni + Packed, [16, 8, 32]);
        var module = Pipeline.Run(new LoopModule([result.Function], LoopLevel.Scheduled), ScheduledText.Target);
        var calls = PassFixture.Statements(module.Body()).OfType<InstructionCall>().ToList();
        Assert.Equal(8, calls.Count);
        Assert.All(calls, c =>
        {
            Assert.All(c.Emission!.Operations[0].Arguments, a => Assert.IsType<Ramp>(Assert.Single(((Load)a.Value!).Indices)));
            Assert.IsType<IntImm>(Assert.IsType<Ramp>(Assert.Single(c.Emission.Indices)).Base);
        });
    }

    [Fact]
    public void Emission_IsAssembledForItsTarget()
    {
        var result = ScheduledText.Run(Vnni + Packed, [16, 8, 32]);
        var target = new CpuTarget("cascadelake", ["avx512vnni", "avx512f", "avx512bw", "avx512vl"], 64, 32, 32 << 10, 1 << 20, 8 << 20);
        var module = Pipeline.Run(new LoopModule([result.Function], LoopLevel.Scheduled), target);
        Assert.Contains("call <16 x i32> @llvm.x86.avx512.vpdpbusd.512(<16 x i32> ", Tx.Backends.Llvm.LlvmCompiler.EmitText(module, target), StringComparison.Ordinal);
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.X64)
            Assert.Contains("vpdpbusd", Tx.Backends.Llvm.LlvmCompiler.EmitAssembly(module, target), StringComparison.Ordinal);
    }

    [Fact]
    public void Emission_RunsOnThisMachine()
    {
        var result = Support.CommandLine.RunText("run", """
            intrin fma8(a: f32[8], b: f32[8], acc: f32[8]) on cpu("fma") {
                acc[i] += a[i] * b[i]
                emit llvm "llvm.fma.v8f32"(a, b, acc) -> acc
            }
            op products(A: f32[M, N], B: f32[M, N]) -> C: f32[N] { C[j] = sum(i: A[i, j] * B[i, j]) }
            schedule wide for products on cpu("fma") when N % 8 == 0 {
                (jo, ji) = C.j.split(8)
                C.reorder(jo, C.i, ji)
                ji.tensorize(fma8)
            }
            let A = random(f32[5, 16], seed = 1)
            let B = random(f32[5, 16], seed = 2)
            assert close(products(A, B), reference(products(A, B)), rtol = 1e-5)
            assert close(products(A, B, using = wide), reference(products(A, B)), rtol = 1e-5)
            """);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
