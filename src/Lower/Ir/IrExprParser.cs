using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Lower.Ir;

public sealed partial class IrParser
{
    private static readonly (string Symbol, BinaryOp Op)[] s_operators =
    [
        .. Enum.GetValues<BinaryOp>().Where(op => IrPrinter.Strength(op) > 0).Select(op => (op.Symbol, op)), ("&&", BinaryOp.And), ("||", BinaryOp.Or),
    ];

    private Expr Expression() => Expression(0);

    // Operators that bind at least as strongly as `weakest`; all associate to the left, comparisons not at all.
    private Expr Expression(int weakest)
    {
        Guard();
        var left = PrefixExpression();
        for (; ; )
        {
            if (_lexer.Kind is not IrToken.Symbol) return left;
            int found = Array.FindIndex(s_operators, o => o.Symbol == _lexer.Value);
            if (found < 0 || IrPrinter.Strength(s_operators[found].Op) < weakest) return left;
            var op = s_operators[found].Op;
            _lexer.Advance();
            var right = Expression(IrPrinter.Strength(op) + 1);
            if (left.Type != right.Type) throw _lexer.Error($"operands of `{op.Symbol}` are {left.Type} and {right.Type}");
            left = new Binary(op, left, right);
        }
    }

    private Expr PrefixExpression()
    {
        Guard();
        if (Take("-"))
        {
            if (_lexer.Kind is IrToken.Number) return Number("-" + Take(IrToken.Number, "a number"));
            return SpecialFloat(negative: true) ?? new Unary(UnaryOp.Neg, PrefixExpression());
        }
        if (Take("!")) return new Unary(UnaryOp.Not, PrefixExpression());
        if (Take("~")) return new Unary(UnaryOp.BitNot, PrefixExpression());
        if (_lexer.Kind is IrToken.Number) return Number(Take(IrToken.Number, "a number"));
        if (Take("("))
        {
            var inner = Take("let") ? LetExpression() : Expression();
            Expect(")");
            return inner;
        }
        if (SpecialFloat(negative: false) is { } special) return special;
        string word = Word();
        switch (word)
        {
            case "true" or "false": return IntImm.Bool(word == "true");
            case "select" or "select_rare":
                var s = Arguments(3);
                if (s[1].Type != s[2].Type) throw _lexer.Error($"selects between {s[1].Type} and {s[2].Type}");
                return new Select(s[0], s[1], s[2], rare: word == "select_rare");
            case "broadcast":
                Expect("(");
                var value = Expression();
                return new Broadcast(value, Lanes());
            case "ramp":
                Expect("(");
                var start = Expression();
                Expect(",");
                var stride = Expression();
                return new Ramp(start, stride, Lanes());
            case "reduce": return Reduction();
            case "saturate" or "bits":
                Expect("<");
                var to = ElementTypeNamed(Word());
                Expect(">");
                return Converted(word == "bits" ? CastKind.Bits : CastKind.Saturate, to);
            case "nan_bits": return NanBits();
            case "min": return Function(BinaryOp.Min);
            case "max": return Function(BinaryOp.Max);
            case "trunc_div": return Function(BinaryOp.TruncDiv);
            case "trunc_mod": return Function(BinaryOp.TruncMod);
        }
        if (Is("("))
        {
            if (ElementTypes.TryParse(word, out var type)) return Converted(CastKind.Convert, type);
            foreach (var f in Enum.GetValues<Intrinsic>())
                if (f.Name == word) return new Call(f, [.. Arguments(f.Arity)]);
            throw _lexer.Error($"unknown function `{word}`");
        }
        if (Is("["))
        {
            var buffer = _buffers.TryGetValue(word, out var b) ? b : throw _lexer.Error($"unknown buffer `{word}`");
            var (indices, predicate) = Access();
            return new Load(buffer, indices, predicate);
        }
        return _variables.TryGetValue(word, out var v) ? v : throw _lexer.Error($"unknown variable `{word}`");
    }

    private Let LetExpression()
    {
        var (variable, value) = LetBinding();
        Expect("in");
        return new(variable, value, Expression());
    }

    private Expr[] Arguments(int count)
    {
        Expect("(");
        var items = new Expr[count];
        for (int i = 0; i < count; i++)
        {
            if (i > 0) Expect(",");
            items[i] = Expression();
        }
        Expect(")");
        return items;
    }

    private Binary Function(BinaryOp op)
    {
        var x = Arguments(2);
        if (x[0].Type != x[1].Type) throw _lexer.Error($"operands of `{op.Symbol}` are {x[0].Type} and {x[1].Type}");
        return new(op, x[0], x[1]);
    }

    private Cast Converted(CastKind kind, ElementType to)
    {
        var operand = Arguments(1)[0];
        return new(kind, operand.Type.WithElement(to), operand);
    }

    private LaneReduce Reduction()
    {
        Expect("(");
        string symbol = _lexer.Value;
        foreach (var op in Enum.GetValues<BinaryOp>())
        {
            if (op.Symbol != symbol) continue;
            _lexer.Advance();
            Expect(",");
            var vector = Expression();
            Expect(")");
            return new(op, vector);
        }
        throw _lexer.Error($"unknown operator `{symbol}`");
    }

    private int Lanes()
    {
        Expect(",");
        int lanes = Int();
        Expect(")");
        return lanes;
    }

    private Expr? SpecialFloat(bool negative)
    {
        if (_lexer.Kind is not IrToken.Word) return null;
        string[] parts = _lexer.Value.Split('_');
        if (parts[0] is not ("inf" or "nan") || parts.Length > 2 || parts is [_, "bits"]) return null;
        var type = parts.Length == 1 ? ElementType.F32 : ElementTypeNamed(parts[1]);
        _lexer.Advance();
        return new FloatImm(type, parts[0] == "nan" ? double.NaN : negative ? double.NegativeInfinity : double.PositiveInfinity);
    }

    private FloatImm NanBits()
    {
        Expect("(");
        string sign = Take("-") ? "-" : "";
        if (!long.TryParse(sign + Take(IrToken.Number, "a number"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long bits)) throw _lexer.Error("expected 64 bits");
        Expect(",");
        var type = ElementTypeNamed(Word());
        Expect(")");
        return new(type, BitConverter.Int64BitsToDouble(bits));
    }

    private Expr Number(string text)
    {
        // The type starts at the first lower-case letter; an exponent is written with a capital one.
        int split = text.AsSpan().IndexOfAnyInRange('a', 'z');
        string digits = split < 0 ? text : text[..split];
        bool isFloat = digits.AsSpan().ContainsAny('.', 'E');
        var type = split >= 0 ? ElementTypeNamed(text[split..]) : isFloat ? ElementType.F32 : ElementType.I64;
        if (type.IsFloat)
            return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double x) ? new FloatImm(type, Rounded(type, digits, x)) : throw _lexer.Error($"`{text}` is no number");
        if (isFloat || !Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) || n < type.MinValue || n > type.MaxValue)
            throw _lexer.Error($"`{text}` is no {type.Name}");
        return new IntImm(type, unchecked((long)n));
    }

    // Rounded once, from the digits.
    private static double Rounded(ElementType type, string digits, double x) =>
        type is ElementType.F32 ? float.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture) : Scalar.Of(type, x).Real;
}
