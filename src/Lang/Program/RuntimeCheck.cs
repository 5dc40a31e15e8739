using System.Globalization;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>Something that depends on data, is not proved, and so is checked when the kernel runs, before it is used. A kernel whose check
/// fails stops with <see cref="Descriptor"/>; its outputs are unspecified.</summary>
/// <param name="Reader">The tensor whose equation needs it.</param>
public abstract record RuntimeCheck(string Reader)
{
    /// <summary>The place to blame.</summary>
    public abstract SourceSpan? Span { get; }
    public abstract DiagnosticDescriptor Descriptor { get; }
    /// <summary>The message as a composite format over the values of the failing check: <c>{0}</c>, <c>{1}</c>.</summary>
    public abstract string Format { get; }
    /// <summary>What is checked, in a few words: <c>`id[b]` is in 0..V</c>.</summary>
    public abstract string Condition { get; }

    /// <summary>The error of a check that failed with these values.</summary>
    public DiagnosticException Failure(params object?[] values) =>
        new(new Diagnostic(Descriptor, Span, string.Format(CultureInfo.InvariantCulture, Format, values), Descriptor.Help.Length == 0 ? null : Descriptor.Help, []));

    private protected string Fill(params ReadOnlySpan<object?> arguments) => string.Format(CultureInfo.InvariantCulture, Descriptor.Message, arguments);

    private protected static string Range(Term index, Term extent) => $"`{Terms.PrintIndex(index)}` is in 0..{Terms.Print(extent)}";
}

/// <summary>The index of one dimension of a read. Its values are the index (see <see cref="IndexDigits"/>) and the extent.</summary>
public sealed record ReadCheck(string Reader, ReadTerm Read, int Dimension) : RuntimeCheck(Reader)
{
    public Term Index => Read.Indices[Dimension];
    public override SourceSpan? Span => Index.Span ?? Read.Span;
    public override DiagnosticDescriptor Descriptor => RuntimeCheckDiagnostics.IndexOutside;
    public override string Format => Fill(Reader, Terms.Print(new ReadTerm(Read.Tensor, Read.Indices)), IndexDigits.Format(Index), Dimension, "{1}");
    public override string Condition => $"{Range(Index, Read.Tensor.Shape[Dimension])} of `{Read.Tensor.Name}`";
}

/// <summary>The index of one dimension of what an update writes. Its values are the index and the extent.</summary>
public sealed record WriteCheck(string Reader, Target Target, int Dimension) : RuntimeCheck(Reader)
{
    public Term Index => Target.Indices[Dimension];
    public override SourceSpan? Span => Index.Span;
    public override DiagnosticDescriptor Descriptor => RuntimeCheckDiagnostics.TargetOutside;
    public override string Format => Fill($"{Target.Tensor.Name}[{Terms.PrintIndices(Target.Indices)}]", IndexDigits.Format(Index), Dimension, "{1}");
    public override string Condition => $"{Range(Index, Target.Tensor.Shape[Dimension])} of `{Target.Tensor.Name}`";
}

/// <summary>The divisor of a division of integers is not 0. It has no values.</summary>
public sealed record DivisorCheck(string Reader, BinaryTerm Division) : RuntimeCheck(Reader)
{
    public override SourceSpan? Span => Division.Span;
    public override DiagnosticDescriptor Descriptor => RuntimeCheckDiagnostics.DivisionByZero;
    public override string Format => Fill(Reader, Terms.Print(Division.Right));
    public override string Condition => $"`{Terms.Print(Division.Right)}` is not 0";
}

/// <summary>The amount of a shift is in 0..width. It has no values.</summary>
public sealed record ShiftCheck(string Reader, BinaryTerm Shift) : RuntimeCheck(Reader)
{
    public int Width => Shift.Type.Bits;
    // As it was written: it may have been converted to the type of what is shifted.
    private string Amount => Shift.Right.Span?.Text ?? Terms.Print(Shift.Right);
    public override SourceSpan? Span => Shift.Span;
    public override DiagnosticDescriptor Descriptor => RuntimeCheckDiagnostics.ShiftOutside;
    public override string Format => Fill(Reader, Amount, Width);
    public override string Condition => $"`{Amount}` is in 0..{Width}";
}

/// <summary>How an index is shown that a check found outside. An index is a signed number of 64 bits in a kernel; one that comes straight from
/// a <c>u64</c> is shown in two parts, all digits but the last and the last, so that values from 2⁶³ on keep their sign.</summary>
public static class IndexDigits
{
    public static bool IsUnsigned(Term index) => index is CastTerm { Kind: CastKind.Convert, Operand.Type: ElementType.U64 };

    // The extent is value 1 in both.
    internal static string Format(Term index) => IsUnsigned(index) ? "{0:#}{2}" : "{0}";

    /// <summary>The values of a failing check.</summary>
    public static object?[] Values(Term index, long value, long extent) => IsUnsigned(index)
        ? [unchecked((long)((ulong)value / 10)), extent, unchecked((long)((ulong)value % 10))]
        : [value, extent];
}

/// <summary>What a kernel, and the reference evaluator, say when data does not keep to what is checked.</summary>
public static class RuntimeCheckDiagnostics
{
    public static readonly DiagnosticDescriptor DivisionByZero = new("TX5062", Severity.Error, "integer division by zero",
        "`{0}` divides an integer by `{1}`, which is 0", "test the divisor first: `d == 0 ? … : n / d`");
    public static readonly DiagnosticDescriptor IndexOutside = new("TX5070", Severity.Error, "index from data outside",
        "`{0}` reads `{1}` at {2} in dimension {3}, extent {4}", "mend the data, or give the outside a value: `X[…] ?? 0`");
    public static readonly DiagnosticDescriptor TargetOutside = new("TX5071", Severity.Error, "target from data outside",
        "`{0}` is written at {1} in dimension {2}, extent {3}", "mend the data, or update only where the index is inside");
    public static readonly DiagnosticDescriptor ShiftOutside = new("TX5072", Severity.Error, "shift from data out of range",
        "`{0}` shifts by `{1}`, which is outside 0..{2}", "shift by what stays in the range, such as `n % 32`");
}
