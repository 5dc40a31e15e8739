namespace Tx.Core;

/// <summary>Operators of two operands of one type. Comparisons give <c>bool</c>. Integers wrap; <see cref="Div"/> and <see cref="Mod"/>
/// round down; <see cref="Min"/> and <see cref="Max"/> propagate NaN (the first wins).</summary>
public enum BinaryOp : byte
{
    Add, Sub, Mul,
    /// <summary>Floor division of integers, plain division of floats.</summary>
    Div,
    /// <summary>The remainder that goes with floor division: it has the sign of the divisor.</summary>
    Mod,
    /// <summary>C's division and remainder of integers.</summary>
    TruncDiv, TruncMod,
    Min, Max,
    /// <summary>Bitwise; on <c>bool</c> the logical forms (both sides evaluated).</summary>
    And, Or, Xor,
    /// <summary>Shifts; the amount has the type of the left operand here and lies in 0..width. <see cref="Shr"/> is arithmetic on signed types.</summary>
    Shl, Shr,
    Eq, Ne, Lt, Le, Gt, Ge,
}

public enum UnaryOp : byte { Neg, Not, BitNot }

/// <summary>Named functions on elements.</summary>
public enum Intrinsic : byte
{
    Exp, Exp2, Log, Log2, Tanh, Sigmoid, Erf, Sin, Cos, Sqrt, Rsqrt, Pow,
    Abs, Floor, Ceil, Round, Trunc,
    /// <summary>a · b + c with one rounding.</summary>
    Fma,
    /// <summary>Number of set bits, in the operand's type.</summary>
    Popcount,
    IsNan,
}

/// <summary>How a value changes its type.</summary>
public enum CastKind : byte
{
    /// <summary>Integers wrap; a float to an integer truncates and saturates, NaN gives 0; others round to nearest.</summary>
    Convert,
    /// <summary>Clamps to the range of the target type.</summary>
    Saturate,
    /// <summary>Keeps the bits; both types have one width.</summary>
    Bits,
}

/// <summary>Built-in reductions. The last four give several values: see <see cref="Operators"/>.</summary>
public enum ReduceKind : byte { Sum, Prod, Max, Min, Any, All, BitAnd, BitOr, BitXor, ArgMax, ArgMin, MaxAt, MinAt, User }

public static class Operators
{
    extension(BinaryOp op)
    {
        public bool IsComparison => op is >= BinaryOp.Eq and <= BinaryOp.Ge;

        /// <summary>The name in printed loop IR.</summary>
        public string Symbol => op switch
        {
            BinaryOp.Add => "+", BinaryOp.Sub => "-", BinaryOp.Mul => "*", BinaryOp.Div => "/", BinaryOp.Mod => "%",
            BinaryOp.TruncDiv => "trunc_div", BinaryOp.TruncMod => "trunc_mod", BinaryOp.Min => "min", BinaryOp.Max => "max",
            BinaryOp.And => "&", BinaryOp.Or => "|", BinaryOp.Xor => "^", BinaryOp.Shl => "<<", BinaryOp.Shr => ">>",
            BinaryOp.Eq => "==", BinaryOp.Ne => "!=", BinaryOp.Lt => "<", BinaryOp.Le => "<=", BinaryOp.Gt => ">", BinaryOp.Ge => ">=",
        };
    }

    extension(ReduceKind kind)
    {
        /// <summary>True for the forms that keep an index beside the value.</summary>
        public bool KeepsIndex => kind is ReduceKind.ArgMax or ReduceKind.ArgMin or ReduceKind.MaxAt or ReduceKind.MinAt;

        public string Name => kind switch
        {
            ReduceKind.Sum => "sum", ReduceKind.Prod => "prod", ReduceKind.Max => "max", ReduceKind.Min => "min",
            ReduceKind.Any => "any", ReduceKind.All => "all", ReduceKind.BitAnd => "bit_and", ReduceKind.BitOr => "bit_or",
            ReduceKind.BitXor => "bit_xor", ReduceKind.ArgMax => "argmax", ReduceKind.ArgMin => "argmin",
            ReduceKind.MaxAt => "max_at", ReduceKind.MinAt => "min_at",
            // A declared reducer has a name of its own, and this one cannot be written.
            ReduceKind.User => "reducer",
        };
    }

    extension(Intrinsic f)
    {
        /// <summary>The name in the language and in printed loop IR: the enum's, in lower case.</summary>
        public string Name => f.ToString().ToLowerInvariant();
        public int Arity => f is Intrinsic.Pow ? 2 : f is Intrinsic.Fma ? 3 : 1;
    }
}
