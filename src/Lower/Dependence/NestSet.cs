using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;

namespace Tx.Lower.Dependence;

/// <summary>Writes loop-IR conditions as a set in isl's notation. What is not affine, or comes from data, becomes a variable of its own, with the facts that
/// hold for it: then the set is too large, and only its emptiness says something. Equal expressions have one variable.</summary>
internal sealed class NestSet
{
    private const string True = "0 <= 0", False = "0 < 0";

    private readonly List<Var?> _variables = [];
    private readonly Dictionary<Var, string> _names = [];
    private readonly Dictionary<Expr, string> _atoms = new(StructuralComparer.Instance);
    private readonly Dictionary<Expr, string> _quotients = new(StructuralComparer.Instance);
    private readonly List<string> _constraints = [];
    private readonly HashSet<Var> _dims;
    /// <summary>Conditions by themselves say so.</summary>
    private readonly HashSet<Var> _nonNegative = [];

    private NestSet(IEnumerable<Var> dims) => _dims = [.. dims];

    /// <summary>True when the set is what was asked for, and not larger.</summary>
    public bool IsExact { get; private set; } = true;

    /// <summary>The variable at each place; null for one that stands for an expression.</summary>
    public IReadOnlyList<Var?> Variables => _variables;

    public string Text { get; private set; } = "";

    /// <summary>The set of all points at which <paramref name="conditions"/> hold.</summary>
    /// <param name="dims">Variables that are not negative. They come first, so that the smallest point has small dimensions.</param>
    public static NestSet Of(IReadOnlyList<Expr> conditions, IReadOnlyCollection<Var> dims)
    {
        var set = new NestSet(dims);
        var used = conditions.SelectMany(c => c.FreeVars()).Where(v => v.Type == IrType.Index).Distinct().ToList();
        foreach (var d in used.Where(set._dims.Contains)) set._constraints.Add($"{set.Place(d)} >= 0");
        foreach (var v in used) set.Place(v);
        set._nonNegative.UnionWith(set._dims);
        foreach (var c in conditions.SelectMany(Conjuncts)) set.AddNonNegative(c);
        foreach (var c in conditions.SelectMany(Conjuncts)) set._constraints.Add(set.Write(c, true));
        var text = new StringBuilder("{ [");
        for (int i = 0; i < set._variables.Count; i++) text.Append(i > 0 ? ", x" : "x").Append(i);
        var kept = set._constraints.Where(c => c != True).Distinct().OrderBy(Cost).ToList();
        set.Text = text.Append("] : ").AppendJoin(" and ", kept.Count > 0 ? kept : [True]).Append(" }").ToString();
        return set;
    }

    // The library intersects one constraint after another while it reads: equations leave it fewer variables, and each alternative takes all later ones once more.
    private static int Cost(string constraint)
    {
        int alternatives = 0;
        foreach (string word in (ReadOnlySpan<string>)[" or ", " != ", "max(", "min("])
            for (int at = constraint.IndexOf(word, StringComparison.Ordinal); at >= 0; at = constraint.IndexOf(word, at + 1, StringComparison.Ordinal)) alternatives++;
        return alternatives > 0 ? 1 + alternatives : constraint.Contains(" = ", StringComparison.Ordinal) ? 0 : 1;
    }

    private string Place(Var v)
    {
        if (_names.TryGetValue(v, out string? name)) return name;
        _variables.Add(v);
        return _names[v] = Name(_variables.Count - 1);
    }

    private static string Name(int place) => string.Create(CultureInfo.InvariantCulture, $"x{place}");

    private string NewVariable()
    {
        _variables.Add(null);
        return Name(_variables.Count - 1);
    }

    private string NotExact(string text)
    {
        IsExact = false;
        return text;
    }

    // The condition, or its negation; what cannot be written counts as true, which only makes the set larger.
    private string Write(Expr condition, bool isPositive)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (condition.Type.Lanes != 1) return NotExact(True);
        switch (condition)
        {
            case IntImm c: return c.Value != 0 == isPositive ? True : False;
            case Unary { Op: UnaryOp.Not } u: return Write(u.Operand, !isPositive);
            case Binary { Op: BinaryOp.And or BinaryOp.Or, Type.Element: ElementType.Bool } b:
                return Join(Write(b.Left, isPositive), b.Op is BinaryOp.And == isPositive, Write(b.Right, isPositive));
            case Binary { Op: BinaryOp.Eq or BinaryOp.Ne or BinaryOp.Xor, Left.Type.Element: ElementType.Bool } b:
                bool same = b.Op is BinaryOp.Eq == isPositive;
                return Join(Join(Write(b.Left, true), true, Write(b.Right, same)), false, Join(Write(b.Left, false), true, Write(b.Right, !same)));
            case Binary { Op.IsComparison: true } b when IsWritable(b.Left.Type.Element): return Compare(b, isPositive);
            case Select s:
                return Join(Join(Write(s.Condition, true), true, Write(s.Then, isPositive)), false, Join(Write(s.Condition, false), true, Write(s.Else, isPositive)));
            case Let l: return Write(l.Body.Substitute(l.Variable, l.Value), isPositive);
            default: return NotExact(True);
        }
    }

    private string Compare(Binary b, bool isPositive)
    {
        // One form for both sides: what they share cancels.
        if (IsArithmetic(b.Left) && IsArithmetic(b.Right) && LinearForm.Of(b.Left) is { } l && LinearForm.Of(b.Right) is { } r && l.Minus(r) is { } d)
            return d.IsConstant ? Holds(b.Op, d.Constant) == isPositive ? True : False
                : NotAbove(d, b.Op, isPositive) is { } form && AtMostZero(form) is { } text ? text : $"({Write(d)} {Operator(b.Op, isPositive)} 0)";
        return $"({WriteValue(b.Left)} {Operator(b.Op, isPositive)} {WriteValue(b.Right)})";
    }

    private static IEnumerable<Expr> Conjuncts(Expr e) => e is Binary { Op: BinaryOp.And, Type.Element: ElementType.Bool } b ? Conjuncts(b.Left).Concat(Conjuncts(b.Right)) : [e];

    // v >= c
    private void AddNonNegative(Expr condition)
    {
        if (condition is Binary { Op.IsComparison: true } b && b.Left.Type.Lanes == 1 && IsWritable(b.Left.Type.Element) && IsArithmetic(b.Left) && IsArithmetic(b.Right)
            && LinearForm.Of(b.Left) is { } l && LinearForm.Of(b.Right) is { } r && l.Minus(r) is { } d && NotAbove(d, b.Op, isPositive: true) is { Terms: [{ Key: Var v, Value: -1 }], Constant: >= 0 })
            _nonNegative.Add(v);
    }

    // The form that is at most 0 where an inequality holds.
    private static LinearForm? NotAbove(LinearForm d, BinaryOp op, bool isPositive) => (op, isPositive) switch
    {
        (BinaryOp.Le, true) or (BinaryOp.Gt, false) => d,
        (BinaryOp.Lt, true) or (BinaryOp.Ge, false) => d.Plus(1),
        (BinaryOp.Ge, true) or (BinaryOp.Lt, false) => d.Times(-1),
        (BinaryOp.Gt, true) or (BinaryOp.Le, false) => d.Times(-1)?.Plus(1),
        _ => null,
    };

    /// <summary>An inequality without quotients, minima and maxima, where it has an equal one: the library takes long to read these. <c>v &lt; (n + 7) / 8</c> is
    /// <c>8 * v + 8 &lt;= n + 7</c>. Null where it has none, or is beyond 64 bits.</summary>
    private string? AtMostZero(LinearForm form)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        foreach (var (atom, k) in form.Terms)
        {
            if (atom is Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 and var c } } q && k is 1 or -1 && IsArithmetic(q.Left) && LinearForm.Of(q.Left) is { } dividend)
            {
                // rest <= a / c is c * rest <= a; a / c <= -rest is a <= c - 1 - c * rest.
                var scaled = form.Replace(atom, LinearForm.Of(0))?.Times(c);
                return (k < 0 ? scaled?.Minus(dividend) : scaled?.Plus(dividend)?.Plus(1 - c)) is { } whole ? AtMostZero(whole) : null;
            }
            if (atom is Binary { Op: BinaryOp.Min or BinaryOp.Max } m && IsArithmetic(m.Left) && IsArithmetic(m.Right) && LinearForm.Of(m.Left) is { } x && LinearForm.Of(m.Right) is { } y)
                return form.Replace(atom, x) is { } first && form.Replace(atom, y) is { } second && AtMostZero(first) is { } one && AtMostZero(second) is { } other
                    ? Join(one, m.Op is BinaryOp.Max == k > 0, other) : null;
        }
        if (form.IsConstant) return form.Constant <= 0 ? True : False;
        return form.Constant > 0 && form.Terms.All(t => t.Value > 0 && t.Key is Var v && _nonNegative.Contains(v)) ? False : $"({Write(form)} <= 0)";
    }

    private static bool Holds(BinaryOp op, long difference) => op switch
    {
        BinaryOp.Eq => difference == 0, BinaryOp.Ne => difference != 0, BinaryOp.Lt => difference < 0,
        BinaryOp.Le => difference <= 0, BinaryOp.Gt => difference > 0, _ => difference >= 0,
    };

    private static string Operator(BinaryOp op, bool isPositive) => op switch
    {
        BinaryOp.Eq => isPositive ? "=" : "!=", BinaryOp.Ne => isPositive ? "!=" : "=",
        BinaryOp.Lt => isPositive ? "<" : ">=", BinaryOp.Ge => isPositive ? ">=" : "<",
        BinaryOp.Le => isPositive ? "<=" : ">", _ => isPositive ? ">" : "<=",
    };

    private static string Join(string left, bool isAnd, string right) => isAnd
        ? left == True ? right : right == True ? left : left == False || right == False ? False : $"({left} and {right})"
        : left == True || right == True ? True : left == False ? right : right == False ? left : $"({left} or {right})";

    private static bool IsWritable(ElementType t) => t is ElementType.I64 || t.IsInteger && t.Bits < 64;

    // Sums of index values are those of exact integers; sums with data are where they cannot leave 64 bits.
    private static bool IsArithmetic(Expr e) => e.Type == IrType.Index && Magnitude.Of(e) is { IsExact: true };

    private string WriteValue(Expr e) => e is IntImm i ? Constant(i.Value) : IsArithmetic(e) && LinearForm.Of(e) is { } form ? Write(form) : WriteData(e);

    private static string Constant(long value) => value.ToString(CultureInfo.InvariantCulture);

    private string Write(LinearForm form)
    {
        var text = new StringBuilder();
        foreach (var (atom, k) in form.Terms)
        {
            text.Append(text.Length > 0 ? k < 0 ? " - " : " + " : k < 0 ? "-1*" : "");
            var magnitude = Int128.Abs(k);
            if (magnitude != 1) text.Append(magnitude.ToString(CultureInfo.InvariantCulture)).Append('*');
            text.Append(WriteAtom(atom));
        }
        if (text.Length == 0) return Constant(form.Constant);
        if (form.Constant != 0) text.Append(form.Constant < 0 ? " - " : " + ").Append(Int128.Abs(form.Constant).ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    private string WriteAtom(Expr atom)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (atom is Var v && v.Type == IrType.Index) return Place(v);
        if (_atoms.TryGetValue(atom, out string? text)) return text;
        return _atoms[atom] = atom switch
        {
            Binary { Op: BinaryOp.Div, Right: IntImm { Value: > 0 and var c } } b => WriteFloor(b.Left, c),
            Binary { Op: BinaryOp.Mod, Right: IntImm { Value: > 0 and var c } } b when WriteValue(b.Left) is var x => $"({x} - {c}*{WriteFloor(b.Left, c)})",
            Binary { Op: BinaryOp.Min or BinaryOp.Max } b => $"{(b.Op is BinaryOp.Max ? "max" : "min")}({WriteValue(b.Left)}, {WriteValue(b.Right)})",
            Select s => WriteSelect(s),
            Let l => WriteValue(l.Body.Substitute(l.Variable, l.Value)),
            Call { Function: Intrinsic.Abs } c when WriteValue(c.Arguments[0]) is var x => $"max({x}, -1*({x}))",
            Binary { Op: BinaryOp.TruncDiv or BinaryOp.TruncMod, Right: IntImm { Value: > 0 and var c } } b => WriteTruncated(b, c),
            Binary { Op: BinaryOp.Mul } b => WriteProduct(b),
            Binary { Op: BinaryOp.Div } b => WriteQuotient(b),
            Binary { Op: BinaryOp.Mod } b => WriteRemainder(b),
            _ => WriteData(atom),
        };
    }

    // The library takes several times as long to read floor().
    private string WriteFloor(Expr dividend, long c)
    {
        var quotient = new Binary(BinaryOp.Div, dividend, Expr.Index(c));
        if (_quotients.TryGetValue(quotient, out string? known)) return known;
        string a = WriteValue(dividend), q = NewVariable();
        _constraints.Add($"({c}*{q} <= {a} and {a} <= {c}*{q} + {c - 1})");
        return _quotients[quotient] = q;
    }

    private string WriteSelect(Select s)
    {
        var (then, @else) = (WriteValue(s.Then), WriteValue(s.Else));
        string v = NewVariable();
        _constraints.Add($"(({Write(s.Condition, true)} and {v} = {then}) or ({Write(s.Condition, false)} and {v} = {@else}))");
        return v;
    }

    private string WriteTruncated(Binary b, long c)
    {
        string a = WriteValue(b.Left), q = $"floor((max({a}, -1*({a})))/{c})", v = NewVariable();
        _constraints.Add(b.Op is BinaryOp.TruncDiv
            ? $"(({a} >= 0 and {v} = {q}) or ({a} < 0 and {v} = -1*{q}))"
            : $"(({a} >= 0 and {v} = {a} - {c}*{q}) or ({a} < 0 and {v} = {a} + {c}*{q}))");
        return v;
    }

    private string WriteProduct(Binary b)
    {
        if (_atoms.TryGetValue(new Binary(BinaryOp.Mul, b.Right, b.Left), out string? swapped)) return swapped;
        var (x, y) = (WriteValue(b.Left), WriteValue(b.Right));
        string p = NotExact(NewVariable());
        if (IsSize(b.Left) && IsSize(b.Right)) _constraints.Add($"(({x} >= 1 and {y} >= 1 and {p} >= {x} + {y} - 1) or ({x} = 0 and {p} = 0) or ({y} = 0 and {p} = 0))");
        return p;
    }

    // Never negative.
    private bool IsSize(Expr e) => e switch
    {
        Var v => _dims.Contains(v),
        IntImm i => i.Value >= 0,
        Binary { Op: BinaryOp.Mul } b => IsSize(b.Left) && IsSize(b.Right),
        Binary { Op: BinaryOp.Max } b => IsSize(b.Left) || IsSize(b.Right),
        _ => false,
    };

    private string WriteQuotient(Binary d)
    {
        var (a, b) = (WriteValue(d.Left), WriteValue(d.Right));
        string q = NotExact(NewVariable());
        _constraints.Add($"(({b} >= 1 and {a} >= {b} and 1 <= {q} and {q} <= {a}) or ({a} >= 0 and {a} < {b} and {q} = 0) or {b} <= 0 or {a} < 0)");
        return q;
    }

    private string WriteRemainder(Binary m)
    {
        _ = WriteValue(m.Left);
        string b = WriteValue(m.Right), r = NotExact(NewVariable());
        _constraints.Add($"((0 <= {r} and {r} < {b}) or ({b} < {r} and {r} <= 0) or {b} = 0)");
        return r;
    }

    // Any value of its type.
    private string WriteData(Expr e)
    {
        if (_atoms.TryGetValue(e, out string? known)) return known;
        string v = NotExact(NewVariable());
        var from = e is Cast { Kind: CastKind.Convert, Operand.Type: { Lanes: 1, Element: { IsInteger: true, Bits: < 64 } narrow } } && e.Type.Element is ElementType.I64 ? narrow : e.Type.Element;
        var range = ConstInterval.OfType(from);
        if (range != ConstInterval.All) _constraints.Add($"{Constant(range.Min)} <= {v} <= {Constant(range.Max)}");
        return _atoms[e] = v;
    }

    /// <summary>How large an i64 value can get, where that matters: arithmetic over indices does not overflow, arithmetic over data may.</summary>
    private readonly record struct Magnitude(Int128 Value, bool HasData)
    {
        private static readonly Int128 s_index = (Int128)1 << 48, s_limit = (Int128)1 << 62;

        public bool IsExact => !HasData || Value < s_limit;

        /// <summary>Null for a value that may be any 64-bit number.</summary>
        public static Magnitude? Of(Expr e)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            switch (e)
            {
                case IntImm i: return new(Int128.Abs(i.Value), false);
                case Var v: return v.Type == IrType.Index ? new(s_index, false) : null;
                case Cast { Kind: CastKind.Convert, Operand.Type: { Lanes: 1, Element: { IsInteger: true, Bits: < 64 } } } c when c.Type == IrType.Index: return new((Int128)1 << c.Operand.Type.Element.Bits, true);
                case Unary { Op: UnaryOp.Neg } u: return Of(u.Operand);
                case Call { Function: Intrinsic.Abs } c: return Of(c.Arguments[0]);
                case Let l: return Of(l.Body.Substitute(l.Variable, l.Value));
                case Select s: return Join(Of(s.Then), Of(s.Else), Int128.Max);
                case Binary { Op: BinaryOp.Add or BinaryOp.Sub } b: return Join(Of(b.Left), Of(b.Right), (x, y) => x + y);
                case Binary { Op: BinaryOp.Mul } b: return Join(Of(b.Left), Of(b.Right), Product);
                case Binary { Op: BinaryOp.Min or BinaryOp.Max or BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod } b: return Join(Of(b.Left), Of(b.Right), Int128.Max);
                default: return null;
            }
        }

        private static Int128 Product(Int128 x, Int128 y) => x >= s_limit || y >= s_limit || x != 0 && y >= s_limit / x ? s_limit : x * y;

        // A part that overflows stays too large.
        private static Magnitude? Join(Magnitude? a, Magnitude? b, Func<Int128, Int128, Int128> join) =>
            a is { } x && b is { } y && (x.IsExact && y.IsExact) ? new Magnitude(Int128.Min(join(x.Value, y.Value), s_limit), x.HasData || y.HasData) : null;
    }
}
