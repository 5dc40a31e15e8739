namespace Tx.Bench.Peers.Libraries;

/// <summary>What this machine's processor has.</summary>
internal static class Processor
{
    private static readonly Lazy<HashSet<string>> Flags = new(() =>
        [.. (File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal)) ?? "").Split(' ')]);

    public static string Name { get; } = (File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) ?? ": unknown").Split(':')[1].Trim();
    public static bool HasAvx512 => Flags.Value.Contains("avx512f") && Flags.Value.Contains("avx512bw") && Flags.Value.Contains("avx512dq") && Flags.Value.Contains("avx512vl");
    public static bool HasVnni => Flags.Value.Contains("avx512_vnni") || Flags.Value.Contains("avx_vnni");
    public static bool HasBf16 => Flags.Value.Contains("avx512_bf16");
    public static bool HasVectorPopcount => Flags.Value.Contains("avx512_vpopcntdq");
}
