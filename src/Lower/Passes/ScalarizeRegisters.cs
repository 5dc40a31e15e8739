using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Registers have no addresses: a <see cref="MemoryScope.Register"/> buffer that is still accessed at an index which is not constant becomes a
/// <see cref="MemoryScope.Local"/> one.</summary>
public static class ScalarizeRegisters
{
    public static LoopModule Run(LoopModule module) => module.Map(f =>
    {
        var addressed = new Addressed();
        addressed.Visit(f.Body);
        return f.With(addressed.Buffers.Count == 0 ? f.Body : new Demotion(addressed.Buffers).Visit(f.Body));
    }, module.Level < LoopLevel.Expanded ? LoopLevel.Expanded : module.Level);

    private sealed class Addressed : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public HashSet<Buffer> Buffers { get; } = [];

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load l) Access(l.Buffer, l.Indices);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case Store t: Access(t.Buffer, t.Indices); break;
                case InstructionCall c:
                    // Its body is not written out.
                    if (c.Emission is { } e)
                    {
                        VisitEmission(c);
                        Access(e.Target, e.Indices);
                        return;
                    }
                    break;
                case Effect x: Buffers.UnionWith(x.Buffers.Where(b => b.Scope is MemoryScope.Register)); break;
                case Launch l: Buffers.UnionWith(l.Buffers.Where(b => b.Scope is MemoryScope.Register)); break;
                case Allocate { Buffer: { Scope: MemoryScope.Register } b } when b.Shape.Any(e => e is not IntImm): Buffers.Add(b); break;
            }
            base.Visit(s);
        }

        private void Access(Buffer buffer, IEnumerable<Expr> indices)
        {
            if (buffer.Scope is MemoryScope.Register && !indices.All(IsConstant)) Buffers.Add(buffer);
        }

        private static bool IsConstant(Expr e) => e switch
        {
            IntImm => true,
            Ramp r => r.Base is IntImm && r.Stride is IntImm,
            Broadcast b => b.Value is IntImm,
            _ => false,
        };
    }

    private sealed class Demotion(HashSet<Buffer> registers) : SharingRewriter
    {
        private readonly Dictionary<Buffer, Buffer> _local = [];

        protected override Buffer VisitBuffer(Buffer b)
        {
            if (!registers.Contains(b)) return b;
            if (!_local.TryGetValue(b, out var local))
                _local.Add(b, local = new(b.Name, b.Type, b.Shape, b.Role, MemoryScope.Local, b.Layout, b.Device, b.Memory));
            return local;
        }
    }
}
