using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

public sealed partial class LanguageService
{
    /// <summary>What may be written at a place.</summary>
    public CompletionResult Complete(Workspace workspace, string path, int offset)
    {
        if (Analyse(workspace, path) is not { } analysis) return new(new(new("", ""), default), []);
        var source = analysis.Tree.Document.Text;
        var context = new TokenContext(source, offset);
        if (context.IsComment) return new(new(source, new(offset, 0)), []);
        if (context.IsText) return Files(analysis, context, offset);
        var item = ItemAt(analysis, offset);
        return new(new(source, context.Word), [.. Entries(analysis, context, item).DistinctBy(e => e.Label)]);
    }

    /// <summary>The declaration around a place; a statement is none.</summary>
    private static ItemSyntax? ItemAt(DocumentAnalysis analysis, int offset)
    {
        if (analysis.Tree.UnitAt(offset) is not { } unit) return null;
        var inner = SyntaxPath.At(unit.Node, offset - unit.Shift).OfType<ItemSyntax>().FirstOrDefault(i => i is IntrinSyntax);
        return inner ?? unit.Node;
    }

    private static IEnumerable<CompletionEntry> Entries(DocumentAnalysis analysis, TokenContext context, ItemSyntax? item)
    {
        var table = analysis.Table;
        bool isSchedule = item is ScheduleSyntax or StrategySyntax;
        if (context.Previous == ".") return isSchedule ? Members(analysis, context, item!) : [];
        if (context.Previous == ":" || context.Previous == "op") return context.Previous == ":" ? Types(item).Concat(Scope(analysis, item)) : [];
        if (context.Previous is "for" or "on" or "extends" && context.ScheduleHead is { } scheduled)
            return context.Previous switch
            {
                "for" => table.Operators.Values.Select(Declared),
                "on" => [new("cpu", CompletionKind.Target, "this kind of processor"), new("gpu", CompletionKind.Target, "an NVIDIA device"), .. table.Targets.Values.Select(Declared)],
                _ => table.Schedules.Where(x => x.Key.Operator == scheduled).Select(x => Declared(x.Value)),
            };
        var call = context.Call();
        if (call is not null && Argument(analysis, call, item, context) is { } words) return words;
        var entries = Scope(analysis, item);
        if (call is null && context.BeginsLine) entries = Keywords(item).Concat(entries);
        else if (context.ScheduleHead is not null && context.Previous is not ("=" or "(" or ",")) entries = entries.Concat(LanguageWords.Clauses.Select(Keyword));
        return entries;
    }

    private static string? ScheduleOperator(ItemSyntax? item) => (item as ScheduleSyntax)?.Clauses.OfType<ForClauseSyntax>().FirstOrDefault()?.Operator.Text;

    /// <summary>The loops, stages and primitives behind a point.</summary>
    private static IEnumerable<CompletionEntry> Members(DocumentAnalysis analysis, TokenContext context, ItemSyntax item)
    {
        if (context.BeforePrevious is "block" or "thread") return new[] { "x", "y", "z" }.Select(a => new CompletionEntry(a, CompletionKind.Word, "an axis of the device"));
        var names = analysis.Names.NamesOf(item);
        var chain = context.Chain;
        if (chain.IsEmpty) return [];
        var receiver = names.Find(chain[0]);
        for (int i = 1; i < chain.Length && receiver is not null; i++) receiver = names.Member(receiver, chain[i]);
        return receiver?.Kind switch
        {
            NameKind.Loop => Primitives(ScheduleType.Loop),
            NameKind.Stage => names.Members(receiver).Select(m => new CompletionEntry(m.Name, m.Kind is NameKind.Loop ? CompletionKind.Loop : CompletionKind.Stage,
                m.Declaration is { } d ? Descriptions.Line(d.Span.Text) : "")).Concat(Primitives(ScheduleType.Stage)),
            _ => [],
        };
    }

    private static IEnumerable<CompletionEntry> Primitives(ScheduleType receiver) => Vocabulary.Primitives.Where(p => p.Receiver == receiver)
        .Select(p => new CompletionEntry(p.Name, CompletionKind.Primitive, Descriptions.Signature(p), p.Summary, p.Name));

    /// <summary>The words and names of arguments; null where any expression may stand.</summary>
    private static IEnumerable<CompletionEntry>? Argument(DocumentAnalysis analysis, CallContext call, ItemSyntax? item, TokenContext context)
    {
        bool mayName = context.Previous is "(" or ",";
        if (!call.Receiver.IsEmpty && Vocabulary.Find(call.Name) is { } primitive)
        {
            var parameter = call.Named is null ? primitive.Parameters.ElementAtOrDefault(Math.Min(call.Argument, primitive.Parameters.Length - 1)) : primitive.Parameters.FirstOrDefault(p => p.Name == call.Named);
            IEnumerable<CompletionEntry> words = parameter is { Words.IsDefaultOrEmpty: false } ? parameter.Words.Select(w => new CompletionEntry(w, CompletionKind.Word, parameter.Name))
                : parameter?.Type is ScheduleType.Place ? [new("root", CompletionKind.Word, "outside of all loops")] : [];
            if (call.Named is not null) return words.Concat(Scope(analysis, item));
            return mayName ? primitive.Parameters.Where(p => !p.IsVariadic).Select(p => new CompletionEntry(p.Name, CompletionKind.Argument, Descriptions.Parameter(p), "", $"{p.Name} = ")).Concat(words).Concat(Scope(analysis, item)) : null;
        }
        if (call.Named == "using") return analysis.Table.Schedules.Where(s => s.Key.Operator == call.Name).Select(s => Declared(s.Value));
        if (!mayName) return null;
        var parameters = analysis.Names.Callable(call.Name, default)?.Declaration switch { OpSyntax op => op.Parameters, StrategySyntax s => s.Parameters, _ => [] };
        var named = parameters.Select(p => new CompletionEntry(p.Name.Text, CompletionKind.Argument, Descriptions.Line(p.Span.Text), "", $"{p.Name.Text} = "));
        if (analysis.Table.Schedules.Keys.Any(k => k.Operator == call.Name)) named = named.Append(new("using", CompletionKind.Argument, "the schedule of this call", "", "using = "));
        return named.Concat(Scope(analysis, item));
    }

    private static IEnumerable<CompletionEntry> Keywords(ItemSyntax? item) => item switch
    {
        OpSyntax => LanguageWords.Body.Where(w => w.Name is "for" or "require").Select(Keyword),
        ScheduleSyntax or StrategySyntax => LanguageWords.ScheduleBody.Select(Keyword),
        TestSyntax => LanguageWords.TopLevel.Where(w => w.Name is "let" or "assert").Select(Keyword),
        _ => LanguageWords.TopLevel.Select(Keyword),
    };

    /// <summary>The names that an expression may use.</summary>
    private static IEnumerable<CompletionEntry> Scope(DocumentAnalysis analysis, ItemSyntax? item)
    {
        var table = analysis.Table;
        var constants = table.Consts.Values.Select(Declared);
        switch (item)
        {
            case OpSyntax op:
                var names = analysis.Names.NamesOf(op);
                return names.Names.Select(n => new CompletionEntry(n.Name, n.Kind switch
                    {
                        NameKind.Dimension => CompletionKind.Dimension, NameKind.Constant => CompletionKind.Constant, NameKind.TypeParameter => CompletionKind.Type, _ => CompletionKind.Tensor,
                    }, n.Declaration is { } d ? Descriptions.Line(d.Span.Text) : ""))
                    .Concat(names.Lines.SelectMany(names.IndicesOf).Select(i => new CompletionEntry(i.Name, CompletionKind.Index, "an index")))
                    .Concat(constants).Concat(table.Operators.Values.Where(o => !ReferenceEquals(o, op)).Select(Declared)).Concat(table.Reducers.Values.Select(Declared))
                    .Concat(LanguageWords.Reductions.Concat(LanguageWords.Elements).Select(Function)).Concat(Types(item)).Append(Keyword(LanguageWords.Body.First(w => w.Name == "exact")));
            case ScheduleSyntax or StrategySyntax:
                var bound = analysis.Names.NamesOf(item);
                return bound.Bound.Select(n => new CompletionEntry(n.Name, n.Kind switch { NameKind.Loop => CompletionKind.Loop, NameKind.Stage => CompletionKind.Stage, _ => CompletionKind.Variable },
                        n.Declaration is { } d ? Descriptions.Line(d.Span.Text) : ""))
                    .Concat(bound.Operator is null ? [] : bound.Operator.Names.Where(n => n.Kind is not (NameKind.Dimension or NameKind.TypeParameter or NameKind.Constant)).Select(n => new CompletionEntry(n.Name, CompletionKind.Stage, "a stage")))
                    .Concat(bound.Operator is null ? [] : bound.Operator.Names.Where(n => n.Kind is NameKind.Dimension).Select(n => new CompletionEntry(n.Name, CompletionKind.Dimension, "a dimension")))
                    .Concat(table.Strategies.Values.Select(Declared)).Concat(table.Intrinsics.Values.Select(Declared)).Concat(LanguageWords.Schedules.Select(Function)).Concat(constants).Concat(Types(item));
            default:
                return analysis.Names.Variables.Values.Select(v => new CompletionEntry(v.Name, CompletionKind.Variable,
                        analysis.Variables.TryGetValue(v.Name, out var value) && value is not UnknownValue ? value.Describe() : ""))
                    .Concat(table.Operators.Values.Select(Declared)).Concat(constants).Concat(LanguageWords.Statements.Select(Function)).Concat(LanguageWords.Reductions.Select(Function)).Concat(Types(item));
        }
    }

    private static IEnumerable<CompletionEntry> Types(ItemSyntax? item)
    {
        var own = item is StrategySyntax ? new[] { "stage", "loop", "int" } : item is OpSyntax op ? [.. op.Generics.Select(g => g.Name.Text)] : [];
        return own.Concat(Enum.GetValues<ElementType>().Select(t => t.Name)).Select(t => new CompletionEntry(t, CompletionKind.Type, "a type"));
    }

    private static CompletionEntry Declared(ItemSyntax item) => EntryOf(item);

    /// <summary>A declaration as an entry.</summary>
    internal static CompletionEntry EntryOf(ItemSyntax item)
    {
        var kind = item switch
        {
            OpSyntax => CompletionKind.Operator, ReducerSyntax => CompletionKind.Reducer, StrategySyntax => CompletionKind.Strategy, ScheduleSyntax => CompletionKind.Schedule,
            IntrinSyntax => CompletionKind.Instruction, TargetSyntax => CompletionKind.Target, _ => CompletionKind.Constant,
        };
        return new(item.Children.OfType<NameSyntax>().First().Text, kind, Descriptions.Signature(item), item.Doc ?? "");
    }

    private static CompletionEntry Function(LanguageWord w) => new(w.Name, CompletionKind.Function, w.Usage, w.Summary);

    private static CompletionEntry Keyword(LanguageWord w) => new(w.Name, CompletionKind.Keyword, w.Usage, w.Summary);

    /// <summary>The files that <c>import</c> may name.</summary>
    private static CompletionResult Files(DocumentAnalysis analysis, TokenContext context, int offset)
    {
        var source = analysis.Tree.Document.Text;
        if (context.Previous != "import") return new(new(source, new(offset, 0)), []);
        var word = TextSpan.FromBounds(context.Word.Start + 1, Math.Max(offset, context.Word.End - (source.Text[context.Word.End - 1] == '"' && context.Word.Length > 1 ? 1 : 0)));
        var files = ImportResolver.Folders(analysis.Tree.Document.Path).Where(Directory.Exists)
            .SelectMany(f => Directory.EnumerateFiles(f, "*.tx").Concat(Directory.EnumerateDirectories(f).SelectMany(d => Directory.EnumerateFiles(d, "*.tx"))).Order(StringComparer.Ordinal)
                .Select(file => new CompletionEntry(Path.GetRelativePath(f, file).Replace('\\', '/'), CompletionKind.File, f)));
        return new(new(source, word), [.. files.DistinctBy(f => f.Label).Take(500)]);
    }

    /// <summary>The call around a place, and which of its parameters stands there.</summary>
    public SignatureResult? Signature(Workspace workspace, string path, int offset)
    {
        if (Analyse(workspace, path) is not { } analysis || new TokenContext(analysis.Tree.Document.Text, offset) is not { IsComment: false } context || context.Call() is not { } call) return null;
        if (!call.Receiver.IsEmpty)
            return Vocabulary.Find(call.Name) is not { } p ? null
                : new(Descriptions.Signature(p), p.Summary, [.. p.Parameters.Select(Descriptions.Parameter)], Active([.. p.Parameters.Select(x => x.Name)], call, isVariadic: p.Parameters.Any(x => x.IsVariadic)));
        var declaration = analysis.Names.Callable(call.Name, default)?.Declaration;
        var parameters = declaration switch { OpSyntax op => op.Parameters, StrategySyntax s => s.Parameters, _ => [] };
        if (declaration is OpSyntax or StrategySyntax)
            return new(Descriptions.Signature((ItemSyntax)declaration), ((ItemSyntax)declaration).Doc ?? "", [.. parameters.Select(x => Descriptions.Line(x.Span.Text))], Active([.. parameters.Select(x => x.Name.Text)], call, false));
        return LanguageWords.Function(call.Name) is { } f
            ? new(f.Usage, f.Summary, [.. Arguments(f.Usage[(f.Usage.IndexOf('(', StringComparison.Ordinal) + 1)..^1])], call.Argument) : null;
    }

    /// <summary>The parts of a list between its commas, but for commas inside brackets.</summary>
    private static IEnumerable<string> Arguments(string list)
    {
        int depth = 0, start = 0;
        for (int i = 0; i <= list.Length; i++)
        {
            if (i < list.Length) depth += list[i] is '(' or '[' or '{' ? 1 : list[i] is ')' or ']' or '}' ? -1 : 0;
            if (i < list.Length && (list[i] != ',' || depth > 0)) continue;
            yield return list[start..i].Trim();
            start = i + 1;
        }
    }

    private static int Active(ImmutableArray<string> names, CallContext call, bool isVariadic) =>
        call.Named is not null ? names.IndexOf(call.Named) : call.Argument < names.Length ? isVariadic ? 0 : call.Argument : isVariadic ? 0 : -1;
}
