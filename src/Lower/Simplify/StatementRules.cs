using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Simplify;

internal sealed partial class SimplifyRewriter
{
    private static bool IsEmpty(Stmt s) => s is Block { Statements.IsEmpty: true };

    // After a check its condition holds for the rest of the block.
    protected override Stmt VisitBlock(Block b)
    {
        int mark = context.Mark();
        var statements = ImmutableArray.CreateBuilder<Stmt>(b.Statements.Length);
        bool same = true;
        foreach (var s in b.Statements)
        {
            var next = Visit(s);
            same &= ReferenceEquals(next, s) && !IsEmpty(next);
            if (!IsEmpty(next)) statements.Add(next);
            if (next is Check c) context.Assume(c.Condition);
        }
        context.Release(mark);
        return same ? b : Block.Of(statements);
    }

    protected override Stmt VisitFor(For f)
    {
        var (min, extent) = (Visit(f.Min), Visit(f.Extent));
        if (context.Decide(BinaryOp.Le, extent, IntImm.Index(0)) == true) return Block.Empty;
        // A bound loop says how a device is launched, even with one iteration.
        if (extent.IsConstant(1) && f.Kind is not LoopKind.Bound)
        {
            _values[f.Variable] = min;
            return Visit(f.Body);
        }
        int mark = context.Mark();
        context.BindLoop(f.Variable, min, extent);
        context.Assume(new Binary(BinaryOp.Ge, extent, IntImm.Index(1)));
        var body = Visit(f.Body);
        context.Release(mark);
        return IsEmpty(body) ? body
            : ReferenceEquals(min, f.Min) && ReferenceEquals(extent, f.Extent) && ReferenceEquals(body, f.Body) ? f
            : f.With(body, min, extent);
    }

    protected override Stmt VisitIf(If i)
    {
        var condition = Visit(i.Condition);
        if (condition.IsTrue) return Visit(i.Then);
        if (condition.IsFalse) return i.Else is null ? Block.Empty : Visit(i.Else);
        var then = Under(condition, true, i.Then);
        var @else = i.Else is null ? null : Under(condition, false, i.Else);
        if (@else is not null && IsEmpty(@else)) @else = null;
        if (IsEmpty(then)) return @else is null ? Block.Empty : new If(Visit(new Unary(UnaryOp.Not, condition)), @else, null, i.Origin);
        return ReferenceEquals(condition, i.Condition) && ReferenceEquals(then, i.Then) && ReferenceEquals(@else, i.Else) ? i : new If(condition, then, @else, i.Origin);
    }

    private Stmt Under(Expr condition, bool holds, Stmt s)
    {
        int mark = context.Mark();
        context.Assume(condition, holds);
        var result = Visit(s);
        context.Release(mark);
        return result;
    }

    protected override Stmt VisitStore(Store s)
    {
        var indices = VisitAll(s.Indices);
        var value = Visit(s.Value);
        var predicate = s.Predicate is null ? null : Visit(s.Predicate);
        if (predicate is { IsFalse: true }) return Block.Empty;
        if (predicate is { IsTrue: true }) predicate = null;
        return indices == s.Indices && ReferenceEquals(value, s.Value) && ReferenceEquals(predicate, s.Predicate)
            ? s : new Store(s.Buffer, indices, value, predicate, s.NonTemporal, s.Origin);
    }

    protected override Stmt VisitLetStmt(LetStmt l)
    {
        var value = Visit(l.Value);
        if (IsTrivial(value))
        {
            _values[l.Variable] = value;
            return Visit(l.Body);
        }
        int mark = context.Mark();
        context.BindValue(l.Variable, value);
        var body = Visit(l.Body);
        context.Release(mark);
        return IsEmpty(body) ? body
            : ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) ? l : new LetStmt(l.Variable, value, body, l.Origin);
    }

    protected override Stmt VisitAllocate(Allocate a) => base.VisitAllocate(a) is Allocate x && !IsEmpty(x.Body) ? x : Block.Empty;

    protected override Stmt VisitCheck(Check c)
    {
        var condition = Visit(c.Condition);
        if (condition.IsTrue) return Block.Empty;
        var values = VisitAll(c.Values);
        return ReferenceEquals(condition, c.Condition) && values == c.Values ? c : new Check(condition, c.Message, values, c.Origin);
    }

    // Bindings stand among the loops; the rest sees the iteration variables, inside their ranges.
    protected override Stmt VisitInstance(Instance i)
    {
        var bindings = VisitAll([.. i.Iterations.Select(it => it.Binding)]);
        int mark = context.Mark();
        var iterations = i.Iterations;
        for (int k = 0; k < iterations.Length; k++)
        {
            var it = i.Iterations[k];
            var next = it with { Start = Visit(it.Start), End = Visit(it.End), Binding = bindings[k] };
            context.BindRange(it.Variable, next.Start, next.End);
            if (!ReferenceEquals(next.Start, it.Start) || !ReferenceEquals(next.End, it.End) || !ReferenceEquals(next.Binding, it.Binding))
                iterations = iterations.SetItem(k, next);
        }
        var (reads, writes) = (VisitRegions(i.Reads), VisitRegions(i.Writes));
        var init = i.Init is null ? null : Visit(i.Init);
        if (init is not null && IsEmpty(init)) init = null;
        var body = Visit(i.Body);
        context.Release(mark);
        return iterations == i.Iterations && reads == i.Reads && writes == i.Writes && ReferenceEquals(init, i.Init) && ReferenceEquals(body, i.Body)
            ? i : new Instance(i.Name, iterations, reads, writes, init, body, i.Reassociate, i.Origin);
    }
}
