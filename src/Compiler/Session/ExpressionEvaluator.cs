using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>Evaluates expressions of the top level. With <paramref name="isCheck"/> tensors have types but no data, and nothing is read,
/// written or printed: the same rules check a program and run it.</summary>
/// <exception cref="DiagnosticException">Any error; the statement ends there.</exception>
internal sealed partial class ExpressionEvaluator(SessionScope scope, IOperatorMachine machine, bool isCheck)
{
    private static readonly UnknownValue Unknown = new();
    private readonly IOperatorMachine _machine = machine;

    public Value Evaluate(ExpressionSyntax e)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        return e switch
        {
            IntegerSyntax i => i.Value <= long.MaxValue ? ScalarValue.Of(Scalar.Index((long)i.Value)) : ScalarValue.Of(Scalar.Of(ElementType.U64, unchecked((long)i.Value))),
            FloatSyntax f => ScalarValue.Of(Scalar.Of(ElementType.F64, f.Value)),
            StringSyntax s => new StringValue(s.Value),
            BoolSyntax b => ScalarValue.Of(Scalar.Bool(b.Value)),
            NameExpressionSyntax n => EvaluateName(n),
            UnarySyntax u => EvaluateUnary(u),
            BinarySyntax b => EvaluateBinary(b),
            ConditionalSyntax c => EvaluateConditional(c),
            SubscriptSyntax s => EvaluateSubscript(s),
            CallSyntax c => EvaluateCall(c),
            ListSyntax l => new ListValue([.. l.Items.Select(Evaluate)]),
            TupleSyntax t => new TupleValue([.. t.Items.Select(Evaluate)]),
            ErrorExpressionSyntax => Unknown,
            ReductionSyntax or DefaultSyntax => throw NotHere(e, "a reduction or a `??` read", "write an equation: `let y[i] = sum(j: X[i, j])`"),
            RangeSyntax or PackSyntax => throw NotHere(e, "a range", "ranges stand in subscripts: `X[0..2]`"),
            ArrowSyntax => throw NotHere(e, "an index map", "index maps stand in schedules"),
            MemberSyntax => throw NotHere(e, "a member", "stages are reached in schedules; bind results with `let (a, b) = …`"),
            _ => throw NotHere(e, "this form", "write a call, a name or a number"),
        };
    }

    /// <summary>A condition's value; null while it is not known.</summary>
    public bool? EvaluateCondition(ExpressionSyntax e) => Evaluate(e) switch
    {
        ScalarValue { Type: ElementType.Bool } s => s.Scalar?.IsTrue,
        UnknownValue => null,
        var other => throw new DiagnosticException(SessionDiagnostics.ConditionType, e.Span, other.Describe()),
    };

    /// <summary>A written type with its sizes; null extents where they are not known.</summary>
    public TypeValue? EvaluateType(TypeSyntax type)
    {
        if (!ElementTypes.TryParse(type.Name.Text, out var element) || element is ElementType.Int)
            throw UnknownType(type.Name);
        if (type.Brackets.Count == 0) return new(element, null);
        return ShapeOf(type.Brackets[0]) is { } shape ? new(element, shape) : null;
    }

    private Value EvaluateName(NameExpressionSyntax n)
    {
        if (scope.Variables.TryGetValue(n.Name, out var value)) return value;
        if (scope.Constant(n.Name) is { } constant) return EvaluateConstant(constant);
        if (ElementTypes.TryParse(n.Name, out var type) && type is not ElementType.Int) return new TypeValue(type, null);
        if (n.Name is "inf") return ScalarValue.Of(Scalar.Of(ElementType.F64, double.PositiveInfinity));
        if (n.Name is "nan") return ScalarValue.Of(Scalar.Of(ElementType.F64, double.NaN));
        var d = Diagnostic.Create(SessionDiagnostics.UnknownName, n.Span, n.Name);
        if (Suggestion.For(n.Name, scope.Variables.Keys.Concat(scope.ConstantNames)) is { } near)
            d = d.WithHelp($"did you mean `{near}`?").WithFix(n.Span, near);
        throw new DiagnosticException(d);
    }

    private Value EvaluateConstant(ConstSyntax constant)
    {
        var value = Evaluate(constant.Value);
        if (constant.Type is { } t && ElementTypes.TryParse(t.Name.Text, out var type) && value is ScalarValue { Scalar: { } s })
            return ScalarValue.Of(ScalarMath.Cast(CastKind.Convert, type, s));
        return value;
    }

    private Value EvaluateUnary(UnarySyntax u)
    {
        var value = Evaluate(u.Operand);
        if (value is UnknownValue) return value;
        string symbol = u.Op switch { UnaryOp.Neg => "-", UnaryOp.Not => "!", UnaryOp.BitNot => "~" };
        if (value is not ScalarValue s) throw new DiagnosticException(SessionDiagnostics.TensorArithmetic, u.Span, symbol, value.Describe());
        bool fits = u.Op switch { UnaryOp.Not => s.Type is ElementType.Bool, UnaryOp.BitNot => s.Type.IsInteger, UnaryOp.Neg => s.Type is not ElementType.Bool };
        if (!fits) throw new DiagnosticException(SessionDiagnostics.WrongArgument, u.Operand.Span, symbol, u.Op is UnaryOp.Not ? "a truth value" : "a number", value.Describe());
        return s.Scalar is { } x ? ScalarValue.Of(ScalarEvaluator.Apply(u.Op, x)) : s;
    }

    private Value EvaluateBinary(BinarySyntax b)
    {
        var (left, right) = (Evaluate(b.Left), Evaluate(b.Right));
        if (left is UnknownValue || right is UnknownValue) return Unknown;
        string symbol = ScalarEvaluator.Symbol(b.Op);
        foreach (var (value, at) in new[] { (left, b.Left), (right, b.Right) })
            if (value is not ScalarValue)
                throw value is TensorValue
                    ? new DiagnosticException(SessionDiagnostics.TensorArithmetic, b.Span, symbol, value.Describe())
                    : new DiagnosticException(SessionDiagnostics.WrongArgument, at.Span, symbol, "a number", value.Describe());
        var (x, y) = ((ScalarValue)left, (ScalarValue)right);
        bool logical = b.Op is InfixOp.AndAnd or InfixOp.OrOr;
        var meet = ScalarEvaluator.Meet(x.Type, y.Type);
        bool fits = logical ? x.Type is ElementType.Bool && y.Type is ElementType.Bool
            : meet is { } m && (b.Op is InfixOp.Eq or InfixOp.Ne || (m is not ElementType.Bool && !(ScalarEvaluator.IsBitwise(b.Op) && m.IsFloat)));
        if (!fits) throw new DiagnosticException(SessionDiagnostics.WrongArgument, b.Right.Span, symbol, logical ? "a truth value" : $"what fits {x.Describe()}", y.Describe());
        bool truth = logical || b.Op is InfixOp.Lt or InfixOp.Gt or InfixOp.Le or InfixOp.Ge or InfixOp.Eq or InfixOp.Ne;
        if (x.Scalar is { } p && y.Scalar is { } q) return ScalarValue.Of(ScalarEvaluator.Apply(b.Op, p, q, b.Span));
        return new ScalarValue(truth ? ElementType.Bool : meet!.Value, null);
    }

    private Value EvaluateConditional(ConditionalSyntax c) => EvaluateCondition(c.Condition) switch
    {
        true => Evaluate(c.Then),
        false => Evaluate(c.Else),
        null => Unknown,
    };

    private Value EvaluateSubscript(SubscriptSyntax s)
    {
        if (s.Target is NameExpressionSyntax n && !scope.Variables.ContainsKey(n.Name) && ElementTypes.TryParse(n.Name, out var type))
            return type is ElementType.Int ? throw UnknownType(new(n.Span, n.Name)) : ShapeOf(s.Subscripts) is { } shape ? new TypeValue(type, shape) : Unknown;
        var target = Evaluate(s.Target);
        if (target is UnknownValue) return target;
        if (target is ListValue list) target = ToTensor(list, null, s.Target.Span);
        if (target is not TensorValue tensor)
            throw new DiagnosticException(SessionDiagnostics.WrongArgument, s.Target.Span, "[…]", "a tensor", target.Describe());
        return Slice(tensor, s);
    }

    private Value Slice(TensorValue tensor, SubscriptSyntax s)
    {
        if (tensor.Shape is not { } shape) return Unknown;
        var subs = s.Subscripts;
        int named = subs.Count(x => x is not PackSyntax);
        if (subs.Any(x => x is PackSyntax) ? named > shape.Length : named != shape.Length)
            throw new DiagnosticException(SessionDiagnostics.SubscriptCount, s.Span, tensor.Describe(), Counted(shape.Length, "dimension"),
                named == 1 ? "1 subscript is" : $"{named} subscripts are");
        var ranges = new List<SliceRange>();
        bool known = true;
        foreach (var sub in subs)
        {
            if (sub is PackSyntax)
            {
                for (int k = shape.Length - named; k > 0; k--) ranges.Add(new(0, shape[ranges.Count]));
                named = shape.Length;
                continue;
            }
            long extent = shape[ranges.Count];
            var range = sub is RangeSyntax r ? RangeOf(r, extent) : IndexOf(sub) is { } i ? SliceRange.At(i) : (SliceRange?)null;
            known &= range is not null;
            if (range is { } v && (v.Start < 0 || v.End < v.Start || v.End > extent))
                throw new DiagnosticException(RuntimeDiagnostics.SliceRange, sub.Span, ranges.Count, v.Start, v.End, extent);
            ranges.Add(range ?? new(0, extent));
        }
        if (!known) return Unknown;
        ImmutableArray<long> result = [.. ranges.Where(r => r.KeepDimension).Select(r => r.End - r.Start)];
        bool isElement = result.IsEmpty && ranges.TrueForAll(r => !r.KeepDimension);
        if (tensor.Data is null) return isElement ? new ScalarValue(tensor.Type, null) : new TensorValue(tensor.Type, result, null);
        var part = tensor.Data.Slice([.. ranges]);
        return isElement ? ScalarValue.Of(part[0]) : new TensorValue(tensor.Type, part.Shape, part);
    }

    private SliceRange? RangeOf(RangeSyntax r, long extent)
    {
        long? start = IndexOf(r.Start), end = r.End is null ? extent : IndexOf(r.End);
        return start is { } a && end is { } b ? new(a, b) : null;
    }

    private long? IndexOf(ExpressionSyntax e) => Evaluate(e) switch
    {
        ScalarValue { Type.IsInteger: true } s => s.Scalar?.Integer,
        UnknownValue => null,
        var other => throw new DiagnosticException(SessionDiagnostics.WrongArgument, e.Span, "[…]", "an integer", other.Describe()),
    };

    private ImmutableArray<long>? ShapeOf(ValueArray<ExpressionSyntax> extents)
    {
        var shape = ImmutableArray.CreateBuilder<long>();
        bool known = true;
        foreach (var e in extents)
        {
            var value = Evaluate(e);
            if (value is UnknownValue or ScalarValue { Type.IsInteger: true, Scalar: null }) { known = false; continue; }
            if (value is not ScalarValue { Type.IsInteger: true, Scalar: { } n } || n.Exact < 0 || n.Exact > long.MaxValue)
                throw new DiagnosticException(SessionDiagnostics.BadExtent, e.Span, value is ScalarValue { Scalar: { } shown } ? shown.ToString() : value.Describe());
            shape.Add(n.Integer);
        }
        return known ? shape.ToImmutable() : null;
    }

    private static DiagnosticException NotHere(ExpressionSyntax e, string what, string help) => new(SessionDiagnostics.NotAStatement, e.Span, what, help);

    private static DiagnosticException UnknownType(NameSyntax name) =>
        new(SessionDiagnostics.WrongArgument, name.Span, "a type", "an element type such as `f32`", string.Create(CultureInfo.InvariantCulture, $"`{name.Text}`"));
}
