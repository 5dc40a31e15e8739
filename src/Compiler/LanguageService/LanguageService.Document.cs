using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

public sealed partial class LanguageService
{
    /// <summary>The declarations and bindings of a document, and what stands inside them.</summary>
    public ImmutableArray<DocumentSymbol> Symbols(Workspace workspace, string path)
    {
        if (Analyse(workspace, path) is not { } analysis) return [];
        return [.. analysis.Tree.Units.SelectMany(u => Symbols(analysis, u.Node))];
    }

    private static IEnumerable<DocumentSymbol> Symbols(DocumentAnalysis analysis, ItemSyntax item)
    {
        DocumentSymbol Make(string name, string detail, NameKind kind, SourceSpan at, IEnumerable<DocumentSymbol> children) =>
            new(name, detail, kind, analysis.Tree.Now(item.Span), analysis.Tree.Now(at), [.. children]);

        DocumentSymbol Inside(ResolvedName n, SyntaxNode node) => new(n.Name, "", n.Kind, analysis.Tree.Now(node.Span), analysis.Tree.Now(n.Definition!.Value), []);

        switch (item)
        {
            case OpSyntax op:
                var inner = analysis.Names.NamesOf(op).Names.Where(n => n.Kind is not (NameKind.Dimension or NameKind.TypeParameter) && n.Declaration is not null);
                yield return Make(op.Name.Text, Descriptions.Signature(op), NameKind.Operator, op.Name.Span, inner.Select(n => Inside(n, n.Declaration!)));
                break;
            case ScheduleSyntax or StrategySyntax:
                var name = item.Children.OfType<NameSyntax>().First();
                var bound = analysis.Names.NamesOf(item).Bound.Where(n => n.Declaration is { } d && Overlap(d.Span, item.Span));
                yield return Make(name.Text, Descriptions.Signature(item), item is ScheduleSyntax ? NameKind.Schedule : NameKind.Strategy, name.Span, bound.Select(n => Inside(n, n.Declaration!)));
                break;
            case ReducerSyntax r: yield return Make(r.Name.Text, Descriptions.Signature(r), NameKind.Reducer, r.Name.Span, []); break;
            case IntrinSyntax i: yield return Make(i.Name.Text, Descriptions.Signature(i), NameKind.Intrinsic, i.Name.Span, []); break;
            case ConstSyntax c: yield return Make(c.Name.Text, Descriptions.Line(c.Span.Text), NameKind.Constant, c.Name.Span, []); break;
            case TestSyntax t: yield return Make($"test \"{t.Title}\"", "", NameKind.Function, t.Span with { Span = new(t.Span.Span.Start, 4) }, []); break;
            case TargetSyntax t: yield return Make(t.Name.Text, "", NameKind.Target, t.Name.Span, t.Body.SelectMany(b => Symbols(analysis, b))); break;
            case LetSyntax l:
                foreach (var n in StatementRunner.TargetsOf(l)) yield return Make(n.Name, "", NameKind.Variable, n.Span, []);
                break;
        }
    }

    /// <summary>The tokens of a document with what their names stand for, in the order of the text.</summary>
    public ImmutableArray<SemanticToken> Tokens(Workspace workspace, string path, CancellationToken cancellation = default)
    {
        if (Analyse(workspace, path) is not { } analysis) return [];
        var names = new Dictionary<int, (SemanticKind Kind, bool IsDeclaration)>();
        foreach (var unit in analysis.Tree.Units)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var nodes in SyntaxPath.Names(unit.Node))
                if (analysis.Names.Resolve(nodes) is { } name && KindOf(name.Kind) is { } kind)
                    names[nodes[^1].Span.Span.Start + unit.Shift] = (kind, name.Definition == nodes[^1].Span);
        }
        var found = ImmutableArray.CreateBuilder<SemanticToken>();
        foreach (var t in SourceTokens.Read(analysis.Tree.Document.Text))
        {
            switch (t.Kind)
            {
                case TokenKind.Keyword: found.Add(new(t.Span, SemanticKind.Keyword, false)); break;
                case TokenKind.Number: found.Add(new(t.Span, SemanticKind.Number, false)); break;
                case TokenKind.Text: found.Add(new(t.Span, SemanticKind.Text, false)); break;
                case TokenKind.Comment or TokenKind.Documentation: found.Add(new(t.Span, SemanticKind.Comment, false)); break;
                case TokenKind.Operator: found.Add(new(t.Span, SemanticKind.Operator, false)); break;
                case TokenKind.Name when names.TryGetValue(t.Span.Start, out var n): found.Add(new(t.Span, n.Kind, n.IsDeclaration)); break;
            }
        }
        return found.ToImmutable();
    }

    private static SemanticKind? KindOf(NameKind kind) => kind switch
    {
        NameKind.Operator or NameKind.Strategy or NameKind.Reducer or NameKind.Function or NameKind.Intrinsic => SemanticKind.Function,
        NameKind.Schedule or NameKind.Target => SemanticKind.Class,
        NameKind.Parameter or NameKind.Index or NameKind.Argument => SemanticKind.Parameter,
        NameKind.Constant or NameKind.Dimension or NameKind.Knob => SemanticKind.Constant,
        NameKind.Type => SemanticKind.Type,
        NameKind.TypeParameter => SemanticKind.TypeParameter,
        NameKind.Loop => SemanticKind.Property,
        NameKind.Primitive => SemanticKind.Method,
        NameKind.Word => SemanticKind.Macro,
        NameKind.Result or NameKind.Tensor or NameKind.Variable or NameKind.Stage => SemanticKind.Variable,
        _ => null,
    };

    /// <summary>Types and shapes that are inferred: of tensors where they are first defined, and of values that statements bind.</summary>
    public ImmutableArray<InlayHint> Hints(Workspace workspace, string path, TextSpan range, CancellationToken cancellation = default)
    {
        if (Analyse(workspace, path) is not { } analysis) return [];
        var found = ImmutableArray.CreateBuilder<InlayHint>();
        // Gives the variables their types, if the text has changed.
        analysis.CheckStatements(cancellation);
        foreach (var unit in analysis.Tree.Units)
        {
            cancellation.ThrowIfCancellationRequested();
            if (unit.End < range.Start || unit.Start > range.End) continue;
            if (unit.Node is LetSyntax { Type: null } let)
                foreach (var n in StatementRunner.TargetsOf(let))
                    if (analysis.Variables.TryGetValue(n.Name, out var value) && value is TensorValue { IsTypeKnown: true } or ScalarValue)
                        found.Add(new(Place(let.Target, n).Span.End + unit.Shift, $": {value.Describe()}"));
            // Of a generic operator the types of one choice would be shown.
            if (unit.Node is not OpSyntax { Generics.Count: 0 } op || analysis.Bind(op) is not { } bound) continue;
            var names = analysis.Names.NamesOf(op);
            foreach (var n in names.Names)
                if (n is { Kind: NameKind.Tensor, Declaration: SimpleSyntax { Type: null } line } && BoundNames.Tensor(bound, n.Name) is { } tensor)
                    found.Add(new(Place(line.Target, OperatorNames.Targets(line.Target).First(t => t.Name == n.Name)).Span.End + unit.Shift, $": {ProgramPrinter.Type(tensor.Type, tensor.Shape)}"));
        }
        return [.. found.Where(h => range.Start <= h.Offset && h.Offset <= range.End).OrderBy(h => h.Offset)];
    }

    // The hint stands behind the subscripts of the name.
    private static SourceSpan Place(ExpressionSyntax target, NameExpressionSyntax name) =>
        (target is TupleSyntax t ? t.Items : [target]).OfType<SubscriptSyntax>().FirstOrDefault(s => ReferenceEquals(s.Target, name))?.Span ?? name.Span;

    /// <summary>What an editor offers commands for: schedules, and operators without one.</summary>
    public ImmutableArray<ProgramAction> Actions(Workspace workspace, string path)
    {
        if (Analyse(workspace, path) is not { } analysis) return [];
        var found = ImmutableArray.CreateBuilder<ProgramAction>();
        foreach (var unit in analysis.Tree.Units)
        {
            if (unit.Node is OpSyntax op) found.Add(new(analysis.Tree.Now(op.Name.Span), op.Name.Text, null));
            if (unit.Node is ScheduleSyntax s && ScheduleOperator(s) is { } of && analysis.Table.Operators.ContainsKey(of)) found.Add(new(analysis.Tree.Now(s.Name.Span), of, s.Name.Text));
        }
        return found.ToImmutable();
    }
}
