using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>What can go wrong while tensors are made, read, written and passed to kernels. A kernel's own checks carry their code and
/// text in its <see cref="KernelMessage"/>s.</summary>
public static class RuntimeDiagnostics
{
    public static readonly DiagnosticDescriptor NegativeExtent = new("TX5001", Severity.Error, "negative extent",
        "dimension {0} of a tensor has the extent {1}", "an extent is 0 or more");

    public static readonly DiagnosticDescriptor TensorTooLarge = new("TX5002", Severity.Error, "tensor too large to address",
        "a tensor `{0}` has more bytes than a 64-bit address can count", "use smaller extents");

    public static readonly DiagnosticDescriptor OutOfMemory = new("TX5003", Severity.Error, "out of memory",
        "a tensor `{0}` needs {1}, and {2} are left", "use smaller extents, or free tensors that are no longer used");

    public static readonly DiagnosticDescriptor UnsupportedElement = new("TX5004", Severity.Error, "element type of no tensor",
        "a tensor cannot have elements of type `{0}`", "store indices as `i64`");

    public static readonly DiagnosticDescriptor CannotRead = new("TX5010", Severity.Error, "file cannot be read",
        "`{0}` cannot be read: {1}", "check the path; in a program it starts at the program's folder");

    public static readonly DiagnosticDescriptor NotNpy = new("TX5011", Severity.Error, "not a .npy file",
        "`{0}` is not a .npy file: {1}", "write it with `numpy.save` or `save`");

    public static readonly DiagnosticDescriptor BadNpyHeader = new("TX5012", Severity.Error, "malformed .npy header",
        "the header of `{0}` is malformed: {1}", "write the file again with `numpy.save`");

    public static readonly DiagnosticDescriptor UnsupportedNpyType = new("TX5013", Severity.Error, "data type of a .npy file not supported yet",
        "`{0}` holds elements of NumPy's type `{1}`, which is not supported yet", "convert them first: `a.astype(numpy.float32)`");

    public static readonly DiagnosticDescriptor TruncatedNpy = new("TX5014", Severity.Error, "truncated .npy file",
        "`{0}` ends early: its header announces {1} bytes of data, and {2} follow", "write or copy the file again");

    public static readonly DiagnosticDescriptor TrailingNpy = new("TX5015", Severity.Error, "bytes after the data of a .npy file",
        "`{0}` has {2} bytes of data where its header announces {1}", "write the file again; a .npy file holds one array");

    public static readonly DiagnosticDescriptor CannotWrite = new("TX5016", Severity.Error, "file cannot be written",
        "`{0}` cannot be written: {1}", "check that the folder exists, is writable and has room");

    public static readonly DiagnosticDescriptor DamagedNpz = new("TX5017", Severity.Error, "damaged .npz archive",
        "`{0}` is no whole .npz archive: {1}", "write it again with `numpy.savez` or `save`");

    public static readonly DiagnosticDescriptor MissingArray = new("TX5018", Severity.Error, "array not in a .npz archive",
        "`{0}` has no array `{1}`; it has {2}", "name one that it has");

    public static readonly DiagnosticDescriptor ArgumentCount = new("TX5020", Severity.Error, "wrong number of kernel arguments",
        "kernel `{0}` takes {1} tensors (inputs, then outputs), and {2} were passed", "pass one tensor for each parameter and result");

    public static readonly DiagnosticDescriptor ArgumentType = new("TX5021", Severity.Error, "kernel argument has another element type",
        "`{1}` of kernel `{0}` has elements of type `{2}`, and `{3}` was passed", "convert the tensor, or compile the kernel for this type");

    public static readonly DiagnosticDescriptor ArgumentShape = new("TX5022", Severity.Error, "kernel argument has another shape",
        "`{1}` of kernel `{0}` is `{2}`, and `{3}` was passed", "compile the kernel for this shape");

    public static readonly DiagnosticDescriptor ArgumentAlias = new("TX5023", Severity.Error, "output aliases another argument",
        "the output `{1}` of kernel `{0}` shares memory with its argument `{2}`", "pass memory of its own for each output");

    public static readonly DiagnosticDescriptor WorkspaceMemory = new("TX5024", Severity.Error, "no memory for a kernel's workspace",
        "kernel `{0}` needs {1} of workspace, and the system has no room for it", "free tensors that are no longer used, or use smaller shapes");

    public static readonly DiagnosticDescriptor SizesTooLarge = new("TX5025", Severity.Error, "sizes too large for a kernel",
        "`{0}` needs more than {1} bytes for these sizes, which no process can have", "use smaller dimensions");

    public static readonly DiagnosticDescriptor SliceRank = new("TX5030", Severity.Error, "wrong number of dimensions in a slice",
        "a slice of `{0}` names {1} dimensions", "name each of its dimensions");

    public static readonly DiagnosticDescriptor SliceRange = new("TX5031", Severity.Error, "slice out of range",
        "the slice {1}..{2} of dimension {0} does not lie in 0..{3}", "keep 0 <= start <= end <= extent");

    public static readonly DiagnosticDescriptor ComparedTypes = new("TX5040", Severity.Error, "tensors of different types compared",
        "`{0}` cannot be compared with `{1}`", "compare tensors of one element type and one shape");

    public static readonly DiagnosticDescriptor FillValue = new("TX5050", Severity.Error, "value outside the element type",
        "{0} is not a value of `{1}`", "use a wider element type");

    public static readonly DiagnosticDescriptor PackedValue = new("TX5051", Severity.Error, "value outside the packed type",
        "the element {0} at [{1}] is not a value of `{2}`", "declare a wider type, or load the file without a type");

    /// <summary>Every descriptor of this stage.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
    [
        NegativeExtent, TensorTooLarge, OutOfMemory, UnsupportedElement, CannotRead, NotNpy, BadNpyHeader, UnsupportedNpyType, TruncatedNpy,
        TrailingNpy, CannotWrite, DamagedNpz, MissingArray, ArgumentCount, ArgumentType, ArgumentShape, ArgumentAlias, WorkspaceMemory, SizesTooLarge,
        SliceRank, SliceRange, ComparedTypes, FillValue, PackedValue,
    ];
}
