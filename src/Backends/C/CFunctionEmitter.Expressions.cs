using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

internal sealed partial class CFunctionEmitter
{
    private Dictionary<Expr, CText> _memo = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expr, CText> _memoOfData = new(ReferenceEqualityComparer.Instance);
    private bool _isData;
    private readonly HashSet<Expr> _shared = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Var, Let> _lets = [];

    /// <summary>Begins a statement: what stands at several places of its expressions gets a name.</summary>
    private void Start(params ReadOnlySpan<Expr> roots)
    {
        _memo.Clear();
        _memoOfData.Clear();
        _lets.Clear();
        _shared.Clear();
        var seen = new HashSet<Expr>(ReferenceEqualityComparer.Instance);
        foreach (var e in roots) Mark(e);

        void Mark(Expr e)
        {
            if (e is IntImm or FloatImm or Var) return;
            RuntimeHelpers.EnsureSufficientExecutionStack();
            if (!seen.Add(e))
            {
                // Sums of indices are the compiler's to share.
                if (e is not Let && !(e.Type == IrType.Index && e is Binary)) _shared.Add(e);
                return;
            }
            foreach (var part in Parts(e)) Mark(part);
        }
    }

    private static ImmutableArray<Expr> Parts(Expr e) => e switch
    {
        Binary b => [b.Left, b.Right],
        Unary u => [u.Operand],
        Call c => c.Arguments,
        Cast c => [c.Operand],
        Select s => [s.Condition, s.Then, s.Else],
        Load l => l.Predicate is { } p ? [p, .. l.Indices] : l.Indices,
        Let l => [l.Value, l.Body],
        _ => [],
    };

    /// <summary>A value of 64 bits that is kept, not used as an index: in it sums wrap.</summary>
    private CText PrintData(Expr e)
    {
        if (e.Type != IrType.Index || e is IntImm or Load || _isData) return Print(e);
        var outside = _memo;
        (_memo, _isData) = (_memoOfData, true);
        var text = Print(e);
        (_memo, _isData) = (outside, false);
        return text;
    }

    /// <summary>An expression as text. What is shared, and what a let names, becomes a line before the statement.</summary>
    private CText Print(Expr e)
    {
        switch (e)
        {
            case IntImm i: return CTypes.Integer(i.Type.Element, i.Value);
            // Small floats are their bits.
            case FloatImm { Type.Element.IsSmallFloat: true } f: return CText.Primary(CTypes.Number((long)ScalarMath.ToBits(Scalar.Of(f.Type.Element, f.Value))));
            case FloatImm f: return CTypes.Float(f.Type.Element, f.Value) ?? OfBits(f);
            case Var v when _isData && module.Target.IndexBits == 32 && module.Indices.Contains(v): return new($"(int64_t){NameOf(v)}", CBinding.Unary);
            case Var v: return CText.Primary(NameOf(v));
        }
        if (_memo.TryGetValue(e, out var known)) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (e.Type.IsVector) throw Bug($"a vector `{e}`");
        var text = e switch
        {
            Binary b => PrintBinary(b),
            Unary u => PrintUnary(u),
            Call c => PrintCall(c),
            Cast c => PrintCast(c),
            Select { Rare: true } s when Pipeline.UnrollsFor(module.Target.Cpu) => PrintRare(s),
            Select s => new CText($"{Print(s.Condition).At(CBinding.Unary)} ? {Print(s.Then).At(CBinding.Sum)} : {Print(s.Else).At(CBinding.Sum)}", CBinding.Loose),
            Load l => PrintLoad(l),
            Let l => PrintLet(l),
            _ => throw Bug($"an expression `{e.GetType().Name}`"),
        };
        if (_shared.Contains(e)) text = CText.Primary(Named("t", TypeOf(e), text.Text));
        return _memo[e] = text;
    }

    private CText OfBits(FloatImm f)
    {
        bool isSingle = f.Type.Element is ElementType.F32;
        ulong bits = ScalarMath.ToBits(Scalar.Of(f.Type.Element, f.Value));
        string digits = bits.ToString(isSingle ? "x8" : "x16", CTypes.Culture);
        return CText.Primary($"{(isSingle ? "tx_of_bits_f32" : "tx_of_bits_f64")}({(isSingle ? $"0x{digits}u" : $"UINT64_C(0x{digits})")})");
    }

    // A branch, as lanes need not stay together: what is named in it is not known after it.
    private CText PrintRare(Select s)
    {
        string type = TypeOf(s), name = names.Fresh("value");
        Line($"{type} {name} = {Print(s.Else).Text};");
        Line($"if ({Print(s.Condition).Text}) {{");
        var (memo, memoOfData) = (_memo.ToArray(), _memoOfData.ToArray());
        Nested(() => Line($"{name} = {Print(s.Then).Text};"));
        Line("}");
        Restore(_memo, memo);
        Restore(_memoOfData, memoOfData);
        return CText.Primary(name);

        static void Restore(Dictionary<Expr, CText> memo, KeyValuePair<Expr, CText>[] before)
        {
            memo.Clear();
            foreach (var (e, text) in before) memo.Add(e, text);
        }
    }

    private CText PrintLet(Let l)
    {
        var value = Print(l.Value);
        // What was printed under another value of the variable does not hold here.
        if (_lets.TryGetValue(l.Variable, out var other) && !ReferenceEquals(other, l))
        {
            _memo.Clear();
            _memoOfData.Clear();
        }
        _lets[l.Variable] = l;
        if (l.Value.Type == IrType.Index && IsIndex(l.Value)) module.Indices.Add(l.Variable);
        _variables[l.Variable] = Named(l.Variable.Name, TypeOf(l.Value), value.Text);
        return Print(l.Body);
    }

    // The type that a name for the value has.
    private string TypeOf(Expr e) => e.Type == IrType.Index ? IndexTypeOf(e) : CTypes.ValueOf(e.Type.Element);

    private string IndexTypeOf(Expr e) => IsIndex(e) ? module.Target.IndexType : "int64_t";

    private CText PrintLoad(Load l)
    {
        string element = Element(l.Buffer, IndexOf(l.Buffer, l.Indices));
        bool isBool = l.Buffer.Type is ElementType.Bool;
        if (l.Predicate is { IsTrue: false } p)
            return new($"{Print(p).At(CBinding.Unary)} ? {(isBool ? $"({element} != 0)" : element)} : {(l.Buffer.Type is ElementType.F32 ? "0.0f" : l.Buffer.Type is ElementType.F64 ? "0.0" : "0")}", CBinding.Loose);
        return isBool ? new($"{element} != 0", CBinding.Loose) : CText.Primary(element);
    }

    private static CText Call(string support, params IEnumerable<CText> arguments) => CText.Primary($"{support}({string.Join(", ", arguments.Select(a => a.Text))})");

    private static ElementType Stored(ElementType t) => t is ElementType.Int ? ElementType.I64 : t;

    private CText PrintUnary(Unary u)
    {
        var x = Print(u.Operand);
        var t = Stored(u.Type.Element);
        switch (u.Op)
        {
            case UnaryOp.Not: return new("!" + x.At(CBinding.Unary), CBinding.Unary);
            case UnaryOp.BitNot when t is ElementType.Bool: return new("!" + x.At(CBinding.Unary), CBinding.Unary);
            case UnaryOp.BitNot: return new($"({CTypes.ValueOf(t)})~{x.At(CBinding.Unary)}", CBinding.Unary);
            case UnaryOp.Neg when t.IsFloat || IsExact(u, RangeOf(u.Operand).Negated()):
                string operand = x.At(CBinding.Unary);
                return new(operand.StartsWith('-') ? $"-({operand})" : "-" + operand, CBinding.Unary);
            case UnaryOp.Neg when t.Bits < 32 || t.IsUnsigned: return new($"({CTypes.ValueOf(t)})(0 - {x.At(CBinding.Product)})", CBinding.Unary);
            default: return Call($"tx_sub_{t.Name}", CText.Primary("0"), x);
        }
    }

    private CText PrintCall(Call c)
    {
        var arguments = c.Arguments.Select(Print).ToArray();
        var t = Stored(c.Arguments[0].Type.Element);
        if (!t.IsFloat)
            switch (c.Function)
            {
                case Intrinsic.Abs: return t.IsSigned ? Call($"tx_abs_{t.Name}", arguments) : arguments[0];
                case Intrinsic.Popcount when t is ElementType.Bool: return arguments[0];
                case Intrinsic.Popcount when t.Bits == 64: return new($"({CTypes.ValueOf(t)}){Call("tx_popcount_u64", new CText($"(uint64_t){arguments[0].At(CBinding.Unary)}", CBinding.Unary))}", CBinding.Unary);
                case Intrinsic.Popcount: return new($"({CTypes.ValueOf(t)}){Call("tx_popcount_u32", new CText($"({CTypes.Unsigned(t)}){arguments[0].At(CBinding.Unary)}", CBinding.Unary))}", CBinding.Unary);
                case Intrinsic.Fma: return Print(Expr.Make(BinaryOp.Add, Expr.Make(BinaryOp.Mul, c.Arguments[0], c.Arguments[1]), c.Arguments[2]));
                case Intrinsic.IsNan: return CText.Primary("0");
                default: throw Bug($"`{c.Function.Name}` of `{t.Name}`");
            }
        switch (c.Function)
        {
            case Intrinsic.Abs or Intrinsic.Floor or Intrinsic.Ceil or Intrinsic.Round or Intrinsic.Trunc or Intrinsic.Sqrt or Intrinsic.Fma:
                return Call($"tx_{c.Function.Name}_{t.Name}", arguments);
            case Intrinsic.IsNan: return Call($"tx_is_nan_{t.Name}", arguments);
            // All others are arithmetic since the pass that lowers functions.
            case Intrinsic.Exp or Intrinsic.Exp2 or Intrinsic.Log or Intrinsic.Log2 or Intrinsic.Tanh or Intrinsic.Erf or Intrinsic.Sin or Intrinsic.Cos or Intrinsic.Pow when t is ElementType.F64:
                module.Include("math.h");
                return CText.Primary($"{c.Function.Name}({string.Join(", ", arguments.Select(a => a.Text))})");
            default: throw Bug($"`{c.Function.Name}` of `{t.Name}`");
        }
    }

    private CText PrintCast(Cast c)
    {
        var x = PrintData(c.Operand);
        var (from, to) = (Stored(c.Operand.Type.Element), Stored(c.Type.Element));
        if (from == to) return x;
        switch (c.Kind)
        {
            case CastKind.Bits when from is ElementType.F32 or ElementType.F64:
                var bits = Call($"tx_bits_{from.Name}", x);
                return to.IsSigned ? Converted(bits, to) : bits;
            case CastKind.Bits when to is ElementType.F32 or ElementType.F64:
                return Call($"tx_of_bits_{to.Name}", from.IsSigned ? Converted(x, to.Bits == 32 ? ElementType.U32 : ElementType.U64) : x);
            case CastKind.Bits when from is not ElementType.Bool && to is not ElementType.Bool:
                // Small floats are their bits.
                return Converted(x, to);
            case CastKind.Saturate when !from.IsFloat && !to.IsFloat && from is not ElementType.Bool:
                if (RangeOf(c.Operand) is var r && r.Min >= to.MinValue && r.Max <= to.MaxValue) return to is ElementType.Bool ? Test(x, "!= 0") : Converted(x, to);
                return to is ElementType.Bool ? Test(x, from.IsSigned ? "> 0" : "!= 0") : Call($"tx_clamp_{to.Name}_{from.Name}", x);
        }
        if (to is ElementType.Bool) return Test(x, from is ElementType.F32 ? "!= 0.0f" : from is ElementType.F64 ? "!= 0.0" : "!= 0");
        if (from.IsFloat && !to.IsFloat) return Call($"tx_to_{to.Name}_{from.Name}", x);
        // C takes what is smaller than an int as an int.
        if (to is ElementType.I32 && from.Bits < 32 && x.Binding == CBinding.Primary) return x;
        return Converted(x, to);
    }

    private static CText Converted(CText x, ElementType to) => new($"({CTypes.ValueOf(to)}){x.At(CBinding.Unary)}", CBinding.Unary);

    private static CText Test(CText x, string test) => new($"{x.At(CBinding.Sum)} {test}", CBinding.Loose);
}
