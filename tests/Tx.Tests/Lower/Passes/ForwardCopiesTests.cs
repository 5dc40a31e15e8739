using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

/// <summary>Copies and nests that nothing reads go, and what else mentions their tensors stays whole.</summary>
public class ForwardCopiesTests
{
    private readonly Var _i = Var.Index("i"), _j = Var.Index("j"), _k = Var.Index("k");
    private readonly Buffer _a = Input("A", ElementType.F32, 8), _c = Output("C", ElementType.F32, 8);
    private readonly Buffer _h = Temporary("H", ElementType.F32, MemoryScope.Global, 8), _p = Temporary("P", ElementType.F32, MemoryScope.Global, 8);

    private LoopModule Copied(Stmt ahead, Expr read) => Module(LoopLevel.Lowered,
        Block.Of(Loop(_i, 8, _h.Set(_a.At(_i) + 1, _i)), Loop(_j, 8, _p.Set(_h.At(_j), _j)), Loop(_k, 8, Block.Of(ahead, _c.Set(read * 2, _k)))), [_a, _c], [_h, _p]);

    private Effect Ahead(Buffer b) => new(EffectKind.Prefetch, b.Name, [b], [_k]);

    [Fact]
    public void A_copy_is_computed_in_its_place()
    {
        var m = Copied(Block.Empty, _p.At(_k));
        var forwarded = ForwardCopies.Run(m);
        AssertSame(m, forwarded, "forward_copies");
        Assert.Equal(2, Statements(forwarded.Body()).OfType<For>().Count());
    }

    [Fact]
    public void A_prefetch_of_what_is_gone_is_of_what_stands_for_it()
    {
        var m = Copied(Ahead(_h), _p.At(_k));
        var forwarded = ForwardCopies.Run(m);
        AssertSame(m, forwarded, "forward_copies");
        Assert.Single(forwarded.Functions[0].Temporaries);
    }

    [Fact]
    public void What_is_prefetched_stays_with_its_storage()
    {
        var m = Copied(Ahead(_h), _a.At(_k));
        var needed = ConditionalNests.Run(m);
        AssertSame(m, needed, "conditional_nests");
        Assert.Same(_h, Assert.Single(needed.Functions[0].Temporaries));
    }
}
