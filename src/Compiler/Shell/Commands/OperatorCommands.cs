using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Syntax;
using Tx.Lower.Analysis;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Shells.Commands;

/// <summary>Commands about one operator: its way to a kernel, its time, its memory.</summary>
internal static class OperatorCommands
{
    public static readonly ImmutableArray<string> PrintStages = ["loops", "syntax", "program", "final", "llvm", "asm", "nests", "tree"];

    public static bool Stages(Shell shell, string text)
    {
        var op = ShellArguments.Parse(shell, text).Request.Operator;
        var plain = ScheduleState.Of(NestBuilder.Build(op, null).Functions[0], shell.Session.Target);
        var lines = new StringBuilder();
        foreach (var (name, instance, loops) in LoopNames.Stages(plain))
        {
            string indices = string.Join(", ", loops.Select(l => $"{l.Variable.Name} in {l.Min}..{l.Extent}{(instance.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(l.Variable)) ? " reduced" : "")}"));
            string reads = string.Join(", ", instance.Reads.Select(r => r.Buffer.Name).Distinct().Where(r => r != instance.Writes[0].Buffer.Name));
            lines.Append(CultureInfo.InvariantCulture, $"{name}: {instance.Writes[0].Buffer.TensorType.Name}{(indices.Length > 0 ? $"  {indices}" : "")}{(reads.Length > 0 ? $"  reads {reads}" : "")}\n");
        }
        foreach (var schedule in shell.Session.Schedules.SchedulesOf(op.Name)) lines.Append("schedule ").Append(schedule.Name.Text).Append('\n');
        return shell.Say(lines.ToString().TrimEnd('\n'));
    }

    public static bool Print(Shell shell, string text)
    {
        var arguments = ShellArguments.Parse(shell, text);
        return arguments.Choice([.. PrintStages]) switch
        {
            "asm" => shell.Display(arguments.Request.Assembly()),
            "nests" => shell.Display(arguments.Request.Nests()),
            "tree" => shell.Display(arguments.Request.Tree()),
            "syntax" when shell.Explorer is { } open && ReferenceEquals(open.Syntax, arguments.Request.Syntax) => shell.Say($"{SyntaxPrinter.Print(open.Syntax).TrimEnd('\n')}\n{open.ToDeclaration(open.Applied.Name)}"),
            var stage => shell.Say(arguments.Request.Print(stage).TrimEnd('\n')),
        };
    }

    public static bool Llvm(Shell shell, string text) => shell.Say(ShellArguments.Parse(shell, text).Request.Print("llvm").TrimEnd('\n'));

    public static bool Assembly(Shell shell, string text) => shell.Display(ShellArguments.Parse(shell, text).Request.Assembly());

    public static bool Memory(Shell shell, string text)
    {
        if (text.Length > 0 || shell.Explorer is not null) return shell.Display(ShellArguments.Parse(shell, text).Request.Memory());
        var m = shell.Session.Memory;
        return shell.Say($"values {Quantity.Bytes(m.BytesInUse)}, at most {Quantity.Bytes(m.PeakBytes)} so far, limit {Quantity.Bytes(m.LimitBytes)}; `:mem OP M=64,…` shows the memory of a kernel");
    }

    public static bool Roofline(Shell shell, string text) => shell.Display(ShellArguments.Parse(shell, text).Request.Roofline());

    public static bool Bench(Shell shell, string text)
    {
        if (text.Contains('(', StringComparison.Ordinal)) return shell.Session.Submit(new SourceText("<bench>", $"bench {text}"), shell.Cancellation);
        var result = ShellArguments.Parse(shell, text).Request.Bench();
        shell.Output.Bench(result);
        return true;
    }

    public static bool Time(Shell shell, string text)
    {
        if (text.Length == 0) return shell.Refuse("`:time` needs an expression", "call it as `:time matmul(A, B)`");
        var (start, compiled) = (Stopwatch.GetTimestamp(), shell.Session.CompileTime);
        bool isDone = shell.Session.Submit(new SourceText("<time>", text), shell.Cancellation);
        var (all, compiling) = (Stopwatch.GetElapsedTime(start), shell.Session.CompileTime - compiled);
        if (isDone) shell.Say($"{BenchText.Time(all.TotalMicroseconds)}{(compiling > TimeSpan.Zero ? $", {BenchText.Time(compiling.TotalMicroseconds)} of it compiling" : "")}");
        return isDone;
    }

    public static bool Evidence(Shell shell, string text)
    {
        var request = ShellArguments.Parse(shell, text).Request;
        return request.Steps() is { } applied ? shell.Display(new StepEvidenceList(applied))
            : shell.Refuse($"`{request.Operator.Name}` has no schedule that applies; it runs by the default", $"`:steps {request.Operator.Name}` begins one");
    }

    /// <summary>The nests of two schedules, or the texts of two stages; in an open schedule what its lines have changed.</summary>
    public static bool Diff(Shell shell, string text)
    {
        var arguments = ShellArguments.Parse(shell, text);
        if (arguments.Words.IsEmpty && shell.Explorer is { } open && ReferenceEquals(arguments.Request.Syntax, open.Syntax))
            return shell.Say(ScheduleExplorer.Difference(StepText.Loops(ScheduleState.Of(open.Applied.Function.Plain, open.State.Target)), StepText.Loops(open.State)).TrimEnd('\n'));
        var request = arguments.Request;
        string[] names = [.. arguments.Words];
        if (request.Choice is { } chosen && shell.Explorer is null) names = [chosen.Name, .. names];
        if (names.Length == 1) names = ["plain", .. names];
        if (names.Length != 2) return shell.Refuse("`:diff` compares two", $"call it as `:diff {request.Operator.Name} loops final`, or with the names of two schedules, `default` or `plain`");
        return shell.Say(ScheduleExplorer.Difference(Text(names[0]), Text(names[1])).TrimEnd('\n'));

        string Text(string name)
        {
            var schedules = shell.Session.Schedules.SchedulesOf(request.Operator.Name).Select(s => s.Name.Text).ToList();
            return name == "plain" ? StepText.Loops(ScheduleState.Of(request.Plain(), shell.Session.Target))
                : name == "default" ? StepText.Loops(request.Default())
                : schedules.Contains(name) ? StepText.Loops(request.Under(name).Steps()!.Function.State)
                : PrintStages.Contains(name) && name is not ("nests" or "tree") ? request.Print(name)
                : throw new RequestException($"`{name}` is neither a schedule of `{request.Operator.Name}` nor a stage");
        }
    }
}
