using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>What a session holds, as program text: of each declaration and binding the text that made it last. Immutable.</summary>
internal sealed class SessionText
{
    public static SessionText Empty { get; } = new([]);

    /// <param name="Keys">What it declares or binds.</param>
    /// <param name="Text">With the comment before it.</param>
    private sealed record Entry(ImmutableArray<string> Keys, string Text);

    private readonly ImmutableArray<Entry> _entries;

    private SessionText(ImmutableArray<Entry> entries) => _entries = entries;

    /// <summary>The session after a text has run.</summary>
    public SessionText With(SourceText source)
    {
        var entries = _entries;
        int start = 0;
        foreach (var item in SyntaxParser.Parse(source).Root.Items)
        {
            var keys = KeysOf(item);
            string text = source.Text[start..item.Span.Span.End];
            start = item.Span.Span.End;
            if (keys.IsEmpty) continue;
            // Of `let (a, b)` the text stays until both names have another.
            var others = entries.SelectMany(e => e.Keys).Concat(keys).ToLookup(k => k);
            entries = [.. entries.Where(e => !e.Keys.All(k => keys.Contains(k) || others[k].Count() > 1 && entries.Last(o => o.Keys.Contains(k)) != e)), new(keys, text)];
        }
        return new(entries);
    }

    /// <summary>The text without what a cell declares anew. Its bindings stay: they may need what they replace.</summary>
    public string Before(SourceText cell)
    {
        var declared = SyntaxParser.Parse(cell).Root.Items.Where(i => i is not LetSyntax).SelectMany(i => KeysOf(i)).ToHashSet(StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var entry in _entries)
            if (!entry.Keys.Any(declared.Contains)) text.Append(entry.Text.TrimEnd()).Append('\n');
        return text.ToString();
    }

    private static ImmutableArray<string> KeysOf(ItemSyntax item) => item switch
    {
        LetSyntax let => [.. StatementRunner.TargetsOf(let).Select(t => t.Name)],
        ScheduleSyntax s => [$"{s.Name.Text} for {s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault()?.Operator.Text}"],
        ImportSyntax i => [$"import {i.Path}"],
        OpSyntax or ReducerSyntax or StrategySyntax or IntrinSyntax or TargetSyntax or ConstSyntax => [item.Children.OfType<NameSyntax>().First().Text],
        _ => [],
    };
}
