using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;
using Tx.LanguageServices;
using Tx.Runtime;

namespace Tx.Shells.Commands;

/// <summary>Commands about what is declared and bound.</summary>
internal static class SessionCommands
{
    public static bool Type(Shell shell, string text)
    {
        if (text.Length == 0) return shell.Refuse("`:type` needs an expression", "call it as `:type matmul(A, B)`");
        if (shell.Session.Declarations.Operators.TryGetValue(text, out var op)) return shell.Say(Descriptions.Signature(op));
        return shell.Session.TypeOf(new SourceText("<type>", text)) is { } value && shell.Say(value is TypeValue t ? $"{text} is a type of {t.Type.Bits} bits an element" : value.Describe());
    }

    public static bool Doc(Shell shell, string name)
    {
        if (name.Length == 0) return shell.Refuse("`:doc` needs a name", "call it as `:doc split`");
        if (name[0] is ':' or '%') return HelpCommands.Help(shell, name);
        if (name.StartsWith("TX", StringComparison.OrdinalIgnoreCase) && name.Length == 6) return HelpCommands.Explain(shell, name);
        if (TextOf(shell, name) is { } text) return shell.Say(text);
        var known = shell.Session.Declarations.All.Select(Session.NameOf).OfType<string>().Concat(Vocabulary.Primitives.Select(p => p.Name)).Concat(LanguageWords.Elements.Select(w => w.Name)).Concat(shell.Session.Variables.Select(v => v.Name));
        return shell.Refuse($"nothing is called `{name}`", Suggestion.For(name, known) is { } near ? $"did you mean `{near}`?" : "`:list` shows what is declared");
    }

    private static string? TextOf(Shell shell, string name)
    {
        var parts = new List<string>();
        foreach (var d in shell.Session.Declarations.All.Where(d => Session.NameOf(d) == name))
            parts.Add(Join(Descriptions.Signature(d), d.Doc, d.Span.Source.Path.StartsWith('<') ? null : $"declared in {Path.GetFileName(d.Span.Source.Path)}"));
        if (shell.Session.TryGetValue(name, out var value)) parts.Add($"{name}: {value.Describe()}");
        if (Vocabulary.Find(name) is { } p) parts.Add(Join(Descriptions.Signature(p), p.Summary, null));
        if (LanguageWords.Function(name) is { } f) parts.Add(Join(f.Usage, f.Summary, null));
        if (LanguageWords.Keyword(name) is { } k) parts.Add(Join(k.Usage, k.Summary, null));
        if (ElementTypes.TryParse(name, out var type)) parts.Add(type is ElementType.Int ? "int\n  the type of indices and dimensions" : $"{name}\n  {type.Bits} bits an element");
        return parts.Count == 0 ? null : string.Join('\n', parts.Distinct());

        static string Join(string head, params ReadOnlySpan<string?> lines)
        {
            var text = new StringBuilder(head);
            foreach (string? line in lines)
                if (!string.IsNullOrEmpty(line)) text.Append("\n  ").Append(line.Replace("\n", "\n  ", StringComparison.Ordinal));
            return text.ToString();
        }
    }

    public static bool List(Shell shell, string filter)
    {
        var table = shell.Session.Declarations;
        var lines = table.All.Where(d => filter.Length == 0 || Session.NameOf(d)!.Contains(filter, StringComparison.Ordinal) || d is ScheduleSyntax s && Session.OperatorOf(s) == filter)
            .OrderBy(Rank).ThenBy(Session.NameOf, StringComparer.Ordinal).Select(Descriptions.Signature).ToList();
        return shell.Say(lines.Count == 0 ? filter.Length == 0 ? "nothing is declared" : $"nothing declared has `{filter}` in its name" : string.Join('\n', lines));

        static int Rank(ItemSyntax d) => d switch { OpSyntax => 0, ScheduleSyntax => 1, StrategySyntax => 2, ReducerSyntax => 3, ConstSyntax => 4, _ => 5 };
    }

    public static bool Vars(Shell shell, string filter)
    {
        var variables = shell.Session.Variables.Where(v => filter.Length == 0 || v.Name.Contains(filter, StringComparison.Ordinal)).ToList();
        if (variables.Count == 0) return shell.Say(filter.Length == 0 ? "no value is bound" : $"no value has `{filter}` in its name");
        int width = variables.Max(v => v.Name.Length), types = variables.Max(v => v.Value.Describe().Length);
        return shell.Say(string.Join('\n', variables.Select(v => $"{v.Name.PadRight(width)}  {(v.Value is TensorValue { Data: { } t } ? $"{v.Value.Describe().PadRight(types)}  {Quantity.Bytes(t.Bytes)}"
            : v.Value is ScalarValue ? $"{v.Value.Describe().PadRight(types)}  {ValuePrinter.Print(v.Value)}" : v.Value.Describe())}")));
    }

    public static bool Clear(Shell shell, string names)
    {
        if (names.Length == 0)
        {
            shell.Session.Clear();
            shell.Explorer = null;
            shell.Loaded.Clear();
            return shell.Say("all values and declarations are forgotten; `:undo` brings them back");
        }
        foreach (string name in names.Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries))
            if (!shell.Session.Forget(name)) return shell.Refuse($"nothing is called `{name}`", "`:vars` and `:list` show what there is");
        return true;
    }

    public static bool History(Shell shell, string filter)
    {
        var entries = shell.History.Where(e => int.TryParse(filter, CultureInfo.InvariantCulture, out _) || e.Text.Contains(filter, StringComparison.Ordinal));
        if (int.TryParse(filter, CultureInfo.InvariantCulture, out int last)) entries = entries.TakeLast(last);
        var text = new StringBuilder();
        foreach (var e in entries)
        {
            string number = string.Create(CultureInfo.InvariantCulture, $"{e.Number,4}  ");
            text.Append(number).Append(e.Text.Replace("\n", "\n" + new string(' ', number.Length), StringComparison.Ordinal)).Append(e.IsDone ? "" : "  // failed").Append('\n');
        }
        return shell.Say(text.Length == 0 ? "no entry" : text.ToString().TrimEnd('\n'));
    }

    public static bool Set(Shell shell, string text)
    {
        string[] words = text.Split((char[])[' ', '='], StringSplitOptions.RemoveEmptyEntries);
        var session = shell.Session;
        if (words.Length == 0)
            return shell.Say(string.Create(CultureInfo.InvariantCulture, $"threads   {session.Threads}\nmemory    {Quantity.Bytes(session.Memory.LimitBytes)}\nsymbolic  {OnOff(session.Symbolic)}\ntime      {OnOff(shell.SaysTimes)}"));
        if (words.Length != 2) return shell.Refuse($"`:set {text}` sets nothing", "call it as `:set threads 2`, `:set memory 4GiB`, `:set symbolic on`, `:set time on`");
        switch (words[0])
        {
            case "threads" when int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is > 0 and <= 1024:
                session.SetThreads(n);
                return true;
            case "memory" when Bytes(words[1]) is { } bytes:
                session.Memory.LimitBytes = bytes;
                return true;
            case "symbolic" when words[1] is "on" or "off":
                session.Symbolic = words[1] == "on";
                return true;
            case "time" when words[1] is "on" or "off":
                shell.SaysTimes = words[1] == "on";
                return true;
            case "threads" or "memory" or "symbolic" or "time":
                return shell.Refuse($"`{words[1]}` is no value of `{words[0]}`", words[0] switch { "threads" => "from 1 to 1024", "memory" => "a number with B, KiB, MiB or GiB", _ => "on or off" });
            default:
                return shell.Refuse($"there is no setting `{words[0]}`", "the settings are threads, memory, symbolic and time");
        }
    }

    private static string OnOff(bool b) => b ? "on" : "off";

    /// <summary><c>512MiB</c>, <c>4GiB</c>, a number of bytes.</summary>
    internal static long? Bytes(string text)
    {
        string digits = new([.. text.TakeWhile(char.IsAsciiDigit)]);
        int shift = text[digits.Length..].ToUpperInvariant() switch { "" or "B" => 0, "K" or "KIB" or "KB" => 10, "M" or "MIB" or "MB" => 20, "G" or "GIB" or "GB" => 30, "T" or "TIB" or "TB" => 40, _ => -1 };
        return shift >= 0 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long n) && n <= long.MaxValue >> shift ? n << shift : null;
    }

    public static bool Target(Shell shell, string text)
    {
        var host = CpuTarget.Host();
        if (text.Length == 0) return shell.Say(Describe(shell.Session.Target));
        string[] words = text.Split((char[])[' ', ',', '(', ')', '"'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) return shell.Refuse($"`{text}` is no target", "call it as `:target host`, or with features of this machine");
        if (words is ["host"] or ["cpu"]) shell.Session.SetTarget(host);
        else if (words is ["gpu", ..]) return shell.Refuse("there is no backend for gpu", "`:steps` applies a schedule that is on gpu, and shows its nests");
        else
        {
            string[] features = words[0] == "cpu" ? words[1..] : words;
            if (features is not ["baseline"] && features.FirstOrDefault(f => !host.Has(f)) is { } missing)
                return shell.Refuse($"this machine has no `{missing}`", $"its features are {string.Join(", ", host.Features)}");
            if (features is ["baseline"]) features = [];
            bool is512 = features.Any(f => f.StartsWith("avx512", StringComparison.Ordinal));
            shell.Session.SetTarget(host with { Name = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.X64 ? "x86-64" : "generic", Features = [.. features], VectorBytes = is512 ? 64 : features.Contains("avx2") ? 32 : 16, VectorRegisters = is512 ? 32 : 16 });
        }
        shell.Explorer = null;
        return shell.Say(Describe(shell.Session.Target));
    }

    private static string Describe(CpuTarget t) => string.Create(CultureInfo.InvariantCulture,
        $"{t.Name}: {(t.Features.IsEmpty ? "no features" : string.Join(", ", t.Features))}; vectors of {t.VectorBytes} bytes, {t.VectorRegisters} of them; caches {Quantity.Bytes(t.L1Bytes)}, {Quantity.Bytes(t.L2Bytes)}, {Quantity.Bytes(t.L3Bytes)}");

    public static bool Quit(Shell shell, string text)
    {
        shell.IsOver = true;
        return true;
    }
}
