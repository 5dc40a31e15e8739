using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;

namespace Tx.Tests.Lower.Schedule;

public class DefaultScheduleTests
{
    private static CpuTarget Target(int vectorBytes, int registers, long l2 = 1 << 20) =>
        new("host", ImmutableSortedSet<string>.Empty, vectorBytes, registers, 32 << 10, l2, 32 << 20);

    // A small second-level cache makes blocks of every kind appear at small sizes.
    private static readonly CpuTarget[] s_targets = [Target(64, 32), Target(32, 16), Target(16, 16, 4 << 10)];

    [Theory, MemberData(nameof(OperatorSamples.Names), MemberType = typeof(OperatorSamples))]
    public void Scheduled_and_lowered_nests_compute_what_the_evaluator_says(string name, int sample)
    {
        var (text, tolerance, all) = OperatorSamples.All[sample];
        var op = OperatorText.Bind(text);
        foreach (var target in s_targets)
            foreach (var sizes in all)
            {
                var dims = op.Dims(sizes);
                string what = $"{name} at {string.Join(", ", sizes)}, {target.VectorBytes} byte vectors";
                var scheduled = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, dims), target);
                op.Check(scheduled, dims, what, tolerance);
                op.Check(Lowering.Lower(scheduled, target), dims, what + ", lowered", Math.Max(tolerance, name.Contains("max", StringComparison.Ordinal) ? 1e-6 : tolerance));
            }
    }

    [Fact]
    public void A_matrix_product_keeps_a_tile_in_registers_and_packs_both_sides()
    {
        var op = OperatorText.Bind(OperatorSamples.Matmul);
        var scheduled = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, op.Dims(512, 512, 512)), s_targets[0]).Functions[0];
        Assert.Equal(["A.pack"], scheduled.Temporaries.Select(b => b.Name));
        string text = IrPrinter.Print(scheduled.Body);
        Assert.Contains("alloc C.acc: f32[6, 4, 16] register", text, StringComparison.Ordinal);
        Assert.Contains("B.pack", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_of_a_tile_stand_only_at_its_copy()
    {
        var op = OperatorText.Bind(OperatorSamples.Matmul);
        var scheduled = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, op.Dims(101, 67, 103)), s_targets[0]).Functions[0];
        var compute = NestPath.FindInstance(((Block)scheduled.Body).Statements[^1], "C");
        Assert.All(compute.Iterations, it => Assert.IsType<Var>(it.Binding));
        Assert.Null(compute.Init);
    }

    [Fact]
    public void Elementwise_stages_with_one_reader_are_fused()
    {
        var op = OperatorText.Bind("op f(X: f32[N]) -> Y: f32[N] {\n a[i] = X[i] * 2\n b[i] = a[i] + 1\n Y[i] = b[i] * b[i] }");
        var f = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, op.Dims(100)), s_targets[0]).Functions[0];
        Assert.Empty(f.Temporaries);
    }

    [Fact]
    public void A_stage_under_a_stencil_is_not_computed_twice()
    {
        var op = OperatorText.Bind("op f(X: f32[N]) -> Y: f32[N - 1] {\n a[i] = X[i] * 2\n Y[i] = a[i] + a[i + 1] }");
        var f = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, op.Dims(100)), s_targets[0]).Functions[0];
        Assert.Equal("a", Assert.Single(f.Temporaries).Name);
    }

    [Fact]
    public void Work_is_linear_in_the_number_of_stages()
    {
        Work(40);
        long small = Work(100), large = Work(1000);
        Assert.True(large <= 12 * small, $"{large} bytes for 1000 stages, {small} for 100");
    }

    // A chain of three-point stencils; each stage is also read two stages later. Allocation stands for work: it is the same in every run.
    private static long Work(int stages)
    {
        var text = new StringBuilder("op chain(X: f32[N]) -> Y: f32[N] {\n s0[i] = X[i]\n s1[i] = (s0[i - 1] ?? 0) + s0[i] + (s0[i + 1] ?? 0)\n");
        for (int n = 2; n < stages; n++) text.AppendLine($" s{n}[i] = (s{n - 1}[i - 1] ?? 0) + s{n - 1}[i] + (s{n - 1}[i + 1] ?? 0) - s{n - 2}[i]");
        var op = OperatorText.Bind(text.Append($" Y[i] = s{stages - 1}[i]\n}}").ToString());
        var dims = op.Dims(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var module = DefaultSchedule.Apply(NestBuilder.Build(op.Operator, dims), s_targets[0]);
        long after = GC.GetAllocatedBytesForCurrentThread();
        // The first stage only moves data and is inlined.
        Assert.Equal(stages - 1, Assert.IsType<Block>(module.Functions[0].Body).Statements.Length);
        return after - before;
    }
}
