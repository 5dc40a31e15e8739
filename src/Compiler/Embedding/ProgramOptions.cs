using System.Collections.Immutable;
using Tx.Core;

namespace Tx;

/// <summary>Settings of a <see cref="TxProgram"/>.</summary>
public sealed class ProgramOptions
{
    /// <summary>Values that stand in for those of <c>const</c> declarations, by name (<c>-D name=value</c>); 0 or 1 for a <c>bool</c>.</summary>
    public IDictionary<string, double> Defines { get; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>The CPU that kernels are made for; this machine must have its features. Null: this machine.</summary>
    public CpuTarget? Target { get; init; }

    internal ImmutableDictionary<string, Scalar> Constants => Defines.ToImmutableDictionary(d => d.Key, d => Numbers.Of(d.Value), StringComparer.Ordinal);
}

/// <summary>What an operator is compiled for. What is left out: all sizes, the schedule that dispatch takes, the usual types and the defaults of <c>const</c> parameters.</summary>
public sealed class CompileOptions
{
    /// <summary>Sizes of dimensions in elements, by name. Those that are left out are read from the arguments of each call.</summary>
    public IDictionary<string, long> Sizes { get; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Values of <c>const</c> parameters, by name; 0 or 1 for a <c>bool</c>.</summary>
    public IDictionary<string, double> Consts { get; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>Element types of a generic operator, by name (<c>T</c>).</summary>
    public IDictionary<string, ElementType> Types { get; } = new Dictionary<string, ElementType>(StringComparer.Ordinal);

    /// <summary>Numbers of dimensions of a generic operator's packs, by name (<c>S</c> of <c>..S</c>).</summary>
    public IDictionary<string, int> Ranks { get; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>The name of a schedule. Null: the one that dispatch takes, or else the default.</summary>
    public string? Schedule { get; init; }

    /// <summary>Values of the named schedule's knobs, by name.</summary>
    public IDictionary<string, long> Knobs { get; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Runs the kernel's parallel loops; it stays the caller's to dispose, after the kernel. Null: the process's own, one thread a processor.</summary>
    public Tx.Runtime.WorkerPool? Pool { get; init; }
}

internal static class Numbers
{
    /// <summary>A number as the language reads it: whole ones are integers.</summary>
    public static Scalar Of(double value) =>
        Math.Truncate(value) == value && Math.Abs(value) < 1L << 53 ? Scalar.Index((long)value) : Scalar.Of(ElementType.F64, value);
}
