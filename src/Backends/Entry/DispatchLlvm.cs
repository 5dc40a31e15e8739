using System.Collections.Immutable;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Core;

namespace Tx.Backends.Entry;

/// <summary>Chooses among builds of the same entry points for several x86-64 processors, as LLVM IR: at the first call, by CPUID and by what the system
/// keeps of registers. Environment <c>TX_CPU</c> names another of them; there are no constructors.</summary>
internal static class DispatchLlvm
{
    // Leaf, part, and register (0 eax, 1 ebx, 2 ecx, 3 edx) that tell of a feature, and its bit.
    private static readonly Dictionary<string, (uint Leaf, int Part, int Register, int Bit)> Bits = new()
    {
        ["sse"] = (1, 0, 3, 25), ["sse2"] = (1, 0, 3, 26), ["sse3"] = (1, 0, 2, 0), ["pclmul"] = (1, 0, 2, 1), ["ssse3"] = (1, 0, 2, 9), ["fma"] = (1, 0, 2, 12), ["cx16"] = (1, 0, 2, 13),
        ["sse4.1"] = (1, 0, 2, 19), ["sse4.2"] = (1, 0, 2, 20), ["movbe"] = (1, 0, 2, 22), ["popcnt"] = (1, 0, 2, 23), ["aes"] = (1, 0, 2, 25), ["avx"] = (1, 0, 2, 28), ["f16c"] = (1, 0, 2, 29),
        ["bmi"] = (7, 0, 1, 3), ["avx2"] = (7, 0, 1, 5), ["bmi2"] = (7, 0, 1, 8), ["avx512f"] = (7, 0, 1, 16), ["avx512dq"] = (7, 0, 1, 17), ["avx512ifma"] = (7, 0, 1, 21),
        ["avx512cd"] = (7, 0, 1, 28), ["avx512bw"] = (7, 0, 1, 30), ["avx512vl"] = (7, 0, 1, 31), ["avx512vbmi"] = (7, 0, 2, 1), ["avx512vbmi2"] = (7, 0, 2, 6), ["gfni"] = (7, 0, 2, 8),
        ["vaes"] = (7, 0, 2, 9), ["vpclmulqdq"] = (7, 0, 2, 10), ["avx512vnni"] = (7, 0, 2, 11), ["avx512bitalg"] = (7, 0, 2, 12), ["avx512vpopcntdq"] = (7, 0, 2, 14), ["avx512fp16"] = (7, 0, 3, 23),
        ["avxvnni"] = (7, 1, 0, 4), ["avx512bf16"] = (7, 1, 0, 5), ["sahf"] = (0x80000001, 0, 2, 0), ["lzcnt"] = (0x80000001, 0, 2, 5), ["sse4a"] = (0x80000001, 0, 2, 6),
    };

    private const int OsXsaveBit = 27;

    /// <summary>True where all features can be asked for.</summary>
    public static bool Knows(CpuTarget target) => target.Features.All(Bits.ContainsKey);

    private const string Missing = "the library has no code for this processor, or TX_CPU names none of it";

    /// <param name="entries">Symbols and numbers of tensors.</param>
    /// <param name="levels">The best first.</param>
    /// <param name="suffixes">Of the entries' symbols, one for each level.</param>
    public static string Print(string prefix, ImmutableArray<(string Symbol, int Tensors)> entries, ImmutableArray<CpuTarget> levels, ImmutableArray<string> suffixes)
    {
        var text = new StringBuilder();
        string level = LlvmText.Name(EntryNames.Level(prefix));
        text.Append(LlvmText.Culture, $"@{level} = internal global i32 0, align 4\n@tx.variable = private unnamed_addr constant [7 x i8] c\"TX_CPU\\00\"\n@tx.missing = private unnamed_addr constant [{Missing.Length + 1} x i8] c\"{Missing}\\00\"\n");
        for (int i = 0; i < levels.Length; i++) text.Append(LlvmText.Culture, $"@tx.name.{i} = private unnamed_addr constant [{levels[i].Name.Length + 1} x i8] c\"{levels[i].Name}\\00\"\n");
        text.Append(LlvmText.Culture, $"declare extern_weak ptr @getenv(ptr)\ndeclare i32 @{LlvmText.Name(EntryNames.Fail(prefix))}(ptr, i32, i32, ptr, i64, i64, i64, i64)\n\n");
        for (int i = 0; i < levels.Length; i++) text.Append(Has(i, levels[i]));
        text.Append(Same).Append(Named(levels.Length)).Append(Choose(level, levels.Length)).Append(Interface(prefix, level, levels.Length));
        foreach (var (symbol, tensors) in entries) text.Append(Entry(prefix, symbol, tensors, suffixes));
        return text.Append("attributes #0 = { nounwind }\nattributes #1 = { nounwind noinline }\n").ToString();
    }

    /// <summary>Whether this processor and system have a target's features.</summary>
    private static string Has(int number, CpuTarget target)
    {
        var text = new StringBuilder();
        int temporaries = 0, labels = 0;
        string Assign(string instruction)
        {
            string name = $"%t{LlvmText.Number(temporaries++)}";
            text.Append(LlvmText.Culture, $"  {name} = {instruction}\n");
            return name;
        }
        string CpuId(uint leaf, int part) => Assign($"call {{ i32, i32, i32, i32 }} asm \"cpuid\", \"={{ax}},={{bx}},={{cx}},={{dx}},{{ax}},{{cx}},~{{dirflag}},~{{fpsr}},~{{flags}}\"(i32 {unchecked((int)leaf).ToString(LlvmText.Culture)}, i32 {LlvmText.Number(part)})");
        string Register(string all, int register) => Assign($"extractvalue {{ i32, i32, i32, i32 }} {all}, {LlvmText.Number(register)}");
        void Need(string condition)
        {
            string go = $"go{LlvmText.Number(labels++)}";
            text.Append(LlvmText.Culture, $"  br i1 {condition}, label %{go}, label %no\n{go}:\n");
        }
        void NeedBits(string register, uint mask)
        {
            string bits = unchecked((int)mask).ToString(LlvmText.Culture);
            Need(Assign($"icmp eq i32 {Assign($"and i32 {register}, {bits}")}, {bits}"));
        }

        text.Append(LlvmText.Culture, $"define internal i1 @tx.has.{number}() #1 {{\nentry:\n");
        bool isWide = target.Has("avx"), isWidest = target.Has("avx512f");
        foreach (var leaf in target.Features.Select(f => Bits[f]).GroupBy(b => (b.Leaf, b.Part)).OrderBy(g => g.Key.Leaf).ThenBy(g => g.Key.Part))
        {
            uint first = leaf.Key.Leaf & 0x80000000;
            Need(Assign($"icmp uge i32 {Register(CpuId(first, 0), 0)}, {unchecked((int)leaf.Key.Leaf).ToString(LlvmText.Culture)}"));
            if (leaf.Key.Part > 0) Need(Assign($"icmp uge i32 {Register(CpuId(leaf.Key.Leaf, 0), 0)}, {LlvmText.Number(leaf.Key.Part)}"));
            string all = CpuId(leaf.Key.Leaf, leaf.Key.Part);
            foreach (var register in leaf.GroupBy(b => b.Register).OrderBy(g => g.Key))
                NeedBits(Register(all, register.Key), register.Aggregate(leaf.Key is (1, 0) && register.Key == 2 && isWide ? 1u << OsXsaveBit : 0u, (mask, b) => mask | 1u << b.Bit));
        }
        if (isWide)
        {
            // The system keeps xmm and ymm; opmask and both halves of zmm.
            string pair = Assign("call { i32, i32 } asm sideeffect \"xgetbv\", \"={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}\"(i32 0)");
            NeedBits(Assign($"extractvalue {{ i32, i32 }} {pair}, 0"), isWidest ? 0xE6u : 0x06u);
        }
        return text.Append("  ret i1 true\nno:\n  ret i1 false\n}\n\n").ToString();
    }

    private const string Same = """
        define internal i1 @tx.same(ptr %a, ptr %b) #1 {
        entry:
          br label %next
        next:
          %i = phi i64 [ 0, %entry ], [ %i.next, %equal ]
          %a.at = getelementptr inbounds i8, ptr %a, i64 %i
          %b.at = getelementptr inbounds i8, ptr %b, i64 %i
          %x = load i8, ptr %a.at, align 1
          %y = load i8, ptr %b.at, align 1
          %is.same = icmp eq i8 %x, %y
          br i1 %is.same, label %equal, label %no
        equal:
          %i.next = add i64 %i, 1
          %is.end = icmp eq i8 %x, 0
          br i1 %is.end, label %yes, label %next
        yes:
          ret i1 true
        no:
          ret i1 false
        }


        """;

    // The level of a name that the processor has, from 1 on; else -1.
    private static string Named(int count)
    {
        var text = new StringBuilder("define internal i32 @tx.named(ptr %name) #1 {\nentry:\n  br label %ask0\n");
        for (int i = 0; i < count; i++)
            text.Append(LlvmText.Culture, $"ask{i}:\n  %same{i} = call i1 @tx.same(ptr %name, ptr @tx.name.{i})\n  br i1 %same{i}, label %has{i}, label %ask{i + 1}\nhas{i}:\n  %ok{i} = call i1 @tx.has.{i}()\n  %r{i} = select i1 %ok{i}, i32 {i + 1}, i32 -1\n  ret i32 %r{i}\n");
        return text.Append(LlvmText.Culture, $"ask{count}:\n  ret i32 -1\n}}\n\n").ToString();
    }

    private static string Choose(string level, int count)
    {
        var text = new StringBuilder();
        text.Append($$"""
            define internal i32 @tx.choose() #1 {
            entry:
              %no.environment = icmp eq ptr @getenv, null
              br i1 %no.environment, label %best0, label %ask
            ask:
              %name = call ptr @getenv(ptr @tx.variable)
              %is.unset = icmp eq ptr %name, null
              br i1 %is.unset, label %best0, label %named
            named:
              %given = call i32 @tx.named(ptr %name)
              br label %keep

            """.ReplaceLineEndings("\n"));
        for (int i = 0; i < count; i++)
            text.Append(LlvmText.Culture, $"best{i}:\n  %has{i} = call i1 @tx.has.{i}()\n  br i1 %has{i}, label %keep, label %best{i + 1}\n");
        text.Append(LlvmText.Culture, $"best{count}:\n  br label %keep\nkeep:\n  %level = phi i32 [ %given, %named ]");
        for (int i = 0; i < count; i++) text.Append(LlvmText.Culture, $", [ {i + 1}, %best{i} ]");
        // Two threads at once find the same.
        return text.Append(LlvmText.Culture, $", [ -1, %best{count} ]\n  store atomic i32 %level, ptr @{level} release, align 4\n  ret i32 %level\n}}\n\n").ToString();
    }

    private static string Interface(string prefix, string level, int count)
    {
        var text = new StringBuilder();
        text.Append($$"""
            define internal i32 @tx.level() #0 {
            entry:
              %known = load atomic i32, ptr @{{level}} acquire, align 4
              %is.new = icmp eq i32 %known, 0
              br i1 %is.new, label %choose, label %back
            back:
              ret i32 %known
            choose:
              %chosen = call i32 @tx.choose()
              ret i32 %chosen
            }

            define i32 @{{LlvmText.Name(EntryNames.SetCpu(prefix))}}(ptr %name) #0 {
            entry:
              %is.null = icmp eq ptr %name, null
              br i1 %is.null, label %choose, label %named
            choose:
              %best = call i32 @tx.choose()
              br label %tell
            named:
              %wanted = call i32 @tx.named(ptr %name)
              %is.there = icmp sgt i32 %wanted, 0
              br i1 %is.there, label %take, label %refuse
            take:
              store atomic i32 %wanted, ptr @{{level}} release, align 4
              br label %tell
            tell:
              %level = phi i32 [ %best, %choose ], [ %wanted, %take ]
              %is.fine = icmp sgt i32 %level, 0
              %code = select i1 %is.fine, i32 0, i32 {{LlvmText.Number((int)EntryCode.Cpu)}}
              ret i32 %code
            refuse:
              ret i32 {{LlvmText.Number((int)EntryCode.Cpu)}}
            }

            define ptr @{{LlvmText.Name(EntryNames.Cpu(prefix))}}() #0 {
            entry:
              %level = call i32 @tx.level()
              switch i32 %level, label %none [
            """.ReplaceLineEndings("\n"));
        for (int i = 0; i < count; i++) text.Append(LlvmText.Culture, $" i32 {i + 1}, label %is{i}");
        text.Append(" ]\n");
        for (int i = 0; i < count; i++) text.Append(LlvmText.Culture, $"is{i}:\n  ret ptr @tx.name.{i}\n");
        return text.Append("none:\n  ret ptr null\n}\n\n").ToString();
    }

    private static string Entry(string prefix, string symbol, int tensors, ImmutableArray<string> suffixes)
    {
        var text = new StringBuilder();
        string types = string.Join(", ", Enumerable.Repeat("ptr", tensors)), callTypes = string.Join(", ", Enumerable.Repeat("ptr", tensors).Concat(["ptr", "i64", "ptr"]));
        string arguments = string.Join(", ", Enumerable.Range(0, tensors).Select(i => $"ptr %a{LlvmText.Number(i)}"));
        string callArguments = string.Join(", ", new[] { arguments, "ptr %arena", "i64 %bytes", "ptr %status" }.Where(a => a.Length > 0));
        foreach (string s in suffixes)
            text.Append(LlvmText.Culture, $"declare hidden i32 @{LlvmText.Name(symbol + s)}({callTypes})\ndeclare hidden i64 @{LlvmText.Name(EntryNames.Arena(symbol + s))}({types})\n");
        string Function(string type, string name, Func<string, string> variant, string parameters, string refusal)
        {
            var f = new StringBuilder();
            f.Append(LlvmText.Culture, $"define {type} @{LlvmText.Name(name)}({parameters}) #0 {{\nentry:\n  %level = call i32 @tx.level()\n  switch i32 %level, label %none [");
            for (int i = 0; i < suffixes.Length; i++) f.Append(LlvmText.Culture, $" i32 {i + 1}, label %is{i}");
            f.Append(" ]\n");
            for (int i = 0; i < suffixes.Length; i++) f.Append(LlvmText.Culture, $"is{i}:\n  %r{i} = tail call {type} @{LlvmText.Name(variant(symbol + suffixes[i]))}({parameters})\n  ret {type} %r{i}\n");
            return f.Append(LlvmText.Culture, $"none:\n{refusal}}}\n\n").ToString();
        }
        text.Append(Function("i32", symbol, s => s, callArguments,
            $"  %code = call i32 @{LlvmText.Name(EntryNames.Fail(prefix))}(ptr %status, i32 {LlvmText.Number((int)EntryCode.Cpu)}, i32 -1, ptr @tx.missing, i64 0, i64 0, i64 0, i64 0)\n  ret i32 %code\n"));
        text.Append(Function("i64", EntryNames.Arena(symbol), EntryNames.Arena, arguments, $"  ret i64 {LlvmText.Number(-(int)EntryCode.Cpu)}\n"));
        return text.ToString();
    }
}
