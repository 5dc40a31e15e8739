using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

using ListValue = Lang.Schedules.ListValue;

// Steps on loops.
internal sealed partial class ScheduleGenerator
{
    private static readonly string[] Tails = ["guard", "mask", "peel", "shift", "pad"];

    private IEnumerable<(int Weight, string Primitive, Func<Proposal?> Make)> LoopProposals() =>
    [
        (14, "split", Split), (7, "tile", Tile), (10, "fuse", Fuse), (8, "reorder", Reorder), (6, "unroll", Unroll), (9, "vectorize", Vectorize), (7, "parallel", Parallel),
        (4, "partition", () => OnLoop("partition", AnyLoop())), (5, "specialize", Specialize),
        (3, "pipeline", Pipeline), (4, "pad", Pad), (5, "fold", Fold), (4, "prefetch", Prefetch),
    ];

    private static bool IsShort(Live l) => l.Loop.Extent is IntImm { Value: > 1 and <= 16 };
    private static bool HasIterations(Live l) => l.Loop.Extent is not IntImm { Value: <= 1 };

    private Proposal? OnLoop(string primitive, Live? loop, params (string, ScheduleValue)[] arguments) =>
        loop is { } l && Directive(primitive, new LoopValue(l.Handle), arguments) is { } d ? new(d) : null;

    private long Factor() => 1 + _random.Next(OneIn(4) ? 9 : 4);

    private Proposal? Split()
    {
        if (AnyLoop(HasIterations) is not { } l) return null;
        int count = OneIn(5) ? 2 + _random.Next(2) : 1;
        var factors = Enumerable.Range(0, count).Select(_ => Factor()).ToArray();
        var arguments = new List<(string, ScheduleValue)> { ("factors", List(factors.Select(Number))) };
        bool hasTail = !OneIn(3);
        string tail = Pick(Tails);
        if (hasTail) arguments.Add(("tail", new WordValue(tail)));
        var d = Directive("split", new LoopValue(l.Handle), arguments, count + 1)!;
        if (count == 1 && !hasTail && OneIn(6))
            return new(d, string.Create(CultureInfo.InvariantCulture, $"({d.ResultLoop(0).Name}, {d.ResultLoop(1).Name}) = cut({l.Handle.Name}, {factors[0]})"),
                "strategy cut(l: loop, n: int) -> o: loop, w: loop {\n    (o, w) = l.split(n)\n}");
        if (count > 1 || !OneIn(6)) return new(d);
        string knob = Name("k");
        return new(d, string.Create(CultureInfo.InvariantCulture,
            $"knob {knob} in [{factors[0]}, {factors[0] + 1 + _random.Next(4)}] = {factors[0]}\n({d.ResultLoop(0).Name}, {d.ResultLoop(1).Name}) = {l.Handle.Name}.split({knob}{(hasTail ? $", tail = {tail}" : "")})"));
    }

    /// <summary>Loops that stand one right inside of another, outermost first.</summary>
    private List<Live> Chain(bool isDirect)
    {
        var all = LiveLoops().DistinctBy(l => l.Variable).ToDictionary(l => l.Variable);
        if (all.Count == 0) return [];
        var start = Pick(all.Values.ToList());
        var chain = new List<Live>();
        for (Stmt s = start.Loop; s is For f; s = f.Body)
            if (all.TryGetValue(f.Variable, out var live)) chain.Add(live);
            else if (isDirect) break;
        return chain;
    }

    private Proposal? Tile()
    {
        var chain = Chain(isDirect: false).Take(3).ToList();
        if (chain.Count < 2 || AnyStage(s => _state.Nests.FindNest(_state.InstanceName(s)) == chain[0].Nest) is not { } stage) return null;
        var arguments = new List<(string, ScheduleValue)>
        {
            ("loops", List(chain.Select(l => new LoopValue(l.Handle)))), ("factors", List(chain.Select(_ => Number(Factor())))),
        };
        if (OneIn(2)) arguments.Add(("tail", new WordValue(Pick(Tails))));
        return new(Directive("tile", new StageValue(stage), arguments, 2 * chain.Count)!);
    }

    private Proposal? Fuse()
    {
        var chain = Chain(isDirect: true).Take(2 + _random.Next(2)).ToList();
        return chain.Count < 2 ? null : new(Directive("fuse", new LoopValue(chain[0].Handle), [("loops", List(chain.Skip(1).Select(l => new LoopValue(l.Handle))))], 1)!);
    }

    private Proposal? Reorder()
    {
        var chain = Chain(isDirect: false);
        if (chain.Count < 2 || AnyStage(s => _state.Nests.FindNest(_state.InstanceName(s)) == chain[0].Nest) is not { } stage) return null;
        var order = chain.OrderBy(_ => _random.Next()).Take(2 + _random.Next(chain.Count - 1)).ToList();
        return new(Directive("reorder", new StageValue(stage), [("loops", List(order.Select(l => new LoopValue(l.Handle))))])!);
    }

    private Proposal? Unroll() => OneIn(2) ? OnLoop("unroll", AnyLoop(IsShort)) : ByFactor("unroll", AnyLoop(HasIterations), 1 + _random.Next(5));

    private Proposal? Vectorize()
    {
        if (OneIn(3)) return OnLoop("vectorize", AnyLoop(l => IsShort(l) && l.Loop.Body is not For));
        var loop = AnyLoop(l => HasIterations(l) && !LoopPlace.LoopsIn(l.Loop.Body).Any());
        if (OneIn(4) && loop is { } named)
        {
            int lanes = _state.Target.Lanes(ElementType.F32);
            if (ByFactor("vectorize", loop, lanes) is not { } p) return null;
            return p with { Text = $"{p.Directive.ResultLoop(0).Name} = {named.Handle.Name}.vectorize(lanes(f32))" };
        }
        return ByFactor("vectorize", loop, OneIn(2) ? 1 << (1 + _random.Next(4)) : 1 + _random.Next(9));
    }

    private Proposal? ByFactor(string primitive, Live? loop, long factor) =>
        loop is { } l && Directive(primitive, new LoopValue(l.Handle), [("factor", Number(factor))], 1) is { } d ? new(d) : null;

    private Proposal? Parallel() => OnLoop("parallel", AnyLoop(HasIterations));

    private Proposal? Specialize()
    {
        if (AnyLoop() is not { } l || _op.Dims.IsEmpty) return null;
        var dim = Pick(_op.Dims);
        Term Dim() => new DimTerm(dim);
        var condition = _random.Next(5) switch
        {
            0 => new BinaryTerm(BinaryOp.Eq, new BinaryTerm(BinaryOp.Mod, Dim(), ConstTerm.Int(2 + _random.Next(7))), ConstTerm.Int(0)),
            1 => new BinaryTerm(BinaryOp.Ge, Dim(), ConstTerm.Int(1 + _random.Next(12))),
            2 => new BinaryTerm(BinaryOp.Eq, Dim(), ConstTerm.Int(1 + _random.Next(8))),
            3 => new BinaryTerm(BinaryOp.Le, Dim(), new DimTerm(Pick(_op.Dims))),
            _ => new BinaryTerm(BinaryOp.Lt, Dim(), ConstTerm.Int(1 + _random.Next(12))),
        };
        // With sizes it is decided where the schedule is read.
        ScheduleValue value = _sizes is null ? new ConditionValue(condition) : new BooleanValue(Holds(condition));
        if (Directive("specialize", new LoopValue(l.Handle), [("condition", value)]) is not { } d) return null;
        return new(d, $"{l.Handle.Name}.specialize({Terms.Print(condition)})");
    }

    private bool Holds(Term condition) => Evaluate(condition) != 0;

    private long Evaluate(Term term) => term switch
    {
        DimTerm d => _sizes![d.Dim],
        ConstTerm c => c.Value.Integer,
        BinaryTerm b => (b.Op, Evaluate(b.Left), Evaluate(b.Right)) switch
        {
            (BinaryOp.Mod, var x, var y) => x % y,
            (BinaryOp.Eq, var x, var y) => x == y ? 1 : 0,
            (BinaryOp.Ge, var x, var y) => x >= y ? 1 : 0,
            (BinaryOp.Le, var x, var y) => x <= y ? 1 : 0,
            (_, var x, var y) => x < y ? 1 : 0,
        },
        _ => throw new CompilerBugException("schedule generator", term.GetType().Name),
    };

    private Proposal? Pipeline() => OneIn(2) ? OnLoop("pipeline", AnyLoop(HasIterations)) : OnLoop("pipeline", AnyLoop(HasIterations), ("stages", Number(2 + _random.Next(2))));

    private Proposal? Pad() => OnLoop("pad", AnyLoop(), ("multiple", Number(2 + _random.Next(7))));

    // Of a stage whose storage lies in a loop, mostly.
    private Proposal? Fold()
    {
        var loop = AnyLoop(l => l.Handle.Stage is { } s && _stored.Contains(s));
        return loop is { Handle.Stage: not null } ? OnLoop("fold", loop, ("extent", Number(1 + _random.Next(6)))) : null;
    }

    private Proposal? Prefetch()
    {
        if (AnyLoop(HasIterations) is not { } l || AnyTensor() is not { } tensor) return null;
        return OneIn(2) ? OnLoop("prefetch", l, ("tensor", new StageValue(tensor))) : OnLoop("prefetch", l, ("tensor", new StageValue(tensor)), ("distance", Number(1 + _random.Next(4))));
    }
}
