using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Backends.C;
using Tx.Core;

namespace Tx.Backends.Entry;

/// <summary>An entry point as C99, around a kernel in the same file.</summary>
internal sealed class EntryCPrinter(EntryPlan plan, CModule kernel)
{
    private readonly StringBuilder _text = new();

    public string Print()
    {
        var call = EntryBuilder.OfCall(plan);
        bool hasMessages = !kernel.Messages.IsEmpty;
        if (hasMessages)
            Line(0, $"static const char *const {plan.Symbol}_messages[] = {{{string.Join(", ", kernel.Messages.Select(m => Literal($"{m.Code}: {m.Format}")))}}};\n");

        string tensors = string.Join(", ", plan.Arguments.Select(a => $"const tx_tensor *{a}"));
        Line(0, $"int32_t {plan.Symbol}({(tensors.Length > 0 ? tensors + ", " : "")}void *{EntryBuilder.Arena}, size_t {EntryBuilder.ArenaBytes}, tx_status *status) {{");
        if (hasMessages) Line(1, "tx_fail fail = {0, 0, {0, 0, 0, 0}};");
        foreach (var s in EntryLiveness.Trim(call.Statements, call.Dims)) Statement(s, 1, Refusal);
        if (!kernel.HasArena) Line(1, $"(void){EntryBuilder.Arena};\n    (void){EntryBuilder.ArenaBytes};");
        var arguments = plan.Arguments.Select(a => $"{a}->data").Concat(call.Dims.Select(Value));
        if (kernel.HasArena) arguments = arguments.Append(EntryBuilder.Arena);
        if (hasMessages) arguments = arguments.Append("&fail");
        string invoke = $"{kernel.Entry}({string.Join(", ", arguments)})";
        if (hasMessages)
        {
            Line(1, $"if ({invoke} != 0)");
            Line(2, $"return tx_refuse(status, {Code(EntryCode.Check)}, -1, {plan.Symbol}_messages[fail.message], fail.values[0], fail.values[1], fail.values[2], fail.values[3]);");
        }
        else
        {
            Line(1, $"if ({invoke} != 0)");
            Line(2, $"return tx_refuse(status, {Code(EntryCode.Internal)}, -1, \"the kernel failed\", 0, 0, 0, 0);");
        }
        Line(1, "return tx_accept(status);");
        Line(0, "}\n");

        var arena = EntryBuilder.OfArena(plan);
        Line(0, $"int64_t {EntryNames.Arena(plan.Symbol)}({(tensors.Length > 0 ? tensors : "void")}) {{");
        foreach (var s in EntryLiveness.Trim(arena.Statements, [arena.ArenaBytes])) Statement(s, 1, f => $"return -{Code(f.Code)};");
        Line(1, $"return {Value(arena.ArenaBytes)};");
        Line(0, "}\n");
        return _text.ToString();
    }

    private void Statement(EntryStatement statement, int depth, Func<EntryFailure, string> refusal)
    {
        switch (statement)
        {
            case EntryLet l: Line(depth, $"const {TypeOf(l.Value.Type)}{l.Id} = {Value(l.Value)};"); break;
            case EntryCheckedLet c:
                Line(depth, $"int64_t {c.Id} = 0;");
                Line(depth, $"const int {c.OverflowId} = tx_{(c.Op is EntryOp.Add ? "add" : c.Op is EntryOp.Sub ? "sub" : "mul")}_overflows({Value(c.Left)}, {Value(c.Right)}, &{c.Id});");
                break;
            case EntryFailIf f:
                Line(depth, $"if ({Bare(f.Condition)})");
                Line(depth + 1, refusal(f.Failure));
                break;
            case EntryWhen w:
                Line(depth, $"if ({Bare(w.Condition)}) {{");
                foreach (var s in w.Body) Statement(s, depth + 1, refusal);
                Line(depth, "}");
                break;
        }
    }

    private static string Refusal(EntryFailure f) =>
        $"return tx_refuse(status, {Code(f.Code)}, {Number(f.Argument)}, {Literal(f.Text)}, {string.Join(", ", Enumerable.Range(0, EntryText.MaxValues).Select(i => i < f.Values.Length ? Value(f.Values[i]) : "0"))});";

    private static string Code(EntryCode code) => code is EntryCode.Type ? "TX_ERROR_DTYPE" : "TX_ERROR_" + code.ToString().ToUpperInvariant();

    // Without the parentheses around the whole.
    private static string Bare(EntryExpr e) => Value(e) is ['(', .. var inner, ')'] && e is EntryOperation { Op: not EntryOp.Shl } && !IsNot(e) ? inner : Value(e);

    private static bool IsNot(EntryExpr e) => e is EntryOperation { Op: EntryOp.Xor, Type: EntryType.Bool };

    private static string Value(EntryExpr e) => e switch
    {
        EntryNumber { Type: EntryType.Pointer } => "NULL",
        EntryNumber n => Number(n.Value),
        EntryName { Id: EntryBuilder.ArenaBytes } => $"(int64_t){EntryBuilder.ArenaBytes}",
        EntryName n => n.Id,
        EntryChoice c => $"({Value(c.Condition)} ? {Value(c.Then)} : {Value(c.Else)})",
        EntryField f => $"{f.Argument}->{f.Field switch { TensorField.Data => "data", TensorField.Shape => "shape", TensorField.Strides => "strides", TensorField.Rank => "rank", _ => "dtype" }}",
        EntryElement x => $"{Value(x.Pointer)}[{Number(x.Index)}]",
        EntryWide { Value.Type: EntryType.Pointer } w => $"(int64_t)(uintptr_t){Value(w.Value)}",
        EntryWide w => Value(w.Value),
        EntryOperation o when IsNot(o) => $"!{Value(o.Left)}",
        EntryOperation { Op: EntryOp.Shl } o => $"((int64_t)((uint64_t){Value(o.Left)} << {Value(o.Right)}))",
        EntryOperation { Op: EntryOp.ULt or EntryOp.UGt } o => $"((uint64_t){Value(o.Left)} {Sign(o)} (uint64_t){Value(o.Right)})",
        EntryOperation o => $"({Value(o.Left)} {Sign(o)} {Value(o.Right)})",
        _ => throw new CompilerBugException("entry", e.GetType().Name),
    };

    private static string Sign(EntryOperation o) => o.Op switch
    {
        EntryOp.Add => "+", EntryOp.Sub => "-", EntryOp.Mul => "*", EntryOp.SDiv => "/", EntryOp.SRem => "%", EntryOp.AShr => ">>",
        EntryOp.And => o.Type is EntryType.Bool ? "&&" : "&", EntryOp.Or => o.Type is EntryType.Bool ? "||" : "|", EntryOp.Xor => "^",
        EntryOp.Eq => "==", EntryOp.Ne => "!=", EntryOp.Lt or EntryOp.ULt => "<", EntryOp.Le => "<=", EntryOp.Gt or EntryOp.UGt => ">", EntryOp.Ge => ">=",
        _ => throw new CompilerBugException("entry", o.Op.ToString()),
    };

    private static string TypeOf(EntryType t) => t switch { EntryType.Bool => "int ", EntryType.I32 => "int32_t ", EntryType.I64 => "int64_t ", _ => "void *" };

    internal static string Number(long n) => n == long.MinValue ? "INT64_MIN" : n is > int.MaxValue or < int.MinValue ? $"INT64_C({n.ToString(CultureInfo.InvariantCulture)})" : n < 0 ? $"({n.ToString(CultureInfo.InvariantCulture)})" : n.ToString(CultureInfo.InvariantCulture);

    /// <summary>A format of a refusal as a string of C.</summary>
    private static string Literal(string format)
    {
        var text = new StringBuilder("\"");
        foreach (byte b in EntryText.Encode(format))
            if (b is (byte)'"' or (byte)'\\') text.Append('\\').Append((char)b);
            else if (b is < 32 or > 126) text.Append('\\').Append(Convert.ToString(b, 8).PadLeft(3, '0'));
            // No trigraphs.
            else if (b is (byte)'?') text.Append("\\?");
            else text.Append((char)b);
        return text.Append('"').ToString();
    }

    private void Line(int depth, string text) => _text.Append(' ', 4 * depth).Append(text).Append('\n');
}
