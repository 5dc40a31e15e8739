using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Backends.C;
using Tx.Core;
using Tx.Lang.Semantics;

namespace Tx.Fuzz.CPrograms;

/// <summary>A kernel in C with data to run it on.</summary>
internal sealed record CCase(CModule Kernel, Workload Work);

/// <summary>A program in C that runs kernels on data that stand in it and prints what they write, byte by byte; on a machine that counts instructions, their number, too.</summary>
internal static class CProgram
{
    internal const byte Canary = 0xA5;
    internal const int GuardBytes = 64;

    /// <summary>The program. It is linked with a `tx_ticks` of its machine where <paramref name="counts"/>.</summary>
    public static string Text(ImmutableArray<CCase> cases, bool counts = false)
    {
        var kernels = cases.Select(c => c.Kernel).Distinct().ToList();
        var text = new StringBuilder();
        foreach (string header in kernels.SelectMany(k => k.Includes).Concat(["stdint.h", "stdio.h", "string.h"]).Distinct().Order(StringComparer.Ordinal)) text.Append(CultureInfo.InvariantCulture, $"#include <{header}>\n");
        text.Append(CSupport.Preamble).Append(CEmitter.FailType).Append(CSupport.TextOf(kernels.SelectMany(k => k.Support).Distinct()));
        foreach (var k in kernels) text.Append(k.Text).Append('\n');
        text.Append(Runtime);
        text.Append(counts ? "extern unsigned long long tx_ticks(void);\n" : "static unsigned long long tx_ticks(void) { return 0; }\n");
        long arena = cases.Max(ArenaOf);
        if (cases.Any(c => c.Kernel.HasArena)) text.Append(CultureInfo.InvariantCulture, $"static unsigned char arena_bytes[{arena + 2 * GuardBytes + 64}];\n");
        for (int n = 0; n < cases.Length; n++) Case(text, n, cases[n]);
        text.Append("int main(void) {\n");
        for (int n = 0; n < cases.Length; n++) text.Append(CultureInfo.InvariantCulture, $"    case_{n}();\n");
        return text.Append("    puts(\"end\");\n    return 0;\n}\n").ToString();
    }

    /// <summary>What each case of a run has given, and how many instructions it took.</summary>
    /// <exception cref="InvalidOperationException">The output is not that of a whole run, or memory around a tensor was written.</exception>
    public static ImmutableArray<(RunOutcome Outcome, long Ticks)> Read(string output, ImmutableArray<Workload> cases)
    {
        var lines = output.Split('\n').Select(l => l.TrimEnd('\r')).ToList();
        if (!lines.Contains("end")) throw new InvalidOperationException($"the program ended early: {output[..Math.Min(output.Length, 400)]}");
        if (lines.Find(l => l.StartsWith("guard ", StringComparison.Ordinal)) is { } guard) throw new InvalidOperationException($"memory around a tensor was written: {guard}");
        var results = ImmutableArray.CreateBuilder<(RunOutcome, long)>();
        for (int n = 0; n < cases.Length; n++)
        {
            string[] head = lines.Single(l => l.StartsWith($"case {n} ", StringComparison.Ordinal)).Split(' ');
            long ticks = long.Parse(head[3], CultureInfo.InvariantCulture);
            if (head[2] != "0") results.Add((RunOutcome.Refused, ticks));
            else results.Add((new([.. cases[n].Operator.Results.Select((r, i) => Output(lines, n, i, r.Type, OperatorShapes.Of(r, cases[n].Dims)))]), ticks));
        }
        return results.ToImmutable();
    }

    private static DenseArray Output(List<string> lines, int n, int i, ElementType type, ImmutableArray<long> shape)
    {
        string prefix = $"out {n} {i} ", hex = lines.Single(l => l.StartsWith(prefix, StringComparison.Ordinal))[prefix.Length..];
        byte[] bytes = Convert.FromHexString(hex);
        var stored = type is ElementType.Int ? ElementType.I64 : type;
        if (stored.IsPacked)
        {
            var packed = new DenseArray(ElementType.U8, PackedRows.ByteShape(stored, shape));
            for (int p = 0; p < packed.Count; p++) packed.Bits[p] = bytes[p];
            return PackedRows.FromBytes(stored, shape, packed);
        }
        var array = new DenseArray(type, shape);
        Span<byte> word = stackalloc byte[8];
        for (int p = 0; p < array.Count; p++)
        {
            word.Clear();
            bytes.AsSpan(p * stored.Bytes, stored.Bytes).CopyTo(word);
            array.Bits[p] = BinaryPrimitives.ReadUInt64LittleEndian(word);
        }
        return array;
    }

    // Data are in words of 64 bits, so that they are aligned; the kernel gets their addresses through a volatile table, so that no compiler sees what they point to.
    internal const string Runtime =
        """
        static void tx_show(int number, int result, const unsigned char *bytes, size_t count) {
            static const char digits[] = "0123456789abcdef";
            printf("out %d %d ", number, result);
            for (size_t i = 0; i < count; i++) {
                putchar(digits[bytes[i] >> 4]);
                putchar(digits[bytes[i] & 15]);
            }
            putchar('\n');
        }
        static void tx_guard(int number, const unsigned char *bytes, size_t count) {
            for (size_t i = 0; i < count; i++)
                if (bytes[i] != 0xA5) {
                    printf("guard %d\n", number);
                    return;
                }
        }

        """;

    private static long[] DimsOf(CCase c) => c.Kernel.Symbolic?.Dims.Select(d => c.Work.Dims.First(w => w.Key.Name == d.Name).Value).ToArray() ?? [];

    private static long ArenaOf(CCase c) => !c.Kernel.HasArena ? 0 : c.Kernel.ArenaFor(DimsOf(c)) ?? throw new InvalidOperationException("the arena is larger than an address space");

    private static void Case(StringBuilder text, int n, CCase c)
    {
        var (kernel, work) = (c.Kernel, c.Work);
        long[] dims = DimsOf(c);
        long arena = ArenaOf(c);
        string id = n.ToString(CultureInfo.InvariantCulture);
        var arguments = new List<string>();
        for (int i = 0; i < work.Inputs.Length; i++)
        {
            byte[] bytes = BytesOf(work.Inputs[i]);
            text.Append(CultureInfo.InvariantCulture, $"static const uint64_t in_{id}_{i}[] = {{{string.Join(", ", Words(bytes))}}};\n");
            arguments.Add($"(const void *)in_{id}_{i}");
        }
        var sizes = work.Operator.Results.Select(r => SizeOf(r.Type is ElementType.Int ? ElementType.I64 : r.Type, OperatorShapes.Of(r, work.Dims))).ToArray();
        for (int i = 0; i < sizes.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"static uint64_t out_{id}_{i}[{(sizes[i] + 7) / 8 + 2 * GuardBytes / 8}];\n");
            arguments.Add($"(unsigned char *)out_{id}_{i} + {GuardBytes}");
        }
        arguments.AddRange(dims.Select(d => $"INT64_C({d.ToString(CultureInfo.InvariantCulture)})"));
        if (kernel.HasArena) arguments.Add("arena");
        bool checks = !kernel.Messages.IsEmpty;
        if (checks) arguments.Add("&fail");
        text.Append(CultureInfo.InvariantCulture, $"static void case_{id}(void) {{\n");
        int pointers = work.Inputs.Length + sizes.Length;
        text.Append(CultureInfo.InvariantCulture, $"    static const void *volatile p[{Math.Max(1, pointers)}];\n    unsigned long long ticks;\n    int rc;\n");
        for (int i = 0; i < pointers; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    p[{i}] = {arguments[i]};\n");
            arguments[i] = i < work.Inputs.Length ? $"p[{i}]" : $"(void *)(uintptr_t)p[{i}]";
        }
        if (kernel.HasArena)
            text.Append(CultureInfo.InvariantCulture, $"    unsigned char *arena = (unsigned char *)(((uintptr_t)arena_bytes + {GuardBytes} + 63) / 64 * 64);\n    memset(arena_bytes, {Canary}, {arena + 2 * GuardBytes + 64});\n");
        if (checks) text.Append("    tx_fail fail;\n");
        for (int i = 0; i < sizes.Length; i++) text.Append(CultureInfo.InvariantCulture, $"    memset(out_{id}_{i}, {Canary}, sizeof out_{id}_{i});\n");
        text.Append(CultureInfo.InvariantCulture, $"    ticks = tx_ticks();\n    rc = (int){kernel.Entry}({string.Join(", ", arguments)});\n    ticks = tx_ticks() - ticks;\n");
        text.Append(CultureInfo.InvariantCulture, $"    printf(\"case {id} %d %lu\\n\", rc, (unsigned long)ticks);\n");
        for (int i = 0; i < sizes.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    tx_show({id}, {i}, (const unsigned char *)out_{id}_{i} + {GuardBytes}, {sizes[i]});\n");
            text.Append(CultureInfo.InvariantCulture, $"    tx_guard({id}, (const unsigned char *)out_{id}_{i}, {GuardBytes});\n    tx_guard({id}, (const unsigned char *)out_{id}_{i} + {GuardBytes + sizes[i]}, {GuardBytes});\n");
        }
        if (kernel.HasArena)
            text.Append(CultureInfo.InvariantCulture, $"    tx_guard({id}, arena_bytes, (size_t)(arena - arena_bytes));\n    tx_guard({id}, arena + {arena}, {GuardBytes});\n");
        text.Append("}\n");
    }

    internal static long SizeOf(ElementType type, ImmutableArray<long> shape) => type.IsPacked
        ? PackedRows.ByteShape(type, shape).Aggregate(1L, (n, e) => n * e) : shape.Aggregate((long)type.Bytes, (n, e) => n * e);

    internal static byte[] BytesOf(DenseArray array)
    {
        var type = array.Type is ElementType.Int ? ElementType.I64 : array.Type;
        if (type.IsPacked) return [.. PackedRows.ToBytes(array).Bits.ToArray().Select(b => (byte)b)];
        byte[] bytes = new byte[array.Count * type.Bytes];
        Span<byte> word = stackalloc byte[8];
        for (int p = 0; p < array.Count; p++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, array.Bits[p]);
            word[..type.Bytes].CopyTo(bytes.AsSpan(p * type.Bytes));
        }
        return bytes;
    }

    internal static IEnumerable<string> Words(byte[] bytes)
    {
        for (int at = 0; at < Math.Max(1, bytes.Length); at += 8)
        {
            ulong word = 0;
            for (int i = 0; i < 8 && at + i < bytes.Length; i++) word |= (ulong)bytes[at + i] << 8 * i;
            yield return $"UINT64_C(0x{word:x})";
        }
    }
}
