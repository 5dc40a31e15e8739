using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { S }   specialize(N == 64)   →   if N == 64 { for i { S } } else { for i.else { S.else } }
/// </code>
/// Both versions compute the same, so any condition over dimensions is legal. Handles stay with the version for which it holds: what follows is done there only, where a
/// dimension that equals a constant is that constant, and later passes use the condition.
/// </summary>
public static class Specialize
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        if (d["condition"] is BooleanValue known)
            return StepResult.WithoutEffect(state, $"the condition is {(known.Value ? "true" : "false")} for these sizes");
        var term = ((ConditionValue)d["condition"]!).Condition;
        var condition = Lower(term, state.Function, d);
        if (condition.TryGetConstant(out var value)) return StepResult.WithoutEffect(state, $"the condition is {(value.IsTrue ? "true" : "false")} for these sizes");
        if (place.Around.FirstOrDefault(f => f.Kind is LoopKind.Vectorized) is { } lanes)
            throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, lanes.Variable.Name, LoopWords.Of(lanes.Kind), "specialised inside", LoopWords.Directive(lanes.Kind));

        // A reduction that goes on over loops outside has begun before both versions.
        var loop = place.Loop;
        var names = new HashSet<string>(StringComparer.Ordinal);
        var other = new Renaming(name => Unique(state, names, name + ".else")).Visit(loop);
        var sizes = Sizes(condition).ToDictionary();
        // Only the body knows the size: handles mean the same loop.
        var own = sizes.Count == 0 ? loop : Sized(loop, sizes);
        var both = new If(condition, own, new Instantiate([]).Visit(other), loop.Origin);
        state = state.Replace(place.Nest, NestPath.ReplaceLoop(state.Nests[place.Nest], loop.Variable, _ => both));
        return new(state.Touch(place.Instances.Select(i => i.Name)).Touch(names), Evidence.Proved("both versions do the same"));
    }

    /// <summary>A condition over dimensions as an expression over the function's.</summary>
    private static Expr Lower(Term t, LoopFunction function, Directive d)
    {
        switch (t)
        {
            case ConstTerm c: return Expr.Constant(c.Value);
            case DimTerm dim:
                foreach (var (v, _, _) in function.Dims)
                    if (v.Name == dim.Dim.Name) return v;
                throw Refuse($"`{dim.Dim.Name}` has no size of its own in it");
            case UnaryTerm u: return Expr.Make(u.Op, Lower(u.Operand, function, d));
            case BinaryTerm b:
            {
                var (left, right) = (Lower(b.Left, function, d), Lower(b.Right, function, d));
                if (b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod && !(right.TryGetConstant(out var divisor) && divisor.Integer != 0))
                    throw Refuse("a divisor could be 0");
                return Expr.Make(b.Op, left, right);
            }
            case LogicalTerm l: return l.IsAnd ? Expr.And(Lower(l.Left, function, d), Lower(l.Right, function, d)) : Expr.Or(Lower(l.Left, function, d), Lower(l.Right, function, d));
            case SelectTerm s: return Expr.If(Lower(s.Condition, function, d), Lower(s.Then, function, d), Lower(s.Else, function, d));
            case CastTerm c: return Expr.Convert(Lower(c.Operand, function, d), c.Type is ElementType.Int ? ElementType.I64 : c.Type, c.Kind);
            default: throw Refuse("it is more than arithmetic of dimensions");
        }

        DiagnosticException Refuse(string why) => StepContext.Refuse(ScheduleRefusals.ConditionNotKnown, d.SpanOf("condition"), why);
    }

    // Dimensions that the condition gives a size.
    private static IEnumerable<KeyValuePair<Var, Expr>> Sizes(Expr condition) => condition switch
    {
        Binary { Op: BinaryOp.And } b => Sizes(b.Left).Concat(Sizes(b.Right)).DistinctBy(s => s.Key),
        Binary { Op: BinaryOp.Eq, Left: Var v, Right: IntImm n } => [new(v, n)],
        Binary { Op: BinaryOp.Eq, Left: IntImm n, Right: Var v } => [new(v, n)],
        _ => [],
    };

    private static For Sized(For loop, Dictionary<Var, Expr> sizes) => (For)loop.Substitute(sizes);

    private static string Unique(ScheduleState state, HashSet<string> taken, string name)
    {
        string unique = state.UniqueName(name);
        for (int n = 2; !taken.Add(unique); n++) unique = state.UniqueName(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}{n}"));
        return unique;
    }

    private sealed class Renaming(Func<string, string> rename) : Rewriter
    {
        public override Expr Visit(Expr e) => e;
        protected override Stmt VisitInstance(Instance i) => i.With(name: rename(i.Name));
        protected override Stmt VisitFor(For f) =>
            new For(f.Variable, f.Min, f.Extent, f.Kind, Visit(f.Body), f.Axis, f.Origin);
    }
}
