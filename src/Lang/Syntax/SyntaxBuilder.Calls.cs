using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Calls and reductions, which one grammar rule reads: a colon makes the difference.</summary>
internal sealed partial class SyntaxBuilder
{
    private Built BuildCall(Built target, TxParser.ArgsContext? args, SourceSpan span, bool exact, int statement)
    {
        if (args is null) return Limit(new CallSyntax(span, target.Node, []), target.Depth + 1, statement);
        if (args.COLON() is not null) return BuildReduction(target, args, span, exact, statement);
        var arguments = ImmutableArray.CreateBuilder<ArgumentSyntax>();
        int depth = target.Depth;
        foreach (var arg in args.arg())
        {
            var (value, valueDepth) = BuildArgument(arg);
            arguments.Add(new(Span(arg), arg.ASSIGN() is null ? null : Name(arg.name(), arg), value));
            depth = Math.Max(depth, valueDepth);
            if (arg.IN() is not null) ReportWithoutBody(args, span, statement);
        }
        if (args.IF() is not null) ReportWithoutBody(args, span, statement);
        return Limit(new CallSyntax(span, target.Node, arguments.DrainToImmutable()), depth + 1, statement);
    }

    private ValueArray<ArgumentSyntax> EmitArguments(TxParser.ArgsContext args)
    {
        var call = BuildCall(Missing(args), args, Span(args), exact: false, Statement(args));
        return call.Node is CallSyntax { Arguments: var arguments } ? arguments : [];
    }

    private Built BuildArgument(TxParser.ArgContext c)
    {
        if (c.expr().Length == 0) return Missing(c);
        var first = Build(c.expr()[0], c);
        if (c.ARROW() is null) return first;
        var body = Build(c.expr().ElementAtOrDefault(1), c);
        return new(new ArrowSyntax(first.Node.Span.To(body.Node.Span), first.Node, body.Node), 1 + Math.Max(first.Depth, body.Depth));
    }

    private Built BuildReduction(Built target, TxParser.ArgsContext args, SourceSpan span, bool exact, int statement)
    {
        var body = Build(args.expr(), args);
        if (target.Node is not NameExpressionSyntax reducer)
        {
            reporter.Report(statement, NotAReduction(args, "only a name can be a reduction", "`:` stands in types, `? :` and reductions; a named argument is `name = value`"));
            return new(new ErrorExpressionSyntax(span), 1);
        }
        var binders = ImmutableArray.CreateBuilder<BinderSyntax>();
        int depth = body.Depth;
        foreach (var arg in args.arg())
        {
            var (value, valueDepth) = BuildArgument(arg);
            depth = Math.Max(depth, valueDepth + 1);
            if (value is ErrorExpressionSyntax) return new(new ErrorExpressionSyntax(span), 1);
            if (arg.ASSIGN() is not null || value is not NameExpressionSyntax index || index.Span.Span.Length != index.Name.Length)
            {
                reporter.Report(statement, NamedArgument(reducer.Name, args));
                return new(new ErrorExpressionSyntax(span), 1);
            }
            binders.Add(new(Span(arg), new(index.Span, index.Name), arg.range() is { } range ? Range(range) : null));
        }
        if (binders is [{ Range: null }] && args.IF() is null && body.Node is IntegerSyntax or FloatSyntax or StringSyntax or BoolSyntax)
        {
            // The body says nothing about the range of the index, so this is never a reduction.
            reporter.Report(statement, NamedArgument(reducer.Name, args));
            return new(new ErrorExpressionSyntax(span), 1);
        }
        ExpressionSyntax? condition = null;
        if (args.binary() is { } guard)
        {
            var built = Build(guard);
            (condition, depth) = (built.Node, Math.Max(depth, built.Depth));
        }
        if (exact) span = reporter.At(ExactStart(args), span.Span.End);
        return Limit(new ReductionSyntax(span, new(reducer.Span, reducer.Name), exact, binders.DrainToImmutable(), condition, body.Node), depth + 1, statement);
    }

    /// <summary>Where the word <c>exact</c> before the reduction begins.</summary>
    private static int ExactStart(TxParser.ArgsContext args) =>
        args.Parent?.Parent is Antlr4.Runtime.ParserRuleContext postfix ? postfix.Start.StartIndex : args.Start.StartIndex;

    /// <summary>The error for <c>f(x, name: value)</c>; the edit writes <c>=</c>.</summary>
    private Diagnostic NamedArgument(string function, TxParser.ArgsContext args)
    {
        string name = args.arg()[^1].GetText(), value = args.expr()?.GetText() ?? "…";
        bool named = args.arg()[^1] is { } last && last.ASSIGN() is null && last.IN() is null && last.ARROW() is null && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        var diagnostic = NotAReduction(args, $"`{function}` is no reduction here",
            named ? $"a named argument is `{name} = {Shorten(value)}`; an index needs a range, `{name} in 0..n`"
            : "before the `:` of a reduction stand its indices, `k` or `k in 0..n`; a named argument is `name = value`");
        var colon = reporter.At(((SourceToken)args.COLON().Symbol).Extent);
        return named ? diagnostic.WithFix(colon, " =") : diagnostic;
    }

    private Diagnostic NotAReduction(TxParser.ArgsContext args, string message, string help) =>
        Diagnostic.Create(SyntaxDiagnostics.NotAReduction, reporter.At(((SourceToken)args.COLON().Symbol).Extent), message, help);

    private void ReportWithoutBody(TxParser.ArgsContext args, SourceSpan span, int statement)
    {
        int end = Span(args).Span.End;
        string head = reporter.Source.Text[span.Span.Start..Math.Max(span.Span.Start, end)];
        reporter.Report(statement, Diagnostic.Create(SyntaxDiagnostics.ReductionWithoutBody, reporter.At(end, end), Shorten(head)));
    }
}
