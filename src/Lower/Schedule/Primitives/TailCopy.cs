using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;

namespace Tx.Lower.Schedule.Primitives;

/// <summary>A second copy of a loop's body for the iterations that the loop leaves out. Its instances have names of their own, and a reduction over the loop goes on with
/// what the first copy holds: it does not start again.</summary>
internal static class TailCopy
{
    public static Stmt Of(Stmt body, Var loop, Expr value, Func<string, string> unique)
    {
        var named = new Renaming(loop, unique).Visit(body);
        return Instantiate.Copy(named, loop, value);
    }

    private sealed class Renaming(Var loop, Func<string, string> unique) : Rewriter
    {
        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitInstance(Instance i)
        {
            bool goesOn = i.Iterations.Any(it => it.Kind is IterKind.Reduction && it.Binding.UsesVar(loop));
            return new Instance(unique(i.Name + ".tail"), i.Iterations, i.Reads, i.Writes, goesOn ? null : i.Init, i.Body, i.Reassociate, i.Origin);
        }
    }
}
