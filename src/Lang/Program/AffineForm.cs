using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>The canonical form of a term of type <c>int</c>: a sum of atoms with coefficients, and a constant. Products are multiplied
/// out, divisions and remainders are reduced where that is exact. Numbers do not overflow: they are as long as they need to be.
/// Equality does not depend on the order of the terms, which is the order of the text.</summary>
public sealed class AffineForm : IEquatable<AffineForm>
{
    /// <summary>Products with more terms, and numbers with more bits, stay as they were written.</summary>
    private const int MaxProductTerms = 64, MaxBits = 256;

    public static readonly AffineForm Zero = new([], 0);
    private readonly int _hash;

    private AffineForm(ImmutableArray<(AffineAtom Atom, BigInteger Coefficient)> terms, BigInteger constant)
    {
        (Terms, Constant) = (terms, constant);
        int hash = constant.GetHashCode();
        foreach (var (atom, k) in terms) hash = unchecked(hash + (atom.GetHashCode() ^ (k.GetHashCode() * 0x9E3779B)));
        _hash = hash;
    }

    /// <summary>Distinct atoms with coefficients that are not zero.</summary>
    public ImmutableArray<(AffineAtom Atom, BigInteger Coefficient)> Terms { get; }
    public BigInteger Constant { get; }
    public bool IsConstant => Terms.IsEmpty;
    /// <summary>The value, where it is a constant that fits in 64 bits.</summary>
    public long? ConstantValue => IsConstant ? ToLong(Constant) : null;

    public static AffineForm Of(long constant) => new([], constant);
    public static AffineForm Of(AffineAtom atom) => new([(atom, BigInteger.One)], 0);
    public static AffineForm Of(DimSymbol dim) => Of(new DimAtom(dim));
    public static AffineForm Of(IndexSymbol index) => Of(new IndexAtom(index));

    /// <summary>The form of a term of type <c>int</c>; another term is one atom.</summary>
    public static AffineForm Of(Term term)
    {
        switch (term)
        {
            case ConstTerm { Type: ElementType.Int } c: return Of(c.Value.Integer);
            case DimTerm d: return Of(d.Dim);
            case IndexTerm i: return Of(i.Index);
        }
        // Sums are walked with a stack of their own: a long sum is a deep tree.
        var sum = new Sum();
        var work = new Stack<(Term Term, BigInteger Scale)>();
        work.Push((term, BigInteger.One));
        while (work.TryPop(out var item))
            switch (item.Term)
            {
                case BinaryTerm { Type: ElementType.Int, Op: BinaryOp.Add or BinaryOp.Sub } b:
                    work.Push((b.Right, b.Op is BinaryOp.Add ? item.Scale : -item.Scale));
                    work.Push((b.Left, item.Scale));
                    break;
                case UnaryTerm { Type: ElementType.Int, Op: UnaryOp.Neg } u:
                    work.Push((u.Operand, -item.Scale));
                    break;
                default:
                    sum.Add(OfFactor(item.Term), item.Scale);
                    break;
            }
        var form = sum.ToForm();
        return form.IsTooLong ? Of(new TermAtom(term)) : form;
    }

    private static AffineForm OfFactor(Term term)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm { Type: ElementType.Int } c: return Of(c.Value.Integer);
            case DimTerm d: return Of(d.Dim);
            case IndexTerm i: return Of(i.Index);
            case BinaryTerm { Type: ElementType.Int, Op: BinaryOp.Mul or BinaryOp.Div or BinaryOp.Mod or BinaryOp.Min or BinaryOp.Max } b:
                var (left, right) = (Of(b.Left), Of(b.Right));
                var form = b.Op switch
                {
                    BinaryOp.Mul => Multiply(left, right),
                    BinaryOp.Div => FloorDiv(left, right),
                    BinaryOp.Mod => Mod(left, right),
                    BinaryOp.Min => Min(left, right),
                    _ => Max(left, right),
                };
                return form is null || form.IsTooLong ? Of(new TermAtom(term)) : form;
            case BinaryTerm { Type: ElementType.Int, Op: BinaryOp.Shl or BinaryOp.Shr, Right: ConstTerm { Value.Integer: >= 0 and < 63 } amount } b:
                var power = Of(1L << (int)amount.Value.Integer);
                return b.Op is BinaryOp.Shr ? FloorDiv(Of(b.Left), power) : Multiply(Of(b.Left), power) ?? Of(new TermAtom(term));
            case BinaryTerm { Type: ElementType.Int } b when Program.Terms.Evaluate(b) is { } value: return Of(value);
            case CastTerm { Type: ElementType.Int, Operand.Type: ElementType.Int } c: return Of(c.Operand);
            default: return Of(new TermAtom(term));
        }
    }

    private bool IsTooLong => Constant.GetBitLength() > MaxBits || Terms.Any(t => t.Coefficient.GetBitLength() > MaxBits);

    public static AffineForm operator +(AffineForm a, AffineForm b) => a.Plus(b, BigInteger.One);
    public static AffineForm operator -(AffineForm a, AffineForm b) => a.Plus(b, BigInteger.MinusOne);
    public static AffineForm operator -(AffineForm a) => Zero.Plus(a, BigInteger.MinusOne);
    public static AffineForm operator +(AffineForm a, long b) => new(a.Terms, a.Constant + b);
    public static AffineForm operator -(AffineForm a, long b) => new(a.Terms, a.Constant - b);
    public static AffineForm operator *(AffineForm a, long factor) => Zero.Plus(a, factor);

    private AffineForm Plus(AffineForm other, BigInteger scale)
    {
        var sum = new Sum();
        sum.Add(this, BigInteger.One);
        sum.Add(other, scale);
        return sum.ToForm();
    }

    /// <summary>The product, multiplied out; null where that would grow too long.</summary>
    public static AffineForm? Multiply(AffineForm a, AffineForm b)
    {
        if (b.IsConstant) return Zero.Plus(a, b.Constant);
        if (a.IsConstant) return Zero.Plus(b, a.Constant);
        if ((a.Terms.Length + 1L) * (b.Terms.Length + 1) > MaxProductTerms) return null;
        var sum = new Sum();
        foreach (var (x, k) in a.Terms)
            foreach (var (y, l) in b.Terms)
                sum.Add(new ProductAtom([.. Factors(x), .. Factors(y)]), k * l);
        sum.Add(new AffineForm(a.Terms, 0), b.Constant);
        sum.Add(b, a.Constant);
        return sum.ToForm();

        static ImmutableArray<AffineAtom> Factors(AffineAtom atom) => atom is ProductAtom p ? p.Factors : [atom];
    }

    /// <summary>Division that rounds down. By zero it stays as it is.</summary>
    public static AffineForm FloorDiv(AffineForm a, AffineForm b)
    {
        if (!b.IsConstant || b.Constant.IsZero) return a.DivideExactly(b) ?? Of(new DivAtom(a, b));
        var c = b.Constant;
        if (c.Sign < 0) (a, c) = (-a, -c);
        if (c.IsOne) return a;
        var (whole, rest) = (new Sum(), new Sum());
        foreach (var (atom, k) in a.Terms)
        {
            var quotient = BigInteger.DivRem(k, c, out var remainder);
            whole.Add(atom, quotient);
            rest.Add(atom, remainder);
        }
        whole.AddConstant(Floor(a.Constant, c));
        rest.AddConstant(a.Constant - Floor(a.Constant, c) * c);
        var r = rest.ToForm();
        if (r.IsConstant) return whole.ToForm();
        var gcd = r.Terms.Aggregate(c, (g, t) => BigInteger.GreatestCommonDivisor(g, t.Coefficient));
        if (!gcd.IsOne)
        {
            r = new([.. r.Terms.Select(t => (t.Atom, t.Coefficient / gcd))], Floor(r.Constant, gcd));
            c /= gcd;
        }
        // (a / m) / c == a / (m * c), where the inner division stands alone.
        if (r.Terms is [(DivAtom { Divisor: { IsConstant: true } m } inner, { IsOne: true })])
            whole.Add(FloorDiv(inner.Dividend.Plus(new([], r.Constant * m.Constant), 1), new([], c * m.Constant)), 1);
        else
            whole.Add(new DivAtom(r, new([], c)), 1);
        return whole.ToForm();
    }

    /// <summary><c>a / b</c> where every term of <c>a</c> has the single product <c>b</c> as a factor. For <c>b = 0</c> the quotient is
    /// not defined, so a caller that must not lose that error checks the divisor on the term as written.</summary>
    private AffineForm? DivideExactly(AffineForm b)
    {
        if (Equals(b)) return b.IsConstant ? null : Of(1);
        if (b.IsConstant || !b.Constant.IsZero || b.Terms is not [(var divisor, var k)] || !Constant.IsZero) return null;
        var sum = new Sum();
        ImmutableArray<AffineAtom> remove = divisor is ProductAtom d ? d.Factors : [divisor];
        foreach (var (atom, coefficient) in Terms)
        {
            var factors = (atom is ProductAtom p ? p.Factors : [atom]).ToList();
            if (!remove.All(factors.Remove) || !BigInteger.Remainder(coefficient, k).IsZero) return null;
            if (factors.Count == 0) sum.AddConstant(coefficient / k);
            else sum.Add(factors.Count == 1 ? factors[0] : new ProductAtom([.. factors]), coefficient / k);
        }
        return sum.ToForm();
    }

    /// <summary>The remainder that goes with <see cref="FloorDiv"/>.</summary>
    public static AffineForm Mod(AffineForm a, AffineForm b)
    {
        if (b.IsConstant && !b.Constant.IsZero) return a.Plus(FloorDiv(a, b), -b.Constant);
        return !b.IsConstant && a.DivideExactly(b) is not null ? Zero : Of(new ModAtom(a, b));
    }

    public static AffineForm Min(AffineForm a, AffineForm b) =>
        (a - b) is { IsConstant: true } d ? d.Constant.Sign <= 0 ? a : b : Of(new ExtremumAtom(false, a, b));

    public static AffineForm Max(AffineForm a, AffineForm b) =>
        (a - b) is { IsConstant: true } d ? d.Constant.Sign >= 0 ? a : b : Of(new ExtremumAtom(true, a, b));

    internal static BigInteger Floor(BigInteger a, BigInteger b)
    {
        var q = BigInteger.DivRem(a, b, out var r);
        return !r.IsZero && r.Sign != b.Sign ? q - 1 : q;
    }

    internal static long? ToLong(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : null;

    /// <summary>The value for given symbols; null where one is missing, a divisor is zero or the value does not fit in 64 bits.</summary>
    public long? Evaluate(IReadOnlyDictionary<DimSymbol, long>? dims, IReadOnlyDictionary<IndexSymbol, long>? indices = null) =>
        EvaluateExactly(dims, indices) is { } value ? ToLong(value) : null;

    internal BigInteger? EvaluateExactly(IReadOnlyDictionary<DimSymbol, long>? dims, IReadOnlyDictionary<IndexSymbol, long>? indices)
    {
        var sum = Constant;
        foreach (var (atom, k) in Terms)
        {
            if (Value(atom) is not { } value) return null;
            sum += k * value;
        }
        return sum;

        BigInteger? Value(AffineAtom atom)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            switch (atom)
            {
                case DimAtom d: return dims is not null && dims.TryGetValue(d.Dim, out long size) ? size : null;
                case IndexAtom i: return indices is not null && indices.TryGetValue(i.Index, out long index) ? index : null;
                case ProductAtom p:
                    var product = BigInteger.One;
                    foreach (var f in p.Factors)
                        if (Value(f) is { } factor) product *= factor; else return null;
                    return product;
                case DivAtom or ModAtom:
                    var (n, m) = atom is DivAtom q ? (q.Dividend, q.Divisor) : (((ModAtom)atom).Dividend, ((ModAtom)atom).Divisor);
                    if (n.EvaluateExactly(dims, indices) is not { } a || m.EvaluateExactly(dims, indices) is not { IsZero: false } b) return null;
                    return atom is DivAtom ? Floor(a, b) : a - Floor(a, b) * b;
                case ExtremumAtom x:
                    if (x.Left.EvaluateExactly(dims, indices) is not { } l || x.Right.EvaluateExactly(dims, indices) is not { } r) return null;
                    return x.IsMax ? BigInteger.Max(l, r) : BigInteger.Min(l, r);
                default: return Program.Terms.Evaluate(((TermAtom)atom).Term, dims, indices);
            }
        }
    }

    /// <summary>The form as a term again; null where a number does not fit in 64 bits.</summary>
    public Term? ToTerm() => AffineTermBuilder.Build(this);

    public bool Equals(AffineForm? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || other._hash != _hash || other.Terms.Length != Terms.Length || other.Constant != Constant) return false;
        if (Terms.Length <= 8) return Terms.All(t => other.Terms.Any(o => o.Coefficient == t.Coefficient && o.Atom.Equals(t.Atom)));
        var coefficients = other.Terms.ToDictionary(t => t.Atom, t => t.Coefficient);
        return Terms.All(t => coefficients.TryGetValue(t.Atom, out var k) && k == t.Coefficient);
    }

    public override bool Equals(object? obj) => Equals(obj as AffineForm);
    public override int GetHashCode() => _hash;
    public override string ToString() => ToTerm() is { } term ? Program.Terms.Print(term) : "(too large)";

    /// <summary>Collects terms in the order of their first appearance.</summary>
    private sealed class Sum
    {
        private readonly List<(AffineAtom Atom, BigInteger Coefficient)> _terms = [];
        private Dictionary<AffineAtom, int>? _places;
        private BigInteger _constant;

        public void AddConstant(BigInteger value) => _constant += value;

        public void Add(AffineForm form, BigInteger scale)
        {
            foreach (var (atom, k) in form.Terms) Add(atom, k * scale);
            _constant += form.Constant * scale;
        }

        public void Add(AffineAtom atom, BigInteger coefficient)
        {
            if (coefficient.IsZero) return;
            int place = Find(atom);
            if (place >= 0)
            {
                _terms[place] = (atom, _terms[place].Coefficient + coefficient);
                return;
            }
            _terms.Add((atom, coefficient));
            if (_places is not null) _places[atom] = _terms.Count - 1;
            else if (_terms.Count > 8) _places = _terms.Select((t, i) => (t.Atom, i)).ToDictionary(t => t.Atom, t => t.i);
        }

        private int Find(AffineAtom atom) =>
            _places is null ? _terms.FindIndex(t => t.Atom.Equals(atom)) : _places.GetValueOrDefault(atom, -1);

        public AffineForm ToForm() => new([.. _terms.Where(t => !t.Coefficient.IsZero)], _constant);
    }
}
