using Tx.Core;
using Tx.Lower.Ir;
using Tx.Tests.Lower.Simplify;

namespace Tx.Tests.Lower.Ir;

public class RoundTripTests
{
    public static TheoryData<string> Samples => ["scheduled", "expanded"];

    private static LoopModule Sample(string name) => name == "scheduled" ? SampleModules.Scheduled() : SampleModules.Expanded();

    [Theory, MemberData(nameof(Samples))]
    public void Printed_modules_parse_back(string name)
    {
        var m = Sample(name);
        Assert.Empty(Verifier.Verify(m));
        string text = IrPrinter.Print(m);
        var parsed = IrParser.ParseModule(text);
        Assert.Equal(text, IrPrinter.Print(parsed));
        Assert.True(StructuralComparer.AlphaEqual(m, parsed), text);
        Assert.Equal(StableHash.Of(m), StableHash.Of(parsed));
    }

    [Fact]
    public void The_samples_hold_every_node()
    {
        var seen = new NodeTypes();
        foreach (var m in (LoopModule[])[SampleModules.Scheduled(), SampleModules.Expanded()])
            foreach (var f in m.Functions) seen.Visit(f.Body);
        var all = typeof(Expr).Assembly.GetTypes().Where(t => t.IsSealed && (t.IsSubclassOf(typeof(Expr)) || t.IsSubclassOf(typeof(Stmt))));
        Assert.Equal([], all.Where(t => !seen.Found.Contains(t)).ToArray());
    }

    private sealed class NodeTypes : Walker
    {
        public HashSet<Type> Found { get; } = [];

        public override void Visit(Expr e)
        {
            Found.Add(e.GetType());
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            Found.Add(s.GetType());
            base.Visit(s);
        }
    }

    [Fact]
    public void A_small_function_reads_well()
    {
        Var i = Var.Index("i"), k = Var.Index("k"), x = Var.Index("i"), r = Var.Index("k");
        var a = new Tx.Lower.Ir.Buffer("A", ElementType.F32, [IntImm.Index(64)], BufferRole.Input);
        var c = new Tx.Lower.Ir.Buffer("C", ElementType.F32, [IntImm.Index(64)], BufferRole.Output);
        var instance = new Instance("C", [new(x, Expr.Index(0), Expr.Index(64), IterKind.Spatial, i), new(r, Expr.Index(0), Expr.Index(3), IterKind.Reduction, k)],
            [], [], new Store(c, [x], new FloatImm(ElementType.F32, 0)), new Store(c, [x], new Load(c, [x]) + new Load(a, [(x + r) % 64])), true);
        var f = new LoopFunction { Name = "ring", Parameters = [a, c], Dims = [], Temporaries = [], Body = new For(i, Expr.Index(0), Expr.Index(64), LoopKind.Parallel, new For(k, Expr.Index(0), Expr.Index(3), LoopKind.Serial, instance)) };
        Assert.Equal("""
            module scheduled

            func ring(A: f32[64] in, C: f32[64] out) {
              for i in 0..64 parallel {
                for k in 0..3 {
                  instance C(i_1 in 0..64 = i, reduce k_1 in 0..3 = k) reassociate {
                    init {
                      C[i_1] = 0.0;
                    }
                    C[i_1] = C[i_1] + A[(i_1 + k_1) % 64];
                  }
                }
              }
            }

            """, IrPrinter.Print(new LoopModule([f], LoopLevel.Scheduled)));
    }

    [Fact]
    public void Random_expressions_parse_back()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            var source = new IndexExpressions(seed);
            var e = seed % 2 == 0 ? source.Index(5) : source.Condition(4);
            var parsed = IrParser.ParseExpr(e.ToString(), source.Variables.Select(v => v.Variable), []);
            Assert.True(StructuralComparer.Equal(e, parsed), $"seed {seed}: {e}\n{parsed}");
        }
    }

    [Theory]
    [InlineData(ElementType.F32, 0.1f), InlineData(ElementType.F32, 1e20f), InlineData(ElementType.F32, -0.0), InlineData(ElementType.F64, 0.1), InlineData(ElementType.F64, double.Epsilon)]
    [InlineData(ElementType.F64, double.PositiveInfinity), InlineData(ElementType.F32, double.NegativeInfinity), InlineData(ElementType.F64, double.NaN), InlineData(ElementType.BF16, -3)]
    public void Floats_keep_every_bit(ElementType type, double value)
    {
        var e = new FloatImm(type, value);
        Assert.True(StructuralComparer.AlphaEqual(e, IrParser.ParseExpr(e.ToString(), [], [])), e.ToString());
    }

    [Theory]
    [InlineData(ElementType.U64, -1), InlineData(ElementType.I64, long.MinValue), InlineData(ElementType.I8, -128), InlineData(ElementType.U16, 65535), InlineData(ElementType.Bool, 1)]
    public void Integers_keep_every_bit(ElementType type, long value)
    {
        var e = new IntImm(type, value);
        Assert.True(StructuralComparer.AlphaEqual(e, IrParser.ParseExpr(e.ToString(), [], [])), e.ToString());
    }

    [Fact]
    public void A_statement_that_stands_in_two_places_gets_two_names()
    {
        var i = Var.Index("i");
        var c = new Tx.Lower.Ir.Buffer("C", ElementType.I64, [IntImm.Index(4)], BufferRole.Output);
        Stmt loop = new For(i, Expr.Index(0), Expr.Index(4), LoopKind.Serial, new Store(c, [i], i));
        var m = new LoopModule([new() { Name = "f", Parameters = [c], Dims = [], Temporaries = [], Body = Block.Of(loop, loop) }], LoopLevel.Expanded);
        string text = IrPrinter.Print(m);
        Assert.Contains("for i_1 in", text, StringComparison.Ordinal);
        Assert.Empty(Verifier.Verify(m));
        Assert.Equal(text, IrPrinter.Print(IrParser.ParseModule(text)));
        Assert.True(StructuralComparer.AlphaEqual(m, IrParser.ParseModule(text)));
    }

    [Theory]
    [InlineData("module", "1:7"), InlineData("module lowered func f() { x[0] = 1; }", "1:28"), InlineData("module lowered func f() { for i in 0..9 { ", "1:43")]
    [InlineData("module lowered func f(A: f99[1] in) {}", "1:29"), InlineData("module lowered func f(A: f32[1] out) { A[0] = 1 + 2.0; }", "1:54"), InlineData("module lowered func f(A: f32[99999999999999999999] in) {}", "1:50")]
    public void Wrong_text_is_refused_with_its_place(string text, string place) =>
        Assert.StartsWith(place + ": ", Assert.Throws<IrParseException>(() => IrParser.ParseModule(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Deep_text_is_refused() =>
        Assert.Contains("too deep", Assert.Throws<IrParseException>(() => IrParser.ParseExpr(new string('(', 1_000_000), [], [])).Message, StringComparison.Ordinal);
}
