using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Tx.Lower.Ir;

/// <summary>Reads an IR in the order of the text. Override the few nodes that matter and call the base to go on below them.</summary>
public abstract class Walker
{
    public virtual void Visit(Expr e)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (e)
        {
            case IntImm or FloatImm or Var: break;
            case Binary b: Visit(b.Left); Visit(b.Right); break;
            case Unary u: Visit(u.Operand); break;
            case Call c: VisitAll(c.Arguments); break;
            case Cast c: Visit(c.Operand); break;
            case Select s: Visit(s.Condition); Visit(s.Then); Visit(s.Else); break;
            case Load l: VisitBuffer(l.Buffer); VisitAll(l.Indices); VisitOptional(l.Predicate); break;
            case Ramp r: Visit(r.Base); Visit(r.Stride); break;
            case Broadcast b: Visit(b.Value); break;
            case LaneReduce r: Visit(r.Vector); break;
            case Let l: Visit(l.Value); VisitBinder(l.Variable); Visit(l.Body); break;
            default: throw new UnreachableException(e.GetType().Name);
        }
    }

    public virtual void Visit(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (s)
        {
            case Block b: foreach (var x in b.Statements) Visit(x); break;
            case For f: Visit(f.Min); Visit(f.Extent); VisitBinder(f.Variable); Visit(f.Body); break;
            case If i: Visit(i.Condition); Visit(i.Then); if (i.Else is not null) Visit(i.Else); break;
            case Store t: VisitBuffer(t.Buffer); VisitAll(t.Indices); Visit(t.Value); VisitOptional(t.Predicate); break;
            case LetStmt l: Visit(l.Value); VisitBinder(l.Variable); Visit(l.Body); break;
            case Allocate a: VisitBuffer(a.Buffer); Visit(a.Body); break;
            case Check c: Visit(c.Condition); VisitAll(c.Values); break;
            case Effect x: foreach (var b in x.Buffers) VisitBuffer(b); VisitAll(x.Arguments); break;
            case Instance i: VisitInstance(i); break;
            case Launch l: foreach (var b in l.Buffers) VisitBuffer(b); VisitAll(l.Grid); VisitAll(l.Block); break;
            case InstructionCall c: VisitEmission(c); Visit(c.Body); break;
            default: throw new UnreachableException(s.GetType().Name);
        }
    }

    /// <summary>What an instruction emits says again what its body does, in vectors.</summary>
    protected virtual void VisitEmission(InstructionCall c)
    {
        if (c.Emission is not { } e) return;
        foreach (var a in e.Operations.SelectMany(o => o.Arguments))
            if (a.Value is { } value) Visit(value);
        VisitBuffer(e.Target);
        VisitAll(e.Indices);
    }

    /// <summary>Called for every buffer that a node mentions.</summary>
    protected virtual void VisitBuffer(Buffer buffer) { }

    /// <summary>Called where a variable comes into scope, after the expressions that do not see it.</summary>
    protected virtual void VisitBinder(Var variable) { }

    protected void VisitAll(ImmutableArray<Expr> items)
    {
        foreach (var e in items) Visit(e);
    }

    private void VisitOptional(Expr? e)
    {
        if (e is not null) Visit(e);
    }

    private void VisitInstance(Instance i)
    {
        foreach (var it in i.Iterations)
        {
            Visit(it.Start);
            Visit(it.End);
            Visit(it.Binding);
        }
        foreach (var it in i.Iterations) VisitBinder(it.Variable);
        foreach (var regions in (ReadOnlySpan<ImmutableArray<Region>>)[i.Reads, i.Writes])
            foreach (var r in regions)
            {
                VisitBuffer(r.Buffer);
                VisitAll(r.Start);
                VisitAll(r.Extent);
            }
        if (i.Init is not null) Visit(i.Init);
        Visit(i.Body);
    }
}
