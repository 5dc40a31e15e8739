using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>Rebuilds an IR bottom-up. Override the few nodes that change; the rest returns the same object when nothing below changed.
/// Deep input ends in <see cref="InsufficientExecutionStackException"/>, not in a crash.</summary>
public abstract class Rewriter
{
    public virtual Expr Visit(Expr e)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return e switch
        {
            IntImm or FloatImm => e,
            Var v => VisitVar(v),
            Binary b => VisitBinary(b),
            Unary u => VisitUnary(u),
            Call c => VisitCall(c),
            Cast c => VisitCast(c),
            Select s => VisitSelect(s),
            Load l => VisitLoad(l),
            Ramp r => VisitRamp(r),
            Broadcast b => VisitBroadcast(b),
            LaneReduce r => VisitLaneReduce(r),
            Let l => VisitLet(l),
            _ => throw new UnreachableException(e.GetType().Name),
        };
    }

    public virtual Stmt Visit(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return s switch
        {
            Block b => VisitBlock(b),
            For f => VisitFor(f),
            If i => VisitIf(i),
            Store t => VisitStore(t),
            LetStmt l => VisitLetStmt(l),
            Allocate a => VisitAllocate(a),
            Check c => VisitCheck(c),
            Effect x => VisitEffect(x),
            Instance i => VisitInstance(i),
            Launch l => VisitLaunch(l),
            InstructionCall c => VisitInstruction(c),
            _ => throw new UnreachableException(s.GetType().Name),
        };
    }

    /// <summary>Called for every buffer that a node mentions.</summary>
    protected virtual Buffer VisitBuffer(Buffer b) => b;
    protected virtual Expr VisitVar(Var v) => v;

    protected virtual Expr VisitBinary(Binary b)
    {
        var (l, r) = (Visit(b.Left), Visit(b.Right));
        return Same(l, b.Left) && Same(r, b.Right) ? b : new Binary(b.Op, l, r);
    }

    protected virtual Expr VisitUnary(Unary u)
    {
        var x = Visit(u.Operand);
        return Same(x, u.Operand) ? u : new Unary(u.Op, x);
    }

    protected virtual Expr VisitCall(Call c)
    {
        var args = VisitAll(c.Arguments);
        return args == c.Arguments ? c : new Call(c.Function, args);
    }

    protected virtual Expr VisitCast(Cast c)
    {
        var x = Visit(c.Operand);
        return Same(x, c.Operand) ? c : new Cast(c.Kind, c.Type.WithLanes(x.Type.Lanes), x);
    }

    protected virtual Expr VisitSelect(Select s)
    {
        var (c, t, e) = (Visit(s.Condition), Visit(s.Then), Visit(s.Else));
        return Same(c, s.Condition) && Same(t, s.Then) && Same(e, s.Else) ? s : s.With(c, t, e);
    }

    protected virtual Expr VisitLoad(Load l)
    {
        var buffer = VisitBuffer(l.Buffer);
        var indices = VisitAll(l.Indices);
        var predicate = l.Predicate is null ? null : Visit(l.Predicate);
        return buffer == l.Buffer && indices == l.Indices && Same(predicate, l.Predicate) ? l : new Load(buffer, indices, predicate);
    }

    protected virtual Expr VisitRamp(Ramp r)
    {
        var (b, s) = (Visit(r.Base), Visit(r.Stride));
        return Same(b, r.Base) && Same(s, r.Stride) ? r : new Ramp(b, s, r.Type.Lanes);
    }

    protected virtual Expr VisitBroadcast(Broadcast b)
    {
        var v = Visit(b.Value);
        return Same(v, b.Value) ? b : new Broadcast(v, b.Type.Lanes);
    }

    protected virtual Expr VisitLaneReduce(LaneReduce r)
    {
        var v = Visit(r.Vector);
        return Same(v, r.Vector) ? r : new LaneReduce(r.Op, v);
    }

    protected virtual Expr VisitLet(Let l)
    {
        var (v, b) = (Visit(l.Value), Visit(l.Body));
        return Same(v, l.Value) && Same(b, l.Body) ? l : new Let(l.Variable, v, b);
    }

    protected virtual Stmt VisitBlock(Block b)
    {
        ImmutableArray<Stmt>.Builder? changed = null;
        for (int i = 0; i < b.Statements.Length; i++)
        {
            var s = Visit(b.Statements[i]);
            if (changed is null && !ReferenceEquals(s, b.Statements[i]))
            {
                changed = ImmutableArray.CreateBuilder<Stmt>(b.Statements.Length);
                changed.AddRange(b.Statements.AsSpan(0, i));
            }
            changed?.Add(s);
        }
        return changed is null ? b : Block.Of(changed.ToImmutable());
    }

    protected virtual Stmt VisitFor(For f)
    {
        var (min, extent, body) = (Visit(f.Min), Visit(f.Extent), Visit(f.Body));
        return Same(min, f.Min) && Same(extent, f.Extent) && Same(body, f.Body) ? f : f.With(body, min, extent);
    }

    protected virtual Stmt VisitIf(If i)
    {
        var (c, t) = (Visit(i.Condition), Visit(i.Then));
        var e = i.Else is null ? null : Visit(i.Else);
        return Same(c, i.Condition) && Same(t, i.Then) && Same(e, i.Else) ? i : new If(c, t, e, i.Origin);
    }

    protected virtual Stmt VisitStore(Store s)
    {
        var buffer = VisitBuffer(s.Buffer);
        var indices = VisitAll(s.Indices);
        var value = Visit(s.Value);
        var predicate = s.Predicate is null ? null : Visit(s.Predicate);
        return buffer == s.Buffer && indices == s.Indices && Same(value, s.Value) && Same(predicate, s.Predicate)
            ? s : new Store(buffer, indices, value, predicate, s.NonTemporal, s.Origin);
    }

    protected virtual Stmt VisitLetStmt(LetStmt l)
    {
        var v = Visit(l.Value);
        var b = Visit(l.Body);
        return Same(v, l.Value) && Same(b, l.Body) ? l : new LetStmt(l.Variable, v, b, l.Origin);
    }

    protected virtual Stmt VisitAllocate(Allocate a)
    {
        var buffer = VisitBuffer(a.Buffer);
        var body = Visit(a.Body);
        return buffer == a.Buffer && Same(body, a.Body) ? a : new Allocate(buffer, body, a.Origin);
    }

    protected virtual Stmt VisitCheck(Check c)
    {
        var cond = Visit(c.Condition);
        var values = VisitAll(c.Values);
        return Same(cond, c.Condition) && values == c.Values ? c : new Check(cond, c.Message, values, c.Origin);
    }

    protected virtual Stmt VisitEffect(Effect x)
    {
        var buffers = VisitBuffers(x.Buffers);
        var args = VisitAll(x.Arguments);
        return buffers == x.Buffers && args == x.Arguments ? x : new Effect(x.Kind, x.Name, buffers, args, x.Origin);
    }

    protected virtual Stmt VisitInstance(Instance i)
    {
        bool same = true;
        var iterations = i.Iterations;
        for (int k = 0; k < iterations.Length; k++)
        {
            var it = iterations[k];
            var next = it with { Start = Visit(it.Start), End = Visit(it.End), Binding = Visit(it.Binding) };
            if (Same(next.Start, it.Start) && Same(next.End, it.End) && Same(next.Binding, it.Binding)) continue;
            iterations = iterations.SetItem(k, next);
            same = false;
        }
        var reads = VisitRegions(i.Reads);
        var writes = VisitRegions(i.Writes);
        var init = i.Init is null ? null : Visit(i.Init);
        var body = Visit(i.Body);
        return same && reads == i.Reads && writes == i.Writes && Same(init, i.Init) && Same(body, i.Body)
            ? i : new Instance(i.Name, iterations, reads, writes, init, body, i.Reassociate, i.Origin);
    }

    protected virtual Stmt VisitLaunch(Launch l)
    {
        var (buffers, grid, block) = (VisitBuffers(l.Buffers), VisitAll(l.Grid), VisitAll(l.Block));
        return buffers == l.Buffers && grid == l.Grid && block == l.Block ? l : new Launch(l.Function, buffers, grid, block, l.Origin);
    }

    protected virtual Stmt VisitInstruction(InstructionCall c)
    {
        var emission = c.Emission is null ? null : VisitEmission(c.Emission);
        var inC = c.CEmission is null ? null : VisitEmission(c.CEmission);
        var body = Visit(c.Body);
        return Same(emission, c.Emission) && Same(inC, c.CEmission) && Same(body, c.Body) ? c : new InstructionCall(c.Name, emission, body, c.Origin) { CEmission = inC };
    }

    protected virtual InstructionEmission VisitEmission(InstructionEmission e)
    {
        var operations = e.Operations;
        for (int n = 0; n < operations.Length; n++)
            if (VisitArguments(operations[n].Arguments) is var arguments && arguments != operations[n].Arguments) operations = operations.SetItem(n, operations[n] with { Arguments = arguments });
        var (target, indices) = (VisitBuffer(e.Target), VisitAll(e.Indices));
        return operations == e.Operations && target == e.Target && indices == e.Indices ? e : e with { Operations = operations, Target = target, Indices = indices };
    }

    protected ImmutableArray<InstructionArgument> VisitArguments(ImmutableArray<InstructionArgument> arguments)
    {
        for (int n = 0; n < arguments.Length; n++)
            if (arguments[n].Value is { } old && Visit(old) is var value && !Same(value, old)) arguments = arguments.SetItem(n, arguments[n] with { Value = value });
        return arguments;
    }

    /// <summary>Returns the same array when no element changed.</summary>
    protected ImmutableArray<Expr> VisitAll(ImmutableArray<Expr> items)
    {
        for (int i = 0; i < items.Length; i++)
        {
            var e = Visit(items[i]);
            if (ReferenceEquals(e, items[i])) continue;
            var changed = items.ToBuilder();
            changed[i] = e;
            for (int j = i + 1; j < items.Length; j++) changed[j] = Visit(items[j]);
            return changed.ToImmutable();
        }
        return items;
    }

    protected ImmutableArray<Region> VisitRegions(ImmutableArray<Region> items)
    {
        var result = items;
        for (int i = 0; i < items.Length; i++)
        {
            var r = items[i];
            var (buffer, start, extent) = (VisitBuffer(r.Buffer), VisitAll(r.Start), VisitAll(r.Extent));
            if (buffer != r.Buffer || start != r.Start || extent != r.Extent) result = result.SetItem(i, new(buffer, start, extent));
        }
        return result;
    }

    private ImmutableArray<Buffer> VisitBuffers(ImmutableArray<Buffer> items)
    {
        var result = items;
        for (int i = 0; i < items.Length; i++)
        {
            var b = VisitBuffer(items[i]);
            if (b != items[i]) result = result.SetItem(i, b);
        }
        return result;
    }

    private static bool Same(object? a, object? b) => ReferenceEquals(a, b);
}
