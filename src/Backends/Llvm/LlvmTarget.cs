using System.Runtime.InteropServices;
using Tx.Backends.Llvm.Native;
using Tx.Core;

namespace Tx.Backends.Llvm;

/// <summary>A machine in LLVM's words.</summary>
internal sealed record LlvmTarget(string Triple, string Cpu, string Features)
{
    // Registering a target is for the whole process and cannot be undone.
    private static readonly Lazy<bool> X86 = new(() => Register("X86"), LazyThreadSafetyMode.ExecutionAndPublication);
    private static readonly Lazy<bool> AArch64 = new(() => Register("AArch64"), LazyThreadSafetyMode.ExecutionAndPublication);
    private static readonly Lazy<bool> Arm = new(() => Register("ARM"), LazyThreadSafetyMode.ExecutionAndPublication);

    /// <summary>Without an operating system, code stays where it is linked to.</summary>
    public RelocationMode Relocation => Triple.Contains("-none-", StringComparison.Ordinal) ? RelocationMode.Static : RelocationMode.Pic;

    /// <summary>Makes this machine's processor known to LLVM.</summary>
    public static void EnsureRegistered() => EnsureRegistered(RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => CpuArchitecture.X86,
        Architecture.Arm64 => CpuArchitecture.AArch64,
        var other => throw new DiagnosticException(BackendDiagnostics.UnsupportedProcessor, null, other.ToString().ToLowerInvariant()),
    });

    /// <summary>Makes a family of processors known to LLVM.</summary>
    /// <exception cref="DiagnosticException">TX4082: this libLLVM was built without it.</exception>
    public static void EnsureRegistered(CpuArchitecture architecture) => _ = architecture switch
    {
        CpuArchitecture.X86 => X86.Value,
        CpuArchitecture.AArch64 => AArch64.Value,
        CpuArchitecture.Arm => Arm.Value,
    };

    /// <exception cref="DiagnosticException">TX4001, TX4002 or TX4082.</exception>
    public static LlvmTarget Of(CpuTarget target)
    {
        LlvmLibrary.EnsureLoaded();
        EnsureRegistered(target.Architecture);
        string triple = target.Triple ?? LlvmC.Take(LlvmC.LLVMGetDefaultTargetTriple());
        // A virtual machine may hide features of the CPU that it names: the list decides.
        return target.Name == "host" ? new(triple, LlvmC.Take(LlvmC.LLVMGetHostCPUName()), LlvmC.Take(LlvmC.LLVMGetHostCPUFeatures()))
            : target.Processor is { } processor ? new(triple, processor, target.FeatureChanges)
            : new(triple, target.Name, string.Join(",", target.Features.Select(f => "+" + f)));
    }

    private static unsafe bool Register(string architecture)
    {
        foreach (string part in new[] { "TargetInfo", "Target", "TargetMC", "AsmPrinter", "AsmParser" })
        {
            if (!NativeLibrary.TryGetExport(LlvmLibrary.Handle, $"LLVMInitialize{architecture}{part}", out nint initialise))
                throw new DiagnosticException(BackendDiagnostics.ArchitectureMissing, null, architecture);
            ((delegate* unmanaged<void>)initialise)();
        }
        return true;
    }
}
