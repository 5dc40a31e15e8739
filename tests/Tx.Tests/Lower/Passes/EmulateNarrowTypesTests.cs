using System.Collections.Immutable;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
using Tx.Runtime;
using Tx.Tests.Core.Numerics;

namespace Tx.Tests.Lower.Passes;

/// <summary>Compiled arithmetic on <c>f16</c> and <c>bf16</c> against the reference, bit for bit, with and without conversions in hardware.</summary>
public sealed class EmulateNarrowTypesTests : IDisposable
{
    private readonly KernelCompiler _host = new(CpuTarget.Host());
    private readonly KernelCompiler _soft = new(CpuTarget.Host() with { Features = CpuTarget.Host().Features.Remove("f16c").Remove("neon") });
    private readonly WorkerPool _pool = new(2);
    private readonly TensorAllocator _allocator = new();

    public void Dispose()
    {
        _host.Dispose();
        _soft.Dispose();
        _pool.Dispose();
    }

    public static TheoryData<ElementType, bool> Machines => new() { { ElementType.F16, true }, { ElementType.F16, false }, { ElementType.BF16, true } };

    private static DenseArray Array(ElementType type, IEnumerable<Scalar> values)
    {
        var items = values.ToArray();
        var array = new DenseArray(type, [items.Length]);
        for (int i = 0; i < items.Length; i++) array[i] = items[i];
        return array;
    }

    private static DenseArray AllOf(ElementType type) => Array(type, Enumerable.Range(0, 65536).Select(b => ScalarMath.FromBits(type, (ulong)b)));

    private ImmutableArray<DenseArray> Run(bool hardware, Operator op, DenseArray[] inputs)
    {
        var dims = op.Dims.ToDictionary(d => d, _ => inputs[0].Shape[0]);
        using var kernel = (hardware ? _host : _soft).CompileAlone((hardware ? _host : _soft).Lower(op, dims).Final);
        var tensors = inputs.Select(i => NativeTensor.FromDense(_allocator, i)).Concat(op.Results.Select(r => _allocator.Allocate(r.Type, inputs[0].Shape.AsSpan()))).ToArray();
        kernel.Invoke(tensors, _pool);
        ImmutableArray<DenseArray> results = [.. tensors[inputs.Length..].Select(t => t.ToDense())];
        foreach (var t in tensors) t.Dispose();
        return results;
    }

    /// <summary>Checks expressions over <c>A[i]</c>, <c>B[i]</c> and <c>C[i]</c>, each as a result of one operator.</summary>
    private void Check(bool hardware, (string Type, string Value)[] results, params DenseArray[] inputs)
    {
        string parameters = string.Join(", ", inputs.Select((x, n) => $"{"ABC"[n]}: {x.Type.Name}[N]"));
        string text = $"op f({parameters}) -> {string.Join(", ", results.Select((r, n) => $"Y{n}: {r.Type}[N]"))} {{ {string.Join("; ", results.Select((r, n) => $"Y{n}[i] = {r.Value}"))} }}";
        var op = OperatorText.Bind(text).Operator;
        var expected = ReferenceEvaluator.Evaluate(op, [.. inputs], op.Dims.ToDictionary(d => d, _ => inputs[0].Shape[0]));
        var actual = Run(hardware, op, inputs);
        for (int r = 0; r < results.Length; r++)
            for (long i = 0; i < expected[r].Count; i++)
            {
                var (e, a) = (expected[r][i], actual[r][i]);
                if (!e.Equals(a) && !(e.Type.IsFloat && double.IsNaN(e.Real) && double.IsNaN(a.Real)))
                    Assert.Fail($"{results[r].Type} {results[r].Value}: of {string.Join(", ", inputs.Select(x => x[i]))} comes {a}, not {e}");
            }
    }

    [Theory, MemberData(nameof(Machines))]
    public void EveryTieOfF64IsRoundedOnce(ElementType type, bool hardware)
    {
        var ties = SmallFloatTests.Ties(type).ToArray();
        var op = OperatorText.Bind($"op f(X: f64[N]) -> Y: {type.Name}[N] {{ Y[i] = {type.Name}(X[i]) }}").Operator;
        var result = Run(hardware, op, [Array(ElementType.F64, ties.Select(t => Scalar.Of(ElementType.F64, t.Value)))])[0];
        for (int i = 0; i < ties.Length; i++)
            if ((ulong)ties[i].Bits != result.Bits[i]) Assert.Fail($"{ties[i].Value:R} gives {result[i]}");
    }

    [Theory, MemberData(nameof(Machines))]
    public void CastsAgree(ElementType type, bool hardware)
    {
        string t = type.Name;
        string[] targets = ["f32", "f64", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "bool", "f16", "bf16"];
        Check(hardware, [.. targets.Select(to => (to, $"{to}(A[i])")), ("u16", "bits(u16, isnan(A[i]) ? 1 : A[i])"), ("u8", "saturate(u8, A[i])")], AllOf(type));
        Check(hardware, [(t, $"bits({t}, A[i])")], Array(ElementType.U16, Enumerable.Range(0, 65536).Select(b => Scalar.Of(ElementType.U16, (long)b))));
        Check(hardware, [(t, $"{t}(A[i])")], Array(ElementType.F32, SmallFloatTests.Ties(type).Select(v => Scalar.Of(ElementType.F32, v.Value))));

        var integers = SmallFloatTests.Ties(type).Select(v => ScalarMath.Cast(CastKind.Convert, ElementType.I64, Scalar.Of(ElementType.F64, v.Value)).Integer)
            .Distinct().SelectMany(n => new[] { n, unchecked(n + 1), unchecked(n - 1) }).ToArray();
        foreach (var from in new[] { ElementType.I8, ElementType.U16, ElementType.I32, ElementType.U32, ElementType.I64, ElementType.U64 })
            Check(hardware, [(t, $"{t}(A[i])")], Array(from, integers.Select(n => Scalar.Of(from, n)).Distinct()));
    }

    [Theory, MemberData(nameof(Machines))]
    public void OperationsRoundOnceEach(ElementType type, bool hardware)
    {
        var random = new Random(5);
        string t = type.Name;
        // Every other value, with one at any distance and one close by.
        Scalar[] values = [.. Enumerable.Range(0, 32768).Select(b => ScalarMath.FromBits(type, (ulong)b * 2 + 1)), .. Enumerable.Range(0, 2).Select(b => Scalar.Of(type, b * double.PositiveInfinity))];
        Scalar[] others = [.. values.OrderBy(_ => random.Next())];
        Scalar[] near = [.. values.Select(v => Scalar.Of(type, v.Real * (1 + random.NextDouble() / 8)))];
        string[] two = ["A[i] + B[i]", "A[i] - B[i]", "A[i] * B[i]", "A[i] / B[i]", "min(A[i], B[i])", "max(A[i], B[i])", "A[i] % B[i]", "A[i] * B[i] + A[i]", "A[i] < B[i] ? A[i] : -B[i]"];
        string[] one = ["sqrt(A[i])", "abs(A[i])", "-A[i]", "floor(A[i])", "ceil(A[i])", "round(A[i])", "trunc(A[i])", "A[i] * 2 - 1", "A[i] / 3", "fma(A[i], B[i], C[i])"];
        Check(hardware, [.. two.Select(e => (t, e))], Array(type, values), Array(type, near));
        Check(hardware, [.. two.Concat(one).Select(e => (t, e))], Array(type, values), Array(type, others), Array(type, near));
    }

    [Theory, MemberData(nameof(Machines))]
    public void ReductionsAgree(ElementType type, bool hardware)
    {
        string t = type.Name;
        // Sums of so few small integers are exact in f32.
        Check(hardware, [(t, "exact sum(k in 0..5: A[(i + k) % N])"), (t, "sum(k in 0..5: A[(i + k) % N] * A[(i + 3 * k) % N])"), (t, "max(k in 0..5: A[(i + k) % N])")],
            Array(type, Enumerable.Range(0, 2003).Select(n => Scalar.Of(type, (n * 37 % 1001 - 500) / 256.0))));
    }

    [Fact]
    public void DotProductsAndElementwiseOperationsAreVectors()
    {
        if (!CpuTarget.Host().Has("avx2")) return;
        foreach (string text in new[]
        {
            "op f(A: f16[64, 64], B: f16[64, 64]) -> Y: f16[64, 64] { Y[i, j] = sum(k: A[i, k] * B[k, j]) }",
            "op f(A: bf16[64, 64]) -> Y: bf16[64, 64] { Y[i, j] = A[i, j] * A[i, j] + A[i, j] }",
        })
        {
            string assembly = _host.EmitAssembly(_host.Lower(OperatorText.Bind(text).Operator, ImmutableDictionary<DimSymbol, long>.Empty).Final);
            Assert.Matches("(add|mul|fmadd[0-9]+)ps.*[yz]mm", assembly);
            // No function of a compiler's library.
            Assert.DoesNotContain("__", assembly, StringComparison.Ordinal);
        }
    }
}
