using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>An operand in a function's text: its type in the loop IR (bool is <c>i1</c> in registers) and its name or constant.</summary>
internal readonly record struct Value(IrType Type, string Text)
{
    /// <summary>As it stands in an instruction: <c>i64 %i</c>.</summary>
    public override string ToString() => $"{LlvmText.TypeOf(Type)} {Text}";
}
