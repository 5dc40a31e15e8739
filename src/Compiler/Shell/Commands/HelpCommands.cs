using System.Text;
using Tx.Core;

namespace Tx.Shells.Commands;

/// <summary>Commands that explain.</summary>
internal static class HelpCommands
{
    public static bool Help(Shell shell, string name)
    {
        name = name.TrimStart(':', '%');
        if (name.Length == 0)
        {
            int width = ShellCommands.All.Max(c => c.Usage.Length) + 1;
            var text = new StringBuilder();
            foreach (var c in ShellCommands.All) text.Append(':').Append(c.Usage.PadRight(width)).Append(' ').Append(c.Summary).Append('\n');
            return shell.Say(text.Append("anything else is program text: declarations, `let`, calls; `_` is the value that was shown last, `_3` that of entry 3").ToString());
        }
        if (ShellCommands.Find(name) is not { } command)
            return shell.Refuse($"there is no command `:{name}`", Suggestion.For(name, ShellCommands.All.Select(c => c.Name)) is { } near ? $"did you mean `:{near}`?" : "`:help` lists them");
        string others = command.Aliases.IsEmpty ? "" : $"\nalso {string.Join(", ", command.Aliases.Select(a => ":" + a))}";
        return shell.Say($":{command.Usage}\n  {command.Summary}{(command.Details.Length > 0 ? "\n  " + command.Details.Replace("\n", "\n  ", StringComparison.Ordinal) : "")}{others}");
    }

    public static bool Explain(Shell shell, string code)
    {
        if (code.Length == 0) return shell.Refuse("`:explain` needs a code", "call it as `:explain TX1501`");
        code = code.ToUpperInvariant();
        return DiagnosticsManual.Section(code) is { } section ? shell.Say(section)
            : shell.Refuse($"there is no code `{code}`", Suggestion.For(code, DiagnosticsManual.Codes) is { } near ? $"did you mean {near}?" : "a code stands in brackets at the head of a message: `error[TX1501]`");
    }
}
