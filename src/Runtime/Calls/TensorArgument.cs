using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>One argument of a kernel call, made by conversion from what holds the elements: <c>Tensor&lt;T&gt;</c>, <c>TensorSpan&lt;T&gt;</c>, <c>Span&lt;T&gt;</c>, arrays
/// of any number of dimensions, pointers; read-only ones for inputs. It owns nothing and copies nothing. A span, an array of one dimension or a pointer has no shape: it
/// holds the elements of the parameter in row-major order, and its length must be theirs (that of a pointer is trusted).
/// <para>Element types: those of the same name; <c>ushort</c> holds a <c>bf16</c>, and the bytes of packed rows are a span of <c>byte</c>.</para></summary>
public readonly unsafe ref partial struct TensorArgument
{
    private readonly ref byte _data;
    private readonly ReadOnlySpan<nint> _lengths, _strides;
    private readonly Array? _array;
    private readonly nint _count;
    private readonly ElementType _type;
    private readonly ArgumentForm _form;
    private readonly bool _isReadOnly;

    // Elements in a row.
    private TensorArgument(ref byte data, ElementType type, nint count, bool isReadOnly)
    {
        _data = ref data;
        (_type, _count, _isReadOnly, _form) = (type, count, isReadOnly, ArgumentForm.Flat);
    }

    private TensorArgument(ref byte data, ElementType type, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, bool isReadOnly)
    {
        _data = ref data;
        _lengths = lengths;
        _strides = strides;
        (_type, _isReadOnly, _form) = (type, isReadOnly, ArgumentForm.Shaped);
    }

    private TensorArgument(Array array)
    {
        _data = ref MemoryMarshal.GetArrayDataReference(array);
        (_array, _type, _form) = (array, ClrElement.Of(array), ArgumentForm.Shaped);
    }

    /// <summary>Elements in row-major order.</summary>
    /// <exception cref="DiagnosticException">TX5301: <typeparamref name="T"/> is no element type of tx.</exception>
    public static TensorArgument Of<T>(Span<T> elements) where T : unmanaged =>
        new(ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(elements)), ClrElement.Of<T>(), elements.Length, isReadOnly: false);

    /// <summary>Elements in row-major order, of an input.</summary>
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument Of<T>(ReadOnlySpan<T> elements) where T : unmanaged =>
        new(ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(elements)), ClrElement.Of<T>(), elements.Length, isReadOnly: true);

    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument Of<T>(T[] array) where T : unmanaged => array is null ? default : Of(array.AsSpan());

    /// <summary>A tensor or a view of one.</summary>
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument Of<T>(Tensor<T> tensor) where T : unmanaged => tensor is null ? default
        // Its own GetPinnableReference forgets where a view starts (System.Numerics.Tensors 10.0.10).
        : new(ref Unsafe.As<T, byte>(ref tensor.AsTensorSpan().GetPinnableReference()), ClrElement.Of<T>(), tensor.Lengths, tensor.Strides, isReadOnly: false);

    /// <summary>A view with its shape and strides.</summary>
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument Of<T>(in TensorSpan<T> tensor) where T : unmanaged =>
        new(ref Unsafe.As<T, byte>(ref tensor.GetPinnableReference()), ClrElement.Of<T>(), tensor.Lengths, tensor.Strides, isReadOnly: false);

    /// <summary>A view of an input with its shape and strides.</summary>
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument Of<T>(in ReadOnlyTensorSpan<T> tensor) where T : unmanaged =>
        new(ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in tensor.GetPinnableReference())), ClrElement.Of<T>(), tensor.Lengths, tensor.Strides, isReadOnly: true);

    /// <summary>An array: its extents are the shape; one of a single dimension is elements in row-major order.</summary>
    /// <exception cref="DiagnosticException">TX5301: the element type is none of tx.</exception>
    public static TensorArgument Of(Array array) => array switch
    {
        null => default,
        { Rank: 1 } => new(ref MemoryMarshal.GetArrayDataReference(array), ClrElement.Of(array), (nint)array.LongLength, isReadOnly: false),
        _ => new(array),
    };

    /// <summary>The elements of the parameter in row-major order from an address on, which nobody checks.</summary>
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument At<T>(T* elements) where T : unmanaged => elements is null ? default : new(ref *(byte*)elements, ClrElement.Of<T>(), -1, isReadOnly: false);

    /// <summary>A tensor at an address, which nobody checks.</summary>
    /// <param name="elements">The first element.</param>
    /// <param name="shape">Its extents, in elements, outermost first; they must stay until the call returns.</param>
    /// <param name="strides">Distances between neighbours in each dimension, in elements, 0 or more; none: contiguous, row-major.</param>
    /// <exception cref="ArgumentException">There are strides, and not one for each dimension.</exception>
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static TensorArgument At<T>(T* elements, ReadOnlySpan<nint> shape, ReadOnlySpan<nint> strides = default) where T : unmanaged =>
        strides.Length == 0 || strides.Length == shape.Length ? new(ref *(byte*)elements, ClrElement.Of<T>(), shape, strides, isReadOnly: false)
            : throw new ArgumentException($"{strides.Length} strides for {shape.Length} dimensions", nameof(strides));

    /// <summary>For <c>fixed</c>.</summary>
    internal ref byte GetPinnableReference() => ref _data;

    /// <param name="view">Receives what is known.</param>
    /// <param name="data">The pinned address.</param>
    /// <param name="room">For extents and strides: twice <see cref="ArgumentView.MaxRank"/>.</param>
    internal void Write(ArgumentView* view, byte* data, long* room)
    {
        int rank = _array?.Rank ?? _lengths.Length;
        // Field by field: what the checks set need not be cleared.
        view->Data = data;
        view->Shape = view->Strides = null;
        view->Count = _count;
        (view->Rank, view->Type, view->Form, view->IsReadOnly) = (rank, _type, _form, _isReadOnly);
        if (_form is not ArgumentForm.Shaped || rank > ArgumentView.MaxRank) return;
        view->Shape = room;
        if (_array is not null)
        {
            for (int d = 0; d < rank; d++) room[d] = _array.GetLongLength(d);
            return;
        }
        for (int d = 0; d < _lengths.Length; d++) room[d] = _lengths[d];
        if (_strides.IsEmpty) return;
        long* strides = view->Strides = room + ArgumentView.MaxRank;
        for (int d = 0; d < _strides.Length; d++) strides[d] = _strides[d];
    }
}
