using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Tx.Backends.Llvm.Native;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lower.Ir;
using Tx.Runtime;

namespace Tx.Backends.Llvm;

/// <summary>Compiles loop IR at level <see cref="LoopLevel.Flat"/> for a CPU. Safe for several threads at one time.</summary>
/// <param name="cache">Keeps objects between processes; null: every compilation is done.</param>
public sealed class LlvmCompiler(ObjectCache? cache = null)
{
    // Raise it when what is compiled from the same text changes.
    private const string CacheFormat = "1";

    /// <summary>The image of the module's kernel. An object that the cache holds is not generated again.</summary>
    /// <exception cref="DiagnosticException">TX4001 or TX4002 without libLLVM 19; TX4003 or TX4004 for what is not supported on the cpu.</exception>
    /// <exception cref="CompilerBugException">LLVM refuses what was emitted.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled. What was begun goes on, and ends in the cache.</exception>
    public KernelImage Compile(LoopModule flat, CpuTarget target, CancellationToken cancellation = default) => CompileThread.Run(() =>
    {
        var module = LlvmEmitter.Emit(flat, TargetOf(target));
        var machine = LlvmTarget.Of(target);
        string key = KeyOf(module.Text, machine);
        var code = cache?.TryGet(key) ?? default;
        if (code.IsDefault)
        {
            try { code = CodeGenerator.Compile(module.Text, machine, CodegenFile.Object); }
            catch (DiagnosticException e) when (AssemblyIn(flat) is { } line)
            {
                throw new DiagnosticException([.. e.Diagnostics.Select(d => d.Span is null ? d with { Span = line } : d)]);
            }
            cache?.Put(key, code.AsSpan());
        }
        return new KernelImage(module.Name, module.Entry, code, module.Parameters, module.WorkspaceBytes, module.WorkerBytes, module.Messages) { Symbolic = module.Symbolic };
    }, cancellation);

    /// <summary>The LLVM IR of the module's kernel, as the emitter writes it. It needs no libLLVM.</summary>
    /// <exception cref="DiagnosticException">TX4003 or TX4004.</exception>
    public static string EmitText(LoopModule flat, CpuTarget target) => LlvmEmitter.Emit(flat, TargetOf(target)).Text;

    /// <summary>The assembly of the module's kernel.</summary>
    /// <inheritdoc cref="Compile"/>
    public static string EmitAssembly(LoopModule flat, CpuTarget target, CancellationToken cancellation = default) => CompileThread.Run(() =>
        Encoding.UTF8.GetString(CodeGenerator.Compile(EmitText(flat, target), LlvmTarget.Of(target), CodegenFile.Assembly).AsSpan()), cancellation);

    /// <summary>The assembly of the module's kernel with `.loc` directives, whose lines number the origins from 1.</summary>
    /// <inheritdoc cref="Compile"/>
    public static (string Assembly, ImmutableArray<Origin> Origins) EmitAssemblyWithOrigins(LoopModule flat, CpuTarget target) => CompileThread.Run(() =>
    {
        var origins = new OriginTable();
        string text = LlvmEmitter.Emit(flat, TargetOf(target), origins).Text;
        string assembly = Encoding.UTF8.GetString(CodeGenerator.Compile(text, LlvmTarget.Of(target), CodegenFile.Assembly).AsSpan());
        return (assembly, origins.Origins.ToImmutableArray());
    });

    /// <summary>The first line of assembly in a module.</summary>
    private static SourceSpan? AssemblyIn(LoopModule module)
    {
        var finder = new AssemblyFinder();
        foreach (var f in module.Functions) finder.Visit(f.Body);
        return finder.Line;
    }

    private sealed class AssemblyFinder : Walker
    {
        public SourceSpan? Line { get; private set; }

        protected override void VisitEmission(InstructionCall c) => Line ??= c.Emission?.Operations.FirstOrDefault(o => o.Kind is EmitKind.Assembly)?.Span;
    }

    internal static EmitterTarget TargetOf(CpuTarget target) => new(target.Architecture is CpuArchitecture.X86, target.VectorBytes);

    /// <summary>All but the module that decides what object code comes out for a target.</summary>
    /// <exception cref="DiagnosticException">TX4001 or TX4002 without libLLVM 19.</exception>
    public static string IdentityOf(CpuTarget target) => IdentityOf(LlvmTarget.Of(target));

    private static string IdentityOf(LlvmTarget machine) =>
        string.Join('\0', CacheFormat, LlvmLibrary.Version, machine.Triple, machine.Cpu, machine.Features, CodeGenerator.Pipeline, CodeGenerator.Level.ToString());

    private static string KeyOf(string text, LlvmTarget machine)
    {
        string[] parts = [IdentityOf(machine), text];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))));
    }
}
