using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Dependence;

/// <summary>Collects every read and write below a statement, reads of a statement before its write.</summary>
public sealed class AccessCollector : Walker
{
    private readonly List<Access> _accesses = [];
    private readonly List<For> _loops = [];
    private readonly List<Expr> _guards = [];
    private readonly List<Var> _free = [];
    private readonly Dictionary<Var, Expr> _values = [];
    private readonly Dictionary<Var, Expr> _lets = [];
    private readonly Dictionary<Buffer, int> _private = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly IReadOnlySet<string> _startedInstances;
    private Instance? _instance;
    private ImmutableArray<Var> _reductionLoops = [];
    private bool _isInit;
    private bool _isOrdered;
    private BinaryOp? _accumulation;

    private AccessCollector(IReadOnlySet<string>? startedInstances) => _startedInstances = startedInstances ?? ImmutableHashSet<string>.Empty;

    /// <summary>All accesses in the order of the text. An <see cref="Instance.Init"/> counts where it stands, before the body.</summary>
    /// <param name="isOrdered">True where barriers or tokens order the agents of loops, which the accesses don't tell.</param>
    /// <param name="startedInstances">Names of instances whose start has become an instance <c>NAME.init</c> of its own.</param>
    public static ImmutableArray<Access> Collect(Stmt root, out bool isOrdered, IReadOnlySet<string>? startedInstances = null)
    {
        var c = new AccessCollector(startedInstances);
        c.Visit(root);
        isOrdered = c._isOrdered;
        return [.. c._accesses];
    }

    /// <inheritdoc cref="Collect(Stmt, out bool, IReadOnlySet{string}?)"/>
    public static ImmutableArray<Access> Collect(Stmt root) => Collect(root, out _);

    public override void Visit(Stmt s)
    {
        switch (s)
        {
            case For f:
                Read(f.Min);
                Read(f.Extent);
                _loops.Add(f.Min.UsesAny(_values.ContainsKey) || f.Extent.UsesAny(_values.ContainsKey)
                    ? new For(f.Variable, Bind(f.Min), Bind(f.Extent), f.Kind, f.Body, f.Axis, f.Origin) : f);
                Visit(f.Body);
                _loops.RemoveAt(_loops.Count - 1);
                break;
            case If i:
                Read(i.Condition);
                Under([Bind(i.Condition)], () => Visit(i.Then));
                if (i.Else is { } other) Under([Expr.Not(Bind(i.Condition))], () => Visit(other));
                break;
            case LetStmt l:
                Read(l.Value);
                SetLet(l.Variable, l.Value);
                Visit(l.Body);
                break;
            case Allocate a:
                _private[a.Buffer] = _loops.Count;
                Visit(a.Body);
                break;
            case Store t: VisitStore(t); break;
            case Check c:
                Read(c.Condition);
                foreach (var v in c.Values) Read(v);
                break;
            case Instance i: VisitInstance(i); break;
            // What it emits touches the same elements.
            case InstructionCall c: Visit(c.Body); break;
            case Effect { Kind: EffectKind.Copy } x: VisitCopy(x); break;
            case Effect x:
                _isOrdered |= x.Kind is not (EffectKind.Fence or EffectKind.Prefetch);
                foreach (var e in x.Arguments) Read(e);
                break;
            case Launch l:
                foreach (var e in l.Grid.AddRange(l.Block)) Read(e);
                foreach (bool isWrite in (ReadOnlySpan<bool>)[false, true])
                    foreach (var b in l.Buffers) AddWhole(b, isWrite);
                break;
            default: base.Visit(s); break;
        }
    }

    public override void Visit(Expr e)
    {
        if (!_seen.Add(e)) return;
        switch (e)
        {
            case Let l:
                Visit(l.Value);
                SetLet(l.Variable, l.Value);
                Visit(l.Body);
                break;
            case Load l:
                foreach (var i in l.Indices) Visit(i);
                if (l.Predicate is { } p)
                {
                    Visit(p);
                    if (p.Type.Lanes == 1) Under([Bind(p)], () => Add(l.Buffer, l.Indices, false));
                    else Add(l.Buffer, l.Indices, false);
                }
                else Add(l.Buffer, l.Indices, false);
                break;
            default: base.Visit(e); break;
        }
    }

    // The same expression in another place is another read: other guards may hold there.
    private void Read(Expr e)
    {
        _seen.Clear();
        Visit(e);
    }

    private void SetLet(Var v, Expr value)
    {
        _lets[v] = value.Substitute(_lets);
        _values[v] = Bind(value);
    }

    private Expr Bind(Expr e) => e.Substitute(_values);

    private void Under(IEnumerable<Expr> conditions, Action visit)
    {
        int mark = _guards.Count;
        _guards.AddRange(conditions);
        visit();
        _guards.RemoveRange(mark, _guards.Count - mark);
    }

    private void VisitInstance(Instance i)
    {
        foreach (var it in i.Iterations)
        {
            Read(it.Binding);
            _values[it.Variable] = Bind(it.Binding);
        }
        var (outer, outerIsInit, outerLoops) = (_instance, _isInit, _reductionLoops);
        (_instance, _reductionLoops) = (i, ReductionLoops(i));
        foreach (var it in i.Iterations)
        {
            Read(it.Start);
            Read(it.End);
        }
        if (i.Init is { } init)
        {
            _isInit = true;
            Under(Domain(i.Iterations.Where(it => it.Kind is not IterKind.Reduction)), () => Visit(init));
        }
        _isInit = i.Name.EndsWith(".init", StringComparison.Ordinal) && _startedInstances.Contains(i.Name[..^".init".Length]);
        Under(Domain(i.Iterations), () => Visit(i.Body));
        (_instance, _isInit, _reductionLoops) = (outer, outerIsInit, outerLoops);
    }

    // As DecomposeReductions has them: loops that keep their order are outside, also where a reduction starts at their value.
    private ImmutableArray<Var> ReductionLoops(Instance i)
    {
        var carriers = i.Iterations.Where(it => it.Kind is IterKind.Reduction).SelectMany(it => it.Binding.FreeVars()).ToHashSet();
        carriers.ExceptWith(i.Iterations.Where(it => it.Kind is IterKind.Opaque || it.Kind is IterKind.Spatial && it.Binding is Var).SelectMany(it => it.Binding.FreeVars()));
        return [.. carriers.SelectMany(v => Bind(v).FreeVars()).Distinct()];
    }

    // What the loops' own ranges do not give already.
    private List<Expr> Domain(IEnumerable<IterVar> iterations)
    {
        var conditions = new List<Expr>();
        foreach (var it in iterations)
        {
            var (at, start, end) = (_values[it.Variable], Bind(it.Start), Bind(it.End));
            var loop = _loops.LastOrDefault(f => ReferenceEquals(f.Variable, at));
            if (loop is null || !StructuralComparer.Equal(loop.Min, start)) conditions.Add(start <= at);
            if (loop is null || !(StructuralComparer.Equal(loop.Min + loop.Extent, end) || StructuralComparer.Equal(loop.Extent, end - loop.Min))) conditions.Add(at < end);
        }
        conditions.RemoveAll(c => c.IsTrue);
        return conditions;
    }

    private void VisitStore(Store s)
    {
        foreach (var i in s.Indices) Read(i);
        if (s.Predicate is { } p) Read(p);
        var (op, accumulator, value) = Accumulation(s);
        Under(s.Predicate is { Type.Lanes: 1 } condition ? [Bind(condition)] : [], () =>
        {
            _seen.Clear();
            if (op is not null)
            {
                _accumulation = op;
                Add(s.Buffer, accumulator!.Indices, false);
                _accumulation = null;
                Visit(value!);
            }
            else Visit(s.Value);
            _accumulation = op;
            Add(s.Buffer, s.Indices, true);
            _accumulation = null;
        });
    }

    // Integers wrap, so their sums may be done in any order; floats where the reduction says so. What is combined may be chosen, as in a reduction with a condition.
    private (BinaryOp?, Load?, Expr?) Accumulation(Store s)
    {
        if (s.Value is not Binary b || _instance is null || _isInit) return default;
        bool isFree = s.Buffer.Type.IsInteger || s.Buffer.Type is ElementType.Bool || _instance.Reassociate && _instance.HasReduction;
        var op = b.Op is BinaryOp.Sub ? BinaryOp.Add : b.Op;
        if (!isFree || op is not (BinaryOp.Add or BinaryOp.Mul or BinaryOp.Min or BinaryOp.Max or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor)) return default;
        if (op is BinaryOp.And or BinaryOp.Or or BinaryOp.Xor && s.Buffer.Type.IsFloat) return default;
        if (IsElement(b.Left)) return (op, (Load)b.Left, b.Right);
        if (b.Op is not BinaryOp.Sub && IsElement(b.Right)) return (op, (Load)b.Right, b.Left);
        return default;

        bool IsElement(Expr e) => e is Load { Predicate: null } l && ReferenceEquals(l.Buffer, s.Buffer) && l.Type.Lanes == 1
            && l.Indices.SequenceEqual(s.Indices, StructuralComparer.Instance) && !l.Indices.Any(i => i.BuffersRead().Contains(s.Buffer));
    }

    private void VisitCopy(Effect x)
    {
        foreach (var e in x.Arguments) Read(e);
        var (to, from) = (x.Buffers[0], x.Buffers[1]);
        int rank = to.Shape.Length;
        if (from.Shape.Length != rank || x.Arguments.Length != 3 * rank)
        {
            AddWhole(from, false);
            AddWhole(to, true);
            return;
        }
        foreach (bool isWrite in (ReadOnlySpan<bool>)[false, true])
        {
            ImmutableArray<Var> offsets = [.. Enumerable.Range(0, rank).Select(d => Var.Index("e" + d))];
            var inside = offsets.SelectMany((v, d) => (Expr[])[Expr.Index(0) <= v, v < Bind(x.Arguments[2 * rank + d])]);
            _free.AddRange(offsets);
            Under(inside, () => Add(isWrite ? to : from, [.. offsets.Select((v, d) => x.Arguments[isWrite ? d : rank + d] + v)], isWrite));
            _free.RemoveRange(_free.Count - rank, rank);
        }
    }

    // Any element.
    private void AddWhole(Buffer b, bool isWrite)
    {
        ImmutableArray<Var> any = [.. b.Shape.Select((_, d) => Var.Index("e" + d))];
        _free.AddRange(any);
        Under(any.SelectMany((v, d) => (Expr[])[Expr.Index(0) <= v, v < Bind(b.Shape[d])]), () => Add(b, [.. any], isWrite));
        _free.RemoveRange(_free.Count - any.Length, any.Length);
    }

    private void Add(Buffer buffer, ImmutableArray<Expr> indices, bool isWrite)
    {
        int lanes = Load.LanesOf(indices);
        var free = _free.ToImmutableArray();
        var guards = _guards.ToImmutableArray();
        if (lanes > 1)
        {
            var lane = Var.Index("lane");
            indices = [.. indices.Select(i => OfLane(i, lane, ref free))];
            free = free.Add(lane);
            guards = [.. guards, Expr.Index(0) <= lane, lane < lanes];
        }
        ImmutableArray<Expr> bound = [.. indices.Select(Bind)];
        bool isPrivate = _private.TryGetValue(buffer, out int depth);
        _accesses.Add(new()
        {
            Buffer = buffer, Indices = bound, PointIndices = [.. indices.Select(i => i.Substitute(_lets))], IsWrite = isWrite, Accumulation = _accumulation, IsInit = _isInit,
            Loops = [.. _loops], Guards = guards, Free = free, Instance = _instance, Bindings = _instance is { } instance ? [.. instance.Iterations.Select(it => _values[it.Variable])] : [],
            ReductionLoops = _reductionLoops, Order = _accesses.Count, IsPrivate = isPrivate, OwnerDepth = depth,
        });
    }

    // The index of one lane; one that cannot be told may be any.
    private static Expr OfLane(Expr e, Var lane, ref ImmutableArray<Var> free)
    {
        if (e.Type.Lanes == 1) return e;
        switch (e)
        {
            case Broadcast b: return b.Value;
            case Ramp r: return r.Base + lane * r.Stride;
            case Binary b: return Expr.Make(b.Op, OfLane(b.Left, lane, ref free), OfLane(b.Right, lane, ref free));
            default:
                var any = Var.Index("any");
                free = free.Add(any);
                return any;
        }
    }
}
