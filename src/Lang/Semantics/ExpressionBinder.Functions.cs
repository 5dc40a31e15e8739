using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Casts, functions on elements, and operators called on scalars, which are inlined.</summary>
internal sealed partial class ExpressionBinder
{
    private static readonly ImmutableArray<string> OtherFunctions = ["min", "max", "clamp", "wrap", "reflect", "select", "ceil_div", "trunc_div", "trunc_mod", "saturate", "bits"];

    /// <summary>The largest expression that inlining may build, in nodes and levels.</summary>
    private const int MaxNodes = 20_000, MaxLevels = 1_000;

    /// <summary>The functions that the language defines.</summary>
    public static IEnumerable<string> FunctionNames => Enum.GetValues<Intrinsic>().Select(f => f.Name).Concat(OtherFunctions);

    /// <summary>True for functions and casts of the language.</summary>
    public static bool IsFunction(string name, NameScope scope) =>
        OtherFunctions.Contains(name) || scope.TryType(name, out _) || Enum.GetValues<Intrinsic>().Any(f => f.Name == name);

    private Value? BindCall(CallSyntax call)
    {
        if (call.Target is not NameExpressionSyntax { Name: var name } target)
        {
            if (call.Target is not ErrorExpressionSyntax) _bag.Add(SemanticDiagnostics.NotAnOperator, call.Target.Span);
            return null;
        }
        if (_scope.FindLocal(name) is { } symbol)
        {
            if (_scope.IsNews($"{name}(")) _bag.Add(Diagnostic.Create(SemanticDiagnostics.NotAnOperator, target.Span).WithHelp(
                symbol is TensorName ? $"`{name}` is a tensor: write `{name}[…]`" : $"`{name}` is {symbol.Description}"));
            return null;
        }
        if (_scope.Module.Table.Operators.TryGetValue(name, out var op)) return InlineOperator(op, call);
        if (name is "saturate" or "bits") return BindNamedCast(name, call);

        if (call.Arguments.FirstOrDefault(a => a.Name is not null) is { Name: { } argument })
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownArgument, argument.Span, name, argument.Text, "not named").WithHelp("its arguments have no names"));
            return null;
        }
        if (!IsFunction(name, _scope))
        {
            // What stands in the call of an unknown function may be right.
            foreach (string mentioned in MentionedNames.In(call))
                if (_scope.FindLocal(mentioned) is TensorName t) t.IsRead = true;
            if (_scope.Module.Table.Reducers.ContainsKey(name)) _bag.Add(Diagnostic.Create(SemanticDiagnostics.NotAnOperator, target.Span).WithHelp($"`{name}` is a reducer: write `{name}(k: …)`"));
            else if (_scope.IsNews(name))
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownFunction, target.Span, name)
                    .Suggest(target.Span, name, FunctionNames.Concat(_scope.Callable).Concat(_scope.TypeNames)));
            return null;
        }
        ImmutableArray<Value?> values = [.. call.Arguments.Select(a => Bind(a.Value))];
        if (_scope.TryType(name, out var type)) return Count(call, name, 1, values.Length) && values[0] is { } x ? Convert(type, x, call.Span) : null;
        return values.Any(v => v is null) ? null : BindFunction(name, [.. values.Select(v => v!)], call);
    }

    private bool Count(CallSyntax call, string name, int expected, int given)
    {
        if (expected == given) return true;
        _bag.Add(Diagnostic.Create(SemanticDiagnostics.ArgumentCount, call.Span, name, Spelling.Count(expected, "argument"), Spelling.Were(given), "")
            .WithHelp($"write {Spelling.Count(expected, "argument")} between the parentheses"));
        return false;
    }

    private Value? BindFunction(string name, ImmutableArray<Value> x, CallSyntax call)
    {
        switch (name)
        {
            case "min" or "max":
                if (x.Length < 2 && !Count(call, name, 2, x.Length)) return null;
                var extremum = name == "min" ? BinaryOp.Min : BinaryOp.Max;
                return Combine(name, x, call.Span, terms => terms.Skip(1).Aggregate((Term?)terms[0], (a, b) => a is null ? null : Apply(extremum, a, b, call.Span)));
            case "clamp":
                return Count(call, name, 3, x.Length) ? Combine(name, x, call.Span,
                    t => Apply(BinaryOp.Max, t[0], t[1], call.Span) is { } low ? Apply(BinaryOp.Min, low, t[2], call.Span) : null) : null;
            case "wrap" or "reflect": return BindBoundary(name, x, call);
            case "select":
                if (!Count(call, name, 3, x.Length) || Require(x[0], ElementType.Bool) is not { } condition) return null;
                return Combine(name, x.RemoveAt(0), call.Span, t => Fold.Select(condition, t[0], t[1], call.Span));
            case "ceil_div":
                return Count(call, name, 2, x.Length) ? Combine(name, x, call.Span, t => CeilDiv(t[0], t[1], call.Span)) : null;
            case "trunc_div" or "trunc_mod":
                var division = name == "trunc_div" ? BinaryOp.TruncDiv : BinaryOp.TruncMod;
                return Count(call, name, 2, x.Length) ? Combine(name, x, call.Span, t => Apply(division, t[0], t[1], call.Span)) : null;
            default:
                var function = Enum.GetValues<Intrinsic>().First(f => f.Name == name);
                return Count(call, name, function.Arity, x.Length)
                    ? Combine(name, x, call.Span, t => CheckDomain(function, t[0].Type, call.Span) ? Fold.Call(function, t, call.Span) : null, function is Intrinsic.IsNan || TakesFloats(function))
                    : null;
        }
    }

    /// <summary>Gives all arguments one type and builds the result; literals alone stay a literal.</summary>
    private Value? Combine(string name, ImmutableArray<Value> values, SourceSpan span, Func<ImmutableArray<Term>, Term?> build, bool isFloat = false)
    {
        isFloat |= values.Any(v => v.IsFloat);
        var typed = values.FirstOrDefault(v => !v.IsLiteral);
        if (typed is null && name != Intrinsic.IsNan.Name) return Value.Literal(t => Build(values, t), isFloat, span);
        var type = typed?.Term!.Type ?? ElementType.F32;
        foreach (var v in values)
            if (typed is not null && !v.IsLiteral && v.Term!.Type != type)
            {
                Meet(typed, v, name, span);
                return null;
            }
        return Build(values, type) is { } term ? Value.Typed(term, span) : null;

        Term? Build(ImmutableArray<Value> all, ElementType t)
        {
            ImmutableArray<Term?> terms = [.. all.Select(v => v.In(t))];
            return terms.Any(x => x is null) ? null : build([.. terms.Select(x => x!)]);
        }
    }

    /// <summary>Rounds up, without a sum that could overflow in the type of an element.</summary>
    private Term? CeilDiv(Term a, Term b, SourceSpan span)
    {
        if (Apply(BinaryOp.Div, a, b, span) is not { } quotient) return null;
        if (a.Type.IsFloat)
        {
            _bag.Add(SemanticDiagnostics.OperandKind, span, "ceil_div", a.Type.Name, "integers");
            return null;
        }
        if (b is ConstTerm { Type: ElementType.Int, Value.Integer: > 0 and var d })
            return Fold.Binary(BinaryOp.Div, Fold.Binary(BinaryOp.Add, a, ConstTerm.Int(d - 1), span), b, span);
        if (a.Type is ElementType.Int)
            return Fold.Unary(UnaryOp.Neg, Fold.Binary(BinaryOp.Div, Fold.Unary(UnaryOp.Neg, a, span), b, span), span);
        var (zero, one) = (new ConstTerm(Scalar.Of(a.Type, 0L)), new ConstTerm(Scalar.Of(a.Type, 1L)));
        var isExact = Fold.Binary(BinaryOp.Eq, Fold.Binary(BinaryOp.Mod, a, b, span), zero, span);
        return Fold.Binary(BinaryOp.Add, quotient, Fold.Select(isExact, zero, one, span), span);
    }

    private static bool TakesFloats(Intrinsic f) => f is not (Intrinsic.Abs or Intrinsic.Popcount or Intrinsic.Fma);

    private bool CheckDomain(Intrinsic f, ElementType type, SourceSpan span)
    {
        bool fits = f switch
        {
            Intrinsic.Abs => type.IsInteger || type.IsFloat,
            Intrinsic.Fma => type.IsInteger || type.IsFloat,
            Intrinsic.Popcount => type.IsInteger && type is not ElementType.Int,
            _ => type.IsFloat,
        };
        if (fits) return true;
        string takes = f is Intrinsic.Popcount ? "integers" : TakesFloats(f) ? "floats" : "numbers";
        var error = Diagnostic.Create(SemanticDiagnostics.OperandKind, span, f.Name, type.Name, takes);
        _bag.Add(TakesFloats(f) && type.IsInteger ? error.WithHelp($"convert first: `{f.Name}(f32(…))`") : error);
        return false;
    }

    // ---- casts --------------------------------------------------------------------------------------------------------------

    private Value? Convert(ElementType type, Value value, SourceSpan span)
    {
        if (value.IsLiteral)
        {
            bool fits = type.IsFloat || (value.Integer is { } n && type is not ElementType.Bool && n >= type.MinValue && n <= type.MaxValue);
            var literal = value.Integer is { } wide && (wide < int.MinValue || wide > int.MaxValue) ? ElementType.I64 : value.DefaultType(ElementType.I32);
            return value.In(fits ? type : literal) is { } known ? Value.Typed(Fold.Cast(CastKind.Convert, type, known, span), span) : null;
        }
        var term = value.Term!;
        if (type is not ElementType.Int || term.Type is ElementType.Int) return Value.Typed(Fold.Cast(CastKind.Convert, type, term, span), span);
        bool isIndex = TermMeasure.ReadsData(term) ? term.Type.IsInteger || term.Type is ElementType.Bool : term is ConstTerm { Type.IsInteger: true };
        if (isIndex) return Value.Typed(Fold.Cast(CastKind.Convert, type, term, span), span);
        _bag.Add(SemanticDiagnostics.NotAnIndex, span, term.Type.Name);
        return null;
    }

    /// <summary><c>saturate(u8, x)</c> and <c>bits(i32, x)</c>.</summary>
    private Value? BindNamedCast(string name, CallSyntax call)
    {
        if (!Count(call, name, 2, call.Arguments.Count)) return null;
        var value = Bind(call.Arguments[1].Value);
        if (call.Arguments[0].Value is not NameExpressionSyntax n || !_scope.TryType(n.Name, out var type))
        {
            var place = call.Arguments[0].Span;
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownType, place, place.Text).Suggest(place, place.Text, _scope.TypeNames));
            return null;
        }
        if (value?.In(value.DefaultType(Integers)) is not { } term) return null;
        bool fits = name == "bits"
            ? type.Bits == term.Type.Bits && type is not (ElementType.Bool or ElementType.Int) && term.Type is not (ElementType.Bool or ElementType.Int)
            : type.IsInteger && type is not ElementType.Int && term.Type is not ElementType.Bool;
        if (fits) return Value.Typed(Fold.Cast(name == "bits" ? CastKind.Bits : CastKind.Saturate, type, term, call.Span), call.Span);
        _bag.Add(SemanticDiagnostics.OperandKind, call.Span, $"{name}({type.Name}, …)", term.Type.Name,
            name == "bits" ? $"a number of {type.Bits} bits" : "a number, and gives an integer");
        return null;
    }

    // ---- operators on scalars -----------------------------------------------------------------------------------------------

    private Value? InlineOperator(OpSyntax op, CallSyntax call)
    {
        if (call.Arguments.FirstOrDefault(a => IsWholeTensor(a.Value)) is { } tensor)
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.CallIsStage, call.Span, op.Name.Text).WithLabel(tensor.Span, "a whole tensor"));
            return null;
        }
        ImmutableArray<Value?> values = [.. call.Arguments.Select(a => Bind(a.Value))];
        if (values.Any(v => v is null)) return null;
        ImmutableArray<Actual> actuals = [.. call.Arguments.Select((a, i) => Actual.Scalar(a.Span, a.Name, values[i]!))];
        if (SignatureMatch.Match(op, actuals, call.Span, _bag) is not { } match) return null;
        if (_scope.Module.Bind(op, match.Specialisation, _bag, call.Span) is not { } callee) return null;
        if (callee.Results.Length != 1 || callee.Results[0].Rank != 0)
        {
            _bag.Add(SemanticDiagnostics.CallIsStage, call.Span, op.Name.Text);
            return null;
        }
        var copy = new TermSubstitution();
        for (int i = 0, p = 0; i < op.Parameters.Count; i++)
        {
            if (op.Parameters[i].IsConst) continue;
            var parameter = callee.Parameters[p++];
            if (Require(values[match.ArgumentOf[i]]!, parameter.Type) is not { } argument) return null;
            copy.Scalars[parameter] = argument;
        }
        foreach (var stage in callee.Stages)
            foreach (var equation in stage.Equations)
            {
                if (equation.Targets.Length != 1 || equation.Indices.Length > 0 || equation.Update is not null)
                {
                    _bag.Add(SemanticDiagnostics.CallIsStage, call.Span, op.Name.Text);
                    return null;
                }
                var value = copy.Visit(equation.Value);
                if (!TermMeasure.IsWithin(value, MaxNodes, MaxLevels))
                {
                    _bag.Add(UnsupportedDiagnostics.ProgramTooLarge, call.Span, op.Name.Text, MaxNodes);
                    return null;
                }
                copy.Scalars[equation.Targets[0].Tensor] = value;
            }
        foreach (var o in callee.Obligations)
            Obligations.Add(o with
            {
                Condition = copy.Visit(o.Condition), Scope = [.. _indices, .. o.Scope.Select(copy.Map)],
                Assumptions = [.. _conditions, .. o.Assumptions.Select(copy.Visit)],
                Labels = o.Labels.Add(new(call.Span, "called here")),
            });
        return Value.Typed(copy.Scalars[callee.Results[0]], call.Span);
    }

    private bool IsWholeTensor(ExpressionSyntax e) => e is NameExpressionSyntax n && _scope.Find(n.Name) is TensorName { Tensor.Rank: > 0 };
}
