using Tx.Lang.Schedules;

namespace Tx.Tests.Lang.Schedules;

/// <summary>Wrong schedules, each with its one message and the next step that it names.</summary>
public class ScheduleErrorTests
{
    [Theory]
    [InlineData("let x = 1", "TX2007", "`let` cannot stand in a schedule", "x = …")]
    [InlineData("C.i += 1", "TX2007", "an update", "once")]
    [InlineData("for q in 0..3 { x = 1 }", "TX2007", "`for`", "`knob`, `require` and `if`")]
    [InlineData("x = 0.5", "TX2007", "a float", "integers")]
    [InlineData("x = \"a\"", "TX2007", "text", "integers")]
    [InlineData("C[0] = 1", "TX2007", "this", "on the left stand names")]
    [InlineData("C.i", "TX2008", "it is a loop", "`C.i.parallel()`")]
    [InlineData("C", "TX2008", "it is a stage", "`C.compute_at(…)`")]
    [InlineData("lanes(f32)", "TX2008", "it is a number", "bind it")]
    [InlineData("D.i.parallel()", "TX2009", "`D` is not known", "stages C")]
    [InlineData("(outer, inner) = C.i.split(4)\notuer.parallel()", "TX2009", "`otuer` is not known", "did you mean `outer`?")]
    [InlineData("i.parallel()", "TX2009", "`i` is not known", "`C.i`")]
    [InlineData("C.q.parallel()", "TX2010", "`C` has no loop or stage `q`", "it has `i`, `j`, `k`")]
    [InlineData("C.split", "TX2010", "`split`", "`C.split(…)`")]
    [InlineData("C.i.parallel", "TX2010", "`parallel`", "`C.i.parallel()`")]
    [InlineData("(ko, ki) = C.k.split(4)\nC.k.parallel()", "TX2013", "`C.k` is gone: it was split into `ko`, `ki`", "`ko`, `ki`")]
    [InlineData("(ko, ki) = C.k.split(4)\n(a, b) = ko.split(2)\nC.k.parallel()", "TX2013", "split into `ko`, `ki`", "`a`, `b`, `ki`")]
    [InlineData("C.k.split(4)\nC.k.parallel()", "TX2013", "`C.k` is gone: it was split here", "(ko, ki) = C.k.split(4)")]
    [InlineData("n = C.i.fuse(C.j)\nC.j.parallel()", "TX2013", "fused into `n`", "`n`")]
    [InlineData("C.tile(C.i, C.j, 4, 8)\nC.j.parallel()", "TX2013", "tiled", "C.tile(C.i, C.j, 4, 8)")]
    [InlineData("x = C.i.vectorize(8)\nC.i.parallel()", "TX2013", "vectorised into `x`", "`x`")]
    [InlineData("C.i.splt(8)", "TX2016", "`splt` is no primitive", "did you mean `split`?")]
    [InlineData("C.auto()", "TX2016", "`auto`", "`auto(C)`")]
    [InlineData("C.i.frobnicate()", "TX2016", "`frobnicate`", "a loop has split")]
    [InlineData("C.split(8)", "TX2017", "`split` is called on a loop, but this is a stage", "`C.i.split(…)`")]
    [InlineData("C.i.cache_write(at = root)", "TX2017", "`cache_write` is called on a stage", "`C.cache_write(…)`")]
    [InlineData("A.parallel()", "TX2017", "this is a parameter", "a stage that reads")]
    [InlineData("x = gcd(4, 6)", "TX2018", "`gcd` is no function", "declare `strategy gcd`")]
    [InlineData("lane(f32)", "TX2018", "`lane`", "did you mean `lanes`?")]
    [InlineData("split(C.i, 8)", "TX2018", "`split`", "called on a loop: `C.i.split(…)`")]
    [InlineData("C.i.split()", "TX2019", "`split` needs `factors`, a number", "its parameters are factors…, tail (optional)")]
    [InlineData("C.cache_read(memory = local)", "TX2019", "`cache_read` needs `at`, a loop or `root`", "layout")]
    [InlineData("x = lanes()", "TX2019", "an element type", "`lanes(f32)`")]
    [InlineData("C.i.parallel(8)", "TX2020", "`parallel` takes no further argument", "takes no arguments")]
    [InlineData("x = ceil_div(1, 2, 3)", "TX2020", "`ceil_div`", "`ceil_div(K, 8)`")]
    [InlineData("C.i.split(8, tial = pad)", "TX2021", "`split` has no parameter `tial`", "did you mean `tail`?")]
    [InlineData("C.i.split(8, tail = pad, tail = mask)", "TX2022", "`tail` of `split` is given twice", "remove")]
    [InlineData("C.i.split(C.j)", "TX2023", "`factors` of `split` needs a number, but this is a loop", "a knob")]
    [InlineData("C.reorder(C.i, 4)", "TX2023", "needs a loop, but this is a number", "`C.i`")]
    [InlineData("C.i.fuse(C)", "TX2023", "needs a loop, but this is a stage", "`C.i`")]
    [InlineData("C.compute_at(C)", "TX2023", "`at` of `compute_at` needs a loop", "one of its loops")]
    [InlineData("x = C.i + 1", "TX2023", "`+` needs a number, but this is a loop", "arithmetic")]
    [InlineData("if 4 { C.i.parallel() }", "TX2023", "`if` needs a condition, but this is a number", "`4 != 0`")]
    [InlineData("x = lanes(4)", "TX2023", "`lanes` needs an element type", "`lanes(f32)`")]
    [InlineData("x = HALF", "TX2023", "a float, 0.5", "integers")]
    [InlineData("C.layout(4)", "TX2023", "needs a layout, but this is a number", "(i, k) ->")]
    [InlineData("C.i.split(8, tail = pda)", "TX2024", "`pda` is no value of `tail`", "did you mean `pad`?")]
    [InlineData("C.cache_write(at = root, memory = heap)", "TX2024", "`heap`", "global, local, register, shared")]
    [InlineData("C.i.bind(block.w)", "TX2024", "`block.w` is no value of `axis`", "did you mean")]
    [InlineData("C.i.split(0)", "TX2025", "is 0, which is not in 1..", "from 1 to 2147483647")]
    [InlineData("C.i.split(2147483648)", "TX2025", "is 2147483648", "from 1")]
    [InlineData("C.reorder(C.i, C.j, C.i)", "TX2026", "`C.i` is given twice to `reorder`", "once")]
    [InlineData("C.i.fuse(C.i)", "TX2026", "`C.i` is given twice to `fuse`", "once")]
    [InlineData("C.tile(C.i, C.j, 8)", "TX2027", "2 loops and 1 factor", "one factor for each loop")]
    [InlineData("(a, b) = C.i.split(2, 4)", "TX2028", "`split` gives 3 results, but 2 are named", "(a, b, c) = …")]
    [InlineData("x = C.i.split(4)", "TX2028", "gives 2 results, but 1 is named", "(a, b) = …")]
    [InlineData("x = C.i.parallel()", "TX2028", "`parallel` gives nothing", "`C.i.parallel()`")]
    [InlineData("(a, b) = C.i", "TX2028", "gives 1 result", "one name")]
    [InlineData("x = 1\nx = 2", "TX2029", "`x` is a number already", "another name")]
    [InlineData("C = 2", "TX2029", "`C` is a stage of `matmul`", "another name")]
    [InlineData("M = 2", "TX2029", "`M` is a dimension of `matmul`", "another name")]
    [InlineData("root = C.i", "TX2029", "a word of schedules", "another name")]
    [InlineData("C.i.split(K)", "TX2030", "`K` is known only when sizes are known", "give the sizes")]
    [InlineData("if M == 1 { C.i.parallel() }", "TX2030", "`M == 1`", "give the sizes")]
    [InlineData("x = 1 / (2 - 2)", "TX2031", "divides by zero", "other numbers")]
    [InlineData("x = 9223372036854775807 + 1", "TX2031", "64 bits", "other numbers")]
    [InlineData("knob x in 4\nC.i.split(x)", "TX2032", "the domain of `x` is a number", "`knob x in [4, 8]`")]
    [InlineData("knob x in []\nC.i.split(x)", "TX2032", "has no values", "a list of numbers")]
    [InlineData("knob x in [4, C.i]\nC.i.split(x)", "TX2032", "holds a loop", "a list of numbers")]
    [InlineData("knob x in [4, 8] = 6\nC.i.split(x)", "TX2033", "6 is no value of the knob `x`", "4, 8")]
    [InlineData("knob x in [4, 8]\nrequire x > 4\nC.i.split(x)", "TX2035", "`x > 4` does not hold: x = 4", "other values")]
    [InlineData("knob x in [4, 8]\nC.i.split(4)", "TX2036", "the knob `x` changes nothing", "remove it")]
    [InlineData("auto()\nC.i.parallel()", "TX2037", "before other steps", "the end")]
    [InlineData("auto()\nauto()", "TX2038", "`auto()`", "remove")]
    [InlineData("auto(C)\nauto(C)", "TX2038", "`auto(C)`", "remove")]
    [InlineData("C.layout((i, k) -> i)", "TX2042", "after the arrow", "(i, k) ->")]
    [InlineData("C.layout((i, 4) -> [i])", "TX2042", "before the arrow", "(i, k) ->")]
    [InlineData("C.layout((i, i) -> [i])", "TX2042", "`i` twice", "(i, k) ->")]
    [InlineData("A.layout((i, k, j) -> [i])", "TX2043", "`A` has 2 dimensions, but the layout names 3 axes", "one axis")]
    [InlineData("C.i.tensorize(fma8)", "TX2044", "`fma8` is no instruction", "did you mean `fma4`?")]
    [InlineData("A.i.parallel()", "TX2045", "`A` is a parameter and has no loops", "A.cache_read")]
    [InlineData("A.compute_at(C.i)", "TX2045", "`A` is a parameter", "`cache_read`")]
    public void OneMessage(string body, string code, string message, string help) => Check(Elaborated.Body(body), code, message, help);

    [Theory]
    [InlineData("affine", "y.k.unroll()", "TX2012", "`y.k` is a loop of several stages", "`y.sum.k`, `y.sum3.k`")]
    [InlineData("scan", "h.inline()", "TX2011", "`h` has several equations", "`h.eq(0)`, `h.eq(1)`")]
    [InlineData("scan", "h.u.parallel()", "TX2011", "`h` has several equations", "`h.eq(0).u`, `h.eq(1).u`")]
    [InlineData("scan", "h.eq(7).u.parallel()", "TX2015", "`h` has no eq(7)", "it has `h.eq(0)`, `h.eq(1)`")]
    [InlineData("scan", "h.update(0).u.parallel()", "TX2015", "`h` has no update(0)", "no line updates it")]
    [InlineData("histogram", "hist.update(1).x.parallel()", "TX2015", "`hist` has no update(1)", "`hist.update(0)`")]
    [InlineData("relu", "Y.i.parallel()", "TX2014", "`Y.i` stands for 2 loops", "`n = Y.i.fuse()`")]
    [InlineData("relu", "x = Y.i", "TX2014", "`Y.i` stands for 2 loops", "`n = Y.i.fuse()`")]
    [InlineData("two", "at.i.parallel()", "TX2045", "`at` is computed together", "first tensor")]
    public void OneMessage_OfOtherOperators(string op, string body, string code, string message, string help) => Check(Elaborated.Body(body, op), code, message, help);

    [Theory]
    [InlineData("strategy t(i: loop) { i.split(4) }", "t(C)", "TX2023", "`i` of `t` needs a loop, but this is a stage", "C.i")]
    [InlineData("strategy t(i: loop, n: int) { i.split(n) }", "t(C.i)", "TX2019", "`t` needs `n`, a number", "i: loop, n: int")]
    [InlineData("strategy t(i: loop) { i.split(4) }", "t(C.i, 4)", "TX2020", "`t`", "i: loop")]
    [InlineData("strategy t(i: loop) { i.split(4) }", "t(C.i, m = 4)", "TX2021", "`t` has no parameter `m`", "i: loop")]
    [InlineData("strategy t(i: loop) { i.split(4) }", "t(C.i, i = C.j)", "TX2022", "`i` of `t`", "remove")]
    [InlineData("strategy t(i: loop, n: int) { i.split(n) }", "t(C.i, M)", "TX2030", "`M`", "give the sizes")]
    [InlineData("strategy t(i: loop) { C.i.split(4) }", "t(C.i)", "TX2009", "`C` is not known in this strategy", "its parameters")]
    [InlineData("strategy t(i: lop) { i.split(4) }", "t(C.i)", "TX2039", "`lop` is no type", "did you mean `loop`?")]
    [InlineData("strategy t(i: loop) -> o: loop { i.split(4) }", "t(C.i)", "TX2040", "does not bind its result `o`", "`o = …`")]
    [InlineData("strategy t(i: loop) -> o: int { (o, x) = i.split(4) }", "t(C.i)", "TX2023", "the result `o` of `t` needs a number", "number")]
    [InlineData("strategy t(i: loop) { t(i) }", "t(C.i)", "TX2041", "`t` calls itself more than 64 deep", "an `if`")]
    [InlineData("strategy t(n: int) { if n > 0 { t(n - 1)\n t(n - 1) } }", "t(40)", "TX2041", "more than 100000 lines", "an `if`")]
    [InlineData("strategy t(i: loop, n: int) require n < 4 { i.split(n) }", "t(C.i, 4)", "TX2035", "`n < 4` does not hold: n = 4", "other values")]
    [InlineData("strategy t(i: loop) { knob n in [4] }", "t(C.i)", "TX2007", "`knob` cannot stand in a strategy", "parameter")]
    [InlineData("strategy t(i: loop) -> o: loop { (o, x) = i.split(4) }", "(a, b) = t(C.i)", "TX2028", "`t` gives 1 result", "one name")]
    public void OneMessage_OfStrategies(string strategy, string body, string code, string message, string help)
    {
        var s = Elaborated.Body(body, more: strategy);
        Check(s, code, message, help);
    }

    [Theory]
    [InlineData("schedule s on cpu { }", "TX2001", "`s` does not say what it schedules", "schedule s for op on cpu { … }")]
    [InlineData("schedule s for matmull on cpu { }", "TX2002", "`matmull` is no operator", "did you mean `matmul`?")]
    [InlineData("schedule s for matmul { }", "TX2003", "`s` does not say what it is for", "`on cpu`")]
    [InlineData("schedule s for matmul on cpuu { }", "TX2004", "`cpuu` is no target", "did you mean `cpu`?")]
    [InlineData("schedule s for matmul on cpu extends bsae { }\nschedule base for matmul on cpu { }", "TX2005", "`matmul` has no schedule `bsae`", "did you mean `base`?")]
    [InlineData("schedule s for matmul on cpu extends s { }", "TX2006", "`s` extends itself", "extend nothing")]
    [InlineData("schedule s for matmul on cpu extends b { }\nschedule b for matmul on cpu extends s { }", "TX2006", "`s` extends itself through `b`", "extend nothing")]
    [InlineData("schedule s for matmul on cpu when M { }", "TX2023", "`when` needs a condition", "`M != 0`")]
    [InlineData("schedule s for matmul on cpu extends b { kc = 5 }\nschedule b for matmul on cpu { knob kc in [4, 8]\n C.k.split(kc) }", "TX2033", "5 is no value of the knob `kc`", "4, 8")]
    [InlineData("schedule s for matmul on cpu require FOUR > 4 { }", "TX2035", "`FOUR > 4` does not hold", "other values")]
    [InlineData("schedule s for matmul on cpu extends b { C.i.parallel() }\nschedule b for matmul on cpu { C.i.split(4) }", "TX2013", "`C.i` is gone", "(io, ii) = C.i.split(4)")]
    public void OneMessage_OfHeads(string text, string code, string message, string help)
    {
        var all = Elaborated.Text(Elaborated.Operators + "\n" + text);
        Check(ScheduleElaborator.Elaborate(all.Syntax("s"), all.Interface("matmul"), all.Module, Elaborated.Target), code, message, help);
    }

    [Fact]
    public void UnknownKnobOfTheCaller()
    {
        var text = Elaborated.Text(Elaborated.Operators + "\nschedule s for matmul on cpu { knob mr in [4, 8]\n C.i.split(mr) }");
        Check(text.Run("s", knobs: new() { ["nr"] = 4 }), "TX2034", "`s` has no knob `nr`", "mr");
        Check(text.Run("s", knobs: new() { ["mr"] = 5 }), "TX2033", "5 is no value of the knob `mr`", "4, 8");
    }

    [Fact]
    public void GoneLoop_PointsToTheStep()
    {
        var d = Assert.Single(Elaborated.Body("(ko, ki) = C.k.split(4)\nC.k.parallel()").Diagnostics);
        Assert.Equal(("C.k.split(4)", "split here"), (d.Labels[0].Span.Text, d.Labels[0].Text));
    }

    [Fact]
    public void ErrorInAStrategy_NamesTheCallAndIsSaidOnce()
    {
        var d = Assert.Single(Elaborated.Body("t(C.i)\nt(C.j)", more: "strategy t(i: loop) { i.split(0) }").Diagnostics);
        Assert.Equal(("t(C.i)", "in this call of `t`"), (d.Labels[0].Span.Text, d.Labels[0].Text));
    }

    private static void Check(ElaboratedSchedule s, string code, string message, string help)
    {
        string all = string.Join("\n", s.Diagnostics.Select(d => $"{d.Span}: {d.Code} {d.Message} | {d.Help}"));
        Assert.True(s.Diagnostics.Length == 1, all);
        var d = s.Diagnostics[0];
        Assert.True(d.Code == code && d.Message.Contains(message, StringComparison.Ordinal) && d.Help!.Contains(help, StringComparison.Ordinal), all);
    }
}
