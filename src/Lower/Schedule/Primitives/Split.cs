using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>What happens where a factor does not divide an extent.</summary>
public enum SplitTail
{
    /// <summary>The inner loop is always whole; points past the end lie outside the instance's domain and are skipped. <c>guard</c>, <c>mask</c> and
    /// <c>pad</c> all make this nest: a vectorised loop masks its lanes, and a cache computes past the end and holds the neutral value there.</summary>
    Guard,
    /// <summary>The last inner loop is shorter.</summary>
    Trim,
    /// <summary>What is left after the last whole inner loop is a loop of its own.</summary>
    Peel,
    /// <summary>The last inner loop starts earlier, so that it is whole: some iterations are done twice.</summary>
    Shift,
}

/// <summary>
/// <code>
/// for i in 0..n { S(i) }   →   for io in 0..ceil_div(n, f) { for ii in 0..f { S(io * f + ii) } }                  guard, mask, pad
///                          →   for io in 0..n / f { for ii in 0..f { S(io * f + ii) } }  for it in 0..n % f { S(n / f * f + it) }    peel
///                          →   for io in 0..ceil_div(n, f) { for ii in 0..f { S(min(io * f, n - f) + ii) } }      shift
/// </code>
/// The order of the iterations stays, so it is always legal; <c>shift</c> does some iterations twice, so nothing in them may need what they change.
/// </summary>
public static class Split
{
    /// <summary>The largest factor: it fits every index computation.</summary>
    public const long MaxFactor = 1L << 30;

    /// <param name="names">Of the outer and the inner loop; null: the loop's with <c>o</c> and <c>i</c>.</param>
    /// <param name="unique">Gives an instance of a peeled tail a name that no other has.</param>
    public static (Stmt Nest, Var Outer, Var Inner) Apply(
        Stmt nest, Var loop, long factor, SplitTail tail = SplitTail.Guard, (string Outer, string Inner)? names = null, Func<string, string>? unique = null)
    {
        if (factor < 1) throw new CompilerBugException("split", $"factor {factor}");
        var (outer, inner) = (Var.Index(names?.Outer ?? loop.Name + "o"), Var.Index(names?.Inner ?? loop.Name + "i"));
        var result = NestPath.ReplaceLoop(nest, loop, f =>
        {
            if (f.Kind is not LoopKind.Serial) throw new CompilerBugException("split", $"{loop.Name} is marked {f.Kind}");
            bool divides = f.Extent is IntImm n && n.Value % factor == 0;
            return tail switch
            {
                SplitTail.Peel when !divides => Peel(f, factor, outer, inner, unique ?? (name => name)),
                SplitTail.Shift when !divides => Whole(f, Expr.Min(outer * factor, f.Extent - factor)),
                SplitTail.Trim when !divides => Loops(f, outer * factor, Expr.Min(Expr.Index(factor), f.Extent - outer * factor)),
                _ => Whole(f, outer * factor),
            };

            For Whole(For f, Expr start) => Loops(f, start, Expr.Index(factor));
            For Loops(For f, Expr start, Expr extent) =>
                new(outer, Expr.Index(0), Expr.CeilDiv(f.Extent, factor), LoopKind.Serial,
                    new For(inner, Expr.Index(0), extent, LoopKind.Serial, f.Body.Substitute(loop, f.Min + start + inner), null, f.Origin), null, f.Origin);
        });
        return (result, outer, inner);
    }

    private static Stmt Peel(For f, long factor, Var outer, Var inner, Func<string, string> unique)
    {
        var whole = f.Extent / factor;
        var main = new For(outer, Expr.Index(0), whole, LoopKind.Serial,
            new For(inner, Expr.Index(0), Expr.Index(factor), LoopKind.Serial, f.Body.Substitute(f.Variable, f.Min + outer * factor + inner), null, f.Origin), null, f.Origin);
        var rest = Var.Index(f.Variable.Name + "t");
        var tail = new For(rest, Expr.Index(0), f.Extent % factor, LoopKind.Serial,
            TailCopy.Of(f.Body, f.Variable, f.Min + whole * factor + rest, unique), null, f.Origin);
        return Block.Of(main, tail);
    }

    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var place = context.Place(state, d);
        var loop = place.Loop;
        if (loop.Kind is not LoopKind.Serial) throw StepContext.Refuse(ScheduleRefusals.AlreadyMarked, d.Span, d.Loop.Name, LoopWords.Of(loop.Kind), "split", LoopWords.Directive(loop.Kind));
        var factors = d.List<IntegerValue>("factors").Select(v => v.Value).ToArray();
        string word = d.Word("tail") ?? "guard";
        var tail = word switch { "peel" => SplitTail.Peel, "shift" => SplitTail.Shift, _ => SplitTail.Guard };
        long inside = 1;
        foreach (long factor in factors)
            if ((inside *= factor) > MaxFactor) throw StepContext.Refuse(ScheduleRefusals.FactorsTooLarge, d.SpanOf("factors"), d.Loop.Name, MaxFactor);
        if (tail is SplitTail.Shift) RequireRepeatable(state, place, inside, d, context);
        if (tail is SplitTail.Peel && place.Instances.Any(i => i.Init is not null && i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(loop.Variable))
                && i.Iterations.Any(it => it.Kind is not IterKind.Reduction && it.Binding.UsesVar(loop.Variable))))
            throw StepContext.Refuse(ScheduleRefusals.TailNotAllowed, d.Span, "peel", d.Loop.Name, "it runs over elements and over a reduction");

        // The outermost factor first: what is left outside keeps its place.
        var nest = state.Nests[place.Nest];
        var current = loop.Variable;
        var made = new List<Var>();
        for (int n = 0; n < factors.Length; n++)
        {
            if (n > 0 || tail is SplitTail.Guard) nest = TailGuard.Apply(nest, current, inside, Legality.Dims(state));
            (nest, var outer, var inner) = Apply(nest, current, inside, n == 0 ? tail : SplitTail.Guard, (d.ResultLoop(n).Name, d.ResultLoop(n + 1).Name), state.UniqueName);
            made.Add(outer);
            current = inner;
            inside /= factors[n];
        }
        made.Add(current);
        state = state.Replace(place.Nest, nest);
        for (int n = 0; n < made.Count; n++) state = state.With(d.ResultLoop(n), made[n]);
        return new(state,
            Evidence.Proved(tail is SplitTail.Shift ? "iterations done twice give the same" : "the order of the iterations stays"));
    }

    // Iterations are done twice: each must give the same the second time.
    private static void RequireRepeatable(ScheduleState state, LoopPlace place, long factor, Directive d, StepContext context)
    {
        var loop = place.Loop;
        if (loop.Extent is IntImm known && known.Value < factor) throw Refuse($"it runs {known.Value} times, less than {factor}", null);
        if (loop.Extent is IntImm whole && whole.Value % factor == 0) return;
        var inside = LoopPlace.LoopsIn(loop.Body).Select(f => f.Variable).Append(loop.Variable).ToHashSet();
        foreach (var i in place.Instances)
        {
            if (!IsUpdate(i) && i.Iterations.Any(it => it.Kind is IterKind.Opaque && it.Binding.UsesVar(loop.Variable))) throw Refuse("its iterations need each other in order", i);
            var own = i.Writes.Select(r => r.Buffer).ToHashSet();
            if (i.Init is null ? i.Body.BuffersRead().Any(own.Contains) : i.Iterations.Any(it => it.Kind is IterKind.Reduction && !it.Binding.FreeVars().All(inside.Contains)))
                throw Refuse("iterations that are done twice would add twice", i);
            if (i.Init is not null && i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(loop.Variable))) throw Refuse("iterations that are done twice would be summed twice", i);
            if (i.Iterations.Any(it => it.Kind is IterKind.Opaque && it.Binding.UsesVar(loop.Variable))) throw Refuse("its iterations need each other in order", i);
        }
        // What one instance leaves to another, in storage that outlives the iteration, may be overwritten by then.
        var kept = place.Instances.SelectMany(i => i.Writes).Select(r => r.Buffer).Except(Allocated(loop.Body)).ToHashSet();
        kept.RemoveWhere(b => SettledStorage.IsSettled(b, place, inside));
        if (place.Instances.FirstOrDefault(i => i.Reads.Any(r => kept.Contains(r.Buffer) && place.Instances.Any(w => w.Name != i.Name && w.Writes.Any(x => ReferenceEquals(x.Buffer, r.Buffer))))) is { } reader
            && !Legality.Ask(state, place, context, allowReductions: false).IsProved)
            throw Refuse("what its iterations leave to each other may be overwritten when they are done again", reader);
        if (loop.Extent is not IntImm)
            throw StepContext.Refuse(ScheduleRefusals.NotDecided, d.SpanOf("tail"), d.Text, $"whether `{d.Loop.Name}` runs at least {factor} times is known only when sizes are known", "use `tail = guard`");

        // T[e] = T[e] op value
        static bool IsUpdate(Instance i) => i.Body is Store { Value: Binary { Left: Load old } } s && ReferenceEquals(old.Buffer, s.Buffer) && old.Indices.SequenceEqual(s.Indices, StructuralComparer.Instance);

        DiagnosticException Refuse(string why, Instance? about) =>
            new(StepContext.About(Diagnostic.Create(ScheduleRefusals.TailNotAllowed, d.SpanOf("tail"), "shift", d.Loop.Name, why), about, "computed here"));
    }

    private static IEnumerable<Buffer> Allocated(Stmt s) => s switch
    {
        Allocate a => Allocated(a.Body).Prepend(a.Buffer),
        Block b => b.Statements.SelectMany(Allocated),
        For f => Allocated(f.Body),
        LetStmt l => Allocated(l.Body),
        If i => i.Else is null ? Allocated(i.Then) : Allocated(i.Then).Concat(Allocated(i.Else)),
        _ => [],
    };
}
