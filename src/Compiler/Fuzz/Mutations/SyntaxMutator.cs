using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Fuzz.Mutations;

/// <summary>Edits that know the syntax tree: most results parse, and say something nobody would write.</summary>
internal sealed class SyntaxMutator
{
    private static readonly string[] Operators = ["*", "/", "%", "+", "-", "<<", ">>", "&", "^", "|", "<", ">", "<=", ">=", "==", "!=", "&&", "||"];
    private static readonly string[] Types = ["f32", "f64", "f16", "bf16", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "u1", "u2", "u4", "i2", "i4", "bool", "int", "T", "string"];
    private static readonly string[] Functions =
    [
        "sum", "prod", "max", "min", "any", "all", "bit_and", "bit_or", "bit_xor", "argmax", "argmin", "max_at", "min_at", "exp", "log", "tanh", "sqrt", "pow", "abs",
        "floor", "popcount", "trunc_div", "ceil_div", "saturate", "bits", "clamp", "wrap", "reflect", "random", "zeros", "full", "arange", "close", "equal", "reference", "print",
    ];
    private static readonly string[] Integers =
    [
        "0", "1", "2", "3", "7", "8", "31", "32", "63", "64", "255", "256", "65535", "2147483647", "2147483648", "4294967295", "4294967296",
        "4611686018427387904", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "0xffffffffffffffff", "0b1", "1000000007",
    ];
    private static readonly string[] Floats = ["0.0", "1.0", "0.1", "1e-45", "1e-300", "3.4e38", "1e39", "1.7e308", "1e309", "inf", "nan"];

    private readonly string _text;
    private readonly Random _random;
    private readonly ImmutableArray<SyntaxNode> _nodes;

    private SyntaxMutator(string text, FileSyntax file, Random random)
    {
        (_text, _random) = (text, random);
        _nodes = [.. file.DescendantsAndSelf().Where(n => n.Span.Span.Length > 0 && n.Span.Span.End <= text.Length)];
    }

    /// <summary>One random edit.</summary>
    public static string Mutate(string text, FileSyntax file, Random random)
    {
        var mutator = new SyntaxMutator(text, file, random);
        // Not every edit finds a place in every text.
        for (int attempt = 0; attempt < 8; attempt++)
            if (mutator.Once() is { } result && result != text) return result;
        return text;
    }

    private string? Once() => _random.Next(17) switch
    {
        0 => Pair<ExpressionSyntax>() is var (a, b) ? TextEdit.Swap(_text, a, b) : null,
        1 => Pair<ExpressionSyntax>() is var (a, b) ? TextEdit.Replace(_text, a, Piece(b)) : null,
        2 => Any<IntegerSyntax>() is { } i ? Replace(i, Pick(Integers)) : null,
        3 => Any<FloatSyntax>() is { } f ? Replace(f, Pick(Floats)) : null,
        4 or 5 => Any<BinarySyntax>() is { } b ? Operator(b) : null,
        6 => Any<ExpressionSyntax>() is { } e ? Replace(e, Wrapped(Text(e))) : null,
        7 => Name(),
        8 => Any<TypeSyntax>() is { } t ? Type(t) : null,
        9 => Any<ItemSyntax>() is { } i ? Replace(i, _random.Next(3) > 0 ? "" : $"{Text(i)}\n{Text(i)}") : null,
        10 => Lines(),
        11 => Range(),
        12 => Any<ExpressionSyntax>() is { } e ? Replace(e, Nested(Text(e))) : null,
        13 => List(),
        14 => Any<ReductionSyntax>() is { } r ? Reduction(r) : null,
        15 => Any<CallSyntax>() is { } c ? Replace(c.Target, Pick(Functions)) : null,
        _ => Pair<ItemSyntax>() is var (a, b) ? TextEdit.Swap(_text, a, b) : null,
    };

    private string? Operator(BinarySyntax b)
    {
        var gap = TextSpan.FromBounds(b.Left.Span.Span.End, b.Right.Span.Span.Start);
        return gap.Length > 0 ? TextEdit.Replace(_text, gap, $" {Pick(Operators)} ") : null;
    }

    private string Wrapped(string e) => _random.Next(19) switch
    {
        0 => $"({e}) + 1",
        1 => $"-({e})",
        2 => $"!({e})",
        3 => $"~({e})",
        4 => $"{Pick(Types)}({e})",
        5 => $"{Pick(Functions)}({e})",
        6 => $"({e} ?? 0)",
        7 => $"({e})[0]",
        8 => $"({e}).x",
        9 => $"{Pick(Functions)}(k: {e})",
        10 => $"sum(q in 0..{Pick(Integers)}: {e})",
        11 => $"({e} > 0 ? {e} : {e})",
        12 => $"({e}) * {Pick(Integers)}",
        13 => $"({e}) % {Pick(Integers)}",
        14 => $"saturate({Pick(Types)}, {e})",
        15 => $"bits({Pick(Types)}, {e})",
        16 => $"({e}, {e})",
        17 => $"({e}) / ({e})",
        _ => $"{Pick(Functions)}({e}, {e})",
    };

    private string Nested(string e)
    {
        int depth = Pick([2, 10, 100, 255, 1000, 3000]);
        if (e.Length > 60) depth = Math.Min(depth, 100);
        string repeat(string part) => string.Concat(Enumerable.Repeat(part, depth));
        switch (_random.Next(8))
        {
            case 0: return repeat("(") + e + repeat(")");
            case 1: return repeat("-") + e;
            case 2: return repeat("max(1, ") + e + repeat(")");
            case 3: return e + repeat($" + {e}");
            case 4: return repeat($"{e} ? 1 : ") + e;
            case 5: return e + repeat("[0]");
            case 6: return string.Concat(Enumerable.Range(0, Math.Min(depth, 200)).Select(i => string.Create(CultureInfo.InvariantCulture, $"sum(n{i} in 0..2: "))) + e + string.Concat(Enumerable.Repeat(")", Math.Min(depth, 200)));
            default:
                // Doubles in length, so that what looks at a shared part once a use takes long.
                for (int i = 0; i < 8 && e.Length < 4000; i++) e = $"({e}) * ({e})";
                return e;
        }
    }

    private string? Name()
    {
        SyntaxNode[] names = [.. _nodes.Where(n => n is NameSyntax or NameExpressionSyntax)];
        if (names.Length == 0) return null;
        return Replace(Pick(names), _random.Next(6) switch { 0 => "zz", 1 => Pick(Functions), 2 => Pick(Types), _ => Text(Pick(names)) });
    }

    private string? Type(TypeSyntax t)
    {
        string name = _random.Next(2) == 0 ? Pick(Types) : t.Name.Text;
        if (t.Brackets.Count == 0) return Replace(t, _random.Next(3) == 0 ? $"{name}[{Pick(Integers)}]" : name);
        var extents = t.Brackets[0].Select(Text).ToList();
        int at = extents.Count == 0 ? 0 : _random.Next(extents.Count);
        switch (_random.Next(6))
        {
            case 0: if (extents.Count > 0) extents.RemoveAt(at); break;
            case 1: extents.Insert(at, Pick(["N", "M", "2", "..S", "N - 1", "N * N", Pick(Integers)])); break;
            case 2: if (extents.Count > 0) extents[at] = $"{extents[at]} {Pick(["+", "-", "*", "/", "%"])} {Pick(Integers)}"; break;
            case 3: extents.Reverse(); break;
            case 4: return Replace(t, name);
            default: break;
        }
        return Replace(t, $"{name}[{string.Join(", ", extents)}]");
    }

    private string? Lines()
    {
        string[] lines = _text.Split('\n');
        if (lines.Length < 2) return null;
        int a = _random.Next(lines.Length), b = _random.Next(lines.Length);
        if (_random.Next(2) == 0) (lines[a], lines[b]) = (lines[b], lines[a]);
        else lines[a] = "";
        return string.Join('\n', lines);
    }

    private string? Range()
    {
        if (Any<BinderSyntax>() is { } binder && (binder.Range is null || _random.Next(2) == 0))
            return Replace(binder, _random.Next(4) == 0 ? binder.Name.Text : $"{binder.Name.Text} in {Pick(["0", "1", "-1", "N", "i"])}..{Pick(["N", "N - 1", "N + 1", "i", "i + 1", "3", Pick(Integers)])}");
        if (Any<RangeSyntax>() is not { } r) return null;
        return _random.Next(3) switch
        {
            0 when r.End is not null => TextEdit.Swap(_text, r.Start.Span.Span, r.End.Span.Span),
            1 => Replace(r.Start, $"{Text(r.Start)} {Pick(["+", "-", "*"])} {Pick(Integers)}"),
            _ => r.End is null ? null : Replace(r.End, $"{Text(r.End)} {Pick(["+", "-", "*", "/"])} {Pick(Integers)}"),
        };
    }

    // Lists of arguments, subscripts, parameters, clauses and binders: one more, one less, two exchanged.
    private string? List()
    {
        ImmutableArray<ImmutableArray<SyntaxNode>> lists =
        [
            .. _nodes.Select(n => (ImmutableArray<SyntaxNode>)(n switch
            {
                SubscriptSyntax s => [.. s.Subscripts],
                CallSyntax c => [.. c.Arguments],
                OpSyntax o => _random.Next(3) switch { 0 => [.. o.Clauses], 1 => [.. o.Parameters], _ => [.. o.Results] },
                ReductionSyntax r => [.. r.Binders],
                ForSyntax f => [.. f.Binders],
                RequireClauseSyntax r => [.. r.Conditions],
                TupleSyntax t => [.. t.Items],
                _ => [],
            })).Where(l => l.Length > 0),
        ];
        if (lists.IsEmpty) return null;
        var list = Pick([.. lists]);
        int i = _random.Next(list.Length);
        switch (_random.Next(4))
        {
            case 0 when list.Length > 1:
                var gone = i > 0 ? TextSpan.FromBounds(list[i - 1].Span.Span.End, list[i].Span.Span.End) : TextSpan.FromBounds(list[0].Span.Span.Start, list[1].Span.Span.Start);
                return TextEdit.Replace(_text, gone, "");
            case 1: return Replace(list[i], "");
            case 2: return Replace(list[i], $"{Text(list[i])}, {Text(list[i])}");
            default: return TextEdit.Swap(_text, list[i].Span.Span, Pick([.. list]).Span.Span);
        }
    }

    private string? Reduction(ReductionSyntax r) => _random.Next(5) switch
    {
        0 => Replace(r, $"exact {Text(r)}"),
        1 => Replace(r.Reducer, Pick(Functions)),
        2 => r.Condition is null ? Replace(r.Binders[^1], $"{Text(r.Binders[^1])} if {Text(r.Body)} > 0") : Replace(r.Condition, Piece(r.Body.Span.Span)),
        3 => Replace(r.Body, Text(r)),
        _ => Replace(r, Text(r.Body)),
    };

    private string Piece(TextSpan span)
    {
        string text = _text.Substring(span.Start, span.Length);
        return _random.Next(4) == 0 ? text : $"({text})";
    }

    private string Text(SyntaxNode node) => _text.Substring(node.Span.Span.Start, node.Span.Span.Length);
    private string Replace(SyntaxNode node, string by) => TextEdit.Replace(_text, node.Span.Span, by);

    private T? Any<T>() where T : SyntaxNode
    {
        T[] all = [.. _nodes.OfType<T>()];
        return all.Length == 0 ? null : Pick(all);
    }

    private (TextSpan, TextSpan)? Pair<T>() where T : SyntaxNode => Any<T>() is { } a && Any<T>() is { } b ? (a.Span.Span, b.Span.Span) : null;

    private T Pick<T>(T[] items) => items[_random.Next(items.Length)];
}
