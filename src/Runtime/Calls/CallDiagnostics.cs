using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>What can be wrong with the arguments of a call beside count, type, shape and sharing: see <see cref="RuntimeDiagnostics"/>.</summary>
public static class CallDiagnostics
{
    public static readonly DiagnosticDescriptor ClrType = new("TX5301", Severity.Error, "no element type",
        "an argument has elements of the .NET type `{0}`, which is no element type of tx",
        "use bool, sbyte, short, int, long, byte, ushort, uint, ulong, Half, float or double; ushort for bf16, byte for packed integers");

    public static readonly DiagnosticDescriptor Missing = new("TX5302", Severity.Error, "kernel argument is null",
        "`{1}` of kernel `{0}` is null", "pass memory for each parameter and result");

    public static readonly DiagnosticDescriptor NoShape = new("TX5303", Severity.Error, "kernel argument without a shape",
        "`{1}` of kernel `{0}` decides a size, and {2} has no shape",
        "wrap it, as in `new ReadOnlyTensorSpan<float>(span, [rows, columns])`, or compile the kernel for fixed sizes");

    public static readonly DiagnosticDescriptor NegativeStride = new("TX5304", Severity.Error, "negative stride",
        "dimension {2} of `{1}` of kernel `{0}` has the stride {3}", "pass a view whose strides are 0 or more");

    public static readonly DiagnosticDescriptor SharedElements = new("TX5305", Severity.Error, "elements of an output share memory",
        "two elements of the output `{1}` of kernel `{0}` may share memory: extents [{2}], strides [{3}]", "pass an output in which each element has memory of its own");

    public static readonly DiagnosticDescriptor ViewTooLarge = new("TX5306", Severity.Error, "view larger than an address space",
        "`{1}` of kernel `{0}` spans more than {2} bytes from its first element", "check extents and strides; both are counted in elements");

    public static readonly DiagnosticDescriptor Misaligned = new("TX5307", Severity.Error, "misaligned kernel argument",
        "`{1}` of kernel `{0}` starts at an address that is no multiple of {2} bytes, the size of a {3}", "start at a whole element");

    public static readonly DiagnosticDescriptor ReadOnlyOutput = new("TX5308", Severity.Error, "output is read-only",
        "the output `{1}` of kernel `{0}` was passed as read-only memory", "pass a `Span`, a `TensorSpan`, an array or a `Tensor`");

    public static readonly DiagnosticDescriptor ContiguousOnly = new("TX5309", Severity.Error, "kernel takes contiguous tensors",
        "`{1}` of kernel `{0}` has strides of its own, and the kernel was compiled without variants for views", "pass a contiguous tensor, or compile the operator through `TxProgram`");

    /// <summary>In an <see cref="ObjectDisposedException"/>.</summary>
    public static readonly DiagnosticDescriptor Disposed = new("TX5310", Severity.Error, "kernel is disposed",
        "kernel `{0}` is disposed", "keep it until the last call");

    /// <summary>Every descriptor of this stage.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
        [ClrType, Missing, NoShape, NegativeStride, SharedElements, ViewTooLarge, Misaligned, ReadOnlyOutput, ContiguousOnly, Disposed];
}
