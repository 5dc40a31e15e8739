using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>What a text that was submitted does to the declarations of a session.</summary>
/// <param name="Rebuilt">Older declarations that rest on what the text declares again.</param>
/// <param name="Broken">Those of them that do not fit it any more, each with its first error.</param>
internal sealed record DeclarationChange(LoadedProgram Program, ModuleBinder Binder, ImmutableArray<ItemSyntax> Rebuilt, ImmutableArray<(ItemSyntax Declaration, Diagnostic Error)> Broken);

/// <summary>Declarations that are made again.</summary>
internal static class Redefinition
{
    /// <summary>The declaration that a table has word by word; null where it has none.</summary>
    public static ItemSyntax? Same(ItemSyntax item, DeclarationTable table) =>
        Older(item, table) is { } old && old.Doc == item.Doc && old.Span.Text == item.Span.Text ? old : null;

    /// <summary>What is redefined, built again, gone, or left as it was, in one line; empty where that is nothing.</summary>
    /// <param name="origins">The names that each value was computed from.</param>
    public static string Describe(DeclarationChange change, DeclarationTable before, IReadOnlyDictionary<string, ImmutableArray<string>> origins)
    {
        var again = change.Program.Tree.Root.Items.Where(i => Older(i, before) is { } old && !ReferenceEquals(old, i)).ToList();
        if (again.Count == 0 && change.Rebuilt.IsEmpty) return "";
        var parts = new List<string>();
        var broken = change.Broken.Select(b => b.Declaration).ToHashSet<ItemSyntax>(ReferenceEqualityComparer.Instance);
        var rebuilt = change.Rebuilt.Where(d => !broken.Contains(d)).ToList();
        if (rebuilt.Count > 0) parts.Add($"{string.Join(", ", rebuilt.Select(Describe))} {(rebuilt.Count == 1 ? "is" : "are")} built again");
        foreach (var (declaration, error) in change.Broken)
            parts.Add($"{Describe(declaration)} {(declaration is ScheduleSyntax ? "does not fit any more and is gone" : "does not fit any more, define it again")} ({error.Code}: {error.Message})");
        var changed = again.Concat(change.Rebuilt).Select(Session.NameOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var bound = change.Program.Tree.Root.Items.OfType<LetSyntax>().SelectMany(StatementRunner.TargetsOf).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var values = origins.Where(o => !bound.Contains(o.Key) && !o.Key.StartsWith(Session.LastName, StringComparison.Ordinal) && o.Value.Any(changed.Contains)).Select(o => $"`{o.Key}`").Order(StringComparer.Ordinal).ToList();
        if (values.Count > 0) parts.Add($"{string.Join(", ", values)} {(values.Count == 1 ? "keeps its value" : "keep their values")}");
        string head = again.Count == 0 ? "" : $"{string.Join(", ", again.Select(Describe))} {(again.Count == 1 ? "is" : "are")} redefined";
        return parts.Count == 0 ? head : head.Length == 0 ? string.Join("; ", parts) : $"{head}: {string.Join("; ", parts)}";
    }

    /// <summary>The names in a statement.</summary>
    public static ImmutableArray<string> Mentions(SyntaxNode node) => [.. node.DescendantsAndSelf().OfType<NameExpressionSyntax>().Select(n => n.Name).Distinct(StringComparer.Ordinal)];

    private static string Describe(ItemSyntax d) => d is ScheduleSyntax s ? $"the schedule `{s.Name.Text}` of `{Session.OperatorOf(s)}`" : $"`{Session.NameOf(d)}`";

    private static ItemSyntax? Older(ItemSyntax item, DeclarationTable table) => item switch
    {
        OpSyntax o => table.Operators.GetValueOrDefault(o.Name.Text),
        ConstSyntax c => table.Consts.GetValueOrDefault(c.Name.Text),
        ReducerSyntax r => table.Reducers.GetValueOrDefault(r.Name.Text),
        StrategySyntax s => table.Strategies.GetValueOrDefault(s.Name.Text),
        IntrinSyntax i => table.Intrinsics.GetValueOrDefault(i.Name.Text),
        TargetSyntax t => table.Targets.GetValueOrDefault(t.Name.Text),
        ScheduleSyntax s when Session.OperatorOf(s) is { } op => table.Schedules.GetValueOrDefault((op, s.Name.Text)),
        _ => null,
    };
}
