using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary>What one iteration of a loop does.</summary>
/// <param name="Bytes">Of the widest elements that it reads or writes.</param>
/// <param name="Operations">Operations on data.</param>
/// <param name="FloatBytes">Of the widest floats that it computes with.</param>
public readonly record struct BodyWork(int Bytes, int Operations, int FloatBytes)
{
    /// <summary>Compilers take several vectors at once by themselves where a body is short.</summary>
    public bool IsLong => Operations >= 12;

    /// <summary>It computes with wider floats than it reads and writes.</summary>
    public bool Widens => FloatBytes > Bytes;

    public static BodyWork Of(Stmt body)
    {
        var count = new Count();
        count.Visit(body);
        return new(count.Bytes, count.Operations, count.FloatBytes);
    }

    private sealed class Count : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

        public int Bytes { get; private set; } = 1;
        public int Operations { get; private set; }
        public int FloatBytes { get; private set; }

        public override void Visit(Expr e)
        {
            if (!_seen.Add(e)) return;
            if (e is Load l) Bytes = Math.Max(Bytes, l.Buffer.Type.Bytes);
            if (e.Type.Element.IsFloat) FloatBytes = Math.Max(FloatBytes, e.Type.Element.Bytes);
            if (e is Binary or Call or Select && e.Type != IrType.Index) Operations++;
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t) Bytes = Math.Max(Bytes, t.Buffer.Type.Bytes);
            base.Visit(s);
        }
    }
}
