using System.Globalization;
using Tx.Core;

namespace Tx.Shells.Commands;

/// <summary>Commands about a schedule that is written line by line.</summary>
internal static class ExploreCommands
{
    public static bool Steps(Shell shell, string text)
    {
        if (text.Length == 0 && shell.Explorer is { } open)
        {
            int number = 0;
            foreach (var step in open.Applied.Function.Steps) shell.Display(open.View(step, ++number));
            return number > 0 || shell.Display(open.View());
        }
        var arguments = ShellArguments.Parse(shell, text);
        if (!arguments.Words.IsEmpty) return shell.Refuse($"`{arguments.Request.Operator.Name}` has no schedule `{arguments.Words[0]}`", "`:stages OP` lists them");
        var request = arguments.Request;
        shell.Explorer = new(shell.Session, request.Syntax, request.Operator, request.Choice?.Schedule, request.CheckedSizes());
        return Shown(shell, shell.Explorer);
    }

    private static bool Shown(Shell shell, ScheduleExplorer explorer)
    {
        shell.Display(Display.DisplayBundle.OfText($"// `{explorer.Operator.Name}`, plain: write lines of a schedule; `:undo` takes one back, `:why LOOP` says what may be done, `:done NAME` declares it"));
        int number = 0;
        foreach (var step in explorer.Applied.Function.Steps) shell.Display(explorer.View(step, ++number));
        foreach (var d in explorer.Applied.Diagnostics) shell.Output.Report(d);
        return number > 0 || shell.Display(explorer.View());
    }

    public static bool Undo(Shell shell, string text)
    {
        if (shell.Explorer is { } explorer)
        {
            if (explorer.Undo() is not { } line) return shell.Refuse("there is no line to take back", "`:done` closes the schedule");
            shell.Say($"// taken back: {line}");
            return shell.Display(explorer.View());
        }
        return shell.Session.Undo() ? shell.Say("the last entry is taken back: values and declarations are as before it") : shell.Refuse("there is nothing to take back", "`:undo` takes back entries of this session");
    }

    public static bool Why(Shell shell, string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var explorer = shell.Explorer;
        if (words.Length > 0 && shell.Session.Declarations.Operators.ContainsKey(words[0]))
        {
            // Everything up to the loop is about the operator.
            string loop = words.Skip(1).FirstOrDefault(w => !w.Contains('=', StringComparison.Ordinal) && !shell.Session.Schedules.SchedulesOf(words[0]).Any(s => s.Name.Text == w)) ?? "";
            var request = ShellArguments.Parse(shell, string.Join(' ', words.Where(w => w != loop))).Request;
            explorer = new(shell.Session, request.Syntax, request.Operator, request.Choice?.Schedule, request.CheckedSizes());
            words = loop.Length > 0 ? [loop] : [];
        }
        if (explorer is null) return shell.Refuse("no schedule is open", "name the operator: `:why matmul C.k`, or open one with `:steps matmul`");
        if (words.Length == 0) return shell.Say(LoopQuestions.Overview(explorer));
        if (LoopQuestions.Find(explorer, words[0]) is { } found) return shell.Say(LoopQuestions.Explain(explorer, found));
        var names = Lower.Schedule.Steps.LoopNames.Of(explorer.State).Select(l => l.Name).Distinct().ToList();
        return shell.Refuse($"`{explorer.Operator.Name}` has no loop `{words[0]}`", Suggestion.For(words[0], names) is { } near ? $"did you mean `{near}`?" : $"its loops are {string.Join(", ", names)}");
    }

    public static bool Done(Shell shell, string name)
    {
        if (shell.Explorer is not { } explorer) return shell.Refuse("no schedule is open", "`:steps OP` opens one");
        if (name.Length > 0)
        {
            string text = explorer.ToDeclaration(name);
            if (!shell.Session.Submit(new SourceText(string.Create(CultureInfo.InvariantCulture, $"<prompt {shell.NextNumber}>"), text), shell.Cancellation)) return false;
            shell.Say(text);
        }
        shell.Explorer = null;
        return true;
    }
}
