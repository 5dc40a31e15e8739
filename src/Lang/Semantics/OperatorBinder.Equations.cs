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
            if (!binder.BindRange(b, index)) return false;
            left.Stated.Add(index);
            left.Ranged.Add(index);
            AddName(left, index.Name, new LoopSymbol(index));
        }
        return true;
    }

    /// <summary>Does a size speak of an index, or of one in particular?</summary>
    private static bool MentionsIndex(Term term, IndexSymbol? wanted = null)
    {
        bool found = false;
        Terms.Substitute(term, null, i =>
        {
            found |= wanted is null || i == wanted;
            return null;
        });
        return found;
    }

    private void AddName(Left left, string name, Symbol symbol)
    {
        _scope.TryAdd(name, symbol);
        left.Names.Add(name);
    }

    private bool CheckLoops(Definition d, Left left)
    {
        foreach (var index in left.Stated)
            if (!left.Indices.Contains(index))
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnusedLoopIndex, index.Span, index.Name).WithLabel(d.Targets[0].Span, "the left side"));
                return false;
            }
        for (int t = 0; t < left.Targets.Count && left.Targets.Count > 1; t++)
            if (!left.Indices.All(i => left.Targets[t].Any(s => MentionsIndex(s, i))))
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.LeftSide, d.Targets[t].Span).WithHelp("let all targets have the same indices: `(a[i], b[i]) = …`"));
                return false;
            }
        return true;
    }

    /// <summary>Ranges, types and the tensors themselves, once the value is bound.</summary>
    private bool Complete(Definition d, Left left, ExpressionBinder binder, Value value)
    {
        if (BindTypes(d, value) is not var (types, term)) return false;
        if (!Settle(binder, left.Indices.Where(i => !left.Ranged.Contains(i)))) return false;
        var targets = ImmutableArray.CreateBuilder<Target>();
        bool isFine = true;
        for (int t = 0; t < d.Targets.Length; t++)
        {
            var name = d.Tensors[t];
            if (name.Tensor is null)
            {
                if (!GivesShape(left.Targets[t]))
                {
                    _bag.Add(SemanticDiagnostics.ShapeNotDeclared, d.Targets[t].Span, name.Name, "is defined here in a part");
                    isFine = false;
                    break;
                }
                name.Tensor = new TensorSymbol(name.Name, types[t], [.. left.Targets[t].Select(s => s is IndexTerm i ? i.Index.End : ConstTerm.Int(1))], name.Role, name.Span);
                OweExtents(name.Tensor);
            }
            targets.Add(new(name.Tensor, left.Targets[t]));
        }
        if (!isFine) return false;
        d.Equation = new Equation(targets.ToImmutable(), InOrder(left.Indices), term, null, d.Span);
        foreach (var target in d.Equation.Targets) OweInside(target, d.Equation.Indices, d.Span);
        return true;
    }

    /// <summary>An undeclared tensor has the extents of its indices: plain ones that start at 0, or the constant 0 for an extent of 1.</summary>
    private static bool GivesShape(ImmutableArray<Term> subscripts)
    {
        var seen = new HashSet<IndexSymbol>();
        return subscripts.All(s => s is ConstTerm { Value.Integer: 0 }
            || (s is IndexTerm { Index: { Start: ConstTerm { Value.Integer: 0 } } i } && !MentionsIndex(i.End) && seen.Add(i)));
    }

    /// <summary>Indices after those that their ranges use; otherwise in the order given.</summary>
    private static ImmutableArray<IndexSymbol> InOrder(List<IndexSymbol> indices)
    {
        var rest = indices.ToList();
        var ordered = ImmutableArray.CreateBuilder<IndexSymbol>(rest.Count);
        while (rest.Count > 0)
        {
            // A range speaks of indices declared before it only, so one is always free.
            var next = rest.First(i => !rest.Any(other => MentionsIndex(i.Start, other) || MentionsIndex(i.End, other)));
            rest.Remove(next);
            ordered.Add(next);
        }
        return ordered.MoveToImmutable();
    }

    /// <summary>Decides the ranges that are open, then takes over what the expression owes, which speaks of them.</summary>
    private bool Settle(ExpressionBinder binder, IEnumerable<IndexSymbol> open)
    {
        var obligations = new List<Obligation>(binder.Obligations);
        if (binder.DataBounds is [var bound, ..])
        {
            _bag.Add(bound.Report(binder.Reads, [.. _requires], _module.Prover));
            return false;
        }
        if (!new RangeInference(_sizes, _bag, obligations).Solve([.. open, .. binder.OpenIndices], binder.Reads)) return false;
        foreach (var o in obligations) Owe(o);
        foreach (var (kind, index, scope, conditions, span) in binder.NonEmpty)
            Owe(new(SemanticDiagnostics.EmptyRange, [kind.Name, index.Name, Terms.Print(Terms.Simplify(new BinaryTerm(BinaryOp.Sub, index.End, index.Start)))],
                new BinaryTerm(BinaryOp.Lt, index.Start, index.End), [.. scope.Where(i => i != index)], conditions, span, []));
        foreach (var sum in binder.NarrowSums) AccumulatorBound.Check(sum, new FewValues(ValuesOf), _sizes, _bag);
        return true;
    }

    /// <summary>What the elements of a tensor are, where all its equations are bound and nothing changes them.</summary>
    private IEnumerable<Term>? ValuesOf(TensorSymbol tensor) =>
        _intermediates.Concat(_results).FirstOrDefault(n => n.Tensor == tensor)?.Definitions is { } all && all.All(d => d is { Update: null, Equation.Targets.Length: 1 })
            ? all.Select(d => d.Equation!.Value) : null;

    /// <summary>The element types of the targets and the term of the value; an <c>int</c> is stored as <c>i64</c>.</summary>
    private (ImmutableArray<ElementType> Types, Term Value)? BindTypes(Definition d, Value value)
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
