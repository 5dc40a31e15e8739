using System.Diagnostics;

namespace Tx.Lang.Syntax;

/// <summary>Walks syntax trees.</summary>
public static class SyntaxTraversal
{
    extension(SyntaxNode node)
    {
        /// <summary>The nodes directly below, in the order of the text.</summary>
        public IEnumerable<SyntaxNode> Children => Below(node).OfType<SyntaxNode>();

        /// <summary>This node and all below it, each before its children.</summary>
        public IEnumerable<SyntaxNode> DescendantsAndSelf()
        {
            var open = new Stack<SyntaxNode>();
            open.Push(node);
            while (open.TryPop(out var next))
            {
                yield return next;
                foreach (var child in next.Children.Reverse()) open.Push(child);
            }
        }
    }

    private static IEnumerable<SyntaxNode?> Below(SyntaxNode node) => node switch
    {
        FileSyntax n => n.Items,
        TestSyntax n => n.Body,
        OpSyntax n => [n.Name, .. n.Generics, .. n.Parameters, .. n.Results, .. n.Clauses, .. n.Body],
        ReducerSyntax n => [n.Name, .. n.Parameters, n.Result, .. n.Body],
        StrategySyntax n => [n.Name, .. n.Parameters, .. n.Results, .. n.Clauses, .. n.Body],
        ScheduleSyntax n => [n.Name, .. n.Clauses, .. n.Body],
        IntrinSyntax n => [n.Name, .. n.Parameters, .. n.Clauses, .. n.Body],
        TargetSyntax n => [n.Name, .. n.Body],
        GenericSyntax n => [n.Name, n.Constraint],
        ParameterSyntax n => [n.Name, n.Type, n.Default],
        TypeSyntax n => [n.Name, .. n.Brackets.SelectMany(b => b)],
        ForClauseSyntax n => [n.Operator],
        OnClauseSyntax n => [n.Target],
        ExtendsClauseSyntax n => [n.Schedule],
        WhenClauseSyntax n => [n.Condition],
        RequireClauseSyntax n => n.Conditions,
        LetSyntax n => [n.Target, n.Type, n.Value],
        ConstSyntax n => [n.Name, n.Type, n.Value],
        AssertSyntax n => [n.Condition],
        BenchSyntax n => [n.Value],
        RequireSyntax n => n.Conditions,
        KnobSyntax n => [n.Name, n.Domain, n.Default],
        IfSyntax n => [n.Condition, .. n.Then, .. n.Else],
        ForSyntax n => [.. n.Binders, .. n.Body],
        MemorySyntax n => [n.Name, n.Type],
        UnitSyntax n => [n.Name, .. n.Lines],
        QueueSyntax n => n.Units,
        CyclesSyntax n => [n.Value],
        EmitSyntax n => [n.Language, .. n.Arguments, n.Result, n.Type],
        UnitLineSyntax n => [n.From, .. n.Names],
        BinderSyntax n => [n.Name, n.Range],
        SimpleSyntax n => [n.Target, n.Type, n.Value],
        UnarySyntax n => [n.Operand],
        BinarySyntax n => [n.Left, n.Right],
        ConditionalSyntax n => [n.Condition, n.Then, n.Else],
        DefaultSyntax n => [n.Read, n.Default],
        MemberSyntax n => [n.Target, n.Name],
        SubscriptSyntax n => [n.Target, .. n.Subscripts],
        CallSyntax n => [n.Target, .. n.Arguments],
        ArgumentSyntax n => [n.Name, n.Value],
        ReductionSyntax n => [n.Reducer, .. n.Binders, n.Condition, n.Body],
        TupleSyntax n => n.Items,
        ListSyntax n => n.Items,
        ArrowSyntax n => [n.Parameters, n.Body],
        RangeSyntax n => [n.Start, n.End],
        PackSyntax n => [n.Name],
        ImportSyntax or NameSyntax or NameExpressionSyntax or IntegerSyntax or FloatSyntax or StringSyntax or BoolSyntax or ErrorExpressionSyntax => [],
        _ => throw new UnreachableException(node.GetType().Name),
    };
}
