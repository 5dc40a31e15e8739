using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

public sealed partial class LanguageService
{
    /// <summary>What is known of the name at a place: types and shapes of tensors, ranges of indices, signatures, documentation.</summary>
    public HoverResult? Hover(Workspace workspace, string path, int offset)
    {
        if (Analyse(workspace, path) is not { } analysis) return null;
        if (NameAt(analysis, offset) is { } found && Describe(analysis, found.Name, found.Path) is { } text) return new(found.Name.Use, text);
        var token = SourceTokens.Read(analysis.Tree.Document.Text).FirstOrDefault(t => t.Kind is TokenKind.Keyword or TokenKind.Name && t.Span.Start <= offset && offset <= t.Span.End);
        return Word(analysis.Tree.Document.Text.Text.Substring(token.Span.Start, token.Span.Length)) is { } known ? new(new(analysis.Tree.Document.Text, token.Span), known) : null;
    }

    /// <summary>A word of the language where it stands for nothing that is declared: a keyword, or the name of a function or a primitive alone.</summary>
    private static string? Word(string word) => (LanguageWords.Keyword(word) ?? LanguageWords.Function(word)) is { } w ? Descriptions.Markdown(w.Usage, w.Summary)
        : Vocabulary.Find(word) is { } p ? Descriptions.Markdown(Descriptions.Signature(p), p.Summary) : null;

    private static string? Describe(DocumentAnalysis analysis, ResolvedName name, ImmutableArray<SyntaxNode> path)
    {
        switch (name.Kind)
        {
            case NameKind.Operator or NameKind.Strategy or NameKind.Reducer or NameKind.Schedule or NameKind.Intrinsic or NameKind.Target when name.Declaration is ItemSyntax item:
                return Descriptions.Markdown(Descriptions.Signature(item), item.Doc, From(analysis, item));
            case NameKind.Reducer or NameKind.Function:
                return LanguageWords.Function(name.Name) is { } f ? Descriptions.Markdown(f.Usage, f.Summary) : null;
            case NameKind.Primitive:
                return Vocabulary.Find(name.Name) is { } p ? Descriptions.Markdown(Descriptions.Signature(p), p.Summary)
                    : Descriptions.Markdown($"stage.{name.Name}(n)", name.Name == "eq" ? "one of several equations of a tensor, numbered in the order of the text" : "one of the updates of a tensor, numbered in the order of the text");
            case NameKind.Index or NameKind.Loop when name is { Owner: { } op, Declaration: { } line }:
                return Index(analysis, name, op, line);
            case NameKind.Tensor or NameKind.Result or NameKind.Parameter or NameKind.Stage when name.Owner is { } op:
                return Tensor(analysis, name, op);
            case NameKind.Dimension:
                return Descriptions.Markdown(name.Name, $"a dimension of `{name.Owner?.Name.Text}`, at least 0");
            case NameKind.Variable:
                string type = analysis.Variables.TryGetValue(name.Name, out var value) && value is not UnknownValue && !path.OfType<TestSyntax>().Any() ? $": {value.Describe()}" : "";
                return Descriptions.Markdown($"let {name.Name}{type}", name.Declaration is LetSyntax let ? $"`{Descriptions.Line(let.Span.Text)}`" : null);
            case NameKind.Loop or NameKind.Stage or NameKind.Knob or NameKind.Constant or NameKind.Parameter or NameKind.Argument when name.Declaration is { } declaration:
                string what = name.Kind switch { NameKind.Loop => "a loop", NameKind.Stage => "a stage", NameKind.Constant => "a constant", NameKind.Knob => "a number", _ => "a parameter" };
                return Descriptions.Markdown(Descriptions.Line(declaration.Span.Text), what, (declaration as ItemSyntax)?.Doc);
            case NameKind.Type when ElementTypes.TryParse(name.Name, out var element):
                return Descriptions.Markdown(element.Name, element is ElementType.Int ? "the type of indices and dimensions" : $"{element.Bits} bits an element");
            default:
                return null;
        }
    }

    private static string? From(DocumentAnalysis analysis, SyntaxNode node) =>
        analysis.Tree.Units.Any(u => ReferenceEquals(u.Node.Span.Source, node.Span.Source)) ? null : $"declared in `{Path.GetFileName(node.Span.Source.Path)}`";

    /// <summary>An index or a loop, with the range that the checker finds.</summary>
    private static string? Index(DocumentAnalysis analysis, ResolvedName name, OpSyntax op, SyntaxNode line)
    {
        string stage = name.Kind is NameKind.Loop && line is SimpleSyntax s && OperatorNames.Targets(s.Target).FirstOrDefault() is { } t ? $" of `{t.Name}`" : "";
        string of = $" in `{op.Name.Text}`";
        var symbol = analysis.Bind(op) is { } bound ? BoundNames.Indices(bound).Where(i => i.Index.Name == name.Name || i.Index.Pack == name.Name)
            .OrderBy(i => i.Index.Span == name.Definition ? 0 : i.Equation.Span is { } e && Overlap(e, line.Span) ? 1 : 2).FirstOrDefault().Index : null;
        if (symbol is null) return Descriptions.Markdown(name.Name, $"an index{stage}{of}");
        string kind = symbol.IsReduction ? "a reduction" : "an index";
        return symbol.Pack == name.Name && symbol.Name != name.Name
            ? Descriptions.Markdown($"..{name.Name}", $"a pack of indices{stage}{of}, one for each dimension that it meets")
            : Descriptions.Markdown(ProgramPrinter.Range(symbol), $"{kind}{stage}{of}");
    }

    private static bool Overlap(SourceSpan a, SourceSpan b) => ReferenceEquals(a.Source, b.Source) && a.Span.Start < b.Span.End && b.Span.Start < a.Span.End;

    private static string? Tensor(DocumentAnalysis analysis, ResolvedName name, OpSyntax op)
    {
        string what = name.Declaration is ParameterSyntax && op.Parameters.Any(p => ReferenceEquals(p, name.Declaration)) ? "a parameter"
            : op.Results.Any(r => r.Name.Text == name.Name) ? "a result" : name.Kind is NameKind.Stage ? "a stage" : "an intermediate tensor";
        string of = $"{what} of `{op.Name.Text}`";
        if (analysis.Bind(op) is { } bound && BoundNames.Tensor(bound, name.Name) is { } tensor)
            return Descriptions.Markdown($"{name.Name}: {ProgramPrinter.Type(tensor.Type, tensor.Shape)}", of, Through(op));
        string? written = op.Parameters.Concat(op.Results).FirstOrDefault(p => p.Name.Text == name.Name)?.Span.Text;
        return Descriptions.Markdown(written is null ? name.Name : Descriptions.Line(written), of);
    }

    // The checker takes one choice of types and ranks.
    private static string? Through(OpSyntax op)
    {
        var generics = op.Generics.Select(g => $"`{g.Name.Text} = {(g.Constraint.Text == "integer" ? "i32" : "f32")}`").ToList();
        return generics.Count == 0 ? null : $"with {string.Join(", ", generics)}";
    }
}
