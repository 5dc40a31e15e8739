using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Rewrites the body of one loop so that it computes all iterations at once, one in each lane. What does not depend on the loop stays scalar.
/// Under a condition that differs by lane, loads and stores carry it as a predicate.</summary>
internal sealed class LoopVectorizer
{
    private readonly int _lanes;
    private readonly Dictionary<Var, Expr> _variables = [];
    private readonly Dictionary<Buffer, Buffer> _privates = [];
    private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);
    private Expr? _mask;

    public LoopVectorizer(Var variable, Expr min, int lanes)
    {
        _lanes = lanes;
        _variables[variable] = new Ramp(min, Expr.Index(1), lanes);
    }

    /// <summary>Null where the body has no vector form.</summary>
    public Stmt? TryVectorize(Stmt body)
    {
        try
        {
            return Visit(body);
        }
        catch (NoVectorFormException)
        {
            return null;
        }
    }

    private Stmt Visit(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return s switch
        {
            Block b => Block.Of(b.Statements.Select(Visit).ToList()),
            For f => VisitFor(f),
            If i => VisitIf(i),
            Store t => VisitStore(t),
            LetStmt l => VisitLet(l),
            Allocate a => VisitAllocate(a),
            Check c => VisitCheck(c),
            Effect { Kind: EffectKind.Prefetch } x => VisitPrefetch(x),
            _ => throw new NoVectorFormException(),
        };
    }

    private For VisitFor(For f)
    {
        // Agents inside a lane are lanes' own business: what is left of a parallel loop here runs in order.
        var kind = f.Kind is LoopKind.Parallel ? LoopKind.Serial : f.Kind;
        return f.With(Visit(f.Body), Scalar(f.Min), Scalar(f.Extent), kind);
    }

    private Stmt VisitIf(If i)
    {
        var condition = Visit(i.Condition);
        if (condition.Type.Lanes == 1) return new If(condition, Visit(i.Then), i.Else is null ? null : Visit(i.Else), i.Origin);
        // The branch may overwrite what the condition reads.
        if (i.Else is null || condition.BuffersRead().IsEmpty)
            return Block.Of(Under(condition, i.Then), i.Else is null ? Block.Empty : Under(Expr.Not(condition), i.Else));
        var taken = new Var("taken", condition.Type);
        return new LetStmt(taken, condition, Block.Of(Under(taken, i.Then), Under(Expr.Not(taken), i.Else)), i.Origin);
    }

    private Stmt Under(Expr condition, Stmt body)
    {
        var outer = _mask;
        _mask = LaneMath.And(outer, condition);
        _done.Clear();
        var result = Visit(body);
        _mask = outer;
        _done.Clear();
        return result;
    }

    private LetStmt VisitLet(LetStmt l)
    {
        var value = Visit(l.Value);
        var variable = Bind(l.Variable, value);
        return new(variable, value, Visit(l.Body), l.Origin);
    }

    private Var Bind(Var v, Expr value)
    {
        if (value.Type.Lanes == 1) return v;
        var vector = new Var(v.Name, value.Type);
        _variables[v] = vector;
        return vector;
    }

    // Every lane has its own: one more dimension, the lane.
    private Allocate VisitAllocate(Allocate a)
    {
        var b = a.Buffer;
        if (b.Layout is not null || b.Shape.Any(e => Visit(e).Type.Lanes > 1)) throw new NoVectorFormException();
        var lanes = new Buffer(b.Name, b.Type, b.Shape.Add(Expr.Index(_lanes)), b.Role, b.Scope, null, b.Device, b.Memory);
        _privates[b] = lanes;
        return new(lanes, Visit(a.Body), a.Origin);
    }

    private Check VisitCheck(Check c)
    {
        var condition = Visit(c.Condition);
        if (_mask is not null) condition = LaneMath.Make(BinaryOp.Or, Expr.Not(_mask), condition);
        if (condition.Type.Lanes > 1) condition = LaneMath.Uniform(condition) ?? new LaneReduce(BinaryOp.And, condition);
        return new(condition, c.Message, [.. c.Values.Select(Scalar)], c.Origin);
    }

    // The first lane's element stands for all; where that is not told apart, nothing is asked for.
    private Stmt VisitPrefetch(Effect x)
    {
        var arguments = x.Arguments.Select(Visit).Select(e => e is Ramp r ? r.Base : LaneMath.Uniform(e)).ToList();
        return arguments.TrueForAll(e => e is not null) && !_privates.ContainsKey(x.Buffers[0]) ? new Effect(x.Kind, x.Name, x.Buffers, [.. arguments.Select(e => e!)], x.Origin) : Block.Empty;
    }

    private Stmt VisitStore(Store s)
    {
        var (buffer, indices) = Place(s.Buffer, s.Indices);
        var predicate = s.Predicate is null ? null : Visit(s.Predicate);
        if (Load.LanesOf(indices) > 1)
        {
            if (LaneMath.And(_mask, predicate) is { } mask) predicate = Expr.Splat(mask, _lanes);
            return new Store(buffer, indices, Expr.Splat(Visit(s.Value), _lanes), predicate, s.NonTemporal, s.Origin);
        }
        if (predicate?.Type.Lanes > 1) throw new NoVectorFormException();
        if (Reduction.TryMatch(s, out var reduction)) return StoreReduced(s, reduction.Value, predicate);
        // All lanes write one place: the same thing once, or different things for which lockstep has no order.
        var value = Visit(s.Value);
        if (value.Type.Lanes > 1 || s.Value.BuffersRead().Contains(s.Buffer)) throw new NoVectorFormException();
        return WhereAnyLane(new Store(buffer, indices, value, predicate, s.NonTemporal, s.Origin));
    }

    private Stmt StoreReduced(Store s, Reduction reduction, Expr? predicate)
    {
        var element = Expr.Splat(Visit(reduction.Element), _lanes);
        if (_mask is not null) element = Expr.If(_mask, element, Expr.Constant(reduction.Identity));
        var current = Visit(reduction.Current);
        var total = new Binary(reduction.Op, current, new LaneReduce(reduction.Op, element));
        return WhereAnyLane(new Store(s.Buffer, [.. s.Indices.Select(Scalar)], total, predicate, s.NonTemporal, s.Origin));
    }

    private Stmt WhereAnyLane(Stmt s) => _mask is null ? s : LaneMath.Any(_mask) is var any && any.IsTrue ? s : new If(any, s, null, s.Origin);

    private Expr Scalar(Expr e) => LaneMath.Uniform(Visit(e)) ?? throw new NoVectorFormException();

    private (Buffer, ImmutableArray<Expr>) Place(Buffer buffer, ImmutableArray<Expr> indices)
    {
        var visited = indices.Select(i => Visit(i) is var e && LaneMath.Uniform(e) is { } same ? same : e).ToImmutableArray();
        return _privates.TryGetValue(buffer, out var lanes)
            ? (lanes, visited.Add(new Ramp(Expr.Index(0), Expr.Index(1), _lanes)))
            : (buffer, visited);
    }

    private Expr Visit(Expr e)
    {
        if (e is IntImm or FloatImm) return e;
        if (e is Var v && _variables.TryGetValue(v, out var known)) return known;
        if (e.Type.Lanes > 1) throw new NoVectorFormException();
        if (e is Var) return e;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = VisitNode(e));
        return result;
    }

    private Expr VisitNode(Expr e)
    {
        switch (e)
        {
            case Binary b:
            {
                var (left, right) = (Visit(b.Left), Visit(b.Right));
                // A lane that is switched off may hold anything, and an integer division by zero ends the program.
                if (_mask is not null && b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod
                    && !b.Type.Element.IsFloat && !right.TryGetConstant(out _))
                    right = Expr.If(right.Type.Lanes > 1 ? _mask : LaneMath.Any(_mask), right, new IntImm(b.Type.Element, 1));
                return ReferenceEquals(left, b.Left) && ReferenceEquals(right, b.Right) ? b : LaneMath.Make(b.Op, left, right);
            }
            case Unary u:
                return Visit(u.Operand) is var operand && ReferenceEquals(operand, u.Operand) ? u : Expr.Make(u.Op, operand);
            case Call c:
            {
                var arguments = c.Arguments.Select(Visit).ToImmutableArray();
                int lanes = arguments.Max(a => a.Type.Lanes);
                return lanes == 1 && arguments.AsSpan().SequenceEqual(c.Arguments.AsSpan())
                    ? c : new Call(c.Function, [.. arguments.Select(a => Expr.Splat(a, lanes))]);
            }
            case Cast c:
                return Visit(c.Operand) is var converted && ReferenceEquals(converted, c.Operand)
                    ? c : new Cast(c.Kind, c.Type.WithLanes(converted.Type.Lanes), converted);
            case Select s:
            {
                var (condition, then, @else) = (Visit(s.Condition), Visit(s.Then), Visit(s.Else));
                return ReferenceEquals(condition, s.Condition) && ReferenceEquals(then, s.Then) && ReferenceEquals(@else, s.Else)
                    ? s : Expr.If(condition, then, @else);
            }
            case Load l:
                return VisitLoad(l);
            case Let l:
            {
                var value = Visit(l.Value);
                var variable = Bind(l.Variable, value);
                var body = Visit(l.Body);
                return ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) ? l : new Let(variable, value, body);
            }
            default:
                throw new NoVectorFormException();
        }
    }

    private Load VisitLoad(Load l)
    {
        var (buffer, indices) = Place(l.Buffer, l.Indices);
        var own = l.Predicate is null ? null : Visit(l.Predicate);
        int lanes = Load.LanesOf(indices);
        if (own?.Type.Lanes > lanes)
        {
            // One place, read by some lanes only: a vector load that reads it for each.
            indices = indices.IsEmpty ? throw new NoVectorFormException() : indices.SetItem(indices.Length - 1, Expr.Splat(indices[^1], lanes = _lanes));
        }
        var predicate = _mask is null || own is null && IsWholeRegister(buffer, indices) ? own : LaneMath.And(lanes > 1 ? _mask : LaneMath.Any(_mask), own);
        if (predicate is null || predicate.IsTrue) predicate = null;
        else if (lanes > 1) predicate = Expr.Splat(predicate, lanes);
        return new Load(buffer, indices, predicate);
    }

    // All lanes exist, whatever the mask says, and those that are off are not looked at. A predicate would keep the buffer from becoming registers.
    private bool IsWholeRegister(Buffer buffer, ImmutableArray<Expr> indices) =>
        buffer.Scope is MemoryScope.Register && !_privates.ContainsValue(buffer) && indices.Zip(buffer.Shape).All(d =>
            d.First is not Broadcast && (d.First.Type.Lanes == 1 || d is (Ramp { Base: IntImm { Value: >= 0 and var first }, Stride: IntImm { Value: 1 } }, IntImm extent)
                && first + d.First.Type.Lanes <= extent.Value));

    /// <summary>A store of the form <c>place = place op element</c>.</summary>
    private readonly record struct Reduction(BinaryOp Op, Load Current, Expr Element, Scalar Identity)
    {
        public static bool TryMatch(Store s, [NotNullWhen(true)] out Reduction? reduction)
        {
            reduction = s.Value switch
            {
                Binary b when IdentityOf(b.Op, b.Type.Element) is { } identity && IsCurrent(b.Left, s) && IsFree(b.Right, s) => new(b.Op, (Load)b.Left, b.Right, identity),
                Binary b when IdentityOf(b.Op, b.Type.Element) is { } identity && IsCurrent(b.Right, s) && IsFree(b.Left, s) => new(b.Op, (Load)b.Right, b.Left, identity),
                Call { Function: Intrinsic.Fma } f when IsCurrent(f.Arguments[2], s) && IsFree(f.Arguments[0], s) && IsFree(f.Arguments[1], s)
                    => new(BinaryOp.Add, (Load)f.Arguments[2], Expr.Make(BinaryOp.Mul, f.Arguments[0], f.Arguments[1]), IdentityOf(BinaryOp.Add, f.Type.Element)!.Value),
                _ => null,
            };
            return reduction is not null;
        }

        private static bool IsCurrent(Expr e, Store s) =>
            e is Load { Predicate: null } l && l.Buffer == s.Buffer && l.Indices.Zip(s.Indices).All(p => StructuralComparer.Equal(p.First, p.Second));

        private static bool IsFree(Expr e, Store s) => !e.BuffersRead().Contains(s.Buffer);

        private static Scalar? IdentityOf(BinaryOp op, ElementType type) => op switch
        {
            BinaryOp.Add => ScalarMath.Identity(ReduceKind.Sum, type),
            BinaryOp.Mul => ScalarMath.Identity(ReduceKind.Prod, type),
            BinaryOp.Min => ScalarMath.Identity(ReduceKind.Min, type),
            BinaryOp.Max => ScalarMath.Identity(ReduceKind.Max, type),
            BinaryOp.And => ScalarMath.Identity(ReduceKind.BitAnd, type),
            BinaryOp.Or => ScalarMath.Identity(ReduceKind.BitOr, type),
            BinaryOp.Xor => ScalarMath.Identity(ReduceKind.BitXor, type),
            _ => null,
        };
    }

    private sealed class NoVectorFormException : Exception;
}
