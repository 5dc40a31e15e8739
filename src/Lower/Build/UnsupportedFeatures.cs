using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lower.Build;

/// <summary>Finds what a correct operator uses and lowering does not support yet.</summary>
public static class UnsupportedFeatures
{
    /// <summary>One diagnostic for each place; empty when <paramref name="op"/> can be lowered.</summary>
    public static ImmutableArray<Diagnostic> Find(Operator op)
    {
        var found = new DiagnosticBag();
        foreach (var p in op.Parameters) CheckType(p, found);
        var known = new HashSet<TensorSymbol>(op.Parameters);
        foreach (var stage in op.Stages)
        {
            foreach (var t in stage.Tensors) CheckType(t, found);
            var update = stage.Equations.FirstOrDefault(e => e.Update is not null);
            if (update is not null) found.Add(LowerDiagnostics.UpdateNotSupported, update.Span, stage.Name);
            else if (stage.Equations.Length > 1) found.Add(LowerDiagnostics.RecurrenceNotSupported, stage.Equations[1].Span, stage.Name);
            else
            {
                var reader = new ReadChecker(known, found);
                foreach (var e in stage.Equations) reader.Check(e, stage.Name);
            }
            known.UnionWith(stage.Tensors);
        }
        return [.. found.Items];
    }

    private static void CheckType(TensorSymbol t, DiagnosticBag found)
    {
        if (!t.Type.IsSupported) found.Add(LowerDiagnostics.ElementTypeNotSupported, t.Span, t.Type.Name);
    }

    private sealed class ReadChecker(HashSet<TensorSymbol> known, DiagnosticBag found)
    {
        private bool _isRecurrence;

        public void Check(Equation e, string stage)
        {
            _isRecurrence = false;
            foreach (var t in e.Value.SelfAndDescendants())
            {
                if (t is not ReadTerm read) continue;
                if (!known.Contains(read.Tensor) && !_isRecurrence)
                {
                    _isRecurrence = true;
                    found.Add(LowerDiagnostics.RecurrenceNotSupported, read.Span ?? e.Span, stage);
                }
                foreach (var i in read.Indices)
                    if (i.SelfAndDescendants().Any(x => x is ReadTerm))
                        found.Add(LowerDiagnostics.DataIndexNotSupported, i.Span ?? read.Span, read.Tensor.Name);
            }
        }
    }
}
