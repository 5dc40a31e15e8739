using System.Text;
using Tx.Core;
using Tx.Lower.Ir;
using Tx.Runtime;

namespace Tx.Backends.C;

/// <summary>Loop IR at level <see cref="LoopLevel.Flat"/>, lowered by <c>Pipeline.ForC</c>, to C99 that needs no library.</summary>
public static class CEmitter
{
    /// <param name="name">What the names of its functions begin with; null: the operator's name.</param>
    /// <param name="isStatic">The entry is seen in its file only.</param>
    /// <exception cref="DiagnosticException">TX4050: a statement of another machine. TX3001: buffers above an address space.</exception>
    public static CModule Emit(LoopModule module, CTarget target, string? name = null, bool isStatic = true)
    {
        if (module.Level is not LoopLevel.Flat) throw new CompilerBugException("c emitter", $"a module at level {module.Level}");
        if (module.Functions is not [{ Target: null } function]) throw new DiagnosticException(CDiagnostics.UnsupportedStatement, null, "a kernel of several functions");
        return new CModuleEmitter(function, target, CNames.Identifier(name ?? function.Name), isStatic).Emit();
    }

    /// <summary>A whole file: a comment with what the entry asks for, headers, helper functions, the kernel with an external entry.</summary>
    public static string File(CModule m)
    {
        var text = new StringBuilder();
        text.Append(CTypes.Culture, $"/* {m.Name}: {string.Join(", ", m.Parameters.Select(Describe))}.\n");
        text.Append(CTypes.Culture, $"   Arena: {ArenaText(m)}.\n");
        for (int n = 0; n < m.Messages.Length; n++) text.Append(CTypes.Culture, $"   fail->message {n}: {m.Messages[n].Code}, {m.Messages[n].Format.Replace("*/", "* /", StringComparison.Ordinal)}.\n");
        text.Append("*/\n\n");
        foreach (string header in m.Includes) text.Append(CTypes.Culture, $"#include <{header}>\n");
        text.Append('\n').Append(CSupport.Preamble).Append('\n');
        if (!m.Messages.IsEmpty) text.Append(FailType).Append('\n');
        return text.Append(CSupport.TextOf(m.Support)).Append(m.Text).ToString();
    }

    /// <summary>What a failing check fills: the number of a message of <see cref="CModule.Messages"/> and its values.</summary>
    public const string FailType =
        """
        typedef struct tx_fail {
            int32_t message;
            int32_t count;
            int64_t values[4];
        } tx_fail;

        """;

    private static string ArenaText(CModule m) => !m.HasArena ? "none"
        : m.Symbolic is { Slots: { IsEmpty: false } slots }
            ? $"{CTypes.Number(m.ArenaBytes)} bytes and {string.Join(", ", slots.Select(s => string.Join(" or ", s.Buffers.Select(b => $"`{b.Name}`"))))}, each rounded up to 64 bytes; it begins at a multiple of 64"
            : $"{CTypes.Number(m.ArenaBytes)} bytes, which begin at a multiple of 64";

    private static string Describe(KernelParameter p) => $"{p.Name}: {p.Type.Name}[{string.Join(", ", p.Shape.Select(n => n is { } known ? CTypes.Number(known) : "?"))}]{(p.IsOutput ? " (written)" : "")}";
}
