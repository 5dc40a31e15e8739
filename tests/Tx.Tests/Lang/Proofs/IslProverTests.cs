using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;

namespace Tx.Tests.Lang.Proofs;

public sealed class IslProverTests
{
    private static readonly DimSymbol N = new("N", null), M = new("M", null), H = new("H", null), R = new("R", null);

    private static Term D(DimSymbol d) => new DimTerm(d);
    private static Term X(IndexSymbol i) => new IndexTerm(i);
    private static ConstTerm C(long v) => ConstTerm.Int(v);
    private static BinaryTerm Op(Term a, BinaryOp op, Term b) => new(op, a, b);
    private static BinaryTerm Add(Term a, Term b) => Op(a, BinaryOp.Add, b);
    private static BinaryTerm Sub(Term a, Term b) => Op(a, BinaryOp.Sub, b);
    private static BinaryTerm Mul(Term a, Term b) => Op(a, BinaryOp.Mul, b);
    private static BinaryTerm Le(Term a, Term b) => Op(a, BinaryOp.Le, b);
    private static BinaryTerm Lt(Term a, Term b) => Op(a, BinaryOp.Lt, b);
    private static LogicalTerm And(Term a, Term b) => new(true, a, b);
    private static LogicalTerm Or(Term a, Term b) => new(false, a, b);
    private static LogicalTerm Inside(Term index, Term extent) => And(Le(C(0), index), Lt(index, extent));
    private static IndexSymbol Index(string name, Term start, Term end) => new(name, false, null) { Start = start, End = end };

    private static ProofResult Prove(Term condition, ImmutableArray<IndexSymbol> scope, params ImmutableArray<Term> assumptions)
    {
        using var prover = new IslProver();
        return prover.Prove(assumptions, scope, condition);
    }

    [Fact]
    public void An_index_in_its_own_extent_needs_no_solver()
    {
        using var prover = new IslProver();
        var i = Index("i", C(0), D(N));
        Assert.Equal(Verdict.Proved, prover.Prove([], [i], Inside(X(i), D(N))).Verdict);
        Assert.Equal(0, prover.SolverCallCount);
        Assert.Equal(1, prover.QuestionCount);
    }

    [Fact]
    public void A_shifted_read_is_refuted_with_the_smallest_sizes()
    {
        var i = Index("i", C(0), D(N));
        var result = Prove(Inside(Add(X(i), C(1)), D(N)), [i]);
        Assert.Equal(Verdict.Refuted, result.Verdict);
        Assert.Equal([("N", 1L), ("i", 0L)], result.Witness.ToArray());
    }

    [Fact]
    public void A_width_less_two_may_be_negative_until_it_is_required()
    {
        var condition = Le(C(0), Sub(D(N), C(2)));
        Assert.Equal([("N", 0L)], Prove(condition, []).Witness.ToArray());
        Assert.Equal(Verdict.Proved, Prove(condition, [], Op(D(N), BinaryOp.Ge, C(2))).Verdict);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    [InlineData(2, 1)]
    public void Convolution_with_a_stride_reads_inside(int stride, int pad)
    {
        // H + 2 pad >= R, y in 0..(H + 2 pad - R) / stride + 1, r in 0..R: y * stride + r is in 0..H + 2 pad.
        var padded = Add(D(H), C(2 * pad));
        Term require = Op(padded, BinaryOp.Ge, D(R));
        var y = Index("y", C(0), Add(Op(Sub(padded, D(R)), BinaryOp.Div, C(stride)), C(1)));
        var r = Index("r", C(0), D(R));
        var at = Add(Mul(X(y), C(stride)), X(r));
        Assert.Equal(Verdict.Proved, Prove(Inside(at, padded), [y, r], require).Verdict);
        var beyond = Prove(Inside(Add(at, C(1)), padded), [y, r], require);
        Assert.Equal(Verdict.Refuted, beyond.Verdict);
    }

    [Fact]
    public void A_witness_breaks_the_condition_as_written()
    {
        var i = Index("i", C(0), D(N));
        var j = Index("j", X(i), D(M));
        Term[] conditions =
        [
            Inside(Op(Add(X(i), X(j)), BinaryOp.Div, C(3)), D(N)),
            Or(Lt(X(i), X(j)), Op(Op(X(j), BinaryOp.Mod, C(4)), BinaryOp.Ne, C(3))),
            Le(Op(X(i), BinaryOp.Max, C(5)), new SelectTerm(Lt(X(i), C(2)), X(j), C(9))),
            Le(new IntrinsicTerm(Intrinsic.Abs, [Sub(X(i), C(4))]), C(3)),
            Op(Op(Sub(X(i), C(9)), BinaryOp.TruncMod, C(4)), BinaryOp.Ge, C(-2)),
            Op(Mul(D(N), D(M)), BinaryOp.Ne, C(6)),
        ];
        foreach (var condition in conditions)
        {
            var result = Prove(condition, [i, j], Op(D(N), BinaryOp.Le, C(40)));
            Assert.True(result.Verdict == Verdict.Refuted, Terms.Print(condition));
            var values = result.Witness.ToDictionary(w => w.Name, w => w.Value);
            var dims = new Dictionary<DimSymbol, long> { [N] = values["N"], [M] = values["M"] };
            var indices = new Dictionary<IndexSymbol, long> { [i] = values["i"], [j] = values["j"] };
            Assert.False(Terms.Decide(condition, dims, indices), Terms.Print(condition));
            Assert.InRange(values["j"], values["i"], values["M"] - 1);
        }
    }

    [Fact]
    public void A_flattened_index_stays_inside_the_product()
    {
        var i = Index("i", C(0), D(N));
        var j = Index("j", C(0), D(M));
        var flat = Add(Mul(X(i), D(M)), X(j));
        Assert.Equal(Verdict.Proved, Prove(Inside(flat, Mul(D(N), D(M))), [i, j]).Verdict);
        var result = Prove(Inside(Add(flat, C(1)), Mul(D(M), D(N))), [i, j]);
        Assert.Equal([("M", 1L), ("N", 1L), ("i", 0L), ("j", 0L)], result.Witness.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name)).ToArray());
    }

    [Fact]
    public void A_remainder_by_a_dimension_is_inside_it()
    {
        var i = Index("i", C(0), D(N));
        var at = Op(X(i), BinaryOp.Mod, D(M));
        Assert.Equal(Verdict.Proved, Prove(Inside(at, D(M)), [i], Op(D(M), BinaryOp.Ge, C(1))).Verdict);
    }

    [Fact]
    public void Conditions_count()
    {
        var i = Index("i", C(0), D(N));
        var before = Inside(Sub(X(i), C(1)), D(N));
        Assert.Equal(Verdict.Refuted, Prove(before, [i]).Verdict);
        Assert.Equal(Verdict.Proved, Prove(before, [i], Op(X(i), BinaryOp.Gt, C(0))).Verdict);
        Assert.Equal(Verdict.Proved, Prove(before, [i], new UnaryTerm(UnaryOp.Not, Op(X(i), BinaryOp.Eq, C(0)))).Verdict);
        Assert.Equal(Verdict.Proved, Prove(before, [i], Or(Op(X(i), BinaryOp.Eq, C(3)), Op(X(i), BinaryOp.Gt, C(7)))).Verdict);
    }

    [Fact]
    public void An_empty_set_of_sizes_proves_everything() =>
        Assert.Equal(Verdict.Proved, Prove(Terms.False, [], Op(D(N), BinaryOp.Ge, C(3)), Op(D(N), BinaryOp.Lt, C(2))).Verdict);

    [Fact]
    public void Data_is_known_by_its_type_and_never_a_witness()
    {
        var i = Index("i", C(0), D(N));
        var table = new TensorSymbol("T", ElementType.U8, [D(N)], TensorRole.Parameter, null);
        var at = new CastTerm(CastKind.Convert, ElementType.Int, new ReadTerm(table, [X(i)]));
        Assert.Equal(Verdict.Proved, Prove(Inside(at, C(256)), [i]).Verdict);
        Assert.Equal(Verdict.Unknown, Prove(Inside(at, C(255)), [i]).Verdict);
    }

    [Fact]
    public void A_quota_of_one_proves_nothing_that_needs_the_solver()
    {
        var i = Index("i", C(0), Op(D(N), BinaryOp.Div, C(2)));
        var condition = Lt(Add(Mul(C(2), X(i)), C(1)), D(N));
        Assert.Equal(Verdict.Proved, Prove(condition, [i]).Verdict);
        using var prover = new IslProver(quota: 1);
        Assert.Equal(Verdict.Unknown, prover.Prove([], [i], condition).Verdict);
        Assert.Equal(1, prover.SolverCallCount);
    }

    [Fact]
    public void Equal_questions_reach_the_solver_once()
    {
        using var prover = new IslProver();
        for (int n = 0; n < 50; n++)
        {
            var dim = new DimSymbol($"n{n}", null);
            var i = Index("i", C(0), Op(D(dim), BinaryOp.Div, C(2)));
            Assert.Equal(Verdict.Proved, prover.Prove([], [i], Lt(Add(Mul(C(2), X(i)), C(1)), D(dim))).Verdict);
        }
        Assert.Equal(1, prover.SolverCallCount);
    }

    [Fact]
    public void Huge_numbers_end_in_an_answer()
    {
        var i = Index("i", C(0), Mul(D(N), C(long.MaxValue)));
        Assert.Equal(Verdict.Proved, Prove(Lt(X(i), Mul(Mul(D(N), C(long.MaxValue)), C(2))), [i]).Verdict);
        Assert.NotEqual(Verdict.Proved, Prove(Lt(Mul(X(i), C(long.MaxValue)), C(long.MaxValue)), [i]).Verdict);
    }

    [Fact]
    public void A_proof_holds_at_all_small_sizes()
    {
        var random = new Random(11);
        using var prover = new IslProver();
        int proved = 0, refuted = 0;
        for (int n = 0; n < 150; n++)
        {
            var i = Index("i", C(random.Next(0, 2)), Add(D(N), C(random.Next(-2, 1))));
            var j = Index("j", C(0), random.Next(2) == 0 ? X(i) : D(M));
            Term Small() => random.Next(4) switch { 0 => X(i), 1 => X(j), 2 => D(M), _ => C(random.Next(-3, 4)) };
            Term Form() => random.Next(11) switch
            {
                5 => Op(Small(), BinaryOp.Mod, D(M)),
                6 => Op(Small(), BinaryOp.Div, D(M)),
                7 => new IntrinsicTerm(Intrinsic.Abs, [Sub(Small(), Small())]),
                8 => Op(Small(), random.Next(2) == 0 ? BinaryOp.TruncDiv : BinaryOp.TruncMod, C(random.Next(1, 4))),
                9 => new SelectTerm(Lt(Small(), Small()), Small(), Small()),
                10 => Mul(Mul(Small(), Small()), X(j)),
                0 => Op(Add(Small(), Small()), BinaryOp.Div, C(random.Next(1, 4))),
                1 => Op(Small(), BinaryOp.Mod, C(random.Next(1, 4))),
                2 => Op(Small(), BinaryOp.Min, Small()),
                3 => Mul(Small(), Small()),
                _ => Add(Mul(C(random.Next(-2, 3)), Small()), Small()),
            };
            Term Condition() => Op(Form(), random.Next(2) == 0 ? BinaryOp.Le : BinaryOp.Ne, Form());
            var assumption = Condition();
            var condition = random.Next(2) == 0 ? Condition() : Or(Condition(), Condition());
            var verdict = prover.Prove([assumption], [i, j], condition).Verdict;
            if (verdict is Verdict.Refuted) refuted++;
            if (verdict is not Verdict.Proved) continue;
            proved++;
            for (long a = 0; a < 6; a++)
                for (long b = 0; b < 6; b++)
                {
                    var dims = new Dictionary<DimSymbol, long> { [N] = a, [M] = b };
                    for (long x = Terms.Evaluate(i.Start, dims)!.Value; x < Terms.Evaluate(i.End, dims); x++)
                    {
                        var indices = new Dictionary<IndexSymbol, long> { [i] = x };
                        for (long y = 0; y < Terms.Evaluate(j.End, dims, indices); y++)
                        {
                            indices[j] = y;
                            if (Terms.Decide(assumption, dims, indices) == true)
                                Assert.False(Terms.Decide(condition, dims, indices) == false, $"{Terms.Print(assumption)} => {Terms.Print(condition)}");
                        }
                    }
                }
        }
        Assert.True(proved > 10 && refuted > 50, $"{proved} proved, {refuted} refuted");
    }
}
