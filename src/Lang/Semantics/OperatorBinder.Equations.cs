using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>One equation: the indices of its left side, its value, and the ranges and types that follow.</summary>
internal sealed partial class OperatorBinder
{
    /// <summary>The left side of an equation under construction.</summary>
    private sealed class Left
    {
        public List<IndexSymbol> Indices { get; } = [];
        /// <summary>Indices that a <c>for</c> gave a range.</summary>
        public HashSet<IndexSymbol> Stated { get; } = [];
        /// <summary>Indices that have a range, from a <c>for</c> or a declared shape.</summary>
        public HashSet<IndexSymbol> Ranged { get; } = [];
        /// <summary>For each target its subscripts: indices or the constant 0.</summary>
        public List<ImmutableArray<Term>> Targets { get; } = [];
        public List<string> Names { get; } = [];
    }

    private bool BindEquation(Definition d)
    {
        var binder = new ExpressionBinder(_scope, _bag);
        var left = new Left();
        bool isFine = EnterLoops(d, binder, left);
        for (int t = 0; t < d.Targets.Length && isFine; t++) isFine = BindLeft(d, t, binder, left);
        isFine = isFine && CheckLoops(d, left);
        if (isFine)
        {
            binder.Enter(left.Indices);
            isFine = binder.BindWhole(d.Value) is { } value && Complete(d, left, binder, value);
        }
        foreach (string name in left.Names) _scope.Remove(name);
        return isFine;
    }

    private bool EnterLoops(Definition d, ExpressionBinder binder, Left left)
    {
        foreach (var b in d.Loops)
        {
            if (_scope.Find(b.Name.Text) is { } taken)
            {
                if (_scope.IsNews(b.Name.Text)) _bag.Add(SemanticDiagnostics.NameTaken, b.Name.Span, b.Name.Text, taken.Description);
                return false;
            }
            var index = new IndexSymbol(b.Name.Text, false, b.Name.Span);
            if (!binder.BindRange(b.Range, index)) return false;
            if (MentionsIndex(index.Start) || MentionsIndex(index.End))
            {
                _bag.Add(UnsupportedDiagnostics.PartialEquation, b.Span, d.Targets[0].Name.Name);
                return false;
            }
            left.Stated.Add(index);
            left.Ranged.Add(index);
            AddName(left, index.Name, new LoopSymbol(index));
        }
        return true;
    }

    private static bool MentionsIndex(Term term) => term switch
    {
        IndexTerm => true,
        UnaryTerm u => MentionsIndex(u.Operand),
        BinaryTerm b => MentionsIndex(b.Left) || MentionsIndex(b.Right),
        IntrinsicTerm f => f.Arguments.Any(MentionsIndex),
        SelectTerm s => MentionsIndex(s.Condition) || MentionsIndex(s.Then) || MentionsIndex(s.Else),
        _ => false,
    };

    private void AddName(Left left, string name, Symbol symbol)
    {
        _scope.TryAdd(name, symbol);
        left.Names.Add(name);
    }

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
        return tensor.Tensor is null || TakeShape(tensor.Tensor, target, left, left.Targets[^1]);
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
                if (!subscripts.Any(s => s is IndexTerm i && i.Index == known.Index))
                {
                    Use(known.Index, subscripts, e);
                    return true;
                }
                _bag.Add(UnsupportedDiagnostics.PartialEquation, target.Span, target.Name.Name);
                return false;
            case NameExpressionSyntax n when _scope.Find(n.Name) is TensorName or DimPackSymbol or DimensionSymbol:
                if (_scope.IsNews(n.Name)) _bag.Add(SemanticDiagnostics.NameTaken, n.Span, n.Name, _scope.Find(n.Name)!.Description);
                return false;
            case RangeSyntax or PackSyntax:
                _bag.Add(SemanticDiagnostics.SliceInEquation, e.Span);
                return false;
        }
        if (UnknownName(e) is { } unknown)
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.NoRange, unknown.Span, $"`{unknown.Name}`", $"`for {unknown.Name} in 0..n {{ … }}`"));
            return false;
        }
        if (binder.BindSize(e) is not { } term) return false;
        if (term is ConstTerm { Value.Integer: 0 })
        {
            subscripts.Add(term);
            return true;
        }
        _bag.Add(UnsupportedDiagnostics.PartialEquation, target.Span, target.Name.Name);
        return false;

        void Use(IndexSymbol i, ImmutableArray<Term>.Builder to, ExpressionSyntax place)
        {
            if (!left.Indices.Contains(i)) left.Indices.Add(i);
            to.Add(new IndexTerm(i, place.Span));
        }
    }

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
        ImmutableArray<IndexSymbol> indices = [.. Enumerable.Range(0, rank.Value).Select(i => new IndexSymbol(Unique($"{pack.Text}{i}"), false, pack.Span))];
        foreach (var index in indices) AddName(left, index.Name, new LoopSymbol(index));
        AddName(left, pack.Text, new LoopPackSymbol(indices));
        return indices;

        static int Rest(TensorSymbol t, ImmutableArray<ExpressionSyntax> subscripts) => t.Rank - subscripts.Count(x => x is not PackSyntax);
    }

    /// <summary>A declared shape gives its indices their ranges; a stated range must cover it.</summary>
    private bool TakeShape(TensorSymbol tensor, LeftSide target, Left left, ImmutableArray<Term> subscripts)
    {
        for (int dimension = 0; dimension < subscripts.Length; dimension++)
        {
            var extent = tensor.Shape[dimension];
            if (subscripts[dimension] is not IndexTerm { Index: var index })
            {
                if (_sizes.Equal(extent, ConstTerm.Int(1)).Verdict is Verdict.Proved) continue;
                _bag.Add(UnsupportedDiagnostics.PartialEquation, target.Span, tensor.Name);
                return false;
            }
            if (left.Ranged.Add(index))
            {
                (index.Start, index.End) = (ConstTerm.Int(0), extent);
                continue;
            }
            ImmutableArray<object?> arguments = [tensor.Name, index.Name, Terms.Print(index.Start), Terms.Print(index.End), Terms.Print(extent)];
            ImmutableArray<Label> labels = tensor.Span is { } place ? [new(place, $"declared with the extent {Terms.Print(extent)}")] : [];
            if (!Agree(index.Start, ConstTerm.Int(0), SemanticDiagnostics.NotCovered, arguments, target.Span, labels)
                || !Agree(index.End, extent, SemanticDiagnostics.NotCovered, arguments, target.Span, labels)) return false;
        }
        return true;
    }

    private bool CheckLoops(Definition d, Left left)
    {
        foreach (var index in left.Stated)
            if (!left.Indices.Contains(index))
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnusedLoopIndex, index.Span, index.Name).WithLabel(d.Targets[0].Span, "the left side"));
                return false;
            }
        for (int t = 1; t < left.Targets.Count; t++)
            if (!left.Indices.All(i => left.Targets[t].Any(s => s is IndexTerm x && x.Index == i)) || !left.Indices.All(i => left.Targets[0].Any(s => s is IndexTerm x && x.Index == i)))
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.LeftSide, d.Targets[t].Span).WithHelp("let all targets have the same indices: `(a[i], b[i]) = …`"));
                return false;
            }
        return true;
    }

    /// <summary>Ranges, types and the tensors themselves, once the value is bound.</summary>
    private bool Complete(Definition d, Left left, ExpressionBinder binder, Value value)
    {
        if (BindTypes(d, left, value) is not var (types, term)) return false;
        if (!Settle(binder, left.Indices.Where(i => !left.Ranged.Contains(i)))) return false;
        var targets = ImmutableArray.CreateBuilder<Target>();
        bool isFine = true;
        for (int t = 0; t < d.Targets.Length; t++)
        {
            var name = d.Tensors[t];
            if (name.Tensor is null)
            {
                foreach (var s in left.Targets[t])
                    if (s is IndexTerm { Index: var i } && i.Start is not ConstTerm { Value.Integer: 0 })
                    {
                        _bag.Add(UnsupportedDiagnostics.PartialEquation, d.Targets[t].Span, name.Name);
                        isFine = false;
                    }
                if (!isFine) break;
                name.Tensor = new TensorSymbol(name.Name, types[t], [.. left.Targets[t].Select(s => s is IndexTerm i ? i.Index.End : ConstTerm.Int(1))], name.Role, name.Span);
                OweExtents(name.Tensor);
            }
            targets.Add(new(name.Tensor, left.Targets[t]));
        }
        if (isFine) _stages.Add(new([.. targets.Select(t => t.Tensor)], [new Equation(targets.ToImmutable(), [.. left.Indices], term, null, d.Span)]));
        return isFine;
    }

    /// <summary>Decides the ranges that are open, then takes over what the expression owes, which speaks of them.</summary>
    private bool Settle(ExpressionBinder binder, IEnumerable<IndexSymbol> open)
    {
        var obligations = new List<Obligation>(binder.Obligations);
        if (!new RangeInference(_sizes, _bag, obligations).Solve([.. open, .. binder.OpenIndices], binder.Reads)) return false;
        foreach (var o in obligations) Owe(o);
        foreach (var (kind, index, scope, conditions, span) in binder.NonEmpty)
            Owe(new(SemanticDiagnostics.EmptyRange, [kind.Name, index.Name, Terms.Print(Terms.Simplify(new BinaryTerm(BinaryOp.Sub, index.End, index.Start)))],
                new BinaryTerm(BinaryOp.Lt, index.Start, index.End), [.. scope.Where(i => i != index)], conditions, span, []));
        foreach (var sum in binder.NarrowSums) AccumulatorBound.Check(sum, _sizes, _bag);
        return true;
    }

    /// <summary>The element types of the targets and the term of the value; an <c>int</c> is stored as <c>i64</c>.</summary>
    private (ImmutableArray<ElementType> Types, Term Value)? BindTypes(Definition d, Left left, Value value)
    {
        int count = value.Term is ReduceTerm reduce ? reduce.ResultCount : 1;
        if (count != d.Targets.Length)
        {
            string what = d.Value is ReductionSyntax r ? r.Reducer.Text : d.Value.Span.Text;
            _bag.Add(SemanticDiagnostics.ResultCount, d.Span, what, Spelling.Count(count, "result"), Spelling.Count(d.Targets.Length, "target"));
            return null;
        }
        if (count > 1)
        {
            var several = (ReduceTerm)value.Term!;
            ImmutableArray<ElementType> types = [.. Enumerable.Range(0, count).Select(t =>
                t > 0 || several.Type is ElementType.Int ? ElementType.I64 : several.Type)];
            for (int t = 0; t < count; t++)
                if (d.Tensors[t].Tensor is { } declared && declared.Type != types[t])
                {
                    _bag.Add(Diagnostic.Create(SemanticDiagnostics.TypeMismatch, d.Targets[t].Span, declared.Type.Name, types[t].Name)
                        .WithHelp($"declare `{declared.Name}` with elements of type `{types[t].Name}`"));
                    return null;
                }
            return (types, several);
        }
        var name = d.Tensors[0];
        var type = name.Tensor?.Type ?? value.DefaultType(ElementType.I32);
        if (type is ElementType.Int) type = ElementType.I64;
        if (type is ElementType.I64 && value.Term is { Type: ElementType.Int } size)
            return ([type], Fold.Cast(CastKind.Convert, ElementType.I64, size, size.Span));
        return new ExpressionBinder(_scope, _bag).Require(value, type) is { } term ? ([type], term) : null;
    }
}
