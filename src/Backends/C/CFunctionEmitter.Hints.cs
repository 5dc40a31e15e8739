using System.Numerics;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

// What a schedule says of vectors, for compilers that make them: macros before loops, which mean nothing elsewhere (CSupport).
internal sealed partial class CFunctionEmitter
{
    // Compilers take several vectors at once by themselves where a body is short.
    private const int LongBody = 12;
    // The widest vector that compilers may be asked for, in elements.
    private const int MaxTile = 64;

    private string? HintFor(For f)
    {
        if (Pipeline.UnrollsFor(module.Target.Cpu)) return null;
        if (f.Lanes == 1) return f.Extent is IntImm && IsMadeOfTiles(f.Body) ? "TX_ROLLED" : null;
        if (!LoopSearch.IsInnermost(f)) return null;
        var body = new LoopBody();
        body.Visit(f.Body);
        long vectors = (long)f.Lanes * body.Bytes / module.Target.Cpu.VectorBytes;
        if (vectors < 2) return null;
        if (f.Extent.IsConstant(f.Lanes)) return f.Lanes <= MaxTile && BitOperations.IsPow2(f.Lanes) ? $"TX_TILE({CTypes.Number(f.Lanes)})" : null;
        return body.Operations >= LongBody ? $"TX_INTERLEAVE({CTypes.Number(vectors)})" : null;
    }

    private static bool IsMadeOfTiles(Stmt s) => s switch
    {
        For f => f.Lanes > 1,
        Block b => b.Statements.All(IsMadeOfTiles),
        LetStmt l => IsMadeOfTiles(l.Body),
        _ => false,
    };

    /// <summary>The bytes of the widest elements that a body reads or writes, and how many operations on data it has.</summary>
    private sealed class LoopBody : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

        public int Bytes { get; private set; } = 1;
        public int Operations { get; private set; }

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load l) Bytes = Math.Max(Bytes, l.Buffer.Type.Bytes);
            if (e is Binary or Lower.Ir.Call or Select && e.Type != IrType.Index) Operations++;
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t) Bytes = Math.Max(Bytes, t.Buffer.Type.Bytes);
            base.Visit(s);
        }
    }
}
