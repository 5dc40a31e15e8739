using Tx.Core;

namespace Tx.Lower;

/// <summary>Limits of lowering: what is a correct program and can't be compiled yet.</summary>
public static class LowerDiagnostics
{
    public static readonly DiagnosticDescriptor UpdateNotSupported = new(
        "TX3001", Severity.Error, "updates", "the update of `{0}` is not supported yet",
        "write one equation that gives each element of `{0}` its value, with a reduction in place of the update");

    public static readonly DiagnosticDescriptor RecurrenceNotSupported = new(
        "TX3002", Severity.Error, "recurrences", "`{0}` has several equations or depends on itself, which is not supported yet",
        "write `{0}` as one equation over inputs and earlier tensors");

    public static readonly DiagnosticDescriptor DataIndexNotSupported = new(
        "TX3003", Severity.Error, "indices from data", "an index of `{0}` that comes from data is not supported yet",
        "select with a condition instead: `sum(k if k == index: X[k])`");

    public static readonly DiagnosticDescriptor ElementTypeNotSupported = new(
        "TX3004", Severity.Error, "element types", "kernels over `{0}` are not supported yet",
        "store the tensor as `f32`");

    public static readonly DiagnosticDescriptor ExpressionTooDeep = new(
        "TX3005", Severity.Error, "deep expressions", "an expression of `{0}` is nested too deeply to be compiled",
        "split it over several equations");

    public static readonly DiagnosticDescriptor StorageTooLarge = new(
        "TX3101", Severity.Error, "size of storage", "`{0}` needs more than {1} bytes, which no process can have",
        "use smaller dimensions");

    /// <summary>Said by a running kernel.</summary>
    public static readonly DiagnosticDescriptor DivisionByZero = new(
        "TX5101", Severity.Error, "division by zero", "an integer is divided by zero",
        "divide under a condition: `d == 0 ? 0 : n / d`");
}
