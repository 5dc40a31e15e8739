using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>
/// <code>
/// for i { B[i] = f(A[i]) }   for j { C(B[g(j)]) }   →   for j { C(f(A[g(j)])) }
/// </code>
/// Puts the producer's expression where the consumer reads it. The producer must be one definition without a reduction, which writes each element
/// of its whole buffer at the indices of its own iterations, and the only one that writes it. A read under a predicate passes it on to the producer's reads.
/// </summary>
public static class Inline
{
    /// <summary>True for what can be inlined: one store at plain indices, no reduction, no order, no run-time checks.</summary>
    public static bool IsPure(Instance i)
    {
        if (i.Init is not null || i.Body is not Store { Predicate: null } s || i.Iterations.Any(it => it.Kind is not IterKind.Spatial) || s.Indices.Length != i.Iterations.Length) return false;
        if (s.Value.BuffersRead().Contains(s.Buffer)) return false;
        var variables = s.Indices.OfType<Var>().ToHashSet();
        if (variables.Count != s.Indices.Length || !i.Iterations.All(it => variables.Contains(it.Variable))) return false;
        for (int d = 0; d < s.Indices.Length; d++)
        {
            var it = i.Iterations.First(it => ReferenceEquals(it.Variable, s.Indices[d]));
            if (!it.Start.IsConstant(0) || !StructuralComparer.Equal(it.End, s.Buffer.Shape[d])) return false;
        }
        return true;
    }

    /// <summary>Removes the reads of <paramref name="producer"/>'s buffer from the instance named <paramref name="consumer"/>.</summary>
    public static Stmt Apply(Stmt nest, string consumer, Instance producer)
    {
        if (!IsPure(producer)) throw new CompilerBugException("inline", $"{producer.Name} is not a plain definition");
        return NestPath.ReplaceInstance(nest, consumer, i =>
        {
            var replacer = new ReadReplacer((Store)producer.Body);
            var (init, body) = (i.Init is null ? null : replacer.Visit(i.Init), replacer.Visit(i.Body));
            return new Instance(i.Name, i.Iterations, Regions.Read(init, body), Regions.Written(init, body), init, body, i.Reassociate, i.Origin);
        });
    }

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        var buffer = instance.Writes[0].Buffer;
        if (instance.Writes.Any(w => state.Function.Parameters.Contains(w.Buffer))) throw Refuse("it is a result of the operator", "leave this line out: a result is always stored");
        if (state.Placed.ContainsKey(instance.Name))
            state = StagePlacement.Undo(state, instance.Name) ?? throw Refuse("it was placed before, and its loops or what it reads have changed since", "inline it before these steps");
        instance = state.FindInstance(instance.Name)!;
        buffer = instance.Writes[0].Buffer;
        if (instance.Init is not null || instance.HasReduction) throw Refuse("it is a reduction");
        if (instance.Iterations.Any(it => it.Kind is IterKind.Opaque) || instance.Body.BuffersRead().Contains(buffer)) throw Refuse("its iterations need each other in order");
        if (instance.Body is not Store) throw Refuse("it has run-time checks");
        int own = state.Nests.FindNest(instance.Name)!.Value;
        if (state.Nests.Writers(buffer).Count > 1 || state.Nests.Instances(own).Count(i => i.Writes.Any(r => ReferenceEquals(r.Buffer, buffer))) > 1) throw Refuse("several equations or loops write it");
        if (!IsPure(instance)) throw Refuse("its equation does not give every element at the indices of its iterations");
        if (!state.Function.Temporaries.Contains(buffer) || state.Nests.Instances(own).Length > 1) throw Refuse("it shares its loops with other stages");

        var readers = Readers.Of(state, [buffer], own);
        if (readers.Sum(r => r.Instance.Reads.Any(x => ReferenceEquals(x.Buffer, buffer)) ? 1 : 0) == 0) throw Refuse("nothing reads it", "leave this line out");
        if (readers.FirstOrDefault(r => TileLoops.In(r.Instance).Count > 0 && r.Instance.Reads.Any(x => ReferenceEquals(x.Buffer, buffer))) is { Instance: { } reader })
            throw Refuse($"an instruction of `{reader.Name}` reads it", "inline it before that is tensorized");
        foreach (int nest in state.Nests.Readers(buffer))
            if (Places.CopiesOf(state.Nests[nest]).Contains(buffer))
                throw new DiagnosticException(Refuse("a copy of memory or a prefetch names it").Diagnostics[0].WithHelp("leave out the prefetch or the copy, or this line"));
        // What it reads is the same where it is read.
        int from = state.Nests.Order.IndexOf(own);
        foreach (var read in instance.Reads.Select(r => r.Buffer).Distinct())
            foreach (int writer in state.Nests.Writers(read))
                if (state.Nests.Order.IndexOf(writer) is var n && n > from && readers.Any(r => state.Nests.Order.IndexOf(r.Nest) >= n)) throw Refuse($"`{read.Name}`, which it reads, changes before it is read");
        foreach (var r in readers) state = state.Replace(r.Nest, Apply(state.Nests[r.Nest], r.Instance.Name, instance));
        state = state with { Nests = state.Nests.Remove(own) };
        return new(state.RemoveTemporary(buffer), Evidence.Proved("each read gives way to the definition of what it reads"));

        DiagnosticException Refuse(string why, string? help = null)
        {
            var refusal = Diagnostic.Create(ScheduleRefusals.NotInlined, d.Span, d.Stage.Name, why);
            return new(StepContext.About(help is null ? refusal : refusal.WithHelp(help), instance, "computed here"));
        }
    }

    private sealed class ReadReplacer(Store definition) : Rewriter
    {
        protected override Expr VisitLoad(Load l)
        {
            if (!ReferenceEquals(l.Buffer, definition.Buffer)) return base.VisitLoad(l);
            var map = new Dictionary<Var, Expr>();
            for (int d = 0; d < l.Indices.Length; d++) map.Add((Var)definition.Indices[d], Visit(l.Indices[d]));
            var value = definition.Value.Substitute(map);
            if (l.Predicate is null) return value;
            // What is not read gives 0.
            var predicate = Visit(l.Predicate);
            var guarded = Predication.Apply(value, predicate);
            return guarded is Load ? guarded : Expr.If(predicate, guarded, Expr.Zero(value.Type));
        }
    }
}
