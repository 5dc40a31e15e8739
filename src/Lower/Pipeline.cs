using Tx.Lower.Ir;

namespace Tx.Lower;

/// <summary>One step of lowering: a pure function with the reason why it stands where it stands.</summary>
public sealed record Pass(string Name, string Because, LoopLevel From, LoopLevel To, Func<LoopModule, LoopModule> Run);
