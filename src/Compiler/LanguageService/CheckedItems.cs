using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>What was found in declarations, kept as long as neither they nor what they mention changes.</summary>
internal sealed class CheckedItems
{
    private readonly Dictionary<ItemSyntax, (ImmutableArray<ItemSyntax> Needs, string For, ImmutableArray<Diagnostic> Found)> _known = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ItemSyntax, ImmutableArray<string>> _mentions = new(ReferenceEqualityComparer.Instance);

    private DeclarationTable? _table;
    private Dictionary<ItemSyntax, ImmutableArray<ItemSyntax>> _needs = new(ReferenceEqualityComparer.Instance);
    private ILookup<string, ScheduleSyntax> _schedules = Array.Empty<ScheduleSyntax>().ToLookup(s => "");

    /// <summary>What is known of an item; null where it has to be checked.</summary>
    /// <param name="choice">What it is checked for, beside its text and what that mentions.</param>
    public ImmutableArray<Diagnostic>? Find(ItemSyntax item, DeclarationTable table, string choice) =>
        _known.TryGetValue(item, out var known) && known.For == choice && Enumerable.SequenceEqual<ItemSyntax>(known.Needs, NeedsOf(item, table), ReferenceEqualityComparer.Instance) ? known.Found : null;

    public void Keep(ItemSyntax item, DeclarationTable table, string choice, IEnumerable<Diagnostic> found) => _known[item] = (NeedsOf(item, table), choice, [.. found]);

    /// <summary>Forgets what is not in the document any more.</summary>
    public void Retain(IEnumerable<ItemSyntax> items)
    {
        var kept = items.ToHashSet<ItemSyntax>(ReferenceEqualityComparer.Instance);
        foreach (var item in _known.Keys.Where(i => !kept.Contains(i)).ToList()) _known.Remove(item);
        foreach (var item in _mentions.Keys.Where(i => !kept.Contains(i)).ToList()) _mentions.Remove(item);
    }

    /// <summary>The declarations that an item mentions, directly or through others.</summary>
    public ImmutableArray<ItemSyntax> NeedsOf(ItemSyntax item, DeclarationTable table)
    {
        if (!ReferenceEquals(table, _table))
        {
            (_table, _needs) = (table, new(ReferenceEqualityComparer.Instance));
            _schedules = table.Schedules.Values.ToLookup(s => s.Name.Text, StringComparer.Ordinal);
        }
        return _needs.TryGetValue(item, out var known) ? known : _needs[item] = FindNeeds(item, table);
    }

    private ImmutableArray<ItemSyntax> FindNeeds(ItemSyntax item, DeclarationTable table)
    {
        var found = new List<ItemSyntax>();
        var seen = new HashSet<ItemSyntax>(ReferenceEqualityComparer.Instance) { item };
        var open = new Queue<ItemSyntax>([item]);
        while (open.TryDequeue(out var next))
            foreach (string name in Mentions(next))
                foreach (var declaration in Declarations(name, next, table))
                    if (seen.Add(declaration))
                    {
                        found.Add(declaration);
                        open.Enqueue(declaration);
                    }
        return [.. found];
    }

    private IEnumerable<ItemSyntax> Declarations(string name, ItemSyntax by, DeclarationTable table)
    {
        if (table.Operators.TryGetValue(name, out var op)) yield return op;
        if (table.Consts.TryGetValue(name, out var c)) yield return c;
        if (table.Reducers.TryGetValue(name, out var r)) yield return r;
        if (table.Strategies.TryGetValue(name, out var s)) yield return s;
        if (table.Intrinsics.TryGetValue(name, out var i)) yield return i;
        if (table.Targets.TryGetValue(name, out var t)) yield return t;
        // A schedule is named by one that extends it, and by a call.
        if (by is ScheduleSyntax or TestSyntax or LetSyntax or AssertSyntax or SimpleSyntax or BenchSyntax)
            foreach (var schedule in _schedules[name]) yield return schedule;
    }

    /// <summary>The names in an item.</summary>
    public ImmutableArray<string> Mentions(ItemSyntax item) => _mentions.TryGetValue(item, out var known) ? known
        : _mentions[item] = [.. item.DescendantsAndSelf().Select(n => n switch { NameSyntax name => name.Text, NameExpressionSyntax name => name.Name, _ => null }).OfType<string>().Distinct(StringComparer.Ordinal)];
}
