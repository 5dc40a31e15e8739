using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>The names of a schedule or a strategy: what its lines bind, and of the scheduled operator the stages and their loops. From the texts alone.</summary>
internal sealed class ScheduleNames
{
    private readonly Dictionary<string, ResolvedName> _bound = new(StringComparer.Ordinal);
    private readonly DeclarationTable _table;

    public ScheduleNames(ItemSyntax item, DeclarationTable table)
    {
        _table = table;
        Operator = item is ScheduleSyntax s && s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault() is { } f && table.Operators.TryGetValue(f.Operator.Text, out var op) ? new(op) : null;
        if (item is StrategySyntax strategy)
            foreach (var p in strategy.Parameters)
                _bound.TryAdd(p.Name.Text, new(p.Name.Text, KindOf(p.Type), p.Name.Span, p.Name.Span, p));
        Read(item);
        for (var at = item as ScheduleSyntax; at is not null && Base(at) is { } b && !ReferenceEquals(b, at) && Bases.Add(b); at = b) Read(b);
    }

    /// <summary>The operator that is scheduled; null in a strategy, and where it is not known.</summary>
    public OperatorNames? Operator { get; }
    public IEnumerable<ResolvedName> Bound => _bound.Values;
    private HashSet<ScheduleSyntax> Bases { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>A name by itself.</summary>
    public ResolvedName? Find(string name) => _bound.TryGetValue(name, out var bound) ? bound : Operator is null ? null : StageOf(Operator, name);

    /// <summary>What an expression before a point is: a loop or a stage; null where that is not known.</summary>
    public ResolvedName? Resolve(ExpressionSyntax e) => e switch
    {
        NameExpressionSyntax n => Find(n.Name),
        MemberSyntax m => Member(m),
        CallSyntax { Target: MemberSyntax { Name.Text: "eq" or "update" } m } => Resolve(m.Target),
        _ => null,
    };

    /// <summary>What <c>stage.name</c> is: a loop of the stage, or a stage of the operator that it calls.</summary>
    public ResolvedName? Member(MemberSyntax m) => Resolve(m.Target) is { Kind: NameKind.Stage } stage ? Member(stage, m.Name.Text) : null;

    public ResolvedName? Member(ResolvedName stage, string name) => Members(stage).FirstOrDefault(n => n.Name == name);

    /// <summary>The loops of a stage, and the stages inside it.</summary>
    public IEnumerable<ResolvedName> Members(ResolvedName stage)
    {
        if (stage.Owner is not { } owner) yield break;
        var names = Operator is { } own && ReferenceEquals(own.Operator, owner) ? own : new(owner);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in names.EquationsOf(stage.Name))
        {
            foreach (var (index, span) in names.IndicesOf(line))
                if (seen.Add(index)) yield return new(index, NameKind.Loop, span, span, line, owner);
            if (Callee(line) is not { } callee || ReferenceEquals(callee, owner)) continue;
            // The stage of a call is the callee's result; what the callee computes on the way has its own names.
            var inner = new OperatorNames(callee);
            int position = OperatorNames.Targets(line.Target).Select(t => t.Name).ToList().IndexOf(stage.Name);
            string? result = position >= 0 && position < callee.Results.Count ? callee.Results[position].Name.Text : null;
            foreach (var n in inner.Names.Where(n => n.Kind is NameKind.Tensor))
                if (seen.Add(n.Name)) yield return n with { Kind = NameKind.Stage };
            if (result is not null && StageOf(inner, result) is { } of)
                foreach (var n in Members(of))
                    if (seen.Add(n.Name)) yield return n;
        }
    }

    private static ResolvedName? StageOf(OperatorNames op, string name) => op.Find(name) switch
    {
        { Kind: NameKind.Tensor } t => t with { Kind = NameKind.Stage },
        { Kind: NameKind.Result } r when op.EquationsOf(name).FirstOrDefault() is { } line =>
            r with { Kind = NameKind.Stage, Definition = OperatorNames.Targets(line.Target).First(t => t.Name == name).Span, Declaration = line },
        { Kind: NameKind.Parameter or NameKind.Result } p => p with { Kind = NameKind.Stage },
        var other => other,
    };

    private OpSyntax? Callee(SimpleSyntax line) =>
        line.Value is CallSyntax { Target: NameExpressionSyntax n } && _table.Operators.TryGetValue(n.Name, out var callee) ? callee : null;

    private ScheduleSyntax? Base(ScheduleSyntax s) =>
        s.Clauses.OfType<ExtendsClauseSyntax>().FirstOrDefault() is { } e && s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault() is { } f
            ? _table.Schedules.GetValueOrDefault((f.Operator.Text, e.Schedule.Text)) : null;

    private void Read(ItemSyntax item)
    {
        foreach (var node in item.DescendantsAndSelf())
        {
            if (node is KnobSyntax k) _bound.TryAdd(k.Name.Text, new(k.Name.Text, NameKind.Knob, k.Name.Span, k.Name.Span, k));
            if (node is not SimpleSyntax { Assign: AssignKind.Assign, Value: { } value } line) continue;
            var targets = OperatorNames.Targets(line.Target).ToList();
            for (int i = 0; i < targets.Count; i++)
                _bound.TryAdd(targets[i].Name, new(targets[i].Name, KindOf(value, i), targets[i].Span, targets[i].Span, line));
        }
    }

    private NameKind KindOf(ExpressionSyntax value, int result) => value switch
    {
        CallSyntax { Target: MemberSyntax m } when Vocabulary.Find(m.Name.Text) is { } p => p.Results is PrimitiveResults.OneStage ? NameKind.Stage : NameKind.Loop,
        CallSyntax { Target: NameExpressionSyntax n } when _table.Strategies.TryGetValue(n.Name, out var s) && result < s.Results.Count => KindOf(s.Results[result].Type),
        MemberSyntax or NameExpressionSyntax when Resolve(value) is { Kind: NameKind.Loop or NameKind.Stage } same => same.Kind,
        _ => NameKind.Knob,
    };

    private static NameKind KindOf(TypeSyntax type) => type.Name.Text switch { "loop" => NameKind.Loop, "stage" => NameKind.Stage, _ => NameKind.Knob };
}
