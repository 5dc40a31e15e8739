using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Reductions: their indices are known inside them only.</summary>
internal sealed partial class ExpressionBinder
{
    private Value? BindReduction(ReductionSyntax r, bool isWhole)
    {
        if (FindReducer(r) is not var (kind, reducer)) return null;
        if (_place is not null)
        {
            _bag.Add(SemanticDiagnostics.ConstantExpected, r.Span, "a reduction", _place);
            return null;
        }
        var indices = ImmutableArray.CreateBuilder<IndexSymbol>();
        bool isKnown = true;
        foreach (var b in r.Binders) isKnown &= BindIndex(b, r.Condition is null && b == r.Binders[^1], indices);
        // Without its indices the body would only give more of the same.
        var condition = r.Condition is null || !isKnown ? null : Bind(r.Condition, ElementType.Bool);
        var body = !isKnown ? null : r.Condition is null ? Bind(r.Body) : Under(condition, r.Body);
        foreach (var index in indices)
        {
            _scope.Remove(index.Name);
            _indices.Remove(index);
        }
        if (kind.KeepsIndex && r.Condition is not null && isKnown)
        {
            _bag.Add(UnsupportedDiagnostics.ConditionalArg, r.Condition.Span, kind.Name);
            return null;
        }
        if (!isKnown || body is null || (r.Condition is not null && condition is null)) return null;

        var all = indices.ToImmutable();
        if (kind.KeepsIndex)
        {
            foreach (var index in all) OweValues(kind, index, r.Span);
            int count = all.Length + (kind is ReduceKind.MaxAt or ReduceKind.MinAt ? 1 : 0);
            if (count > 1 && !isWhole)
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.ResultCount, r.Span, kind.Name, Spelling.Count(count, "result"), "one value")
                    .WithHelp("let it be the whole right side: `(a[i], b[i]) = …`"));
                return null;
            }
        }
        if (kind is ReduceKind.Any or ReduceKind.All) return Require(body, ElementType.Bool) is { } term ? Make(term) : null;
        if (kind is ReduceKind.ArgMax or ReduceKind.ArgMin) return body.In(body.DefaultType(ElementType.I32)) is { } term ? Make(term) : null;
        if (reducer is not null) return Require(body, reducer.Type) is { } element ? Make(element) : null;
        if (body.IsLiteral) return Value.Literal(t => body.In(t) is { } term ? Make(term)?.Term : null, body.IsFloat, r.Span);
        return Make(body.Term!);

        Value? Make(Term term)
        {
            var t = term.Type;
            bool fits = kind switch
            {
                ReduceKind.BitAnd or ReduceKind.BitOr or ReduceKind.BitXor => t is ElementType.Bool || (t.IsInteger && t is not ElementType.Int),
                ReduceKind.Any or ReduceKind.All => t is ElementType.Bool,
                ReduceKind.User => true,
                _ => t.IsInteger || t.IsFloat,
            };
            if (!fits)
            {
                _bag.Add(SemanticDiagnostics.OperandKind, r.Body.Span, kind.Name, t.Name, kind is ReduceKind.BitAnd or ReduceKind.BitOr or ReduceKind.BitXor ? "integers and bool" : "numbers");
                return null;
            }
            var reduce = new ReduceTerm(kind, all, condition, term, r.IsExact, kind is ReduceKind.ArgMax or ReduceKind.ArgMin ? ElementType.Int : t, r.Span, reducer);
            if (reducer is not null) _scope.Module.NoteUse(reducer, r.IsExact);
            if (kind is ReduceKind.Sum && t.IsInteger && t.Bits <= 16) NarrowSums.Add(reduce);
            return Value.Typed(reduce, r.Span);
        }
    }

    private (ReduceKind, Reducer?)? FindReducer(ReductionSyntax r)
    {
        string name = r.Reducer.Text;
        foreach (var kind in Enum.GetValues<ReduceKind>())
            if (kind.Name == name && kind is not ReduceKind.User) return (kind, null);
        if (_scope.Module.Table.Reducers.TryGetValue(name, out var declared)) return _scope.Module.Bind(declared, r.Reducer.Span, _bag) is { } own ? (ReduceKind.User, own) : null;
        _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownReducer, r.Reducer.Span, name)
                .Suggest(r.Reducer.Span, name, Enum.GetValues<ReduceKind>().Where(k => k is not ReduceKind.User).Select(k => k.Name).Concat(_scope.Module.Table.Reducers.Keys)));
        return null;
    }

    private bool BindIndex(BinderSyntax b, bool mayChoose, ImmutableArray<IndexSymbol>.Builder indices)
    {
        if (_scope.Find(b.Name.Text) is { } taken)
        {
            if (_scope.IsNews(b.Name.Text)) _bag.Add(SemanticDiagnostics.NameTaken, b.Name.Span, b.Name.Text, taken.Description);
            return false;
        }
        var index = new IndexSymbol(b.Name.Text, true, b.Name.Span);
        bool isKnown = BindRange(b, index, mayChoose);
        if (b.Range is null) OpenIndices.Add(index);
        _scope.TryAdd(index.Name, new LoopSymbol(index));
        _indices.Add(index);
        indices.Add(index);
        return isKnown;
    }

    /// <summary>Sets a stated range; true where there is none.</summary>
    /// <param name="mayChoose">The index is the last of a reduction without a condition.</param>
    public bool BindRange(BinderSyntax binder, IndexSymbol index, bool mayChoose = false)
    {
        if (binder.Range is not { } range) return true;
        var start = BindBound(range.Start);
        var end = range.End is null ? null : BindBound(range.End);
        if (start is null || end is null) return false;
        bool isOne = !(TermMeasure.ReadsData(start) && TermMeasure.ReadsData(end));
        (index.Start, index.End) = (Known(start, range.Start, false), Known(end, range.End!, true));
        return true;

        // The equation goes on with a symbol for what comes from data; it is refused when its accesses are known.
        Term Known(Term bound, ExpressionSyntax text, bool isEnd)
        {
            if (!TermMeasure.ReadsData(bound)) return bound;
            var symbol = DataBound.SymbolOf(bound);
            DataBounds.Add(new(index, binder, bound, text, symbol, isEnd, mayChoose && isOne));
            return new IndexTerm(symbol);
        }
    }

    private Term? BindBound(ExpressionSyntax e)
    {
        if (Bind(e) is not { } value || value.In(ElementType.Int) is not { } term) return null;
        if (TermMeasure.HasReduction(term))
        {
            _bag.Add(SemanticDiagnostics.ConstantExpected, e.Span, "a reduction", "a range");
            return null;
        }
        return term.Type.IsInteger && TermMeasure.ReadsData(term) ? term : Require(value, ElementType.Int) is { } size ? Terms.Simplify(size) : null;
    }

    /// <summary>Ends of stated ranges that come from data.</summary>
    public List<DataBound> DataBounds { get; } = [];

    /// <summary>An index of <c>argmax</c> and the like needs a range that holds a value. Its ends are known only when the equation is bound.</summary>
    private void OweValues(ReduceKind kind, IndexSymbol index, SourceSpan span) => NonEmpty.Add((kind, index, [.. _indices], [.. _conditions], span));

    /// <summary>Reductions that need a value, with what holds around them.</summary>
    public List<(ReduceKind Kind, IndexSymbol Index, ImmutableArray<IndexSymbol> Scope, ImmutableArray<Term> Conditions, SourceSpan Span)> NonEmpty { get; } = [];
}
