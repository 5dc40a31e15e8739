using System.Text;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

// Nests and bodies of parallel loops become functions of their own: LLVM's work grows faster than linearly with the size of a function,
// and only parameters can be said not to alias.
internal sealed partial class FunctionEmitter
{
    /// <summary>Writes a statement as an internal function and a call of it.</summary>
    public void EmitOutlined(Stmt s)
    {
        var captures = Captures.Of(s, module.Plan, InParallel);
        string symbol = module.Symbol($"{name}.{HintOf(s)}");
        var variables = captures.Variables.Select(v => (Variable: v, Value: ValueOf(v))).ToArray();
        var buffers = captures.Buffers.Select(b => (Buffer: b, Place: PlaceOf(b))).Concat(captures.Scratch.Select(b => (Buffer: b, Place: ScratchOf(b)))).ToArray();

        var (function, inner) = Begin(symbol, isChunk: false, variables, buffers);
        inner.Emit(s);
        inner.Return(0);
        module.Add(function);

        var arguments = new StringBuilder("ptr %call");
        foreach (var (_, value) in variables) arguments.Append(", ").Append(value);
        foreach (var (_, place) in buffers) arguments.Append(", ptr ").Append(place.Pointer);
        string code = writer.Assign($"call i32 @{LlvmText.Name(symbol)}({arguments})");
        if (captures.CanStop) ReturnUnlessZero(code);
    }

    /// <summary>Launches the body over the pool's workers.</summary>
    private void EmitParallel(For f)
    {
        var captures = Captures.Of(f.Body, module.Plan, inParallel: true);
        module.IsParallel = true;
        string symbol = module.Symbol($"{name}.{f.Variable.Name}"), chunkSymbol = module.Symbol(symbol + ".chunk");
        var min = Start(f.Min);
        var count = Evaluate(f.Extent);
        var variables = captures.Variables.Where(v => v != f.Variable).Select(v => (Variable: v, Value: ValueOf(v))).ToArray();
        var buffers = captures.Buffers.Select(b => (Buffer: b, Place: PlaceOf(b))).ToArray();

        // The loop over one chunk; it sees its buffers as parameters.
        var (chunk, inner) = Begin(chunkSymbol, isChunk: true, variables, buffers.Concat(captures.Scratch.Select(b => (b, new Place("", WorkspacePlan.Alignment)))));
        inner.EmitChunk(f);
        module.Add(chunk);

        // What the launcher calls: it unpacks the context.
        var fields = new List<Value> { new(IrType.Index, min.Text) };
        fields.AddRange(variables.Select(v => v.Value));
        string type = $"{{ ptr, {string.Join(", ", fields.Select(v => LlvmText.TypeOf(v.Type)).Concat(buffers.Select(_ => "ptr")))} }}";
        var unpack = module.NewFunction(symbol);
        unpack.Parameter("ptr", "context");
        unpack.Parameter("i64", "begin");
        unpack.Parameter("i64", "end");
        unpack.Parameter("i32", "worker");
        string Field(int index, string fieldType) =>
            unpack.Assign($"load {fieldType}, ptr {unpack.Assign($"getelementptr inbounds {type}, ptr %context, i32 0, i32 {LlvmText.Number(index)}")}");
        string call = Field(0, "ptr");
        var arguments = new StringBuilder($"ptr {call}, i64 %begin, i64 %end, i32 %worker");
        for (int i = 0; i < fields.Count; i++)
            arguments.Append(", ").Append(LlvmText.TypeOf(fields[i].Type)).Append(' ').Append(Field(i + 1, LlvmText.TypeOf(fields[i].Type)));
        for (int i = 0; i < buffers.Length; i++) arguments.Append(", ptr ").Append(Field(fields.Count + 1 + i, "ptr"));
        foreach (var b in captures.Scratch) arguments.Append(", ptr ").Append(ScratchPointer(unpack, call, "%worker", b));
        unpack.Line($"ret i32 {unpack.Assign($"call i32 @{LlvmText.Name(chunkSymbol)}({arguments})")}");
        module.Add(unpack);

        string context = writer.Slot("context", type, WorkspacePlan.Alignment);
        void Put(int index, string value) =>
            writer.Line($"store {value}, ptr {writer.Assign($"getelementptr inbounds {type}, ptr {context}, i32 0, i32 {LlvmText.Number(index)}")}");
        Put(0, "ptr %call");
        for (int i = 0; i < fields.Count; i++) Put(i + 1, fields[i].ToString());
        for (int i = 0; i < buffers.Length; i++) Put(fields.Count + 1 + i, "ptr " + buffers[i].Place.Pointer);
        var grain = Evaluate(WorkEstimate.Grain(f));
        // One chunk needs no pool, and small calls not the way to it.
        string alone = writer.Label("alone"), shared = writer.Label("shared"), done = writer.Label("done");
        writer.Branch(writer.Assign(IrType.Bool, $"icmp sle {count}, {grain.Text}"), alone, shared);
        writer.Block(alone);
        ReturnUnlessZero(writer.Assign($"call i32 @{LlvmText.Name(symbol)}(ptr {context}, i64 0, {count}, i32 0)"));
        writer.Branch(done);
        writer.Block(shared);
        string launch = LoadCall(CallLayout.Launch, "ptr", 8), state = LoadCall(CallLayout.LaunchState, "ptr", 8);
        ReturnUnlessZero(writer.Assign($"call i32 {launch}(ptr {state}, ptr @{LlvmText.Name(symbol)}, ptr {context}, {count}, {grain})"));
        writer.Branch(done);
        writer.Block(done);
    }

    private void EmitChunk(For f)
    {
        var (begin, end) = (new Value(IrType.Index, "%begin"), new Value(IrType.Index, "%end"));
        if (f.Min is not IntImm { Value: 0 })
        {
            begin = writer.Assign(IrType.Index, "add nsw i64 %begin, %min");
            end = writer.Assign(IrType.Index, "add nsw i64 %end, %min");
        }
        PollCancel(CancelFlag());
        EmitLoop(f.Variable, begin, end, null, f.Body);
        Return(0);
    }

    /// <summary>A function whose first parameter is the call; <paramref name="isChunk"/>: then those of a chunk. Its variables and buffers follow.</summary>
    private (FunctionWriter Writer, FunctionEmitter Emitter) Begin(string symbol, bool isChunk, IEnumerable<(Var Variable, Value Value)> variables, IEnumerable<(Buffer Buffer, Place Place)> buffers)
    {
        var inner = module.NewFunction(symbol);
        inner.Parameter("ptr", "call");
        if (isChunk)
        {
            inner.Parameter("i64", "begin");
            inner.Parameter("i64", "end");
            inner.Parameter("i32", "worker");
            inner.Parameter("i64", "min");
        }
        var emitter = new FunctionEmitter(module, inner, symbol, isChunk ? "%worker" : null);
        foreach (var (v, value) in variables) emitter.Bind(v, value with { Text = inner.Parameter(LlvmText.TypeOf(value.Type), v.Name) });
        foreach (var (b, place) in buffers)
            emitter.Bind(b, place with { Pointer = inner.Parameter($"ptr noalias nocapture align {LlvmText.Number(place.Alignment)}", b.Name) });
        return (inner, emitter);
    }

    private void ReturnUnlessZero(string code)
    {
        string stop = writer.Label("stop"), go = writer.Label("go");
        writer.Branch(writer.Assign(IrType.Bool, $"icmp eq i32 {code}, 0"), go, stop);
        writer.Block(stop);
        writer.Line($"ret i32 {code}");
        writer.Block(go);
    }

    private Place PlaceOf(Buffer b) => _places.TryGetValue(b, out var place) ? place : ArgumentOf(b);

    // The entry reads a parameter's address where it is used: a function of a thousand nests would otherwise hold a thousand of them in registers.
    private Place ArgumentOf(Buffer b)
    {
        if (module.ParameterIndex(b) is { } index)
        {
            string buffers = LoadCall(CallLayout.Buffers, "ptr", 8);
            int at = index * CallLayout.BufferBytes;
            string data = writer.Assign($"load ptr, ptr {Address(buffers, at + CallLayout.BufferData)}, align 8");
            string offset = writer.Assign($"load i64, ptr {Address(buffers, at + CallLayout.BufferOffset)}, align 8");
            return new(writer.Assign($"getelementptr inbounds {LlvmText.MemoryTypeOf(new(b.Type))}, ptr {data}, i64 {offset}"), module.AlignmentOf(b));
        }
        return ScratchOf(b);
    }

    private Place ScratchOf(Buffer b) =>
        _places.TryGetValue(b, out var place) ? place : new(ScratchPointer(writer, "%call", worker, b), WorkspacePlan.Alignment);

    private string ScratchPointer(FunctionWriter w, string call, string? number, Buffer b)
    {
        var slot = module.Plan.SlotOf(b) ?? throw Bug($"the buffer `{b.Name}` is neither a parameter nor allocated");
        string field = w.Assign($"getelementptr inbounds i8, ptr {call}, i64 {LlvmText.Number(CallLayout.Workspace)}");
        string workspace = w.Assign($"load ptr, ptr {field}, align 8");
        if (!module.Plan.SymbolicSlots.IsEmpty) return SymbolicPointer(w, workspace, number, slot);
        string at = LlvmText.Number(slot.Offset + (slot.IsPerWorker ? module.Plan.SharedBytes : 0));
        // Serial code is worker 0.
        if (slot.IsPerWorker && number is not null)
        {
            string wide = w.Assign($"zext i32 {number} to i64");
            string own = w.Assign($"mul i64 {wide}, {LlvmText.Number(module.Plan.WorkerBytes)}");
            at = w.Assign($"add i64 {own}, {at}");
        }
        return w.Assign($"getelementptr inbounds i8, ptr {workspace}, i64 {at}");
    }

    // The table at the start of the workspace says where its parts lie.
    private string SymbolicPointer(FunctionWriter w, string workspace, string? number, WorkspaceSlot slot)
    {
        string Entry(int index) => w.Assign($"load i64, ptr {w.Assign($"getelementptr inbounds i8, ptr {workspace}, i64 {LlvmText.Number(8L * index)}")}, align 8");
        string at = slot.Symbolic is { } index ? Entry(SymbolicSizes.FixedEntries + index)
            : LlvmText.Number(slot.Offset + (slot.IsPerWorker ? 0 : SymbolicSizes.TableBytes(module.Plan.SymbolicSlots.Length)));
        if (slot.IsPerWorker)
        {
            at = w.Assign($"add i64 {Entry(1)}, {at}");
            if (number is not null)
            {
                string wide = w.Assign($"zext i32 {number} to i64");
                at = w.Assign($"add i64 {at}, {w.Assign($"mul i64 {wide}, {Entry(0)}")}");
            }
        }
        return w.Assign($"getelementptr inbounds i8, ptr {workspace}, i64 {at}");
    }

    /// <summary>A name for a statement: what it writes first.</summary>
    private static string HintOf(Stmt s) => s switch
    {
        Store t => t.Buffer.Name,
        For f => HintOf(f.Body),
        LetStmt l => HintOf(l.Body),
        Allocate a => HintOf(a.Body),
        If i => HintOf(i.Then),
        Block b => b.Statements.Length > 0 ? HintOf(b.Statements[^1]) : "empty",
        Check => "check",
        _ => "effect",
    };
}
