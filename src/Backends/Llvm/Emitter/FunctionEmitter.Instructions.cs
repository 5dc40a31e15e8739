using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

internal sealed partial class FunctionEmitter
{
    /// <summary>A call of the intrinsic on vectors that are read from the tiles; its result is written as a vector.</summary>
    private void EmitInstruction(InstructionEmission e)
    {
        var arguments = new List<Value>();
        foreach (var a in e.Arguments)
        {
            var value = arguments.Count == 0 ? Start(a.Value) : Evaluate(a.Value);
            if (a.Bits is { } bits && bits != value.Type) value = writer.Assign(bits, $"bitcast {value} to {LlvmText.TypeOf(bits)}");
            arguments.Add(a.Lanes > 0 ? Splat(value, a.Lanes) : value);
        }
        var result = new Var("result", e.ResultType);
        _variables[result] = writer.Assign(e.ResultType, $"call {LlvmText.TypeOf(e.ResultType)} @{e.Function}({string.Join(", ", arguments)})");
        EmitStore(new Store(e.Target, e.Indices, result));
    }
}
