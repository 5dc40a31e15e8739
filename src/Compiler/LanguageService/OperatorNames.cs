using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>The names of an operator, from its text alone, so that they are known while it is wrong.</summary>
internal sealed class OperatorNames
{
    private readonly Dictionary<string, ResolvedName> _names = new(StringComparer.Ordinal);

    public OperatorNames(OpSyntax op)
    {
        Operator = op;
        foreach (var g in op.Generics) Add(g.Name, NameKind.TypeParameter, g);
        foreach (var p in op.Parameters) Add(p.Name, p.IsConst ? NameKind.Constant : NameKind.Parameter, p);
        foreach (var r in op.Results) Add(r.Name, NameKind.Result, r);
        foreach (var p in op.Parameters)
            foreach (var e in p.Type.Brackets.SelectMany(b => b))
            {
                if (e is NameExpressionSyntax n && !_names.ContainsKey(n.Name)) _names.Add(n.Name, new(n.Name, NameKind.Dimension, n.Span, n.Span, p, op));
                if (e is PackSyntax { Name: { } pack } && !_names.ContainsKey(pack.Text)) Add(pack, NameKind.Dimension, p);
            }
        foreach (var line in Lines)
            foreach (var target in Targets(line.Target))
                _names.TryAdd(target.Name, new(target.Name, NameKind.Tensor, target.Span, target.Span, line, op));
    }

    public OpSyntax Operator { get; }
    public IEnumerable<ResolvedName> Names => _names.Values;
    public ResolvedName? Find(string name) => _names.GetValueOrDefault(name);

    /// <summary>Equations, updates, declarations and calls, those inside of <c>for</c> among them.</summary>
    public IEnumerable<SimpleSyntax> Lines => Operator.DescendantsAndSelf().OfType<SimpleSyntax>();

    /// <summary>The lines that give a tensor its elements.</summary>
    public IEnumerable<SimpleSyntax> EquationsOf(string tensor) => Lines.Where(l => l.Assign is not AssignKind.None && Targets(l.Target).Any(t => t.Name == tensor));

    public static IEnumerable<NameExpressionSyntax> Targets(ExpressionSyntax target) => target switch
    {
        NameExpressionSyntax n => [n],
        SubscriptSyntax { Target: NameExpressionSyntax n } => [n],
        TupleSyntax t => t.Items.SelectMany(Targets),
        _ => [],
    };

    /// <summary>The indices of a line where they are first written: those of the left side, then those of reductions.</summary>
    public IEnumerable<(string Name, SourceSpan Span)> IndicesOf(SimpleSyntax line)
    {
        var left = line.Target is TupleSyntax t ? t.Items : [line.Target];
        var found = left.OfType<SubscriptSyntax>().SelectMany(s => s.Subscripts).SelectMany(s => s.DescendantsAndSelf());
        if (line.Assign is not (AssignKind.None or AssignKind.Assign) && line.Value is { } value) found = found.Concat(value.DescendantsAndSelf());
        var names = found.SelectMany(Index).Concat(line.Value is null ? [] : line.Value.DescendantsAndSelf().OfType<ReductionSyntax>().SelectMany(r => r.Binders).Select(b => (b.Name.Text, b.Name.Span)));
        var called = found.OfType<CallSyntax>().Select(c => c.Target.Span).ToHashSet();
        return names.Where(n => Find(n.Item1) is null && !called.Contains(n.Item2)).DistinctBy(n => n.Item1);

        static IEnumerable<(string, SourceSpan)> Index(SyntaxNode node) => node switch
        {
            NameExpressionSyntax n => [(n.Name, n.Span)],
            PackSyntax { Name: { } pack } => [(pack.Text, pack.Span)],
            _ => [],
        };
    }

    private void Add(NameSyntax name, NameKind kind, SyntaxNode declaration) =>
        _names.TryAdd(name.Text, new(name.Text, kind, name.Span, name.Span, declaration, Operator));
}
