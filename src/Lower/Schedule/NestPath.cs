using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule;

/// <summary>Finds and replaces loops and instances of one nest; only the nodes on the path are made anew.</summary>
public static class NestPath
{
    /// <summary>The loops around the instance named <paramref name="instance"/>, outermost first.</summary>
    public static ImmutableArray<For> LoopsAround(Stmt nest, string instance)
    {
        var path = new List<For>();
        return Descend(nest, instance, path) is null ? throw new CompilerBugException("schedule", $"no instance {instance}") : [.. path];
    }

    public static Instance FindInstance(Stmt nest, string instance) =>
        Descend(nest, instance, []) ?? throw new CompilerBugException("schedule", $"no instance {instance}");

    /// <summary>The loops inside of those that carry the instance's stage. Loops that keep their order may be among them where it is an update.</summary>
    public static ImmutableArray<For> FreeLoops(Instance instance, ImmutableArray<For> loops) => [.. loops.SkipWhile(instance.KeepsOrderOf)];

    /// <summary>The instance of a nest that holds just one; null where there are several or none.</summary>
    public static Instance? SoleInstance(Stmt nest) => nest switch
    {
        Instance i => i,
        For f => SoleInstance(f.Body),
        Allocate a => SoleInstance(a.Body),
        _ => null,
    };

    public static For FindLoop(Stmt nest, Var loop) => TryFindLoop(nest, loop) ?? throw new CompilerBugException("schedule", $"no loop {loop.Name}");

    /// <summary>Replaces the loop over <paramref name="loop"/>.</summary>
    public static Stmt ReplaceLoop(Stmt nest, Var loop, Func<For, Stmt> rewrite) =>
        Replace(nest, s => s is For f && ReferenceEquals(f.Variable, loop) ? rewrite(f) : null) ?? throw new CompilerBugException("schedule", $"no loop {loop.Name}");

    /// <summary>Replaces the instance named <paramref name="instance"/>.</summary>
    public static Stmt ReplaceInstance(Stmt nest, string instance, Func<Instance, Stmt> rewrite) =>
        Replace(nest, s => s is Instance i && i.Name == instance ? rewrite(i) : null) ?? throw new CompilerBugException("schedule", $"no instance {instance}");

    /// <summary>The largest extent that a loop can have, where it is a constant.</summary>
    public static long? MaxExtent(For loop) => loop.Extent switch
    {
        IntImm i => i.Value,
        Binary { Op: BinaryOp.Min, Left: IntImm i } => i.Value,
        Binary { Op: BinaryOp.Min, Right: IntImm i } => i.Value,
        _ => null,
    };

    private static For? TryFindLoop(Stmt s, Var loop) => s switch
    {
        For f => ReferenceEquals(f.Variable, loop) ? f : TryFindLoop(f.Body, loop),
        Block b => b.Statements.Select(x => TryFindLoop(x, loop)).FirstOrDefault(x => x is not null),
        Allocate a => TryFindLoop(a.Body, loop),
        LetStmt l => TryFindLoop(l.Body, loop),
        If i => TryFindLoop(i.Then, loop) ?? (i.Else is null ? null : TryFindLoop(i.Else, loop)),
        _ => null,
    };

    private static Instance? Descend(Stmt s, string instance, List<For> path)
    {
        switch (s)
        {
            case Instance i: return i.Name == instance ? i : null;
            case For f:
                path.Add(f);
                if (Descend(f.Body, instance, path) is { } found) return found;
                path.RemoveAt(path.Count - 1);
                return null;
            case Block b: return b.Statements.Select(x => Descend(x, instance, path)).FirstOrDefault(x => x is not null);
            case Allocate a: return Descend(a.Body, instance, path);
            case LetStmt l: return Descend(l.Body, instance, path);
            case If i: return Descend(i.Then, instance, path) ?? (i.Else is null ? null : Descend(i.Else, instance, path));
            default: return null;
        }
    }

    // Null where nothing below is replaced.
    private static Stmt? Replace(Stmt s, Func<Stmt, Stmt?> rewrite)
    {
        if (rewrite(s) is { } replaced) return replaced;
        switch (s)
        {
            case For f: return Replace(f.Body, rewrite) is { } body ? f.WithBody(body) : null;
            case Allocate a: return Replace(a.Body, rewrite) is { } inner ? new Allocate(a.Buffer, inner, a.Origin) : null;
            case LetStmt l: return Replace(l.Body, rewrite) is { } rest ? new LetStmt(l.Variable, l.Value, rest, l.Origin) : null;
            case If i:
                if (Replace(i.Then, rewrite) is { } then) return new If(i.Condition, then, i.Else, i.Origin);
                return i.Else is not null && Replace(i.Else, rewrite) is { } other ? new If(i.Condition, i.Then, other, i.Origin) : null;
            case Block b:
                for (int n = 0; n < b.Statements.Length; n++)
                    if (Replace(b.Statements[n], rewrite) is { } changed) return Block.Of(b.Statements.SetItem(n, changed));
                return null;
            default: return null;
        }
    }

    extension(For f)
    {
        public For WithBody(Stmt body) => ReferenceEquals(body, f.Body) ? f : new(f.Variable, f.Min, f.Extent, f.Kind, body, f.Axis, f.Origin);
        public For WithKind(LoopKind kind) => kind == f.Kind ? f : new(f.Variable, f.Min, f.Extent, kind, f.Body, f.Axis, f.Origin);
    }

    extension(Instance i)
    {
        public Instance With(string? name = null, ImmutableArray<IterVar>? iterations = null, Stmt? body = null) =>
            new(name ?? i.Name, iterations ?? i.Iterations, i.Reads, i.Writes, i.Init, body ?? i.Body, i.Reassociate, i.Origin);

        /// <summary>True for a loop whose iterations may meet in one element other than by a reduction, so that they stay in order.</summary>
        public bool KeepsOrderOf(For loop) => i.Iterations.Any(it => it.Kind is IterKind.Opaque && it.Binding.UsesVar(loop.Variable));

        /// <summary>The kind of what a loop runs over; null for one over elements and over a reduction.</summary>
        public IterKind? KindOf(Var loop)
        {
            var users = i.Iterations.Where(it => it.Binding.UsesVar(loop)).ToList();
            // A loop that is an iteration is of its kind, also where others start at its value.
            var kinds = users.Where(it => it.Kind is IterKind.Opaque || ReferenceEquals(it.Binding, loop)).Select(it => it.Kind).Distinct().ToList();
            if (kinds.Count == 0) kinds = [.. users.Where(it => it.Kind is not IterKind.Reduction || !users.Exists(s => s.Kind is IterKind.Spatial && IsShifted(it.Binding, s.Binding))).Select(it => it.Kind).Distinct()];
            return kinds.Count == 0 ? IterKind.Spatial : kinds.Count == 1 ? kinds[0] : null;

            // The range of a reduction moves along with an element: their difference stays.
            bool IsShifted(Expr reduced, Expr element) =>
                LinearForm.Of(reduced) is { } r && LinearForm.Of(element) is { } e && r.Minus(e) is { } difference && !difference.Terms.Any(t => t.Key.UsesVar(loop));
        }

        public bool HasReduction => i.Iterations.Any(it => it.Kind is IterKind.Reduction);
    }
}
