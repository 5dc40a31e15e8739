using Tx.Core;

namespace Tx.Backends.C;

/// <summary>What a user can meet where C is printed.</summary>
public static class CDiagnostics
{
    public static readonly DiagnosticDescriptor UnsupportedStatement = new("TX4050", Severity.Error, "statement not supported in C yet",
        "{0} has no form in C yet", "take the directive that makes it out of the schedule");

    public static readonly DiagnosticDescriptor UnknownFeature = new("TX4052", Severity.Error, "feature that no compiler of C tells of",
        "the form of `{0}` in C stands where the compiler has \"{1}\", and compilers have no macro for that", "declare the instruction on a feature with one: dsp, neon, dotprod, avx2, fma, f16c, avx512f, avx512bw, avx512vnni, avxvnni, popcnt");

    public static readonly DiagnosticDescriptor NoCompiler = new("TX4051", Severity.Error, "no compiler of C",
        "programs in C are to be run, and there is no compiler of C here (tried {0})", "install one with `apt-get install gcc`, or name it in `TX_CC`");
}
