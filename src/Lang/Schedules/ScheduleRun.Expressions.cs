using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Values: numbers and conditions are computed where the sizes in them are known, and stay terms where not.</summary>
internal sealed partial class ScheduleRun
{
    private ScheduleValue Evaluate(ExpressionSyntax e)
    {
        if (_stopped) return PoisonValue.Instance;
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) return Stop(e.Span, "this expression is too deep");
        return e switch
        {
            NameExpressionSyntax n => Live(FindName(n), n.Name, n.Span),
            MemberSyntax m => Live(FindMember(m), m.Span.Text, m.Span),
            IntegerSyntax i => i.Value <= long.MaxValue ? new IntegerValue((long)i.Value) : Overflow(e),
            BoolSyntax b => new BooleanValue(b.Value),
            UnarySyntax u => Unary(u),
            BinarySyntax { Op: InfixOp.AndAnd or InfixOp.OrOr } b => Logical(b),
            BinarySyntax b => Binary(b),
            ConditionalSyntax c => Conditional(c),
            ListSyntax l => new ListValue([.. l.Items.Select(Evaluate)]),
            CallSyntax c => Single(c),
            ErrorExpressionSyntax => PoisonValue.Instance,
            _ => Error(ScheduleDiagnostics.Misplaced, e.Span, e switch
            {
                FloatSyntax => "a float", StringSyntax => "text", SubscriptSyntax => "an element", ReductionSyntax => "a reduction", ArrowSyntax => "a layout", RangeSyntax => "a range", _ => "this",
            }, _frame.Word, e is FloatSyntax ? "the numbers of schedules are integers" : e is ArrowSyntax ? "give it to `layout` or a cache" : "a schedule computes with integers, conditions and loops"),
        };
    }

    /// <summary>A number; an error for all else, and where it depends on sizes that are not known.</summary>
    private ScheduleValue Integer(ExpressionSyntax e, string what)
    {
        var value = Evaluate(e);
        if (value is SymbolicValue) return Error(ScheduleDiagnostics.SizesUnknown, e.Span, e.Span.Text);
        return value is IntegerValue or PoisonValue ? value : WrongKind(what, "a number", value, e.Span);
    }

    /// <summary>A condition, decided or not.</summary>
    private ScheduleValue Condition(ExpressionSyntax e, string what)
    {
        var value = Evaluate(e);
        return value is BooleanValue or ConditionValue or PoisonValue ? value
            : WrongKind(what, "a condition", value, e.Span, value is IntegerValue or SymbolicValue ? $"compare it: `{e.Span.Text} != 0`" : null);
    }

    private PoisonValue WrongKind(string what, string needed, ScheduleValue value, SourceSpan span, string? help = null) =>
        value is PoisonValue ? PoisonValue.Instance
        : value is GroupValue g && needed is "a stage" or "a loop" ? SeveralEquations((GroupValue)value, span)
        : value is PackValue p && needed is "a loop" ? Error(ScheduleDiagnostics.PackNotFused, span, p.Text, p.Loops.Length)
        : Error(ScheduleDiagnostics.WrongKind, span, what, needed, Describe(value), help ?? needed switch
        {
            "a number" => "write a number, a knob, or arithmetic on them",
            "a loop" => value is StageValue s ? $"name one of its loops: `{ExampleLoop(s.Stage)}`" : "write a loop, such as `C.i`",
            "a stage" => value is LoopValue { Loop.Stage: { } stage } ? $"write the stage: `{DirectiveText.Stage(stage)}`" : "write a stage by its name",
            "a condition" => "write a comparison, such as `M % 8 == 0`",
            _ => $"write {needed}",
        });

    private PoisonValue Overflow(ExpressionSyntax e) => Error(ScheduleDiagnostics.Arithmetic, e.Span, e.Span.Text, "does not fit in 64 bits");

    private static Term? TermOf(ScheduleValue value) => value switch
    {
        IntegerValue i => ConstTerm.Int(i.Value),
        SymbolicValue s => s.Term,
        BooleanValue b => b.Value ? Terms.True : Terms.False,
        ConditionValue c => c.Condition,
        _ => null,
    };

    private static ScheduleValue ValueOf(Term term) => Terms.Simplify(term) switch
    {
        ConstTerm { Type: ElementType.Bool } c => new BooleanValue(c.Value.IsTrue),
        ConstTerm c => new IntegerValue(c.Value.Integer),
        { Type: ElementType.Bool } t => new ConditionValue(t),
        var t => new SymbolicValue(t),
    };

    private ScheduleValue Unary(UnarySyntax u)
    {
        if (u.Op is UnaryOp.Not)
            return Condition(u.Operand, "`!`") switch { BooleanValue b => new BooleanValue(!b.Value), ConditionValue c => ValueOf(Terms.Negate(c.Condition)), var other => other };
        var value = Evaluate(u.Operand);
        return value switch
        {
            IntegerValue { Value: long.MinValue } => Overflow(u),
            IntegerValue i => new IntegerValue(u.Op is UnaryOp.Neg ? -i.Value : ~i.Value),
            SymbolicValue s => ValueOf(new UnaryTerm(u.Op, s.Term, u.Span)),
            _ => WrongKind(u.Op is UnaryOp.Neg ? "`-`" : "`~`", "a number", value, u.Operand.Span),
        };
    }

    private ScheduleValue Logical(BinarySyntax b)
    {
        bool isAnd = b.Op is InfixOp.AndAnd;
        string what = isAnd ? "`&&`" : "`||`";
        var left = Condition(b.Left, what);
        if (left is BooleanValue { Value: var known } && known != isAnd) return left;
        var right = Condition(b.Right, what);
        if (left is PoisonValue || right is PoisonValue) return PoisonValue.Instance;
        return left is BooleanValue ? right : ValueOf(new LogicalTerm(isAnd, TermOf(left)!, TermOf(right)!, b.Span));
    }

    private ScheduleValue Binary(BinarySyntax b)
    {
        var (left, right) = (Evaluate(b.Left), Evaluate(b.Right));
        if (left is PoisonValue || right is PoisonValue) return PoisonValue.Instance;
        var op = Operator(b.Op);
        bool areConditions = left is BooleanValue or ConditionValue && right is BooleanValue or ConditionValue;
        if (!(areConditions && op is BinaryOp.Eq or BinaryOp.Ne))
        {
            if (left is not (IntegerValue or SymbolicValue)) return WrongKind($"`{op.Symbol}`", "a number", left, b.Left.Span);
            if (right is not (IntegerValue or SymbolicValue)) return WrongKind($"`{op.Symbol}`", "a number", right, b.Right.Span);
        }
        if (op is BinaryOp.Div or BinaryOp.Mod && right is IntegerValue { Value: 0 }) return Error(ScheduleDiagnostics.Arithmetic, b.Span, b.Span.Text, "divides by zero");
        return Apply(op, TermOf(left)!, TermOf(right)!, b);
    }

    private ScheduleValue Apply(BinaryOp op, Term left, Term right, ExpressionSyntax at)
    {
        var term = new BinaryTerm(op, left, right, at.Span);
        if (left is not ConstTerm || right is not ConstTerm) return ValueOf(term);
        if (op.IsComparison) return Terms.Decide(term) is { } truth ? new BooleanValue(truth) : PoisonValue.Instance;
        return Terms.Evaluate(term) is { } number ? new IntegerValue(number) : Overflow(at);
    }

    private ScheduleValue Conditional(ConditionalSyntax c)
    {
        var condition = Condition(c.Condition, "`? :`");
        if (condition is PoisonValue) return condition;
        if (condition is BooleanValue b) return Evaluate(b.Value ? c.Then : c.Else);
        var (then, @else) = (Evaluate(c.Then), Evaluate(c.Else));
        if (then is PoisonValue || @else is PoisonValue) return PoisonValue.Instance;
        return TermOf(then) is { } x && TermOf(@else) is { } y && x.Type == y.Type
            ? ValueOf(new SelectTerm(TermOf(condition)!, x, y, c.Span)) : Error(ScheduleDiagnostics.SizesUnknown, c.Condition.Span, c.Condition.Span.Text);
    }

    private static BinaryOp Operator(InfixOp op) => op switch
    {
        InfixOp.Mul => BinaryOp.Mul, InfixOp.Div => BinaryOp.Div, InfixOp.Mod => BinaryOp.Mod, InfixOp.Add => BinaryOp.Add, InfixOp.Sub => BinaryOp.Sub,
        InfixOp.Shl => BinaryOp.Shl, InfixOp.Shr => BinaryOp.Shr, InfixOp.And => BinaryOp.And, InfixOp.Xor => BinaryOp.Xor, InfixOp.Or => BinaryOp.Or,
        InfixOp.Lt => BinaryOp.Lt, InfixOp.Gt => BinaryOp.Gt, InfixOp.Le => BinaryOp.Le, InfixOp.Ge => BinaryOp.Ge, InfixOp.Eq => BinaryOp.Eq, InfixOp.Ne => BinaryOp.Ne,
        InfixOp.AndAnd or InfixOp.OrOr => throw new CompilerBugException("schedules", "a logical operator is no arithmetic"),
    };

    /// <summary>The one result of a call that stands as a value.</summary>
    private ScheduleValue Single(CallSyntax c)
    {
        var outcome = Call(c, default);
        if (outcome.IsPoison) return PoisonValue.Instance;
        if (outcome.Values.Length == 1) return outcome.Values[0];
        return Error(ScheduleDiagnostics.ResultCount, c.Span, outcome.Name, outcome.Values.IsEmpty ? "nothing" : $"{outcome.Values.Length} results", "1 is needed here and 0 are",
            outcome.Values.IsEmpty ? "write the call on a line of its own" : "bind its results on a line of its own");
    }

    // ---- functions --------------------------------------------------------------------------------------------------------

    internal static readonly ImmutableArray<string> Functions = ["lanes", "sizeof", "ceil_div", "min", "max", "divisors"];

    private ScheduleValue Function(string name, CallSyntax call)
    {
        if (call.Arguments.FirstOrDefault(a => a.Name is not null) is { } named)
            return Error(ScheduleDiagnostics.UnknownArgument, named.Name!.Span, name, named.Name.Text, "write its arguments in order, without names");
        int count = name is "ceil_div" ? 2 : 1;
        if (call.Arguments.Count < count) return Error(ScheduleDiagnostics.MissingArgument, call.Span, name, name is "lanes" or "sizeof" ? "an element type" : "a number", Usage(name));
        if (name is not ("min" or "max") && call.Arguments.Count > count) return Error(ScheduleDiagnostics.ExtraArgument, call.Arguments[count].Span, name, Usage(name));
        var values = call.Arguments.Select(a => Evaluate(a.Value)).ToList();
        if (values.Any(v => v is PoisonValue)) return PoisonValue.Instance;
        if (name is "lanes" or "sizeof")
        {
            if (values[0] is not TypeValue { Type: var type }) return WrongKind($"`{name}`", "an element type", values[0], call.Arguments[0].Span, Usage(name));
            return new IntegerValue(name is "lanes" ? target.Lanes(type) : type.Bytes);
        }
        if (name is "min" or "max" && values is [ListValue { Items: { IsEmpty: false } items }]) values = [.. items];
        for (int i = 0; i < values.Count; i++)
            if (values[i] is not (IntegerValue or SymbolicValue)) return WrongKind($"`{name}`", "a number", values[i], call.Arguments[Math.Min(i, call.Arguments.Count - 1)].Span);
        switch (name)
        {
            case "divisors":
                return values[0] is IntegerValue { Value: var n } ? Divisors(n, call) : Error(ScheduleDiagnostics.SizesUnknown, call.Span, call.Span.Text);
            case "ceil_div":
                if (values[1] is IntegerValue { Value: 0 }) return Error(ScheduleDiagnostics.Arithmetic, call.Span, call.Span.Text, "divides by zero");
                // Rounding down the negative quotient rounds up the quotient, for every sign.
                var (x, y) = (TermOf(values[0])!, TermOf(values[1])!);
                var up = new UnaryTerm(UnaryOp.Neg, new BinaryTerm(BinaryOp.Div, new UnaryTerm(UnaryOp.Neg, x), y), call.Span);
                return x is ConstTerm && y is ConstTerm ? Terms.Evaluate(up) is { } quotient ? new IntegerValue(quotient) : Overflow(call) : ValueOf(up);
            default:
                return values.Aggregate((a, b) => Apply(name is "min" ? BinaryOp.Min : BinaryOp.Max, TermOf(a)!, TermOf(b)!, call));
        }
    }

    private ScheduleValue Divisors(long n, CallSyntax call)
    {
        if (n < 1) return new ListValue([]);
        // The search takes the square root of the number in steps.
        if (n > 1L << 40) return Error(ScheduleDiagnostics.Arithmetic, call.Span, call.Span.Text, "asks for the divisors of a number above 2⁴⁰");
        var (low, high) = (new List<long>(), new List<long>());
        for (long d = 1; d * d <= n; d++)
        {
            if (n % d != 0) continue;
            low.Add(d);
            if (d * d != n) high.Add(n / d);
        }
        high.Reverse();
        return new ListValue([.. low.Concat(high).Select(d => new IntegerValue(d))]);
    }

    private static string Usage(string name) => name switch
    {
        "lanes" or "sizeof" => $"write `{name}(f32)`",
        "ceil_div" => "write `ceil_div(K, 8)`",
        "divisors" => "write `divisors(K)`",
        _ => $"write `{name}(a, b)`",
    };
}
