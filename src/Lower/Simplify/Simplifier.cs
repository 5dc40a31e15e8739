using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Lower.Simplify;

/// <summary>Rewrites IR into shorter IR of the same value. Index arithmetic is put into linear form and decided with the ranges of the variables around;
/// data is only folded, and changed by identities that keep every bit. Calling it twice changes nothing more; the same object comes back when nothing changed.</summary>
public static class Simplifier
{
    public static Expr Simplify(Expr e) => Simplify(e, new RangeContext());

    /// <param name="context">What is known where the expression stands.</param>
    public static Expr Simplify(Expr e, RangeContext context) => DeadLets.Remove(new SimplifyRewriter(context).Visit(e));

    public static Stmt Simplify(Stmt s) => Simplify(s, new RangeContext());

    public static Stmt Simplify(Stmt s, RangeContext context) => DeadLets.Remove(new SimplifyRewriter(context).Visit(s));

    /// <summary>Dimensions and strides are not negative.</summary>
    public static LoopFunction Simplify(LoopFunction f)
    {
        var context = new RangeContext();
        foreach (var (v, _, _) in f.Dims.Concat(f.Strides)) context.Bind(v, ConstInterval.NonNegative);
        return f.With(body: Simplify(f.Body, context));
    }

    public static LoopModule Simplify(LoopModule m) => m.Map(Simplify);
}

/// <summary>The rules for one node each; operator families in files of their own.</summary>
internal sealed partial class SimplifyRewriter(RangeContext context) : Rewriter
{
    // Rules feed each other; all inputs known so far settle after two or three rounds.
    private const int Rounds = 8;

    private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Var, Expr> _values = [];
    private readonly Dictionary<Let, Let> _lets = new(ReferenceEqualityComparer.Instance);
    private int _version = context.Version;
    private bool _inside;

    public override Expr Visit(Expr e)
    {
        if (_inside) return Once(e);
        _inside = true;
        try
        {
            for (int i = 0; i < Rounds; i++)
            {
                var next = Once(e);
                if (ReferenceEquals(next, e)) break;
                e = next;
            }
            return e;
        }
        finally
        {
            _inside = false;
        }
    }

    // Shared parts are simplified once under the same knowledge.
    private Expr Once(Expr e)
    {
        if (e is IntImm or FloatImm) return e;
        if (e is Var v) return VisitVar(v);
        if (_version != context.Version)
        {
            _version = context.Version;
            _done.Clear();
        }
        if (_done.TryGetValue(e, out var known)) return known;
        var result = base.Visit(e);
        if (StructuralComparer.Equal(result, e)) result = e;
        if (_version == context.Version) _done[e] = result;
        return result;
    }

    protected override Expr VisitVar(Var v) =>
        _values.TryGetValue(v, out var value) ? value
        : context.IntervalOf(v) is { IsSingle: true, Min: var only } && v.Type == IrType.Index ? IntImm.Index(only)
        : v;

    protected override Expr VisitBinary(Binary b)
    {
        if (b.Type == IrType.Index && b.Op is BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul && context.IsIndex(b)) return Sum(b);
        var (l, r) = (Visit(b.Left), Visit(b.Right));
        var made = Expr.Make(b.Op, l, r);
        // Folded, or one of the operands: already simple.
        if (made is not Binary x || x.Op != b.Op || !ReferenceEquals(x.Left, l) || !ReferenceEquals(x.Right, r)) return made;
        if (l.Type.Lanes > 1 && VectorRule(b.Op, l, r) is { } vector) return vector;
        var better = b.Op switch
        {
            BinaryOp.Div => Quotient(l, r),
            BinaryOp.Mod => Remainder(l, r),
            BinaryOp.Min or BinaryOp.Max => Extremum(b.Op, l, r),
            BinaryOp.And or BinaryOp.Or or BinaryOp.Xor => Logic(b.Op, l, r),
            _ => b.Op.IsComparison ? Comparison(b.Op, l, r) : null,
        };
        return better ?? (ReferenceEquals(l, b.Left) && ReferenceEquals(r, b.Right) ? b : made);
    }

    protected override Expr VisitUnary(Unary u)
    {
        if (u.Op is UnaryOp.Neg && u.Type == IrType.Index && context.IsIndex(u)) return Sum(u);
        var x = Visit(u.Operand);
        if (u.Op is UnaryOp.Not && x is Binary { Op.IsComparison: true } c && !c.Left.Type.Element.IsFloat)
            return Visit(new Binary(c.Op.Negated, c.Left, c.Right));
        if (x is Broadcast b) return new Broadcast(Expr.Make(u.Op, b.Value), b.Type.Lanes);
        return ReferenceEquals(x, u.Operand) && !x.TryGetConstant(out _) && !(u.Op is UnaryOp.Not && x is Unary { Op: UnaryOp.Not }) ? u : Expr.Make(u.Op, x);
    }

    protected override Expr VisitCall(Call c)
    {
        var args = VisitAll(c.Arguments);
        int lanes = c.Type.Lanes;
        if (lanes > 1 && args.All(a => a is Broadcast))
            return new Broadcast(Expr.Make(c.Function, [.. args.Select(a => ((Broadcast)a).Value)]), lanes);
        return args == c.Arguments && !args.All(a => a.TryGetConstant(out _)) ? c : Expr.Make(c.Function, args);
    }

    protected override Expr VisitCast(Cast c)
    {
        var x = Visit(c.Operand);
        if (x.Type.Element == c.Type.Element) return x;
        if (x is Broadcast b) return new Broadcast(Expr.Convert(b.Value, c.Type.Element, c.Kind), b.Type.Lanes);
        return ReferenceEquals(x, c.Operand) && !x.TryGetConstant(out _) ? c : Expr.Convert(x, c.Type.Element, c.Kind);
    }

    protected override Expr VisitSelect(Select s)
    {
        var (c, t, e) = (Visit(s.Condition), Visit(s.Then), Visit(s.Else));
        if (c.IsTrue || StructuralComparer.Equal(t, e)) return t;
        if (c.IsFalse) return e;
        if (c is Unary { Op: UnaryOp.Not } not && !s.Rare) return Visit(new Select(not.Operand, e, t));
        if (s.Type.Element is ElementType.Bool && t.IsTrue && e.IsFalse) return c;
        if (s.Type.Element is ElementType.Bool && t.IsFalse && e.IsTrue) return Visit(new Unary(UnaryOp.Not, c));
        if ((c, t, e) is (Broadcast x, Broadcast y, Broadcast z)) return new Broadcast(Visit(s.With(x.Value, y.Value, z.Value)), s.Type.Lanes);
        return ReferenceEquals(c, s.Condition) && ReferenceEquals(t, s.Then) && ReferenceEquals(e, s.Else) ? s : s.With(c, t, e);
    }

    protected override Expr VisitLoad(Load l)
    {
        var indices = VisitAll(l.Indices);
        var predicate = l.Predicate is null ? null : Visit(l.Predicate);
        if (predicate is { IsTrue: true }) predicate = null;
        if (predicate is { IsFalse: true }) return Expr.Zero(l.Type);
        if (l.Type.Lanes > 1 && predicate is null or Broadcast && indices.All(i => i is Broadcast || i.Type.Lanes == 1))
            return new Broadcast(new Load(l.Buffer, [.. indices.Select(i => i is Broadcast b ? b.Value : i)], (predicate as Broadcast)?.Value), l.Type.Lanes);
        return indices == l.Indices && ReferenceEquals(predicate, l.Predicate) ? l : new Load(l.Buffer, indices, predicate);
    }

    // A let whose value is a constant or a name disappears; its variable's range is known in the body.
    protected override Expr VisitLet(Let l)
    {
        var value = Visit(l.Value);
        if (IsTrivial(value))
        {
            _values[l.Variable] = value;
            return Visit(l.Body);
        }
        int mark = context.Mark();
        context.BindValue(l.Variable, value);
        var body = Visit(l.Body);
        context.Release(mark);
        if (body is IntImm or FloatImm) return body;
        if (ReferenceEquals(body, l.Variable)) return value;
        return ReferenceEquals(value, l.Value) && ReferenceEquals(body, l.Body) ? l : Rebound(l, new(l.Variable, value, body));
    }

    // A let that is shared has one form everywhere: another one binds variables of its own.
    private Expr Rebound(Let l, Let result)
    {
        if (_lets.TryAdd(l, result)) return result;
        return StructuralComparer.Equal(_lets[l], result) ? _lets[l] : new Instantiate([]).Visit(result);
    }

    private static bool IsTrivial(Expr e) => e is IntImm or FloatImm or Var || e is Broadcast { Value: IntImm or FloatImm or Var };
}
