using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

/// <summary>Where a function's temporaries lie: in the workspace that its nests share, in a worker's scratch, or on the stack.</summary>
internal sealed class StorageLayout
{
    /// <summary>Every place in the workspace starts at a multiple of this: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    // Larger buffers would not fit a worker's stack when several nest.
    private const long StackBytes = 4096;

    private readonly Dictionary<Buffer, long> _offsets = [];
    private long _workerTop;

    public StorageLayout(LoopFunction function)
    {
        foreach (var b in function.Temporaries)
        {
            _offsets[b] = WorkspaceBytes;
            WorkspaceBytes += RoundUp(Bytes(b));
        }
        Place(function.Body);
    }

    public long WorkspaceBytes { get; }
    public long WorkerBytes { get; private set; }

    /// <summary>True for a buffer that an <see cref="Allocate"/> puts into the worker's scratch, not onto the stack.</summary>
    public bool IsScratch(Buffer b) => b.Scope is not MemoryScope.Register && Bytes(b) > StackBytes;

    /// <summary>Relative to the workspace for a temporary, to the worker's scratch otherwise.</summary>
    public long OffsetOf(Buffer b) => _offsets[b];

    /// <exception cref="DiagnosticException">TX4007: the size depends on a symbolic dimension.</exception>
    public static long Bytes(Buffer b)
    {
        long bytes = b.Type.Bytes;
        foreach (var e in b.Layout?.PhysicalShape ?? b.Shape)
            bytes *= e is IntImm n ? n.Value : throw new DiagnosticException(BackendDiagnostics.UnknownSize, null, b.Name);
        return bytes;
    }

    private static long RoundUp(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    // Allocations nest like a stack; those of disjoint lives share their place.
    private void Place(Stmt s)
    {
        switch (s)
        {
            case Block b: foreach (var x in b.Statements) Place(x); break;
            case For f: Place(f.Body); break;
            case LetStmt l: Place(l.Body); break;
            case If i:
                Place(i.Then);
                if (i.Else is not null) Place(i.Else);
                break;
            case Allocate a:
                long top = _workerTop;
                if (IsScratch(a.Buffer))
                {
                    _offsets[a.Buffer] = top;
                    _workerTop += RoundUp(Bytes(a.Buffer));
                    WorkerBytes = Math.Max(WorkerBytes, _workerTop);
                }
                Place(a.Body);
                _workerTop = top;
                break;
        }
    }
}
