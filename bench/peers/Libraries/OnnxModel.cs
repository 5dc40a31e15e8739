using System.Text;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Libraries;

/// <summary>A model of one node, as ONNX writes it: inputs <c>a</c> and <c>b</c>, output <c>y</c>.</summary>
internal static class OnnxModel
{
    private const int Opset = 13, IrVersion = 8;

    /// <param name="b">The second operand.</param>
    /// <param name="isConstant">It is part of the model, so that the runtime may pack it before.</param>
    public static byte[] Of(string op, NativeTensor a, NativeTensor b, bool isConstant, NativeTensor y, params (string Name, long[] Values)[] attributes)
    {
        var node = new ProtoWriter().Text(1, "a").Text(1, "b").Text(2, "y").Text(4, op);
        foreach (var (name, values) in attributes)
        {
            bool isList = name is "pads" or "strides" or "kernel_shape" or "dilations";
            var attribute = new ProtoWriter().Text(1, name);
            foreach (long v in values) attribute.Number(isList ? 8 : 3, v);
            node.Message(5, attribute.Number(20, isList ? 7 : 2));
        }
        var graph = new ProtoWriter().Message(1, node).Text(2, "row").Message(11, Value("a", a));
        if (isConstant)
        {
            var tensor = new ProtoWriter();
            foreach (long n in b.Shape) tensor.Number(1, n);
            graph.Message(5, tensor.Number(2, TypeOf(b.Type)).Text(8, "b").Bytes(9, b.AsBytes()));
        }
        else graph.Message(11, Value("b", b));
        graph.Message(12, Value("y", y));
        return new ProtoWriter().Number(1, IrVersion).Message(7, graph).Message(8, new ProtoWriter().Text(1, "").Number(2, Opset)).ToArray();
    }

    /// <summary>ONNX's number of an element type.</summary>
    public static int TypeOf(ElementType type) => type switch
    {
        ElementType.F32 => 1, ElementType.U8 => 2, ElementType.I8 => 3, ElementType.I32 => 6,
        _ => throw new ArgumentException($"{type.Name} is in no model here"),
    };

    private static ProtoWriter Value(string name, NativeTensor t)
    {
        var shape = new ProtoWriter();
        foreach (long n in t.Shape) shape.Message(1, new ProtoWriter().Number(1, n));
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, new ProtoWriter().Number(1, TypeOf(t.Type)).Message(2, shape)));
    }

    /// <summary>Protocol buffers, as far as a model needs them.</summary>
    private sealed class ProtoWriter
    {
        private readonly List<byte> _bytes = [];

        public byte[] ToArray() => [.. _bytes];
        public ProtoWriter Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));
        public ProtoWriter Message(int field, ProtoWriter message) => Bytes(field, message.ToArray());

        public ProtoWriter Number(int field, long value)
        {
            Varint((ulong)field << 3);
            Varint(unchecked((ulong)value));
            return this;
        }

        public ProtoWriter Bytes(int field, ReadOnlySpan<byte> bytes)
        {
            Varint((ulong)field << 3 | 2);
            Varint((ulong)bytes.Length);
            _bytes.AddRange(bytes);
            return this;
        }

        private void Varint(ulong v)
        {
            for (; v >= 0x80; v >>= 7) _bytes.Add((byte)(v & 0x7F | 0x80));
            _bytes.Add((byte)v);
        }
    }
}
