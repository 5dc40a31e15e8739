using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Lower.Passes;

/// <summary>Leaves the instructions that the target has; the others become the loops that they are declared as.</summary>
public static class LowerInstructions
{
    public static LoopModule Run(LoopModule module, CpuTarget target) => module.Map(f => f.With(new Lowering(target).Visit(f.Body)));

    /// <summary>Leaves those that have a form in C, for which the target's features stand.</summary>
    public static LoopModule RunForC(LoopModule module, CpuTarget target) => module.Map(f => f.With(new CLowering(target).Visit(f.Body)));

    private sealed class CLowering(CpuTarget target) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitInstruction(InstructionCall c) => c.CEmission is { } e && e.Features.All(target.Has) ? new InstructionCall(c.Name, e, c.Body, c.Origin) : Visit(c.Body);
    }

    private sealed class Lowering(CpuTarget target) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitInstruction(InstructionCall c) => c.Emission is { } e && e.Features.All(target.Has) ? c : Visit(c.Body);
    }
}
