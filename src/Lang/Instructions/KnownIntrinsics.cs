using System.Collections.Frozen;
using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Instructions;

/// <summary>The LLVM intrinsics that an <c>emit</c> may name, as LLVM 19 has them. One that the target's features do not cover ends LLVM's process, so nothing else is let through.</summary>
public static class KnownIntrinsics
{
    /// <param name="Feature">What the target must have; null: LLVM has a form for every processor.</param>
    /// <param name="Arguments">Element types (of any signedness) and lanes.</param>
    public sealed record Signature(string? Feature, ImmutableArray<(ElementType Type, int Lanes)> Arguments, (ElementType Type, int Lanes) Result);

    private static readonly FrozenDictionary<string, Signature> s_all = Build().ToFrozenDictionary(StringComparer.Ordinal);

    public static IEnumerable<string> Names => s_all.Keys;

    public static Signature? Find(string name) => s_all.GetValueOrDefault(name);

    private static Dictionary<string, Signature> Build()
    {
        var all = new Dictionary<string, Signature>(StringComparer.Ordinal);
        void Add(string name, string? feature, (ElementType, int) result, params ImmutableArray<(ElementType, int)> arguments) => all.Add(name, new(feature, arguments, result));
        foreach (string f in (string[])["vpdpbusd", "vpdpbusds", "vpdpwssd", "vpdpwssds"])
            Add($"llvm.x86.avx512.{f}.512", "avx512vnni", (ElementType.I32, 16), (ElementType.I32, 16), (ElementType.I32, 16), (ElementType.I32, 16));
        foreach (string f in (string[])["vpdpbusd", "vpdpbusds", "vpdpwssd", "vpdpwssds"])
            Add($"llvm.x86.avx512.{f}.256", "avxvnni", (ElementType.I32, 8), (ElementType.I32, 8), (ElementType.I32, 8), (ElementType.I32, 8));
        Add("llvm.x86.avx2.pshuf.b", "avx2", (ElementType.I8, 32), (ElementType.I8, 32), (ElementType.I8, 32));
        Add("llvm.x86.avx2.psad.bw", "avx2", (ElementType.I64, 4), (ElementType.I8, 32), (ElementType.I8, 32));
        foreach (var (element, lanes) in (ReadOnlySpan<(ElementType, int)>)[(ElementType.I8, 16), (ElementType.I32, 8), (ElementType.I32, 16), (ElementType.I64, 4), (ElementType.I64, 8)])
            Add($"llvm.ctpop.v{lanes}{element.Name}", null, (element, lanes), (element, lanes));
        Add("llvm.x86.avx2.pmadd.wd", "avx2", (ElementType.I32, 8), (ElementType.I16, 16), (ElementType.I16, 16));
        Add("llvm.x86.avx2.pmadd.ub.sw", "avx2", (ElementType.I16, 16), (ElementType.I8, 32), (ElementType.I8, 32));
        Add("llvm.x86.avx512.pmaddw.d.512", "avx512bw", (ElementType.I32, 16), (ElementType.I16, 32), (ElementType.I16, 32));
        Add("llvm.x86.avx512.pmaddubs.w.512", "avx512bw", (ElementType.I16, 32), (ElementType.I8, 64), (ElementType.I8, 64));
        foreach (string f in (string[])["sdot", "udot"])
            Add($"llvm.aarch64.neon.{f}.v4i32.v16i8", "dotprod", (ElementType.I32, 4), (ElementType.I32, 4), (ElementType.I8, 16), (ElementType.I8, 16));
        foreach (var (lanes, feature) in (ReadOnlySpan<(int, string)>)[(8, "fma"), (16, "avx512f")])
            Add($"llvm.fma.v{lanes}f32", feature, (ElementType.F32, lanes), (ElementType.F32, lanes), (ElementType.F32, lanes), (ElementType.F32, lanes));
        Add("llvm.fma.v4f64", "fma", (ElementType.F64, 4), (ElementType.F64, 4), (ElementType.F64, 4), (ElementType.F64, 4));
        return all;
    }
}
