using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Runtime;

namespace Tx.Backends.Llvm;

/// <summary>A kernel as LLVM IR, with what its image says beside the code.</summary>
/// <param name="Text">With <paramref name="Entry"/> as its one external symbol.</param>
internal sealed record LlvmModuleText(
    string Name, string Text, string Entry, ImmutableArray<KernelParameter> Parameters, long WorkspaceBytes, long WorkerBytes, ImmutableArray<KernelMessage> Messages,
    SymbolicSizes? Symbolic)
{
    /// <summary>The text without the external symbol: all in it is internal.</summary>
    public required string Body { get; init; }
    /// <summary>The internal function with the signature of <see cref="TxCall"/>.</summary>
    public required string Function { get; init; }
    /// <summary>It launches parallel loops.</summary>
    public required bool IsParallel { get; init; }
}

/// <summary>Loop IR at level <see cref="LoopLevel.Flat"/> to LLVM IR in text form. Text is parsed in about a microsecond a line, a twentieth of the time to compile it,
/// and it can be read, kept and given to LLVM's own tools.</summary>
internal static class LlvmEmitter
{
    /// <param name="origins">Not null: gets the origins of instructions, which then say them.</param>
    /// <exception cref="DiagnosticException">TX4003 or TX4004: not supported on the cpu.</exception>
    public static LlvmModuleText Emit(LoopModule module, EmitterTarget target, OriginTable? origins = null)
    {
        if (module.Level is not LoopLevel.Flat) throw new CompilerBugException("llvm emitter", $"a module at level {module.Level}");
        if (module.Functions is not [{ Target: null } function])
            throw new DiagnosticException(BackendDiagnostics.UnsupportedStatement, null, "a kernel of several functions");
        var emitter = new ModuleEmitter(function, target, origins);
        string text = emitter.Emit(out string symbol, out string entry);
        return new(
            function.Name, text + ModuleEmitter.External(entry, symbol), entry, [.. function.Parameters.Select(b => Parameter(b, emitter.AlignmentOf(b)))],
            emitter.Plan.SharedBytes, emitter.Plan.WorkerBytes, [.. emitter.Messages], SizeProgramBuilder.Of(function, emitter.Plan))
        {
            Body = text, Function = symbol, IsParallel = emitter.IsParallel,
        };
    }

    private static KernelParameter Parameter(Lower.Ir.Buffer b, int alignment) =>
        new(b.Name, b.TensorType, [.. b.TensorShape.Select(e => (e as IntImm)?.Value)], b.Role is BufferRole.Output) { Alignment = alignment };
}
