using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Build;

/// <summary>Builds the nests of one stage: one for each equation, before it one for each reduction that stands inside an expression.</summary>
internal sealed class StageBuilder(ProgramScope program, string stage, ImmutableArray<Stmt>.Builder nests)
{
    private readonly ProgramScope _program = program;
    private readonly Dictionary<(ReduceTerm, PathCondition?), (Buffer Buffer, ImmutableArray<(IndexSymbol Index, Expr Start)> Indices)> _lifted = [];

    public void Add(Equation equation)
    {
        var nest = new Nest(this, equation.Indices, stage);
        var targets = equation.Targets.Select(t => new Place(_program.BufferOf(t.Tensor), [.. t.Indices.Select(i => nest.Terms.Lower(i))])).ToImmutableArray();
        if (equation.Value is ReduceTerm reduce)
        {
            nests.Add(BuildReduction(nest, reduce, null, targets, new(equation.Span, null)));
            return;
        }
        if (targets.Length != 1) throw new CompilerBugException("nest builder", $"{stage} has several targets and one value");
        var value = nest.Terms.Lower(equation.Value);
        nests.Add(nest.Close(null, [.. nest.Terms.Checks, targets[0].Write(value)], true, new(equation.Span, null)));
    }

    // Gives a reduction inside an expression a temporary and a nest of its own, over the indices that it depends on.
    private Expr Lift(ReduceTerm reduce, PathCondition? path, Nest user)
    {
        if (!_lifted.TryGetValue((reduce, path), out var lifted))
            _lifted.Add((reduce, path), lifted = BuildLifted(reduce, path, user));
        return new Load(lifted.Buffer, [.. lifted.Indices.Select(i => user.Values[i.Index] - i.Start)]);
    }

    private (Buffer, ImmutableArray<(IndexSymbol, Expr)>) BuildLifted(ReduceTerm reduce, PathCondition? path, Nest user)
    {
        var roots = new List<Term> { reduce };
        for (var p = path; p is not null; p = p.Parent) roots.Add(p.Term);
        var free = TermTree.FreeIndices(roots);
        var indices = user.Indices.Where(free.Contains).ToImmutableArray();
        var nest = new Nest(this, indices, $"{stage}.{reduce.Kind.Name}");
        var starts = indices.Select(i => nest.Limits(i).Low).ToImmutableArray();
        var shape = indices.Select((i, d) => Expr.Max(Expr.Index(0), nest.Limits(i).High - starts[d])).ToImmutableArray();
        var buffer = _program.AddTemporary(nest.Name, reduce.Type, shape);
        var place = new Place(buffer, [.. indices.Select((i, d) => nest.Values[i] - starts[d])]);
        nests.Add(BuildReduction(nest, reduce, path, [place], new(reduce.Span, null)));
        return (buffer, [.. indices.Zip(starts)]);
    }

    private Stmt BuildReduction(Nest nest, ReduceTerm reduce, PathCondition? path, ImmutableArray<Place> targets, Origin origin)
    {
        nest.Bind(reduce.Indices, IterKind.Reduction);
        var rebuilt = nest.Terms.Rebuild(path);
        var inner = reduce.Condition is null ? rebuilt : nest.Terms.Under(rebuilt, reduce.Condition);
        var condition = reduce.Condition is null ? null : nest.Terms.Lower(reduce.Condition, rebuilt);
        var body = nest.Terms.Lower(reduce.Body, inner);
        var (init, update) = reduce.Kind.KeepsIndex
            ? KeepBest(nest, reduce, condition, body, targets)
            : Accumulate(reduce.Kind, condition, body, targets.Single());
        // An extreme value and an integer are the same in any order; the index forms keep the first, so their order matters.
        bool reassociate = !reduce.Kind.KeepsIndex && (!reduce.IsExact || !body.Type.Element.IsFloat || reduce.Kind is ReduceKind.Max or ReduceKind.Min);
        return nest.Close(init, [.. nest.Terms.Checks, .. update], reassociate, origin);
    }

    private static (Stmt, Stmt[]) Accumulate(ReduceKind kind, Expr? condition, Expr body, Place target)
    {
        var type = target.Buffer.Type;
        var identity = Expr.Constant(ScalarMath.Identity(kind, type));
        if (condition is not null) body = Expr.If(condition, body, identity);
        return (target.Write(identity), [target.Write(new Binary(ScalarMath.Combiner(kind), target.Read(), body))]);
    }

    // Keeps the best value and where it was; before the first value the first index holds a mark that no index has.
    private (Stmt, Stmt[]) KeepBest(Nest nest, ReduceTerm reduce, Expr? condition, Expr body, ImmutableArray<Place> targets)
    {
        const long nothingYet = long.MinValue;
        bool isMax = reduce.Kind is ReduceKind.ArgMax or ReduceKind.MaxAt;
        bool givesValue = reduce.Kind is ReduceKind.MaxAt or ReduceKind.MinAt;
        var value = givesValue ? targets[0] : new Place(_program.AddTemporary($"{nest.Name}.value", body.Type.Element, targets[0].Buffer.Shape), targets[0].Indices);
        var at = givesValue ? targets[1..] : targets;

        var best = value.Read();
        var isBetter = Expr.Or(Expr.Eq(at[0].Read(), Expr.Index(nothingYet)), isMax ? body > best : body < best);
        if (body.Type.Element.IsFloat)
            isBetter = Expr.Or(isBetter, Expr.And(Expr.Make(Intrinsic.IsNan, body), Expr.Not(Expr.Make(Intrinsic.IsNan, best))));
        if (condition is not null) isBetter = Expr.And(condition, isBetter);

        var init = Block.Of([value.Write(Expr.Constant(ScalarMath.Identity(reduce.Kind, body.Type.Element))),
            .. at.Select((a, n) => a.Write(Expr.Index(n == 0 ? nothingYet : 0)))]);
        var better = new Var("better", IrType.Bool);
        var updates = Block.Of([value.Write(Expr.If(better, body, best)),
            .. at.Select((a, n) => a.Write(Expr.If(better, nest.Values[reduce.Indices[n]], a.Read())))]);
        return (init, [new LetStmt(better, isBetter, updates)]);
    }

    /// <summary>An element that is written.</summary>
    private readonly record struct Place(Buffer Buffer, ImmutableArray<Expr> Indices)
    {
        public Expr Read() => new Load(Buffer, Indices);
        public Stmt Write(Expr value) => new Store(Buffer, Indices, value);
    }

    /// <summary>A nest that is being built: its indices, their loops and their instance variables.</summary>
    private sealed class Nest
    {
        private readonly ProgramScope _program;
        private readonly List<(IterVar Iteration, Var Loop, Expr LoopStart, Expr LoopEnd)> _iterations = [];
        private readonly Dictionary<IndexSymbol, Expr> _loops = [];
        private readonly TermLowering _loopTerms;

        public Nest(StageBuilder owner, ImmutableArray<IndexSymbol> indices, string name)
        {
            (_program, Indices, Name) = (owner._program, indices, name);
            Terms = new(_program, Values, (r, path) => owner.Lift(r, path, this));
            _loopTerms = new(_program, _loops, (r, _) => throw new CompilerBugException("nest builder", "a reduction in a range"));
            Bind(indices, IterKind.Spatial);
        }

        public string Name { get; }
        /// <summary>All indices bound so far, outermost first.</summary>
        public ImmutableArray<IndexSymbol> Indices { get; private set; }
        /// <summary>The instance variable of each index.</summary>
        public Dictionary<IndexSymbol, Expr> Values { get; } = [];
        public TermLowering Terms { get; }

        public void Bind(ImmutableArray<IndexSymbol> indices, IterKind kind)
        {
            if (kind is IterKind.Reduction) Indices = Indices.AddRange(indices);
            foreach (var index in indices)
            {
                var (start, end) = _program.Range(index, Terms);
                var (loopStart, loopEnd) = _program.Range(index, _loopTerms);
                var loop = Var.Index(index.Name);
                var variable = Var.Index("v" + index.Name);
                Values.Add(index, variable);
                _loops.Add(index, loop);
                _iterations.Add((new(variable, start, end, kind, loop), loop, loopStart, loopEnd));
            }
        }

        /// <summary>Bounds of an index over all values of the indices that its range uses.</summary>
        public (Expr Low, Expr High) Limits(IndexSymbol index)
        {
            var known = new Dictionary<Var, (Expr, Expr)>();
            foreach (var (it, _, _, _) in _iterations)
            {
                var low = RangeLimits.Of(it.Start, known).Low;
                var high = RangeLimits.Of(it.End, known).High;
                if (ReferenceEquals(it.Variable, Values[index])) return (low, high);
                known.Add(it.Variable, (low, high - 1));
            }
            throw new CompilerBugException("nest builder", $"index {index.Name} is not bound");
        }

        public Stmt Close(Stmt? init, ImmutableArray<Stmt> body, bool reassociate, Origin origin)
        {
            if (init is not null && _iterations.Exists(i => i.Iteration.Kind is IterKind.Reduction && (i.LoopEnd - i.LoopStart) is IntImm { Value: <= 0 }))
            {
                // Nothing to combine: the identity is the result.
                _iterations.RemoveAll(i => i.Iteration.Kind is IterKind.Reduction);
                return Close(null, [init], reassociate, origin);
            }
            var block = Block.Of(body);
            Stmt result = new Instance(Name, [.. _iterations.Select(i => i.Iteration)], Regions.Read(init, block), Regions.Written(init, block), init, block, reassociate, origin);
            foreach (var (_, loop, start, end) in Enumerable.Reverse(_iterations))
                result = new For(loop, start, IsRectangular(start, end) ? end - start : Expr.Max(Expr.Index(0), end - start), LoopKind.Serial, result, null, origin);
            return result;
        }

        // The extent of a range over dimensions is proved not to be negative; one over other indices may be.
        private static bool IsRectangular(Expr start, Expr end) => start.IsConstant(0) && end is IntImm { Value: >= 0 } or Var;
    }
}
