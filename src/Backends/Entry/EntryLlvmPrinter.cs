using System.Collections.Immutable;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Runtime;

namespace Tx.Backends.Entry;

/// <summary>An entry point as LLVM IR, around a kernel that stands in the same module.</summary>
/// <param name="plan">What it checks.</param>
/// <param name="prefix">Of the library's support functions.</param>
/// <param name="pointerBytes">Of the target.</param>
internal sealed class EntryLlvmPrinter(EntryPlan plan, string prefix, int pointerBytes)
{
    private readonly StringBuilder _globals = new(), _body = new();
    private int _temporaries, _labels, _texts;

    /// <summary>What every module with entry points declares.</summary>
    public static string Declarations(string prefix) => $"""
        %tx_tensor = type {"{"} ptr, ptr, ptr, i32, i32 {"}"}
        declare i32 @{LlvmText.Name(EntryNames.Fail(prefix))}(ptr, i32, i32, ptr, i64, i64, i64, i64)
        @{LlvmText.Name(EntryNames.Launcher(prefix))} = external hidden global ptr
        !900 = !{"{"}!"branch_weights", i32 1, i32 2000{"}"}

        """.ReplaceLineEndings("\n");

    /// <summary>The entry and that which tells the bytes of its arena.</summary>
    /// <param name="visibility">Empty or <c>hidden</c>.</param>
    public string Print(string kernel, ImmutableArray<KernelMessage> messages, string visibility)
    {
        var functions = new StringBuilder();
        functions.Append(Call(kernel, messages, visibility));
        functions.Append(ArenaFunction(visibility));
        return $"\n{_globals}{functions}";
    }

    private string Call(string kernel, ImmutableArray<KernelMessage> messages, string visibility)
    {
        Begin();
        var checks = EntryBuilder.OfCall(plan);
        LoadLauncher();
        // size_t is as wide as a pointer.
        Line(pointerBytes == 8 ? $"%{EntryBuilder.ArenaBytes} = add i64 %{EntryBuilder.ArenaBytes}.given, 0" : $"%{EntryBuilder.ArenaBytes} = zext i32 %{EntryBuilder.ArenaBytes}.given to i64");
        foreach (var s in checks.Statements) Statement(s, FailStatus);
        InvokeKernel(kernel, checks, messages);
        string parameters = string.Concat(plan.Arguments.Select(a => $"ptr %{a}, "));
        return $"define {visibility} i32 @{LlvmText.Name(plan.Symbol)}({parameters}ptr %{EntryBuilder.Arena}, i{8 * pointerBytes} %{EntryBuilder.ArenaBytes}.given, ptr %status) #0 {{\nentry:\n{_body}}}\n\n";
    }

    private string ArenaFunction(string visibility)
    {
        Begin();
        var checks = EntryBuilder.OfArena(plan);
        LoadLauncher();
        foreach (var s in checks.Statements) Statement(s, f => Line($"ret i64 {LlvmText.Number(-(int)f.Code)}"));
        Line($"ret i64 {Value(checks.ArenaBytes)}");
        return $"define {visibility} i64 @{LlvmText.Name(EntryNames.Arena(plan.Symbol))}({string.Join(", ", plan.Arguments.Select(a => $"ptr %{a}"))}) #0 {{\nentry:\n{_body}}}\n\n";
    }

    private void Begin()
    {
        _body.Clear();
        (_temporaries, _labels) = (0, 0);
    }

    private void LoadLauncher()
    {
        if (!plan.IsParallel) return;
        Line($"%launcher = load atomic ptr, ptr @{LlvmText.Name(EntryNames.Launcher(prefix))} acquire, align {LlvmText.Number(pointerBytes)}");
        Line($"%workers.at = getelementptr inbounds {{ ptr, ptr, i32 }}, ptr %launcher, i32 0, i32 2");
        Line("%workers.given = load i32, ptr %workers.at, align 4");
        Line($"%{EntryBuilder.Workers} = zext i32 %workers.given to i64");
    }

    private void Statement(EntryStatement statement, Action<EntryFailure> fail)
    {
        switch (statement)
        {
            case EntryLet l:
                string value = Value(l.Value);
                Line(l.Value.Type switch
                {
                    EntryType.Pointer => $"%{l.Id} = getelementptr i8, ptr {value}, i32 0",
                    var t => $"%{l.Id} = or {TypeOf(t)} {value}, {(t is EntryType.Bool ? "false" : "0")}",
                });
                break;
            case EntryCheckedLet c:
                string name = c.Op is EntryOp.Add ? "sadd" : c.Op is EntryOp.Sub ? "ssub" : "smul";
                string pair = Assign($"call {{ i64, i1 }} @llvm.{name}.with.overflow.i64(i64 {Value(c.Left)}, i64 {Value(c.Right)})");
                Line($"%{c.Id} = extractvalue {{ i64, i1 }} {pair}, 0");
                Line($"%{c.OverflowId} = extractvalue {{ i64, i1 }} {pair}, 1");
                break;
            case EntryFailIf f:
                string refuse = Label("refuse"), go = Label("go");
                Line($"br i1 {Value(f.Condition)}, label %{refuse}, label %{go}, !prof !900");
                Block(refuse);
                fail(f.Failure);
                Block(go);
                break;
            case EntryWhen w:
                string then = Label("when"), after = Label("after");
                Line($"br i1 {Value(w.Condition)}, label %{then}, label %{after}");
                Block(then);
                foreach (var s in w.Body) Statement(s, fail);
                Line($"br label %{after}");
                Block(after);
                break;
        }
    }

    private void FailStatus(EntryFailure f) => Refuse(((int)f.Code).ToString(LlvmText.Culture), f.Argument, Text(f.Text), [.. f.Values.Select(Value)]);

    private void Refuse(string code, int argument, string text, ImmutableArray<string> values)
    {
        string all = string.Concat(Enumerable.Range(0, EntryText.MaxValues).Select(i => $", i64 {(i < values.Length ? values[i] : "0")}"));
        Line($"ret i32 {Assign($"call i32 @{LlvmText.Name(EntryNames.Fail(prefix))}(ptr %status, i32 {code}, i32 {LlvmText.Number(argument)}, ptr {text}{all})")}");
    }

    private string Value(EntryExpr e)
    {
        switch (e)
        {
            case EntryNumber n: return n.Type is EntryType.Pointer ? "null" : n.Type is EntryType.Bool ? n.Value != 0 ? "true" : "false" : LlvmText.Number(n.Value);
            case EntryName n: return "%" + n.Id;
            case EntryChoice c: return Assign($"select i1 {Value(c.Condition)}, {TypeOf(c.Then.Type)} {Value(c.Then)}, {TypeOf(c.Else.Type)} {Value(c.Else)}");
            case EntryField f:
                string at = Assign($"getelementptr inbounds %tx_tensor, ptr %{f.Argument}, i32 0, i32 {LlvmText.Number((int)f.Field)}");
                return f.Type is EntryType.I32 ? Assign($"load i32, ptr {at}, align 4") : Assign($"load ptr, ptr {at}, align {LlvmText.Number(pointerBytes)}");
            case EntryElement x: return Assign($"load i64, ptr {Assign($"getelementptr inbounds i64, ptr {Value(x.Pointer)}, i32 {LlvmText.Number(x.Index)}")}, align 8");
            case EntryWide w: return Assign(w.Value.Type is EntryType.Pointer ? $"ptrtoint ptr {Value(w.Value)} to i64" : $"sext i32 {Value(w.Value)} to i64");
            case EntryOperation o: return Assign($"{Instruction(o.Op)} {TypeOf(o.Left.Type)} {Value(o.Left)}, {Value(o.Right)}");
            default: throw new Tx.Core.CompilerBugException("entry", e.GetType().Name);
        }
    }

    private static string Instruction(EntryOp op) => op switch
    {
        EntryOp.Add => "add", EntryOp.Sub => "sub", EntryOp.Mul => "mul", EntryOp.SDiv => "sdiv", EntryOp.SRem => "srem",
        EntryOp.And => "and", EntryOp.Or => "or", EntryOp.Xor => "xor", EntryOp.Shl => "shl", EntryOp.AShr => "ashr",
        EntryOp.Eq => "icmp eq", EntryOp.Ne => "icmp ne", EntryOp.Lt => "icmp slt", EntryOp.Le => "icmp sle", EntryOp.Gt => "icmp sgt", EntryOp.Ge => "icmp sge",
        EntryOp.ULt => "icmp ult", EntryOp.UGt => "icmp ugt",
    };

    private static string TypeOf(EntryType t) => t switch { EntryType.Bool => "i1", EntryType.I32 => "i32", EntryType.I64 => "i64", EntryType.Pointer => "ptr" };

    // The call of kernel ABI version 1. Its slots are 8 bytes wide: a smaller pointer lies in the low half.
    private void InvokeKernel(string kernel, EntryChecks checks, ImmutableArray<KernelMessage> messages)
    {
        int count = plan.Parameters.Length;
        for (int i = 0; i < checks.Table.Length; i++)
            Store("i64", Value(checks.Table[i]), $"%{EntryBuilder.Arena}", 8L * i);
        var slots = new StringBuilder();
        slots.Append(LlvmText.Culture, $"  %call = alloca [72 x i8], align 8\n  %error = alloca [40 x i8], align 8\n  %buffers = alloca [{Math.Max(1, count) * CallLayout.BufferBytes} x i8], align 8\n");
        Store("i32", LlvmText.Number(TxCall.CurrentVersion), "%call", CallLayout.Version);
        Store("i32", LlvmText.Number(count), "%call", CallLayout.Version + 4);
        Store("ptr", "%buffers", "%call", CallLayout.Buffers);
        Store("ptr", $"%{EntryBuilder.Arena}", "%call", CallLayout.Workspace);
        Store("i64", $"%{EntryBuilder.ArenaBytes}", "%call", CallLayout.Workspace + 8);
        Store("ptr", plan.IsParallel ? Load("ptr", "%launcher", 0) : "null", "%call", CallLayout.Launch);
        Store("ptr", plan.IsParallel ? Load("ptr", "%launcher", pointerBytes) : "null", "%call", CallLayout.LaunchState);
        Store("ptr", "@tx.zero", "%call", CallLayout.Cancel);
        Store("ptr", "%error", "%call", CallLayout.Error);
        // The kernel writes what fails first where nothing has been written, and not all values.
        for (int at = 0; at < CallLayout.ErrorValues + 8 * CallLayout.ErrorMaxValues; at += 8) Store("i64", "0", "%error", at);
        Store("i32", plan.IsParallel ? "%workers.given" : "1", "%call", 64);
        Store("i32", "0", "%call", 68);
        for (int i = 0; i < count; i++)
        {
            int at = i * CallLayout.BufferBytes;
            string data = Value(new EntryField(plan.Arguments[i], TensorField.Data));
            Store("ptr", data, "%buffers", at + CallLayout.BufferData);
            Store("i64", "0", "%buffers", at + CallLayout.BufferOffset);
            // The kernel gets the sizes that were checked, whatever becomes of the caller's.
            var dims = plan.Sizes?.Dims.Select((d, k) => (d, k)).Where(p => p.d.Parameter == i).ToList() ?? [];
            if (dims.Count == 0) continue;
            string shape = $"%{plan.Arguments[i]}.shape";
            slots.Append(LlvmText.Culture, $"  {shape} = alloca [{plan.Parameters[i].Shape.Length} x i64], align 8\n");
            foreach (var (d, k) in dims) Store("i64", Value(checks.Dims[k]), shape, 8L * d.Dimension);
            Store("ptr", shape, "%buffers", at + CallLayout.BufferShape);
        }
        _body.Insert(0, slots.ToString());

        string code = Assign($"call i32 @{LlvmText.Name(kernel)}(ptr %call)");
        string done = Label("done"), failed = Label("failed"), other = Label("other");
        Line($"switch i32 {code}, label %{other} [ i32 0, label %{done} i32 {LlvmText.Number(CallLayout.Failed)}, label %{failed} ]");
        Block(other);
        Refuse(LlvmText.Number((int)EntryCode.Internal), -1, Text("the kernel returned the code {0}"), [Assign($"sext i32 {code} to i64")]);
        Block(failed);
        Refused(messages, other);
        Block(done);
        string tell = Label("tell"), back = Label("back");
        Line($"br i1 {Assign("icmp eq ptr %status, null")}, label %{back}, label %{tell}");
        Block(tell);
        Store("i32", "0", "%status", 0, 4);
        Store("i32", "-1", "%status", 4, 4);
        Store("i8", "0", "%status", 8, 1);
        Line($"br label %{back}");
        Block(back);
        Line("ret i32 0");
    }

    private void Refused(ImmutableArray<KernelMessage> messages, string other)
    {
        if (messages.IsEmpty)
        {
            Line($"br label %{other}");
            return;
        }
        string table = $"@{LlvmText.Name(plan.Symbol)}.messages";
        string texts = string.Join(", ", messages.Select(m => "ptr " + Text($"{m.Code}: {m.Format}")));
        _globals.Append(LlvmText.Culture, $"{table} = private constant [{messages.Length} x ptr] [{texts}]\n");
        string index = Load("i32", "%error", CallLayout.ErrorMessage);
        string text = Assign($"load ptr, ptr {Assign($"getelementptr inbounds [{LlvmText.Number(messages.Length)} x ptr], ptr {table}, i32 0, i32 {index}")}, align {LlvmText.Number(pointerBytes)}");
        Refuse(LlvmText.Number((int)EntryCode.Check), -1, text, [.. Enumerable.Range(0, EntryText.MaxValues).Select(i => Load("i64", "%error", CallLayout.ErrorValues + 8 * i))]);
    }

    private string Text(string format)
    {
        byte[] bytes = [.. EntryText.Encode(format), 0];
        string name = $"@{LlvmText.Name(plan.Symbol)}.text.{LlvmText.Number(_texts++)}";
        _globals.Append(LlvmText.Culture, $"{name} = private unnamed_addr constant [{bytes.Length} x i8] c\"{LlvmText.Escaped(bytes)}\"\n");
        return name;
    }

    private string Load(string type, string pointer, long offset) => Assign($"load {type}, ptr {Assign($"getelementptr inbounds i8, ptr {pointer}, i32 {LlvmText.Number(offset)}")}, align {(type == "i32" ? "4" : type == "ptr" ? LlvmText.Number(pointerBytes) : "8")}");

    private void Store(string type, string value, string pointer, long offset, int align = 0) =>
        Line($"store {type} {value}, ptr {Assign($"getelementptr inbounds i8, ptr {pointer}, i32 {LlvmText.Number(offset)}")}, align {LlvmText.Number(align != 0 ? align : type == "i32" ? 4 : type == "ptr" ? pointerBytes : 8)}");

    private string Assign(string instruction)
    {
        string name = $"%t.{LlvmText.Number(_temporaries++)}";
        Line($"{name} = {instruction}");
        return name;
    }

    private void Line(string instruction) => _body.Append("  ").Append(instruction).Append('\n');
    private void Block(string label) => _body.Append(label).Append(":\n");
    private string Label(string hint) => $"{hint}.{LlvmText.Number(_labels++)}";
}
