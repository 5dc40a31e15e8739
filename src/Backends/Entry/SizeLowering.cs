using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Backends.Entry;

/// <summary>A <see cref="SizeProgram"/> as code of an entry point. Each step has a value and a condition: that it is a number. Where intervals show that nothing
/// can leave 64 bits, the condition is constant.</summary>
/// <param name="program">The steps.</param>
/// <param name="dims">The sizes, each in 0..maxSize.</param>
/// <param name="output">Gets the statements that compute steps, each once.</param>
internal sealed class SizeLowering(SizeProgram program, ImmutableArray<EntryExpr> dims, long maxSize, List<EntryStatement> output)
{
    private readonly Dictionary<int, Step> _steps = [];
    private int _names;

    private readonly record struct Step(EntryExpr Value, EntryExpr IsNumber, Int128 Low, Int128 High);

    /// <summary>The value of a step and the condition under which it has one.</summary>
    public (EntryExpr Value, EntryExpr IsNumber) Of(int step) => Lower(step) is var s ? (s.Value, s.IsNumber) : default;

    /// <summary>The value of a step where it is a constant.</summary>
    public long? Constant(int step) => Lower(step) is { Value: EntryNumber n, IsNumber: var valid } && valid == EntryExpr.True ? n.Value : null;

    private Step Lower(int step)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        if (_steps.TryGetValue(step, out var known)) return known;
        var lowered = program.Steps[step] switch
        {
            ConstantSize c => new(EntryExpr.I64(c.Value), EntryExpr.True, c.Value, c.Value),
            DimensionSize d => dims[d.Dimension] is EntryNumber n ? new(n, EntryExpr.True, n.Value, n.Value) : new(dims[d.Dimension], EntryExpr.True, 0, maxSize),
            BinarySize b => Binary(b.Op, Lower(b.Left), Lower(b.Right)),
            UnarySize u => Unary(u.Op, Lower(u.Operand)),
            AbsoluteSize a => Absolute(Lower(a.Operand)),
            ConvertedSize c => Converted(c.Type, Lower(c.Operand)),
            SelectedSize s => Selected(Lower(s.Condition), Lower(s.Then), Lower(s.Else)),
            var other => throw new CompilerBugException("entry", other.GetType().Name),
        };
        return _steps[step] = lowered;
    }

    private Step Binary(BinaryOp op, Step x, Step y)
    {
        var valid = EntryExpr.And(x.IsNumber, y.IsNumber);
        switch (op)
        {
            case BinaryOp.Add: return Checked(EntryOp.Add, x, y, x.Low + y.Low, x.High + y.High);
            case BinaryOp.Sub: return Checked(EntryOp.Sub, x, y, x.Low - y.High, x.High - y.Low);
            case BinaryOp.Mul:
                Int128[] products = [x.Low * y.Low, x.Low * y.High, x.High * y.Low, x.High * y.High];
                return Checked(EntryOp.Mul, x, y, products.Min(), products.Max());
            case BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod: return Division(op, x, y);
            case BinaryOp.Min: return Named(Choice(EntryOp.Lt, x, y), valid, Int128.Min(x.Low, y.Low), Int128.Min(x.High, y.High));
            case BinaryOp.Max: return Named(Choice(EntryOp.Gt, x, y), valid, Int128.Max(x.Low, y.Low), Int128.Max(x.High, y.High));
            case BinaryOp.And or BinaryOp.Or or BinaryOp.Xor:
                // What is combined without a negative number stays below the next power of two.
                Int128 limit = 1;
                while (limit <= Int128.Max(x.High, y.High)) limit *= 2;
                bool isTruth = x.Low >= 0 && y.Low >= 0;
                return Named(EntryExpr.Of(op is BinaryOp.And ? EntryOp.And : op is BinaryOp.Or ? EntryOp.Or : EntryOp.Xor, x.Value, y.Value), valid, isTruth ? 0 : long.MinValue, isTruth ? limit - 1 : long.MaxValue);
            case BinaryOp.Shl: return LeftShift(x, y);
            case BinaryOp.Shr:
                var inRange = EntryExpr.And(EntryExpr.Of(EntryOp.Ge, y.Value, EntryExpr.I64(0)), EntryExpr.Of(EntryOp.Lt, y.Value, EntryExpr.I64(64)));
                return Named(new EntryOperation(EntryOp.AShr, x.Value, Safe(y.Value, inRange, 0)), EntryExpr.And(valid, inRange), Int128.Min(x.Low, 0), Int128.Max(x.High, 0));
            default:
                var compare = op switch { BinaryOp.Eq => EntryOp.Eq, BinaryOp.Ne => EntryOp.Ne, BinaryOp.Lt => EntryOp.Lt, BinaryOp.Le => EntryOp.Le, BinaryOp.Gt => EntryOp.Gt, _ => EntryOp.Ge };
                // A number that is there equals itself.
                if (x.Value == y.Value) return Named(EntryExpr.I64(compare is EntryOp.Eq or EntryOp.Le or EntryOp.Ge ? 1 : 0), valid, 0, 1);
                return Named(Truth(EntryExpr.Of(compare, x.Value, y.Value)), valid, 0, 1);
        }
    }

    private Step Checked(EntryOp op, Step x, Step y, Int128 low, Int128 high)
    {
        var valid = EntryExpr.And(x.IsNumber, y.IsNumber);
        if (low >= long.MinValue && high <= long.MaxValue) return Named(EntryExpr.Of(op, x.Value, y.Value), valid, low, high);
        string id = NewName(), overflow = id + "_over";
        output.Add(new EntryCheckedLet(id, overflow, op, x.Value, y.Value));
        return new(new EntryName(EntryType.I64, id), EntryExpr.And(valid, EntryExpr.Not(new EntryName(EntryType.Bool, overflow))), Clamp(low), Clamp(high));
    }

    // No divisor is 0 and none is -1, of which the lowest number has no quotient: where it may be one, 1 stands in and the result is corrected.
    private Step Division(BinaryOp op, Step x, Step y)
    {
        var valid = EntryExpr.And(x.IsNumber, y.IsNumber);
        var divisor = y.Value;
        EntryExpr isMinusOne = EntryExpr.False;
        if (y.Low <= 0)
        {
            var isZero = Name(EntryExpr.Of(EntryOp.Eq, y.Value, EntryExpr.I64(0)));
            isMinusOne = y.Low < 0 ? Name(EntryExpr.Of(EntryOp.Eq, y.Value, EntryExpr.I64(-1))) : EntryExpr.False;
            valid = EntryExpr.And(valid, EntryExpr.Not(isZero));
            divisor = Name(Choose(EntryExpr.Or(isZero, isMinusOne), EntryExpr.I64(1), y.Value));
        }
        bool isFloor = op is BinaryOp.Div or BinaryOp.Mod, isQuotient = op is BinaryOp.Div or BinaryOp.TruncDiv;
        var quotient = new EntryOperation(EntryOp.SDiv, x.Value, divisor);
        var rest = new EntryOperation(EntryOp.SRem, x.Value, divisor);
        EntryExpr result = isQuotient ? quotient : rest;
        if (isFloor && (x.Low < 0 || y.Low < 0))
        {
            var r = Name(rest);
            // The signs of rest and divisor differ.
            var differs = Name(EntryExpr.And(EntryExpr.Of(EntryOp.Ne, r, EntryExpr.I64(0)), new EntryOperation(EntryOp.Lt, new EntryOperation(EntryOp.Xor, r, divisor), EntryExpr.I64(0))));
            result = isQuotient ? new EntryOperation(EntryOp.Sub, quotient, Truth(differs)) : new EntryOperation(EntryOp.Add, r, Choose(differs, divisor, EntryExpr.I64(0)));
        }
        if (isMinusOne != EntryExpr.False)
        {
            if (isQuotient)
            {
                string id = NewName(), overflow = id + "_over";
                output.Add(new EntryCheckedLet(id, overflow, EntryOp.Sub, EntryExpr.I64(0), x.Value));
                result = Choose(isMinusOne, new EntryName(EntryType.I64, id), result);
                valid = EntryExpr.And(valid, EntryExpr.Not(EntryExpr.And(isMinusOne, new EntryName(EntryType.Bool, overflow))));
            }
            else result = Choose(isMinusOne, EntryExpr.I64(0), result);
        }
        Int128 size = Int128.Max(Int128.Abs(x.Low), Int128.Abs(x.High)), width = Int128.Max(Int128.Abs(y.Low), Int128.Abs(y.High));
        var (low, high) = isQuotient ? (x.Low >= 0 && y.Low >= 0 ? 0 : -size - 1, size) : (x.Low >= 0 && y.Low >= 0 ? 0 : -width, width);
        return Named(result, valid, Clamp(low), Clamp(high));
    }

    private Step LeftShift(Step x, Step y)
    {
        var inRange = EntryExpr.And(EntryExpr.Of(EntryOp.Ge, y.Value, EntryExpr.I64(0)), EntryExpr.Of(EntryOp.Lt, y.Value, EntryExpr.I64(63)));
        var amount = Name(Safe(y.Value, inRange, 0));
        var shifted = Name(new EntryOperation(EntryOp.Shl, x.Value, amount));
        var isWhole = EntryExpr.Of(EntryOp.Eq, new EntryOperation(EntryOp.AShr, shifted, amount), x.Value);
        return Named(shifted, EntryExpr.And(EntryExpr.And(x.IsNumber, y.IsNumber), EntryExpr.And(inRange, isWhole)), x.Low >= 0 ? 0 : long.MinValue, long.MaxValue);
    }

    private Step Unary(UnaryOp op, Step x) => op switch
    {
        UnaryOp.Neg => Checked(EntryOp.Sub, new(EntryExpr.I64(0), EntryExpr.True, 0, 0), x, -x.High, -x.Low),
        UnaryOp.Not => Named(Truth(EntryExpr.Of(EntryOp.Eq, x.Value, EntryExpr.I64(0))), x.IsNumber, 0, 1),
        UnaryOp.BitNot => Named(new EntryOperation(EntryOp.Xor, x.Value, EntryExpr.I64(-1)), x.IsNumber, -x.High - 1, -x.Low - 1),
    };

    private Step Absolute(Step x)
    {
        if (x.Low >= 0) return x;
        var negative = Unary(UnaryOp.Neg, x);
        var isNegative = Name(EntryExpr.Of(EntryOp.Lt, x.Value, EntryExpr.I64(0)));
        return Named(Choose(isNegative, negative.Value, x.Value), EntryExpr.And(x.IsNumber, EntryExpr.Or(EntryExpr.Not(isNegative), negative.IsNumber)), 0, Int128.Max(Int128.Abs(x.Low), Int128.Abs(x.High)) is var m ? Clamp(m) : 0);
    }

    private Step Converted(ElementType type, Step x)
    {
        var (min, max) = (Int128.Max(type.MinValue, long.MinValue), Int128.Min(type.MaxValue, long.MaxValue));
        if (x.Low >= min && x.High <= max) return x;
        var fits = EntryExpr.And(EntryExpr.Of(EntryOp.Ge, x.Value, EntryExpr.I64((long)min)), EntryExpr.Of(EntryOp.Le, x.Value, EntryExpr.I64((long)max)));
        return new(x.Value, EntryExpr.And(x.IsNumber, Name(fits)), Int128.Max(x.Low, min), Int128.Min(x.High, max));
    }

    private Step Selected(Step condition, Step then, Step @else)
    {
        var taken = Name(EntryExpr.Of(EntryOp.Ne, condition.Value, EntryExpr.I64(0)));
        var valid = EntryExpr.And(condition.IsNumber, then.IsNumber == @else.IsNumber ? then.IsNumber : EntryExpr.Or(EntryExpr.And(taken, then.IsNumber), EntryExpr.And(EntryExpr.Not(taken), @else.IsNumber)));
        return Named(Choose(taken, then.Value, @else.Value), valid, Int128.Min(then.Low, @else.Low), Int128.Max(then.High, @else.High));
    }

    private static EntryExpr Choice(EntryOp compare, Step x, Step y) => Choose(EntryExpr.Of(compare, x.Value, y.Value), x.Value, y.Value);

    private static EntryExpr Choose(EntryExpr condition, EntryExpr then, EntryExpr @else) =>
        condition == EntryExpr.True ? then : condition == EntryExpr.False ? @else : new EntryChoice(condition, then, @else);

    private static EntryExpr Truth(EntryExpr condition) => Choose(condition, EntryExpr.I64(1), EntryExpr.I64(0));

    private static EntryExpr Safe(EntryExpr value, EntryExpr condition, long otherwise) => Choose(condition, value, EntryExpr.I64(otherwise));

    private static Int128 Clamp(Int128 x) => Int128.Clamp(x, long.MinValue, long.MaxValue);

    private Step Named(EntryExpr value, EntryExpr valid, Int128 low, Int128 high) => new(Name(value), Name(valid), low, high);

    /// <summary>Computes a value once.</summary>
    private EntryExpr Name(EntryExpr value)
    {
        if (value is EntryNumber or EntryName) return value;
        string id = NewName();
        output.Add(new EntryLet(id, value));
        return new EntryName(value.Type, id);
    }

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"s{_names++}");
}
