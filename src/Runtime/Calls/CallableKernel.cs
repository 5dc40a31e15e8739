using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>What is called with .NET's own tensors, spans, arrays and pointers.</summary>
public abstract unsafe class CallableKernel
{
    private protected CallableKernel() { }

    private protected abstract void Call(ArgumentView* arguments, int count, CancellationToken cancellation);

    // Extents and strides of one argument.
    private const int Room = 2 * ArgumentView.MaxRank;

    /// <summary>Runs the kernel: its inputs, then its outputs, in the order of the operator's signature. Memory stays the caller's: nothing is copied or kept, and what
    /// .NET could move is pinned for the call. Views with strides of their own are taken as they are (the first such call compiles a variant of the kernel); a stride of 0
    /// repeats elements of an input. A refused call has written nothing.</summary>
    /// <param name="a">The first argument; the others follow. All sizes are in elements.</param>
    /// <param name="cancellation">Ends the kernel at its next look.</param>
    /// <exception cref="DiagnosticException">An argument does not fit (TX502x, TX53xx); or a check of the kernel failed, after which its outputs are unspecified; or
    /// there is no memory for its workspace (TX5024).</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; its outputs are unspecified.</exception>
    /// <exception cref="ObjectDisposedException">The kernel is disposed.</exception>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[1];
        var room = stackalloc long[1 * Room];
        fixed (byte* pa = a)
        {
            a.Write(views, pa, room);
            Call(views, 1, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[2];
        var room = stackalloc long[2 * Room];
        fixed (byte* pa = a, pb = b)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            Call(views, 2, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, scoped TensorArgument c, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[3];
        var room = stackalloc long[3 * Room];
        fixed (byte* pa = a, pb = b, pc = c)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            c.Write(views + 2, pc, room + 2 * Room);
            Call(views, 3, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, scoped TensorArgument c, scoped TensorArgument d, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[4];
        var room = stackalloc long[4 * Room];
        fixed (byte* pa = a, pb = b, pc = c, pd = d)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            c.Write(views + 2, pc, room + 2 * Room);
            d.Write(views + 3, pd, room + 3 * Room);
            Call(views, 4, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, scoped TensorArgument c, scoped TensorArgument d, scoped TensorArgument e, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[5];
        var room = stackalloc long[5 * Room];
        fixed (byte* pa = a, pb = b, pc = c, pd = d, pe = e)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            c.Write(views + 2, pc, room + 2 * Room);
            d.Write(views + 3, pd, room + 3 * Room);
            e.Write(views + 4, pe, room + 4 * Room);
            Call(views, 5, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, scoped TensorArgument c, scoped TensorArgument d, scoped TensorArgument e, scoped TensorArgument f, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[6];
        var room = stackalloc long[6 * Room];
        fixed (byte* pa = a, pb = b, pc = c, pd = d, pe = e, pf = f)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            c.Write(views + 2, pc, room + 2 * Room);
            d.Write(views + 3, pd, room + 3 * Room);
            e.Write(views + 4, pe, room + 4 * Room);
            f.Write(views + 5, pf, room + 5 * Room);
            Call(views, 6, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, scoped TensorArgument c, scoped TensorArgument d, scoped TensorArgument e, scoped TensorArgument f, scoped TensorArgument g, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[7];
        var room = stackalloc long[7 * Room];
        fixed (byte* pa = a, pb = b, pc = c, pd = d, pe = e, pf = f, pg = g)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            c.Write(views + 2, pc, room + 2 * Room);
            d.Write(views + 3, pd, room + 3 * Room);
            e.Write(views + 4, pe, room + 4 * Room);
            f.Write(views + 5, pf, room + 5 * Room);
            g.Write(views + 6, pg, room + 6 * Room);
            Call(views, 7, cancellation);
        }
    }

    /// <inheritdoc cref="Invoke(TensorArgument, CancellationToken)"/>
    [SkipLocalsInit]
    public void Invoke(scoped TensorArgument a, scoped TensorArgument b, scoped TensorArgument c, scoped TensorArgument d, scoped TensorArgument e, scoped TensorArgument f, scoped TensorArgument g, scoped TensorArgument h, CancellationToken cancellation = default)
    {
        var views = stackalloc ArgumentView[8];
        var room = stackalloc long[8 * Room];
        fixed (byte* pa = a, pb = b, pc = c, pd = d, pe = e, pf = f, pg = g, ph = h)
        {
            a.Write(views, pa, room);
            b.Write(views + 1, pb, room + Room);
            c.Write(views + 2, pc, room + 2 * Room);
            d.Write(views + 3, pd, room + 3 * Room);
            e.Write(views + 4, pe, room + 4 * Room);
            f.Write(views + 5, pf, room + 5 * Room);
            g.Write(views + 6, pg, room + 6 * Room);
            h.Write(views + 7, ph, room + 7 * Room);
            Call(views, 8, cancellation);
        }
    }
}
