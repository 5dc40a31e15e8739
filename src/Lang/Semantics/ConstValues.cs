using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>The values of all <c>const</c> parameters of an operator: given, by default, or the first small number that <c>require</c>
/// admits. What has no value after that is reported when the operator is bound.</summary>
internal static class ConstValues
{
    private static readonly ImmutableArray<long> Candidates = [1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 0];

    public static ImmutableArray<(string Name, Scalar Value)> Find(ModuleBinder module, OpSyntax op, Specialisation given)
    {
        var first = With(module, op, given, 1);
        if (op.Parameters.All(p => !p.IsConst || p.Default is not null || given.ValueOf(p.Name.Text) is not null)) return first;
        foreach (long candidate in Candidates)
            if (With(module, op, given, candidate) is var values && IsAdmitted(module, op, values)) return values;
        return first;
    }

    private static ImmutableArray<(string Name, Scalar Value)> With(ModuleBinder module, OpSyntax op, Specialisation given, long candidate)
    {
        var scope = new NameScope(module);
        var silent = new DiagnosticBag();
        var values = ImmutableArray.CreateBuilder<(string, Scalar)>();
        foreach (var p in op.Parameters)
        {
            if (!p.IsConst || !ElementTypes.TryParse(p.Type.Name.Text, out var type)) continue;
            Scalar? value = given.ValueOf(p.Name.Text) is { } passed ? Actual.Adapt(passed, type)
                : p.Default is { } e ? ModuleBinder.Constant(new ExpressionBinder(scope, silent, "a default").Bind(e, type), e, silent)
                : type.IsFloat ? Scalar.Of(type, (double)candidate) : Scalar.Of(type, candidate);
            if (value is not { } known) continue;
            values.Add((p.Name.Text, known));
            scope.TryAdd(p.Name.Text, Symbol(known, p.Span));
        }
        return values.ToImmutable();
    }

    private static ConstSymbol Symbol(Scalar value, SourceSpan span) => new(Value.Typed(new ConstTerm(value), span));

    /// <summary>Looks at the conditions over constants alone.</summary>
    public static bool IsAdmitted(ModuleBinder module, OpSyntax op, ImmutableArray<(string Name, Scalar Value)> values)
    {
        var scope = new NameScope(module);
        foreach (var (name, value) in values) scope.TryAdd(name, Symbol(value, op.Span));
        var conditions = op.Clauses.OfType<RequireClauseSyntax>().SelectMany(r => r.Conditions)
            .Concat(op.Body.OfType<RequireSyntax>().SelectMany(r => r.Conditions));
        foreach (var e in conditions)
            if (MentionedNames.In(e).All(n => scope.Find(n) is not null)
                && new ExpressionBinder(scope, new DiagnosticBag(), "`require`").Bind(e, ElementType.Bool) is { } condition
                && Terms.Simplify(condition) is ConstTerm { Value.IsTrue: false }) return false;
        return true;
    }
}
