using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Dependence;

/// <summary>Small random nests whose iterations are all tried: what is proved must hold, what is refuted must fail.</summary>
public sealed class RandomNestTests : IDisposable
{
    private const int Cases = 400;
    private readonly NestProver _prover = new();

    public void Dispose() => _prover.Dispose();

    [Fact]
    public void Independence_is_what_trying_all_iterations_says()
    {
        var verdicts = new int[3];
        for (int seed = 0; seed < Cases; seed++)
        {
            var nest = new Generator(seed).Nest();
            foreach (var loop in Passes.PassFixture.Statements(nest).OfType<For>().ToList())
                foreach (bool allow in new[] { false, true })
                {
                    var r = LoopIndependence.Check(loop, DependenceContext.OfLoop(_prover, nest, loop.Variable, []), allow);
                    verdicts[(int)r.Verdict]++;
                    bool conflicts = Conflicts(nest, loop, allow);
                    Assert.False(r.IsProved && conflicts, $"seed {seed}, {loop.Variable.Name}, reductions {allow}: {r}\n{nest}");
                    Assert.False(r.Verdict is DependenceVerdict.Refuted && !conflicts, $"seed {seed}, {loop.Variable.Name}, reductions {allow}: {r}\n{nest}");
                }
        }
        Assert.True(verdicts[0] > 100 && verdicts[1] > 100 && verdicts[2] < Cases / 10, string.Join(" ", verdicts));
    }

    // Extents N and M: what is proved must hold for all sizes.
    [Fact]
    public void Independence_for_all_sizes()
    {
        Var n = Var.Index("N"), m = Var.Index("M");
        var verdicts = new int[3];
        for (int seed = 0; seed < Cases / 2; seed++)
        {
            var nest = new Generator(seed + 50_000, n, m).Nest();
            foreach (var loop in Passes.PassFixture.Statements(nest).OfType<For>().ToList())
            {
                var r = LoopIndependence.Check(loop, DependenceContext.OfLoop(_prover, nest, loop.Variable, [n, m]));
                verdicts[(int)r.Verdict]++;
                (long, long)[] sizes = r.Witness is { } w ? [(w.Around.FirstOrDefault(v => v.Variable == n).Value, w.Around.FirstOrDefault(v => v.Variable == m).Value)] : [(1, 3), (2, 2), (3, 1), (4, 5), (5, 4)];
                foreach (var (a, b) in r.Verdict is DependenceVerdict.Unknown || a0(sizes) ? [] : sizes)
                {
                    bool conflicts = Conflicts(nest, loop, false, ImmutableDictionary<Var, long>.Empty.SetItem(n, a).SetItem(m, b));
                    Assert.True(r.IsProved != conflicts, $"seed {seed}, {loop.Variable.Name}, {a} {b}: {r}\n{nest}");
                }
            }
        }
        Assert.True(verdicts[0] > 50 && verdicts[1] > 50 && verdicts[2] < Cases / 5, string.Join(" ", verdicts));

        static bool a0((long A, long B)[] sizes) => sizes.Any(s => s.A > 9 || s.B > 9);
    }

    [Fact]
    public void Regions_hold_every_element()
    {
        int bounded = 0;
        for (int seed = 0; seed < Cases; seed++)
        {
            var nest = new Generator(seed + 90_000).Nest();
            foreach (var loop in Passes.PassFixture.Statements(nest).OfType<For>().ToList())
            {
                var context = DependenceContext.OfLoop(_prover, nest, loop.Variable, []);
                var around = context.Loops.Select(l => l.Variable).ToList();
                foreach (var buffer in Events(nest).Select(e => e.Buffer).Distinct())
                {
                    if (AccessRegion.Of(loop, buffer, [], context, includeWrites: true) is not { } region) continue;
                    foreach (var d in region.Dimensions)
                    {
                        if (d.IsWhole) continue;
                        bounded++;
                        int dim = region.Dimensions.IndexOf(d);
                        foreach (var e in Events(nest).Where(e => ReferenceEquals(e.Buffer, buffer)))
                        {
                            var at = new PointEvaluator(around.ToDictionary(v => v, v => e.Point[v]));
                            long index = long.Parse(e.Element.Split(',')[dim]), low = at.Evaluate(d.Low)!.Value, tight = at.Evaluate(d.TightExtent)!.Value, extent = at.Evaluate(d.Extent)!.Value;
                            Assert.True(low <= index && index < low + tight && index < low + extent, $"seed {seed}, {buffer.Name}[{e.Element}] in {d}, {loop.Variable.Name}\n{nest}");
                        }
                    }
                    if (seed % 8 == 0) Assert.NotEqual(DependenceVerdict.Refuted, region.Covers(loop, [], context, includeWrites: true).Verdict);
                }
            }
        }
        Assert.True(bounded > 1000);
    }

    [Fact]
    public void Order_is_what_trying_all_iterations_says()
    {
        var verdicts = new int[3];
        for (int seed = 0; seed < Cases; seed++)
        {
            var nest = (For)new Generator(seed + 10_000).Nest();
            var chain = new List<For>();
            Stmt body = nest;
            while (body is For f)
            {
                chain.Add(f);
                body = f.Body;
            }
            if (chain.Count < 2) continue;
            var random = new Random(seed);
            var order = chain.Select(l => l.Variable).OrderBy(_ => random.Next()).ToList();
            var r = LoopOrder.Check(chain, order, body, new(_prover, [], []));
            verdicts[(int)r.Verdict]++;
            if (r.Argument.StartsWith("the range of", StringComparison.Ordinal)) continue;
            bool changes = Changes(nest, chain, order);
            Assert.False(r.IsProved && changes, $"seed {seed}, {string.Join(" ", order.Select(v => v.Name))}: {r}\n{nest}");
            Assert.False(r.Verdict is DependenceVerdict.Refuted && !changes, $"seed {seed}, {string.Join(" ", order.Select(v => v.Name))}: {r}\n{nest}");
        }
        Assert.True(verdicts[0] > 50 && verdicts[1] > 50 && verdicts[2] < Cases / 10, string.Join(" ", verdicts));
    }

    private sealed record Event(Buffer Buffer, string Element, bool IsWrite, Instance? Update, ImmutableDictionary<Var, long> Point);

    // Two different iterations of the loop at the same iteration of the loops around it.
    private static bool Conflicts(Stmt nest, For loop, bool allowReductions, ImmutableDictionary<Var, long>? sizes = null)
    {
        var around = DependenceContext.OfLoop(null!, nest, loop.Variable, []).Loops.Select(l => l.Variable).ToList();
        foreach (var element in Events(nest, sizes).GroupBy(e => (e.Buffer.Name, e.Element, string.Join(",", around.Select(v => e.Point[v])))))
            foreach (var a in element.Where(e => e.IsWrite))
                foreach (var b in element)
                    if (a.Point[loop.Variable] != b.Point[loop.Variable] && !(allowReductions && a.Update is not null && ReferenceEquals(a.Update, b.Update) && IsFixed(a.Update, loop.Variable))) return true;
        return false;
    }

    private static bool IsFixed(Instance update, Var loop) =>
        ((Store)update.Body).Indices.All(i => i.FreeVars().All(v => !update.Iterations.Single(it => ReferenceEquals(it.Variable, v)).Binding.UsesVar(loop)));

    private static bool Changes(Stmt nest, List<For> chain, List<Var> order)
    {
        foreach (var element in Events(nest).GroupBy(e => (e.Buffer.Name, e.Element)))
            foreach (var a in element.Where(e => e.IsWrite))
                foreach (var b in element)
                {
                    if (a.Update is not null && b.Update is not null && (ReferenceEquals(a.Update, b.Update) || !a.Buffer.Type.IsFloat)) continue;
                    if (Math.Sign(Compare(a, b, chain.Select(l => l.Variable))) * Math.Sign(Compare(a, b, order)) < 0) return true;
                }
        return false;
    }

    private static int Compare(Event a, Event b, IEnumerable<Var> order) => order.Select(v => a.Point[v].CompareTo(b.Point[v])).FirstOrDefault(c => c != 0);

    private static List<Event> Events(Stmt nest, ImmutableDictionary<Var, long>? sizes = null)
    {
        var events = new List<Event>();
        Run(nest, sizes ?? ImmutableDictionary<Var, long>.Empty);
        return events;

        void Run(Stmt s, ImmutableDictionary<Var, long> point)
        {
            var at = new PointEvaluator(point);
            switch (s)
            {
                case For f:
                    long min = at.Evaluate(f.Min)!.Value, extent = at.Evaluate(f.Extent)!.Value;
                    for (long i = min; i < min + extent; i++) Run(f.Body, point.SetItem(f.Variable, i));
                    break;
                case If i: if (at.IsTrue(i.Condition)) Run(i.Then, point); break;
                case Block b: foreach (var x in b.Statements) Run(x, point); break;
                case Instance i:
                    var inside = point;
                    foreach (var it in i.Iterations) inside = inside.SetItem(it.Variable, at.Evaluate(it.Binding)!.Value);
                    var domain = new PointEvaluator(inside);
                    if (!i.Iterations.All(it => domain.Evaluate(it.Start) <= inside[it.Variable] && inside[it.Variable] < domain.Evaluate(it.End))) break;
                    var store = (Store)i.Body;
                    bool isUpdate = store.Value is Binary { Left: Load acc } && ReferenceEquals(acc.Buffer, store.Buffer) && acc.Indices.SequenceEqual(store.Indices) && (store.Buffer.Type.IsInteger || i.Reassociate && i.HasReduction);
                    foreach (var l in Passes.PassFixture.Expressions(store).OfType<Load>())
                    {
                        bool isAccumulator = isUpdate && store.Value is Binary b2 && ReferenceEquals(b2.Left, l);
                        events.Add(new(l.Buffer, Element(l.Indices), false, isAccumulator ? i : null, inside));
                    }
                    events.Add(new(store.Buffer, Element(store.Indices), true, isUpdate ? i : null, inside));
                    break;

                    string Element(ImmutableArray<Expr> indices) => string.Join(",", indices.Select(e => domain.Evaluate(e)));
            }
        }
    }

    private sealed class Generator(int seed, params Expr[] sizes)
    {
        private readonly Random _random = new(seed);
        private readonly List<Var> _loops = [];
        private int _names;

        public Stmt Nest()
        {
            int depth = _random.Next(1, 4);
            var type = _random.Next(2) == 0 ? ElementType.I32 : ElementType.F32;
            Buffer[] buffers = [new("A", type, [Expr.Index(64), Expr.Index(64)], BufferRole.Output), new("B", type, [Expr.Index(64)], BufferRole.Output)];
            return Loops(depth, buffers);
        }

        private Stmt Loops(int depth, Buffer[] buffers)
        {
            if (depth == 0)
            {
                var statements = Enumerable.Range(0, _random.Next(1, 3)).Select(_ => Statement(buffers)).ToList();
                return Block.Of(statements);
            }
            var v = Var.Index($"i{_names++}");
            var extent = _loops.Count > 0 && _random.Next(6) == 0 ? _loops[_random.Next(_loops.Count)] + 1 : sizes.Length > 0 && _random.Next(2) == 0 ? sizes[_random.Next(sizes.Length)] : Expr.Index(_random.Next(1, 5));
            _loops.Add(v);
            var body = Loops(depth - 1, buffers);
            _loops.RemoveAt(_loops.Count - 1);
            return new For(v, Expr.Index(_random.Next(2)), extent, LoopKind.Serial, body);
        }

        private Stmt Statement(Buffer[] buffers)
        {
            var iterations = _loops.Select((l, n) => new IterVar(Var.Index($"v{n}"), Expr.Index(0), Expr.Index(_random.Next(2, 6)), (IterKind)_random.Next(3), Binding(l))).ToImmutableArray();
            var variables = iterations.Select(it => it.Variable).ToList();
            var target = buffers[_random.Next(2)];
            ImmutableArray<Expr> element = [.. target.Shape.Select(_ => Index(variables))];
            Expr value = Load(buffers, variables);
            if (_random.Next(2) == 0) value = new Binary(BinaryOp.Add, new Load(target, element), value);
            Stmt s = new Instance($"S{_names++}", iterations, [], [], null, new Store(target, element, value), _random.Next(2) == 0);
            return _random.Next(5) == 0 ? new If(Expr.Make(BinaryOp.Le, Index(_loops), Index(_loops)), s) : s;
        }

        private Load Load(Buffer[] buffers, List<Var> variables)
        {
            var from = buffers[_random.Next(2)];
            return new(from, [.. from.Shape.Select(_ => Index(variables))]);
        }

        private Expr Binding(Var loop) => _random.Next(6) switch
        {
            0 => loop + _loops[_random.Next(_loops.Count)] * 4,
            1 => Expr.Min(loop, Expr.Index(2)),
            2 => new Binary(BinaryOp.Div, loop, IntImm.Index(2)),
            3 => new Binary(BinaryOp.Mod, loop + _loops[0], IntImm.Index(3)),
            _ => loop,
        };

        private Expr Index(List<Var> variables)
        {
            var v = variables[_random.Next(variables.Count)];
            return _random.Next(8) switch
            {
                0 => v * 2 + variables[_random.Next(variables.Count)],
                1 => v + _random.Next(3),
                2 => new Binary(BinaryOp.Div, v + variables[_random.Next(variables.Count)], IntImm.Index(_random.Next(1, 4))),
                3 => new Binary(BinaryOp.Mod, v, IntImm.Index(_random.Next(1, 5))),
                4 => v * 4 + variables[_random.Next(variables.Count)],
                5 => Expr.Max(v, variables[_random.Next(variables.Count)]),
                _ => v,
            };
        }
    }
}
