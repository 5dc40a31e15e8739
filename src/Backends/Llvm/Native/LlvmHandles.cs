namespace Tx.Backends.Llvm.Native;

// One blittable type for each kind of handle: a module cannot be passed where a context is meant.

internal readonly record struct ContextRef(nint Pointer);
internal readonly record struct ModuleRef(nint Pointer);
internal readonly record struct MemoryBufferRef(nint Pointer);
internal readonly record struct TargetRef(nint Pointer);
internal readonly record struct TargetMachineRef(nint Pointer);
internal readonly record struct TargetDataRef(nint Pointer);
internal readonly record struct DiagnosticInfoRef(nint Pointer);
internal readonly record struct PassBuilderOptionsRef(nint Pointer);
internal readonly record struct OrcBuilderRef(nint Pointer);
internal readonly record struct OrcJitRef(nint Pointer);
internal readonly record struct OrcSessionRef(nint Pointer);
internal readonly record struct OrcDylibRef(nint Pointer);
internal readonly record struct OrcTrackerRef(nint Pointer);

/// <summary>A string that LLVM owns until it is disposed of.</summary>
internal readonly record struct MessageRef(nint Pointer)
{
    public bool IsNull => Pointer == 0;
}

/// <summary>Null is success.</summary>
internal readonly record struct ErrorRef(nint Pointer)
{
    public bool IsSuccess => Pointer == 0;
}

/// <summary>LLVM's bool. Where a function can fail, <see cref="False"/> is success.</summary>
internal enum LlvmBool { False, True }

internal enum DiagnosticSeverity { Error, Warning, Remark, Note }
internal enum CodegenLevel { None, Less, Default, Aggressive }
internal enum RelocationMode { Default, Static, Pic }
internal enum CodeModel { Default }
internal enum CodegenFile { Assembly, Object }
internal enum VerifierFailure { AbortProcess, PrintMessage, ReturnStatus }
