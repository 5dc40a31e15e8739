using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Syntax;
using Tx.LanguageServices;
using Tx.Runtime;

namespace Tx;

/// <summary>An operator of a <see cref="TxProgram"/>. Safe for several threads at one time.</summary>
public sealed class TxOperator
{
    private readonly ProgramCore _core;

    internal TxOperator(ProgramCore core, string name) => (_core, Name) = (core, name);

    private OpSyntax Syntax => _core.Declarations.Operators[Name];

    public string Name { get; }

    /// <summary>Its declaration up to the body, in one line.</summary>
    public string Signature => Descriptions.Signature(Syntax);

    /// <summary>The text of the <c>///</c> lines above it; null where there are none.</summary>
    public string? Documentation => Syntax.Doc;

    /// <summary>The names of its schedules, in the order of the text.</summary>
    public ImmutableArray<string> Schedules => [.. _core.Declarations.Schedules.Where(s => s.Key.Operator == Name).Select(s => s.Key.Name)];

    /// <summary>A kernel for all sizes: it reads the sizes of each call from the shapes of its arguments, and proves what the operator requires when it meets sizes for the
    /// first time. It belongs to the caller, who disposes it.</summary>
    /// <exception cref="DiagnosticException">The operator cannot be compiled, or libLLVM is missing (TX4001).</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public Kernel Compile() => Compile(new CompileOptions());

    /// <summary>A kernel for given sizes, types, values and a schedule. It belongs to the caller, who disposes it.</summary>
    /// <exception cref="DiagnosticException">A name or a value does not fit (TX532x); the operator may not be called with these sizes; a step of the schedule is refused; or
    /// libLLVM is missing (TX4001).</exception>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public Kernel Compile(CompileOptions options) => CompileAsync(options).GetAwaiter().GetResult();

    /// <summary>Compiles on another thread.</summary>
    /// <param name="cancellation">Ends the wait and what has not been begun; LLVM itself cannot be stopped, and what it makes then stays in the cache.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <inheritdoc cref="Compile(CompileOptions)"/>
    public Task<Kernel> CompileAsync(CompileOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return DeepStack.RunAsync(() =>
        {
            _core.AddOwner();
            var owner = new CoreOwner(_core);
            try { return new KernelRequest(_core, Name, options, cancellation).Make(owner); }
            catch
            {
                owner.Dispose();
                throw;
            }
        }, cancellation);
    }

    /// <summary>Its signature.</summary>
    public override string ToString() => Signature;
}

/// <summary>A share in a program's core.</summary>
internal sealed class CoreOwner(ProgramCore core) : IDisposable
{
    private int _isDisposed;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0) core.Dispose();
    }
}
