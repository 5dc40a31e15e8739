using Tx.Core;

namespace Tx.Backends.C;

/// <summary>What a user can meet where C is printed.</summary>
public static class CDiagnostics
{
    public static readonly DiagnosticDescriptor UnsupportedStatement = new("TX4050", Severity.Error, "statement not supported in C yet",
        "{0} has no form in C yet", "take the directive that makes it out of the schedule");

    public static readonly DiagnosticDescriptor NoCompiler = new("TX4051", Severity.Error, "no compiler of C",
        "programs in C are to be run, and there is no compiler of C here (tried {0})", "install one with `apt-get install gcc`, or name it in `TX_CC`");
}
