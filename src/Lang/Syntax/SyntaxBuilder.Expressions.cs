using System.Collections.Immutable;
using System.Globalization;
using Antlr4.Runtime;
using Antlr4.Runtime.Tree;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Expressions: precedence, reductions, and the limit on depth, which keeps every later phase free to recurse.</summary>
internal sealed partial class SyntaxBuilder
{
    /// <summary>The deepest expression that is built.</summary>
    public const int MaxDepth = SyntaxParser.MaxOperatorDepth;

    /// <summary>An expression and the height of its tree.</summary>
    private readonly record struct Built(ExpressionSyntax Node, int Depth);

    private ExpressionSyntax Expression(TxParser.ExprContext? context, ParserRuleContext owner) => Build(context, owner).Node;

    private ValueArray<ExpressionSyntax> Expressions(TxParser.ExprContext[] contexts) => [.. contexts.Select(e => Expression(e, e))];

    private Built Missing(ParserRuleContext owner) => new(new ErrorExpressionSyntax(End(owner)), 1);

    /// <summary>Replaces a tree that has grown too deep; it is reported once for a statement.</summary>
    private Built Limit(ExpressionSyntax node, int depth, int statement)
    {
        if (depth <= MaxDepth) return new(node, depth);
        reporter.Report(statement, Diagnostic.Create(SyntaxDiagnostics.TooDeep, reporter.At(node.Span.Span.Start, node.Span.Span.Start + 1), "operations are", MaxDepth));
        return new(new ErrorExpressionSyntax(node.Span), 1);
    }

    private Built Build(TxParser.ExprContext? context, ParserRuleContext owner)
    {
        if (context is null) return Missing(owner);
        var parts = context.binary();
        if (parts.Length == 0) return Missing(context);
        if (parts.Length == 1) return Build(parts[0]);
        var middles = context.expr();
        var result = Build(parts[^1]);
        for (int i = Math.Min(parts.Length - 2, middles.Length - 1); i >= 0; i--)
        {
            Built condition = Build(parts[i]), then = Build(middles[i], context);
            result = Limit(new ConditionalSyntax(condition.Node.Span.To(result.Node.Span), condition.Node, then.Node, result.Node),
                1 + Math.Max(condition.Depth, Math.Max(then.Depth, result.Depth)), Statement(context));
        }
        return result;
    }

    // ---- operators

    private Built Build(TxParser.BinaryContext context)
    {
        if (context.ChildCount == 1 && context.GetChild(0) is TxParser.UnaryContext only) return Build(only);
        var operands = new Stack<Built>();
        var operators = new Stack<(InfixOp Op, SourceToken Token)>();
        int statement = Statement(context);
        for (int i = 0; i < context.ChildCount; i++)
        {
            switch (context.GetChild(i))
            {
                case TxParser.UnaryContext unary:
                    operands.Push(Build(unary));
                    break;
                case TxParser.BinOpContext { Start: SourceToken token } when operands.Count == operators.Count + 1 && Infix(token.Type) is { } op:
                    int precedence = Precedence(op);
                    while (operators.TryPeek(out var top) && Precedence(top.Op) <= precedence)
                    {
                        if (IsComparison(op) && IsComparison(top.Op)) ReportChain(token, operands.Peek().Node, statement);
                        Reduce(operands, operators.Pop().Op, statement);
                    }
                    operators.Push((op, token));
                    break;
            }
        }
        if (operands.Count == 0) return Missing(context);
        if (operands.Count == operators.Count) operands.Push(Missing(context));
        while (operators.TryPop(out var op)) Reduce(operands, op.Op, statement);
        return operands.Pop();
    }

    private void Reduce(Stack<Built> operands, InfixOp op, int statement)
    {
        Built right = operands.Pop(), left = operands.Pop();
        operands.Push(Limit(new BinarySyntax(left.Node.Span.To(right.Node.Span), op, left.Node, right.Node), 1 + Math.Max(left.Depth, right.Depth), statement));
    }

    private void ReportChain(SourceToken second, ExpressionSyntax middle, int statement)
    {
        string text = middle.Span.Span.Length <= 40 ? middle.Span.Text : "x";
        var diagnostic = Diagnostic.Create(SyntaxDiagnostics.ChainedComparison, reporter.At(second.Extent), second.Text, "…", text);
        int end = middle.Span.Span.End;
        reporter.Report(statement, diagnostic.WithFix(reporter.At(end, end), " && " + middle.Span.Text));
    }

    internal static bool IsComparison(InfixOp op) => op is InfixOp.Lt or InfixOp.Gt or InfixOp.Le or InfixOp.Ge or InfixOp.Eq or InfixOp.Ne;

    private static InfixOp? Infix(int token) => token switch
    {
        TxLexer.STAR => InfixOp.Mul, TxLexer.SLASH => InfixOp.Div, TxLexer.PCT => InfixOp.Mod,
        TxLexer.PLUS => InfixOp.Add, TxLexer.MINUS => InfixOp.Sub, TxLexer.SHL => InfixOp.Shl, TxLexer.SHR => InfixOp.Shr,
        TxLexer.AMP => InfixOp.And, TxLexer.CARET => InfixOp.Xor, TxLexer.BAR => InfixOp.Or,
        TxLexer.LT => InfixOp.Lt, TxLexer.GT => InfixOp.Gt, TxLexer.LE => InfixOp.Le, TxLexer.GE => InfixOp.Ge,
        TxLexer.EQ => InfixOp.Eq, TxLexer.NE => InfixOp.Ne, TxLexer.AND => InfixOp.AndAnd, TxLexer.OR => InfixOp.OrOr,
        _ => null,
    };

    /// <summary>1 binds tightest.</summary>
    internal static int Precedence(InfixOp op) => op switch
    {
        InfixOp.Mul or InfixOp.Div or InfixOp.Mod => 1,
        InfixOp.Add or InfixOp.Sub => 2,
        InfixOp.Shl or InfixOp.Shr => 3,
        InfixOp.And => 4,
        InfixOp.Xor => 5,
        InfixOp.Or => 6,
        InfixOp.Lt or InfixOp.Gt or InfixOp.Le or InfixOp.Ge or InfixOp.Eq or InfixOp.Ne => 7,
        InfixOp.AndAnd => 8,
        InfixOp.OrOr => 9,
    };

    /// <summary>Prefixes and <c>??</c>, from the right: <c>-X[i] ?? -Y[i] ?? 0</c> is <c>-(X[i] ?? -(Y[i] ?? 0))</c>.</summary>
    private Built Build(TxParser.UnaryContext context)
    {
        int statement = Statement(context);
        Built? result = null;
        SourceToken? defaultOperator = null;
        for (int i = context.ChildCount - 1; i >= 0; i--)
        {
            switch (context.GetChild(i))
            {
                case ITerminalNode { Symbol: SourceToken { Type: TxLexer.QQ } token }:
                    defaultOperator = token;
                    result ??= Missing(context);
                    break;
                case TxParser.PostfixContext postfix:
                    var read = Build(postfix);
                    result = defaultOperator is null ? read : Default(read, result!.Value, defaultOperator, statement);
                    defaultOperator = null;
                    break;
                case TxParser.PrefixContext { Start: SourceToken sign }:
                    var operand = result ?? Missing(context);
                    var op = sign.Type switch { TxLexer.MINUS => UnaryOp.Neg, TxLexer.BANG => UnaryOp.Not, _ => UnaryOp.BitNot };
                    result = Limit(new UnarySyntax(reporter.At(sign.StartIndex, operand.Node.Span.Span.End), op, operand.Node), operand.Depth + 1, statement);
                    break;
            }
        }
        return result ?? Missing(context);
    }

    private Built Default(Built read, Built value, SourceToken token, int statement)
    {
        var span = read.Node.Span.To(value.Node.Span);
        if (read.Node is SubscriptSyntax subscript) return Limit(new DefaultSyntax(span, subscript, value.Node), 1 + Math.Max(read.Depth, value.Depth), statement);
        reporter.Report(statement, Diagnostic.Create(SyntaxDiagnostics.DefaultWithoutRead, reporter.At(token.Extent))
            .WithFix(reporter.At(read.Node.Span.Span.End, value.Node.Span.Span.End), ""));
        return new(new ErrorExpressionSyntax(span), 1);
    }

    // ---- suffixes

    private Built Build(TxParser.PostfixContext context)
    {
        int statement = Statement(context);
        var suffixes = context.suffix();
        bool exact = context.primary() is TxParser.ExactNameContext;
        var result = Build(context.primary(), context);
        for (int i = 0; i < suffixes.Length; i++)
        {
            var span = result.Node.Span.To(Span(suffixes[i]));
            switch (suffixes[i])
            {
                case TxParser.MemberContext c:
                    if (result.Node is IntegerSyntax number && number.Span.Text[0] != '(') ReportMissingDigit(number, statement);
                    result = Limit(new MemberSyntax(span, result.Node, Name(c.name(), c)), result.Depth + 1, statement);
                    break;
                case TxParser.SubscriptContext c:
                    var (subscripts, subscriptDepth) = BuildAll(c.subs()?.sub() ?? [], BuildSubscript);
                    result = Limit(new SubscriptSyntax(span, result.Node, subscripts), 1 + Math.Max(result.Depth, subscriptDepth), statement);
                    break;
                case TxParser.CallContext c:
                    result = BuildCall(result, c.args(), span, exact && i == 0, statement);
                    break;
            }
        }
        if (exact && !(suffixes.Length > 0 && suffixes[0] is TxParser.CallContext call && call.args()?.COLON() is not null))
        {
            var word = (SourceToken)context.Start;
            reporter.Report(statement, Diagnostic.Create(SyntaxDiagnostics.ExactWithoutReduction, reporter.At(word.Extent))
                .WithFix(reporter.At(word.StartIndex, word.StopIndex + 2), ""));
        }
        return result;
    }

    private void ReportMissingDigit(IntegerSyntax number, int statement)
    {
        int end = number.Span.Span.End;
        reporter.Report(statement, Diagnostic.Create(SyntaxDiagnostics.MissingDigit, reporter.At(number.Span.Span.Start, end + 1), number.Span.Text + ".0")
            .WithFix(reporter.At(end + 1, end + 1), "0"));
    }

    private static (ValueArray<ExpressionSyntax> Nodes, int Depth) BuildAll<T>(T[] contexts, Func<T, Built> build)
    {
        var nodes = ImmutableArray.CreateBuilder<ExpressionSyntax>(contexts.Length);
        int depth = 0;
        foreach (var context in contexts)
        {
            var built = build(context);
            nodes.Add(built.Node);
            depth = Math.Max(depth, built.Depth);
        }
        return (nodes.MoveToImmutable(), depth);
    }

    private ValueArray<ExpressionSyntax> Subscripts(TxParser.SubsContext context) => BuildAll(context.sub(), BuildSubscript).Nodes;

    private Built BuildSubscript(TxParser.SubContext c)
    {
        if (c.start is null) return new(new PackSyntax(Span(c), c.name() is { } name ? Name(name, c) : null), 1);
        var start = Build(c.start, c);
        if (c.DOTDOT() is null) return start;
        if (c.end is null) return new(new RangeSyntax(Span(c), start.Node, null), start.Depth + 1);
        var end = Build(c.end, c);
        return new(new RangeSyntax(Span(c), start.Node, end.Node), 1 + Math.Max(start.Depth, end.Depth));
    }

    private RangeSyntax Range(TxParser.RangeContext c)
    {
        var (start, end) = Two(c.expr());
        return new(Span(c), Expression(start, c), Expression(end, c));
    }

    // ---- primaries

    private Built Build(TxParser.PrimaryContext? context, ParserRuleContext owner)
    {
        if (context is null) return Missing(owner);
        var span = Span(context);
        switch (context)
        {
            case TxParser.NameUseContext c when c.name() is { } name:
                return new(new NameExpressionSyntax(span, Name(name, c).Text), 1);
            case TxParser.ExactNameContext c when c.name() is { } name:
                return new(new NameExpressionSyntax(Span(name), Name(name, c).Text), 1);
            case TxParser.IntegerContext c:
                return new(Integer(c.INT(), span), 1);
            case TxParser.FloatContext c:
                return new(Float(c.FLOAT(), span), 1);
            case TxParser.StringContext c:
                return new(new StringSyntax(span, Text(c.STRING())), 1);
            case TxParser.BoolContext c:
                return new(new BoolSyntax(span, c.TRUE() is not null), 1);
            case TxParser.TupleContext c:
                var (items, depth) = BuildAll(c.expr(), e => Build(e, c));
                // The parentheses of a single expression leave no trace but its place.
                if (items.Count == 1 && c.COMMA().Length == 0) return new(Parenthesised(items[0], span), depth);
                return new(new TupleSyntax(span, items), depth + 1);
            case TxParser.ListContext c:
                var (elements, listDepth) = BuildAll(c.expr(), e => Build(e, c));
                return new(new ListSyntax(span, elements), listDepth + 1);
            default:
                return new(new ErrorExpressionSyntax(span), 1);
        }
    }

    /// <summary>Spans take the parentheses in, so that a caret under the whole shows them and an edit keeps them whole.</summary>
    private static ExpressionSyntax Parenthesised(ExpressionSyntax inner, SourceSpan span) => inner with { Span = span };

    private ExpressionSyntax Count(TxParser.CountContext? context, ParserRuleContext owner) => context switch
    {
        null => Missing(owner).Node,
        _ when context.INT() is { } number => Integer(number, Span(context)),
        _ when context.name() is { } name => new NameExpressionSyntax(Span(context), Name(name, context).Text),
        _ => Missing(context).Node,
    };

    private ExpressionSyntax Integer(ITerminalNode? node, SourceSpan span)
    {
        if (node?.Symbol is not SourceToken { Extent.Length: > 0 } token) return new ErrorExpressionSyntax(span);
        var digits = token.Text.Replace("_", "", StringComparison.Ordinal).AsSpan();
        bool hex = digits.StartsWith("0x"), binary = digits.StartsWith("0b");
        ulong value;
        bool fits = hex ? ulong.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : binary ? ulong.TryParse(digits[2..], NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out value)
            : ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (fits) return new IntegerSyntax(span, value);
        reporter.Report(token.Statement, Diagnostic.Create(SyntaxDiagnostics.NumberTooLarge, span, Shorten(token.Text), "an integer is at most 18446744073709551615; write a float with a point")
            .WithFix(reporter.At(span.Span.End, span.Span.End), ".0"));
        return new ErrorExpressionSyntax(span);
    }

    private ExpressionSyntax Float(ITerminalNode? node, SourceSpan span)
    {
        if (node?.Symbol is not SourceToken { Extent.Length: > 0 } token) return new ErrorExpressionSyntax(span);
        string digits = token.Text.Replace("_", "", StringComparison.Ordinal);
        if (double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)) return new FloatSyntax(span, value);
        reporter.Report(token.Statement, Diagnostic.Create(SyntaxDiagnostics.NumberTooLarge, span, Shorten(token.Text), "a float is at most about 1.8e308; write `inf` for infinity")
            .WithFix(span, "inf"));
        return new ErrorExpressionSyntax(span);
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..37] + "…";
}
