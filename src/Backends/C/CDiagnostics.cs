using Tx.Core;

namespace Tx.Backends.C;

/// <summary>What a user can meet where C is printed.</summary>
public static class CDiagnostics
{
    public static readonly DiagnosticDescriptor UnsupportedStatement = new("TX4050", Severity.Error, "statement not supported in C yet",
        "{0} has no form in C yet", "take the directive that makes it out of the schedule");
}
