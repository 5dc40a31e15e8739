using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>A function of the top level: its name and how it is called.</summary>
internal sealed record Builtin(string Name, string Usage, int MinArguments, int MaxArguments, ImmutableArray<string> Named)
{
    public static readonly ImmutableArray<Builtin> All =
    [
        new("print", "print(value, …)", 1, int.MaxValue, []),
        new("load", "load(\"file.npy\")", 1, int.MaxValue, []),
        new("save", "save(tensor, \"file.npy\")", 1, 2, []) { TakesAnyName = true },
        new("random", "random(f32[M, N], seed = 1)", 1, 1, ["seed"]),
        new("zeros", "zeros(f32[M, N])", 1, 1, []),
        new("full", "full(f32[M, N], value)", 2, 2, []),
        new("arange", "arange(i32, start, end)", 3, 3, []),
        new("close", "close(a, b, rtol = 1e-5, atol = 1e-6)", 2, 2, ["rtol", "atol"]),
        new("equal", "equal(a, b)", 2, 2, []),
        new("reference", "reference(call)", 1, 1, []),
        new("symbolic", "symbolic(call)", 1, 1, []),
    ];

    /// <summary>The names of its named arguments are the caller's.</summary>
    public bool TakesAnyName { get; init; }

    public static Builtin? Find(string name) => All.FirstOrDefault(b => b.Name == name);

    public string Count => MinArguments == MaxArguments ? $"{MinArguments} argument{(MinArguments == 1 ? "" : "s")}" : $"at least {MinArguments} argument";
}

internal sealed partial class ExpressionEvaluator
{
    private Value EvaluateCall(CallSyntax c)
    {
        if (c.Target is not NameExpressionSyntax name) throw NotHere(c.Target, "a call of this", "call an operator or a function by its name");
        if (scope.Operator(name.Name) is { } op) return CallOperator(op, c);
        if (Builtin.Find(name.Name) is { } builtin) return CallBuiltin(builtin, c);
        if (ElementTypes.TryParse(name.Name, out var type)) return CastScalar(type, c);
        var d = Diagnostic.Create(SessionDiagnostics.UnknownFunction, name.Span, name.Name);
        if (Suggestion.For(name.Name, scope.OperatorNames.Concat(Builtin.All.Select(b => b.Name))) is { } near)
            d = d.WithHelp($"did you mean `{near}`?").WithFix(name.Span, near);
        throw new DiagnosticException(d);
    }

    private static string Counted(int n, string noun) => n == 1 ? $"1 {noun}" : $"{n} {noun}s";
    private static string Were(int n) => n == 1 ? "1 was" : $"{n} were";

    private Value CallOperator(OpSyntax op, CallSyntax c)
    {
        // `using = name` chooses a schedule, unless that is a parameter of the operator's own.
        var choice = op.Parameters.Any(p => p.Name.Text == ScheduleArgument) ? null : c.Arguments.Items.FirstOrDefault(a => a.Name?.Text == ScheduleArgument);
        var arguments = c.Arguments.Items.Where(a => a != choice).Select(a => new CallArgument(a.Name, Evaluate(a.Value), a.Value.Span)).ToImmutableArray();
        if (arguments.Any(a => a.Value is UnknownValue or TensorValue { Shape: null } or ScalarValue { Scalar: null })) return UnknownResults(op);
        // A call nested in another gives its single result.
        var call = scope.Resolver.Resolve(new(op, arguments, c.Span));
        if (choice is not null) call = call with { Schedule = ScheduleOf(call, choice) };
        var results = _machine.Run(call);
        return results.Length == 1 ? results[0] : new TupleValue(results);
    }

    private const string ScheduleArgument = "using";

    private ScheduleChoice ScheduleOf(ResolvedCall call, ArgumentSyntax choice)
    {
        var names = scope.Schedules.SchedulesOf(call.Operator.Name).Select(s => s.Name.Text).ToList();
        if (choice.Value is NameExpressionSyntax { Name: var name } && names.Contains(name))
        {
            var found = scope.Schedules.Named(call.Operator, name);
            return ScheduleResolver.DeviceOf(found.Schedule) is null ? found : throw new DiagnosticException(ScheduleResolver.NeedsDevice(found.Schedule, choice.Value.Span));
        }
        var d = Diagnostic.Create(SessionDiagnostics.UnknownSchedule, choice.Value.Span, call.Operator.Name, choice.Value.Span.Text,
            names.Count == 0 ? "it has none; leave the argument out" : $"its schedules are {string.Join(", ", names.Select(n => $"`{n}`"))}");
        if (Suggestion.For(choice.Value.Span.Text, names) is { } near) d = d.WithHelp($"did you mean `{near}`?").WithFix(choice.Value.Span, near);
        throw new DiagnosticException(d);
    }

    private static Value UnknownResults(OpSyntax op) =>
        op.Results.Count == 1 ? Unknown : new TupleValue([.. op.Results.Select(_ => (Value)Unknown)]);

    private ScalarValue CastScalar(ElementType type, CallSyntax c)
    {
        if (c.Arguments.Count != 1) throw new DiagnosticException(SessionDiagnostics.WrongArgumentCount, c.Span, type.Name, "1 argument", Were(c.Arguments.Count), $"{type.Name}(x)");
        return Evaluate(c.Arguments[0].Value) switch
        {
            ScalarValue s => new(type, s.Scalar is { } x ? ScalarMath.Cast(CastKind.Convert, type, x) : null),
            UnknownValue => new(type, null),
            var other => throw new DiagnosticException(SessionDiagnostics.WrongArgument, c.Arguments[0].Span, type.Name, "a number", other.Describe()),
        };
    }

    private Value CallBuiltin(Builtin f, CallSyntax c)
    {
        var positional = new List<ArgumentSyntax>();
        var named = new OrderedDictionary<string, ExpressionSyntax>(StringComparer.Ordinal);
        foreach (var a in c.Arguments)
        {
            if (a.Name is null) { positional.Add(a); continue; }
            if (!f.TakesAnyName && !f.Named.Contains(a.Name.Text)) throw new DiagnosticException(SessionDiagnostics.UnknownArgument, a.Name.Span, f.Name, a.Name.Text, f.Usage);
            if (!named.TryAdd(a.Name.Text, a.Value))
                throw new DiagnosticException(Diagnostic.Create(SemanticDiagnostics.DuplicateName, a.Name.Span, a.Name.Text).WithHelp("pass each argument once"));
        }
        if (positional.Count < f.MinArguments || positional.Count > f.MaxArguments)
            throw new DiagnosticException(SessionDiagnostics.WrongArgumentCount, c.Span, f.Name, f.Count, Were(positional.Count), f.Usage);
        if (f.Name is "reference") return Reference(positional[0].Value);
        if (f.Name is "symbolic") return Symbolic(positional[0].Value);
        var values = positional.ConvertAll(a => Evaluate(a.Value));
        SourceSpan SpanOf(int i) => positional[i].Value.Span;
        return f.Name switch
        {
            "print" => Print(values),
            "load" => Load(f, values, SpanOf, c.Span),
            "save" => Save(f, values, SpanOf, named, c.Span),
            "random" => Random(f, values[0], SpanOf(0), named.GetValueOrDefault("seed")),
            "zeros" => Fill(f, values[0], SpanOf(0), Scalar.Index(0)),
            "full" => AtSpan(SpanOf(1), () => Fill(f, values[0], SpanOf(0), Number(f, values[1], SpanOf(1)))),
            "arange" => Arange(f, values, SpanOf),
            "close" => Compare(f, values, SpanOf, Tolerance(f, named, "rtol", 1e-5), Tolerance(f, named, "atol", 1e-6)),
            _ => Compare(f, values, SpanOf, null, null),
        };
    }

    private Value Reference(ExpressionSyntax e) => new ExpressionEvaluator(scope, isCheck ? _machine : scope.ReferenceMachine, isCheck).Evaluate(e);

    private Value Symbolic(ExpressionSyntax e) => new ExpressionEvaluator(scope, isCheck ? _machine : scope.SymbolicMachine.Value, isCheck).Evaluate(e);

    private NothingValue Print(List<Value> values)
    {
        if (!isCheck) scope.Output.Print(values);
        return new();
    }

    private Value Random(Builtin f, Value type, SourceSpan span, ExpressionSyntax? seed)
    {
        if (TensorType(f, type, span) is not { } t) return Unknown;
        long s = 0;
        if (seed is not null)
        {
            s = Evaluate(seed) switch
            {
                ScalarValue { Type.IsInteger: true } n => n.Scalar?.Integer ?? 0,
                UnknownValue => 0,
                var other => throw new DiagnosticException(SessionDiagnostics.WrongArgument, seed.Span, f.Name, "an integer as seed", other.Describe()),
            };
        }
        return Make(t, span, shape => TensorFill.Random(scope.Allocator, t.Type, shape.AsSpan(), s));
    }

    private Value Fill(Builtin f, Value type, SourceSpan span, Scalar? value)
    {
        if (TensorType(f, type, span) is not { } t) return Unknown;
        if (value is not { } v) return new TensorValue(t.Type, t.Shape, null);
        var element = Fitting(v, t.Type);
        return Make(t, span, shape => TensorFill.Full(scope.Allocator, shape.AsSpan(), element));
    }

    private static Scalar Fitting(Scalar value, ElementType type) =>
        value.Type.IsInteger && type.IsInteger && (value.Exact < type.MinValue || value.Exact > type.MaxValue)
            ? throw new DiagnosticException(RuntimeDiagnostics.FillValue, null, value, type.Name)
            : ScalarMath.Cast(CastKind.Convert, type, value);

    private Value Arange(Builtin f, List<Value> values, Func<int, SourceSpan> spanOf)
    {
        if (values[0] is not TypeValue { Shape: null } t)
            throw new DiagnosticException(SessionDiagnostics.WrongArgument, spanOf(0), f.Name, "an element type", values[0].Describe());
        if (Number(f, values[1], spanOf(1)) is not { } start || Number(f, values[2], spanOf(2)) is not { } end) return Unknown;
        if (!start.Type.IsInteger || !end.Type.IsInteger)
            throw new DiagnosticException(SessionDiagnostics.WrongArgument, spanOf(start.Type.IsInteger ? 2 : 1), f.Name, "an integer", start.Type.IsInteger ? end.Type.Name : start.Type.Name);
        Int128 count = Int128.Max(0, end.Exact - start.Exact);
        if (count > long.MaxValue) throw new DiagnosticException(SessionDiagnostics.BadExtent, spanOf(2), count.ToString(CultureInfo.InvariantCulture));
        return Make(new(t.Type, [(long)count]), spanOf(0), _ => TensorFill.Range(scope.Allocator, t.Type, start.Integer, end.Integer));
    }

    private TensorValue Make(TypeValue t, SourceSpan span, Func<ImmutableArray<long>, NativeTensor> make)
    {
        var shape = t.Shape!.Value;
        return AtSpan(span, () =>
        {
            Runtime.TensorType.CountElements(t.Type, shape.AsSpan());
            if (isCheck) return new TensorValue(t.Type, shape, null);
            return new TensorValue(t.Type, shape, make(shape));
        });
    }

    private Value Compare(Builtin f, List<Value> values, Func<int, SourceSpan> spanOf, double? rtol, double? atol)
    {
        if (values[0] is ScalarValue x && values[1] is ScalarValue y) return CompareScalars(x, y, rtol, atol);
        var (left, right) = (values[0], values[1]);
        if (left is ListValue l) left = ToTensor(l, TypeOf(right), spanOf(0));
        if (right is ListValue r) right = ToTensor(r, TypeOf(left), spanOf(1));
        if (left is UnknownValue || right is UnknownValue) return new ScalarValue(ElementType.Bool, null);
        var (a, b) = (Tensor(f, left, spanOf(0)), Tensor(f, right, spanOf(1)));
        if (a is not { IsTypeKnown: true, Shape: { } s } || b is not { IsTypeKnown: true, Shape: { } t }) return new ScalarValue(ElementType.Bool, null);
        if (a.Type != b.Type || !s.AsSpan().SequenceEqual(t.AsSpan()))
            throw new DiagnosticException(Diagnostic.Create(RuntimeDiagnostics.ComparedTypes, spanOf(1), a.Describe(), b.Describe()).WithLabel(spanOf(0), a.Describe()));
        if (a.Data is null || b.Data is null) return new ScalarValue(ElementType.Bool, null);
        var result = rtol is { } rel ? TensorComparison.Close(a.Data, b.Data, rel, atol ?? 0) : TensorComparison.Equal(a.Data, b.Data);
        return ScalarValue.Of(Scalar.Bool(result.Passed)) with { Explanation = result.Passed ? null : result.ToString() };
    }

    private static ElementType? TypeOf(Value v) => v is TensorValue { IsTypeKnown: true } t ? t.Type : null;

    private static ScalarValue CompareScalars(ScalarValue x, ScalarValue y, double? rtol, double? atol)
    {
        if (x.Scalar is not { } p || y.Scalar is not { } q) return new(ElementType.Bool, null);
        double a = p.Type.IsFloat ? p.Real : (double)p.Exact, b = q.Type.IsFloat ? q.Real : (double)q.Exact;
        bool holds = rtol is { } rel ? a.Equals(b) || Math.Abs(a - b) <= (atol ?? 0) + rel * Math.Abs(b) : a == b;
        return ScalarValue.Of(Scalar.Bool(holds)) with { Explanation = holds ? null : $"{p} and {q} differ" };
    }

    /// <summary>A nested list of numbers as a tensor of the given element type (default: of its items).</summary>
    private TensorValue ToTensor(ListValue list, ElementType? type, SourceSpan span)
    {
        var tensor = ListTensor.Of(list, span);
        return tensor.In(type ?? tensor.UsualType, scope.Allocator);
    }

    private double? Tolerance(Builtin f, OrderedDictionary<string, ExpressionSyntax> named, string name, double usual)
    {
        if (!named.TryGetValue(name, out var e)) return usual;
        return Number(f, Evaluate(e), e.Span) is { } s ? s.Type.IsFloat ? s.Real : s.Integer : usual;
    }

    private static Scalar? Number(Builtin f, Value v, SourceSpan span) => v switch
    {
        ScalarValue s => s.Scalar,
        UnknownValue => null,
        _ => throw new DiagnosticException(SessionDiagnostics.WrongArgument, span, f.Name, "a number", v.Describe()),
    };

    private static string? Text(Builtin f, Value v, SourceSpan span) => v switch
    {
        StringValue s => s.Text,
        UnknownValue => null,
        _ => throw new DiagnosticException(SessionDiagnostics.WrongArgument, span, f.Name, "a path in quotes", v.Describe()),
    };

    private TensorValue? Tensor(Builtin f, Value v, SourceSpan span) => v switch
    {
        TensorValue t => t,
        ListValue l => ToTensor(l, null, span),
        UnknownValue => null,
        _ => throw new DiagnosticException(SessionDiagnostics.WrongArgument, span, f.Name, "a tensor", v.Describe()),
    };

    private static TypeValue? TensorType(Builtin f, Value v, SourceSpan span) => v switch
    {
        TypeValue { Shape: not null } t => t,
        TypeValue t => throw new DiagnosticException(SessionDiagnostics.WrongArgument, span, f.Name, $"a type with a shape such as `{t.Type.Name}[8]`", $"`{t.Type.Name}`"),
        UnknownValue => null,
        _ => throw new DiagnosticException(SessionDiagnostics.WrongArgument, span, f.Name, "a type such as `f32[8]`", v.Describe()),
    };

    /// <summary>Gives errors of the runtime, which knows no source, the place in the program.</summary>
    internal static T AtSpan<T>(SourceSpan span, Func<T> action)
    {
        try { return action(); }
        catch (DiagnosticException e) { throw new DiagnosticException([.. e.Diagnostics.Select(d => d.Span is null ? d with { Span = span } : d)]); }
    }
}
