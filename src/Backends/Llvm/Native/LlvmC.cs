using System.Runtime.InteropServices;

namespace Tx.Backends.Llvm.Native;

/// <summary>The part of the LLVM-C interface that tx uses, under its own names. Call <see cref="LlvmLibrary.EnsureLoaded"/> first.
/// <c>char*</c> results are <see cref="MessageRef"/> (ours to dispose of) or <c>nint</c> (borrowed), never <c>string</c>: the marshaller would free them
/// with the wrong allocator.</summary>
internal static unsafe partial class LlvmC
{
    internal const string Library = "LLVM";

    static LlvmC() => NativeLibrary.SetDllImportResolver(typeof(LlvmC).Assembly, static (name, _, _) => name == Library ? LlvmLibrary.Handle : 0);

    [LibraryImport(Library)] internal static partial void LLVMGetVersion(out uint major, out uint minor, out uint patch);
    [LibraryImport(Library)] internal static partial void LLVMInstallFatalErrorHandler(delegate* unmanaged<byte*, void> handler);


    [LibraryImport(Library)] internal static partial MessageRef LLVMGetDefaultTargetTriple();
    [LibraryImport(Library)] internal static partial MessageRef LLVMGetHostCPUName();
    [LibraryImport(Library)] internal static partial MessageRef LLVMGetHostCPUFeatures();
    [LibraryImport(Library)] internal static partial void LLVMDisposeMessage(MessageRef message);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial LlvmBool LLVMGetTargetFromTriple(string triple, out TargetRef target, out MessageRef error);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial TargetMachineRef LLVMCreateTargetMachine(TargetRef target, string triple, string cpu, string features, CodegenLevel level, RelocationMode reloc, CodeModel model);
    [LibraryImport(Library)] internal static partial void LLVMDisposeTargetMachine(TargetMachineRef machine);
    [LibraryImport(Library)] internal static partial TargetDataRef LLVMCreateTargetDataLayout(TargetMachineRef machine);
    [LibraryImport(Library)] internal static partial void LLVMDisposeTargetData(TargetDataRef data);
    /// <summary>Runs the code generator on the module itself: it is used up afterwards.</summary>
    [LibraryImport(Library)]
    internal static partial LlvmBool LLVMTargetMachineEmitToMemoryBuffer(TargetMachineRef machine, ModuleRef module, CodegenFile file, out MessageRef error, out MemoryBufferRef buffer);

    [LibraryImport(Library)] internal static partial ContextRef LLVMContextCreate();
    [LibraryImport(Library)] internal static partial void LLVMContextDispose(ContextRef context);
    [LibraryImport(Library)] internal static partial void LLVMContextSetDiagnosticHandler(ContextRef context, delegate* unmanaged<DiagnosticInfoRef, nint, void> handler, nint state);
    [LibraryImport(Library)] internal static partial MessageRef LLVMGetDiagInfoDescription(DiagnosticInfoRef info);
    [LibraryImport(Library)] internal static partial DiagnosticSeverity LLVMGetDiagInfoSeverity(DiagnosticInfoRef info);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial void LLVMSetTarget(ModuleRef module, string triple);
    [LibraryImport(Library)] internal static partial void LLVMSetModuleDataLayout(ModuleRef module, TargetDataRef data);
    [LibraryImport(Library)] internal static partial LlvmBool LLVMVerifyModule(ModuleRef module, VerifierFailure action, out MessageRef error);
    [LibraryImport(Library)] internal static partial MessageRef LLVMPrintModuleToString(ModuleRef module);
    [LibraryImport(Library)] internal static partial void LLVMDisposeModule(ModuleRef module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial MemoryBufferRef LLVMCreateMemoryBufferWithMemoryRangeCopy(byte* data, nuint length, string name);
    [LibraryImport(Library)] internal static partial byte* LLVMGetBufferStart(MemoryBufferRef buffer);
    [LibraryImport(Library)] internal static partial nuint LLVMGetBufferSize(MemoryBufferRef buffer);
    [LibraryImport(Library)] internal static partial void LLVMDisposeMemoryBuffer(MemoryBufferRef buffer);
    /// <summary>Takes the buffer over, also when it fails.</summary>
    [LibraryImport(Library)] internal static partial LlvmBool LLVMParseIRInContext(ContextRef context, MemoryBufferRef buffer, out ModuleRef module, out MessageRef error);

    [LibraryImport(Library)] internal static partial PassBuilderOptionsRef LLVMCreatePassBuilderOptions();
    [LibraryImport(Library)] internal static partial void LLVMDisposePassBuilderOptions(PassBuilderOptionsRef options);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ErrorRef LLVMRunPasses(ModuleRef module, string passes, TargetMachineRef machine, PassBuilderOptionsRef options);

    [LibraryImport(Library)] internal static partial nint LLVMGetErrorMessage(ErrorRef error);
    [LibraryImport(Library)] internal static partial void LLVMDisposeErrorMessage(nint message);

    [LibraryImport(Library)] internal static partial OrcBuilderRef LLVMOrcCreateLLJITBuilder();
    /// <summary>Takes the builder over, also when it fails.</summary>
    [LibraryImport(Library)] internal static partial ErrorRef LLVMOrcCreateLLJIT(out OrcJitRef jit, OrcBuilderRef builder);
    [LibraryImport(Library)] internal static partial ErrorRef LLVMOrcDisposeLLJIT(OrcJitRef jit);
    [LibraryImport(Library)] internal static partial OrcDylibRef LLVMOrcLLJITGetMainJITDylib(OrcJitRef jit);
    [LibraryImport(Library)] internal static partial OrcSessionRef LLVMOrcLLJITGetExecutionSession(OrcJitRef jit);
    [LibraryImport(Library)]
    internal static partial void LLVMOrcExecutionSessionSetErrorReporter(OrcSessionRef session, delegate* unmanaged<nint, ErrorRef, void> reporter, nint state);
    [LibraryImport(Library)] internal static partial OrcTrackerRef LLVMOrcJITDylibCreateResourceTracker(OrcDylibRef dylib);
    [LibraryImport(Library)] internal static partial ErrorRef LLVMOrcResourceTrackerRemove(OrcTrackerRef tracker);
    [LibraryImport(Library)] internal static partial void LLVMOrcReleaseResourceTracker(OrcTrackerRef tracker);
    /// <summary>Takes the buffer over, also when it fails.</summary>
    [LibraryImport(Library)] internal static partial ErrorRef LLVMOrcLLJITAddObjectFileWithRT(OrcJitRef jit, OrcTrackerRef tracker, MemoryBufferRef buffer);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ErrorRef LLVMOrcLLJITLookup(OrcJitRef jit, out ulong address, string name);

    /// <summary>The text of a message, which is disposed of.</summary>
    internal static string Take(MessageRef message)
    {
        if (message.IsNull) return "";
        string text = Marshal.PtrToStringUTF8(message.Pointer) ?? "";
        LLVMDisposeMessage(message);
        return text;
    }

    /// <summary>The text of an error, which is used up.</summary>
    internal static string Take(ErrorRef error)
    {
        nint message = LLVMGetErrorMessage(error);
        string text = Marshal.PtrToStringUTF8(message) ?? "";
        LLVMDisposeErrorMessage(message);
        return text;
    }
}
