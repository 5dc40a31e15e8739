using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Writes conditions as a set in isl's notation. What is not affine becomes a variable of its own, with the facts that hold for
/// it: then the set is too large, and only its emptiness says something.</summary>
internal sealed class SetTranslator
{
    private const int MaxProductPairs = 3;
    private const string True = "0 <= 0", False = "0 < 0";

    private readonly List<object?> _variables = [];
    private readonly Dictionary<object, int> _places = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<AffineAtom, string> _atoms = [];
    private readonly List<(AffineAtom Left, AffineAtom Right, string Name)> _products = [];
    private readonly List<string> _constraints = [];

    /// <summary>True when the set is what was asked for, and not larger.</summary>
    public bool IsExact { get; private set; } = true;

    /// <summary>The symbol of each variable; null for a variable that stands for a term.</summary>
    public IReadOnlyList<object?> Variables => _variables;

    /// <summary>Symbols take their places in this order: dimensions as they appear, then the indices of the scope, so that the smallest
    /// point has small dimensions.</summary>
    public string Translate(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term violated)
    {
        var symbols = new SymbolCollector();
        symbols.Visit(violated);
        foreach (var index in scope) symbols.VisitRange(index);
        foreach (var assumption in assumptions) symbols.Visit(assumption);
        foreach (var dim in symbols.Dims) _constraints.Add($"{Place(dim)} >= 0");
        foreach (var index in symbols.Indices) Place(index);
        foreach (var index in symbols.Indices)
        {
            string name = Place(index);
            _constraints.Add($"{Write(AffineForm.Of(index.Start))} <= {name}");
            _constraints.Add($"{name} < {Write(AffineForm.Of(index.End))}");
        }
        foreach (var assumption in assumptions) _constraints.Add(Write(assumption, true));
        _constraints.Add(Write(violated, true));
        RelateProducts();

        var text = new StringBuilder("{ [");
        for (int i = 0; i < _variables.Count; i++) text.Append(i > 0 ? ", x" : "x").Append(i);
        return text.Append("] : ").AppendJoin(" and ", _constraints.Where(c => c != True)).Append(_constraints.All(c => c == True) ? True : "").Append(" }").ToString();
    }

    private string Place(object symbol)
    {
        if (!_places.TryGetValue(symbol, out int place))
        {
            place = _places[symbol] = _variables.Count;
            _variables.Add(symbol);
        }
        return Name(place);
    }

    private static string Name(int place) => string.Create(CultureInfo.InvariantCulture, $"x{place}");

    private string NewVariable()
    {
        _variables.Add(null);
        return Name(_variables.Count - 1);
    }

    private string Unknown()
    {
        IsExact = false;
        return True;
    }

    /// <summary>The condition, or its negation; what cannot be written counts as true, which only makes the set larger.</summary>
    private string Write(Term condition, bool isPositive)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (condition)
        {
            case ConstTerm c: return c.Value.IsTrue == isPositive ? True : False;
            case UnaryTerm { Op: UnaryOp.Not } u: return Write(u.Operand, !isPositive);
            case LogicalTerm l: return Join(Write(l.Left, isPositive), l.IsAnd == isPositive, Write(l.Right, isPositive));
            case BinaryTerm { Type: ElementType.Bool, Op: BinaryOp.And or BinaryOp.Or } b:
                return Join(Write(b.Left, isPositive), b.Op is BinaryOp.And == isPositive, Write(b.Right, isPositive));
            case BinaryTerm { Op.IsComparison: true, Left.Type: ElementType.Int } b:
                string op = b.Op switch
                {
                    BinaryOp.Eq => isPositive ? "=" : "!=", BinaryOp.Ne => isPositive ? "!=" : "=",
                    BinaryOp.Lt => isPositive ? "<" : ">=", BinaryOp.Ge => isPositive ? ">=" : "<",
                    BinaryOp.Le => isPositive ? "<=" : ">", _ => isPositive ? ">" : "<=",
                };
                return $"({Write(AffineForm.Of(b.Left))} {op} {Write(AffineForm.Of(b.Right))})";
            case BinaryTerm { Op: BinaryOp.Eq or BinaryOp.Ne or BinaryOp.Xor, Left.Type: ElementType.Bool } b:
                bool same = b.Op is BinaryOp.Eq == isPositive;
                return Join(Join(Write(b.Left, true), true, Write(b.Right, same)), false, Join(Write(b.Left, false), true, Write(b.Right, !same)));
            case SelectTerm s:
                return Join(Join(Write(s.Condition, true), true, Write(s.Then, isPositive)), false, Join(Write(s.Condition, false), true, Write(s.Else, isPositive)));
            default: return Unknown();
        }
    }

    private static string Join(string left, bool isAnd, string right) => isAnd
        ? left == True ? right : right == True ? left : $"({left} and {right})"
        : left == True || right == True ? True : $"({left} or {right})";

    private string Write(AffineForm form)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var text = new StringBuilder();
        foreach (var (atom, k) in form.Terms)
        {
            string name = Write(atom);
            text.Append(text.Length > 0 ? k.Sign < 0 ? " - " : " + " : k.Sign < 0 ? "-" : "");
            if (!BigInteger.Abs(k).IsOne || text is ['-']) text.Append(BigInteger.Abs(k).ToString(CultureInfo.InvariantCulture)).Append('*');
            text.Append(name);
        }
        if (text.Length == 0) return form.Constant.ToString(CultureInfo.InvariantCulture);
        if (!form.Constant.IsZero)
            text.Append(form.Constant.Sign < 0 ? " - " : " + ").Append(BigInteger.Abs(form.Constant).ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private string Write(AffineAtom atom)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_atoms.TryGetValue(atom, out string? text)) return text;
        text = atom switch
        {
            DimAtom d => Place(d.Dim),
            IndexAtom i => Place(i.Index),
            DivAtom { Divisor: { IsConstant: true, Constant.Sign: > 0 } c } d => $"floor(({Write(d.Dividend)})/{c.Constant.ToString(CultureInfo.InvariantCulture)})",
            ExtremumAtom x => $"{(x.IsMax ? "max" : "min")}({Write(x.Left)}, {Write(x.Right)})",
            ProductAtom p => WriteProduct(p),
            DivAtom d => WriteQuotient(d),
            ModAtom m => WriteRemainder(m),
            TermAtom t => Write(t.Term),
            _ => throw new CompilerBugException("proofs", $"unknown atom {atom.GetType().Name}"),
        };
        return _atoms[atom] = text;
    }

    private string WriteProduct(ProductAtom product)
    {
        IsExact = false;
        var left = product.Factors.Length == 2 ? product.Factors[0] : new ProductAtom(product.Factors[..^1]);
        var right = product.Factors[^1];
        var (x, y, p) = (Write(left), Write(right), NewVariable());
        string facts = $"({x} >= 1 and {y} >= 1 and {p} >= {x} + {y} - 1) or ({x} = 0 and {p} = 0) or ({y} = 0 and {p} = 0)";
        bool isLeftSigned = !IsNotNegative(left), isRightSigned = !IsNotNegative(right);
        if (isLeftSigned) facts += $" or ({x} <= -1 and {y} >= 1 and {p} <= {x} - {y} + 1)";
        if (isRightSigned) facts += $" or ({x} >= 1 and {y} <= -1 and {p} <= {y} - {x} + 1)";
        if (isLeftSigned && isRightSigned) facts += $" or ({x} <= -1 and {y} <= -1 and {p} >= -1*{x} - {y} - 1)";
        _constraints.Add($"({facts})");
        _products.Add((left, right, p));
        return p;
    }

    /// <summary>x·z and y·z are in the order of x and y where z is not negative.</summary>
    private void RelateProducts()
    {
        int pairs = 0;
        for (int i = 0; i < _products.Count; i++)
            for (int j = i + 1; j < _products.Count && pairs < MaxProductPairs; j++)
                if (CommonFactor(_products[i], _products[j]) is var (x, y, common) && IsNotNegative(common))
                {
                    var (a, b, z, p, q) = (Write(x), Write(y), Write(common), _products[i].Name, _products[j].Name);
                    _constraints.Add($"(({a} < {b} and {p} <= {q} - {z}) or ({a} = {b} and {p} = {q}) or ({a} > {b} and {p} >= {q} + {z}))");
                    pairs++;
                }
    }

    private static (AffineAtom X, AffineAtom Y, AffineAtom Common)? CommonFactor(
        (AffineAtom Left, AffineAtom Right, string Name) p, (AffineAtom Left, AffineAtom Right, string Name) q) =>
        p.Left.Equals(q.Left) ? (p.Right, q.Right, p.Left)
        : p.Left.Equals(q.Right) ? (p.Right, q.Left, p.Left)
        : p.Right.Equals(q.Left) ? (p.Left, q.Right, p.Right)
        : p.Right.Equals(q.Right) ? (p.Left, q.Left, p.Right)
        : null;

    private static bool IsNotNegative(AffineAtom atom) => atom switch
    {
        DimAtom => true,
        IndexAtom i => AffineForm.Of(i.Index.Start) is { IsConstant: true, Constant.Sign: >= 0 },
        ProductAtom p => p.Factors.All(IsNotNegative),
        _ => false,
    };

    private string WriteQuotient(DivAtom d)
    {
        IsExact = false;
        var (a, b, q) = (Write(d.Dividend), Write(d.Divisor), NewVariable());
        _constraints.Add($"(({b} >= 1 and {a} >= {b} and 1 <= {q} and {q} <= {a}) or ({a} >= 0 and {a} < {b} and {q} = 0) or {b} <= 0 or {a} < 0)");
        return q;
    }

    private string WriteRemainder(ModAtom m)
    {
        IsExact = false;
        _ = Write(m.Dividend);
        var (b, r) = (Write(m.Divisor), NewVariable());
        _constraints.Add($"((0 <= {r} and {r} < {b}) or ({b} < {r} and {r} <= 0) or {b} = 0)");
        return r;
    }

    /// <summary>A term that a form keeps whole: a variable, defined exactly where that can be said.</summary>
    private string Write(Term term)
    {
        string v;
        switch (term)
        {
            case SelectTerm s:
                var (then, @else) = (Write(AffineForm.Of(s.Then)), Write(AffineForm.Of(s.Else)));
                v = NewVariable();
                _constraints.Add($"(({Write(s.Condition, true)} and {v} = {then}) or ({Write(s.Condition, false)} and {v} = {@else}))");
                return v;
            case IntrinsicTerm { Function: Intrinsic.Abs } f:
                string x = Write(AffineForm.Of(f.Arguments[0]));
                v = NewVariable();
                _constraints.Add($"{v} = max({x}, -1*({x}))");
                return v;
            case BinaryTerm { Op: BinaryOp.TruncDiv or BinaryOp.TruncMod, Right: ConstTerm { Value.Integer: > 0 } c } b:
                string a = Write(AffineForm.Of(b.Left));
                string q = $"floor((max({a}, -1*({a})))/{c.Value})";
                v = NewVariable();
                _constraints.Add(b.Op is BinaryOp.TruncDiv
                    ? $"(({a} >= 0 and {v} = {q}) or ({a} < 0 and {v} = -1*{q}))"
                    : $"(({a} >= 0 and {v} = {a} - {c.Value}*{q}) or ({a} < 0 and {v} = {a} + {c.Value}*{q}))");
                return v;
            case BinaryTerm { Op: BinaryOp.And, Right: ConstTerm { Value.Integer: >= 0 } mask }:
                IsExact = false;
                v = NewVariable();
                _constraints.Add($"0 <= {v} <= {mask.Value}");
                return v;
            case CastTerm { Kind: CastKind.Convert } c when c.Operand.Type.IsInteger:
                IsExact = false;
                v = NewVariable();
                _constraints.Add(string.Create(CultureInfo.InvariantCulture, $"{c.Operand.Type.MinValue} <= {v} <= {c.Operand.Type.MaxValue}"));
                return v;
            default:
                IsExact = false;
                return NewVariable();
        }
    }
}
