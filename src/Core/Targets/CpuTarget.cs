using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tx.Core;

/// <summary>A family of instruction sets.</summary>
public enum CpuArchitecture
{
    X86,
    AArch64,
    /// <summary>Arm's 32-bit profiles; of them, those for microcontrollers.</summary>
    Arm,
}

/// <summary>What schedules, passes and backends need to know of a CPU. <see cref="TargetCatalog"/> has those that can be named.</summary>
/// <param name="Name"><c>host</c>, or a name of the catalog.</param>
/// <param name="Features">In LLVM's names, sorted: <c>avx2</c>, <c>fma</c>, <c>avx512f</c>, <c>avx512vnni</c>.</param>
/// <param name="VectorBytes">Width of one vector register.</param>
/// <param name="VectorRegisters">Architectural vector registers.</param>
/// <param name="L1Bytes">Data cache of one core.</param>
/// <param name="L2Bytes">Second level of one core.</param>
/// <param name="L3Bytes">Last level.</param>
public sealed record CpuTarget(
    string Name, ImmutableSortedSet<string> Features, int VectorBytes, int VectorRegisters, long L1Bytes, long L2Bytes, long L3Bytes)
{
    public CpuArchitecture Architecture { get; init; } = HostArchitecture;

    /// <summary>LLVM's name of the CPU; null where it is <see cref="Name"/>.</summary>
    public string? Processor { get; init; }

    /// <summary>Features to switch on or off beside those of the CPU, in LLVM's form: <c>+dotprod,-aes</c>.</summary>
    public string FeatureChanges { get; init; } = "";

    /// <summary>Processor, system and binary interface in LLVM's form; null: that of this machine.</summary>
    public string? Triple { get; init; }

    /// <summary>Without an operating system: no shared libraries, no position-independent code.</summary>
    public bool IsFreestanding => Architecture is CpuArchitecture.Arm;

    public int PointerBytes => Architecture is CpuArchitecture.Arm ? 4 : 8;

    /// <summary>No tensor and no arena may be larger.</summary>
    public long MaxBytes => PointerBytes == 4 ? int.MaxValue : 1L << 47;

    /// <summary>That of this process.</summary>
    public static CpuArchitecture HostArchitecture => RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.X64 ? CpuArchitecture.X86 : CpuArchitecture.AArch64;

    public bool Has(string feature) => Features.Contains(feature);

    /// <summary>Vector lanes of an element type.</summary>
    public int Lanes(ElementType type) => Math.Max(1, VectorBytes / type.Bytes);

    /// <summary>Converts vectors of <c>f16</c> to <c>f32</c> and back.</summary>
    public bool ConvertsHalf => Has("f16c") || Has("neon");

    /// <summary>Has an instruction for a product and a sum with one rounding; elsewhere that is a call.</summary>
    public bool FusesMultiplyAdd => Architecture is not CpuArchitecture.X86 || Has("fma");

    /// <summary>This CPU with more features, and the vectors that come with them; the same where it has them all.</summary>
    public CpuTarget With(IEnumerable<string> features)
    {
        var all = Features.Union(features);
        if (all.Count == Features.Count) return this;
        bool wide = all.Any(f => f.StartsWith("avx512", StringComparison.Ordinal)), half = all.Contains("avx2");
        return this with
        {
            Features = all, VectorBytes = Math.Max(VectorBytes, wide ? 64 : half ? 32 : 16), VectorRegisters = Math.Max(VectorRegisters, wide ? 32 : 16),
        };
    }

    /// <summary>The machine that this process runs on.</summary>
    public static CpuTarget Host()
    {
        var features = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        void Add(bool present, string name) { if (present) features.Add(name); }
        Add(Avx2.IsSupported, "avx2");
        Add(Fma.IsSupported, "fma");
        Add(Avx512F.IsSupported, "avx512f");
        Add(Avx512BW.IsSupported, "avx512bw");
        Add(Avx512Vbmi.IsSupported, "avx512vbmi");
        // Leaf 1 says so in bit 29 of the third register; the conversions have the vectors' encoding, so the system must keep those.
        Add(Avx.IsSupported && (X86Base.CpuId(1, 0).Ecx & 1 << 29) != 0, "f16c");
        // Leaf 7, bit 11 of the third register.
        Add(Avx512F.IsSupported && Avx512BW.IsSupported && (X86Base.CpuId(7, 0).Ecx & 1 << 11) != 0, "avx512vnni");
        Add(Avx512F.IsSupported && (X86Base.CpuId(7, 0).Ecx & 1 << 14) != 0, "avx512vpopcntdq");
        // Leaf 7, second part, bit 4 of the first register.
        Add(Avx2.IsSupported && X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & 1 << 4) != 0, "avxvnni");
        Add(AdvSimd.IsSupported, "neon");
        Add(Dp.IsSupported, "dotprod");
        bool wide = Avx512F.IsSupported && Avx512BW.IsSupported;
        return new("host", features.ToImmutable(), wide ? 64 : Avx2.IsSupported ? 32 : 16, wide || AdvSimd.IsSupported ? 32 : 16,
            CacheBytes(0, 32 << 10), CacheBytes(2, 512 << 10), CacheBytes(3, 8 << 20));
    }

    // Linux lists the caches of a core by index; elsewhere (and where the list is hidden) a usual size stands in.
    private static long CacheBytes(int index, long usual)
    {
        string path = $"/sys/devices/system/cpu/cpu0/cache/index{index}/size";
        try
        {
            string text = File.ReadAllText(path).Trim();
            return text.EndsWith('K') && long.TryParse(text[..^1], out long kib) ? kib << 10
                : text.EndsWith('M') && long.TryParse(text[..^1], out long mib) ? mib << 20 : usual;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return usual;
        }
    }
}
