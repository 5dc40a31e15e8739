using System.Collections.Immutable;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>A call inside an operator with the schedule of its callee that it runs by.</summary>
/// <param name="Elaborated">What the schedule says of the callee.</param>
/// <param name="Steps">The same, of the operator's stages.</param>
public sealed record CalledSchedule(CallSite Site, ElaboratedSchedule Elaborated, ImmutableArray<Directive> Steps)
{
    public ScheduleSyntax Schedule => Elaborated.Syntax;
}
