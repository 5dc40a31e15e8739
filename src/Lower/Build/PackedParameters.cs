using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Lower.Schedule.Primitives;
using Tx.Lower.Simplify;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Build;

/// <summary>Packed elements exist in a kernel's parameters alone, and those are buffers of bytes from here on. A read takes its element out of its byte. A result is
/// computed with a byte an element and then packed by a nest that writes whole bytes, so that no two agents ever write one; where one plain
/// definition gives the result, that nest computes the elements of its byte itself.</summary>
internal static class PackedParameters
{
    /// <summary>Operations of one byte's elements; a definition with more is computed first and packed then.</summary>
    private const int MaxOperations = 512;

    /// <summary>Returns the same function where no parameter is packed.</summary>
    public static LoopFunction Lower(LoopFunction f)
    {
        if (!f.Parameters.Any(p => p.Type.IsPacked)) return f;
        var bytes = f.Parameters.Where(p => p.Type.IsPacked).ToDictionary(p => p, BytesOf);
        var elements = bytes.Keys.Where(p => p.Role is BufferRole.Output)
            .ToDictionary(p => p, p => new Buffer($"{p.Name}.unpacked", p.Type, p.Shape, BufferRole.Temporary));
        var body = new Renaming(elements).Visit(f.Body);
        List<Stmt> nests = [.. body is Block b ? b.Statements : [body]];
        var temporaries = f.Temporaries.ToBuilder();
        foreach (var (result, unpacked) in elements.OrderBy(e => f.Parameters.IndexOf(e.Key)))
            if (!Pack(nests, unpacked, bytes[result], $"{result.Name}.packed")) temporaries.Add(unpacked);
        Buffer Bytes(Buffer b) => bytes.GetValueOrDefault(b, b);
        return new()
        {
            Name = f.Name, Target = f.Target, Parameters = [.. f.Parameters.Select(Bytes)], Dims = [.. f.Dims.Select(d => d with { Buffer = Bytes(d.Buffer) })],
            Temporaries = temporaries.ToImmutable(), Messages = f.Messages, Body = new ByteReads(bytes).Visit(Block.Of(nests)),
        };
    }

    private static Buffer BytesOf(Buffer p)
    {
        var shape = p.Shape.IsEmpty ? p.Shape : p.Shape.SetItem(p.Shape.Length - 1, Expr.CeilDiv(p.Shape[^1], PackedRows.PerByte(p.Type)));
        return new(p.Name, ElementType.U8, shape, p.Role) { Packed = new(p.Type, p.Shape) };
    }

    /// <summary>Adds the nest that packs a result; true where it takes the place of the one that computed it.</summary>
    private static bool Pack(List<Stmt> nests, Buffer unpacked, Buffer bytes, string name)
    {
        var packing = PackingNest(unpacked, bytes, name);
        var writers = nests.Where(n => n.BuffersWritten().Contains(unpacked)).ToList();
        if (writers is [var only] && NestPath.SoleInstance(only) is { } producer && Inline.IsPure(producer) && !nests.Any(n => n.BuffersRead().Contains(unpacked))
            && InstanceFacts.Of(producer) is { CanFail: false } facts && facts.Operations * PackedRows.PerByte(unpacked.Type) <= MaxOperations)
        {
            // A schedule knows it by the equation's name.
            nests[nests.IndexOf(only)] = NestPath.ReplaceInstance(Inline.Apply(packing, name, producer), name, i => new Instance(producer.Name, i.Iterations, i.Reads, i.Writes, i.Init, i.Body, i.Reassociate, producer.Origin));
            return true;
        }
        nests.Add(packing);
        return false;
    }

    private static Stmt PackingNest(Buffer unpacked, Buffer bytes, string name)
    {
        var loops = bytes.Shape.Select((_, d) => Var.Index(d == bytes.Shape.Length - 1 ? "b" : $"i{d}")).ToArray();
        ImmutableArray<IterVar> iterations = [.. loops.Select((l, d) => new IterVar(Var.Index("v" + l.Name), Expr.Index(0), bytes.Shape[d], IterKind.Spatial, l))];
        ImmutableArray<Expr> at = [.. iterations.Select(it => (Expr)it.Variable)];
        Expr value = at.IsEmpty ? Element(unpacked, [], null, 0) : Expr.Constant(Scalar.Of(ElementType.U8, 0L));
        int perByte = PackedRows.PerByte(unpacked.Type);
        for (int n = 0; n < perByte && !at.IsEmpty; n++)
        {
            var column = at[^1] * perByte + n;
            bool isWhole = n == 0 || unpacked.Shape[^1] is IntImm { Value: var extent } && extent % perByte == 0;
            value = Expr.Or(value, Element(unpacked, at.SetItem(at.Length - 1, column), isWhole ? null : column < unpacked.Shape[^1], n * unpacked.Type.Bits));
        }
        var store = new Store(bytes, at, value);
        Stmt nest = new Instance(name, iterations, Regions.Read(store), Regions.Written(store), null, store, true, new(null, null));
        for (int d = loops.Length - 1; d >= 0; d--) nest = new For(loops[d], Expr.Index(0), bytes.Shape[d], LoopKind.Serial, nest);
        return nest;
    }

    // The bits of an element in their place; those of what is not there are 0.
    private static Expr Element(Buffer unpacked, ImmutableArray<Expr> indices, Expr? exists, int shift)
    {
        var bits = Expr.And(Expr.Convert(new Load(unpacked, indices, exists), ElementType.U8), Byte((1L << unpacked.Type.Bits) - 1));
        return shift == 0 ? bits : Expr.Make(BinaryOp.Shl, bits, Byte(shift));
    }

    private static Expr Byte(long value) => Expr.Constant(Scalar.Of(ElementType.U8, value));

    private abstract class InstanceRewriter : Rewriter
    {
        protected override Stmt VisitInstance(Instance i) => base.VisitInstance(i) is Instance n && !ReferenceEquals(n, i)
            ? new Instance(n.Name, n.Iterations, Regions.Read(n.Init, n.Body), Regions.Written(n.Init, n.Body), n.Init, n.Body, n.Reassociate, n.Origin)
            : i;
    }

    private sealed class Renaming(Dictionary<Buffer, Buffer> buffers) : InstanceRewriter
    {
        protected override Buffer VisitBuffer(Buffer b) => buffers.GetValueOrDefault(b, b);
    }

    private sealed class ByteReads(Dictionary<Buffer, Buffer> bytes) : InstanceRewriter
    {
        private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

        public override Expr Visit(Expr e)
        {
            if (e is IntImm or FloatImm or Var) return e;
            if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
            return result;
        }

        protected override Expr VisitLoad(Load l)
        {
            if (!bytes.TryGetValue(l.Buffer, out var b)) return base.VisitLoad(l);
            var indices = VisitAll(l.Indices);
            var predicate = l.Predicate is null ? null : Visit(l.Predicate);
            if (indices.IsEmpty) return Expr.Convert(new Load(b, indices, predicate), l.Buffer.Type);
            var perByte = Expr.Index(PackedRows.PerByte(l.Buffer.Type));
            var (column, place) = (Simplifier.Simplify(indices[^1] / perByte), Simplifier.Simplify(indices[^1] % perByte));
            var loaded = new Load(b, indices.SetItem(indices.Length - 1, column), predicate);
            var shift = Expr.Convert(place * l.Buffer.Type.Bits, ElementType.U8);
            // A cast between integers keeps the lowest bits.
            return Expr.Convert(Expr.Make(BinaryOp.Shr, loaded, shift), l.Buffer.Type);
        }
    }
}
