using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Binds a <c>reducer</c> declaration.</summary>
internal static class ReducerBinder
{
    /// <summary>Null after errors.</summary>
    public static Reducer? Bind(ReducerSyntax syntax, ModuleBinder module, DiagnosticBag bag)
    {
        var scope = new NameScope(module);
        if (syntax.Parameters is not [var a, var b]) return Refuse(syntax.Name.Span, $"has {Spelling.Count(syntax.Parameters.Count, "parameter")}");
        if (TypeOf(syntax.Result) is not { } type) return null;
        TensorSymbol? left = Parameter(a), right = Parameter(b);
        if (left is null || right is null) return null;

        ExpressionSyntax? identity = null, combine = null;
        foreach (var item in syntax.Body)
            switch (item)
            {
                case SimpleSyntax { Target: NameExpressionSyntax { Name: "identity" }, Assign: AssignKind.Assign, Type: null, Value: { } value } when identity is null: identity = value; break;
                case SimpleSyntax { Target: NameExpressionSyntax { Name: "combine" }, Assign: AssignKind.Assign, Type: null, Value: { } value } when combine is null: combine = value; break;
                case SimpleSyntax { Target: ErrorExpressionSyntax }: return null;
                default: return Refuse(item.Span, "has a line that is neither `identity = …` nor `combine = …`, or one of them twice");
            }
        if (identity is null || combine is null) return Refuse(syntax.Name.Span, $"has no `{(identity is null ? "identity" : "combine")}`");

        if (new ExpressionBinder(new(module), bag, "the identity").Bind(identity, type) is not { } constant
            || ModuleBinder.Constant(constant, identity, bag) is not { } neutral) return null;
        var binder = new ExpressionBinder(scope, bag);
        if (binder.Bind(combine, type) is not { } term) return null;
        if (TermMeasure.Reduces(term)) return Refuse(combine.Span, "has a reduction in it");
        return new(syntax.Name.Text, left, right, neutral, term, syntax.Name.Span);

        Reducer? Refuse(SourceSpan span, string what)
        {
            bag.Add(SemanticDiagnostics.ReducerForm, span, syntax.Name.Text, what);
            return null;
        }

        TensorSymbol? Parameter(ParameterSyntax p)
        {
            if (TypeOf(p.Type) is not { } own) return null;
            if (own != type || p.IsConst || p.Default is not null)
            {
                Refuse(p.Span, own != type ? $"has a parameter of type `{own.Name}` and the result `{type.Name}`" : "has a parameter that is no plain value");
                return null;
            }
            var name = new TensorName(p.Name.Text, TensorRole.Parameter, p.Name.Span) { IsDeclared = true, Tensor = new(p.Name.Text, own, [], TensorRole.Parameter, p.Name.Span) };
            if (scope.TryAdd(p.Name.Text, name)) return name.Tensor;
            bag.Add(SemanticDiagnostics.DuplicateName, p.Name.Span, p.Name.Text);
            return null;
        }

        ElementType? TypeOf(TypeSyntax t)
        {
            if (t.Brackets.Count > 0) Refuse(t.Span, "works on tensors");
            else if (!scope.TryType(t.Name.Text, out var known)) bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownType, t.Span, t.Name.Text).Suggest(t.Span, t.Name.Text, scope.TypeNames));
            else if (known is ElementType.Int) Refuse(t.Span, "works on `int`, which is the type of indices: use `i64`");
            else return known;
            return null;
        }
    }
}
