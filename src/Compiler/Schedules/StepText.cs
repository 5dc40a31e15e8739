using System.Text;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Tx.Lower.Schedule.Steps;
using Tx.Lower.Simplify;

namespace Tx;

/// <summary>A schedule as text, step by step: each directive, why it is right, and what became of the nests that it changed.</summary>
public static class StepText
{
    public static string Print(ScheduledFunction f)
    {
        var text = new StringBuilder();
        text.Append("// plain\n").Append(Loops(ScheduleState.Of(f.Plain, f.State.Target)).TrimEnd('\n')).Append('\n');
        int number = 0;
        foreach (var step in f.Steps)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n// {++number}. {step.Directive.Text}\n//    {step.Evidence}\n");
            var difference = LineDifference.Of(Loops(step.Before), Loops(step.After));
            if (difference.All(l => l.Change is LineChange.Same)) text.Append("  (unchanged)\n");
            else
                foreach (var (change, line) in difference)
                    text.Append(change switch { LineChange.Added => "+ ", LineChange.Removed => "- ", _ => "  " }).Append(line).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>The nests of a function as plain loops: instances are replaced by what they do, and conditions that always hold are left out.</summary>
    public static string Loops(ScheduleState state)
    {
        var module = new LoopModule([state.ToFunction()], LoopLevel.Scheduled);
        var lowered = Simplifier.Simplify(LowerInstances.Run(DecomposeReductions.Run(module)));
        return IrPrinter.Print(lowered.Functions[0].Body);
    }
}
