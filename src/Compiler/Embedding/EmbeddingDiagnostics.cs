using System.Collections.Immutable;
using Tx.Core;

namespace Tx;

/// <summary>What can be wrong with a request to <see cref="TxProgram"/>.</summary>
public static class EmbeddingDiagnostics
{
    public static readonly DiagnosticDescriptor UnknownOperator = new("TX5320", Severity.Error, "no such operator",
        "the program has no operator `{0}`", "{1}");

    public static readonly DiagnosticDescriptor UnknownName = new("TX5321", Severity.Error, "no such name in an operator",
        "`{0}` has no {1} `{2}`", "{3}");

    public static readonly DiagnosticDescriptor WrongValue = new("TX5322", Severity.Error, "value does not fit",
        "{1} is no value of the {2} `{3}` of `{0}`: {4}", "pass a value that the declaration admits");

    public static readonly DiagnosticDescriptor ForeignTarget = new("TX5323", Severity.Error, "target of another machine",
        "kernels for `{0}` need {1}, which this machine does not have", "leave the target out to compile for this machine, or use `tx build` for another");

    public static readonly DiagnosticDescriptor OpenConst = new("TX5324", Severity.Error, "`const` parameter without a value",
        "`{0}` needs a value of its `const` parameter `{1}`", "pass it: `new CompileOptions {{ Consts = {{ [\"{1}\"] = 1 }} }}`");

    /// <summary>Every descriptor of this stage.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = [UnknownOperator, UnknownName, WrongValue, ForeignTarget, OpenConst];

    /// <summary>What to write in the place of a name that is not there.</summary>
    internal static string NameHelp(string wrong, IEnumerable<string> names)
    {
        var known = names.Order(StringComparer.Ordinal).ToList();
        return known.Count == 0 ? "it has none" : Suggestion.For(wrong, known) is { } near ? $"did you mean `{near}`?" : $"it has {string.Join(", ", known.Select(n => $"`{n}`"))}";
    }
}
