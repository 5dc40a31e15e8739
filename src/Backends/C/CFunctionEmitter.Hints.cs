using System.Collections.Immutable;
using System.Numerics;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

// What a schedule says of vectors, for compilers that make them: macros before loops, which mean nothing elsewhere (CSupport).
internal sealed partial class CFunctionEmitter
{
    // Bytes of the smallest vector that a machine with wider ones has, too.
    private const int SmallVector = 16;
    // The widest vector that compilers may be asked for, in elements.
    private const int MaxTile = 64;

    private string? HintFor(For f)
    {
        if (Pipeline.UnrollsFor(module.Target.Cpu)) return null;
        if (f.Lanes == 1) return f.Extent is IntImm && IsMadeOfTiles(f.Body) ? "TX_ROLLED" : null;
        if (!LoopSearch.IsInnermost(f)) return null;
        var body = BodyWork.Of(f.Body);
        long vectors = (long)f.Lanes * body.Bytes / module.Target.Cpu.VectorBytes;
        if (f.Extent.IsConstant(f.Lanes))
            return f.Lanes <= MaxTile && BitOperations.IsPow2(f.Lanes) && f.Lanes * body.Bytes >= SmallVector && InRow.Holds(f) ? $"TX_TILE({CTypes.Number(f.Lanes)})" : null;
        if (body.Widens && vectors >= 2) return $"TX_VECTOR({CTypes.Number(f.Lanes)})";
        return vectors >= 2 && body.IsLong ? $"TX_INTERLEAVE({CTypes.Number(vectors)})" : null;
    }

    private static bool IsMadeOfTiles(Stmt s) => s switch
    {
        For f => f.Lanes > 1,
        Block b => b.Statements.All(IsMadeOfTiles),
        LetStmt l => IsMadeOfTiles(l.Body),
        _ => false,
    };

    /// <summary>Each access of a loop's body is to one element for all iterations, or to elements in a row.</summary>
    private sealed class InRow(Var variable) : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private bool _holds = true;

        public static bool Holds(For f)
        {
            var walk = new InRow(f.Variable);
            walk.Visit(f.Body);
            return walk._holds;
        }

        public override void Visit(Expr e)
        {
            if (!_holds || !_seen.Add(e)) return;
            if (e is Load l) Look(l.Indices);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t) Look(t.Indices);
            base.Visit(s);
        }

        private void Look(ImmutableArray<Expr> indices)
        {
            foreach (var i in indices) _holds &= !i.UsesVar(variable) || LinearForm.Of(i) is { } form && form.CoefficientOf(variable) == 1 && form.Terms.All(t => ReferenceEquals(t.Key, variable) || !t.Key.UsesVar(variable));
        }
    }
}
