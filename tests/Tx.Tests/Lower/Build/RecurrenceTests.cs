using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using static Tx.Tests.Lower.Build.HandmadeOperator;

namespace Tx.Tests.Lower.Build;

public class RecurrenceTests
{
    private static double Small(long p) => p * 7 % 11 - 4;

    // Y[0] = X[0]; Y[i] = Y[i - 1] + X[i]
    private static Operator PrefixSum()
    {
        var n = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.F32, Of(n)), y = Tensor("Y", TensorRole.Result, ElementType.F32, Of(n));
        var i = Index("i", Of(n), N(1));
        var first = Define(y, [N(0)], Read(x, N(0)));
        var next = Define(y, [Of(i)], Add(Read(y, Plus(i, -1)), Read(x, Of(i))), i);
        return Operator([n], [x], [y], [Stage([y], [first, next], Once(first), Loop("i", false, [(next, i, 0)], Once(next)))]);
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(7), InlineData(64)]
    public void Prefix_sum(long n)
    {
        double[] sums = new double[n];
        for (long i = 0; i < n; i++) sums[i] = (i > 0 ? sums[i - 1] : 0) + Small(i);
        Check(PrefixSum(), [n], [Array(ElementType.F32, [n], Small)], [p => sums[p]]);
    }

    [Fact]
    public void A_prefix_sum_is_one_serial_loop_without_temporaries()
    {
        var op = PrefixSum();
        var f = DefaultSchedule.Apply(NestBuilder.Build(op, new Dictionary<DimSymbol, long> { [op.Dims[0]] = 1000 }), CpuTarget.Host()).Functions[0];
        Assert.Empty(f.Temporaries);
        var loop = Assert.IsType<For>(Assert.IsType<Block>(f.Body).Statements[1]);
        Assert.Equal((LoopKind.Serial, "Y.eq1"), (loop.Kind, Assert.IsType<Instance>(loop.Body).Name));
    }

    [Theory]
    [InlineData(0, 2), InlineData(1, 3), InlineData(5, 41), InlineData(3, 130)]
    public void Jacobi_steps(long steps, long n)
    {
        DimSymbol dt = Dim("T"), dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.F32, Of(dn)), s = Tensor("S", TensorRole.Parameter, ElementType.F32, Of(dt));
        var u = Tensor("u", TensorRole.Result, ElementType.F32, Add(Of(dt), N(1)), Of(dn));
        IndexSymbol i0 = Index("i", Of(dn)), t = Index("t", Of(dt)), i = Index("i", Sub(Of(dn), N(1)), N(1));
        var start = Define(u, [N(0), Of(i0)], Read(x, Of(i0)), i0);
        var left = Define(u, [Plus(t, 1), N(0)], Read(x, N(0)), t);
        var right = Define(u, [Plus(t, 1), Sub(Of(dn), N(1))], Read(x, Sub(Of(dn), N(1))), t);
        var inside = Define(u, [Plus(t, 1), Of(i)], Add(Mul(Read(s, Of(t)), Add(Read(u, Of(t), Plus(i, -1)), Read(u, Of(t), Plus(i, 1)))), Read(u, Of(t), Of(i))), t, i);
        var op = Operator([dt, dn], [s, x], [u], [Stage([u], [start, left, right, inside], Once(start), Once(left), Once(right), Loop("t", false, [(inside, t, 0)], Once(inside)))]);

        var expected = new double[(steps + 1) * n];
        for (long k = 0; k < n; k++) expected[k] = Small(k);
        for (long a = 0; a < steps; a++)
            for (long k = 0; k < n; k++)
                expected[(a + 1) * n + k] = k == 0 || k == n - 1 ? Small(k) : (a % 2 - 1) * (expected[a * n + k - 1] + expected[a * n + k + 1]) + expected[a * n + k];
        Check(op, [steps, n], [Array(ElementType.F32, [steps], p => p % 2 - 1), Array(ElementType.F32, [n], Small)], [p => expected[p]]);
    }

    // gate[t, u] = b[u] + sum(i: W[u, i] * X[t, i]) + sum(v: R[u, v] * h[t, v]);  c[t + 1, u] = c[t, u] + gate[t, u];  h[t + 1, u] = c[t + 1, u] - h[t, u] + sum(v: b[v])
    [Theory]
    [InlineData(0, 3, 5), InlineData(1, 1, 1), InlineData(3, 4, 7), InlineData(2, 33, 40)]
    public void Tensors_that_need_each_other_share_a_loop(long steps, long inputs, long units)
    {
        DimSymbol dt = Dim("T"), di = Dim("I"), du = Dim("U");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.F32, Of(dt), Of(di)), w = Tensor("W", TensorRole.Parameter, ElementType.F32, Of(du), Of(di));
        TensorSymbol r = Tensor("R", TensorRole.Parameter, ElementType.F32, Of(du), Of(du)), b = Tensor("b", TensorRole.Parameter, ElementType.F32, Of(du));
        TensorSymbol h = Tensor("h", TensorRole.Result, ElementType.F32, Add(Of(dt), N(1)), Of(du)), c = Tensor("c", TensorRole.Intermediate, ElementType.F32, Add(Of(dt), N(1)), Of(du));
        var gate = Tensor("gate", TensorRole.Intermediate, ElementType.F32, Of(dt), Of(du));
        IndexSymbol U() => Index("u", Of(du));
        IndexSymbol T() => Index("t", Of(dt));
        IndexSymbol u0 = U(), u1 = U(), u2 = U(), u3 = U(), u4 = U(), t2 = T(), t3 = T(), t4 = T();
        IndexSymbol i = Index("i", Of(di), reduced: true), v = Index("v", Of(du), reduced: true), v2 = Index("v", Of(du), reduced: true);
        var c0 = Define(c, [N(0), Of(u0)], F(0), u0);
        var h0 = Define(h, [N(0), Of(u1)], F(1), u1);
        var gates = Define(gate, [Of(t2), Of(u2)], Add(Add(Read(b, Of(u2)), Sum(Mul(Read(w, Of(u2), Of(i)), Read(x, Of(t2), Of(i))), i)), Sum(Mul(Read(r, Of(u2), Of(v)), Read(h, Of(t2), Of(v))), v)), t2, u2);
        var cells = Define(c, [Plus(t3, 1), Of(u3)], Add(Read(c, Of(t3), Of(u3)), Read(gate, Of(t3), Of(u3))), t3, u3);
        var outputs = Define(h, [Plus(t4, 1), Of(u4)], Add(Sub(Read(c, Plus(t4, 1), Of(u4)), Read(h, Of(t4), Of(u4))), Sum(Read(b, Of(v2)), v2)), t4, u4);
        var stage = Stage([c, h, gate], [c0, h0, gates, cells, outputs], Once(c0), Once(h0),
            Loop("t", false, [(gates, t2, 0), (cells, t3, 0), (outputs, t4, 0)], Once(gates), Once(cells), Once(outputs)));
        var op = Operator([dt, di, du], [x, w, r, b], [h], [stage]);

        static double Tiny(long p) => p % 3 - 1;
        double[] cell = new double[units], hidden = [.. Enumerable.Repeat(1.0, (int)units)], expected = new double[(steps + 1) * units];
        hidden.CopyTo(expected, 0);
        double total = Enumerable.Range(0, (int)units).Sum(k => Tiny(k));
        for (long a = 0; a < steps; a++)
        {
            var g = new double[units];
            for (long k = 0; k < units; k++)
            {
                g[k] = Tiny(k);
                for (long m = 0; m < inputs; m++) g[k] += Tiny(k * inputs + m) * Tiny(a * inputs + m);
                for (long m = 0; m < units; m++) g[k] += Tiny(k * units + m) * hidden[m];
            }
            for (long k = 0; k < units; k++) hidden[k] = (cell[k] += g[k]) - hidden[k] + total;
            hidden.CopyTo(expected, (a + 1) * units);
        }
        Check(op, [steps, inputs, units], [Array(ElementType.F32, [steps, inputs], Tiny), Array(ElementType.F32, [units, inputs], Tiny), Array(ElementType.F32, [units, units], Tiny), Array(ElementType.F32, [units], Tiny)],
            [p => expected[p]]);

        var f = NestBuilder.Build(op, op.Dims.Zip([steps, inputs, units]).ToDictionary()).Functions[0];
        // What an iteration sums has no dimension for the iterations; what is the same in all of them stands before the loop.
        Assert.Equal(["gate.sum:1", "gate.sum2:1", "h.sum:0"], f.Temporaries.Where(b => b.Name.Contains(".sum", StringComparison.Ordinal)).Select(b => $"{b.Name}:{b.Shape.Length}"));
        Assert.Equal(["For", "For", "For", "For"], ((Block)f.Body).Statements.Select(s => s.GetType().Name));
    }

    [Theory]
    [InlineData(1, false), InlineData(2, true), InlineData(9, false), InlineData(37, true), InlineData(0, false)]
    public void Triangular_solve(long n, bool backward)
    {
        var dn = Dim("N");
        TensorSymbol l = Tensor("L", TensorRole.Parameter, ElementType.F32, Of(dn), Of(dn)), b = Tensor("b", TensorRole.Parameter, ElementType.F32, Of(dn)), x = Tensor("x", TensorRole.Result, ElementType.F32, Of(dn));
        var i = Index("i", Of(dn));
        var k = backward ? Index("k", Of(dn), Plus(i, 1), reduced: true) : Index("k", Of(i), reduced: true);
        var solve = Define(x, [Of(i)], Div(Sub(Read(b, Of(i)), Sum(Mul(Read(l, Of(i), Of(k)), Read(x, Of(k))), k)), Read(l, Of(i), Of(i))), i);
        var op = Operator([dn], [l, b], [x], [Stage([x], [solve], Loop("i", backward, [(solve, i, 0)], Once(solve)))]);

        double Matrix(long p) => p / n == p % n ? 4 : (p * 5 % 7 - 3) / 16.0;
        var expected = new double[n];
        for (long step = 0; step < n; step++)
        {
            long row = backward ? n - 1 - step : step;
            double rest = Small(row);
            for (long col = backward ? row + 1 : 0; col < (backward ? n : row); col++) rest -= Matrix(row * n + col) * expected[col];
            expected[row] = rest / 4;
        }
        Check(op, [n], [Array(ElementType.F32, [n, n], Matrix), Array(ElementType.F32, [n], Small)], [p => expected[p]], 1e-4);
    }

    [Theory]
    [InlineData(0, 0), InlineData(1, 3), InlineData(5, 0), InlineData(7, 9)]
    public void Edit_distance_is_carried_by_two_loops(long m, long n)
    {
        DimSymbol dm = Dim("M"), dn = Dim("N");
        TensorSymbol a = Tensor("A", TensorRole.Parameter, ElementType.I32, Of(dm)), b = Tensor("B", TensorRole.Parameter, ElementType.I32, Of(dn));
        var d = Tensor("D", TensorRole.Result, ElementType.I32, Add(Of(dm), N(1)), Add(Of(dn), N(1)));
        IndexSymbol j0 = Index("j", Add(Of(dn), N(1))), i0 = Index("i", Of(dm)), i = Index("i", Of(dm)), j = Index("j", Of(dn));
        Term ToI32(Term t) => new CastTerm(CastKind.Convert, ElementType.I32, t);
        var top = Define(d, [N(0), Of(j0)], ToI32(Of(j0)), j0);
        var side = Define(d, [Plus(i0, 1), N(0)], ToI32(Plus(i0, 1)), i0);
        var differs = new SelectTerm(new BinaryTerm(BinaryOp.Eq, Read(a, Of(i)), Read(b, Of(j))), I32(0), I32(1));
        var rest = Define(d, [Plus(i, 1), Plus(j, 1)], Min(Min(Add(Read(d, Of(i), Plus(j, 1)), I32(1)), Add(Read(d, Plus(i, 1), Of(j)), I32(1))), Add(Read(d, Of(i), Of(j)), differs)), i, j);
        var op = Operator([dm, dn], [a, b], [d], [Stage([d], [top, side, rest], Once(top), Once(side), Loop("i", false, [(rest, i, 0)], Loop("j", false, [(rest, j, 0)], Once(rest))))]);

        static double Letter(long p) => p * p % 3;
        var expected = new double[m + 1, n + 1];
        for (long p = 0; p <= m; p++)
            for (long q = 0; q <= n; q++)
                expected[p, q] = p == 0 ? q : q == 0 ? p : Math.Min(Math.Min(expected[p - 1, q], expected[p, q - 1]) + 1, expected[p - 1, q - 1] + (Letter(p - 1) == Letter(q - 1) ? 0 : 1));
        Check(op, [m, n], [Array(ElementType.I32, [m], Letter), Array(ElementType.I32, [n], Letter)], [p => expected[p / (n + 1), p % (n + 1)]]);
    }

    // a[0] = 1; a[s] = b[s - 1] + 1 for s in 1..N + 1; b[t] = 2 * a[t] for t in 0..N; e[r] = a[r] + b[r] for r in 2..N - 1 (0 elsewhere)
    [Theory]
    [InlineData(0), InlineData(1), InlineData(3), InlineData(10)]
    public void Members_with_offsets_and_ranges_of_their_own(long n)
    {
        var dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.I32, Of(dn));
        TensorSymbol a = Tensor("a", TensorRole.Result, ElementType.I32, Add(Of(dn), N(1))), b = Tensor("b", TensorRole.Result, ElementType.I32, Of(dn)), e = Tensor("e", TensorRole.Result, ElementType.I32, Of(dn), N(3));
        IndexSymbol s = Index("s", Add(Of(dn), N(1)), N(1)), t = Index("t", Of(dn)), r = Index("r", Sub(Of(dn), N(1)), N(2)), k = Index("k", N(3)), z = Index("z", Of(dn)), kz = Index("k", N(3));
        var first = Define(a, [N(0)], I32(1));
        var next = Define(a, [Of(s)], Add(Read(b, Plus(s, -1)), I32(1)), s);
        var twice = Define(b, [Of(t)], Mul(Read(a, Of(t)), I32(2)), t);
        var both = Update(e, [Of(r), Of(k)], BinaryOp.Add, Add(Read(a, Of(r)), Read(b, Of(r))), r, k);
        var zero = Define(e, [Of(z), Of(kz)], I32(0), z, kz);
        var stage = Stage([a, b, e], [first, next, twice, zero, both], Once(first), Once(zero),
            Loop("t", false, [(twice, t, 0), (next, s, -1), (both, r, 0)], Once(twice), Once(next), Once(both)));
        long[] va = new long[n + 1], vb = new long[n];
        va[0] = 1;
        for (long p = 0; p < n; p++) va[p + 1] = (vb[p] = 2 * va[p]) + 1;
        Check(Operator([dn], [x], [a, b, e], [stage]), [n], [Array(ElementType.I32, [n], Small)],
            [p => va[p], p => vb[p], p => p / 3 is >= 2 and var row && row < n - 1 ? va[row] + vb[row] : 0]);
    }

    // for j: L[j, j] = A[j, j] - sum(k in 0..j: L[j, k] * L[j, k]);  L[i, j] = A[i, j] - sum(k in 0..j: L[i, k] * L[j, k]) for i in j + 1..N;  L[j, i] = 0 above
    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(6), InlineData(19)]
    public void Columns_of_a_factorisation(long n)
    {
        var dn = Dim("N");
        TensorSymbol a = Tensor("A", TensorRole.Parameter, ElementType.F32, Of(dn), Of(dn)), l = Tensor("L", TensorRole.Result, ElementType.F32, Of(dn), Of(dn));
        IndexSymbol j = Index("j", Of(dn)), k = Index("k", Of(j), reduced: true), j2 = Index("j", Of(dn)), i = Index("i", Of(dn), Plus(j2, 1)), k2 = Index("k", Of(j2), reduced: true);
        IndexSymbol j3 = Index("j", Of(dn)), i3 = Index("i", Of(j3));
        var diagonal = Define(l, [Of(j), Of(j)], Sub(Read(a, Of(j), Of(j)), Sum(Mul(Read(l, Of(j), Of(k)), Read(l, Of(j), Of(k))), k)), j);
        var below = Define(l, [Of(i), Of(j2)], Sub(Read(a, Of(i), Of(j2)), Sum(Mul(Read(l, Of(i), Of(k2)), Read(l, Of(j2), Of(k2))), k2)), j2, i);
        var above = Define(l, [Of(i3), Of(j3)], F(0), j3, i3);
        var stage = Stage([l], [diagonal, below, above], Once(above), Loop("j", false, [(diagonal, j, 0), (below, j2, 0)], Once(diagonal), Once(below)));

        static double Entry(long p) => p * 3 % 5 / 8.0;
        var expected = new double[n, n];
        for (long c = 0; c < n; c++)
            for (long r = c; r < n; r++)
            {
                expected[r, c] = Entry(r * n + c);
                for (long m = 0; m < c; m++) expected[r, c] -= expected[r, m] * expected[c, m];
            }
        Check(Operator([dn], [a], [l], [stage]), [n], [Array(ElementType.F32, [n, n], Entry)], [p => expected[p / n, p % n]], 1e-3);
    }

    // Y[i, 0] = X[i, 0]; Y[i, j] = Y[i, j - 1] + X[i, j]
    [Theory]
    [InlineData(0, 3), InlineData(1, 1), InlineData(5, 37)]
    public void Rows_that_do_not_need_each_other_are_outside(long m, long n)
    {
        DimSymbol dm = Dim("M"), dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.F32, Of(dm), Of(dn)), y = Tensor("Y", TensorRole.Result, ElementType.F32, Of(dm), Of(dn));
        IndexSymbol i0 = Index("i", Of(dm)), j = Index("j", Of(dn), N(1)), i = Index("i", Of(dm));
        var first = Define(y, [Of(i0), N(0)], Read(x, Of(i0), N(0)), i0);
        var next = Define(y, [Of(i), Of(j)], Add(Read(y, Of(i), Plus(j, -1)), Read(x, Of(i), Of(j))), j, i);
        var op = Operator([dm, dn], [x], [y], [Stage([y], [first, next], Once(first), Loop("j", false, [(next, j, 0)], Once(next)))]);
        var sums = new double[m * n];
        for (long p = 0; p < m * n; p++) sums[p] = Small(p) + (p % n > 0 ? sums[p - 1] : 0);
        Check(op, [m, n], [Array(ElementType.F32, [m, n], Small)], [p => sums[p]]);

        For Outermost(long rows) => (For)((Block)DefaultSchedule.Apply(NestBuilder.Build(op, op.Dims.Zip([rows, 100L]).ToDictionary()), CpuTarget.Host()).Functions[0].Body).Statements[1];
        Assert.Equal(("i", LoopKind.Serial), (Outermost(10).Variable.Name, Outermost(10).Kind));
        Assert.Equal(LoopKind.Parallel, Outermost(100_000).Kind);
    }

    // Y[i, j] = Y[i - 1, j] + Y[i, j - 1]: each row needs the one before it.
    [Fact]
    public void Rows_that_need_each_other_stay_inside()
    {
        var dn = Dim("N");
        TensorSymbol x = Tensor("X", TensorRole.Parameter, ElementType.I32, Of(dn)), y = Tensor("Y", TensorRole.Result, ElementType.I32, Of(dn), Of(dn));
        IndexSymbol i = Index("i", Of(dn)), j = Index("j", Of(dn));
        Term Or0(Term index, Term read) => new SelectTerm(new BinaryTerm(BinaryOp.Ge, index, N(1)), read, I32(0));
        var all = Define(y, [Of(i), Of(j)], Add(Read(x, Of(j)), Add(Or0(Of(i), Read(y, Plus(i, -1), Of(j))), Or0(Of(j), Read(y, Of(i), Plus(j, -1))))), i, j);
        var op = Operator([dn], [x], [y], [Stage([y], [all], Loop("j", false, [(all, j, 0)], Loop("i", false, [(all, i, 0)], Once(all))))]);
        var expected = new double[9, 9];
        for (int r = 0; r < 9; r++)
            for (int c = 0; c < 9; c++) expected[r, c] = Small(c) + (r > 0 ? expected[r - 1, c] : 0) + (c > 0 ? expected[r, c - 1] : 0);
        Check(op, [9], [Array(ElementType.I32, [9], Small)], [p => expected[p / 9, p % 9]]);
    }

    // h[t + 1, u] = sum(v: h[t, v] * W[v, u]), and g[s, u] = sum(v: W[v, u] * h[s, v]) for s in 2..T only, in the same loop.
    [Theory]
    [InlineData(0, 3), InlineData(2, 1), InlineData(4, 5), InlineData(3, 70)]
    public void A_sum_over_the_tensor_that_it_defines(long steps, long units)
    {
        DimSymbol dt = Dim("T"), du = Dim("U");
        TensorSymbol s = Tensor("S", TensorRole.Parameter, ElementType.I32, Of(dt)), w = Tensor("W", TensorRole.Parameter, ElementType.I32, Of(du), Of(du));
        TensorSymbol h = Tensor("h", TensorRole.Result, ElementType.I32, Add(Of(dt), N(1)), Of(du)), g = Tensor("g", TensorRole.Result, ElementType.I32, Of(dt), Of(du));
        IndexSymbol u0 = Index("u", Of(du)), t = Index("t", Of(dt)), u = Index("u", Of(du)), v = Index("v", Of(du), reduced: true);
        IndexSymbol early = Index("s", Min(N(2), Of(dt))), u1 = Index("u", Of(du)), late = Index("s", Of(dt), N(2)), u2 = Index("u", Of(du)), v2 = Index("v", Of(du), reduced: true);
        var start = Define(h, [N(0), Of(u0)], I32(1), u0);
        var next = Define(h, [Plus(t, 1), Of(u)], Sum(Mul(Read(h, Of(t), Of(v)), Read(w, Of(v), Of(u))), v), t, u);
        var nothing = Define(g, [Of(early), Of(u1)], I32(7), early, u1);
        var other = Define(g, [Of(late), Of(u2)], Sum(Mul(Read(w, Of(v2), Of(u2)), Read(h, Of(late), Of(v2))), v2), late, u2);
        var op = Operator([dt, du], [s, w], [h, g], [Stage([h, g], [start, next, nothing, other], Once(start), Once(nothing),
            Loop("t", false, [(other, late, 0), (next, t, 0)], Once(other), Once(next)))]);

        double Weight(long p) => p * 5 % 3 - 1;
        double[] hidden = new double[(steps + 1) * units], outside = new double[steps * units];
        for (long p = 0; p < (steps + 1) * units; p++)
        {
            var (a, b) = (p / units, p % units);
            hidden[p] = a == 0 ? 1 : Enumerable.Range(0, (int)units).Sum(k => hidden[(a - 1) * units + k] * Weight(k * units + b));
        }
        for (long p = 0; p < steps * units; p++) outside[p] = p / units < 2 ? 7 : hidden[p + units];
        Check(op, [steps, units], [Array(ElementType.I32, [steps], Small), Array(ElementType.I32, [units, units], Weight)], [p => hidden[p], p => outside[p]]);
    }
}
