using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Runtime;

namespace Tx.Build;

/// <summary>C# that calls the shared library: a method for each entry point, with spans and sizes. It needs nothing but .NET.</summary>
internal static class CSharpBindings
{
    public static string Of(LibraryModel library)
    {
        var text = new StringBuilder();
        string type = CNames.Pascal(library.Prefix);
        text.Append($$"""
            // The operators of {{library.Source}} in lib{{library.Name}}.so. Written by `tx build`; changes are lost. Compile it with AllowUnsafeBlocks.
            #nullable enable
            using System;
            using System.Runtime.InteropServices;
            using System.Text;

            /// <summary>A call that the library refused.</summary>
            public sealed class {{type}}Exception : Exception
            {
                public {{type}}Exception(int code, int argument, string message) : base(message) => (Code, Argument) = (code, argument);
                /// <summary>One of TX_ERROR_… in {{library.Name}}.h.</summary>
                public int Code { get; }
                /// <summary>The place of the argument at fault, or -1.</summary>
                public int Argument { get; }
            }

            /// <summary>Operators on row-major spans. Every method may be called by any number of threads at once.</summary>
            public static unsafe class {{type}}
            {
                private const string Library = "{{library.Name}}";

                [StructLayout(LayoutKind.Sequential)]
                private struct TxTensor
                {
                    public void* Data;
                    public long* Shape;
                    public long* Strides;
                    public int Rank;
                    public int Type;
                }

                [StructLayout(LayoutKind.Sequential)]
                private struct TxStatus
                {
                    public int Code;
                    public int Argument;
                    public fixed byte Message[160];
                }


            """.ReplaceLineEndings("\n"));
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var e in library.Entries)
        {
            string name = CNames.Pascal(e.Entry.Name);
            while (!names.Add(name)) name += "_";
            Append(text, e, name, type);
        }
        text.Append($$"""
                private static long FloorDiv(long a, long b) => a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
                private static long FloorMod(long a, long b) => a - FloorDiv(a, b) * b;

                private static void Check(string name, long given, long needed)
                {
                    if (given != needed) throw new ArgumentException($"{name} has {given} elements, and {needed} are needed", name);
                }

                private static void Throw(in TxStatus status)
                {
                    fixed (byte* message = status.Message) throw new {{type}}Exception(status.Code, status.Argument, Marshal.PtrToStringUTF8((nint)message) ?? "");
                }
            }

            """.ReplaceLineEndings("\n"));
        return text.ToString();
    }

    private static void Append(StringBuilder text, LibraryEntryModel e, string name, string type)
    {
        string[] parameters = [.. e.Arguments.Select(a => "@" + a)];
        string pointers = string.Concat(e.Arguments.Select(a => $"TxTensor* @{a}, "));
        text.Append(CultureInfo.InvariantCulture, $"    [DllImport(Library, EntryPoint = \"{e.Symbol}\")]\n    private static extern int {name}Entry({pointers}void* arena, nuint arenaBytes, TxStatus* status);\n\n");
        text.Append(CultureInfo.InvariantCulture, $"    [DllImport(Library, EntryPoint = \"{e.Symbol}_arena\")]\n    private static extern long {name}Arena({(pointers.Length > 0 ? pointers[..^2] : "")});\n\n");

        var dims = e.Symbolic?.Dims ?? [];
        string[] sizes = [.. dims.Select(d => "size" + (CNames.IsIdentifier(d.Name) ? d.Name : dims.IndexOf(d).ToString(CultureInfo.InvariantCulture)))];
        if (e.Operator.Doc is { Length: > 0 } doc) text.Append("    /// <summary>").Append(System.Security.SecurityElement.Escape(doc.Trim())!.Replace("\n", "\n    /// ", StringComparison.Ordinal)).Append("</summary>\n");
        text.Append("    /// <remarks>").Append(System.Security.SecurityElement.Escape($"{e.Operator.Name}({string.Join(", ", e.Operator.Parameters.Select(ProgramPrinter.Declaration))}) -> {string.Join(", ", e.Operator.Results.Select(ProgramPrinter.Declaration))}")).Append("</remarks>\n");
        text.Append(CultureInfo.InvariantCulture, $"    /// <exception cref=\"ArgumentException\">A span has another length than its shape.</exception>\n    /// <exception cref=\"{type}Exception\">The library refuses the call.</exception>\n");
        var signature = parameters.Select((p, i) => $"{(e.Parameters[i].IsOutput ? "Span" : "ReadOnlySpan")}<{ElementOf(e.Parameters[i].Type)}> {p}").Concat(sizes.Select(s => $"long {s}"));
        text.Append(CultureInfo.InvariantCulture, $"    public static void {name}({string.Join(", ", signature)})\n    {{\n");

        var steps = new StepWriter(e.Symbolic?.Values, sizes, text);
        var extents = e.Parameters.Select((p, i) => p.Shape.Select((n, d) => n is { } known ? Number(known) : steps.Of(e.Symbolic!.Shapes[i][d])).ToArray()).ToArray();
        for (int i = 0; i < parameters.Length; i++)
        {
            if (extents[i].Length > 0) text.Append(CultureInfo.InvariantCulture, $"        long* shape{i} = stackalloc long[] {{ {string.Join(", ", extents[i])} }};\n");
            else text.Append(CultureInfo.InvariantCulture, $"        long* shape{i} = null;\n");
            text.Append(CultureInfo.InvariantCulture, $"        Check(\"{e.Arguments[i]}\", {parameters[i]}.Length, {Count(e.Parameters[i].Type, extents[i])});\n");
        }
        for (int i = 0; i < parameters.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $"        fixed ({ElementOf(e.Parameters[i].Type)}* data{i} = {parameters[i]})\n");
        text.Append("        {\n");
        for (int i = 0; i < parameters.Length; i++)
            text.Append(CultureInfo.InvariantCulture, $"            var tensor{i} = new TxTensor {{ Data = data{i}, Shape = shape{i}, Rank = {e.Parameters[i].Shape.Length}, Type = {(int)e.Parameters[i].Type} }};\n");
        string arguments = string.Join(", ", parameters.Select((_, i) => $"&tensor{i}"));
        string lead = arguments.Length > 0 ? arguments + ", " : "";
        text.Append($$"""
                        TxStatus status = default;
                        long arenaBytes = {{name}}Arena({{arguments}});
                        void* arena = arenaBytes > 0 ? NativeMemory.AlignedAlloc((nuint)arenaBytes, 64) : null;
                        // A call whose sizes are refused says why itself.
                        int code = {{name}}Entry({{lead}}arena, (nuint)Math.Max(0, arenaBytes), &status);
                        if (arena != null) NativeMemory.AlignedFree(arena);
                        if (code != 0) Throw(status);
                    }
                }


            """.ReplaceLineEndings("\n"));
    }

    private static string Count(ElementType type, string[] extents)
    {
        if (extents.Length == 0) return "1";
        string last = type.IsPacked ? $"FloorDiv({extents[^1]} + {8 / type.Bits - 1}, {8 / type.Bits})" : extents[^1];
        return $"checked({string.Join(" * ", extents.SkipLast(1).Append(last))})";
    }

    private static string ElementOf(ElementType type) => type switch
    {
        ElementType.Bool => "bool",
        ElementType.I8 => "sbyte", ElementType.I16 => "short", ElementType.I32 => "int", ElementType.I64 or ElementType.Int => "long",
        ElementType.U8 => "byte", ElementType.U16 => "ushort", ElementType.U32 => "uint", ElementType.U64 => "ulong",
        ElementType.F16 => "Half", ElementType.F32 => "float", ElementType.F64 => "double",
        // The bits of a bfloat16.
        ElementType.BF16 => "ushort",
        // Packed.
        ElementType.U1 or ElementType.U2 or ElementType.U4 or ElementType.I2 or ElementType.I4 => "byte",
    };

    private static string Number(long n) => n.ToString(CultureInfo.InvariantCulture) + "L";

    /// <summary>Writes the steps of a size program that are asked for, each once.</summary>
    private sealed class StepWriter(SizeProgram? program, string[] dims, StringBuilder text)
    {
        private readonly Dictionary<int, string> _known = [];

        public string Of(int step)
        {
            if (_known.TryGetValue(step, out string? known)) return known;
            string value = program!.Steps[step] switch
            {
                ConstantSize c => Number(c.Value),
                DimensionSize d => dims[d.Dimension],
                BinarySize b => Binary(b.Op, Of(b.Left), Of(b.Right)),
                UnarySize u => u.Op switch { UnaryOp.Neg => $"checked(-{Of(u.Operand)})", UnaryOp.Not => $"({Of(u.Operand)} == 0 ? 1L : 0L)", _ => $"~{Of(u.Operand)}" },
                AbsoluteSize a => $"Math.Abs({Of(a.Operand)})",
                ConvertedSize c => Of(c.Operand),
                SelectedSize s => $"{Of(s.Condition)} != 0 ? {Of(s.Then)} : {Of(s.Else)}",
                var other => throw new CompilerBugException("bindings", other.GetType().Name),
            };
            if (program.Steps[step] is ConstantSize or DimensionSize or ConvertedSize) return _known[step] = value;
            string name = string.Create(CultureInfo.InvariantCulture, $"step{step}");
            text.Append(CultureInfo.InvariantCulture, $"        long {name} = {value};\n");
            return _known[step] = name;
        }

        private static string Binary(BinaryOp op, string a, string b) => op switch
        {
            BinaryOp.Add => $"checked({a} + {b})",
            BinaryOp.Sub => $"checked({a} - {b})",
            BinaryOp.Mul => $"checked({a} * {b})",
            BinaryOp.Div => $"FloorDiv({a}, {b})",
            BinaryOp.Mod => $"FloorMod({a}, {b})",
            BinaryOp.TruncDiv => $"{a} / {b}",
            BinaryOp.TruncMod => $"{a} % {b}",
            BinaryOp.Min => $"Math.Min({a}, {b})",
            BinaryOp.Max => $"Math.Max({a}, {b})",
            BinaryOp.And => $"{a} & {b}",
            BinaryOp.Or => $"{a} | {b}",
            BinaryOp.Xor => $"{a} ^ {b}",
            BinaryOp.Shl => $"{a} << (int){b}",
            BinaryOp.Shr => $"{a} >> (int){b}",
            BinaryOp.Eq => $"{a} == {b} ? 1L : 0L",
            BinaryOp.Ne => $"{a} != {b} ? 1L : 0L",
            BinaryOp.Lt => $"{a} < {b} ? 1L : 0L",
            BinaryOp.Le => $"{a} <= {b} ? 1L : 0L",
            BinaryOp.Gt => $"{a} > {b} ? 1L : 0L",
            BinaryOp.Ge => $"{a} >= {b} ? 1L : 0L",
        };
    }
}
