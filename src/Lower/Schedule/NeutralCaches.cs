using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule;

/// <summary>What caches hold past the ends of tensors. A cache is filled by one instance that copies an element where it is inside of the tensor, and writes 0 elsewhere; so where a range is left
/// that ends with the tensor, a read of the cache gives 0.</summary>
internal sealed class NeutralCaches
{
    private readonly ScheduleState _state;
    private readonly Instance _reader;
    private readonly LoopPlace _place;
    private readonly RangeContext _ranges;
    private readonly Dictionary<Var, Expr> _bindings;
    // Loops of one iteration.
    private readonly Dictionary<Var, Expr> _fixed;

    /// <param name="reader">The instance that reads caches, inside of <paramref name="place"/>.</param>
    /// <param name="ranges">Knows the ranges of all loops around the reader.</param>
    public NeutralCaches(ScheduleState state, LoopPlace place, Instance reader, RangeContext ranges)
    {
        (_state, _place, _reader, _ranges) = (state, place, reader, ranges);
        _bindings = reader.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        _fixed = place.Around.Concat(LoopPlace.LoopsIn(place.Loop)).Where(f => f.Extent.IsConstant(1)).ToDictionary(f => f.Variable, f => f.Min);
    }

    /// <summary>True where <paramref name="value"/> (over the reader's iterations) is 0 for every point for which <paramref name="condition"/> (over the loops) is false.</summary>
    public bool IsZeroWithout(Expr value, Expr condition) => value switch
    {
        Load l => IsZeroWithout(l, condition),
        Cast { Kind: CastKind.Convert } c => IsZeroWithout(c.Operand, condition),
        // A product with a zero is one, but not of infinity.
        Binary { Op: BinaryOp.Mul } b when b.Type.Element.IsInteger => IsZeroWithout(b.Left, condition) && CanRead(b.Right) || IsZeroWithout(b.Right, condition) && CanRead(b.Left),
        Binary { Op: BinaryOp.Mul or BinaryOp.Add } b => IsZeroWithout(b.Left, condition) && IsZeroWithout(b.Right, condition),
        _ => false,
    };

    /// <summary>True where a read needs no predicate: it happens inside of its cache, and gives 0 where the predicate is false.</summary>
    public bool NeedsNoPredicate(Load l) => l.Predicate is null || Conjuncts(l.Predicate).All(c => IsZeroWithout(new Load(l.Buffer, l.Indices), c.Substitute(_bindings)));

    private bool IsZeroWithout(Load l, Expr condition)
    {
        if (l.Predicate is not null || Margin(condition) is not { } wanted || !IsInside(l) || Fill(l) is not var (predicate, at)) return false;
        foreach (var c in Conjuncts(predicate))
            if (Margin(c.Substitute(at)) is { } holds && wanted.Minus(holds) is { IsConstant: true, Constant: >= 0 }) return true;
        return false;
    }

    // Reads that would be outside of their buffers do not happen under the condition only.
    private bool CanRead(Expr e)
    {
        var reads = new Reads();
        reads.Visit(e);
        return reads.Loads.All(l => l.Predicate is null && IsInside(l) && (l.Buffer.Role is BufferRole.Input || Fill(l) is not null)) && !reads.CanFail;
    }

    private bool IsInside(Load l)
    {
        for (int d = 0; d < l.Indices.Length; d++)
        {
            var at = l.Indices[d].Substitute(_bindings);
            if (_ranges.Decide(BinaryOp.Ge, at, Expr.Index(0)) != true || _ranges.Decide(BinaryOp.Lt, at, l.Buffer.Shape[d]) != true) return false;
        }
        return true;
    }

    // The condition under which the element that is read was copied, over the fill's variables, and what these are for that element, over loops around the reader.
    private (Expr Predicate, Dictionary<Var, Expr> At)? Fill(Load l)
    {
        var writers = _state.Nests.Writers(l.Buffer).SelectMany(n => _state.Nests.Instances(n).Where(i => i.Writes.Any(w => ReferenceEquals(w.Buffer, l.Buffer))).Select(i => (Nest: n, Instance: i))).ToList();
        if (l.Buffer.Role is not BufferRole.Temporary || writers is not [var (nest, fill)] || fill.Init is not null || fill.Body is not Store { Predicate: null } store) return null;
        if (nest == _place.Nest ? !IsBefore(fill) : _state.Nests.Order.IndexOf(nest) > _state.Nests.Order.IndexOf(_place.Nest)) return null;
        var predicate = store.Value switch
        {
            Load l0 => l0.Predicate ?? Expr.True,
            Select { Then: Load, Else: var other } s when other.TryGetConstant(out var zero) && ScalarMath.ToBits(zero) == 0 => s.Condition,
            _ => null,
        };
        if (predicate is null) return null;
        var around = NestPath.LoopsAround(_state.Nests[nest], fill.Name);
        var shared = _place.Around.Select(f => f.Variable).ToHashSet();
        var at = new Dictionary<Var, Expr>();
        // Every element is written, each by the point that it is the place of.
        for (int d = 0; d < store.Indices.Length; d++)
        {
            if (store.Indices[d] is not Var v || fill.Iterations.FirstOrDefault(it => ReferenceEquals(it.Variable, v)) is not { Binding: Var own } point || !at.TryAdd(v, l.Indices[d].Substitute(_bindings))) return null;
            if (around.FirstOrDefault(f => ReferenceEquals(f.Variable, own)) is not { } loop || shared.Contains(own) || !loop.Min.IsConstant(0) || !point.Start.IsConstant(0)
                || !StructuralComparer.Equal(loop.Extent, point.End) || !StructuralComparer.Equal(loop.Extent, l.Buffer.Shape[d])) return null;
        }
        foreach (var it in fill.Iterations.Where(it => !at.ContainsKey(it.Variable)))
        {
            // Filled in every iteration of a loop around both.
            if (it.Binding is not Var outer || _place.Around.FirstOrDefault(f => ReferenceEquals(f.Variable, outer)) is not { } loop) return null;
            var known = fill.Iterations.ToDictionary(x => x.Variable, x => x.Binding);
            if (!StructuralComparer.Equal(it.Start.Substitute(known), loop.Min) || !StructuralComparer.Equal(it.End.Substitute(known), loop.Min + loop.Extent)) return null;
            at.Add(it.Variable, it.Binding);
        }
        return around.All(f => shared.Contains(f.Variable) || fill.Iterations.Any(it => ReferenceEquals(it.Binding, f.Variable))) ? (predicate, at) : null;
    }

    private bool IsBefore(Instance fill) =>
        LoopPlace.InstancesIn(_state.Nests[_place.Nest]).TakeWhile(i => !ReferenceEquals(i, _reader)).Contains(fill);

    // A comparison as a form that is not negative where it holds.
    private LinearForm? Margin(Expr condition)
    {
        condition = condition.Substitute(_fixed);
        if (condition is not Binary { Op: BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge } b || b.Left.Type != IrType.Index || LinearForm.Of(b.Left) is not { } left || LinearForm.Of(b.Right) is not { } right) return null;
        var form = b.Op is BinaryOp.Gt or BinaryOp.Ge ? left.Minus(right) : right.Minus(left);
        return b.Op is BinaryOp.Lt or BinaryOp.Gt ? form?.Plus(-1) : form;
    }

    private static IEnumerable<Expr> Conjuncts(Expr e) => LoopConditions.Conjuncts(e);

    private sealed class Reads : Walker
    {
        public List<Load> Loads { get; } = [];
        public bool CanFail { get; private set; }

        public override void Visit(Expr e)
        {
            if (e is Load l) Loads.Add(l);
            CanFail |= Predication.IsTrapping(e);
            base.Visit(e);
        }
    }

    /// <summary>Drops the predicates of reads that need none.</summary>
    public Stmt WithoutPredicates(Stmt s) => new Unconditional(this).Visit(s);

    private sealed class Unconditional(NeutralCaches caches) : Rewriter
    {
        protected override Expr VisitLoad(Load l) =>
            l.Predicate is not null && caches.NeedsNoPredicate(l) ? new Load(l.Buffer, VisitAll(l.Indices)) : base.VisitLoad(l);
    }
}
