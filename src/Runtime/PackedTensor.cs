using Tx.Core;

namespace Tx.Runtime;

/// <summary>Packed tensors with a byte an element, as NumPy knows them, and back.</summary>
public static class PackedTensor
{
    /// <summary>The elements of a packed tensor as <c>u8</c> or <c>i8</c>.</summary>
    /// <exception cref="DiagnosticException">There is no memory for it.</exception>
    public static NativeTensor Unpack(NativeTensor packed)
    {
        var bytes = packed.Allocator.Allocate(packed.Type.Carrier, packed.Shape.AsSpan());
        for (long i = 0; i < bytes.Count; i++) bytes[i] = Scalar.Of(bytes.Type, packed[i].Integer);
        return bytes;
    }

    /// <summary>The elements of a tensor of <c>u8</c> or <c>i8</c>, packed.</summary>
    /// <exception cref="DiagnosticException">One is not a value of the type (TX5051), or there is no memory for it.</exception>
    public static NativeTensor Pack(NativeTensor bytes, ElementType type)
    {
        if (bytes.Type != type.Carrier || !type.IsPacked) throw new ArgumentException($"{bytes} cannot be packed as {type.Name}");
        var packed = bytes.Allocator.Allocate(type, bytes.Shape.AsSpan());
        for (long i = 0; i < bytes.Count; i++)
        {
            var value = bytes[i];
            if (value.Exact < type.MinValue || value.Exact > type.MaxValue)
            {
                packed.Dispose();
                throw new DiagnosticException(RuntimeDiagnostics.PackedValue, null, value, string.Join(", ", TensorType.IndexOf(i, bytes.Shape)), type.Name);
            }
            packed[i] = Scalar.Of(type, value.Integer);
        }
        return packed;
    }
}
