using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Lower.Dependence;

/// <summary>What stands around the statement that a question is about.</summary>
public sealed class DependenceContext
{
    /// <param name="around">The <see cref="For"/>, <see cref="LetStmt"/> and <see cref="If"/> nodes (for their <see cref="If.Then"/>) around the statement, outermost first;
    /// only their own expressions count.</param>
    /// <param name="dims">The function's dimensions, which are not negative.</param>
    public DependenceContext(NestProver prover, ImmutableArray<Stmt> around, ImmutableArray<Var> dims)
    {
        (Prover, Around, Dims) = (prover, around, dims);
        var assumptions = ImmutableArray.CreateBuilder<Expr>();
        foreach (var s in around)
            switch (s)
            {
                case For f: assumptions.AddRange(RangeOf(f)); break;
                case If i: assumptions.Add(i.Condition); break;
                case LetStmt { Variable: var v } l when v.Type == IrType.Index: assumptions.Add(Expr.Eq(v, l.Value)); break;
            }
        Assumptions = assumptions.ToImmutable();
    }

    public NestProver Prover { get; }
    public ImmutableArray<Stmt> Around { get; }
    public ImmutableArray<Var> Dims { get; }
    /// <summary>The loops around, outermost first.</summary>
    public IEnumerable<For> Loops => Around.OfType<For>();
    /// <summary>What holds around: the ranges of the loops, the values of lets, conditions.</summary>
    public ImmutableArray<Expr> Assumptions { get; }

    /// <summary>The context of the loop over <paramref name="loop"/> in a nest.</summary>
    /// <exception cref="CompilerBugException">The nest has no such loop.</exception>
    public static DependenceContext OfLoop(NestProver prover, Stmt nest, Var loop, ImmutableArray<Var> dims) =>
        Of(prover, nest, s => s is For f && ReferenceEquals(f.Variable, loop), dims);

    /// <summary>The context of the first statement that <paramref name="isTarget"/> holds for.</summary>
    /// <exception cref="CompilerBugException">The nest has none.</exception>
    public static DependenceContext Of(NestProver prover, Stmt nest, Func<Stmt, bool> isTarget, ImmutableArray<Var> dims)
    {
        var path = new List<Stmt>();
        if (!Descend(nest, isTarget, path)) throw new CompilerBugException("dependence", "the nest does not hold the statement");
        return new(prover, [.. path], dims);
    }

    /// <summary>This context with one more statement, innermost.</summary>
    public DependenceContext Inside(Stmt s) => new(Prover, Around.Add(s), Dims);

    /// <summary>Ranges of everything around, for the arithmetic that needs no solver.</summary>
    internal RangeContext Ranges()
    {
        var ranges = new RangeContext();
        foreach (var d in Dims) ranges.Bind(d, ConstInterval.NonNegative);
        foreach (var s in Around)
            switch (s)
            {
                case For f: ranges.BindLoop(f.Variable, f.Min, f.Extent); break;
                case If i: ranges.Assume(i.Condition); break;
                case LetStmt l: ranges.BindValue(l.Variable, l.Value); break;
            }
        return ranges;
    }

    internal static IEnumerable<Expr> RangeOf(For f) => [f.Min <= f.Variable, f.Variable < f.Min + f.Extent];

    /// <summary>A statement with the starts of its reductions where they run (see <see cref="Instance.Init"/>), without those that run outside of it.</summary>
    /// <param name="started">Names of the instances that had a start.</param>
    internal Stmt Decompose(Stmt root, out ImmutableHashSet<string> started)
    {
        var names = new StartFinder();
        names.Visit(root);
        started = [.. names.Names];
        if (started.IsEmpty) return root;
        // A loop of one iteration marks the place of the root.
        var marker = Var.Index("root");
        Stmt nest = new For(marker, Expr.Index(0), Expr.Index(1), LoopKind.Serial, root);
        foreach (var s in Around.Reverse())
            nest = s switch
            {
                For f => new For(f.Variable, f.Min, f.Extent, f.Kind, nest, f.Axis, f.Origin),
                If i => new If(i.Condition, nest, null, i.Origin),
                LetStmt l => new LetStmt(l.Variable, l.Value, nest, l.Origin),
                _ => nest,
            };
        var function = new LoopFunction { Name = "question", Parameters = [], Dims = [], Temporaries = [], Body = nest };
        return Find(DecomposeReductions.Run(function).Body, marker)?.Body ?? throw new CompilerBugException("dependence", "the statement is lost");
    }

    private static For? Find(Stmt s, Var loop) => s switch
    {
        For f => ReferenceEquals(f.Variable, loop) ? f : Find(f.Body, loop),
        Block b => b.Statements.Select(x => Find(x, loop)).FirstOrDefault(x => x is not null),
        LetStmt l => Find(l.Body, loop),
        If i => Find(i.Then, loop),
        _ => null,
    };

    private static bool Descend(Stmt s, Func<Stmt, bool> isTarget, List<Stmt> path)
    {
        if (isTarget(s)) return true;
        switch (s)
        {
            case For f: return Under(f, f.Body);
            case LetStmt l: return Under(l, l.Body);
            case Allocate a: return Descend(a.Body, isTarget, path);
            case If i: return Under(i, i.Then) || i.Else is { } other && Under(new If(Expr.Not(i.Condition), other, null, i.Origin), other);
            case Block b:
                foreach (var x in b.Statements)
                    if (Descend(x, isTarget, path)) return true;
                return false;
            default: return false;
        }

        bool Under(Stmt outer, Stmt body)
        {
            path.Add(outer);
            if (Descend(body, isTarget, path)) return true;
            path.RemoveAt(path.Count - 1);
            return false;
        }
    }

    private sealed class StartFinder : Walker
    {
        public HashSet<string> Names { get; } = [];
        public override void Visit(Expr e) { }
        public override void Visit(Stmt s)
        {
            if (s is Instance { Init: not null } i) Names.Add(i.Name);
            else base.Visit(s);
        }
    }
}
