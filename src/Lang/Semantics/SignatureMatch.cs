using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>What is known of an argument before the callee is bound.</summary>
/// <param name="Type">Null for a literal, which takes the type that it meets.</param>
/// <param name="Constant">The value in a type, for a <c>const</c> parameter; null where it is not known or does not fit.</param>
internal sealed record Actual(SourceSpan? Span, NameSyntax? Name, ElementType? Type, int Rank, bool IsFloat, Func<ElementType, Scalar?> Constant)
{
    public static Actual Tensor(SourceSpan? span, NameSyntax? name, ElementType type, int rank) => new(span, name, type, rank, type.IsFloat, _ => null);

    public static Actual Scalar(SourceSpan? span, NameSyntax? name, Value value) => new(span, name, value.Term?.Type, 0, value.IsFloat, type =>
    {
        if (value.IsLiteral && (type is ElementType.Bool || (!type.IsFloat && (value.IsFloat || (value.Integer is { } n && (n < type.MinValue || n > type.MaxValue)))))) return null;
        return value.In(type) is ConstTerm c ? Adapt(c.Value, type) : null;
    });

    /// <summary>A value of one integer type as that of another that holds it.</summary>
    public static Scalar? Adapt(Scalar value, ElementType type) =>
        value.Type == type ? value
        : value.Type.IsInteger && type.IsInteger && value.Exact >= type.MinValue && value.Exact <= type.MaxValue ? Core.Scalar.Of(type, value.Integer)
        : null;
}

/// <summary>Arguments put against the parameters of an operator: which goes where, and what the operator is to be bound for.</summary>
/// <param name="ArgumentOf">For each parameter, the position of its argument; −1 where the default is taken.</param>
internal sealed record SignatureMatch(Specialisation Specialisation, ImmutableArray<int> ArgumentOf)
{
    public static SignatureMatch? Match(OpSyntax op, ImmutableArray<Actual> actuals, SourceSpan? span, DiagnosticBag bag)
    {
        if (Assign(op, actuals, span, bag) is not { } argumentOf) return null;
        var types = new Dictionary<string, ElementType>(StringComparer.Ordinal);
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        var consts = new List<(string, Scalar)>();
        bool isFine = true;
        for (int i = 0; i < argumentOf.Length; i++)
        {
            var p = op.Parameters[i];
            if (argumentOf[i] < 0) continue;
            var actual = actuals[argumentOf[i]];
            if (!p.IsConst)
            {
                isFine &= MatchType(op, p, actual, types, bag) && MatchRank(op, p, actual, ranks, bag);
                continue;
            }
            if (!ElementTypes.TryParse(p.Type.Name.Text, out var type)) continue;
            if (actual.Constant(type) is { } value) consts.Add((p.Name.Text, value));
            else
            {
                bool isWrongType = actual.Rank == 0 && actual.Type is { } given && given != type && !(given.IsInteger && type.IsInteger);
                bag.Add(isWrongType
                    ? Diagnostic.Create(SemanticDiagnostics.ArgumentType, actual.Span, p.Name.Text, op.Name.Text, type.Name, actual.Type!.Value.Name)
                    : Diagnostic.Create(SemanticDiagnostics.NotConstant, actual.Span, $"`{p.Name.Text}` of `{op.Name.Text}` has type `{type.Name}` and"));
                isFine = false;
            }
        }
        if (!isFine) return null;
        // A literal says least: it decides only what nothing else does.
        for (int i = 0; i < argumentOf.Length; i++)
            if (argumentOf[i] >= 0 && actuals[argumentOf[i]] is { Type: null } literal && !op.Parameters[i].IsConst && op.Generics.Any(g => g.Name.Text == op.Parameters[i].Type.Name.Text))
                types.TryAdd(op.Parameters[i].Type.Name.Text, literal.IsFloat ? ElementType.F32 : ElementType.I32);
        return new(new(
            [.. op.Generics.Where(g => types.ContainsKey(g.Name.Text)).Select(g => (g.Name.Text, types[g.Name.Text]))],
            [.. Specialisation.Packs(op).Where(ranks.ContainsKey).Select(p => (p, ranks[p]))],
            [.. consts]), argumentOf);
    }

    private static ImmutableArray<int>? Assign(OpSyntax op, ImmutableArray<Actual> actuals, SourceSpan? span, DiagnosticBag bag)
    {
        var argumentOf = new int[op.Parameters.Count];
        Array.Fill(argumentOf, -1);
        bool isFine = true;
        int next = 0;
        for (int a = 0; a < actuals.Length && isFine; a++)
        {
            int p = next;
            if (actuals[a].Name is { } name)
            {
                p = op.Parameters.TakeWhile(q => q.Name.Text != name.Text).Count();
                if (p == argumentOf.Length)
                {
                    bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownArgument, name.Span, op.Name.Text, name.Text, Parameters(op))
                        .Suggest(name.Span, name.Text, op.Parameters.Select(q => q.Name.Text)));
                    return null;
                }
                if (argumentOf[p] >= 0)
                {
                    bag.Add(Diagnostic.Create(SemanticDiagnostics.DuplicateName, name.Span, name.Text).WithHelp("pass each parameter once"));
                    return null;
                }
            }
            else
            {
                while (p < argumentOf.Length && argumentOf[p] >= 0) p++;
                next = p + 1;
            }
            if (p >= argumentOf.Length) isFine = false;
            else argumentOf[p] = a;
        }
        for (int i = 0; i < argumentOf.Length; i++)
            isFine &= argumentOf[i] >= 0 || (op.Parameters[i].IsConst && op.Parameters[i].Default is not null);
        if (isFine) return [.. argumentOf];
        int least = op.Parameters.Count(p => p.Default is null);
        bag.Add(Diagnostic.Create(SemanticDiagnostics.ArgumentCount, span, op.Name.Text,
            least == op.Parameters.Count ? Spelling.Count(least, "argument") : $"{least} to {op.Parameters.Count} arguments",
            Spelling.Were(actuals.Length), Parameters(op)).WithLabel(op.Name.Span, "declared here"));
        return null;
    }

    private static string Parameters(OpSyntax op) => op.Parameters.Count == 0 ? "none" : string.Join(", ", op.Parameters.Select(p => $"`{p.Name.Text}: {p.Type.Span.Text}`"));

    private static bool MatchType(OpSyntax op, ParameterSyntax p, Actual actual, Dictionary<string, ElementType> types, DiagnosticBag bag)
    {
        string name = p.Type.Name.Text;
        ElementType needed;
        if (op.Generics.FirstOrDefault(g => g.Name.Text == name) is { } generic)
        {
            if (actual.Type is not { } given) return true;
            if (types.TryAdd(name, given))
            {
                if (Satisfies(given, generic.Constraint.Text)) return true;
                bag.Add(Diagnostic.Create(SemanticDiagnostics.ArgumentType, actual.Span, p.Name.Text, op.Name.Text, generic.Constraint.Text, given.Name)
                    .WithHelp($"`{name}` stands for any type that is {generic.Constraint.Text}").WithLabel(generic.Span, "declared here"));
                return false;
            }
            needed = types[name];
        }
        else if (!ElementTypes.TryParse(name, out needed)) return true;
        if (actual.Type is { } type ? type == needed : needed.IsFloat || !actual.IsFloat) return true;
        bag.Add(Diagnostic.Create(SemanticDiagnostics.ArgumentType, actual.Span, p.Name.Text, op.Name.Text, needed.Name, actual.Type?.Name ?? "f32")
            .WithLabel(p.Span, "declared here"));
        return false;
    }

    internal static bool Satisfies(ElementType type, string constraint) => constraint switch
    {
        "number" => type is not ElementType.Bool,
        "float" => type.IsFloat,
        "integer" => type.IsInteger,
        _ => true,
    };

    private static bool MatchRank(OpSyntax op, ParameterSyntax p, Actual actual, Dictionary<string, int> ranks, DiagnosticBag bag)
    {
        var shape = p.Type.Brackets.Count == 1 ? p.Type.Brackets[0] : [];
        int alone = shape.Count(e => e is not PackSyntax);
        var pack = shape.OfType<PackSyntax>().FirstOrDefault(e => e.Name is not null)?.Name;
        int expected = pack is null ? alone : ranks.TryGetValue(pack.Text, out int known) ? alone + known : Math.Max(alone, actual.Rank);
        if (actual.Rank == expected)
        {
            if (pack is not null) ranks[pack.Text] = expected - alone;
            return true;
        }
        bag.Add(Diagnostic.Create(SemanticDiagnostics.ArgumentRank, actual.Span, p.Name.Text, op.Name.Text,
                Spelling.Count(expected, "dimension"), actual.Rank.ToString(System.Globalization.CultureInfo.InvariantCulture), p.Type.Span.Text)
            .WithLabel(p.Span, "declared here"));
        return false;
    }
}
