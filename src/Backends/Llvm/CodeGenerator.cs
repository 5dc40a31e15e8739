using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Tx.Backends.Llvm.Native;
using Tx.Core;

namespace Tx.Backends.Llvm;

/// <summary>LLVM IR in text form to object code or assembly. It runs on a <see cref="CompileThread"/>, with an LLVM context of its own.</summary>
internal static unsafe class CodeGenerator
{
    /// <summary>What LLVM does to the IR before it generates code. Loops, vectors and unrolling are decided before: these passes only bring stack slots into
    /// registers, merge equal addresses and hoist what is invariant. (The standard pipelines give no faster kernels and take twice as long.)</summary>
    public const string Pipeline = "function(sroa,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(licm))";

    public const CodegenLevel Level = CodegenLevel.Default;

    /// <exception cref="CompilerBugException">LLVM refuses the text; a file with it is named.</exception>
    public static ImmutableArray<byte> Compile(string text, LlvmTarget target, CodegenFile file)
    {
        var context = LlvmC.LLVMContextCreate();
        var errors = new List<string>();
        var state = GCHandle.Alloc(errors);
        var machine = default(TargetMachineRef);
        var module = default(ModuleRef);
        try
        {
            LlvmC.LLVMContextSetDiagnosticHandler(context, &OnDiagnostic, GCHandle.ToIntPtr(state));
            machine = CreateMachine(target);
            module = Parse(context, text);
            LlvmC.LLVMSetTarget(module, target.Triple);
            var data = LlvmC.LLVMCreateTargetDataLayout(machine);
            LlvmC.LLVMSetModuleDataLayout(module, data);
            LlvmC.LLVMDisposeTargetData(data);
            Verify(module, text, "the emitter's module");
            Optimise(module, machine, text);
            var status = LlvmC.LLVMTargetMachineEmitToMemoryBuffer(machine, module, file, out var message, out var buffer);
            if (status is not LlvmBool.False) throw Refused(text, "code generation", LlvmC.Take(message));
            try
            {
                // LLVM may report an error and go on.
                if (errors.Count > 0)
                    throw text.Contains(" asm ", StringComparison.Ordinal) ? new DiagnosticException(BackendDiagnostics.AssemblyRefused, null, string.Join("; ", errors.Select(e => e.Split('\n')[0].Trim()).Distinct()))
                        : Refused(text, "code generation", string.Join("; ", errors));
                return ImmutableArray.Create(new ReadOnlySpan<byte>(LlvmC.LLVMGetBufferStart(buffer), checked((int)LlvmC.LLVMGetBufferSize(buffer))));
            }
            finally
            {
                LlvmC.LLVMDisposeMemoryBuffer(buffer);
            }
        }
        finally
        {
            if (module.Pointer != 0) LlvmC.LLVMDisposeModule(module);
            if (machine.Pointer != 0) LlvmC.LLVMDisposeTargetMachine(machine);
            LlvmC.LLVMContextDispose(context);
            state.Free();
        }
    }

    private static TargetMachineRef CreateMachine(LlvmTarget target)
    {
        if (LlvmC.LLVMGetTargetFromTriple(target.Triple, out var t, out var error) is not LlvmBool.False)
            throw new CompilerBugException("llvm", $"no target for `{target.Triple}`: {LlvmC.Take(error)}");
        var machine = LlvmC.LLVMCreateTargetMachine(t, target.Triple, target.Cpu, target.Features, Level, target.Relocation, CodeModel.Default);
        return machine.Pointer != 0 ? machine : throw new CompilerBugException("llvm", $"no target machine for `{target.Triple}`");
    }

    private static ModuleRef Parse(ContextRef context, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            var buffer = LlvmC.LLVMCreateMemoryBufferWithMemoryRangeCopy(start, (nuint)bytes.Length, "kernel.ll");
            return LlvmC.LLVMParseIRInContext(context, buffer, out var module, out var error) is LlvmBool.False
                ? module : throw Refused(text, "parsing", LlvmC.Take(error));
        }
    }

    private static void Verify(ModuleRef module, string text, string what)
    {
        bool broken = LlvmC.LLVMVerifyModule(module, VerifierFailure.ReturnStatus, out var error) is not LlvmBool.False;
        string message = LlvmC.Take(error);
        if (broken) throw Refused(text, what, message);
    }

    private static void Optimise(ModuleRef module, TargetMachineRef machine, string text)
    {
        var options = LlvmC.LLVMCreatePassBuilderOptions();
        var error = LlvmC.LLVMRunPasses(module, Pipeline, machine, options);
        LlvmC.LLVMDisposePassBuilderOptions(options);
        if (!error.IsSuccess) throw Refused(text, "optimisation", LlvmC.Take(error));
    }

    /// <summary>A defect of the emitter: keeps the text, so that LLVM's own tools can be asked about it.</summary>
    private static CompilerBugException Refused(string text, string phase, string message)
    {
        string path = Path.Combine(Path.GetTempPath(), $"tx-{StableHash.Of(text)}.ll");
        try { File.WriteAllText(path, text); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { path = $"not kept: {e.Message}"; }
        return new("llvm", $"{phase} failed: {message.Trim()} (module: {path})");
    }

    [UnmanagedCallersOnly]
    private static void OnDiagnostic(DiagnosticInfoRef info, nint state)
    {
        if (LlvmC.LLVMGetDiagInfoSeverity(info) is not DiagnosticSeverity.Error) return;
        ((List<string>)GCHandle.FromIntPtr(state).Target!).Add(LlvmC.Take(LlvmC.LLVMGetDiagInfoDescription(info)));
    }
}
