using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Strategies;

/// <summary>A reduction over parts of which some do not depend on the output's columns and others not on its rows, so that a tile of the output
/// uses each part several times: <c>sum(k: A[i, k] * B[k, j])</c>, convolutions, distances, any combiner.</summary>
/// <param name="Rows">Loops of the output that only <paramref name="RowParts"/> use.</param>
/// <param name="Columns">Loops of the output that only <paramref name="ColumnParts"/> use; the last is the one that vectors run along.</param>
/// <param name="Batch">Loops of the output that both use, or none.</param>
/// <param name="RowParts">Largest expressions without a column, each with a read.</param>
/// <param name="ColumnParts">Largest expressions with a column and without a row.</param>
internal sealed record ContractionShape(
    ReductionForm Form, ImmutableArray<For> Rows, ImmutableArray<For> Columns, ImmutableArray<For> Batch, ImmutableArray<For> Reductions,
    ImmutableArray<Expr> RowParts, ImmutableArray<Expr> ColumnParts)
{
    /// <summary>Null where the instance has no such form, or has no points.</summary>
    public static ContractionShape? Match(Instance instance, ImmutableArray<For> loops)
    {
        if (ReductionForm.Match(instance) is not { } form || !ReductionStrategy.IsRectangular(loops)) return null;
        var spatial = ReductionStrategy.LoopsOf(instance, loops, IterKind.Spatial);
        var reductions = ReductionStrategy.LoopsOf(instance, loops, IterKind.Reduction);
        if (spatial.Length + reductions.Length != loops.Length || reductions.IsEmpty || loops.Any(l => l.Extent is IntImm { Value: <= 0 } || !l.Min.IsConstant(0))) return null;
        var facts = InstanceFacts.Of(instance);
        if (facts.CanFail || facts.Stores.Count != 1) return null;

        var loopOf = spatial.ToDictionary(l => instance.Iterations.First(it => ReferenceEquals(it.Binding, l.Variable)).Variable);
        // Contiguous stores first: the output's last index, then those before it.
        foreach (var column in form.Update.Indices.Reverse().OfType<Var>().Where(loopOf.ContainsKey))
            if (Split(form, column, loopOf, spatial, reductions) is { } shape) return shape;
        return null;
    }

    private static ContractionShape? Split(ReductionForm form, Var column, Dictionary<Var, For> loopOf, ImmutableArray<For> spatial, ImmutableArray<For> reductions)
    {
        var (withColumn, without) = (new HashSet<Var>(), new HashSet<Var>());
        foreach (var load in InstanceFacts.Of(form.Value).Loads)
        {
            var used = load.FreeVars().Where(loopOf.ContainsKey).ToList();
            (used.Contains(column) ? withColumn : without).UnionWith(used);
        }
        var rows = without.Except(withColumn).ToHashSet();
        var columns = withColumn.Except(without).ToHashSet();
        if (rows.Count == 0 || !columns.Contains(column)) return null;

        var parts = new PartCollector(rows, columns, loopOf.ContainsKey);
        if (!parts.Collect(form.Value) || parts.Rows.Count == 0 || parts.Columns.Count == 0) return null;
        var columnLoop = loopOf[column];
        return new(form, [.. spatial.Where(l => rows.Any(v => loopOf[v] == l))],
            [.. spatial.Where(l => l != columnLoop && columns.Any(v => loopOf[v] == l)), columnLoop],
            [.. spatial.Where(l => !rows.Any(v => loopOf[v] == l) && !columns.Any(v => loopOf[v] == l))], reductions, [.. parts.Rows], [.. parts.Columns]);
    }

    private sealed class PartCollector(HashSet<Var> rows, HashSet<Var> columns, Func<Var, bool> isSpatial)
    {
        public List<Expr> Rows { get; } = [];
        public List<Expr> Columns { get; } = [];

        /// <summary>False when a read depends on a row and on a column.</summary>
        public bool Collect(Expr e)
        {
            var used = e.FreeVars();
            bool hasRow = used.Any(rows.Contains), hasColumn = used.Any(columns.Contains);
            if (!hasColumn || !hasRow)
            {
                // What depends on the reduction alone is cheap to read again.
                if (hasRow || hasColumn || used.Any(isSpatial)) Add(hasColumn ? Columns : Rows, e);
                return true;
            }
            return e switch
            {
                Binary b => Collect(b.Left) && Collect(b.Right),
                Unary u => Collect(u.Operand),
                Cast c => Collect(c.Operand),
                Call c => c.Arguments.All(Collect),
                Select s => Collect(s.Condition) && Collect(s.Then) && Collect(s.Else),
                _ => false,
            };
        }

        private static void Add(List<Expr> parts, Expr e)
        {
            if (!parts.Any(p => StructuralComparer.Equal(p, e))) parts.Add(e);
        }
    }
}
