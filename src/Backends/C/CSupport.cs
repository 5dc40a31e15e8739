using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using Tx.Core;

namespace Tx.Backends.C;

/// <summary>The small functions that kernels in C call: what C leaves undefined, or to a library, as the language of tensors means it. A name says an operation and a type:
/// <c>tx_floor_div_i32</c>. What a compiler has an instruction for is asked of the compiler where it says so, and is arithmetic elsewhere.</summary>
public static partial class CSupport
{
    /// <summary>The text of the named functions and of those that they call, in an order in which a compiler can read them.</summary>
    /// <param name="names">As a <see cref="CModule"/> lists them; of several modules, those of all.</param>
    public static string TextOf(IEnumerable<string> names)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (string name in names.Order(StringComparer.Ordinal)) Add(name);
        return text.ToString();

        void Add(string name)
        {
            if (!done.Add(name)) return;
            string definition = Define(name);
            foreach (string called in Called().Matches(definition).Select(m => m.Value)) Add(called);
            text.Append(definition).Append('\n');
        }
    }

    /// <summary>The names of helper functions and macros that a text has.</summary>
    internal static IEnumerable<string> NamesIn(string text) => Called().Matches(text).Select(m => m.Value).Where(n => n != "tx_fail").Distinct();

    // What says that a compiler has the functions for a feature of the processor, and the header that declares them.
    private static readonly ImmutableSortedDictionary<string, (string Macro, string? Header)> s_features = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, new KeyValuePair<string, (string, string?)>[]
    {
        new("dsp", ("__ARM_FEATURE_SIMD32", "arm_acle.h")), new("neon", ("__ARM_NEON", "arm_neon.h")), new("dotprod", ("__ARM_FEATURE_DOTPROD", "arm_neon.h")),
        new("avx2", ("__AVX2__", "immintrin.h")), new("fma", ("__FMA__", "immintrin.h")), new("f16c", ("__F16C__", "immintrin.h")), new("avx512f", ("__AVX512F__", "immintrin.h")),
        new("avx512bw", ("__AVX512BW__", "immintrin.h")), new("avx512vnni", ("__AVX512VNNI__", "immintrin.h")), new("avxvnni", ("__AVXVNNI__", "immintrin.h")),
        new("popcnt", ("__POPCNT__", null)),
    });

    /// <summary>The macro that is defined where a compiler has the functions of a feature; null for a feature that no compiler tells of.</summary>
    internal static string? MacroOf(string feature) => s_features.ContainsKey(feature) ? "tx_has_" + feature : null;

    private static string Feature(string name) => s_features.TryGetValue(name, out var f)
        ? $"#if defined({f.Macro})\n{(f.Header is null ? "" : $"#include <{f.Header}>\n")}#define tx_has_{name} 1\n#endif\n" : throw Unknown("tx_has_" + name);

    /// <summary>What a file begins with: no product and sum is to become one operation unless the text says so. Which helpers a compiler needs depends on what it has itself, so
    /// some may go unused.</summary>
    public const string Preamble =
        """
        #if defined(__clang__)
        #pragma STDC FP_CONTRACT OFF
        #elif defined(__GNUC__) && !defined(__STRICT_ANSI__)
        #pragma GCC optimize ("fp-contract=off")
        #endif

        #if defined(__GNUC__) && !defined(__clang__)
        /* Each element is written before it is read, which gcc does not see of every array. */
        #pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
        #endif

        #ifndef TX_INLINE
        #if defined(__GNUC__)
        #define TX_INLINE static inline __attribute__((unused))
        #else
        #define TX_INLINE static inline
        #endif
        #endif

        """;

    // Hints: without them the same results take longer.
    private static readonly ImmutableSortedDictionary<string, string> s_hints = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, new KeyValuePair<string, string>[]
    {
        new("TX_ALIGNED", "/* Begins where a line of the cache does. */\n#if defined(__GNUC__)\n#define TX_ALIGNED __attribute__((aligned(64)))\n#else\n#define TX_ALIGNED\n#endif\n"),
        new("TX_VECTOR", "/* How many elements a loop takes at once. */\n#define TX_VECTOR(elements) TX_HINT(clang loop vectorize_width(elements))\n"),
        new("TX_INTERLEAVE", "/* How many vectors a loop takes at once. */\n#define TX_INTERLEAVE(vectors) TX_HINT(clang loop interleave_count(vectors))\n"),
        new("TX_TILE", "/* A loop that is one wide vector. */\n#define TX_TILE(elements) TX_HINT(clang loop vectorize_width(elements) unroll(disable))\n"),
        new("TX_ROLLED", "/* A loop around tiles that stays a loop. */\n#define TX_ROLLED TX_HINT(clang loop unroll(disable))\n"),
        new("TX_HINT", "#if defined(__clang__)\n#pragma clang diagnostic ignored \"-Wpass-failed\"\n#define TX_HINT(text) _Pragma(#text)\n#else\n#define TX_HINT(text)\n#endif\n"),
    });

    private static string Define(string name)
    {
        if (s_hints.TryGetValue(name, out string? hint)) return hint;
        string[] parts = name.Split('_');
        if (name.StartsWith("tx_has_", StringComparison.Ordinal)) return Feature(name[7..]);
        if (parts[0] != "tx") throw new CompilerBugException("c", $"no function `{name}`");
        string what = string.Join('_', parts[1..^1]);
        return ElementTypes.TryParse(parts[^1], out var type)
            ? type.IsFloat ? CFloatSupport.Define(what, type) ?? Converted(what, type) ?? throw Unknown(name) : Whole(what, type) ?? throw Unknown(name)
            : throw Unknown(name);
    }

    private static CompilerBugException Unknown(string name) => new("c", $"no function `{name}`");

    // From a float to an integer: towards zero, to the nearest end of the range, and 0 for what is no number.
    private static string? Converted(string what, ElementType from)
    {
        if (!what.StartsWith("to_", StringComparison.Ordinal) || !ElementTypes.TryParse(what[3..], out var to)) return null;
        string f = CTypes.ValueOf(from), t = CTypes.ValueOf(to), suffix = from is ElementType.F32 ? "f" : "";
        // Ends of 32 and 64 bits are no floats: the next one up is.
        string Bound(Int128 end) => ((double)end).ToString("F1", CTypes.Culture) + suffix;
        string low = to.IsSigned ? CTypes.Integer(to, (long)to.MinValue).Text : "0", high = CTypes.Integer(to, unchecked((long)(ulong)(UInt128)to.MaxValue)).Text;
        return $$"""
            TX_INLINE {{t}} tx_to_{{to.Name}}_{{from.Name}}({{f}} x) {
                return x != x ? 0 : x <= {{Bound(to.MinValue)}} ? {{low}} : x >= {{Bound(to.MaxValue)}} ? {{high}} : ({{t}})x;
            }

            """;
    }

    private static string? Whole(string what, ElementType type)
    {
        string t = CTypes.ValueOf(type), u = type.Bits < 32 ? "uint32_t" : CTypes.Unsigned(type), n = $"tx_{what}_{type.Name}";
        string bits = CTypes.Number(type.Bits);
        string Of2(string body) => $"TX_INLINE {t} {n}({t} a, {t} b) {{\n{body}}}\n";
        switch (what)
        {
            // Through the type without a sign, in which sums wrap.
            case "add": return Of2($"    return ({t})(({u})a + ({u})b);\n");
            case "sub": return Of2($"    return ({t})(({u})a - ({u})b);\n");
            case "mul": return Of2($"    return ({t})(({u})a * ({u})b);\n");
            case "min": return Of2("    return a < b ? a : b;\n");
            case "max": return Of2("    return a > b ? a : b;\n");
            case "abs": return $"TX_INLINE {t} {n}({t} a) {{\n    return a < 0 ? ({t})(0 - ({u})a) : a;\n}}\n";
            case "shl": return Of2($"    return {(type.IsSigned ? "b >= 0 && " : "")}b < {bits} ? ({t})(({u})a << b) : 0;\n");
            case "shr" when type.IsSigned: return Of2($"    return b >= 0 && b < {bits} ? ({t})(a >> b) : ({t})(a < 0 ? -1 : 0);\n");
            case "shr": return Of2($"    return b < {bits} ? ({t})(a >> b) : 0;\n");
            case "floor_div" or "trunc_div" or "floor_mod" or "trunc_mod": return Of2(Divided(what, type, t, u));
            case "popcount": return PopCount(type);
            case "word": return $"TX_INLINE {t} {n}(const void *from) {{\n    {t} word;\n{Copied("&word", "from", type)}    return word;\n}}\n";
            case "put": return $"TX_INLINE void {n}(void *to, {t} word) {{\n{Copied("to", "&word", type)}}}\n";
        }
        if (what.StartsWith("clamp_", StringComparison.Ordinal) && ElementTypes.TryParse(what[6..], out var to)) return Clamped(n, type, to);
        return null;
    }

    // Memory of another type, which need not be aligned for this one.
    private static string Copied(string to, string from, ElementType type) =>
        $"#if defined(__GNUC__)\n    __builtin_memcpy({to}, {from}, {CTypes.Number(type.Bytes)});\n#else\n    int i;\n    for (i = 0; i < {CTypes.Number(type.Bytes)}; i++) ((unsigned char *){to})[i] = ((const unsigned char *){from})[i];\n#endif\n";

    private static string Divided(string what, ElementType type, string t, string u)
    {
        bool isDiv = what.EndsWith("div", StringComparison.Ordinal);
        if (!type.IsSigned) return $"    return b == 0 ? 0 : ({t})(a {(isDiv ? '/' : '%')} b);\n";
        string guard = $"    if (b == 0) return 0;\n    if (b == -1) return {(isDiv ? $"({t})(0 - ({u})a)" : "0")};\n";
        return guard + what switch
        {
            "trunc_div" => $"    return ({t})(a / b);\n",
            "trunc_mod" => $"    return ({t})(a % b);\n",
            "floor_div" => $"    return ({t})(a / b - (a % b != 0 && (a % b < 0) != (b < 0)));\n",
            _ => $"    return ({t})(a % b != 0 && (a % b < 0) != (b < 0) ? a % b + b : a % b);\n",
        };
    }

    private static string Clamped(string name, ElementType from, ElementType to)
    {
        string f = CTypes.ValueOf(from), t = CTypes.ValueOf(to), value = $"({t})x";
        if (to.MaxValue < from.MaxValue) value = $"x > {CTypes.Integer(from, (long)to.MaxValue)} ? {CTypes.Integer(to, (long)to.MaxValue)} : {value}";
        if (from.IsSigned && to.MinValue > from.MinValue) value = $"x < {CTypes.Integer(from, (long)to.MinValue)} ? {CTypes.Integer(to, (long)to.MinValue)} : {value}";
        return $"TX_INLINE {t} {name}({f} x) {{\n    return ({t})({value});\n}}\n";
    }

    private static string PopCount(ElementType type) => type.Bits switch
    {
        64 => """
            TX_INLINE uint64_t tx_popcount_u64(uint64_t x) {
            #if defined(__GNUC__) && (defined(__POPCNT__) || defined(__aarch64__))
                return (uint64_t)__builtin_popcountll(x);
            #else
                x = x - ((x >> 1) & UINT64_C(0x5555555555555555));
                x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
                x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
                return (x * UINT64_C(0x0101010101010101)) >> 56;
            #endif
            }

            """,
        _ => """
            TX_INLINE uint32_t tx_popcount_u32(uint32_t x) {
            #if defined(__GNUC__) && (defined(__POPCNT__) || defined(__aarch64__))
                return (uint32_t)__builtin_popcount(x);
            #else
                x = x - ((x >> 1) & 0x55555555u);
                x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
                x = (x + (x >> 4)) & 0x0f0f0f0fu;
                return (x * 0x01010101u) >> 24;
            #endif
            }

            """,
    };

    [GeneratedRegex(@"\b(tx_[a-z0-9_]+|TX_(?:ALIGNED|INTERLEAVE|TILE|ROLLED|VECTOR|HINT))\b")]
    private static partial Regex Called();
}
