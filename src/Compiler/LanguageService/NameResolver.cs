using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>Says what the names of one document stand for. From the texts of declarations alone, so that a wrong program has names too.</summary>
internal sealed class NameResolver(SyntaxTree document, DeclarationTable table)
{
    private readonly Dictionary<OpSyntax, OperatorNames> _operators = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<ItemSyntax, ScheduleNames> _schedules = new(ReferenceEqualityComparer.Instance);
    private Dictionary<string, ResolvedName>? _variables;

    public DeclarationTable Table => table;

    public OperatorNames NamesOf(OpSyntax op) => _operators.TryGetValue(op, out var known) ? known : _operators[op] = new(op);
    public ScheduleNames NamesOf(ItemSyntax schedule) => _schedules.TryGetValue(schedule, out var known) ? known : _schedules[schedule] = new(schedule, table);

    /// <summary>What the statements of the document bind.</summary>
    public IReadOnlyDictionary<string, ResolvedName> Variables => _variables ??= document.Root.Items.OfType<LetSyntax>()
        .SelectMany(l => StatementRunner.TargetsOf(l).Select(n => new ResolvedName(n.Name, NameKind.Variable, n.Span, n.Span, l)))
        .DistinctBy(n => n.Name).ToDictionary(n => n.Name, StringComparer.Ordinal);

    /// <summary>The name at the end of a path; null where there is none.</summary>
    public ResolvedName? Resolve(ImmutableArray<SyntaxNode> path)
    {
        var leaf = path[^1];
        var parent = path.Length > 1 ? path[^2] : null;
        var root = path.FirstOrDefault(n => n is ItemSyntax and not TestSyntax and not TargetSyntax);
        return leaf switch
        {
            NameSyntax name => OfName(name, parent, path) is { } r ? r with { Use = name.Span } : null,
            NameExpressionSyntax name => OfExpression(name, parent, root, path) is { } r ? r with { Use = name.Span } : new(name.Name, NameKind.Unknown, name.Span),
            _ => null,
        };
    }

    private ResolvedName? OfName(NameSyntax name, SyntaxNode? parent, ImmutableArray<SyntaxNode> path)
    {
        var item = path.FirstOrDefault(n => n is ItemSyntax and not TestSyntax and not TargetSyntax) as ItemSyntax;
        ResolvedName Here(NameKind kind) => new(name.Text, kind, name.Span, name.Span, parent, item as OpSyntax);
        switch (parent)
        {
            case OpSyntax: return Here(NameKind.Operator);
            case ReducerSyntax: return Here(NameKind.Reducer);
            case StrategySyntax: return Here(NameKind.Strategy);
            case ScheduleSyntax: return Here(NameKind.Schedule);
            case IntrinSyntax: return Here(NameKind.Intrinsic);
            case TargetSyntax: return Here(NameKind.Target);
            case ConstSyntax: return Here(NameKind.Constant);
            case KnobSyntax: return Here(NameKind.Knob);
            case GenericSyntax g: return ReferenceEquals(g.Name, name) ? Here(NameKind.TypeParameter) : Here(NameKind.Word) with { Definition = null };
            case ParameterSyntax p:
                return item switch
                {
                    OpSyntax op => NamesOf(op).Find(name.Text),
                    StrategySyntax s => NamesOf(s).Find(name.Text),
                    _ => Here(p.IsConst ? NameKind.Constant : NameKind.Parameter),
                };
            case TypeSyntax:
                if (item is OpSyntax generic && NamesOf(generic).Find(name.Text) is { Kind: NameKind.TypeParameter } t) return t;
                return new(name.Text, NameKind.Type, name.Span);
            case ForClauseSyntax: return Declared(name.Text, table.Operators, NameKind.Operator);
            case OnClauseSyntax: return Declared(name.Text, table.Targets, NameKind.Target) ?? new(name.Text, NameKind.Target, name.Span);
            case ExtendsClauseSyntax: return item is ScheduleSyntax schedule && Base(schedule, name.Text) is { } b ? new(name.Text, NameKind.Schedule, name.Span, b.Name.Span, b) : null;
            case BinderSyntax binder: return new(name.Text, NameKind.Index, name.Span, name.Span, binder, item as OpSyntax);
            case PackSyntax: return item is OpSyntax of ? OfIndexOrLocal(name.Text, of, path) : null;
            case MemberSyntax m: return OfMember(m, item, path);
            case ArgumentSyntax: return OfArgument(name, item, path);
            case ReductionSyntax: return Declared(name.Text, table.Reducers, NameKind.Reducer) ?? new(name.Text, NameKind.Reducer, name.Span);
            default: return null;
        }
    }

    private ResolvedName? OfExpression(NameExpressionSyntax name, SyntaxNode? parent, SyntaxNode? root, ImmutableArray<SyntaxNode> path)
    {
        bool isCalled = parent is CallSyntax call && ReferenceEquals(call.Target, name);
        if (isCalled && Callable(name.Name, name.Span) is { } callee) return callee;
        switch (root)
        {
            case OpSyntax op:
                if (OfIndexOrLocal(name.Name, op, path) is { } local) return local;
                break;
            case ScheduleSyntax or StrategySyntax:
                if (Arrow(name, path) is { } axis) return axis;
                if (NamesOf((ItemSyntax)root).Find(name.Name) is { } bound) return bound;
                if (Vocabulary.Tails.Contains(name.Name) || Vocabulary.Memories.Contains(name.Name) || name.Name is "root" or "block" or "thread") return new(name.Name, NameKind.Word, name.Span);
                if (table.Intrinsics.TryGetValue(name.Name, out var i)) return new(name.Name, NameKind.Intrinsic, name.Span, i.Name.Span, i);
                break;
            case LetSyntax let when LetIndex(let, name.Name) is { } index: return index;
            default:
                if (root is not null && Parameter(root, name.Name) is { } parameter) return parameter;
                break;
        }
        if (path.OfType<ReductionSyntax>().SelectMany(r => r.Binders).FirstOrDefault(b => b.Name.Text == name.Name) is { } binder)
            return new(name.Name, NameKind.Index, name.Span, binder.Name.Span, binder);
        if (path.OfType<ArgumentSyntax>().LastOrDefault() is { Name.Text: "using" } && path.OfType<CallSyntax>().LastOrDefault() is { Target: NameExpressionSyntax n } && table.Schedules.TryGetValue((n.Name, name.Name), out var chosen))
            return new(name.Name, NameKind.Schedule, name.Span, chosen.Name.Span, chosen);
        if (path.OfType<TestSyntax>().FirstOrDefault() is { } test && Bound(test, name) is { } inTest) return inTest;
        if (Variables.TryGetValue(name.Name, out var variable) && root is not (OpSyntax or ScheduleSyntax or StrategySyntax)) return variable;
        return Declared(name.Name, table.Consts, NameKind.Constant) ?? (ElementTypes.TryParse(name.Name, out _) ? new(name.Name, NameKind.Type, name.Span) : null);
    }

    /// <summary>What a call of a name calls.</summary>
    public ResolvedName? Callable(string name, SourceSpan use) =>
        Declared(name, table.Operators, NameKind.Operator) ?? Declared(name, table.Strategies, NameKind.Strategy) ?? Declared(name, table.Reducers, NameKind.Reducer)
        ?? (ElementTypes.TryParse(name, out _) ? new(name, NameKind.Type, use) : LanguageWords.Function(name) is not null ? new(name, NameKind.Function, use) : null);

    /// <summary>A name of an operator: an index by the innermost of what binds it, else a tensor, a dimension or a constant.</summary>
    private ResolvedName? OfIndexOrLocal(string name, OpSyntax op, ImmutableArray<SyntaxNode> path)
    {
        var names = NamesOf(op);
        for (int i = path.Length - 1; i >= 0; i--)
        {
            var bound = path[i] switch
            {
                ReductionSyntax r => r.Binders.FirstOrDefault(b => b.Name.Text == name) is { } b ? new(name, NameKind.Index, b.Name.Span, b.Name.Span, b, op) : null,
                ForSyntax f => f.Binders.FirstOrDefault(b => b.Name.Text == name) is { } b ? new(name, NameKind.Index, b.Name.Span, b.Name.Span, b, op) : null,
                _ => (ResolvedName?)null,
            };
            if (bound is not null) return bound;
        }
        if (names.Find(name) is { } local) return local;
        if (path.OfType<SimpleSyntax>().FirstOrDefault() is { } line && names.IndicesOf(line).FirstOrDefault(n => n.Name == name) is { Name: not null } index)
            return new(name, NameKind.Index, index.Span, index.Span, line, op);
        return null;
    }

    private static ResolvedName? LetIndex(LetSyntax let, string name)
    {
        var left = let.Target is TupleSyntax t ? t.Items : [let.Target];
        var index = left.OfType<SubscriptSyntax>().SelectMany(s => s.Subscripts).OfType<NameExpressionSyntax>().FirstOrDefault(n => n.Name == name);
        return index is null ? null : new(name, NameKind.Index, index.Span, index.Span, let);
    }

    // The axes of a layout: `(i, k) -> …`.
    private static ResolvedName? Arrow(NameExpressionSyntax name, ImmutableArray<SyntaxNode> path)
    {
        var axis = path.OfType<ArrowSyntax>().LastOrDefault()?.Parameters.DescendantsAndSelf().OfType<NameExpressionSyntax>().FirstOrDefault(n => n.Name == name.Name);
        return axis is null ? null : new(name.Name, NameKind.Index, name.Span, axis.Span, axis);
    }

    private static ResolvedName? Parameter(SyntaxNode item, string name)
    {
        var parameters = item switch { ReducerSyntax r => r.Parameters, IntrinSyntax i => i.Parameters, _ => [] };
        return parameters.FirstOrDefault(p => p.Name.Text == name) is { } p ? new(name, NameKind.Parameter, p.Name.Span, p.Name.Span, p) : null;
    }

    private static ResolvedName? Bound(TestSyntax test, NameExpressionSyntax name) => test.Body.OfType<LetSyntax>().SelectMany(l => StatementRunner.TargetsOf(l).Select(n => (Let: l, Name: n)))
        .Where(n => n.Name.Name == name.Name).Select(n => new ResolvedName(name.Name, NameKind.Variable, name.Span, n.Name.Span, n.Let)).FirstOrDefault();

    private ResolvedName? OfMember(MemberSyntax m, ItemSyntax? item, ImmutableArray<SyntaxNode> path)
    {
        if (item is not (ScheduleSyntax or StrategySyntax)) return null;
        bool isCalled = path.Length > 2 && path[^3] is CallSyntax c && ReferenceEquals(c.Target, m);
        if (isCalled && (Vocabulary.Find(m.Name.Text) is not null || m.Name.Text is "eq" or "update")) return new(m.Name.Text, NameKind.Primitive, m.Name.Span);
        if (m.Target is NameExpressionSyntax { Name: "block" or "thread" }) return new(m.Name.Text, NameKind.Word, m.Name.Span);
        return NamesOf(item).Member(m) ?? (Vocabulary.Find(m.Name.Text) is not null ? new(m.Name.Text, NameKind.Primitive, m.Name.Span) : null);
    }

    private ResolvedName? OfArgument(NameSyntax name, ItemSyntax? item, ImmutableArray<SyntaxNode> path)
    {
        var call = path.OfType<CallSyntax>().LastOrDefault();
        // A knob that is passed by name, or the parameter of what is called.
        var parameters = call?.Target is NameExpressionSyntax n && Callable(n.Name, n.Span) is { Declaration: var declaration }
            ? declaration switch { OpSyntax op => op.Parameters, StrategySyntax s => s.Parameters, _ => [] } : [];
        var parameter = parameters.FirstOrDefault(p => p.Name.Text == name.Text);
        return new(name.Text, NameKind.Argument, name.Span, parameter?.Name.Span, parameter, item as OpSyntax);
    }

    private ScheduleSyntax? Base(ScheduleSyntax schedule, string name) =>
        schedule.Clauses.OfType<ForClauseSyntax>().FirstOrDefault() is { } f ? table.Schedules.GetValueOrDefault((f.Operator.Text, name)) : null;

    private static ResolvedName? Declared<T>(string name, IReadOnlyDictionary<string, T> declarations, NameKind kind) where T : ItemSyntax
    {
        if (!declarations.TryGetValue(name, out var found)) return null;
        var at = found.Children.OfType<NameSyntax>().First().Span;
        return new(name, kind, at, at, found, found as OpSyntax);
    }
}
