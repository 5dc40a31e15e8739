using Tx.Core;

namespace Tx.Build;

/// <summary>What can be wrong with the request for a library.</summary>
internal static class BuildDiagnostics
{
    public static readonly DiagnosticDescriptor LinkerMissing = new("TX4083", Severity.Error, "no linker for a shared library",
        "a shared library for `{0}` needs a linker, and there is none of {1}",
        "install one with `apt-get install {2}`, or leave shared libraries out: `--emit object,static,header`");

    public static readonly DiagnosticDescriptor TargetsDoNotFit = new("TX4084", Severity.Error, "targets or kinds of output do not fit together",
        "{0}", "{1}");

    public static readonly DiagnosticDescriptor NeedsSizes = new("TX4085", Severity.Error, "operator that cannot be built for all sizes",
        "`{0}` cannot be built for all sizes: whether `{1}` holds cannot be checked without the prover (`{2}`)",
        "give its sizes: `--op {0}:NAME=number,…`, once for each choice of them");

    public static readonly DiagnosticDescriptor WrongEntry = new("TX4086", Severity.Error, "wrong request for an operator",
        "`--op {0}`: {1}", "{2}");

    public static readonly DiagnosticDescriptor NameClash = new("TX4087", Severity.Error, "names clash",
        "{0}", "{1}");

    public static readonly DiagnosticDescriptor LinkerFailed = new("TX4088", Severity.Error, "linker failed",
        "`{0}` could not link the shared library: {1}", "mend the toolchain, or leave shared libraries out: `--emit object,static,header`");

    public static readonly DiagnosticDescriptor LeftOut = new("TX4089", Severity.Warning, "operator left out",
        "`{0}` is not in the library: {1}", "{2}");

    public static readonly DiagnosticDescriptor ScheduleLeftOut = new("TX4090", Severity.Note, "schedule is for known sizes",
        "`{0}` is built for all sizes by the default schedule: `{1}` is for known sizes", "give sizes, `--op {0}:NAME=number,…`, where they are known");
}
