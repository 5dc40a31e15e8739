using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule;

/// <summary>An instance of the form <c>C[…] = C[…] op value</c> with one initial value.</summary>
internal sealed record ReductionForm(Store Update, BinaryOp Combiner, Load Accumulator, Expr Value, Expr Identity)
{
    /// <summary>Null where the instance is no reduction, keeps several results or has run-time checks.</summary>
    public static ReductionForm? Match(Instance i) =>
        i.Init is Store init && i.Body is Store { Predicate: null, Value: Binary { Left: Load acc } sum } update
        && ReferenceEquals(acc.Buffer, update.Buffer) && acc.Indices.SequenceEqual(update.Indices, StructuralComparer.Instance)
        && init.Value.TryGetConstant(out _)
            ? new(update, sum.Op, acc, sum.Right, init.Value) : null;
}
