using System.Numerics.Tensors;
using Tx.Runtime;
using Tx.Tests.Support;
using static Tx.Tests.Compiler.Embedding.EmbeddingFixture;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>Views with strides and offsets give what copies of them give, bit by bit, and touch nothing else.</summary>
public sealed unsafe class ViewTests : IDisposable
{
    private readonly TxProgram _program = Program();
    private readonly List<GuardedMemory> _memory = [];

    public void Dispose()
    {
        foreach (var m in _memory) m.Dispose();
        _program.Dispose();
    }

    /// <summary>A view that ends at a guard page; what lies between its elements holds a pattern.</summary>
    private sealed class View(GuardedMemory memory, nint[] shape, nint[] strides)
    {
        public TensorArgument Argument => TensorArgument.At((float*)memory.Address, shape, strides);

        public float[] Values
        {
            get => [.. Positions().Select(p => memory.As<float>()[p])];
            set
            {
                int i = 0;
                foreach (int p in Positions()) memory.As<float>()[p] = value[i++];
            }
        }

        public bool KeepsRest()
        {
            var own = Positions().ToHashSet();
            return Enumerable.Range(0, memory.Bytes / 4).All(p => own.Contains(p) || BitConverter.SingleToUInt32Bits(memory.As<float>()[p]) == 0xA5A5A5A5);
        }

        private IEnumerable<int> Positions()
        {
            IEnumerable<int> positions = [0];
            for (int d = 0; d < shape.Length; d++)
            {
                var (n, stride) = ((int)shape[d], (int)strides[d]);
                positions = positions.SelectMany(p => Enumerable.Range(0, n).Select(i => p + i * stride));
            }
            return positions;
        }
    }

    private View Make(nint[] shape, nint[] strides, float[] values)
    {
        int last = 0;
        for (int d = 0; d < shape.Length; d++) last += (int)((shape[d] - 1) * strides[d]);
        var memory = new GuardedMemory(4 * (last + 1));
        _memory.Add(memory);
        return new(memory, shape, strides) { Values = values };
    }

    public static TheoryData<string, int, int> Layouts()
    {
        var data = new TheoryData<string, int, int>();
        foreach (string op in new[] { "matmul", "add", "softmax" })
            foreach (var (m, n) in new[] { (1, 1), (3, 5), (8, 16), (37, 70) }) data.Add(op, m, n);
        return data;
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Views_agree_with_copies(string name, int m, int n)
    {
        int k = name == "matmul" ? n + 3 : n;
        using var symbolic = _program[name].Compile();
        using var known = _program[name].Compile(name == "matmul" ? new() { Sizes = { ["M"] = m, ["K"] = k, ["N"] = n } } : new() { Sizes = { ["M"] = m, ["N"] = n } });
        nint[][] shapes = name switch { "matmul" => [[m, k], [k, n], [m, n]], "add" => [[m, n], [m, n], [m, n]], _ => [[m, n], [m, n]] };
        var values = shapes.Select((s, i) => Numbers((int)(s[0] * s[1]), i + 1)).ToArray();
        // Rows with a gap; columns first; every third element; both apart.
        Func<nint[], nint[]>[] layouts = [s => [s[1] + 5, 1], s => [1, s[0]], s => [3 * s[1], 3], s => [2, 2 * s[0] + 1]];
        foreach (var kernel in new[] { symbolic, known })
        {
            var dense = shapes.Select((s, i) => Make(s, [s[1], 1], values[i])).ToArray();
            Call(kernel, dense);
            foreach (var inputs in layouts)
                foreach (var outputs in layouts)
                {
                    var views = shapes.Select((s, i) => Make(s, (i == shapes.Length - 1 ? outputs : inputs)(s), values[i])).ToArray();
                    Call(kernel, views);
                    Assert.Equal(dense[^1].Values, views[^1].Values);
                    Assert.All(views, v => Assert.True(v.KeepsRest()));
                }
        }
    }

    private static void Call(Kernel kernel, View[] views)
    {
        if (views.Length == 2) kernel.Invoke(views[0].Argument, views[1].Argument);
        else kernel.Invoke(views[0].Argument, views[1].Argument, views[2].Argument);
    }

    [Fact]
    public void Slices_of_tensors_are_views_and_broadcasts_repeat()
    {
        using var add = _program["add"].Compile();
        var big = Tensor.Create<float>([.. Enumerable.Range(0, 48).Select(i => (float)i)], [6, 8]);
        float[,] ones = { { 1, 1, 1 }, { 1, 1, 1 } }, sum = new float[2, 3];
        add.Invoke(big[2..4, 3..6], ones, sum);
        Assert.Equal([20f, 21f, 22f, 28f, 29f, 30f], sum.Cast<float>());
        // Two column blocks of one matrix: interleaved, and apart.
        var span = big.AsTensorSpan();
        add.Invoke(span.Slice([0..2, 0..3]), ones, span.Slice([0..2, 3..6]));
        Assert.Equal([0f, 1f, 2f, 1f, 2f, 3f, 6f, 7f], big.Take(8));
        float[] row = [1, 2, 3];
        fixed (float* p = row) add.Invoke(TensorArgument.At(p, [2, 3], [0, 1]), ones, sum);
        Assert.Equal([2f, 3f, 4f, 2f, 3f, 4f], sum.Cast<float>());
    }

    [Fact]
    public void The_loop_interpreter_takes_kernels_for_views()
    {
        var text = Tx.Tests.Lower.OperatorText.Bind(Text.Split('\n').Single(l => l.Contains("op matmul", StringComparison.Ordinal)));
        var module = Tx.Lower.Passes.StridedParameters.Run(Tx.Lower.Build.NestBuilder.Build(text.Operator), unitRows: false);
        var final = Tx.Lower.Pipeline.Run(module, Tx.Core.CpuTarget.Host());
        Tx.Lower.Ir.Verifier.Require(final, "views");
        string printed = Tx.Lower.Ir.IrPrinter.Print(final);
        Assert.Contains("A.strides[1]", printed, StringComparison.Ordinal);
        Assert.Equal(printed, Tx.Lower.Ir.IrPrinter.Print(Tx.Lower.Ir.IrParser.ParseModule(printed)));
    }

    /// <summary>Stores past the caches want whole lines; arrays of .NET begin anywhere.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public unsafe void Streamed_outputs_begin_anywhere(bool isStrided)
    {
        using var program = TxProgram.Parse("op f(X: f32[M, N]) -> Y: f32[M, N] { Y[i, j] = X[i, j] + 1 }\nschedule s for f on cpu {\n    Y.j.vectorize(8)\n    Y.nontemporal()\n}");
        using var f = program["f"].Compile();
        Assert.Equal(64, f.Image.Parameters[1].Alignment);
        const int m = 5, n = 43, room = 50;
        float[] x = EmbeddingFixture.Numbers(m * n);
        float* memory = (float*)System.Runtime.InteropServices.NativeMemory.AlignedAlloc(64 + 4 * m * room, 64);
        try
        {
            for (int offset = 0; offset < 16; offset += 5)
                fixed (float* px = x)
                {
                    nint step = isStrided ? room : n;
                    new Span<float>(memory, 16 + m * room).Fill(-1);
                    f.Invoke(TensorArgument.At(px, [m, n]), TensorArgument.At(memory + offset, shape: [m, n], strides: [step, 1]));
                    for (int at = 0; at < 16 + m * room; at++)
                    {
                        var (i, j) = at < offset ? (m, 0) : Math.DivRem(at - offset, (int)step);
                        Assert.Equal(i < m && j < n ? x[i * n + j] + 1 : -1, memory[at]);
                    }
                }
        }
        finally { System.Runtime.InteropServices.NativeMemory.AlignedFree(memory); }
    }
}
