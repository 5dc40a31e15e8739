using System.Text;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx;

/// <summary>A schedule as text, step by step: each directive, why it is right, and what became of the nests that it changed.</summary>
public static class StepText
{
    public static string Print(ScheduledFunction f)
    {
        var text = new StringBuilder();
        text.Append("// plain\n").Append(IrPrinter.Print(f.Plain.Body).TrimEnd('\n')).Append('\n');
        int number = 0;
        foreach (var step in f.Steps)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n// {++number}. {step.Directive.Text}\n//    {step.Evidence}\n");
            var difference = LineDifference.Of(Nests(step.Before), Nests(step.After));
            if (difference.All(l => l.Change is LineChange.Same)) text.Append("  (unchanged)\n");
            else
                foreach (var (change, line) in difference)
                    text.Append(change switch { LineChange.Added => "+ ", LineChange.Removed => "- ", _ => "  " }).Append(line).Append('\n');
        }
        return text.ToString();

        static string Nests(ScheduleState state) => IrPrinter.Print(state.Nests.Body);
    }
}
