using System.Collections.Immutable;
using Tx.Core;
using Tx.Fuzz.CPrograms;

namespace Tx.Cross;

/// <summary>A processor that kernels are made for, with the compiler and the emulator through which they run.</summary>
/// <param name="Counts">It counts instructions.</param>
internal sealed record Platform(CpuTarget Target, CToolchain Toolchain, bool Counts = false)
{
    private static readonly string[] s_m7 = ["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"];

    public static ImmutableArray<string> M7Flags => [.. s_m7];

    /// <param name="folder">`tests/cross`.</param>
    public static ImmutableArray<Platform> All(string folder)
    {
        var host = CpuTarget.Host();
        string m7 = Path.Combine(folder, "m7");
        CToolchain Arm64(string cpu) => new($"aarch64 {cpu}", "aarch64-linux-gnu-gcc", [.. CToolchain.Strict, "-O2", "-static", $"-mcpu={cpu}"], ["-lm"], ["qemu-aarch64", "-cpu", cpu]);
        return
        [
            .. CToolchain.Host(isSanitized: true, "-O1").Select(t => new Platform(host, t with { Name = $"x86-64 {t.Name}, sanitized" })),
            .. CToolchain.Host(isSanitized: false, "-O3", "-march=native").Select(t => new Platform(host, t with { Name = $"x86-64 {t.Name}" })),
            new(TargetCatalog.Parse("aarch64"), Arm64("cortex-a53")),
            new(TargetCatalog.Parse("aarch64+dotprod"), Arm64("cortex-a76")),
            new(TargetCatalog.Parse("cortex-m7"), M7(m7), Counts: true),
        ];
    }

    public static CToolchain M7(string folder) => new("Cortex-M7", "arm-none-eabi-gcc",
        [.. CToolchain.Strict, "-O3", .. s_m7, "--specs=nano.specs", "--specs=rdimon.specs", "-nostartfiles", "-T", Path.Combine(folder, "link.ld")],
        ["-std=gnu99", Path.Combine(folder, "startup.c"), "-lm"],
        ["qemu-system-arm", "-M", "mps2-an500", "-cpu", "cortex-m7", "-semihosting", "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=3,sleep=off", "-kernel"]);
}
