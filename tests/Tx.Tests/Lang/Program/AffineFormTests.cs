using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Tests.Lang.Program;

public sealed class AffineFormTests
{
    private static readonly DimSymbol H = new("H", null), R = new("R", null), Pad = new("pad", null), N = new("N", null), M = new("M", null);
    private static readonly IndexSymbol I = new("i", false, null), J = new("j", false, null);

    private static Term D(DimSymbol d) => new DimTerm(d);
    private static Term X(IndexSymbol i) => new IndexTerm(i);
    private static ConstTerm C(long v) => ConstTerm.Int(v);
    private static BinaryTerm Op(Term a, BinaryOp op, Term b) => new(op, a, b);
    private static BinaryTerm Add(Term a, Term b) => Op(a, BinaryOp.Add, b);
    private static BinaryTerm Sub(Term a, Term b) => Op(a, BinaryOp.Sub, b);
    private static BinaryTerm Mul(Term a, Term b) => Op(a, BinaryOp.Mul, b);
    private static BinaryTerm Div(Term a, Term b) => Op(a, BinaryOp.Div, b);
    private static BinaryTerm Mod(Term a, Term b) => Op(a, BinaryOp.Mod, b);

    [Fact]
    public void Prints_an_extent_as_it_is_written()
    {
        var t = Add(Div(Sub(Add(D(H), Mul(C(2), D(Pad))), D(R)), C(2)), C(1));
        Assert.Equal("(H + 2 * pad - R) / 2 + 1", Terms.Print(t));
    }

    [Theory]
    [InlineData(1, "i - (j - 2)")]
    [InlineData(2, "-(-i)")]
    [InlineData(3, "i - 3")]
    [InlineData(4, "(i + j) * 2 / j % 3")]
    [InlineData(5, "(i < j || j < 3) && !(i == j) ? i : -1")]
    [InlineData(6, "min(i, 4 * j)")]
    public void Prints_few_brackets(int which, string expected)
    {
        Term t = which switch
        {
            1 => Sub(X(I), Sub(X(J), C(2))),
            2 => new UnaryTerm(UnaryOp.Neg, new UnaryTerm(UnaryOp.Neg, X(I))),
            3 => Add(X(I), C(-3)),
            4 => Mod(Div(Mul(Add(X(I), X(J)), C(2)), X(J)), C(3)),
            5 => new SelectTerm(
                new LogicalTerm(true, new LogicalTerm(false, Op(X(I), BinaryOp.Lt, X(J)), Op(X(J), BinaryOp.Lt, C(3))), new UnaryTerm(UnaryOp.Not, Op(X(I), BinaryOp.Eq, X(J)))),
                X(I), C(-1)),
            _ => Op(X(I), BinaryOp.Min, Mul(C(4), X(J))),
        };
        Assert.Equal(expected, Terms.Print(t));
    }

    public static TheoryData<string, Term> Simplified => new()
    {
        { "H - 2", Sub(Sub(D(H), C(3)), C(-1)) },
        { "0", Sub(Mul(D(N), D(M)), Mul(D(M), D(N))) },
        { "i", Add(Mul(C(8), Div(X(I), C(8))), Mod(X(I), C(8))) },
        { "i % 8", Mod(X(I), C(8)) },
        { "i % 2", Mod(Add(Mul(C(4), X(J)), X(I)), C(2)) },
        { "2 * j + i / 2", Div(Add(Mul(C(4), X(J)), X(I)), C(2)) },
        { "i / 6", Div(Div(X(I), C(2)), C(3)) },
        { "M", Div(Mul(D(N), D(M)), D(N)) },
        { "N / 2", Div(Mul(C(3), D(N)), C(6)) },
        { "-2", Div(C(-3), C(2)) },
        { "1", Mod(C(-3), C(2)) },
        { "i + 1", Op(Add(X(I), C(1)), BinaryOp.Max, X(I)) },
        { "2 - i", Sub(C(2), X(I)) },
        { "N - i", Add(new UnaryTerm(UnaryOp.Neg, X(I)), D(N)) },
    };

    [Theory]
    [MemberData(nameof(Simplified))]
    public void Simplifies(string expected, Term term) => Assert.Equal(expected, Terms.Print(Terms.Simplify(term)));

    [Fact]
    public void Simplify_keeps_a_term_that_is_simple()
    {
        var t = Add(Mul(C(2), X(I)), C(1));
        Assert.Same(t, Terms.Simplify(t));
        var read = new ReadTerm(new TensorSymbol("A", ElementType.F32, [D(N)], TensorRole.Parameter, null), [t]);
        Assert.Same(read, Terms.Simplify(read));
    }

    [Fact]
    public void Substitute_renames_an_index_whose_range_changes()
    {
        var k = new IndexSymbol("k", true, null) { Start = C(0), End = D(N) };
        var a = new TensorSymbol("A", ElementType.F32, [D(N)], TensorRole.Parameter, null);
        var sum = new ReduceTerm(ReduceKind.Sum, [k], null, new ReadTerm(a, [X(k)]), false, ElementType.F32);
        Assert.Same(sum, Terms.Substitute(sum, d => d == M ? C(3) : null));
        var changed = Assert.IsType<ReduceTerm>(Terms.Substitute(sum, d => d == N ? C(3) : null));
        Assert.Equal("sum(k in 0..3: A[k])", Terms.Print(changed));
        Assert.NotSame(k, changed.Indices[0]);
        Assert.Same(changed.Indices[0], Assert.IsType<IndexTerm>(((ReadTerm)changed.Body).Indices[0]).Index);
        Assert.Equal("N", Terms.Print(k.End));
    }

    [Fact]
    public void Large_numbers_are_exact_in_a_form_and_unknown_outside_64_bits()
    {
        var big = Mul(C(long.MaxValue), D(N));
        Assert.Equal("N", Terms.Print(Terms.Simplify(Sub(Mul(C(2), big), Sub(Mul(C(2), big), D(N))))));
        Assert.Null(Terms.Evaluate(big, new Dictionary<DimSymbol, long> { [N] = 2 }));
        Assert.Equal(long.MaxValue, Terms.Evaluate(big, new Dictionary<DimSymbol, long> { [N] = 1 }));
        Term tower = D(N);
        for (int i = 0; i < 40; i++) tower = Mul(tower, C(long.MaxValue));
        Assert.Equal(tower, Terms.Simplify(tower));
    }

    [Fact]
    public void A_form_has_the_value_of_its_term()
    {
        var random = new Random(7);
        for (int n = 0; n < 2000; n++)
        {
            var t = Generate(random, 4);
            var indices = new Dictionary<IndexSymbol, long> { [I] = random.Next(-9, 10), [J] = random.Next(-9, 10) };
            var dims = new Dictionary<DimSymbol, long> { [N] = random.Next(0, 7) };
            if (Terms.Evaluate(t, dims, indices) is not { } expected) continue;
            var form = AffineForm.Of(t);
            if (form.Evaluate(dims, indices) is { } value) Assert.True(expected == value, $"{Terms.Print(t)} => {form}");
            Assert.Equal(form, AffineForm.Of(form.ToTerm()!));
            if (Terms.Evaluate(Terms.Simplify(t), dims, indices) is { } simplified) Assert.Equal(expected, simplified);
        }
    }

    private static Term Generate(Random random, int depth)
    {
        if (depth == 0 || random.Next(4) == 0)
            return random.Next(4) switch { 0 => X(I), 1 => X(J), 2 => D(N), _ => C(random.Next(-6, 7)) };
        BinaryOp[] ops = [BinaryOp.Add, BinaryOp.Sub, BinaryOp.Mul, BinaryOp.Div, BinaryOp.Mod, BinaryOp.Min, BinaryOp.Max];
        var op = ops[random.Next(ops.Length)];
        var right = op is BinaryOp.Div or BinaryOp.Mod && random.Next(3) > 0 ? C(random.Next(-5, 6)) : Generate(random, depth - 1);
        return Op(Generate(random, depth - 1), op, right);
    }
}
