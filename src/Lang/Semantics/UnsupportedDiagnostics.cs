using Tx.Core;

namespace Tx.Lang.Semantics;

/// <summary>Constructs that the language has and the compiler cannot run yet. Each is refused with one message.</summary>
public static class UnsupportedDiagnostics
{
    public static readonly DiagnosticDescriptor OrderNotFound = new("TX3101", Severity.Error, "order of evaluation not found",
        "no loops were found that compute the elements of `{0}` in an order in which they need each other", "let one index count the steps, and let each step need only earlier ones");
    public static readonly DiagnosticDescriptor PartialEquation = new("TX3106", Severity.Error, "left side not invertible",
        "the left side of this equation of `{0}` does not tell its indices apart", "let each subscript hold one index, such as `i`, `2 * i + 1` or `N - 1 - i`");
    public static readonly DiagnosticDescriptor ExpressionTooDeep = new("TX3107", Severity.Error, "expression too deep",
        "an expression nested more than {0} levels deep is not supported", "give parts of it names of their own");
    public static readonly DiagnosticDescriptor CallsTooDeep = new("TX3108", Severity.Error, "calls too deep",
        "calls nested more than {0} operators deep are not supported", "call fewer operators through one another");
    public static readonly DiagnosticDescriptor ConditionalArg = new("TX3109", Severity.Error, "conditional arg reductions",
        "a condition in `{0}` is not supported yet, as the range cannot be shown to hold a value", "give the excluded values the worst value instead: `c ? x : y`");
    public static readonly DiagnosticDescriptor ProgramTooLarge = new("TX3110", Severity.Error, "program too large",
        "inlining `{0}` makes this expression larger than {1} nodes, which is not supported", "give the argument a name of its own line");
    public static readonly DiagnosticDescriptor TooManyStages = new("TX3112", Severity.Error, "too many stages",
        "with the stages of `{0}` this operator has more than {1}, which is not supported", "call fewer operators, or write their equations here");
    public static readonly DiagnosticDescriptor DynamicScalar = new("TX3111", Severity.Error, "int parameters",
        "an `int` parameter that is not `const` is not supported yet", "write `const {0}: int`, or `i64` for a value that is data");
}
