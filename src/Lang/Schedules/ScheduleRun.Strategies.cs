using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary>Calls of user-written strategies: a fresh set of names, into which only the arguments come.</summary>
internal sealed partial class ScheduleRun
{
    private CallOutcome Strategy(StrategySyntax strategy, CallSyntax call)
    {
        string name = strategy.Name.Text;
        if (_frame.Through.Length >= MaxCallDepth)
        {
            Stop(call.Span, $"`{name}` calls itself more than {MaxCallDepth} deep");
            return Poison(name);
        }
        if (!HasKnownTypes(strategy)) return Poison(name);
        var inner = new Frame(strategy, _frame.Through.Add(call.Span));
        if (!Pass(strategy, call, inner)) return Poison(name);
        if (_isOpen) return OpenCall(strategy);
        var (outer, reads) = (_frame, _reads);
        (_frame, _reads) = (inner, new(StringComparer.Ordinal));
        foreach (var c in strategy.Clauses.OfType<RequireClauseSyntax>().SelectMany(c => c.Conditions)) Require(c);
        Execute(strategy.Body);
        var results = StrategyResults(strategy);
        (_frame, _reads) = (outer, reads);
        foreach (var (value, knobs) in results) _reads.UnionWith(knobs);
        return _stopped ? Poison(name) : new(name, [.. results.Select(r => r.Value)], true);
    }

    private bool HasKnownTypes(StrategySyntax strategy)
    {
        bool isGood = true;
        foreach (var p in strategy.Parameters.Concat(strategy.Results))
            if (p.Type.Name.Text is not ("stage" or "loop" or "int" or "bool") || p.Type.Brackets.Count > 0)
            {
                isGood = false;
                Report(Diagnostic.Create(ScheduleDiagnostics.StrategyType, p.Type.Span, p.Type.Span.Text).Suggest(p.Type.Span, p.Type.Span.Text, ["stage", "loop", "int", "bool"]));
            }
        return isGood;
    }

    /// <summary>Evaluates the arguments here and binds them there.</summary>
    private bool Pass(StrategySyntax strategy, CallSyntax call, Frame inner)
    {
        string name = strategy.Name.Text;
        var parameters = strategy.Parameters;
        string list = parameters.Count == 0 ? "it takes none" : $"its parameters are {string.Join(", ", parameters.Select(p => $"{p.Name.Text}: {p.Type.Name.Text}"))}";
        bool isGood = true;
        int position = 0;
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var a in call.Arguments)
        {
            ParameterSyntax? p;
            if (a.Name is { } named)
            {
                p = parameters.FirstOrDefault(x => x.Name.Text == named.Text);
                if (p is null) Report(Diagnostic.Create(ScheduleDiagnostics.UnknownArgument, named.Span, name, named.Text, list).Suggest(named.Span, named.Text, parameters.Select(x => x.Name.Text)));
            }
            else
            {
                p = position < parameters.Count ? parameters[position++] : null;
                if (p is null) Error(ScheduleDiagnostics.ExtraArgument, a.Span, name, list);
            }
            if (p is null)
            {
                isGood = false;
                continue;
            }
            if (!given.Add(p.Name.Text))
            {
                isGood = false;
                Error(ScheduleDiagnostics.ArgumentTwice, a.Span, p.Name.Text, name);
                continue;
            }
            isGood &= Set(inner, p, a.Value, name);
        }
        foreach (var p in parameters)
        {
            if (given.Contains(p.Name.Text)) continue;
            if (p.Default is { } e)
            {
                // A default sees the parameters before it.
                var outer = _frame;
                _frame = inner;
                isGood &= Set(inner, p, e, name);
                _frame = outer;
                continue;
            }
            isGood = false;
            Error(ScheduleDiagnostics.MissingArgument, call.Span, name, $"`{p.Name.Text}`, {TypeName(p)}", list);
        }
        return isGood;
    }

    private static string TypeName(ParameterSyntax p) => p.Type.Name.Text switch { "stage" => "a stage", "loop" => "a loop", "int" => "a number", _ => "a condition" };

    private bool Set(Frame inner, ParameterSyntax p, ExpressionSyntax e, string strategy)
    {
        var reads = _reads;
        _reads = new(StringComparer.Ordinal);
        var value = Evaluate(e);
        var knobs = _reads.ToImmutableHashSet(StringComparer.Ordinal);
        _reads = reads;
        string needed = TypeName(p);
        value = As(value, isLoop: needed == "a loop");
        bool fits = Fits(value, needed);
        if (!fits && value is SymbolicValue or ConditionValue && needed is "a number" or "a condition") Error(ScheduleDiagnostics.SizesUnknown, e.Span, e.Span.Text);
        else if (!fits) WrongKind($"`{p.Name.Text}` of `{strategy}`", needed, value, e.Span);
        inner.Names[p.Name.Text] = new(fits ? value : PoisonValue.Instance, p.Name.Span, "a parameter", knobs);
        return fits;
    }

    private bool Fits(ScheduleValue value, string needed) => needed switch
    {
        "a stage" => value is StageValue, "a loop" => value is LoopValue,
        "a number" => value is IntegerValue || _isOpen && value is SymbolicValue, _ => value is BooleanValue || _isOpen && value is ConditionValue,
    };

    private ImmutableArray<(ScheduleValue Value, ImmutableHashSet<string> Knobs)> StrategyResults(StrategySyntax strategy)
    {
        var results = ImmutableArray.CreateBuilder<(ScheduleValue, ImmutableHashSet<string>)>();
        foreach (var r in strategy.Results)
        {
            if (_stopped) break;
            string name = r.Name.Text, needed = TypeName(r);
            if (!_frame.Names.TryGetValue(name, out var bound))
            {
                results.Add((Error(ScheduleDiagnostics.StrategyResult, r.Name.Span, strategy.Name.Text, name), []));
                continue;
            }
            var value = As(bound.Value, isLoop: needed == "a loop");
            if (value is not PoisonValue && !Fits(value, needed)) value = WrongKind($"the result `{name}` of `{strategy.Name.Text}`", needed, value, bound.Span ?? r.Span);
            results.Add((value, bound.Knobs));
        }
        return results.ToImmutable();
    }
}
