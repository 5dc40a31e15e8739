using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Reference;

/// <summary>What the reference evaluator finds while it runs an operator.</summary>
public static class ReferenceDiagnostics
{
    public static readonly DiagnosticDescriptor RequireFailed = new("TX5060", Severity.Error, "a `require` does not hold",
        "a `require` of operator `{0}` does not hold for {1}", "call it with sizes that it admits");

    public static readonly DiagnosticDescriptor ReadOutside = new("TX5061", Severity.Error, "read outside a tensor",
        "`{0}` is read at {1}, outside its shape [{2}]", "keep the indices inside, or give a value for outside: `{0}[…] ?? value`");

    public static readonly DiagnosticDescriptor TooDeep = new("TX5063", Severity.Error, "expression nested too deeply to evaluate",
        "the value of `{0}` nests more than {1} levels deep", "name a part of it as a tensor of its own");

    public static readonly DiagnosticDescriptor TooLarge = new("TX5064", Severity.Error, "tensor too large for the reference evaluator",
        "the reference evaluator has no room for `{0}`: {1}[{2}]", "evaluate it at smaller sizes");

    public static readonly DiagnosticDescriptor WrittenOutside = new("TX5065", Severity.Error, "write outside a tensor",
        "`{0}` is written at {1}, outside its shape [{2}]", "make the ranges of the left side fit the declared shape");

    public static readonly DiagnosticDescriptor BadExtent = new("TX5066", Severity.Error, "extent negative or beyond 64 bits",
        "an extent of `{0}` is negative or does not fit in 64 bits for {1}", "call it with other sizes, or refuse these by `require`");

    /// <summary>Every descriptor of this folder.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = [RequireFailed, ReadOutside, TooDeep, TooLarge, WrittenOutside, BadExtent];
}
