using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Turns a condition on data into one on numbers that may be any: each part that comes from data becomes a symbol over the values
/// that it can have, equal parts the same symbol. What arithmetic on elements does, wrapping included, is kept where it can be written
/// over integers; the rest becomes a symbol too. So what is proved of the new condition holds of the old one.</summary>
internal sealed class DataAbstraction
{
    /// <summary>Arithmetic of type <c>int</c> is taken to be exact where the data in it are not larger than this. Beyond, it may wrap.</summary>
    public static readonly Int128 MaxExact = Int128.One << 61;

    // Indices and dimensions: that sums with them fit is checked when an operator is specialised, unless the data in them are larger than MaxExact.
    private static readonly IntegerInterval Nominal = new(long.MinValue + MaxExact, long.MaxValue - MaxExact);

    private readonly Dictionary<TermAtom, Known> _symbols = [];
    private readonly List<IndexSymbol> _indices = [];
    private readonly List<Term> _facts = [];

    /// <summary>A term of type <c>int</c> with the value of another, which may be an element.</summary>
    private readonly record struct Known(Term Term, IntegerInterval Range, bool IsData);

    /// <summary>The symbols that stand for data, with the ranges of their values.</summary>
    public IReadOnlyList<IndexSymbol> Symbols => _indices;
    /// <summary>What else is known of the symbols.</summary>
    public IReadOnlyList<Term> Facts => _facts;

    /// <summary>The condition over dimensions, indices and symbols.</summary>
    public Term Condition(Term c)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (c)
        {
            case ConstTerm: return c;
            case UnaryTerm { Op: UnaryOp.Not } u: return Terms.Negate(Condition(u.Operand));
            case LogicalTerm l: return new LogicalTerm(l.IsAnd, Condition(l.Left), Condition(l.Right));
            case SelectTerm s: return new SelectTerm(Condition(s.Condition), Condition(s.Then), Condition(s.Else));
            case BinaryTerm { Op: BinaryOp.And or BinaryOp.Or, Type: ElementType.Bool } b: return new LogicalTerm(b.Op is BinaryOp.And, Condition(b.Left), Condition(b.Right));
            case BinaryTerm { Op.IsComparison: true, Left.Type.IsInteger: true } b: return new BinaryTerm(b.Op, Number(b.Left).Term, Number(b.Right).Term);
            case BinaryTerm { Op: BinaryOp.Eq or BinaryOp.Ne, Left.Type: ElementType.Bool } b: return new BinaryTerm(b.Op, Condition(b.Left), Condition(b.Right));
            default: return new BinaryTerm(BinaryOp.Eq, Symbol(c, new(0, 1)).Term, ConstTerm.Int(1));
        }
    }

    private Known Number(Term term)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm { Value.Exact: var value }:
                return value <= long.MaxValue ? new(ConstTerm.Int((long)value), new(value, value), false) : Symbol(term, new(value, value));
            case DimTerm or IndexTerm: return new(term, Nominal, false);
            case UnaryTerm u: return Unary(u, Number(u.Operand));
            case BinaryTerm b: return Binary(b, Number(b.Left), Number(b.Right));
            case SelectTerm s:
                var (then, @else) = (Number(s.Then), Number(s.Else));
                return new(new SelectTerm(Condition(s.Condition), then.Term, @else.Term), then.Range.Hull(@else.Range), true);
            case CastTerm { Kind: CastKind.Convert, Operand.Type.IsInteger: true } c: return Fit(c, Number(c.Operand));
            case CastTerm { Kind: CastKind.Saturate, Operand.Type.IsInteger: true } c: return Clamp(c, Number(c.Operand));
            case CastTerm { Kind: CastKind.Convert, Operand.Type: ElementType.Bool } c:
                return new(new SelectTerm(Condition(c.Operand), ConstTerm.Int(1), ConstTerm.Int(0)), new(0, 1), true);
            case IntrinsicTerm { Function: Intrinsic.Abs } f:
                var x = Number(f.Arguments[0]);
                return Fit(f, new(new IntrinsicTerm(Intrinsic.Abs, [x.Term]), new(x.Range.Low > 0 ? x.Range.Low : 0, x.Range.Size), x.IsData));
            case IntrinsicTerm { Function: Intrinsic.Popcount } f: return Symbol(f, new(0, f.Type.Bits));
            case ReduceTerm { Kind: ReduceKind.ArgMax or ReduceKind.ArgMin, Indices: [var index] } r:
                if (!_symbols.TryGetValue(new(r), out var found))
                    _symbols.Add(new(r), found = Add(new(index.Name, true, index.Span) { Start = index.Start, End = index.End }, Nominal));
                return found;
            default: return Symbol(term, IntegerInterval.Of(term.Type));
        }
    }

    private Known Unary(UnaryTerm u, Known x)
    {
        if (u.Op is UnaryOp.Neg) return Fit(u, new(new UnaryTerm(UnaryOp.Neg, x.Term), new(-x.Range.High, -x.Range.Low), x.IsData));
        // ~x is −1 − x; without a sign the highest value takes the place of −1.
        Int128 ones = u.Type.IsUnsigned ? u.Type.MaxValue : -1;
        return ones > long.MaxValue ? Symbol(u, IntegerInterval.Of(u.Type))
            : Fit(u, new(new BinaryTerm(BinaryOp.Sub, ConstTerm.Int((long)ones), x.Term), new(ones - x.Range.High, ones - x.Range.Low), x.IsData));
    }

    private Known Binary(BinaryTerm b, Known x, Known y)
    {
        var range = IntegerInterval.Apply(b.Op, x.Range, y.Range);
        bool isData = x.IsData || y.IsData;
        switch (b.Op)
        {
            case BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.Min or BinaryOp.Max or BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod:
                return Fit(b, new(new BinaryTerm(b.Op, x.Term, y.Term), range, isData));
            case BinaryOp.Shl or BinaryOp.Shr when y.Term is ConstTerm { Value.Integer: >= 0 and < 62 and var amount }:
                return Fit(b, new(new BinaryTerm(b.Op is BinaryOp.Shl ? BinaryOp.Mul : BinaryOp.Div, x.Term, ConstTerm.Int(1L << (int)amount)), range, isData));
            case BinaryOp.And or BinaryOp.Or or BinaryOp.Xor when !isData: return new(new BinaryTerm(b.Op, x.Term, y.Term), Nominal, false);
            case BinaryOp.And or BinaryOp.Or or BinaryOp.Xor when range.IsWithin(IntegerInterval.Of(b.Type)): return Symbol(b, range);
            default: return Symbol(b, IntegerInterval.Of(b.Type));
        }
    }

    /// <summary>What a value becomes in the type of <paramref name="term"/>, which wraps.</summary>
    private Known Fit(Term term, Known exact)
    {
        var type = term.Type;
        if (type is ElementType.Int && !exact.IsData) return exact with { Range = Nominal };
        var whole = IntegerInterval.Of(type);
        if (exact.Range.IsWithin(whole)) return exact;
        if (type.Bits > 32)
        {
            bool isNew = !_symbols.ContainsKey(new(term));
            var symbol = Symbol(term, whole);
            if (!isNew) return symbol;
            // What the type has stays what it is.
            Term fact = new BinaryTerm(BinaryOp.Eq, symbol.Term, exact.Term);
            if (exact.Range.Low < whole.Low) fact = new LogicalTerm(false, new BinaryTerm(BinaryOp.Lt, exact.Term, ConstTerm.Int((long)whole.Low)), fact);
            if (exact.Range.High > whole.High) fact = new LogicalTerm(false, new BinaryTerm(BinaryOp.Gt, exact.Term, ConstTerm.Int((long)whole.High)), fact);
            _facts.Add(fact);
            if (exact.Range.Fits) _facts.Add(new BinaryTerm(BinaryOp.Le, exact.Term, ConstTerm.Int(long.MaxValue)));
            return symbol;
        }
        // x − 2ⁿ · ⌊(x − lowest) / 2ⁿ⌋
        long low = (long)type.MinValue, modulus = 1L << type.Bits;
        var turns = new BinaryTerm(BinaryOp.Div, new BinaryTerm(BinaryOp.Sub, exact.Term, ConstTerm.Int(low)), ConstTerm.Int(modulus));
        return new(new BinaryTerm(BinaryOp.Sub, exact.Term, new BinaryTerm(BinaryOp.Mul, ConstTerm.Int(modulus), turns)), whole, exact.IsData);
    }

    private Known Clamp(CastTerm c, Known x)
    {
        var whole = IntegerInterval.Of(c.Type);
        if (x.Range.IsWithin(whole)) return x;
        if (!whole.Fits || !x.Range.Fits) return Symbol(c, whole);
        var low = new BinaryTerm(BinaryOp.Max, x.Term, ConstTerm.Int((long)whole.Low));
        return new(new BinaryTerm(BinaryOp.Min, low, ConstTerm.Int((long)whole.High)),
            new(Int128.Max(x.Range.Low, whole.Low), Int128.Min(x.Range.High, whole.High)), x.IsData);
    }

    private Known Symbol(Term term, IntegerInterval range)
    {
        if (_symbols.TryGetValue(new(term), out var known)) return known;
        string name = Terms.Print(term);
        if (range.High < long.MaxValue && range.Low >= long.MinValue)
            known = Add(new(name, false, term.Span) { Start = ConstTerm.Int((long)range.Low), End = ConstTerm.Int((long)range.High + 1) }, range);
        else
        {
            // The end of a range has to be a number of 64 bits; a dimension has no end.
            Term symbol = new DimTerm(new(name, term.Span));
            known = new(range.Low >= 0 ? symbol : new BinaryTerm(BinaryOp.Add, symbol, ConstTerm.Int(long.MinValue)), range, true);
        }
        _symbols.Add(new(term), known);
        return known;
    }

    private Known Add(IndexSymbol symbol, IntegerInterval range)
    {
        _indices.Add(symbol);
        return new(new IndexTerm(symbol), range, true);
    }
}
