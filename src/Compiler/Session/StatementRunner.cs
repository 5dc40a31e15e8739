using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>Carries out statements one by one, or only checks them.</summary>
internal sealed class StatementRunner(SessionScope scope, IOperatorMachine machine, bool isCheck)
{
    private readonly ExpressionEvaluator _evaluator = new(scope, machine, isCheck);
    private readonly HashSet<string> _bound = new(StringComparer.Ordinal);

    /// <summary>A prompt or a cell may bind a name again; a file may not.</summary>
    public bool MayRebind { get; init; }

    /// <summary>Runs one item; declarations are nothing to run. Gives the value of an expression.</summary>
    public Value? Run(ItemSyntax item)
    {
        switch (item)
        {
            case LetSyntax let:
                Let(let);
                return null;
            case AssertSyntax a:
                Assert(a);
                return null;
            case BenchSyntax b:
                if (b.Value is not CallSyntax) throw new DiagnosticException(SessionDiagnostics.BenchTarget, b.Value.Span, "another expression");
                _evaluator.Evaluate(b.Value);
                return null;
            case SimpleSyntax { Assign: AssignKind.None, Type: null } s:
                return _evaluator.Evaluate(s.Target);
            case SimpleSyntax s:
                throw new DiagnosticException(Diagnostic.Create(SessionDiagnostics.NotAStatement, s.Span, "an equation without `let`", "write `let` before it")
                    .WithFix(s.Span with { Span = new(s.Span.Span.Start, 0) }, "let "));
            case ImportSyntax or TestSyntax or OpSyntax or ReducerSyntax or StrategySyntax or ScheduleSyntax or IntrinSyntax or TargetSyntax or ConstSyntax:
                return null;
            default:
                throw new DiagnosticException(SessionDiagnostics.NotAStatement, item.Span, "this line", "it belongs into an operator, a schedule or a target");
        }
    }

    private void Let(LetSyntax let)
    {
        if (IsEquation(let))
        {
            BindEquation(let);
            return;
        }
        switch (let.Target)
        {
            case NameExpressionSyntax name:
                Bind(name.Name, name.Span, Typed(let, _evaluator.Evaluate(let.Value)));
                break;
            case TupleSyntax tuple:
                var value = _evaluator.Evaluate(let.Value);
                if (value is TupleValue t && t.Items.Length != tuple.Items.Count || value is not (TupleValue or UnknownValue))
                    throw new DiagnosticException(SessionDiagnostics.TupleCount, let.Target.Span, tuple.Items.Count, (value as TupleValue)?.Items.Length ?? 1);
                for (int i = 0; i < tuple.Items.Count; i++)
                {
                    if (tuple.Items[i] is not NameExpressionSyntax n) throw BadTarget(tuple.Items[i]);
                    Bind(n.Name, n.Span, value is TupleValue v ? v.Items[i] : new UnknownValue());
                }
                break;
            default:
                throw BadTarget(let.Target);
        }
    }

    // `let Y[i] = …`, `let (b[i], p[i]) = …`, `let s = sum(i: …)`.
    private static bool IsEquation(LetSyntax let) =>
        let.Target is SubscriptSyntax || let.Value is ReductionSyntax || (let.Target is TupleSyntax t && t.Items.Any(i => i is SubscriptSyntax));

    /// <summary>An equation at the top level: an operator without a name, called at once.</summary>
    private void BindEquation(LetSyntax let)
    {
        var call = scope.Resolver.ResolveEquation(let, name => scope.Variables.GetValueOrDefault(name));
        var results = call is null ? [] : machine.Run(call);
        var targets = TargetsOf(let);
        for (int i = 0; i < targets.Length; i++)
        {
            var value = call is null ? new UnknownValue() : results[i];
            Bind(targets[i].Name, targets[i].Span, targets.Length == 1 ? Typed(let, value) : value);
        }
    }

    /// <summary>The names that a <c>let</c> binds.</summary>
    public static NameExpressionSyntax[] TargetsOf(LetSyntax let)
    {
        IEnumerable<ExpressionSyntax> targets = let.Target is TupleSyntax t ? t.Items : [let.Target];
        return [.. targets.Select(x => x is SubscriptSyntax s ? s.Target : x).OfType<NameExpressionSyntax>()];
    }

    private Value Typed(LetSyntax let, Value value)
    {
        if (let.Type is null || _evaluator.EvaluateType(let.Type) is not { } declared) return value;
        var span = let.Value.Span;
        switch (value)
        {
            case TensorValue { IsTypeKnown: false }:
                return new TensorValue(declared.Type, declared.Shape, null);
            case UnknownValue:
                return declared.Shape is null ? new ScalarValue(declared.Type, null) : new TensorValue(declared.Type, declared.Shape, null);
            case TensorValue t when declared.Shape is { } shape && t.Type == declared.Type && (t.Shape is not { } actual || actual.AsSpan().SequenceEqual(shape.AsSpan())):
                return t;
            case TensorValue { IsLoaded: true, Data: { } data } t when declared is { Type.IsPacked: true, Shape: { } shape } && t.Type == declared.Type.Carrier && data.Shape.AsSpan().SequenceEqual(shape.AsSpan()):
                using (data) return new TensorValue(declared.Type, shape, ExpressionEvaluator.AtSpan(span, () => PackedTensor.Pack(data, declared.Type)));
            case ListValue list when declared.Shape is { } shape && ListTensor.Of(list, span) is var l && l.Shape.AsSpan().SequenceEqual(shape.AsSpan()):
                return l.In(declared.Type, scope.Allocator);
            case ScalarValue s when declared.Shape is null && (s.Type == declared.Type || s.Type is ElementType.Int or ElementType.F64):
                return new ScalarValue(declared.Type, s.Scalar is { } x ? ScalarMath.Cast(CastKind.Convert, declared.Type, x) : null);
        }
        string written = declared.Shape is { } d ? Runtime.TensorType.Format(declared.Type, d.AsSpan()) : declared.Type.Name;
        string given = value is ListValue items && ListTensor.Of(items, span) is var tensor
            ? Runtime.TensorType.Format(tensor.Type ?? (declared.Shape is null ? tensor.UsualType : declared.Type), tensor.Shape.AsSpan()) : value.Describe();
        throw new DiagnosticException(Diagnostic.Create(SessionDiagnostics.DeclaredType, span, written, given).WithLabel(let.Type.Span, "declared here"));
    }

    private void Bind(string name, SourceSpan span, Value value)
    {
        if (!_bound.Add(name) && !MayRebind) throw new DiagnosticException(SessionDiagnostics.AlreadyBound, span, name);
        scope.Variables[name] = value is TensorValue { IsLoaded: true } tensor ? tensor with { IsLoaded = false } : value;
    }

    /// <summary>Binds the names of a statement that failed to unknown values, so that their later uses are no errors of their own.</summary>
    public void BindUnknown(ItemSyntax item)
    {
        if (item is not LetSyntax let) return;
        foreach (var name in TargetsOf(let)) scope.Variables.TryAdd(name.Name, new UnknownValue());
    }

    private void Assert(AssertSyntax a)
    {
        var value = _evaluator.Evaluate(a.Condition);
        if (value is UnknownValue) return;
        if (value is not ScalarValue { Type: ElementType.Bool } s) throw new DiagnosticException(SessionDiagnostics.ConditionType, a.Condition.Span, value.Describe());
        if (s.Scalar is { IsTrue: false } && !isCheck)
            throw new DiagnosticException(SessionDiagnostics.AssertionFailed, a.Span, s.Explanation is null ? "" : $": {s.Explanation}");
    }

    private static DiagnosticException BadTarget(ExpressionSyntax target) =>
        new(SessionDiagnostics.NotAStatement, target.Span, "this left side", "bind a name, `let x = …`, names, `let (a, b) = …`, or an equation, `let Y[i] = …`");
}
