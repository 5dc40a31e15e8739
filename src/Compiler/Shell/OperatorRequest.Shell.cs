using System.Collections.Immutable;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx;

public sealed partial class OperatorRequest
{
    /// <summary>An operator that is bound, under a schedule that need not be declared.</summary>
    internal static OperatorRequest Of(Session session, OpSyntax syntax, Operator op, ImmutableDictionary<string, long> sizes, ScheduleChoice? schedule) => new(session, syntax, op, sizes, schedule);

    internal Operator Operator => _operator;
    internal OpSyntax Syntax => _syntax;
    internal ScheduleChoice? Choice => _schedule;
}
