using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>The step around <see cref="Stream"/>: <c>Y.nontemporal()</c> stores Y past the caches. It changes no value. A stage that reads back what it stores would wait for memory
/// each time, so the sums of a reduction are kept in a tile first, and the tile's copy streams.</summary>
public static class Nontemporal
{
    internal static StepResult Step(ScheduleState state, Directive d, StepContext context)
    {
        var instance = context.Instance(state, d.Stage, d.Span);
        var buffer = instance.Writes[0].Buffer;
        int number = state.Nests.FindNest(instance.Name)!.Value;
        if (!state.Function.Parameters.Contains(buffer) && !state.Function.Temporaries.Contains(buffer))
            throw Refuse("what it writes stays inside of the nest, and is read at once", $"stream what leaves the nest");
        if (state.Nests.Instances(number).Any(i => i.Body.BuffersRead().Contains(buffer)))
            throw Refuse("its nest reads what it stores", "keep the partial results in a tile first: `cache_write(at = …, memory = register)`");
        if (new Streams(buffer).In(instance)) return StepResult.WithoutEffect(state, $"`{d.Stage.Name}` is streamed already");
        return new(state.Replace(number, Stream.Apply(state.Nests[number], instance.Name, buffer)).Touch(instance.Name), Evidence.Proved("the same values are stored"));

        DiagnosticException Refuse(string why, string help) =>
            new(StepContext.About(Diagnostic.Create(ScheduleRefusals.WrongStage, d.Span, "nontemporal", d.Stage.Name, why, help), instance, "stored here"));
    }

    private sealed class Streams(Ir.Buffer buffer) : Walker
    {
        private bool _found;

        public bool In(Instance i)
        {
            Visit(i.Body);
            return _found;
        }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            _found |= s is Store { NonTemporal: true } t && ReferenceEquals(t.Buffer, buffer);
            base.Visit(s);
        }
    }
}
