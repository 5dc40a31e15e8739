using System.Collections.Immutable;
using System.Numerics;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

internal sealed partial class FunctionEmitter
{
    // Up to this many elements, a strided read loads all that lies between and picks its lanes.
    private const long WidestSpan = 64;

    private Value EvaluateLoad(Load l)
    {
        var place = PlaceOf(l.Buffer);
        var index = FlatIndex(l.Buffer, l.Indices);
        var predicate = l.Predicate is { } p && !p.IsTrue ? p : null;
        int lanes = index.Type.Lanes;
        var type = new IrType(l.Buffer.Type, lanes);
        if (lanes == 1)
        {
            string address = Element(place, type, Evaluate(index), predicate is not null);
            if (predicate is not null) address = writer.Assign($"select {Evaluate(predicate)}, ptr {address}, ptr {module.Zero}");
            return LoadFrom(type, address, type.Element.Bytes);
        }
        if (predicate is { Type.Lanes: 1 }) throw Bug($"a scalar predicate on a vector read of `{l.Buffer.Name}`");
        switch (index)
        {
            case Ramp { Stride: IntImm { Value: 1 } } r:
                return LoadRow(place, type, r.Base, predicate);
            case Ramp { Stride: IntImm { Value: -1 } } r:
                return Reverse(LoadRow(place, type, r.Base - (lanes - 1), predicate, reverseMask: true));
            case Broadcast b when predicate is null:
                return Splat(LoadFrom(type.WithLanes(1), Element(place, type, Evaluate(b.Value), false), type.Element.Bytes), lanes);
            case Ramp { Stride: IntImm { Value: > 1 } s } r when predicate is null && (lanes - 1) * s.Value < WidestSpan:
                var span = LoadRow(place, type.WithLanes((int)((lanes - 1) * s.Value + 1)), r.Base, null);
                return Shuffle(span, Enumerable.Range(0, lanes).Select(i => (int)(i * s.Value)));
            case Ramp r when predicate is null:
            {
                var (first, stride) = (Evaluate(r.Base), Evaluate(r.Stride));
                return Gather(type, i => LoadFrom(type.WithLanes(1), Element(place, type, Step(first, stride, i), false), type.Element.Bytes));
            }
        }
        var memory = type.Element is ElementType.Bool ? type.WithElement(ElementType.U8) : type;
        string text = LlvmText.TypeOf(memory);
        string pointers = Elements(place, memory, Evaluate(index));
        var read = writer.Assign(memory, $"call {text} @llvm.masked.gather.{LlvmText.SuffixOf(memory)}.v{LlvmText.Number(lanes)}p0({pointers}, i32 {LlvmText.Number(memory.Element.Bytes)}, {MaskOf(predicate, lanes)}, {text} zeroinitializer)");
        return FromMemory(read, type);
    }

    // Read soon, wanted in all levels of the data cache.
    private void EmitPrefetch(Effect x)
    {
        _memo.Clear();
        _lets.Clear();
        var buffer = x.Buffers[0];
        string address = Element(PlaceOf(buffer), new(buffer.Type), Evaluate(FlatIndex(buffer, x.Arguments)), true);
        writer.Line($"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 3, i32 1)");
    }

    private void EmitStore(Store s)
    {
        _memo.Clear();
        _lets.Clear();
        var place = PlaceOf(s.Buffer);
        var index = FlatIndex(s.Buffer, s.Indices);
        var predicate = s.Predicate is { } p && !p.IsTrue ? p : null;
        int lanes = index.Type.Lanes;
        var type = new IrType(s.Buffer.Type, lanes);
        if (lanes == 1)
        {
            EmitScalarStore(s, place, type, index, predicate);
            return;
        }
        if (predicate is { Type.Lanes: 1 }) throw Bug($"a scalar predicate on a vector write of `{s.Buffer.Name}`");
        var value = ToMemory(Evaluate(s.Value));
        switch (index)
        {
            case Ramp { Stride: IntImm { Value: 1 } } r:
                StoreRow(place, value, r.Base, predicate, s.NonTemporal, reverseMask: false);
                return;
            case Ramp { Stride: IntImm { Value: -1 } } r:
                StoreRow(place, Reverse(value), r.Base - (lanes - 1), predicate, s.NonTemporal, reverseMask: true);
                return;
            case Ramp r when predicate is null:
                var (first, stride) = (Evaluate(r.Base), Evaluate(r.Stride));
                for (int i = 0; i < lanes; i++)
                    writer.Line($"store {Lane(value, i)}, ptr {Element(place, type, Step(first, stride, i), false)}, align {LlvmText.Number(type.Element.Bytes)}");
                return;
        }
        string pointers = Elements(place, value.Type, Evaluate(index));
        writer.Line($"call void @llvm.masked.scatter.{LlvmText.SuffixOf(value.Type)}.v{LlvmText.Number(lanes)}p0({value}, {pointers}, i32 {LlvmText.Number(value.Type.Element.Bytes)}, {MaskOf(predicate, lanes)})");
    }

    private void EmitAll(ImmutableArray<Stmt> statements)
    {
        for (int n = 0; n < statements.Length; n++)
        {
            var group = StoreGroups.At(statements, n);
            if (group.IsEmpty)
            {
                Emit(statements[n]);
                continue;
            }
            From(group[0].Origin, () => EmitInterleaved(group));
            n += group.Length - 1;
        }
    }

    private void EmitInterleaved(ImmutableArray<Store> group)
    {
        _memo.Clear();
        _lets.Clear();
        var first = (Ramp)group[0].Indices[0];
        int lanes = first.Type.Lanes;
        List<Value> parts = [.. group.Select(s => ToMemory(Evaluate(s.Value)))];
        // One after another, two of a length at a time.
        while (parts.Count > 1)
        {
            if (parts.Count % 2 == 1) parts.Add(new(parts[0].Type, "poison"));
            parts = [.. parts.Chunk(2).Select(p => writer.Assign(p[0].Type.WithLanes(2 * p[0].Type.Lanes), $"shufflevector {p[0]}, {p[1]}, {LlvmText.Mask(Enumerable.Range(0, 2 * p[0].Type.Lanes))}"))];
        }
        var value = Shuffle(parts[0], Enumerable.Range(0, lanes * group.Length).Select(e => e % group.Length * lanes + e / group.Length));
        StoreRow(PlaceOf(group[0].Buffer), value, first.Base, null, nonTemporal: false, reverseMask: false);
    }

    private void EmitScalarStore(Store s, Place place, IrType type, Expr index, Expr? predicate)
    {
        string? skip = null;
        if (predicate is not null)
        {
            var condition = Evaluate(predicate);
            // What is evaluated below belongs to the block that is taken only under the predicate.
            string write = writer.Label("write");
            skip = writer.Label("written");
            writer.Branch(condition, write, skip);
            writer.Block(write);
        }
        var value = ToMemory(Evaluate(s.Value));
        string address = Element(place, type, Evaluate(index), false);
        writer.Line($"store {value}, ptr {address}, align {LlvmText.Number(AlignmentAt(place, index, type.Element.Bytes))}{Streaming(s.NonTemporal)}");
        _memo.Clear();
        if (skip is null) return;
        writer.Branch(skip);
        writer.Block(skip);
    }

    private static string Streaming(bool nonTemporal) => nonTemporal ? ", !nontemporal !0" : "";

    /// <summary>Consecutive elements. <paramref name="reverseMask"/>: the predicate's lanes count from the end.</summary>
    private Value LoadRow(Place place, IrType type, Expr @base, Expr? predicate, bool reverseMask = false)
    {
        string address = Element(place, type, Evaluate(@base), predicate is not null);
        int align = AlignmentAt(place, @base, type.Element.Bytes);
        if (predicate is null) return LoadFrom(type, address, align);
        var memory = type.Element is ElementType.Bool ? type.WithElement(ElementType.U8) : type;
        string text = LlvmText.TypeOf(memory);
        var mask = Evaluate(predicate);
        if (reverseMask) mask = Reverse(mask);
        var read = writer.Assign(memory, $"call {text} @llvm.masked.load.{LlvmText.SuffixOf(memory)}.p0(ptr {address}, i32 {LlvmText.Number(align)}, {mask}, {text} zeroinitializer)");
        return FromMemory(read, type);
    }

    private void StoreRow(Place place, Value value, Expr @base, Expr? predicate, bool nonTemporal, bool reverseMask)
    {
        string address = Element(place, value.Type, Evaluate(@base), predicate is not null);
        int align = AlignmentAt(place, @base, value.Type.Element.Bytes);
        if (predicate is null)
        {
            // A streamed store must be aligned to its whole width, or it becomes one per element.
            bool stream = nonTemporal && align % Math.Min(value.Type.Lanes * value.Type.Element.Bytes, module.Target.VectorBytes) == 0;
            writer.Line($"store {value}, ptr {address}, align {LlvmText.Number(align)}{Streaming(stream)}");
            return;
        }
        var mask = Evaluate(predicate);
        if (reverseMask) mask = Reverse(mask);
        writer.Line($"call void @llvm.masked.store.{LlvmText.SuffixOf(value.Type)}.p0({value}, ptr {address}, i32 {LlvmText.Number(align)}, {mask})");
    }

    private Value LoadFrom(IrType type, string address, int align)
    {
        var memory = type.Element is ElementType.Bool ? type.WithElement(ElementType.U8) : type;
        return FromMemory(writer.Assign(memory, $"load {LlvmText.TypeOf(memory)}, ptr {address}, align {LlvmText.Number(align)}"), type);
    }

    private Value FromMemory(Value value, IrType type) => type.Element is ElementType.Bool ? Test("ne", value, 0) : value with { Type = type };

    private Value ToMemory(Value value) => value.Type.Element is ElementType.Bool ? IntegerResize(value, value.Type.WithElement(ElementType.U8)) : value;

    private Value Reverse(Value vector) => Shuffle(vector, Enumerable.Range(0, vector.Type.Lanes).Reverse());

    private Value MaskOf(Expr? predicate, int lanes) => predicate is null ? LlvmText.Splat(LlvmText.Constant(ElementType.Bool, 1), lanes) : Evaluate(predicate);

    private Value Step(Value first, Value stride, int lane) => lane == 0 ? first
        : Integer("add", first, IsConstant(stride)
            ? LlvmText.Constant(first.Type.Element, lane * long.Parse(stride.Text, LlvmText.Culture))
            : Integer("mul", stride, lane));

    /// <summary>The address of an element. Under a predicate it may lie outside the buffer.</summary>
    private string Element(Place place, IrType type, Value index, bool mayBeOutside) =>
        index.Text == "0" ? place.Pointer
        : writer.Assign($"getelementptr {(mayBeOutside ? "" : "inbounds ")}{LlvmText.MemoryTypeOf(type.WithLanes(1))}, ptr {place.Pointer}, {Widened(index)}");

    private string Elements(Place place, IrType type, Value index)
    {
        string pointers = writer.Assign($"getelementptr {LlvmText.MemoryTypeOf(type.WithLanes(1))}, ptr {place.Pointer}, {Widened(index)}");
        return $"<{LlvmText.Number(index.Type.Lanes)} x ptr> {pointers}";
    }

    // LLVM extends an index by its sign.
    private Value Widened(Value index) => index.Type.Element.IsUnsigned && index.Type.Element.Bits < 64 ? IntegerResize(index, index.Type.WithElement(ElementType.I64)) : index;

    private static Expr FlatIndex(Lower.Ir.Buffer buffer, IReadOnlyList<Expr> indices) =>
        indices.Count == 1 ? indices[0] : indices.Count == 0 ? IntImm.Index(0) : throw Bug($"`{buffer.Name}` has {indices.Count} indices at level flat");

    /// <summary>What an element's address is known to be a multiple of.</summary>
    private int AlignmentAt(Place place, Expr index, int bytes)
    {
        long divisor = Divisor(index);
        // An index of 0 keeps the alignment of the whole place.
        if (divisor == 0) return place.Alignment;
        long lowest = 1L << Math.Min(BitOperations.TrailingZeroCount(divisor), 16);
        return (int)Math.Min(place.Alignment, lowest * bytes);
    }

    /// <summary>A number that divides an index in every iteration; 0 for the index 0.</summary>
    private long Divisor(Expr e)
    {
        switch (e)
        {
            case IntImm i: return i.Value == long.MinValue ? 1 : Math.Abs(i.Value);
            case Var v: return _divisors.GetValueOrDefault(v, 1);
            case Binary { Op: BinaryOp.Add or BinaryOp.Sub } b: return Gcd(Divisor(b.Left), Divisor(b.Right));
            case Binary { Op: BinaryOp.Mul } b:
                Int128 product = (Int128)Divisor(b.Left) * Divisor(b.Right);
                return product <= long.MaxValue ? (long)product : 1;
            default: return 1;
        }
    }

    private static long Gcd(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
