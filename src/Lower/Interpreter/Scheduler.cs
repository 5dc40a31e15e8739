using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Interpreter;

// Loops that start agents. Bound loops directly inside each other with axes of one kind (`thread.x`, `thread.y`) start one group, whose agents a
// barrier joins; any other parallel, bound or virtual loop is a group of its own.
internal sealed partial class StmtCompiler
{
    /// <summary>A statement that may synchronise: yields where its agent has to wait.</summary>
    public Func<Frame, IEnumerable<Wait>> Coroutine(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (!Synchronises(s))
        {
            var plain = Plain(s);
            return f =>
            {
                plain(f);
                return [];
            };
        }
        switch (s)
        {
            case Block b:
                var all = b.Statements.Select(Coroutine).ToArray();
                return f => all.SelectMany(one => one(f));
            case For { Kind: LoopKind.Serial or LoopKind.Vectorized or LoopKind.Unrolled } l:
                var (min, extent, slot) = Loop(l);
                var body = Coroutine(l.Body);
                return f => Iterate(f, min(f), extent(f), slot, body);
            case For l: return Fork(l);
            case If i:
                var (condition, then, @else) = (expressions.Scalar(i.Condition), Coroutine(i.Then), i.Else is null ? null : Coroutine(i.Else));
                return f => condition(f) != 0 ? then(f) : @else?.Invoke(f) ?? [];
            case LetStmt l:
                var (let, rest) = (expressions.LetValue(l.Variable, l.Value), Coroutine(l.Body));
                return f =>
                {
                    let(f);
                    return rest(f);
                };
            case Allocate a:
                var (allocate, inside) = (Allocation(a.Buffer), Coroutine(a.Body));
                return f =>
                {
                    allocate(f);
                    return inside(f);
                };
            case Instance i:
                var (enter, main) = (Domain(i), Inside(i, () => Coroutine(i.Body)));
                return f => enter(f) ? main(f) : [];
            case Effect { Kind: EffectKind.Barrier }: return Barrier;
            case Effect { Kind: EffectKind.Push } x: return f => Push(f, x.Name);
            case Effect { Kind: EffectKind.Pop } x: return f => Pop(f, x.Name);
            default: throw new CompilerBugException("loop interpreter", s.GetType().Name);
        }
    }

    private static IEnumerable<Wait> Iterate(Frame f, long min, long extent, int slot, Func<Frame, IEnumerable<Wait>> body)
    {
        for (long i = min; i < min + extent; i++)
        {
            f.Machine.Step();
            f.Slots[slot] = i;
            foreach (var wait in body(f)) yield return wait;
        }
    }

    private static IEnumerable<Wait> Barrier(Frame f)
    {
        if (f.Who.Clock is not null) yield return Wait.Barrier;
    }

    private static IEnumerable<Wait> Push(Frame f, string queue)
    {
        f.Machine.Step();
        if (!f.Machine.Queues.TryGetValue(queue, out var tokens)) f.Machine.Queues.Add(queue, tokens = new());
        tokens.Enqueue(Token.From(f.Who));
        if (f.Who.Clock is not null) f.Who = f.Who.Next();
        yield return Wait.Turn;
    }

    private static IEnumerable<Wait> Pop(Frame f, string queue)
    {
        Token? token;
        while (!f.Machine.Queues.TryGetValue(queue, out var tokens) || !tokens.TryDequeue(out token)) yield return Wait.Token;
        f.Machine.Step();
        token.ArriveAt(f.Who);
    }

    /// <summary>The loops that start one group, outermost first.</summary>
    private static List<For> Group(For outer)
    {
        var loops = new List<For> { outer };
        while (outer.Kind is LoopKind.Bound && outer.Body is For { Kind: LoopKind.Bound } inner && KindOf(inner) == KindOf(outer)) loops.Add(outer = inner);
        return loops;
    }

    private static string KindOf(For l) => l.Axis?.Split('.')[0] ?? "";

    // The values of the group's variables for every agent, in the order of the loops.
    private static List<long[]> Agents(Frame f, (Func<Frame, long> Min, Func<Frame, long> Extent, int Slot)[] loops)
    {
        var agents = new List<long[]>();
        var values = new long[loops.Length];
        void Enumerate(int d)
        {
            if (d == loops.Length)
            {
                agents.Add((long[])values.Clone());
                return;
            }
            long start = loops[d].Min(f), end = start + loops[d].Extent(f);
            for (long i = start; i < end; i++)
            {
                f.Machine.Step();
                f.Slots[loops[d].Slot] = values[d] = i;
                Enumerate(d + 1);
            }
        }
        Enumerate(0);
        return agents;
    }

    private Action<Frame> PlainFork(For l)
    {
        var group = Group(l);
        var loops = group.Select(Loop).ToArray();
        var body = Plain(group[^1].Body);
        return f =>
        {
            var agents = Agents(f, loops);
            int[] order = [.. Enumerable.Range(0, agents.Count)];
            f.Machine.Random.Shuffle(order);
            var (who, fork, streamed) = (f.Who, f.Machine.NewFork(), f.Streamed);
            f.Streamed = [];
            foreach (int a in order)
            {
                for (int d = 0; d < loops.Length; d++) f.Slots[loops[d].Slot] = agents[a][d];
                f.Who = new(who, fork, a, 0, null, l.Variable, agents[a][0]);
                body(f);
                f.RequireFence();
            }
            (f.Who, f.Streamed) = (who, streamed);
        };
    }

    private sealed class Agent(Frame frame, IEnumerator<Wait> steps)
    {
        public Frame Frame { get; } = frame;
        public IEnumerator<Wait> Steps { get; } = steps;
        public bool AtBarrier { get; set; }
        public bool Done { get; set; }
    }

    private Func<Frame, IEnumerable<Wait>> Fork(For l)
    {
        var group = Group(l);
        var loops = group.Select(Loop).ToArray();
        var body = Coroutine(group[^1].Body);
        return f => Schedule(f, l, Agents(f, loops), loops, body);
    }

    private static IEnumerable<Wait> Schedule(
        Frame f, For l, List<long[]> values, (Func<Frame, long> Min, Func<Frame, long> Extent, int Slot)[] loops, Func<Frame, IEnumerable<Wait>> body)
    {
        int fork = f.Machine.NewFork();
        var agents = new Agent[values.Count];
        for (int a = 0; a < agents.Length; a++)
        {
            var clock = new long[agents.Length];
            clock[a] = 1;
            var frame = f.Fork(new(f.Who, fork, a, 1, clock, l.Variable, values[a][0]));
            for (int d = 0; d < loops.Length; d++) frame.Slots[loops[d].Slot] = values[a][d];
            agents[a] = new(frame, Enumerable.Range(0, 1).SelectMany(_ => body(frame)).GetEnumerator());
        }
        while (agents.Any(a => !a.Done))
        {
            long progress = f.Machine.Progress;
            var ready = agents.Where(a => !a.Done && !a.AtBarrier).ToArray();
            f.Machine.Random.Shuffle(ready);
            bool moved = false;
            foreach (var agent in ready)
            {
                if (!agent.Steps.MoveNext())
                {
                    agent.Frame.RequireFence();
                    agent.Done = moved = true;
                }
                else if (agent.Steps.Current is Wait.Barrier) agent.AtBarrier = moved = true;
            }
            var waiting = agents.Where(a => !a.Done).ToArray();
            if (waiting.Length > 0 && waiting.All(a => a.AtBarrier))
            {
                if (waiting.Length < agents.Length)
                    throw new InterpreterFaultException(FaultKind.MissedBarrier, $"the agent {waiting[0].Frame.Who} waits at a barrier that another agent of its group never reaches", $"for {l.Variable.Name} in …");
                Meet(agents);
            }
            else if (!moved && f.Machine.Progress == progress) yield return Wait.Token;
        }
    }

    // Everyone knows everything that was done before the barrier.
    private static void Meet(Agent[] agents)
    {
        var joined = new long[agents.Length];
        foreach (var a in agents)
            for (int i = 0; i < joined.Length; i++) joined[i] = Math.Max(joined[i], a.Frame.Who.Clock![i]);
        foreach (var a in agents)
        {
            joined.CopyTo(a.Frame.Who.Clock!, 0);
            a.AtBarrier = false;
        }
        foreach (var a in agents) a.Frame.Who = a.Frame.Who.Next();
    }
}
