using Tx.Runtime.Native;

namespace Tx.Runtime;

/// <summary>Scratch memory of one kernel, kept between calls; as many blocks as calls that ran at one time.</summary>
internal sealed class WorkspaceCache : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<NativeBlock> _free = new();
    private bool _isDisposed;

    /// <summary>A block of at least that size, or null where the system has no room.</summary>
    public NativeBlock? TryRent(long bytes)
    {
        lock (_gate)
        {
            while (_free.TryPop(out var block))
            {
                if (block.Bytes >= bytes) return block;
                block.Dispose();
            }
        }
        return NativeBlock.TryAllocate(bytes);
    }

    public void Return(NativeBlock block)
    {
        lock (_gate)
        {
            if (!_isDisposed)
            {
                _free.Push(block);
                return;
            }
        }
        block.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            while (_free.TryPop(out var block)) block.Dispose();
        }
    }
}
