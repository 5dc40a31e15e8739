using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Build;

/// <summary>One entry point of a library as it is asked for: <c>[NAME=]OP[:key=value,…]</c>. A key is a dimension, a <c>const</c> parameter, an element type
/// (<c>T=i8</c>) or the rank of a pack (<c>S=3</c>).</summary>
/// <param name="Text">For messages.</param>
/// <param name="Name">Null: made from the operator and the values.</param>
internal sealed record EntryRequest(string Text, string? Name, string Operator, ImmutableArray<(string Key, string Value)> Values)
{
    /// <exception cref="DiagnosticException">TX4086.</exception>
    public static EntryRequest Parse(string text)
    {
        int colon = text.IndexOf(':');
        string head = colon < 0 ? text : text[..colon];
        string[] names = head.Split('=');
        if (names.Length > 2 || names.Any(n => n.Trim().Length == 0)) throw Wrong(text, "it names no operator", "write an operator, and sizes behind a colon: `--op matmul:M=64,K=64,N=64`");
        var values = ImmutableArray.CreateBuilder<(string, string)>();
        foreach (string part in colon < 0 ? [] : text[(colon + 1)..].Split(',', StringSplitOptions.TrimEntries))
        {
            string[] sides = part.Split('=', StringSplitOptions.TrimEntries);
            if (sides.Length != 2 || sides[0].Length == 0 || sides[1].Length == 0) throw Wrong(text, $"`{part}` is no value", "write name=value, with commas between: `--op matmul:M=64,K=64,N=64`");
            if (values.Any(v => v.Item1 == sides[0])) throw Wrong(text, $"`{sides[0]}` is given twice", "give each name one value");
            values.Add((sides[0], sides[1]));
        }
        return new(text, names.Length == 2 ? names[0].Trim() : null, names[^1].Trim(), values.ToImmutable());
    }

    /// <summary>Binds the operator and finds its sizes.</summary>
    /// <exception cref="DiagnosticException">TX4086, or the operator is wrong for these values.</exception>
    public BoundEntry Bind(Session session)
    {
        var operators = session.Declarations.Operators;
        if (!operators.TryGetValue(Operator, out var syntax))
            throw Wrong(Text, $"the program has no operator `{Operator}`", Suggestion.For(Operator, operators.Keys) is { } near ? $"did you mean `{near}`?" : operators.Count == 0 ? "it declares none" : $"it has {string.Join(", ", operators.Keys.Order(StringComparer.Ordinal))}");
        var usual = Specialisation.Representative(syntax);
        var defined = ConstChoices.With(syntax, session.Defines);
        var (types, ranks, consts, sizes) = (usual.Types.ToList(), usual.Ranks.ToList(), defined.Consts.ToList(), new List<(string Key, string Value)>());
        foreach (var (key, value) in Values)
        {
            if (syntax.Generics.FirstOrDefault(g => g.Name.Text == key) is { } generic) Set(types, generic.Name.Text, ElementTypes.TryParse(value, out var type) ? type : throw Wrong(Text, $"`{value}` is no element type", "write one such as f32, i8 or u1"));
            else if (Specialisation.Packs(syntax).FirstOrDefault(p => p == key) is { } pack)
                Set(ranks, pack, int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int rank) && rank <= Specialisation.MaxRank ? rank : throw Wrong(Text, $"`{value}` is no rank", $"write a number up to {Specialisation.MaxRank}"));
            else if (syntax.Parameters.FirstOrDefault(p => p.IsConst && p.Name.Text == key) is { } constant) Set(consts, key, ConstOf(constant, value));
            else sizes.Add((key, value));
        }
        var missing = syntax.Parameters.Where(p => p.IsConst && p.Default is null && !consts.Any(c => c.Name == p.Name.Text)).Select(p => p.Name.Text).ToList();
        if (missing.Count > 0) throw Wrong(Text, $"the value of {string.Join(" and ", missing.Select(m => $"`{m}`"))} is missing", $"give it: `--op {Operator}:{string.Join(',', missing.Select(m => m + "=…"))}`");
        var bag = new DiagnosticBag();
        var bound = session.Resolver.Binder.Bind(syntax, new([.. types], [.. ranks], [.. consts]), bag);
        if (bound is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items.Where(d => d.IsError)]);
        var dims = SizesOf(bound, sizes);
        return new(this, syntax, bound, dims, Name ?? NameOf(dims));
    }

    private Scalar ConstOf(ParameterSyntax constant, string value)
    {
        if (!ElementTypes.TryParse(constant.Type.Name.Text, out var type)) throw Wrong(Text, $"`{constant.Name.Text}` has no number", "leave it out");
        Scalar? scalar = value is "true" or "false" ? Scalar.Bool(value == "true")
            : long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n) ? Scalar.Index(n)
            : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double x) ? Scalar.Of(ElementType.F64, x) : null;
        return scalar is { } known && (known.Type is ElementType.Bool) == (type is ElementType.Bool) && !(known.Type.IsFloat && !type.IsFloat) ? ScalarMath.Cast(CastKind.Convert, type, known)
            : throw Wrong(Text, $"`{value}` is no value of `{constant.Name.Text}`, which is {type.Name}", "write a number of that type");
    }

    private ImmutableDictionary<DimSymbol, long>? SizesOf(Operator bound, List<(string Key, string Value)> sizes)
    {
        if (sizes.Count == 0 && !bound.Dims.IsEmpty) return null;
        var dims = ImmutableDictionary.CreateBuilder<DimSymbol, long>();
        foreach (var (key, value) in sizes)
        {
            // In a shell, m for M is a small mistake.
            var found = bound.Dims.FirstOrDefault(d => d.Name == key) ?? (bound.Dims.Where(d => string.Equals(d.Name, key, StringComparison.OrdinalIgnoreCase)).ToList() is [var one] ? one : null);
            string names = string.Join(", ", bound.Dims.Select(d => d.Name).Concat(bound.Consts.Select(c => c.Name)));
            if (found is null) throw Wrong(Text, $"`{Operator}` has no dimension and no const `{key}`", Suggestion.For(key, bound.Dims.Select(d => d.Name)) is { } near ? $"did you mean `{near}`?" : names.Length > 0 ? $"it has {names}" : "it has none");
            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long size)) throw Wrong(Text, $"`{key}={value}` is no size", "write a number from 0 on");
            if (!dims.TryAdd(found, size)) throw Wrong(Text, $"the size of `{found.Name}` is given twice", "give each dimension one size");
        }
        var open = bound.Dims.Where(d => !dims.ContainsKey(d)).ToList();
        if (open.Count > 0)
            throw Wrong(Text, $"the size of {string.Join(" and ", open.Select(d => $"`{d.Name}`"))} is missing", $"give all sizes, `--op {Operator}:{string.Join(',', bound.Dims.Select(d => d.Name + "=…"))}`, or none: then the entry is for all sizes");
        return dims.ToImmutable();
    }

    // matmul_M64_K64_N64, relu_Ti8; a number's sign and point become letters.
    private string NameOf(ImmutableDictionary<DimSymbol, long>? dims)
    {
        string Canonical(string key) => dims?.Keys.FirstOrDefault(d => string.Equals(d.Name, key, StringComparison.OrdinalIgnoreCase))?.Name ?? key;
        return string.Concat([Operator, .. Values.Select(v => $"_{Canonical(v.Key)}{v.Value.Replace('-', 'm').Replace('.', 'p').Replace("+", "", StringComparison.Ordinal)}")]);
    }

    private static void Set<T>(List<(string Name, T Value)> values, string name, T value)
    {
        values.RemoveAll(v => v.Name == name);
        values.Add((name, value));
    }

    public static DiagnosticException Wrong(string text, string reason, string help) => new(BuildDiagnostics.WrongEntry, null, text, reason, help);
}

/// <summary>An entry point whose operator is bound.</summary>
/// <param name="Dims">Null: for all sizes.</param>
/// <param name="Name">Of the entry, without the library's prefix.</param>
internal sealed record BoundEntry(EntryRequest Request, OpSyntax Syntax, Operator Operator, ImmutableDictionary<DimSymbol, long>? Dims, string Name);
