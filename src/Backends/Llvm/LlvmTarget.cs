using System.Runtime.InteropServices;
using Tx.Backends.Llvm.Native;
using Tx.Core;

namespace Tx.Backends.Llvm;

/// <summary>A machine in LLVM's words.</summary>
internal sealed record LlvmTarget(string Triple, string Cpu, string Features)
{
    // Registering a target is for the whole process and cannot be undone.
    private static readonly Lazy<bool> Registered = new(Register, LazyThreadSafetyMode.ExecutionAndPublication);

    public static void EnsureRegistered() => _ = Registered.Value;

    /// <exception cref="DiagnosticException">TX4001 or TX4002.</exception>
    public static LlvmTarget Of(CpuTarget target)
    {
        LlvmLibrary.EnsureLoaded();
        string triple = LlvmC.Take(LlvmC.LLVMGetDefaultTargetTriple());
        // A virtual machine may hide features of the CPU that it names: the list decides.
        return target.Name == "host"
            ? new(triple, LlvmC.Take(LlvmC.LLVMGetHostCPUName()), LlvmC.Take(LlvmC.LLVMGetHostCPUFeatures()))
            : new(triple, target.Name, string.Join(",", target.Features.Select(f => "+" + f)));
    }

    private static bool Register()
    {
        LlvmLibrary.EnsureLoaded();
        switch (RuntimeInformation.ProcessArchitecture)
        {
            case Architecture.X64:
                LlvmC.LLVMInitializeX86TargetInfo();
                LlvmC.LLVMInitializeX86Target();
                LlvmC.LLVMInitializeX86TargetMC();
                LlvmC.LLVMInitializeX86AsmPrinter();
                LlvmC.LLVMInitializeX86AsmParser();
                return true;
            case Architecture.Arm64:
                LlvmC.LLVMInitializeAArch64TargetInfo();
                LlvmC.LLVMInitializeAArch64Target();
                LlvmC.LLVMInitializeAArch64TargetMC();
                LlvmC.LLVMInitializeAArch64AsmPrinter();
                LlvmC.LLVMInitializeAArch64AsmParser();
                return true;
            case var other:
                throw new DiagnosticException(BackendDiagnostics.UnsupportedProcessor, null, other.ToString().ToLowerInvariant());
        }
    }
}
