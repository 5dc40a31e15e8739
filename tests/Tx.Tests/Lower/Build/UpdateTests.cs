using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Build;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Build.HandmadeOperator;
using static Tx.Tests.Lower.Passes.PassFixture;

namespace Tx.Tests.Lower.Build;

public class UpdateTests
{
    private static double Small(long p) => p * 7 % 11 - 4;

    private static Term ToIndex(Term t) => new CastTerm(CastKind.Convert, ElementType.Int, t);

    [Theory]
    [InlineData(0), InlineData(1), InlineData(37), InlineData(300)]
    public void Histogram(long n)
    {
        var dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.U8, Of(dn)), h = Tensor("hist", TensorRole.Result, ElementType.I32, N(256));
        IndexSymbol b = Index("b", N(256)), i = Index("i", Of(dn));
        var zero = Define(h, [Of(b)], I32(0), b);
        var count = Update(h, [ToIndex(Read(x, Of(i)))], BinaryOp.Add, I32(1), i);
        static double Value(long p) => p * p % 256;
        var expected = new double[256];
        for (long p = 0; p < n; p++) expected[(int)Value(p)]++;
        Check(Operator([dn], [x], [h], [Stage([h], [zero, count])]), [n], [Array(ElementType.U8, [n], Value)], [p => expected[p]]);
    }

    // G[id[b], d] += X[b, d]: rows are added in order, and a row's elements in vectors.
    [Theory]
    [InlineData(0, 4), InlineData(1, 1), InlineData(9, 37)]
    public void Scatter_add_of_rows(long rows, long width)
    {
        DimSymbol db = Dim("B"), dd = Dim("D");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.F32, Of(db), Of(dd)), id = Tensor("id", TensorRole.Parameter, ElementType.U8, Of(db)), g = Tensor("G", TensorRole.Result, ElementType.F32, N(256), Of(dd));
        IndexSymbol v = Index("v", N(256)), d0 = Index("d", Of(dd)), b = Index("b", Of(db)), d = Index("d", Of(dd));
        var zero = Define(g, [Of(v), Of(d0)], F(0), v, d0);
        var add = Update(g, [ToIndex(Read(id, Of(b))), Of(d)], BinaryOp.Add, Read(x, Of(b), Of(d)), b, d);
        var op = Operator([db, dd], [x, id], [g], [Stage([g], [zero, add])]);
        var expected = new double[256 * width];
        for (long p = 0; p < rows * width; p++) expected[p / width * 3 % 5 * width + p % width] += Small(p);
        Check(op, [rows, width], [Array(ElementType.F32, [rows, width], Small), Array(ElementType.U8, [rows], p => p * 3 % 5)], [p => expected[p]]);

        var update = (Instance)((For)((For)((Block)NestBuilder.Build(op, op.Dims.Zip([9L, 37L]).ToDictionary()).Body()).Statements[1]).Body).Body;
        Assert.Equal([IterKind.Opaque, IterKind.Spatial], update.Iterations.Select(i => i.Kind));
        // The row comes from data: it may be any.
        Assert.Equal(["0 : 256", "vd : 1"], update.Writes[0].Start.Zip(update.Writes[0].Extent).Select(p => $"{p.First} : {p.Second}"));
    }

    // T[i + 2] += T[i]: each point sees those before it.
    [Theory]
    [InlineData(2), InlineData(21)]
    public void An_update_that_reads_its_tensor_keeps_its_order(long n)
    {
        var dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.I32, Of(dn)), t = Tensor("T", TensorRole.Result, ElementType.I32, Of(dn));
        IndexSymbol i0 = Index("i", Of(dn)), i = Index("i", Sub(Of(dn), N(2)));
        var copy = Define(t, [Of(i0)], Read(x, Of(i0)), i0);
        var add = Update(t, [Plus(i, 2)], BinaryOp.Add, Read(t, Of(i)), i);
        var expected = new double[n];
        for (long p = 0; p < n; p++) expected[p] = Small(p) + (p >= 2 ? expected[p - 2] : 0);
        Check(Operator([dn], [x], [t], [Stage([t], [copy, add])]), [n], [Array(ElementType.I32, [n], Small)], [p => expected[p]]);
    }

    // Two updates run in the order of the text; the second has a sum inside and an index that meets nothing. Y is read by a later stage.
    [Theory]
    [InlineData(1, 1), InlineData(5, 40), InlineData(33, 3), InlineData(4, 0)]
    public void Updates_follow_each_other_and_are_complete_before_they_are_read(long m, long n)
    {
        DimSymbol dm = Dim("M"), dn = Dim("N");
        TensorSymbol a = Tensor("A", TensorRole.Parameter, ElementType.I32, Of(dm), Of(dn)), y = Tensor("Y", TensorRole.Intermediate, ElementType.I32, Of(dm)), z = Tensor("Z", TensorRole.Result, ElementType.I32, Of(dm));
        IndexSymbol i0 = Index("i", Of(dm)), i1 = Index("i", Of(dm)), k1 = Index("k", Of(dn)), i2 = Index("i", Of(dm)), k2 = Index("k", Of(dn), reduced: true), i3 = Index("i", Of(dm));
        var start = Define(y, [Of(i0)], I32(3), i0);
        var add = Update(y, [Of(i1)], BinaryOp.Add, Read(a, Of(i1), Of(k1)), i1, k1);
        var scale = Update(y, [Of(i2)], BinaryOp.Mul, Sum(Read(a, Of(i2), Of(k2)), k2), i2);
        var last = Define(z, [Of(i3)], Add(Read(y, Of(i3)), I32(1)), i3);
        var op = Operator([dm, dn], [a], [z], [Stage([y], [start, add, scale]), Stage([z], [last])]);
        double Row(long i) => Enumerable.Range(0, (int)n).Sum(k => Small(i * n + k));
        Check(op, [m, n], [Array(ElementType.I32, [m, n], Small)], [p => (3 + Row(p)) * Row(p) + 1]);
    }

    [Fact]
    public void A_write_outside_is_refused_before_it_happens()
    {
        var dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.I32, Of(dn)), y = Tensor("Y", TensorRole.Result, ElementType.I32, N(4));
        IndexSymbol b = Index("b", N(4)), i = Index("i", Of(dn));
        var zero = Define(y, [Of(b)], I32(0), b);
        var add = Update(y, [ToIndex(Read(x, Of(i)))], BinaryOp.Add, I32(1), i);
        var op = Operator([dn], [x], [y], [Stage([y], [zero, add])], new WriteCheck("Y", add.Targets[0], 0));
        var module = LowerInstances.Run(NestBuilder.Build(op, new Dictionary<DimSymbol, long> { [dn] = 3 }));
        var run = LoopInterpreter.Run(module, "f", [Array(ElementType.I32, [3], p => p == 1 ? -5 : p)]);
        Assert.Equal<long>([-5, 4], run.Check!.Values);
        Check(op, [3], [Array(ElementType.I32, [3], p => p)], [p => p < 3 ? 1 : 0]);
    }

}
