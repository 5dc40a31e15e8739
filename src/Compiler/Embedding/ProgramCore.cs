using System.Collections.Immutable;
using Tx.Backends.Llvm;
using Tx.Caching;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Runtime;

namespace Tx;

/// <summary>What a program and the kernels made of it share: declarations, prover, code generator. Freed with the last of them.</summary>
internal sealed class ProgramCore : IDisposable
{
    private readonly OperatorResolver _resolver;
    private readonly ScheduleResolver _schedules;
    private readonly Lazy<DeclarationTable> _declarations;
    private int _owners = 1;
    private bool _isClosed;

    /// <param name="declarations">Asked when the first of them is needed.</param>
    public ProgramCore(Func<DeclarationTable> declarations, ImmutableDictionary<string, Scalar> defines, CpuTarget target)
    {
        (_declarations, Defines, Target) = (new(declarations), defines, target);
        _resolver = new(() => Declarations, new TensorAllocator(), defines);
        _schedules = new(() => _resolver.Binder, target, EvidenceCache.Default(), _resolver.Admit);
    }

    public DeclarationTable Declarations => _declarations.Value;
    /// <summary>Where kernels of this program are kept between processes; null: nowhere.</summary>
    public KeptKernels? Kept { get; init; }
    public ImmutableDictionary<string, Scalar> Defines { get; }
    public CpuTarget Target { get; }
    public LlvmCompiler Backend { get; } = new(ObjectCache.Default());

    /// <summary>Binds, proves or schedules: one thread at a time, since the prover has one context.</summary>
    public T Ask<T>(Func<OperatorResolver, ScheduleResolver, T> question, CancellationToken cancellation)
    {
        lock (_resolver)
        {
            ObjectDisposedException.ThrowIf(_owners == 0, typeof(TxProgram));
            _resolver.Cancellation = _schedules.Cancellation = cancellation;
            return question(_resolver, _schedules);
        }
    }

    /// <summary>Refuses sizes of an operator.</summary>
    /// <exception cref="DiagnosticException">A <c>require</c>, or what is read, does not hold for them.</exception>
    public void Admit(Operator op, IReadOnlyDictionary<DimSymbol, long> dims) => DeepStack.Run(() => Ask((resolver, _) =>
    {
        resolver.Admit(op, dims);
        return true;
    }, default));

    /// <summary>Another owner, for a kernel.</summary>
    /// <exception cref="ObjectDisposedException">The program is disposed.</exception>
    public void AddOwner()
    {
        lock (_resolver)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(TxProgram));
            _owners++;
        }
    }

    /// <summary>The program gives its share back: no kernel is added any more.</summary>
    public void Close()
    {
        lock (_resolver) _isClosed = true;
        Dispose();
    }

    /// <summary>Gives one share back.</summary>
    public void Dispose()
    {
        lock (_resolver)
        {
            if (--_owners > 0) return;
            _resolver.Dispose();
            _schedules.Dispose();
        }
    }
}
