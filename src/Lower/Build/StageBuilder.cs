using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Build;

/// <summary>Builds the nests of one stage in its order: one for each equation, before it one for each reduction that stands inside an expression. A carried
/// loop is one serial loop around the nests of its body.</summary>
/// <param name="root">Gets the nests that stand outside of all loops.</param>
internal sealed class StageBuilder(ProgramScope program, Stage stage, ImmutableArray<Stmt>.Builder root)
{
    private readonly ImmutableArray<Stmt>.Builder _root = root;
    private readonly Dictionary<Equation, Dictionary<IndexSymbol, Expr>> _carried = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<TensorSymbol> _tensors = [.. stage.Tensors];
    private readonly Dictionary<(ReduceTerm, PathCondition?), (Buffer Buffer, ImmutableArray<(IndexSymbol Index, Expr Start)> Indices)> _lifted = [];
    // Where the nests of the innermost loop around go.
    private ImmutableArray<Stmt>.Builder _body = root;

    public void Build()
    {
        foreach (var equation in stage.Equations) _carried.Add(equation, []);
        Build(stage.Order);
    }

    private void Build(ImmutableArray<Step> steps)
    {
        foreach (var step in steps)
            switch (step)
            {
                case EquationStep { Equation: var equation }: Add(equation); break;
                case CarriedLoop loop: Add(loop); break;
                default: throw new CompilerBugException("nest builder", step.GetType().Name);
            }
    }

    private void Add(CarriedLoop loop)
    {
        var (start, end) = Union(loop.Members);
        var variable = Var.Index(loop.Name);
        var extent = program.Extent(start, end);
        var value = loop.IsDescending ? end - 1 - variable : variable;
        foreach (var (equation, index, offset) in loop.Members) _carried[equation].Add(index, value - offset);

        var outer = _body;
        _body = ImmutableArray.CreateBuilder<Stmt>();
        Build(loop.Body);
        outer.Add(new For(variable, loop.IsDescending ? Expr.Index(0) : start, extent, LoopKind.Serial, Block.Of(_body)));
        _body = outer;
        foreach (var (equation, index, _) in loop.Members) _carried[equation].Remove(index);
    }

    // From the first to the last value that some member takes.
    private (Expr Start, Expr End) Union(ImmutableArray<CarriedIndex> members)
    {
        var ranges = new List<(Expr Start, Expr End)>();
        foreach (var (equation, index, offset) in members)
        {
            var terms = new TermLowering(program, _carried[equation], (_, _) => throw new CompilerBugException("nest builder", "a reduction in a range"));
            var (start, end) = program.Range(index, terms);
            ranges.Add((start + offset, end + offset));
        }
        var filled = ranges.Where(r => (r.End - r.Start) is not IntImm { Value: <= 0 }).Distinct().ToList();
        if (filled.Count == 0) return (Expr.Index(0), Expr.Index(0));
        return (Extreme(filled.Select(r => r.Start), Expr.Min), Extreme(filled.Select(r => r.End), Expr.Max));
    }

    private static Expr Extreme(IEnumerable<Expr> ends, Func<Expr, Expr, Expr> choose) => ends.Distinct(StructuralComparer.Instance).Aggregate(choose);

    private void Add(Equation equation)
    {
        _lifted.Clear();
        var nest = NewNest(equation, NameOf(equation));
        nest.Bind(equation.Indices, equation.Update is null ? _ => IterKind.Spatial : Disjointness.KindsOf(equation));
        var targets = equation.Targets.Select(t => new Place(program.BufferOf(t.Tensor), [.. t.Indices.Select(i => nest.Terms.Lower(i))])).ToImmutableArray();
        var origin = new Origin(equation.Span, null);
        var term = SmallFloatSums.Widen(equation.Value);
        if (term is ReduceTerm reduce && equation.Update is null)
        {
            _body.Add(BuildReduction(nest, reduce, null, targets, origin));
            return;
        }
        if (targets is not [var target]) throw new CompilerBugException("nest builder", $"{nest.Name} has several targets and one value");
        var value = nest.Terms.Lower(term);
        // An index of a target that comes from data is tested before anything is written.
        for (int d = 0; d < target.Indices.Length; d++)
            if (program.CheckOf(equation.Targets[0], d) is { } check)
                nest.Terms.CheckIndex(check, equation.Targets[0].Indices[d], target.Indices[d], target.Buffer.Shape[d], null);
        if (equation.Update is { } op) value = new Binary(op, target.Read(), value);
        _body.Add(nest.Close(null, [.. nest.Terms.Checks, target.Write(value)], equation.Update is null, origin));
    }

    // `Y`; of several equations `Y.eq1`, numbered in the order of the text, and `Y.update0`.
    private string NameOf(Equation equation)
    {
        var tensor = equation.Targets[0].Tensor;
        var same = stage.Equations.Where(e => e.Targets[0].Tensor == tensor && e.Update is null == equation.Update is null).ToList();
        int number = same.FindIndex(e => ReferenceEquals(e, equation));
        return equation.Update is not null ? $"{tensor.Name}.update{number}" : same.Count == 1 ? tensor.Name : $"{tensor.Name}.eq{number}";
    }

    private Nest NewNest(Equation equation, string name) => new(program, equation, name, _carried[equation], Lift);

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
        string name = program.UniqueName($"{user.Equation.Targets[0].Tensor.Name}.{reduce.Name}");
        var nest = NewNest(user.Equation, name);
        nest.Bind(indices, _ => IterKind.Spatial);
        // One iteration of a carried loop uses what it has computed itself.
        ImmutableArray<IndexSymbol> kept = [.. indices.Where(i => !nest.IsCarried(i))];
        var starts = kept.Select(i => nest.Limits(i).Low).ToImmutableArray();
        var shape = kept.Select((i, d) => Expr.Max(Expr.Index(0), nest.Limits(i).High - starts[d])).ToImmutableArray();
        var buffer = program.AddTemporary(name, reduce.Type, shape);
        var place = new Place(buffer, [.. kept.Select((i, d) => nest.Values[i] - starts[d])]);
        var built = BuildReduction(nest, reduce, path, [place], new(reduce.Span, null));
        (kept.Length == indices.Length && MayStandOutside(roots) ? _root : _body).Add(built);
        return (buffer, [.. kept.Zip(starts)]);
    }

    // What is the same in every iteration is computed once, before the carried loops; unless it could fail where they do not run at all.
    private bool MayStandOutside(IEnumerable<Term> terms) => terms.SelectMany(TermTree.SelfAndDescendants).All(t => t switch
    {
        ReadTerm r => !_tensors.Contains(r.Tensor) && !program.IsChecked(r),
        BinaryTerm b => !program.IsChecked(b),
        _ => true,
    });

    private Stmt BuildReduction(Nest nest, ReduceTerm reduce, PathCondition? path, ImmutableArray<Place> targets, Origin origin)
    {
        nest.Bind(reduce.Indices, _ => IterKind.Reduction);
        var rebuilt = nest.Terms.Rebuild(path);
        var inner = reduce.Condition is null ? rebuilt : nest.Terms.Under(rebuilt, reduce.Condition);
        var condition = reduce.Condition is null ? null : nest.Terms.Lower(reduce.Condition, rebuilt);
        var body = nest.Terms.Lower(reduce.Body, inner);
        if (reduce.Reducer is { } reducer) return Combine(nest, reducer, condition, body, inner, targets.Single(), origin);
        var (init, update) = reduce.Kind.KeepsIndex
            ? KeepBest(nest, reduce, condition, body, targets)
            : Accumulate(reduce.Kind, condition, body, targets.Single());
        // An extreme value and an integer are the same in any order; the index forms keep the first, so their order matters.
        bool reassociate = !reduce.Kind.KeepsIndex && (!reduce.IsExact || !body.Type.Element.IsFloat || reduce.Kind is ReduceKind.Max or ReduceKind.Min);
        return nest.Close(init, [.. nest.Terms.Checks, .. update], reassociate, origin);
    }

    // In the order of the indices: what the combiner does with another is not known here.
    private static Stmt Combine(Nest nest, Reducer reducer, Expr? condition, Expr body, PathCondition? path, Place target, Origin origin)
    {
        var before = nest.Terms.Checks;
        var element = new Var("element", body.Type);
        nest.Terms.Scalars[reducer.Left] = target.Read();
        nest.Terms.Scalars[reducer.Right] = element;
        var combined = nest.Terms.Lower(reducer.Combine, path);
        if (condition is not null) combined = Expr.If(condition, combined, target.Read());
        var update = new LetStmt(element, body, Block.Of([.. nest.Terms.Checks.Skip(before.Length), target.Write(combined)]));
        return nest.Close(target.Write(Expr.Constant(reducer.Identity)), [.. before, update], false, origin);
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
        var value = givesValue ? targets[0]
            : new Place(program.AddTemporary(program.UniqueName($"{nest.Name}.value"), body.Type.Element, targets[0].Buffer.Shape), targets[0].Indices);
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
}
