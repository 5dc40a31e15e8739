using System.Collections.Immutable;
using Antlr4.Runtime;
using Antlr4.Runtime.Tree;
using Tx.Core;
using Tx.Lang.Generated;

namespace Tx.Lang.Syntax;

/// <summary>Parse tree to syntax tree: declarations and statements. A part that is missing after an error becomes an empty name or an
/// <see cref="ErrorExpressionSyntax"/>.</summary>
internal sealed partial class SyntaxBuilder(SyntaxReporter reporter, Dictionary<int, string> docs)
{
    public FileSyntax File(TxParser.FileContext context) => new(reporter.At(0, reporter.Source.Text.Length), Items(context.item()));

    private ValueArray<ItemSyntax> Items(TxParser.ItemContext[] contexts)
    {
        var items = ImmutableArray.CreateBuilder<ItemSyntax>(contexts.Length);
        foreach (var context in contexts)
        {
            if (Item(context) is not { } item) continue;
            if (reporter.IsFaulty(Statement(context)))
            {
                if (item is LetSyntax { Target: ErrorExpressionSyntax }) continue;
                item = Unjudged(item);
            }
            items.Add(docs.TryGetValue(context.Start.StartIndex, out string? doc) ? item with { Doc = doc } : item);
        }
        return items.DrainToImmutable();
    }

    private ItemSyntax? Item(TxParser.ItemContext context) =>
        context.decl() is { } declaration ? Declaration(declaration)
        : context.keyed() is { } keyed ? Keyed(keyed)
        : context.simple() is { } simple ? Simple(simple)
        : null;

    /// <summary>A statement with a syntax error keeps the names that it binds and loses its values, so that no later phase complains about
    /// what may have been misread.</summary>
    private static ItemSyntax Unjudged(ItemSyntax item) => item switch
    {
        LetSyntax s => s with { Value = Unread(s.Value) },
        ConstSyntax s => s with { Value = Unread(s.Value) },
        AssertSyntax s => s with { Condition = Unread(s.Condition) },
        BenchSyntax s => s with { Value = Unread(s.Value) },
        RequireSyntax s => s with { Conditions = [] },
        IfSyntax s => s with { Condition = Unread(s.Condition) },
        SimpleSyntax { Value: { } value } s => s with { Value = Unread(value) },
        SimpleSyntax { Type: null } s => s with { Target = Unread(s.Target) },
        _ => item,
    };

    private static ErrorExpressionSyntax Unread(ExpressionSyntax e) => new(e.Span);

    private ItemSyntax? Declaration(TxParser.DeclContext context)
    {
        var span = Span(context);
        return context switch
        {
            TxParser.ImportContext c => c.STRING()?.Symbol is SourceToken { Extent.Length: > 0 } ? new ImportSyntax(span, Text(c.STRING())) : null,
            TxParser.TestContext c => new TestSyntax(span, Text(c.STRING()), Block(c.block())),
            TxParser.OpContext c => new OpSyntax(span, Name(c.name(), c), Generics(c.generics()), Parameters(Before(c, c.results)),
                Parameters(c.results), Clauses(c.clause()), Block(c.block())),
            TxParser.ReducerContext c => new ReducerSyntax(span, Name(c.name(), c), Parameters(c.@params()), Type(c.type(), c), Block(c.block())),
            TxParser.StrategyContext c => new StrategySyntax(span, Name(c.name(), c), Parameters(Before(c, c.results)), Parameters(c.results),
                Clauses(c.clause()), Block(c.block())),
            TxParser.ScheduleContext c => new ScheduleSyntax(span, Name(c.name(), c), Clauses(c.clause()), Block(c.block())),
            TxParser.IntrinContext c => new IntrinSyntax(span, Name(c.name(), c), Parameters(c.@params()), Clauses(c.clause()), Block(c.block())),
            TxParser.TargetContext c => new TargetSyntax(span, Name(c.name(), c), Block(c.block())),
            _ => null,
        };
    }

    /// <summary>The parameters among the lists of a header, where <paramref name="results"/> is the other.</summary>
    private static TxParser.ParamsContext? Before(ParserRuleContext header, TxParser.ParamsContext? results) =>
        header.GetRuleContexts<TxParser.ParamsContext>().FirstOrDefault(p => p != results);

    private ItemSyntax? Keyed(TxParser.KeyedContext context)
    {
        var span = Span(context);
        switch (context)
        {
            case TxParser.LetContext c:
                var (target, value) = Two(c.expr());
                return new LetSyntax(span, Expression(target, c), c.type() is null ? null : Type(c.type(), c), Expression(value, c));
            case TxParser.ConstContext c:
                return new ConstSyntax(span, Name(c.name(), c), c.type() is null ? null : Type(c.type(), c), Expression(c.expr(), c));
            case TxParser.AssertContext c:
                return new AssertSyntax(span, Expression(c.expr(), c));
            case TxParser.BenchContext c:
                return new BenchSyntax(span, Expression(c.expr(), c));
            case TxParser.RequireContext c:
                return new RequireSyntax(span, Expressions(c.expr()));
            case TxParser.KnobContext c:
                var domain = Expression(c.domain, c);
                if (c.end is not null) domain = new RangeSyntax(Span(c.domain).To(Span(c.end)), domain, Expression(c.end, c));
                return new KnobSyntax(span, Name(c.name(), c), domain, c.initial is null ? null : Expression(c.initial, c));
            case TxParser.IfContext c:
                return If(c);
            case TxParser.ForContext c:
                return new ForSyntax(span, [.. c.binder().Select(Binder)], Block(c.block()));
            case TxParser.MemoryContext c:
                return new MemorySyntax(span, Name(c.name(), c), Type(c.type(), c));
            case TxParser.UnitContext c:
                return new UnitSyntax(span, Name(c.name(), c), [.. c.unitLine().Select(UnitLine).OfType<UnitLineSyntax>()]);
            case TxParser.QueueContext c:
                return new QueueSyntax(span, Names(c.name()));
            case TxParser.CyclesContext c:
                return new CyclesSyntax(span, Count(c.count(), c));
            case TxParser.EmitContext c:
                return new EmitSyntax(span, Name(c.name().ElementAtOrDefault(0), c), Text(c.STRING()), c.args() is null ? [] : EmitArguments(c.args()),
                    c.result is null ? null : Name(c.result, c));
            default:
                return null;
        }
    }

    /// <summary><c>else if</c> is an <c>if</c> alone in the block of <c>else</c>.</summary>
    private IfSyntax If(TxParser.IfContext c)
    {
        var conditions = c.expr();
        var blocks = c.block();
        int last = Math.Max(0, conditions.Length - 1);
        if (last >= BracketPairs.MaxDepth)
        {
            reporter.Report(Statement(c), Diagnostic.Create(SyntaxDiagnostics.TooDeep, Span(conditions[BracketPairs.MaxDepth]), "conditions are", BracketPairs.MaxDepth));
            last = BracketPairs.MaxDepth - 1;
        }
        var otherwise = Block(blocks.ElementAtOrDefault(last + 1));
        for (int i = last; ; i--)
        {
            var condition = Expression(conditions.ElementAtOrDefault(i), c);
            var span = i == 0 ? Span(c) : condition.Span.To(Span(c) with { Span = TextSpan.FromBounds(Span(c).Span.End, Span(c).Span.End) });
            var result = new IfSyntax(span, condition, Block(blocks.ElementAtOrDefault(i)), otherwise);
            if (i == 0) return result;
            otherwise = [result];
        }
    }

    private SimpleSyntax Simple(TxParser.SimpleContext c)
    {
        var assign = c.assignOp()?.Start.Type switch
        {
            TxLexer.ASSIGN => AssignKind.Assign,
            TxLexer.PLUSEQ => AssignKind.Add,
            TxLexer.STAREQ => AssignKind.Mul,
            TxLexer.AMPEQ => AssignKind.And,
            TxLexer.BAREQ => AssignKind.Or,
            TxLexer.CARETEQ => AssignKind.Xor,
            _ => AssignKind.None,
        };
        return new(Span(c), Expression(c.target, c), c.type() is null ? null : Type(c.type(), c), assign,
            assign == AssignKind.None ? null : Expression(c.value, c));
    }

    private ValueArray<ItemSyntax> Block(TxParser.BlockContext? context) => context is null ? [] : Items(context.item());

    private ValueArray<ClauseSyntax> Clauses(TxParser.ClauseContext[] contexts)
    {
        var clauses = ImmutableArray.CreateBuilder<ClauseSyntax>(contexts.Length);
        foreach (var context in contexts)
        {
            var span = Span(context);
            ClauseSyntax? clause = context switch
            {
                TxParser.ForClauseContext c => new ForClauseSyntax(span, Name(c.name(), c)),
                TxParser.OnClauseContext c => new OnClauseSyntax(span, Name(c.name(), c), [.. c.STRING().Select(Text)]),
                TxParser.ExtendsClauseContext c => new ExtendsClauseSyntax(span, Name(c.name(), c)),
                TxParser.WhenClauseContext c => new WhenClauseSyntax(span, Expression(c.expr(), c)),
                TxParser.RequireClauseContext c => new RequireClauseSyntax(span, Expressions(c.expr())),
                _ => null,
            };
            if (clause is not null) clauses.Add(clause);
        }
        return clauses.DrainToImmutable();
    }

    private ValueArray<GenericSyntax> Generics(TxParser.GenericsContext? context) =>
        context is null ? [] : [.. context.generic().Select(g => new GenericSyntax(Span(g), Name(g.name().FirstOrDefault(), g), Name(g.constraint, g)))];

    private ValueArray<ParameterSyntax> Parameters(TxParser.ParamsContext? context) =>
        context is null ? [] : [.. context.param().Select(Parameter)];

    private ParameterSyntax Parameter(TxParser.ParamContext c) =>
        new(Span(c), c.CONST() is not null, Name(c.name(), c), Type(c.type(), c), c.expr() is { } value ? Expression(value, c) : null);

    private TypeSyntax Type(TxParser.TypeContext? context, ParserRuleContext owner)
    {
        if (context is null) return new(End(owner), new(End(owner), ""), []);
        return new(Span(context), Name(context.name(), context), [.. context.subs().Select(Subscripts)]);
    }

    private BinderSyntax Binder(TxParser.BinderContext c) => new(Span(c), Name(c.name(), c), c.range() is { } range ? Range(range) : null);

    private UnitLineSyntax? UnitLine(TxParser.UnitLineContext context)
    {
        var span = Span(context);
        return context switch
        {
            TxParser.DmaContext c => new(span, Name(c.name().FirstOrDefault(), c), Names(c.name().Skip(1))),
            TxParser.RunContext c => new(span, null, Names(c.name())),
            _ => null,
        };
    }

    private ValueArray<NameSyntax> Names(IEnumerable<TxParser.NameContext> contexts) => [.. contexts.Select(n => Name(n, n))];

    /// <summary>The name, or an empty one where recovery found none.</summary>
    private NameSyntax Name(TxParser.NameContext? context, ParserRuleContext owner) =>
        context is { ChildCount: 1 } && context.GetChild(0) is ITerminalNode { Symbol: SourceToken { Extent.Length: > 0 } token } and not IErrorNode
            ? new(reporter.At(token.Extent), token.Text) : new(End(owner), "");

    private static (T? First, T? Second) Two<T>(T[] contexts) where T : class =>
        (contexts.Length > 0 ? contexts[0] : null, contexts.Length > 1 ? contexts[1] : null);

    private SourceSpan Span(ParserRuleContext context)
    {
        int start = context.Start.StartIndex, end = context.Stop is { } stop ? stop.StopIndex + 1 : start;
        return reporter.At(start, Math.Max(start, end));
    }

    /// <summary>The empty place where something is missing from <paramref name="context"/>.</summary>
    private SourceSpan End(ParserRuleContext context)
    {
        int end = Span(context).Span.End;
        return reporter.At(end, end);
    }

    private static int Statement(ParserRuleContext context) => ((SourceToken)context.Start).Statement;

    private string Text(ITerminalNode? node) =>
        node?.Symbol is SourceToken { Type: TxLexer.STRING } token && token.Extent.Length > 0 ? StringLiteral.Unescape(token, reporter) : "";
}
