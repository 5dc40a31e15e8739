using System.Numerics.Tensors;

namespace Tx.Runtime;

// A conversion cannot be generic in its element type; these call what is.
public readonly unsafe ref partial struct TensorArgument
{
    /// <summary>An array of several dimensions (its extents are the shape), or of one.</summary>
    /// <exception cref="Tx.Core.DiagnosticException">TX5301: the element type is none of tx.</exception>
    public static implicit operator TensorArgument(Array array) => Of(array);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(float[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<float> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<float> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<float> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<float> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<float> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(float* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(double[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<double> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<double> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<double> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<double> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<double> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(double* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(Half[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<Half> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<Half> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<Half> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<Half> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<Half> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(Half* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(sbyte[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<sbyte> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<sbyte> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<sbyte> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<sbyte> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<sbyte> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(sbyte* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(short[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<short> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<short> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<short> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<short> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<short> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(short* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(int[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<int> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<int> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<int> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<int> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<int> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(int* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(long[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<long> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<long> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<long> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<long> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<long> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(long* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(byte[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<byte> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<byte> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<byte> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<byte> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<byte> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(byte* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(ushort[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<ushort> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<ushort> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<ushort> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<ushort> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<ushort> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(ushort* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(uint[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<uint> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<uint> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<uint> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<uint> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<uint> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(uint* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(ulong[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<ulong> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<ulong> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<ulong> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<ulong> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<ulong> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(ulong* elements) => At(elements);

    /// <inheritdoc cref="Of{T}(T[])"/>
    public static implicit operator TensorArgument(bool[] array) => Of(array);
    /// <inheritdoc cref="Of{T}(Span{T})"/>
    public static implicit operator TensorArgument(Span<bool> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(ReadOnlySpan{T})"/>
    public static implicit operator TensorArgument(ReadOnlySpan<bool> elements) => Of(elements);
    /// <inheritdoc cref="Of{T}(Tensor{T})"/>
    public static implicit operator TensorArgument(Tensor<bool> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in TensorSpan{T})"/>
    public static implicit operator TensorArgument(in TensorSpan<bool> tensor) => Of(tensor);
    /// <inheritdoc cref="Of{T}(in ReadOnlyTensorSpan{T})"/>
    public static implicit operator TensorArgument(in ReadOnlyTensorSpan<bool> tensor) => Of(tensor);
    /// <inheritdoc cref="At{T}(T*)"/>
    public static implicit operator TensorArgument(bool* elements) => At(elements);
}
