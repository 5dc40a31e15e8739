using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>The signature: generics, <c>const</c> parameters, dimensions, the shapes of parameters and results, requirements.</summary>
internal sealed partial class OperatorBinder
{
    private void BindSignature(OpSyntax op, Specialisation s)
    {
        foreach (var g in op.Generics)
        {
            if (g.Constraint.Text is not ("number" or "float" or "integer" or "any"))
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownConstraint, g.Constraint.Span, g.Constraint.Text)
                    .Suggest(g.Constraint.Span, g.Constraint.Text, ["number", "float", "integer", "any"]));
            if (s.TypeOf(g.Name.Text) is { } type) _scope.AddType(g.Name.Text, type);
            else
            {
                _bag.Add(SemanticDiagnostics.TypeNotInferred, g.Span, op.Name.Text, g.Name.Text);
                _scope.AddType(g.Name.Text, ElementType.F32);
            }
        }
        foreach (var p in op.Parameters)
            if (p.IsConst) BindConst(op, p, s);
        foreach (var p in op.Parameters)
            if (!p.IsConst) DeclareDims(p.Type, s);
        foreach (var p in op.Parameters)
            if (!p.IsConst) DeclareTensor(p, TensorRole.Parameter, _parameters);
        foreach (var r in op.Results) DeclareTensor(r, TensorRole.Result, _results);
    }

    private void BindConst(OpSyntax op, ParameterSyntax p, Specialisation s)
    {
        Scalar? value = null;
        if (!ElementTypes.TryParse(p.Type.Name.Text, out var type) || p.Type.Brackets.Count > 0) ReportType(p.Type);
        else if (s.ValueOf(p.Name.Text) is { } given) value = Actual.Adapt(given, type);
        else if (p.Default is { } e) value = ModuleBinder.Constant(new ExpressionBinder(_scope, _bag, "a default").Bind(e, type), e, _bag);
        else _bag.Add(SemanticDiagnostics.NotConstant, p.Span, $"`{p.Name.Text}` of `{op.Name.Text}`");
        if (value is { } v) _consts.Add((p.Name.Text, v));
        else _isIncomplete = true;
        Declare(p.Name, new ConstSymbol(value is { } known ? Value.Typed(new ConstTerm(known), p.Span) : null));
    }

    private bool Declare(NameSyntax name, Symbol symbol)
    {
        if (_scope.TryAdd(name.Text, symbol)) return true;
        _scope.IsNews(name.Text);
        var error = Diagnostic.Create(SemanticDiagnostics.DuplicateName, name.Span, name.Text);
        SourceSpan? first = _scope.FindLocal(name.Text) switch { TensorName t => t.Span, DimensionSymbol d => d.Dim.Span, _ => null };
        _bag.Add(first is { } place ? error.WithLabel(place, "first declared here") : error);
        return false;
    }

    /// <summary>A name that stands alone in the shape of a parameter, and is no constant, is a dimension.</summary>
    private void DeclareDims(TypeSyntax type, Specialisation s)
    {
        foreach (var e in type.Brackets.Count == 1 ? type.Brackets[0].Items : [])
            switch (e)
            {
                case NameExpressionSyntax n when _scope.Find(n.Name) is null:
                    var dim = new DimSymbol(n.Name, n.Span);
                    _dims.Add(dim);
                    _scope.TryAdd(n.Name, new DimensionSymbol(dim));
                    break;
                case PackSyntax { Name: { } pack } when _scope.Find(pack.Text) is null:
                    var dims = ImmutableArray.CreateBuilder<DimSymbol>();
                    for (int i = 0; i < (s.RankOf(pack.Text) ?? 0); i++)
                    {
                        var part = new DimSymbol(Unique($"{pack.Text}{i}"), pack.Span);
                        _scope.TryAdd(part.Name, new DimensionSymbol(part));
                        dims.Add(part);
                    }
                    _dims.AddRange(dims);
                    _scope.TryAdd(pack.Text, new DimPackSymbol(dims.ToImmutable()));
                    break;
            }
    }

    private string Unique(string name)
    {
        while (_scope.FindLocal(name) is not null) name += "_";
        return name;
    }

    private void DeclareTensor(ParameterSyntax p, TensorRole role, List<TensorName> list)
    {
        var name = new TensorName(p.Name.Text, role, p.Name.Span) { IsDeclared = true };
        if (BindType(p.Type, isParameter: role is TensorRole.Parameter) is var (type, shape))
            name.Tensor = new TensorSymbol(p.Name.Text, type, shape, role, p.Name.Span);
        else _isIncomplete = true;
        if (!Declare(p.Name, name)) return;
        list.Add(name);
        _stageNames.Add(p.Name.Text);
        if (role is TensorRole.Result && name.Tensor is { } tensor) OweExtents(tensor);
    }

    /// <summary>An element type and a shape over what is declared.</summary>
    private (ElementType Type, ImmutableArray<Term> Shape)? BindType(TypeSyntax syntax, bool isParameter)
    {
        bool isKnown = _scope.TryType(syntax.Name.Text, out var type) && syntax.Brackets.Count <= 1;
        if (!isKnown) ReportType(syntax);
        else if (type is ElementType.Int)
        {
            if (isParameter && syntax.Brackets.Count == 0) _bag.Add(Diagnostic.Create(UnsupportedDiagnostics.DynamicScalar, syntax.Span, "n"));
            else
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownType, syntax.Name.Span, "int")
                    .WithHelp("an index that is stored is an `i64`").WithFix(syntax.Name.Span, "i64"));
            isKnown = false;
        }
        var binder = new ExpressionBinder(_scope, _bag, "a shape");
        var shape = ImmutableArray.CreateBuilder<Term>();
        foreach (var e in syntax.Brackets.Count == 1 ? syntax.Brackets[0].Items : [])
        {
            if (e is PackSyntax pack)
            {
                if (pack.Name is { } n && _scope.Find(n.Text) is DimPackSymbol p) shape.AddRange(p.Dims.Select(d => new DimTerm(d, e.Span)));
                else
                {
                    _bag.Add(SemanticDiagnostics.PackMisplaced, e.Span, pack.Name?.Text ?? "");
                    isKnown = false;
                }
            }
            else if (BindExtent(e, binder) is { } extent) shape.Add(extent);
            else isKnown = false;
        }
        foreach (var o in binder.Obligations) Owe(o);
        if (shape.Count > Specialisation.MaxRank)
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.WrongRank, syntax.Span, syntax.Span.Text, $"{shape.Count} dimensions", $"at most {Specialisation.MaxRank} may be")
                .WithHelp($"a tensor has at most {Specialisation.MaxRank} dimensions"));
            return null;
        }
        return isKnown ? (type, shape.ToImmutable()) : null;
    }

    /// <summary>Unknown names in shapes are dimensions that no parameter fixes.</summary>
    private Term? BindExtent(ExpressionSyntax e, ExpressionBinder binder)
    {
        foreach (var part in MentionedNames.Parts(e))
            if (part is NameExpressionSyntax n && _scope.Find(n.Name) is null && !ExpressionBinder.FunctionNames.Contains(n.Name) && n.Name is not ("inf" or "nan"))
            {
                if (_scope.IsNews(n.Name))
                    _bag.Add(Diagnostic.Create(SemanticDiagnostics.DimensionNotFound, n.Span, n.Name)
                        .Suggest(n.Span, n.Name, _dims.Select(d => d.Name).Concat(_consts.Select(c => c.Item1))));
                return null;
            }
        return binder.BindSize(e);
    }

    private void ReportType(TypeSyntax type)
    {
        var span = type.Brackets.Count > 1 ? type.Span : type.Name.Span;
        string name = type.Name.Text;
        if (_scope.IsNews(name)) _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownType, span, span.Text).Suggest(span, name, _scope.TypeNames));
    }

    private void BindRequires(OpSyntax op)
    {
        foreach (var clause in op.Clauses)
            if (clause is RequireClauseSyntax r) BindRequires(r.Conditions);
            else _bag.Add(SemanticDiagnostics.NotInOperator, clause.Span, "this clause");
        BindRequires(op.Body.OfType<RequireSyntax>().SelectMany(r => r.Conditions));
        _sizes = new(_module.Prover, [.. _requires]);
        if (_requires.Count > 0 && !_bag.HasErrors && _module.Prover.Prove([.. _requires], [], Terms.False).Verdict is Verdict.Proved)
            _bag.Add(SemanticDiagnostics.Contradiction, _requires[0].Span ?? op.Name.Span, _name);
    }

    private void BindRequires(IEnumerable<ExpressionSyntax> conditions)
    {
        foreach (var e in conditions)
        {
            var binder = new ExpressionBinder(_scope, _bag, "`require`");
            if (binder.Bind(e, ElementType.Bool) is not { } condition)
            {
                _isIncomplete = true;
                continue;
            }
            foreach (var o in binder.Obligations) Owe(o);
            var simple = Terms.Simplify(condition);
            if (simple is not ConstTerm c) _requires.Add(simple.Span is null ? WithSpan(simple, e.Span) : simple);
            else if (!c.Value.IsTrue)
            {
                string values = string.Join(", ", MentionedNames.In(e).Distinct().SelectMany(n => _consts.Where(k => k.Item1 == n)).Select(k => $"{k.Item1} = {k.Item2}"));
                _bag.Add(SemanticDiagnostics.RequirementFalse, e.Span, _name, e.Span.Text, values.Length > 0 ? $" for {values}" : "");
            }
        }
    }

    private static Term WithSpan(Term term, SourceSpan span) => term switch
    {
        BinaryTerm b => new BinaryTerm(b.Op, b.Left, b.Right, span),
        LogicalTerm l => new LogicalTerm(l.IsAnd, l.Left, l.Right, span),
        UnaryTerm u => new UnaryTerm(u.Op, u.Operand, span),
        _ => term,
    };
}
