using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

public class WorkspacePlanTests
{
    [Fact]
    public void A_chain_needs_the_space_of_two_neighbours()
    {
        var (f, temporaries) = Chain(1000, _ => 100);
        var plan = WorkspacePlan.Of(f);
        // 400 bytes and the alignment, twice.
        Assert.Equal(2 * 448, plan.SharedBytes);
        AssertNoOverlap(plan, temporaries, n => (n, n + 1));
    }

    [Fact]
    public void Buffers_of_all_sizes_never_overlap_while_both_live()
    {
        var random = new Random(3);
        var sizes = Enumerable.Range(0, 200).Select(_ => (long)random.Next(0, 500)).ToArray();
        var (f, temporaries) = Chain(200, n => sizes[n]);
        var plan = WorkspacePlan.Of(f);
        AssertNoOverlap(plan, temporaries, n => (n, n + 1));
        Assert.True(plan.SharedBytes < 4 * 2048, $"{plan.SharedBytes}");
        Assert.All(temporaries, t => Assert.Equal(0, plan.SlotOf(t)!.Value.Offset % WorkspacePlan.Alignment));
    }

    [Fact]
    public void Temporaries_of_unknown_shapes_share_slots()
    {
        Var n = Var.Index("N"), m = Var.Index("M");
        Buffer x = new("x", ElementType.F32, [n, m], BufferRole.Input), y = new("y", ElementType.F32, [n, m], BufferRole.Output);
        Buffer[] temporaries = [.. Enumerable.Range(0, 6).Select(i => new Buffer($"t{i}", ElementType.F32, i == 3 ? [m, n] : [n, m], BufferRole.Temporary))];
        Buffer[] chain = [x, .. temporaries, y];
        var nests = Enumerable.Range(1, chain.Length - 1).Select(i => (Stmt)chain[i].Set(chain[i - 1].At(Expr.Index(0)), Expr.Index(0)));
        var f = new LoopFunction { Name = "f", Parameters = [x, y], Dims = [(n, x, 0), (m, x, 1)], Temporaries = [.. temporaries], Body = Block.Of(nests) };
        var plan = WorkspacePlan.Of(f);
        Assert.Equal(0, plan.SharedBytes);
        Assert.Equal(2, plan.SymbolicSlots.Length);
        Assert.Equal([0, 1, 0, 1, 0, 1], temporaries.Select(t => plan.SlotOf(t)!.Value.Symbolic!.Value));
        // The slot of t3 holds the larger of both shapes.
        Assert.Equal([1, 2], plan.SymbolicSlots.Select(s => s.Buffers.DistinctBy(b => b.Shape[0]).Count()));
    }

    [Fact]
    public void Small_local_buffers_stay_on_the_stack_and_large_ones_get_a_place()
    {
        Buffer c = Output("C", ElementType.F32, 1);
        var small = Temporary("small", ElementType.F32, MemoryScope.Local, 1024);
        var large = Temporary("large", ElementType.F32, MemoryScope.Local, 1025);
        var zero = Expr.Index(0);
        var body = new Allocate(small, new Allocate(large, Block.Of(small.Set(c.At(zero), zero), large.Set(c.At(zero), zero))));
        var plan = WorkspacePlan.Of(Module(LoopLevel.Flat, body, c).Functions[0]);
        Assert.Null(plan.SlotOf(small));
        Assert.Equal(new WorkspaceSlot(false, 0, 4160), plan.SlotOf(large));
        Assert.Equal((4160, 0), (plan.SharedBytes, plan.WorkerBytes));
    }

    [Fact]
    public void Inside_a_parallel_loop_every_worker_has_its_own_and_siblings_share()
    {
        Buffer c = Output("C", ElementType.F32, 8);
        Buffer[] locals = [.. Enumerable.Range(0, 4).Select(n => Temporary($"t{n}", ElementType.U8, MemoryScope.Local, 8192))];
        Stmt Use(Buffer b, Stmt? then = null) => new Allocate(b, Block.Of(b.Set(new IntImm(ElementType.U8, 1), Expr.Index(0)), then ?? Block.Empty));
        var i = Var.Index("i");
        var body = Use(locals[0], Loop(i, 8, Block.Of(Use(locals[1], Use(locals[2])), Use(locals[3])), LoopKind.Parallel));
        var plan = WorkspacePlan.Of(Module(LoopLevel.Flat, body, c).Functions[0]);
        Assert.Equal(new WorkspaceSlot(false, 0, 8192), plan.SlotOf(locals[0]));
        Assert.Equal(new WorkspaceSlot(true, 0, 8192), plan.SlotOf(locals[1]));
        Assert.Equal(new WorkspaceSlot(true, 8192, 8192), plan.SlotOf(locals[2]));
        Assert.Equal(new WorkspaceSlot(true, 0, 8192), plan.SlotOf(locals[3]));
        Assert.Equal((8192, 16384), (plan.SharedBytes, plan.WorkerBytes));
    }

    [Theory]
    [InlineData(1L << 62, 1), InlineData(1L << 40, 1L << 40), InlineData(long.MaxValue, long.MaxValue)]
    public void Storage_beyond_an_address_space_is_refused(long m, long n)
    {
        var t = Temporary("huge", ElementType.F64, MemoryScope.Global, m, n);
        var f = Module(LoopLevel.Flat, t.Set(new FloatImm(ElementType.F64, 0), Expr.Index(0)), [], [t]).Functions[0];
        var refusal = Assert.Throws<DiagnosticException>(() => WorkspacePlan.Of(f));
        Assert.Same(LowerDiagnostics.StorageTooLarge, refusal.Diagnostics.Single().Descriptor);
        Assert.Throws<DiagnosticException>(() => Pipeline.Run(new([f], LoopLevel.Lowered), Target));
    }

    [Fact]
    public void An_extent_of_zero_makes_the_others_harmless() =>
        Assert.Equal(0, Temporary("none", ElementType.F64, MemoryScope.Global, long.MaxValue, 0, long.MaxValue).Bytes());

    // t[n] is written by nest n and read by nest n + 1.
    private static (LoopFunction, ImmutableArray<Buffer>) Chain(int stages, Func<int, long> size)
    {
        Buffer c = Output("C", ElementType.F32, 1);
        var temporaries = Enumerable.Range(0, stages).Select(n => Temporary($"t{n}", ElementType.F32, MemoryScope.Global, size(n))).ToImmutableArray();
        var nests = new List<Stmt>();
        for (int n = 0; n <= stages; n++)
        {
            var to = n < stages ? temporaries[n] : c;
            nests.Add(to.Set(n == 0 ? Expr.Zero(new(ElementType.F32)) : temporaries[n - 1].At(Expr.Index(0)), Expr.Index(0)));
        }
        return (Module(LoopLevel.Flat, Block.Of(nests), [c], temporaries).Functions[0], temporaries);
    }

    private static void AssertNoOverlap(WorkspacePlan plan, ImmutableArray<Buffer> temporaries, Func<int, (int First, int Last)> life)
    {
        for (int a = 0; a < temporaries.Length; a++)
            for (int b = a + 1; b < temporaries.Length && life(b).First <= life(a).Last; b++)
            {
                var (x, y) = (plan.SlotOf(temporaries[a])!.Value, plan.SlotOf(temporaries[b])!.Value);
                Assert.True(x.Bytes == 0 || y.Bytes == 0 || x.Offset + x.Bytes <= y.Offset || y.Offset + y.Bytes <= x.Offset, $"{x} and {y}");
            }
    }
}
