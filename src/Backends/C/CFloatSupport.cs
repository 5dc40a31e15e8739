using Tx.Core;

namespace Tx.Backends.C;

/// <summary>Functions on floats that a freestanding compiler need not have.</summary>
internal static class CFloatSupport
{
    /// <param name="Type">In C.</param>
    /// <param name="Whole">From here on all floats are integers.</param>
    /// <param name="Sign">The bit.</param>
    /// <param name="Fraction">Bits of the fraction.</param>
    private sealed record Format(string Name, string Type, string Bits, string SignedBits, string Whole, string Sign, string Infinity, string Nan, int Fraction, string One);

    private static readonly Format s_single = new("f32", "float", "uint32_t", "int32_t", "8388608.0f", "0x80000000u", "0x7f800000u", "0x7fc00000u", 23, "1.0f");
    private static readonly Format s_double = new("f64", "double", "uint64_t", "int64_t", "4503599627370496.0", "UINT64_C(0x8000000000000000)", "UINT64_C(0x7ff0000000000000)", "UINT64_C(0x7ff8000000000000)", 52, "1.0");

    /// <summary>Null where there is no such function.</summary>
    public static string? Define(string what, ElementType type)
    {
        var f = type is ElementType.F32 ? s_single : s_double;
        return what switch
        {
            "bits" => $"TX_INLINE {f.Bits} tx_bits_{f.Name}({f.Type} x) {{\n    union {{ {f.Type} value; {f.Bits} bits; }} u;\n    u.value = x;\n    return u.bits;\n}}\n",
            "of_bits" => $"TX_INLINE {f.Type} tx_of_bits_{f.Name}({f.Bits} x) {{\n    union {{ {f.Bits} bits; {f.Type} value; }} u;\n    u.bits = x;\n    return u.value;\n}}\n",
            "is_nan" => $"TX_INLINE _Bool tx_is_nan_{f.Name}({f.Type} x) {{\n    return x != x;\n}}\n",
            "abs" => $"TX_INLINE {f.Type} tx_abs_{f.Name}({f.Type} x) {{\n    return tx_of_bits_{f.Name}(tx_bits_{f.Name}(x) & ~{f.Sign});\n}}\n",
            "with_sign" => $"TX_INLINE {f.Type} tx_with_sign_{f.Name}({f.Type} x, {f.Type} sign) {{\n    return tx_of_bits_{f.Name}(tx_bits_{f.Name}(x) | (tx_bits_{f.Name}(sign) & {f.Sign}));\n}}\n",
            // The first where both are equal, what is no number where one is.
            "min" => $"TX_INLINE {f.Type} tx_min_{f.Name}({f.Type} a, {f.Type} b) {{\n    return b != b ? b : b < a ? b : a;\n}}\n",
            "max" => $"TX_INLINE {f.Type} tx_max_{f.Name}({f.Type} a, {f.Type} b) {{\n    return b != b ? b : b > a ? b : a;\n}}\n",
            "round" => Rounded(f, "round", "r"),
            "floor" => Rounded(f, "floor", $"r > x ? r - {f.One} : r"),
            "ceil" => Rounded(f, "ceil", $"r < x ? r + {f.One} : r"),
            "trunc" => $"TX_INLINE {f.Type} tx_trunc_{f.Name}({f.Type} x) {{\n    return tx_with_sign_{f.Name}(tx_floor_{f.Name}(tx_abs_{f.Name}(x)), x);\n}}\n",
            "trunc_div" => $"TX_INLINE {f.Type} tx_trunc_div_{f.Name}({f.Type} a, {f.Type} b) {{\n    return ({f.Type})tx_trunc_f64((double)a / (double)b);\n}}\n",
            "trunc_mod" => Remainder(f),
            "floor_mod" => $"TX_INLINE {f.Type} tx_floor_mod_{f.Name}({f.Type} a, {f.Type} b) {{\n    const {f.Type} r = tx_trunc_mod_{f.Name}(a, b);\n    return r != 0 && (r < 0) != (b < 0) ? r + b : r;\n}}\n",
            "sqrt" => SquareRoot(f),
            "fma" => type is ElementType.F32 ? SingleFma : DoubleFma,
            "mul_add" => MultiplyAdd(f),
            _ => null,
        };
    }

    // Added to a float without a fraction of its own, the fraction is rounded away, to even; the sign of a zero is put back.
    private static string Rounded(Format f, string name, string result) => $$"""
        TX_INLINE {{f.Type}} tx_{{name}}_{{f.Name}}({{f.Type}} x) {
            const {{f.Type}} a = tx_abs_{{f.Name}}(x);
            const {{f.Type}} r = tx_with_sign_{{f.Name}}((a + {{f.Whole}}) - {{f.Whole}}, x);
            return a < {{f.Whole}} ? tx_with_sign_{{f.Name}}({{result}}, x) : x;
        }

        """;

    // Long division, exact.
    private static string Remainder(Format f) => $$"""
        TX_INLINE {{f.Type}} tx_trunc_mod_{{f.Name}}({{f.Type}} x, {{f.Type}} y) {
            const {{f.Bits}} one = ({{f.Bits}})1 << {{CTypes.Number(f.Fraction)}}, sign = tx_bits_{{f.Name}}(x) & {{f.Sign}};
            {{f.Bits}} a = tx_bits_{{f.Name}}(x) & ~{{f.Sign}}, b = tx_bits_{{f.Name}}(y) & ~{{f.Sign}};
            int32_t ea = (int32_t)(a >> {{CTypes.Number(f.Fraction)}}), eb = (int32_t)(b >> {{CTypes.Number(f.Fraction)}});
            if (b == 0 || a >= {{f.Infinity}} || b > {{f.Infinity}}) return tx_of_bits_{{f.Name}}({{f.Nan}});
            if (a < b) return x;
            if (ea == 0) for (ea = 1; a < one; ea--) a <<= 1; else a = (a & (one - 1)) | one;
            if (eb == 0) for (eb = 1; b < one; eb--) b <<= 1; else b = (b & (one - 1)) | one;
            for (; ea > eb; ea--) {
                if (a >= b) a -= b;
                a <<= 1;
            }
            if (a >= b) a -= b;
            if (a == 0) return tx_of_bits_{{f.Name}}(sign);
            for (; a < one; ea--) a <<= 1;
            a = ea > 0 ? (a - one) | (({{f.Bits}})ea << {{CTypes.Number(f.Fraction)}}) : a >> (1 - ea);
            return tx_of_bits_{{f.Name}}(a | sign);
        }

        """;

    // The compilers' own may call the library for negative numbers.
    private static string SquareRoot(Format f)
    {
        bool isSingle = f == s_single;
        string x86 = isSingle ? "sqrtss" : "sqrtsd", arm64 = isSingle ? "fsqrt %s0, %s1" : "fsqrt %d0, %d1", arm = isSingle ? "vsqrt.f32 %0, %1" : "vsqrt.f64 %P0, %P1", part = isSingle ? "4" : "8", register = isSingle ? "t" : "w";
        return $$"""
            #if defined(__has_builtin)
            #if __has_builtin(__builtin_elementwise_sqrt)
            #define TX_SQRT_{{f.Name.ToUpperInvariant()}}(x) __builtin_elementwise_sqrt(x)
            #endif
            #endif
            TX_INLINE {{f.Type}} tx_sqrt_{{f.Name}}({{f.Type}} x) {
            #if defined(TX_SQRT_{{f.Name.ToUpperInvariant()}})
                return TX_SQRT_{{f.Name.ToUpperInvariant()}}(x);
            #elif defined(__GNUC__) && defined(__SSE2__)
                {{f.Type}} r;
                __asm__("{{x86}} %1, %0" : "=x"(r) : "x"(x));
                return r;
            #elif defined(__GNUC__) && defined(__aarch64__)
                {{f.Type}} r;
                __asm__("{{arm64}}" : "=w"(r) : "w"(x));
                return r;
            #elif defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & {{part}})
                {{f.Type}} r;
                __asm__("{{arm}}" : "={{register}}"(r) : "{{register}}"(x));
                return r;
            #else
                /* Digit by digit: the result is rounded to nearest. */
                const {{f.Bits}} one = ({{f.Bits}})1 << {{CTypes.Number(f.Fraction)}};
                {{f.Bits}} a = tx_bits_{{f.Name}}(x), q = 0, s = 0, r, t;
                int32_t e = (int32_t)(a >> {{CTypes.Number(f.Fraction)}});
                if (x == 0 || x != x || a == {{f.Infinity}}) return x;
                if (x < 0) return tx_of_bits_{{f.Name}}({{f.Nan}});
                if (e == 0) for (e = 1; a < one; e--) a <<= 1; else a = (a & (one - 1)) | one;
                e -= {{(isSingle ? "127" : "1023")}};
                if (e & 1) a += a;
                e = (e - (e & 1)) / 2;
                a += a;
                for (r = one << 1; r != 0; r >>= 1) {
                    t = s + r;
                    if (t <= a) {
                        s = t + r;
                        a -= t;
                        q += r;
                    }
                    a += a;
                }
                if (a != 0) q += q & 1;
                return tx_of_bits_{{f.Name}}((q >> 1) + (({{f.Bits}})(e + {{(isSingle ? "126" : "1022")}}) << {{CTypes.Number(f.Fraction)}}));
            #endif
            }

            """;
    }

    /// <param name="part">The bit of the precision among those that an Arm processor's unit for floats has.</param>
    private static string HasFma(int part) => $"defined(__GNUC__) && (defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA) && (__ARM_FP & {CTypes.Number(part)}))";

    // The product is exact in double; of the sum, what rounding cut off is kept in the last bit, so that rounding again rounds once.
    private static string SingleFma => $$"""
        TX_INLINE float tx_fma_f32(float a, float b, float c) {
        #if {{HasFma(4)}}
            return __builtin_fmaf(a, b, c);
        #else
            const double p = (double)a * (double)b, q = (double)c, s = p + q, v = s - p, e = (p - (s - v)) + (q - v);
            uint64_t bits = tx_bits_f64(s);
            if (e != 0 && e == e && (bits & 1) == 0) bits = (e < 0) == (s < 0) ? bits + 1 : bits - 1;
            return (float)tx_of_bits_f64(bits);
        #endif
        }

        """;

    // Boldo and Melquiond, Emulation of FMA and correctly rounded sums, 2008.
    private static string DoubleFma => $$"""
        TX_INLINE double tx_fma_f64(double a, double b, double c) {
        #if {{HasFma(8)}}
            return __builtin_fma(a, b, c);
        #else
            const double ta = 134217729.0 * a, tb = 134217729.0 * b, ah = ta - (ta - a), bh = tb - (tb - b), al = a - ah, bl = b - bh;
            const double p = a * b, pl = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
            const double u = c + pl, uv = u - c, ul = (c - (u - uv)) + (pl - uv);
            const double t = p + u, tv = t - p, tl = (p - (t - tv)) + (u - tv);
            const double s = tl + ul, sv = s - tl, e = (tl - (s - sv)) + (ul - sv);
            uint64_t bits = tx_bits_f64(s);
            if (p + c != p + c || p - p != 0) return p + c;
            if (e != 0 && (bits & 1) == 0) bits = (e < 0) == (s < 0) ? bits + 1 : bits - 1;
            return t + tx_of_bits_f64(bits);
        #endif
        }

        """;

    // For sums whose rounding is free: one operation where the machine has it.
    private static string MultiplyAdd(Format f) => $$"""
        TX_INLINE {{f.Type}} tx_mul_add_{{f.Name}}({{f.Type}} a, {{f.Type}} b, {{f.Type}} c) {
        #if {{HasFma(f == s_single ? 4 : 8)}}
            return __builtin_fma{{(f == s_single ? "f" : "")}}(a, b, c);
        #else
            return a * b + c;
        #endif
        }

        """;
}
