using Tx.Core;

namespace Tx.Backends;

/// <summary>What a user can meet in code generation and in the libraries that it needs.</summary>
public static class BackendDiagnostics
{
    public static readonly DiagnosticDescriptor LibraryMissing = new("TX4001", Severity.Error, "libLLVM 19 is not installed",
        "the library libLLVM 19 was not found (tried {0})",
        "install it with `apt-get install libllvm19`, or set `TX_LLVM` to its path");

    public static readonly DiagnosticDescriptor LibraryVersion = new("TX4002", Severity.Error, "libLLVM of another version",
        "`{0}` is libLLVM {1}, and tx needs version 19",
        "install version 19 with `apt-get install libllvm19`, or set `TX_LLVM` to its path");

    public static readonly DiagnosticDescriptor UnsupportedElement = new("TX4003", Severity.Error, "element type not supported by the cpu backend yet",
        "elements of `{0}` are not supported on the cpu yet", "use one of bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64");

    public static readonly DiagnosticDescriptor UnsupportedStatement = new("TX4004", Severity.Error, "statement not supported by the cpu backend yet",
        "{0} is not supported on the cpu yet", "take the directive that makes it out of the schedule");

    public static readonly DiagnosticDescriptor UnalignedTensor = new("TX4005", Severity.Error, "tensor not aligned",
        "`{0}` is written past the caches and must start at a multiple of {1} bytes",
        "pass a tensor that tx has allocated, or one with that alignment");

    public static readonly DiagnosticDescriptor AssemblyRefused = new("TX4007", Severity.Error, "assembly is refused",
        "the assembler refuses what this instruction emits: {0}", "write it as the processor's manual does, with operands in braces: `emit asm \"vpaddd {{z}}, {{x}}, {{y}}\"(x, y) -> z`");

    public static readonly DiagnosticDescriptor ArchitectureMissing = new("TX4082", Severity.Error, "libLLVM without a processor",
        "this libLLVM was built without {0}", "install that of your distribution with `apt-get install libllvm19`, which has all processors, or set `TX_LLVM` to its path");

    public static readonly DiagnosticDescriptor UnsupportedProcessor = new("TX4006", Severity.Error, "processor not supported yet",
        "kernels for a {0} processor are not supported yet", "run on x86-64 or arm64");
}
