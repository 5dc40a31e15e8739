using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx.Shells.Commands;

/// <summary>Commands that read and write programs.</summary>
internal static class FileCommands
{
    public static bool Load(Shell shell, string text)
    {
        string path = Unquoted(text);
        if (path.Length == 0) return shell.Refuse("`:load` needs a file", "call it as `:load examples/session.tx`");
        if (!ReadInto(shell, path)) return false;
        if (!shell.Loaded.Contains(path)) shell.Loaded.Add(path);
        return true;
    }

    public static bool Reload(Shell shell, string text)
    {
        if (shell.Loaded.Count == 0) return shell.Refuse("no file was loaded", "`:load FILE` loads one");
        shell.Session.ForgetFiles();
        return shell.Loaded.All(f => ReadInto(shell, f));
    }

    private static bool ReadInto(Shell shell, string path)
    {
        if (!File.Exists(path)) return shell.Refuse(Directory.Exists(path) ? $"`{path}` is a folder" : $"there is no file `{path}`", "name a .tx file");
        var source = SourceReader.Read(path, out var problem);
        if (source is not null) return shell.Session.Submit(source, shell.Cancellation);
        if (problem is not null) shell.Output.Report(problem);
        return false;
    }

    public static bool Save(Shell shell, string text)
    {
        string path = Unquoted(text);
        if (path.Length == 0) return shell.Refuse("`:save` needs a file", "call it as `:save session.tx`");
        var items = Kept(shell.Session);
        if (items.Count == 0) return shell.Refuse("there is nothing to save", "declare or bind something first");
        string program = string.Join('\n', items.Select(Text)) + "\n";
        DataFile.WriteText(path, program);
        // What a prompt allows and a file does not is said at once.
        using var check = new Session(new() { Defines = shell.Session.Defines, Threads = 1 }, new Problems(shell.Output));
        check.Check(new SourceText(path, program));
        return shell.Say($"{items.Count} declaration{(items.Count == 1 ? "" : "s")} and statement{(items.Count == 1 ? "" : "s")} in {path}");
    }

    /// <summary>What makes the session as it is: each declaration as it was made last, and statements; values that were bound again are bound once, unless one was used before.</summary>
    private static List<ItemSyntax> Kept(Session session)
    {
        var items = session.Accepted;
        var kept = new List<ItemSyntax>();
        for (int i = 0; i < items.Count; i++)
        {
            var item = items[i];
            if (Session.NameOf(item) is { } name && (!session.Declarations.All.Contains(item, ReferenceEqualityComparer.Instance) && !session.Declarations.All.Any(d => Session.NameOf(d) == name && d.Span.Text == item.Span.Text) || kept.Exists(k => k.GetType() == item.GetType() && k.Span.Text == item.Span.Text))) continue;
            if (item is LetSyntax let)
            {
                string[] names = [.. StatementRunner.TargetsOf(let).Select(t => t.Name)];
                if (!names.Any(n => session.TryGetValue(n, out _))) continue;
                int again = items.FindIndex(i + 1, x => x is LetSyntax l && names.All(n => StatementRunner.TargetsOf(l).Any(t => t.Name == n)));
                if (again > 0 && !items.Take(again + 1).Skip(i + 1).Any(x => Redefinition.Mentions(x is LetSyntax l ? l.Value : x).Any(names.Contains))) continue;
            }
            kept.Add(item);
        }
        return kept;
    }

    private static string Text(ItemSyntax item) =>
        (item.Doc is { Length: > 0 } doc ? string.Concat(doc.Split('\n').Select(l => $"/// {l}".TrimEnd() + "\n")) : "") + item.Span.Text;

    private static string Unquoted(string text) => text is ['"', .. var inside, '"'] ? inside : text;

    private sealed class Problems(ISessionOutput output) : ISessionOutput
    {
        public void Report(Diagnostic diagnostic)
        {
            if (diagnostic.IsError) output.Report(diagnostic);
        }
        public void Print(string text) { }
        public void Display(Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
    }
}
