using System.Collections.Immutable;
using Tx.Lang.Program;
using Tx.Lang.Syntax;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Lower.Schedule.Steps;

namespace Tx;

public sealed partial class OperatorRequest
{
    /// <summary>An operator that is bound, under a schedule that need not be declared.</summary>
    internal static OperatorRequest Of(Session session, OpSyntax syntax, Operator op, ImmutableDictionary<string, long> sizes, ScheduleChoice? schedule) => new(session, syntax, op, sizes, schedule);

    internal Operator Operator => _operator;
    internal OpSyntax Syntax => _syntax;
    internal ScheduleChoice? Choice => _schedule;

    /// <summary>All sizes, or none.</summary>
    /// <exception cref="RequestException">Only some are given, or they break a <c>require</c>.</exception>
    internal ImmutableDictionary<string, long> CheckedSizes()
    {
        if (Sizes() is { } dims) Admit(dims);
        return _sizes;
    }

    /// <summary>The nests in the order of the text.</summary>
    internal LoopFunction Plain() => NestBuilder.Build(_operator, Sizes()).Functions[0];

    /// <summary>The nests by the default schedule.</summary>
    internal ScheduleState Default() => ScheduleState.Of(DefaultSchedule.Apply(NestBuilder.Build(_operator, Sizes()), _session.Target).Functions[0], _session.Target);
}
