using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Schedules;

/// <summary><c>y.use(tiles, w = 6)</c>: the steps of a schedule of the callee, on the stages of a call.</summary>
internal sealed partial class ScheduleRun
{
    /// <summary>The word for it: no primitive, since it is as many steps as that schedule has.</summary>
    internal const string CalledName = "use";

    private ImmutableArray<CallInterface>? _calls;

    private CallOutcome Called(ScheduleValue receiver, CallSyntax call, MemberSyntax m)
    {
        if (_isOpen) return new(CalledName, [], true);
        string name = receiver switch { StageValue { Stage: var s } => s.Entry?.Tensor ?? s.Name, GroupValue g => g.Name, _ => "" };
        var sites = (_calls ??= CallInterface.Of(op)).Where(c => c.Site.Name == name || c.Site.Callee.Results.Any(r => c.Site.Tensors[r.Name] == name)).ToList();
        if (sites.Count == 0)
        {
            Error(ScheduleDiagnostics.NoCall, m.Target.Span, m.Target.Span.Text, op.Calls.IsEmpty ? $"`{op.Operator}` has no calls" : $"the calls are {string.Join(", ", op.Calls.Select(c => $"`{c.Name}`"))}");
            return Poison(CalledName);
        }
        if (call.Arguments.Count == 0 || call.Arguments[0] is not { Name: null, Value: NameExpressionSyntax wanted })
        {
            Error(ScheduleDiagnostics.MissingArgument, call.Span, CalledName, $"the name of a schedule of `{sites[0].Callee.Operator}`", $"write `{m.Target.Span.Text}.use(name)`");
            return Poison(CalledName);
        }
        // A call whose result is that of a call inside of it has both callees.
        if (sites.Find(s => Table.Schedules.ContainsKey((s.Callee.Operator, wanted.Name))) is not { } site)
        {
            var names = sites.SelectMany(s => Table.Schedules.Keys.Where(k => k.Operator == s.Callee.Operator)).Select(k => k.Name).ToList();
            Report(Diagnostic.Create(ScheduleDiagnostics.NoCalledSchedule, wanted.Span, sites[0].Callee.Operator, wanted.Name, names.Count == 0 ? "it has none" : $"it has {string.Join(", ", names)}")
                .Suggest(wanted.Span, wanted.Name, names));
            return Poison(CalledName);
        }
        return KnobValues(call) is { } values ? Called(site, Table.Schedules[(site.Callee.Operator, wanted.Name)], values, call) : Poison(CalledName);
    }

    private CallOutcome Called(CallInterface site, ScheduleSyntax wanted, IReadOnlyDictionary<string, long> values, CallSyntax call)
    {
        var features = wanted.Clauses.OfType<OnClauseSyntax>().FirstOrDefault() is { Target.Text: "cpu" } on ? on.Features : [];
        var steps = ScheduleElaborator.Elaborate(wanted, site.Callee, module, target.With(features), site.Site.SizesFor(sizes), values);
        foreach (var d in steps.Diagnostics.Where(d => d.IsError)) Report(d.WithLabel(call.Span, "taken here"));
        foreach (var d in site.Carry(steps.Directives)) Emit(d);
        return new(CalledName, [], true, steps.HasErrors);
    }

    // Null after an error in one of them.
    private Dictionary<string, long>? KnobValues(CallSyntax call)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        bool isGood = true;
        foreach (var a in call.Arguments.Skip(1))
        {
            if (a.Name is not { } knob)
            {
                Error(ScheduleDiagnostics.ExtraArgument, a.Span, CalledName, "a value of a knob is given by name: `w = 6`");
                isGood = false;
            }
            else if (Integer(a.Value, $"the knob `{knob.Text}`") is not IntegerValue { Value: var value }) isGood = false;
            else if (!values.TryAdd(knob.Text, value))
            {
                Error(ScheduleDiagnostics.ArgumentTwice, knob.Span, knob.Text, CalledName);
                isGood = false;
            }
        }
        return isGood ? values : null;
    }
}
