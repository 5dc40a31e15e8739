using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Schedules;

public class ElaboratorTests
{
    private static Elaborated Example(string file)
    {
        var all = Directory.EnumerateFiles(Path.Combine(CaseFiles.Root, "examples"), "*.tx").Select(f => (Path.GetFileName(f), File.ReadAllText(f))).ToArray();
        return Elaborated.Text(all.Single(f => f.Item1 == file).Item2, all);
    }

    [Theory]
    [InlineData("attention.tx", "fused", """
        Kt.inline()
        scaled.inline()
        (to, ti) = O.i.split(32)
        weights.compute_at(to)
        scores.compute_at(to)
        to.parallel()
        auto()
        """)]
    [InlineData("blur.tx", "strips", """
        (yo, yi) = B.y.split(32)
        (xo, xi) = B.x.split(32)
        yo.parallel()
        xi.vectorize()
        bx.compute_at(yi, store_at = yo)
        bx.y.fold(4)
        xo_2 = bx.x.vectorize(32)
        """)]
    [InlineData("forms.tx", "simple", """
        (io, ii) = C.i.split(6)
        (jo, ji) = C.j.split(16)
        C.reorder(io, jo, C.k, ii, ji)
        ii.unroll()
        ji.vectorize()
        acc = C.cache_write(at = jo, memory = register)
        io.parallel()
        """)]
    [InlineData("gpu.tx", "tiled", """
        (by, ty, iy) = C.i.split(16, 8, tail = pad)
        (bx, tx, ix) = C.j.split(16, 8, tail = pad)
        (ko, ki) = C.k.split(8, tail = pad)
        C.reorder(by, bx, ty, tx, ko, ki, iy, ix)
        by.bind(block.y)
        bx.bind(block.x)
        ty.bind(thread.y)
        tx.bind(thread.x)
        acc = C.cache_write(at = tx, memory = register)
        As = A.cache_read(at = ko, memory = shared)
        Bs = B.cache_read(at = ko, memory = shared)
        As.cooperative(thread.y, thread.x)
        Bs.cooperative(thread.y, thread.x)
        iy.unroll()
        ix.unroll()
        ko.pipeline(2)
        """)]
    [InlineData("histogram.tx", "rows", """
        (yo, yi) = hist.update(0).y.split(64)
        part = hist.update(0).rfactor(yo)
        yo.parallel()
        """)]
    [InlineData("lstm.tx", "steps", """
        gu = gate.g.fuse(gate.u)
        gu.parallel()
        io = gate.i.vectorize(16)
        vo = gate.v.vectorize(16)
        uo = c.eq(1).u.vectorize(16)
        uo_2 = h.eq(1).u.vectorize(16)
        """)]
    [InlineData("matmul.tx", "blocked", """
        (io, ii) = C.i.split(14, tail = pad)
        (jo, jp, ji) = C.j.split(4, 32, tail = pad)
        (ko, ki) = C.k.split(256)
        C.reorder(jo, ko, io, jp, ki, ii, ji)
        Ap = A.cache_read(at = root, layout = (i, k) -> [i / 14, k, i % 14])
        Bp = B.cache_read(at = ko, layout = (k, j) -> [j / 32, k, j % 32])
        acc = C.cache_write(at = jp, memory = register)
        jo.parallel()
        ji.vectorize()
        ii.unroll()
        Ap.io.parallel()
        Ap.ii.unroll()
        Bp.ji.vectorize()
        """)]
    [InlineData("matmul.tx", "gemv", """
        (jo, ji) = C.j.split(64)
        C.reorder(jo, C.k, ji)
        acc = C.cache_write(at = jo, memory = register)
        jo.parallel()
        ji.vectorize()
        """)]
    [InlineData("softmax.tx", "rows", """
        Y.i.parallel()
        peak.compute_at(Y.i)
        e.compute_at(Y.i)
        total.compute_at(Y.i)
        jo = peak.j.vectorize(16)
        jo_2 = total.j.vectorize(16)
        jo_3 = e.j.vectorize(16)
        jo_4 = Y.j.vectorize(16)
        """)]
    [InlineData("vdla.tx", "overlapped", """
        W.layout((n, k) -> [n / 16, k / 16, n % 16, k % 16])
        (no, nv, ni) = Y.n.split(2, 16)
        (ko, kt, ki) = Y.k.split(4, 16)
        Y.reorder(Y.b, no, nv, ko, kt, ni, ki)
        tile = Y.cache_write(at = nv, memory = acc)
        Xs = X.cache_read(at = ko, memory = inp)
        Ws = W.cache_read(at = ko, memory = wgt)
        ni.tensorize(gemm, init = clear)
        nv.vthread()
        """)]
    [InlineData("vnni.tx", "vnni", """
        (io, ii) = C.i.split(8, tail = pad)
        (jo, ji) = C.j.split(16, tail = pad)
        (ko, ki) = C.k.split(4, tail = pad)
        C.reorder(jo, io, ko, ii, ji, ki)
        Ap = A.cache_read(at = root, layout = (i, k) -> [i / 8, k / 4, i % 8, k % 4])
        Bp = B.cache_read(at = jo, layout = (k, j) -> [j / 16, k / 4, j % 16, k % 4])
        acc = C.cache_write(at = io, memory = register)
        ji.tensorize(vpdpbusd)
        ii.unroll()
        jo.parallel()
        """)]
    public void Examples(string file, string schedule, string expected) =>
        Assert.Equal(expected.ReplaceLineEndings("\n"), Elaborated.Show(Example(file).Run(schedule)));

    [Fact]
    public void Extension_SetsKnobsAndKeepsTheRest()
    {
        var big = Example("forms.tx").Run("big");
        Assert.Contains("(ko, ki) = C.k.split(512)", Elaborated.Show(big));
        Assert.Equal([("mr", 14L, false), ("nr", 32L, false), ("kc", 512L, true)], big.Knobs.Select(k => (k.Name, k.Value, k.IsFixed)));
        Assert.Equal([4L, 6, 8, 12, 14], big.Knobs[0].Domain.ToArray());
    }

    [Fact]
    public void Knobs_TakeWhatIsGivenAndAreCheckedByRequire()
    {
        var example = Example("matmul.tx");
        Assert.Contains("C.i.split(4", Elaborated.Show(example.Run("blocked", knobs: new() { ["mr"] = 4, ["nr"] = 64 })));
        var outside = example.Run("blocked", knobs: new() { ["mr"] = 14, ["nr"] = 64 });
        Assert.True(outside.IsOutsideRequirements);
        Assert.Equal("`mr * nr <= 448` does not hold: mr = 14, nr = 64", Assert.Single(outside.Diagnostics).Message);
    }

    [Fact]
    public void Domains_OfDivisorsNeedSizes()
    {
        var text = Elaborated.Text(Elaborated.Operators + "\nschedule s for matmul on cpu {\n knob kc in divisors(K) = min(8, K)\n C.k.split(kc)\n}");
        var unknown = text.Run("s");
        Assert.True(unknown.NeedsSizes);
        Assert.Equal("8 is no value of the knob `kc`", Assert.Single(text.Run("s", [("M", 2), ("N", 3), ("K", 12)]).Diagnostics).Message);
        var known = text.Run("s", [("M", 2), ("N", 3), ("K", 6)]);
        Assert.Equal([1L, 2, 3, 6], Assert.Single(known.Knobs).Domain.ToArray());
        Assert.Equal("(ko, ki) = C.k.split(6)", Elaborated.Show(known));
    }

    [Fact]
    public void Expressions()
    {
        var s = Elaborated.Body("""
            x = 7 / 2 * 4 + -7 % 4
            big = x > 3 && !(FOUR == 5) ? ceil_div(9, 2) : 0
            y = max(min(x, big), FOUR) * sizeof(f64)
            if big == 5 { (io, ii) = C.i.split(x) } else { C.i.parallel() }
            ii.unroll(y)
            io.specialize(N % 8 == 0 || x < 2)
            """);
        Assert.Equal("(io, ii) = C.i.split(13)\niio = ii.unroll(40)\nio.specialize(N % 8 == 0)", Elaborated.Show(s));
    }

    [Fact]
    public void Packs_AreFused() =>
        Assert.Equal("n = Y.i0.fuse(Y.i1)\nn.parallel()", Elaborated.Show(Elaborated.Body("n = Y.i.fuse()\nn.parallel()", "relu")));

    [Fact]
    public void Strategies_MayCacheAndReturnStages()
    {
        var s = Elaborated.Body("acc = t(C, C.j)\nacc.i.unroll()\nC.i.parallel()",
            more: "strategy t(S: stage, l: loop) -> tile: stage { tile = S.cache_write(at = l, memory = register) }");
        Assert.Equal("acc = C.cache_write(at = C.j, memory = register)\nacc.i.unroll()\nC.i.parallel()", Elaborated.Show(s));
        Assert.Equal(1, s.Directives[2].Loop.Generation);
    }

    [Fact]
    public void UnknownCondition_LeavesItsNamesUnknown()
    {
        var s = Elaborated.Body("if M == 1 { (a, b) = C.i.split(4) } else { (a, b) = C.j.split(4) }\na.parallel()\nC.k.frob()");
        Assert.Equal(["TX2030", "TX2016"], s.Diagnostics.Select(d => d.Code));
        Assert.False(s.NeedsSizes);
    }

    [Fact]
    public void SharedLoop_HasOneHandle()
    {
        var op = Elaborated.Text(Elaborated.Operators).Interface("scan");
        Assert.Equal("h.eq0(u) h.eq1(t* u)", string.Join(" ", op.Stages.Select(x => $"{x.Name}({string.Join(" ", x.Indices.Select(i => i.Name + (i.IsCarried ? "*" : "")))})")));
        var s = Elaborated.Body("h.t.unroll()\nh.eq(1).t.fold(2)\nh.layout((t, u) -> [u, t])", "scan");
        Assert.Equal("h.eq(1).t.unroll()\nh.eq(1).t.fold(2)\nh.layout((t, u) -> [u, t])", Elaborated.Show(s));
        Assert.Same(s.Directives[0].Loop, s.Directives[1].Loop);
    }

    [Fact]
    public void CacheWrite_GivesTheIndicesToTheCopy()
    {
        var s = Elaborated.Body("""
            i = C.i
            C.j.unroll()
            acc = C.cache_write(at = C.i, memory = local)
            i.parallel()
            C.j.vectorize()
            C.k.unroll(4)
            acc.j.unroll()
            """);
        Elaborated.Show(s);
        var d = s.Directives;
        Assert.Same(((LoopValue)d[1]["at"]!).Loop, d[2].Loop);
        Assert.NotSame(d[0].Loop, d[3].Loop);
        Assert.Equal([0, 0, 1, 0, 0], new[] { d[0], d[2], d[3], d[4], d[5] }.Select(x => x.Loop.Generation));
        Assert.Same(d[1].ResultStage(0), d[5].Loop.Stage);
        Assert.True(d[5].Loop.Stage!.IsMade);
    }

    [Fact]
    public void Strategies_RunWithNamesOfTheirOwn()
    {
        const string strategy = """
            strategy t(S: stage, i: loop, j: loop, k: loop, mr: int = 4, deep: bool = mr > 2) -> io: loop, jo: loop require mr <= 8 {
                (io, ii) = i.split(mr)
                (jo, ji) = j.split(2 * mr)
                S.reorder(io, jo, k, ii, ji)
                if deep { ii.unroll() }
            }
            strategy halves(l: loop, n: int) {
                if n > 0 {
                    (o, i) = l.split(2)
                    halves(o, n - 1)
                }
            }
            """;
        var s = Elaborated.Body("ii = 3\n(a, b) = t(C, C.i, C.j, k = C.k)\nhalves(a, 3)\nb.parallel()", more: strategy);
        Assert.Equal("""
            (a, ii_2) = C.i.split(4)
            (b, ji) = C.j.split(8)
            C.reorder(a, b, C.k, ii_2, ji)
            ii_2.unroll()
            (o, i) = a.split(2)
            (o_2, i_2) = o.split(2)
            (o_3, i_3) = o_2.split(2)
            b.parallel()
            """.ReplaceLineEndings("\n"), Elaborated.Show(s));
        Assert.Equal([1, 1, 1, 1, 1, 2, 3, 0], s.Directives.Select(d => d.Through.Length));
    }

    [Fact]
    public void Auto_OfABaseComesAfterTheExtension()
    {
        var text = Elaborated.Text(Elaborated.Operators + "\n" + """
            schedule a for matmul on cpu { C.i.parallel(); auto() }
            schedule b for matmul on cpu extends a { C.j.unroll(4) }
            """);
        Assert.Equal("C.i.parallel()\njo = C.j.unroll(4)\nauto()", Elaborated.Show(text.Run("b")));
    }

    [Fact]
    public void OpenRequirements_StayConditions()
    {
        var s = Elaborated.Body("require K % FOUR == 0, 1 < 2\nC.k.split(FOUR)");
        Elaborated.Show(s);
        Assert.Equal(["K % 4 == 0", "true"], s.Requires.Select(r => Terms.Print(r.Condition)));
    }

    [Fact]
    public void AllErrorsInOneRun()
    {
        var s = Elaborated.Body("""
            (io, ii) = C.i.splt(8)
            io.parallel()
            (jo, ji) = C.q.split(8)
            C.reorder(io, jo, C.k)
            x = D.i.split(4)
            y = x + 1
            C.k.split(0)
            C.k.parallel(3)
            """);
        Assert.Equal(["TX2016", "TX2010", "TX2009", "TX2025", "TX2020"], s.Diagnostics.Select(d => d.Code));
    }

    [Fact]
    public void Selection_ByFeaturesThenWhenThenOrder()
    {
        var text = Elaborated.Text(Elaborated.Operators + "\n" + """
            schedule plain for matmul on cpu { C.i.parallel() }
            schedule row for matmul on cpu when M == 1 { C.j.parallel() }
            schedule wide for matmul on cpu("avx512f") when N % 16 == 0 { C.j.parallel() }
            schedule missing for matmul on cpu("amx") { C.j.parallel() }
            schedule device for matmul on gpu { C.j.parallel() }
            schedule wider for matmul on cpu extends wide when M > 4 { C.i.parallel() }
            """);
        var op = text.Interface("matmul");
        var all = text.Module.Table.Schedules.Values.OrderBy(s => s.Span.Span.Start).ToList();
        string Choose(long m, long n) => ScheduleSelector.Choose(all, op, text.Module, Elaborated.Target, Elaborated.Sizes(op, ("M", m), ("N", n), ("K", 1)))?.Name.Text ?? "none";
        Assert.Equal(["plain", "row", "wide", "wide"], new[] { Choose(2, 3), Choose(1, 3), Choose(1, 16), Choose(8, 32) });
        Assert.Equal([true, null, null, false, false, null],
            all.Select(s => ScheduleSelector.Applies(s, op, text.Module, Elaborated.Target)));
    }

    [Fact]
    public void Range_IsADomain()
    {
        var text = Elaborated.Text(Elaborated.Operators + "\nschedule s for matmul on cpu { knob u in [1, 2]\n C.k.unroll(u) }");
        var syntax = text.Syntax("s");
        var knob = (KnobSyntax)syntax.Body[0];
        var list = (ListSyntax)knob.Domain;
        syntax = syntax with { Body = [knob with { Domain = new RangeSyntax(list.Span, list.Items[0], new IntegerSyntax(list.Span, 5)) }, syntax.Body[1]] };
        Assert.Equal([1L, 2, 3, 4], ScheduleElaborator.Elaborate(syntax, text.Interface("matmul"), text.Module, Elaborated.Target).Knobs[0].Domain.ToArray());
    }
}
