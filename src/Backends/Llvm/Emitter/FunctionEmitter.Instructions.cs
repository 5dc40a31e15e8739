using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

internal sealed partial class FunctionEmitter
{
    /// <summary>Operations on vectors that are read from the tiles; the result of the last is written as a vector.</summary>
    private void EmitInstruction(InstructionEmission e)
    {
        var made = new List<Value>();
        bool isFirst = true;
        foreach (var o in e.Operations)
        {
            var arguments = new List<Value>();
            foreach (var a in o.Arguments)
            {
                var value = a.Value is { } read ? isFirst ? Start(read) : Evaluate(read) : a.Numbers.IsEmpty ? made[a.Earlier] : LlvmText.Numbers(a.Source, a.Numbers);
                isFirst &= a.Value is null;
                if (a.Bits is { } bits && bits != value.Type) value = writer.Assign(bits, $"bitcast {value} to {LlvmText.TypeOf(bits)}");
                arguments.Add(a.Lanes > 0 ? Splat(value, a.Lanes) : value);
            }
            made.Add(writer.Assign(o.Type, Text(o, arguments)));
        }
        var result = new Var("result", e.ResultType);
        _variables[result] = made[^1];
        EmitStore(new Store(e.Target, e.Indices, result));
    }

    private string Text(EmittedOperation o, List<Value> arguments)
    {
        string type = LlvmText.TypeOf(o.Type), all = string.Join(", ", arguments);
        switch (o.Kind)
        {
            case EmitKind.Intrinsic: return $"call {type} @{o.Text}({all})";
            case EmitKind.Assembly:
                string constraints = string.Join(',', arguments.Select((a, n) => n == o.Tied ? "0" : Register(a.Type)).Prepend("=" + Register(o.Type)));
                return $"call {type} asm {(module.Target.IsX86 ? "inteldialect " : "")}\"{LlvmText.Escaped(o.Text)}\", \"{constraints}\"({all})";
            default:
                // Of one type: it is written once.
                return o.Text is "zext" or "sext" or "trunc" or "bitcast" ? $"{o.Text} {all} to {type}" : o.Text == "shufflevector" ? $"shufflevector {all}" : $"{o.Text} {arguments[0]}, {arguments[1].Text}";
        }
    }

    private string Register(IrType type) => type.IsVector || type.Element.IsFloat ? module.Target.IsX86 ? "x" : "w" : "r";
}
