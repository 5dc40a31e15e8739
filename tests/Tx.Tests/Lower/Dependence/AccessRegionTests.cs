using Tx.Core;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Primitives;
using static Tx.Tests.Lower.Passes.PassFixture;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Dependence;

public sealed class AccessRegionTests : IDisposable
{
    private readonly NestProver _prover = new();

    public void Dispose() => _prover.Dispose();

    private string Region(LoopFunction f, Stmt nest, string buffer, string inside, bool covers = true)
    {
        var loop = nest.Loop(inside);
        var context = DependenceContext.OfLoop(_prover, nest, loop.Variable, f.Dims());
        var b = f.Parameters.Concat(f.Temporaries).Single(p => p.Name == buffer);
        var region = AccessRegion.Of(loop, b, [], context)!;
        var proof = region.Covers(loop, [], context);
        Assert.True(proof.IsProved == covers, proof.ToString());
        return string.Join("; ", region.Dimensions.Select(d => $"{d.Low} : {d.Extent}{(d.IsWhole ? " whole" : "")}"));
    }

    [Fact]
    public void Rows_of_a_blur()
    {
        const string blur = """
            op blur(X: f32[H, W]) -> Y: f32[H - 2, W - 2] {
                bx[y, x] = X[y, x] + X[y, x + 1] + X[y, x + 2]
                Y[y, x] = bx[y, x] + bx[y + 1, x] + bx[y + 2, x]
            }
            """;
        var f = DependenceFixture.Build(blur, 66, 130);
        var nest = f.Body;
        Assert.Equal("y : 3; 0 : 128", Region(f, nest, "bx", "x"));
        (nest, _, _) = Split.Apply(nest, nest.V("y"), 32);
        Assert.Equal("yo * 32 : 34; 0 : 128", Region(f, nest, "bx", "yi"));
        Assert.Equal("yo * 32 + yi : 3; 0 : 128", Region(f, nest, "bx", "x"));
        (nest, _, _) = Split.Apply(nest, nest.V("x"), 48);
        Assert.Equal("yo * 32 + yi : 3; xo * 48 : 48", Region(f, nest, "bx", "xi"));

        // For all sizes.
        var g = DependenceFixture.Build(blur);
        nest = g.Body;
        Assert.StartsWith("y : 3; 0 : ", Region(g, nest, "bx", "x"), StringComparison.Ordinal);
        (nest, _, _) = Split.Apply(nest, nest.V("y"), 32);
        Assert.StartsWith("yo * 32 : 34; 0 : ", Region(g, nest, "bx", "yi"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_guarded_tail_ends_with_the_buffer()
    {
        var f = DependenceFixture.Build("op copy(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] }", 100);
        var (nest, _, _) = Split.Apply(f.Body, f.Body.V("i"), 16);
        Assert.Equal("io * 16 : 16", Region(f, nest, "X", "ii"));
        var loop = nest.Loop("ii");
        var region = AccessRegion.Of(loop, f.Parameters[0], [], DependenceContext.OfLoop(_prover, nest, loop.Variable, []))!;
        Assert.Equal("min(16, io * -16 + 100)", $"{region.Dimensions[0].TightExtent}");
        Assert.Equal("0 : 100", Region(f, nest, "X", "io"));
    }

    [Fact]
    public void Padding_and_windows()
    {
        var f = DependenceFixture.Build("op window(X: f32[W], F: f32[3]) -> Y: f32[W] { Y[x] = sum(s: (X[x + s - 1] ?? 0) * F[s]) }", 100);
        Assert.Equal("max(x - 1, 0) : 3", Region(f, f.Body, "X", "s").Replace("max(0, x - 1)", "max(x - 1, 0)", StringComparison.Ordinal));
        var (nest, _, _) = Split.Apply(f.Body, f.Body.V("x"), 8);
        Assert.Equal("max(xo * 8 - 1, 0) : 10", Region(f, nest, "X", "xi").Replace("max(0, xo * 8 - 1)", "max(xo * 8 - 1, 0)", StringComparison.Ordinal));
    }

    [Fact]
    public void An_index_from_data_is_all_of_its_dimension()
    {
        var f = DependenceFixture.Build("op gather(X: f32[N, D], id: u8[B]) -> Y: f32[B, D] { Y[b, d] = X[int(id[b]), d] }", 256, 8, 10);
        Assert.Equal("0 : 256 whole; 0 : 8", Region(f, f.Body, "X", "b"));
    }

    [Fact]
    public void Two_regions()
    {
        Buffer x = Input("X", ElementType.F32, 100), y = Output("Y", ElementType.F32, 100);
        Var i = Var.Index("i"), j = Var.Index("j"), k = Var.Index("k");
        var context = new DependenceContext(_prover, [Loop(i, 10, Block.Empty)], []);
        Stmt a = Loop(j, 4, y.Set(x.At((Expr)i * 8 + j), i)), b = Loop(k, 4, y.Set(x.At((Expr)i * 8 + k + 6), i));
        var both = AccessRegion.Of(a, x, [], context)!.Union(AccessRegion.Of(b, x, [], context)!, context);
        Assert.Equal("i * 8 : 10", $"{both.Dimensions[0].Low} : {both.Dimensions[0].Extent}");
        Assert.True(both.Covers(Block.Of(a, b), [], context).IsProved);
        Assert.Equal(DependenceVerdict.Refuted, AccessRegion.Of(a, x, [], context)!.Covers(b, [], context).Verdict);
        Assert.Null(AccessRegion.Of(a, y, [], context));
        Assert.Equal("i : 1", string.Join("", AccessRegion.Of(a, y, [], context, includeWrites: true)!.Dimensions.Select(d => $"{d.Low} : {d.Extent}")));
    }
}
