using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>Declarations and words as text for people.</summary>
internal static class Descriptions
{
    /// <summary>A declaration up to its body, in one line.</summary>
    public static string Signature(ItemSyntax item) => item switch
    {
        OpSyntax o => $"op {o.Name.Text}{(o.Generics.Count > 0 ? $"<{Join(o.Generics)}>" : "")}({Join(o.Parameters)}){(o.Results.Count > 0 ? $" -> {Join(o.Results)}" : "")}{Clauses(o.Clauses)}",
        StrategySyntax s => $"strategy {s.Name.Text}({Join(s.Parameters)}){(s.Results.Count > 0 ? $" -> {Join(s.Results)}" : "")}{Clauses(s.Clauses)}",
        ReducerSyntax r => $"reducer {r.Name.Text}({Join(r.Parameters)}) -> {r.Result.Span.Text}",
        ScheduleSyntax s => $"schedule {s.Name.Text}{Clauses(s.Clauses)}",
        IntrinSyntax i => $"intrin {i.Name.Text}({Join(i.Parameters)}){Clauses(i.Clauses)}",
        TargetSyntax t => $"target {t.Name.Text}",
        ConstSyntax or LetSyntax or KnobSyntax or SimpleSyntax => Line(item.Span.Text),
        _ => Line(item.Span.Text),
    };

    /// <summary>How a primitive is called.</summary>
    public static string Signature(PrimitiveSignature p)
    {
        string receiver = p.Receiver switch { ScheduleType.Loop => "loop.", ScheduleType.Stage => "stage.", _ => "" };
        string results = p.Results switch
        {
            PrimitiveResults.OneLoop => " -> loop",
            PrimitiveResults.OneStage => " -> stage",
            PrimitiveResults.FactorsPlusOne or PrimitiveResults.TwoEach => " -> (loop, …)",
            PrimitiveResults.OuterLoopOfFactor => " -> loop with a factor",
            _ => "",
        };
        return $"{receiver}{p.Name}({string.Join(", ", p.Parameters.Select(Parameter))}){results}";
    }

    public static string Parameter(PrimitiveParameter p)
    {
        string type = p.Words.IsDefaultOrEmpty ? p.Type.ToString().ToLowerInvariant() : string.Join(" | ", p.Words);
        return $"{p.Name}: {type}{(p.IsVariadic ? ", …" : "")}{(p.IsOptional ? "?" : "")}";
    }

    /// <summary>Markdown: code, then text.</summary>
    public static string Markdown(string code, params ReadOnlySpan<string?> paragraphs)
    {
        var text = new System.Text.StringBuilder($"```tx\n{code}\n```");
        foreach (string? p in paragraphs)
            if (!string.IsNullOrEmpty(p)) text.Append("\n\n").Append(p);
        return text.ToString();
    }

    /// <summary>Several lines as one, not too long.</summary>
    public static string Line(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > 120 ? line[..119] + "…" : line;
    }

    private static string Join<T>(IEnumerable<T> nodes) where T : SyntaxNode => string.Join(", ", nodes.Select(n => Line(n.Span.Text)));

    private static string Clauses(IEnumerable<ClauseSyntax> clauses) => string.Concat(clauses.Select(c => " " + Line(c.Span.Text)));
}
