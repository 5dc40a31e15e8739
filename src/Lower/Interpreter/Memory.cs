using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Interpreter;

/// <summary>The elements of one buffer, with who wrote and read each of them last.</summary>
internal sealed class Memory
{
    private readonly Ir.Buffer _buffer;
    private readonly long[] _shape;
    private readonly bool[] _written;
    private readonly Segment?[] _writer, _reader, _otherReader;

    public Memory(Ir.Buffer buffer, long[] shape, bool initialised)
    {
        (_buffer, _shape) = (buffer, shape);
        Int128 count = 1;
        foreach (long n in shape)
        {
            if (n < 0) throw new InterpreterFaultException(FaultKind.BadCall, $"`{buffer.Name}` has the negative extent {n}");
            count *= n;
        }
        if (count > 1 << 28) throw new InterpreterFaultException(FaultKind.TooLarge, $"`{buffer.Name}` has {count} elements, too many to interpret");
        Values = new long[(int)count];
        _written = new bool[Values.Length];
        if (initialised) Array.Fill(_written, true);
        (_writer, _reader, _otherReader) = (new Segment?[Values.Length], new Segment?[Values.Length], new Segment?[Values.Length]);
    }

    public long[] Values { get; }
    public ImmutableArray<long> Shape => [.. _shape];
    public ElementType Type => _buffer.Type;

    /// <summary>The position of an element; faults outside.</summary>
    public int PositionOf(ReadOnlySpan<long> indices, object node)
    {
        if (indices.Length != _shape.Length) throw Fault(FaultKind.BadCall, $"{indices.Length} indices for {_shape.Length} dimensions", indices, node);
        long p = 0;
        for (int d = 0; d < indices.Length; d++)
        {
            if (indices[d] < 0 || indices[d] >= _shape[d])
                throw Fault(FaultKind.OutOfBounds, $"index {indices[d]} of dimension {d} is outside 0..{_shape[d]}", indices, node);
            p = p * _shape[d] + indices[d];
        }
        return (int)p;
    }

    public long Read(int position, Segment who, object node)
    {
        if (!_written[position]) throw Fault(FaultKind.Uninitialised, "reads an element that was never written", Indices(position), node);
        if (_writer[position] is { } w && !Segment.IsOrdered(w, who)) throw Conflict(position, "written", w, "read", who, node);
        if (who.Path.Length > 0) Remember(position, who);
        return Values[position];
    }

    public void Write(int position, long value, Segment who, object node)
    {
        if (_writer[position] is { } w && !Segment.IsOrdered(w, who)) throw Conflict(position, "written", w, "written", who, node);
        if (_reader[position] is { } r && !Segment.IsOrdered(r, who)) throw Conflict(position, "read", r, "written", who, node);
        if (_otherReader[position] is { } o && !Segment.IsOrdered(o, who)) throw Conflict(position, "read", o, "written", who, node);
        _writer[position] = who.Path.Length > 0 ? who : null;
        _reader[position] = _otherReader[position] = null;
        _written[position] = true;
        Values[position] = value;
    }

    /// <summary>Faults when an element was never written.</summary>
    public void RequireWritten()
    {
        int missing = Array.IndexOf(_written, false);
        if (missing >= 0) throw Fault(FaultKind.Unwritten, "was never written", Indices(missing), "");
    }

    // Two readers are enough to meet every later writer, when the second differs from the first as far out as any.
    private void Remember(int position, Segment who)
    {
        ref var first = ref _reader[position];
        ref var second = ref _otherReader[position];
        if (first is null || ReferenceEquals(first, who) || Segment.IsOrdered(first, who))
        {
            first = who;
            if (second is not null && Segment.IsOrdered(second, who)) second = null;
        }
        else if (second is null || Segment.IsOrdered(second, who) || Segment.Divergence(first, who) < Segment.Divergence(first, second)) second = who;
    }

    private InterpreterFaultException Conflict(int position, string did, Segment a, string does, Segment b, object node) =>
        Fault(FaultKind.Conflict, $"is {did} by the agent {a} and {does} by the agent {b} with nothing between", Indices(position), node, (a.ToString(), b.ToString()));

    private InterpreterFaultException Fault(FaultKind kind, string message, ReadOnlySpan<long> indices, object node, (string, string)? agents = null)
    {
        ImmutableArray<long> all = [.. indices];
        return new(kind, $"`{_buffer.Name}[{string.Join(", ", all)}]` {message}", node.ToString() ?? "") { Buffer = _buffer.Name, Indices = all, Agents = agents };
    }

    private long[] Indices(int position)
    {
        var indices = new long[_shape.Length];
        long p = position;
        for (int d = indices.Length - 1; d >= 0; d--)
        {
            indices[d] = p % _shape[d];
            p /= _shape[d];
        }
        return indices;
    }
}
