using Tx.Core;

namespace Tx.Lang.Instructions;

/// <summary>What can be wrong with a declared instruction.</summary>
public static class InstructionDiagnostics
{
    public static readonly DiagnosticDescriptor OperandShape = new("TX2160", Severity.Error, "operand of an instruction has no constant shape",
        "operand `{0}` is {1}", "write an element type and constant extents: `{0}: i8[16, 4]`");
    public static readonly DiagnosticDescriptor InstructionForm = new("TX2161", Severity.Error, "instruction computes something else than one equation",
        "`{0}` cannot be an instruction: {1}", "write one line `acc[i] += sum(k: …)`, `acc[i] += …` or `o[i] = …` whose operands are read at plain indices");
    public static readonly DiagnosticDescriptor EmissionForm = new("TX2162", Severity.Error, "emission does not fit",
        "this emission does not fit `{0}`: {1}", "{2}");
    public static readonly DiagnosticDescriptor FeatureMissing = new("TX2163", Severity.Error, "target lacks a feature",
        "`{0}` needs {1}, which this target does not have", "schedule it `on {2}({3})`, so that it is chosen only where the target has it");
}
