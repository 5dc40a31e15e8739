using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Reference;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Tests.Lower.Build;

/// <summary>Packed parameters are bytes in loop IR; the interpreter, whose conflict detector sees those bytes, agrees with the reference at every level.</summary>
public sealed class PackedParametersTests
{
    private const string Add = "op add(A: u2[M, N], B: u2[M, N]) -> C: u2[M, N] { C[i, j] = A[i, j] + B[i, j] * 3 }";
    private const string Chain = "op chain(A: i4[M, N], B: u1[N]) -> s: i4[N], C: i4[N, M] { s[j] = max(i: A[i, j]); C[j, i] = A[i, j] - s[j] + (B[j] == 1 ? 1 : 0) }";
    private const string Padded = "op padded(A: u4[M, N], k: i2) -> C: u1[M, N] { C[i, j] = u1((A[i - 1, j + 3] ?? 5) >> 1) ^ u1(A[i, N - 1 - j]) ^ u1(k) }";
    private const string Parity = "op parity(A: u1[M, N]) -> P: u1[M, N + 1] { for i in 0..M { P[i, 0] = 0; for j in 0..N { P[i, j + 1] = P[i, j] ^ A[i, j] } } }";

    public static TheoryData<string, long, long> Programs()
    {
        var data = new TheoryData<string, long, long>();
        foreach (string text in new[] { Add, Chain, Padded, Parity })
            foreach (var (m, n) in new[] { (1L, 1L), (3, 0), (0, 3), (2, 7), (5, 8), (33, 67), (300, 130) })
                if (m > 0 || text != Chain) data.Add(text, m, n);
        return data;
    }

    private static readonly CpuTarget Target = new("haswell", ImmutableSortedSet.Create(StringComparer.Ordinal, "avx2", "fma"), 32, 16, 32 << 10, 256 << 10, 8 << 20);

    [Theory, MemberData(nameof(Programs))]
    public void EveryLevelAgreesWithTheReference(string text, long m, long n)
    {
        var sample = OperatorText.Bind(text);
        var dims = sample.Dims(m, n);
        var plain = NestBuilder.Build(sample.Operator, dims);
        Assert.Empty(Verifier.Verify(plain));
        sample.Check(plain, dims, "plain");
        var scheduled = DefaultSchedule.Apply(plain, Target);
        sample.Check(scheduled, dims, "scheduled");
        foreach (var (pass, module) in Lowering.Trace(scheduled, Target).Changes.Skip(1))
        {
            Assert.Empty(Verifier.Verify(module));
            var inputs = sample.Inputs(dims);
            var expected = ReferenceEvaluator.Evaluate(sample.Operator, inputs, dims);
            var outputs = LoopInterpreter.Run(module, sample.Operator.Name, inputs, options: new(Seed: 5)).Outputs;
            for (int r = 0; r < expected.Length; r++) Assert.True(expected[r].Bits.SequenceEqual(outputs[r].Bits), $"{pass}: {sample.Operator.Results[r].Name}");
        }
    }

    [Fact]
    public void ThePlainNestStaysSymbolicAndPrintsAndParses()
    {
        var plain = NestBuilder.Build(OperatorText.Bind(Padded).Operator);
        string text = IrPrinter.Print(plain);
        Assert.Contains("A: u8[M, (N + 1) / 2] in packs u4[M, N]", text, StringComparison.Ordinal);
        Assert.Contains("C: u8[M, (N + 7) / 8] out packs u1[M, N]", text, StringComparison.Ordinal);
        Assert.Contains("k: u8[] in packs i2[]", text, StringComparison.Ordinal);
        var again = IrParser.ParseModule(text);
        Assert.Equal(text, IrPrinter.Print(again));
        Assert.True(StructuralComparer.AlphaEqual(plain, again));
    }

    [Fact]
    public void AnElementwiseResultIsComputedByWholeBytesInVectors()
    {
        var sample = OperatorText.Bind(Add);
        var final = Pipeline.Run(DefaultSchedule.Apply(NestBuilder.Build(sample.Operator, sample.Dims(64, 256)), Target), Target).Functions[0];
        Assert.Empty(final.Temporaries);
        Assert.Contains(", 1, 32)] = ", IrPrinter.Print(final), StringComparison.Ordinal);
        Assert.DoesNotContain("u2", IrPrinter.Print(final).Split('{', 2)[1], StringComparison.Ordinal);
    }

    // The rule that the packing nests keep: elements of one byte belong to one agent.
    [Fact]
    public void TwoAgentsThatWriteIntoOneByteAreAConflict()
    {
        const string text = """
            module flat

            func f(C: u8[2] out packs u2[8]) {
              C[0] = 0u8;
              C[1] = 0u8;
              for j in 0..8 parallel {
                C[j / 4] = C[j / 4] | u8(j % 4) << u8(j % 4 * 2);
              }
            }
            """;
        var fault = Assert.Throws<InterpreterFaultException>(() => LoopInterpreter.Run(IrParser.ParseModule(text), "f", []));
        Assert.Equal(FaultKind.Conflict, fault.Kind);
        var serial = LoopInterpreter.Run(IrParser.ParseModule(text.Replace(" parallel", "", StringComparison.Ordinal)), "f", []).Outputs[0];
        Assert.Equal((ElementType.U2, 8), (serial.Type, (int)serial.Count));
        Assert.Equal([0, 1, 2, 3, 0, 1, 2, 3], serial.Bits.ToArray());
    }
}
