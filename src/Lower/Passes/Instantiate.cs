using System.Collections.Immutable;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Copies code with some variables replaced. What the copy binds (variables of loops, lets and instances, allocated buffers) is new, so that
/// original and copy can stand side by side.</summary>
internal sealed class Instantiate(IEnumerable<KeyValuePair<Var, Expr>> replacements) : SharingRewriter
{
    private readonly Dictionary<Var, Expr> _variables = new(replacements);
    private readonly Dictionary<Buffer, Buffer> _buffers = [];

    public static Stmt Copy(Stmt body, Var variable, Expr value) => new Instantiate([new(variable, value)]).Visit(body);

    protected override Expr VisitVar(Var v) => _variables.GetValueOrDefault(v, v);

    protected override Buffer VisitBuffer(Buffer b) => _buffers.GetValueOrDefault(b, b);

    protected override Expr VisitLet(Let l)
    {
        var value = Visit(l.Value);
        var fresh = Fresh(l.Variable);
        return new Let(fresh, value, Visit(l.Body));
    }

    protected override Stmt VisitLetStmt(LetStmt l)
    {
        var value = Visit(l.Value);
        var fresh = Fresh(l.Variable);
        return new LetStmt(fresh, value, Visit(l.Body), l.Origin);
    }

    protected override Stmt VisitFor(For f)
    {
        var (min, extent) = (Visit(f.Min), Visit(f.Extent));
        var fresh = Fresh(f.Variable);
        return f.With(Visit(f.Body), min, extent, variable: fresh);
    }

    protected override Stmt VisitAllocate(Allocate a)
    {
        var b = a.Buffer;
        var fresh = new Buffer(b.Name, b.Type, VisitAll(b.Shape), b.Role, b.Scope, b.Layout, b.Device, b.Memory);
        _buffers[b] = fresh;
        return new Allocate(fresh, Visit(a.Body), a.Origin);
    }

    protected override Stmt VisitInstance(Instance i)
    {
        var bindings = i.Iterations.Select(it => Visit(it.Binding)).ToList();
        var fresh = i.Iterations.Select(it => Fresh(it.Variable)).ToList();
        ImmutableArray<IterVar> iterations = [.. i.Iterations.Select((it, n) => new IterVar(fresh[n], Visit(it.Start), Visit(it.End), it.Kind, bindings[n]))];
        return new Instance(i.Name, iterations, VisitRegions(i.Reads), VisitRegions(i.Writes), i.Init is null ? null : Visit(i.Init), Visit(i.Body), i.Reassociate, i.Origin);
    }

    private Var Fresh(Var v)
    {
        var fresh = new Var(v.Name, v.Type);
        _variables[v] = fresh;
        return fresh;
    }
}
