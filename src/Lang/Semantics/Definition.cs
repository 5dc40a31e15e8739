using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>One tensor on the left of an equation or a call.</summary>
/// <param name="Subscripts">Null where only a name stands there.</param>
internal sealed record LeftSide(NameExpressionSyntax Name, ImmutableArray<ExpressionSyntax>? Subscripts, SourceSpan Span)
{
    /// <summary>The left sides that an expression writes; empty where it is none.</summary>
    public static ImmutableArray<LeftSide> Read(ExpressionSyntax e)
    {
        switch (e)
        {
            case NameExpressionSyntax n: return [new(n, null, n.Span)];
            case SubscriptSyntax { Target: NameExpressionSyntax n } s: return [new(n, s.Subscripts.Items, s.Span)];
            case TupleSyntax t:
                ImmutableArray<ImmutableArray<LeftSide>> items = [.. t.Items.Select(i => i is TupleSyntax ? [] : Read(i))];
                return items.Any(i => i.IsEmpty) ? [] : [.. items.SelectMany(i => i)];
            default: return [];
        }
    }
}

/// <summary>A line that defines tensors: an equation, or a call bound to names.</summary>
/// <param name="update">The operator of <c>+= *= &amp;= |= ^=</c>; null where the line defines.</param>
internal sealed class Definition(
    ImmutableArray<LeftSide> targets, ExpressionSyntax value, ImmutableArray<BinderSyntax> loops, BinaryOp? update, SourceSpan span, int order)
{
    public BinaryOp? Update { get; } = update;
    public ImmutableArray<LeftSide> Targets { get; } = targets;
    public ExpressionSyntax Value { get; } = value;
    /// <summary>The <c>for</c>s around the line, outermost first.</summary>
    public ImmutableArray<BinderSyntax> Loops { get; } = loops;
    public SourceSpan Span { get; } = span;
    public int Order { get; } = order;
    public ImmutableArray<TensorName> Tensors { get; set; } = [];
    /// <summary>Reported as wrong already; not bound.</summary>
    public bool IsRefused { get; set; }
    /// <summary>The equation, once it is bound; null for a call and after an error.</summary>
    public Equation? Equation { get; set; }
    /// <summary>The stages of calls in this line, in order of evaluation.</summary>
    public List<Stage> Calls { get; } = [];
    /// <summary>The expressions that the line reads: its value, and the subscripts of an update.</summary>
    public IEnumerable<ExpressionSyntax> Read => Update is null ? [Value] : Targets.SelectMany(t => t.Subscripts ?? []).Prepend(Value);
}

/// <summary>The names in an expression, found without recursion: a long sum is a deep tree.</summary>
internal static class MentionedNames
{
    public static IEnumerable<string> In(ExpressionSyntax expression)
    {
        var work = new Stack<ExpressionSyntax>([expression]);
        while (work.TryPop(out var e))
        {
            if (e is NameExpressionSyntax n) yield return n.Name;
            foreach (var child in Children(e).Reverse()) work.Push(child);
        }
    }

    /// <summary>Every expression below one, itself among them, in the order of the text.</summary>
    public static IEnumerable<ExpressionSyntax> Parts(ExpressionSyntax expression)
    {
        var work = new Stack<ExpressionSyntax>([expression]);
        while (work.TryPop(out var e))
        {
            yield return e;
            foreach (var child in Children(e).Reverse()) work.Push(child);
        }
    }

    internal static IEnumerable<ExpressionSyntax> Children(ExpressionSyntax e) => e switch
    {
        UnarySyntax u => [u.Operand],
        BinarySyntax b => [b.Left, b.Right],
        ConditionalSyntax c => [c.Condition, c.Then, c.Else],
        DefaultSyntax d => [d.Read, d.Default],
        MemberSyntax m => [m.Target],
        SubscriptSyntax s => s.Subscripts.Prepend(s.Target),
        CallSyntax c => c.Arguments.Select(a => a.Value).Prepend(c.Target),
        ReductionSyntax r => r.Binders.Where(b => b.Range is not null).Select(b => (ExpressionSyntax)b.Range!)
            .Concat(r.Condition is { } c ? [c, r.Body] : [r.Body]),
        TupleSyntax t => t.Items,
        ListSyntax l => l.Items,
        ArrowSyntax a => [a.Parameters, a.Body],
        RangeSyntax r => r.End is { } end ? [r.Start, end] : [r.Start],
        _ => [],
    };
}
