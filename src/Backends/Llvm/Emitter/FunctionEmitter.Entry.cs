using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

// The kernel's entry: it checks the call and runs the nests one after another.
internal sealed partial class FunctionEmitter
{
    public void CheckVersion()
    {
        string version = LoadCall(CallLayout.Version, "i32", 4);
        string wrong = writer.Label("wrong_version"), go = writer.Label("go");
        writer.Branch(writer.Assign(IrType.Bool, $"icmp eq i32 {version}, {LlvmText.Number(TxCall.CurrentVersion)}"), go, wrong);
        writer.Block(wrong);
        Return(CallLayout.WrongVersion);
        writer.Block(go);
    }

    /// <summary>Fails with <paramref name="message"/> where a tensor that is streamed to does not start at a cache line.</summary>
    public void CheckAlignment(Buffer b, int message)
    {
        string address = writer.Assign($"ptrtoint ptr {ArgumentOf(b).Pointer} to i64");
        string rest = writer.Assign($"and i64 {address}, {LlvmText.Number(WorkspacePlan.Alignment - 1)}");
        string fail = writer.Label("unaligned"), go = writer.Label("go");
        writer.Branch(writer.Assign(IrType.Bool, $"icmp eq i64 {rest}, 0"), go, fail);
        writer.Block(fail);
        Fail(message, []);
        writer.Block(go);
    }

    /// <summary>Reads the size of a symbolic dimension, or a stride.</summary>
    /// <param name="list">The place of the shape, or of the strides, in a <see cref="TxBuffer"/>.</param>
    public void BindSize(Var variable, int parameter, int list, int dimension)
    {
        string buffers = LoadCall(CallLayout.Buffers, "ptr", 8);
        string numbers = writer.Assign($"load ptr, ptr {Address(buffers, parameter * CallLayout.BufferBytes + list)}, align 8");
        // Memory holds less than 2^48 of anything.
        _variables[variable] = writer.Assign(variable.Type, $"load i64, ptr {Address(numbers, 8L * dimension)}, align 8, !range !1");
    }

    /// <summary>Each statement of the body becomes a function; what they share stays here.</summary>
    public void EmitNests(Stmt s)
    {
        switch (s)
        {
            case Block b: foreach (var x in b.Statements) EmitNests(x); break;
            case LetStmt l: EmitLet(l); EmitNests(l.Body); break;
            case Allocate a:
                if (module.Plan.SlotOf(a.Buffer) is not null) Bind(a.Buffer, ScratchOf(a.Buffer));
                EmitAllocate(a);
                EmitNests(a.Body);
                break;
            case Check c: EmitCheck(c); break;
            default: EmitOutlined(s); break;
        }
    }
}
