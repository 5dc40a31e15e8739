using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>What stands on the left of an equation: the element that it defines, and the indices in it.</summary>
internal sealed partial class OperatorBinder
{
    private bool BindLeft(Definition d, int t, ExpressionBinder binder, Left left)
    {
        var target = d.Targets[t];
        var tensor = d.Tensors[t];
        if (tensor.IsDeclared && tensor.Tensor is null) return false;
        var subscripts = ImmutableArray.CreateBuilder<Term>();
        foreach (var e in target.Subscripts ?? [])
            if (!BindLeftSubscript(d, target, tensor, e, binder, left, subscripts)) return false;
        if (tensor.Tensor is { } declared && declared.Rank != subscripts.Count)
        {
            _bag.Add(ExpressionBinder.WrongRank(tensor.Name, declared.Rank, subscripts.Count, target.Span, tensor.Span));
            return false;
        }
        left.Targets.Add(subscripts.ToImmutable());
        if (tensor.Tensor is not null) TakeShape(tensor.Tensor, left, left.Targets[^1]);
        return true;
    }

    private bool BindLeftSubscript(
        Definition d, LeftSide target, TensorName tensor, ExpressionSyntax e, ExpressionBinder binder, Left left, ImmutableArray<Term>.Builder subscripts)
    {
        switch (e)
        {
            case PackSyntax { Name: { } pack }:
                if (PackIndices(d, target, tensor, pack, left) is not { } indices) return false;
                foreach (var i in indices) Use(i, subscripts, e);
                return true;
            case NameExpressionSyntax n when _scope.Find(n.Name) is null:
                var index = new IndexSymbol(n.Name, false, n.Span);
                AddName(left, n.Name, new LoopSymbol(index));
                Use(index, subscripts, e);
                return true;
            case NameExpressionSyntax n when _scope.Find(n.Name) is LoopSymbol known:
                Use(known.Index, subscripts, e);
                return true;
            case NameExpressionSyntax n when _scope.Find(n.Name) is TensorName or DimPackSymbol || IsExtent(n, tensor, subscripts.Count):
                if (_scope.IsNews(n.Name)) _bag.Add(SemanticDiagnostics.NameTaken, n.Span, n.Name, _scope.Find(n.Name)!.Description);
                return false;
            case RangeSyntax or PackSyntax:
                _bag.Add(SemanticDiagnostics.SliceInEquation, e.Span);
                return false;
        }
        if (MentionedNames.Parts(e).Any(p => p is SubscriptSyntax))
        {
            _bag.Add(SemanticDiagnostics.DataTarget, e.Span, target.Name.Name);
            return false;
        }
        if (UnknownName(e) is { } unknown)
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.NoRange, unknown.Span, $"`{unknown.Name}`", $"`for {unknown.Name} in 0..n {{ … }}`"));
            return false;
        }
        if (binder.BindIndex(e) is not { } term) return false;
        if (TermMeasure.ReadsData(term))
        {
            _bag.Add(SemanticDiagnostics.DataTarget, e.Span, target.Name.Name);
            return false;
        }
        subscripts.Add(term);
        Terms.Substitute(term, null, i =>
        {
            if (!left.Indices.Contains(i)) left.Indices.Add(i);
            return null;
        });
        return true;

        void Use(IndexSymbol i, ImmutableArray<Term>.Builder to, ExpressionSyntax place)
        {
            if (!left.Indices.Contains(i)) left.Indices.Add(i);
            to.Add(new IndexTerm(i, place.Span));
        }
    }

    /// <summary>A dimension in the place of the index that runs over it: `Y[N] = …` for a tensor of N elements.</summary>
    private bool IsExtent(NameExpressionSyntax n, TensorName tensor, int dimension) => _scope.Find(n.Name) is DimensionSymbol { Dim: var dim }
        && (tensor.Tensor is not { } declared || (dimension < declared.Rank && declared.Shape[dimension] is DimTerm extent && extent.Dim == dim));

    private NameExpressionSyntax? UnknownName(ExpressionSyntax e) => MentionedNames.Parts(e).OfType<NameExpressionSyntax>()
        .FirstOrDefault(n => _scope.Find(n.Name) is null && !ExpressionBinder.FunctionNames.Contains(n.Name));

    /// <summary>The indices <c>..i</c>: as many as the tensor on the left, or the first one read with them, leaves over.</summary>
    private ImmutableArray<IndexSymbol>? PackIndices(Definition d, LeftSide target, TensorName tensor, NameSyntax pack, Left left)
    {
        if (_scope.Find(pack.Text) is LoopPackSymbol known) return known.Indices;
        if (_scope.Find(pack.Text) is { } taken)
        {
            _bag.Add(SemanticDiagnostics.NameTaken, pack.Span, pack.Text, taken.Description);
            return null;
        }
        int? rank = tensor.Tensor is { } declared ? Rest(declared, target.Subscripts!.Value) : null;
        foreach (var part in rank is null ? MentionedNames.Parts(d.Value) : [])
            if (part is SubscriptSyntax { Target: NameExpressionSyntax n } s && s.Subscripts.Any(x => x is PackSyntax { Name: { } p } && p.Text == pack.Text))
            {
                if (_scope.Find(n.Name) is not TensorName { Tensor: { } read }) return null;
                rank = Rest(read, s.Subscripts.Items);
                break;
            }
        if (rank is not >= 0)
        {
            _bag.Add(SemanticDiagnostics.PackMisplaced, pack.Span, pack.Text);
            return null;
        }
        ImmutableArray<IndexSymbol> indices = [.. Enumerable.Range(0, rank.Value).Select(i => new IndexSymbol(Unique($"{pack.Text}{i}"), false, pack.Span) { Pack = pack.Text })];
        foreach (var index in indices) AddName(left, index.Name, new LoopSymbol(index));
        AddName(left, pack.Text, new LoopPackSymbol(indices));
        return indices;

        static int Rest(TensorSymbol t, ImmutableArray<ExpressionSyntax> subscripts) => t.Rank - subscripts.Count(x => x is not PackSyntax);
    }

    /// <summary>A declared shape gives its indices their ranges, where nothing stated them.</summary>
    private static void TakeShape(TensorSymbol tensor, Left left, ImmutableArray<Term> subscripts)
    {
        for (int d = 0; d < subscripts.Length; d++)
            if (subscripts[d] is IndexTerm { Index: var index } && left.Ranged.Add(index))
                (index.Start, index.End) = (ConstTerm.Int(0), tensor.Shape[d]);
    }
}
