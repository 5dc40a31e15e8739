using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

internal sealed partial class CFunctionEmitter
{
    private void EmitInstruction(InstructionEmission e) => throw new DiagnosticException(CDiagnostics.UnsupportedStatement, null, $"an instruction that writes `{e.Target.Name}`");
}
