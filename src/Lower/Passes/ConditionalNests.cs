using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Passes;

/// <summary>Runs a nest only for sizes for which something reads what it computes:
/// <code>
/// for i { A[i] = f(i) }  for i { B[i] = g(i) }  for i { Y[i] = N >= 64 ? A[i] : B[i] }
///   →  if N >= 64 { for i { A[i] = f(i) } }  if !(N >= 64) { for i { B[i] = g(i) } }  for i { Y[i] = N >= 64 ? A[i] : B[i] }
/// </code>
/// What nothing reads is dropped with its storage. So it is for known sizes, where the condition is gone with the branch that it does not take.</summary>
public static class ConditionalNests
{
    public static LoopModule Run(LoopModule module) => module.Map(f => Run(f));

    private static LoopFunction Run(LoopFunction f)
    {
        var needs = NestNeeds.Of(f);
        if (needs.All(n => n is not null && NestNeeds.IsTrue(n))) return f;
        return WithoutStorage(f, NestNeeds.Nests(f.Body).Zip(needs).Where(n => n.Second is not null).Select(n => NestNeeds.IsTrue(n.Second!) ? n.First : new If(n.Second!, n.First)));
    }

    /// <summary>A function without the nests that nothing reads for any size.</summary>
    /// <param name="isKept">Whether a nest with an instance of this name stays in any case.</param>
    public static LoopFunction DropUnread(LoopFunction f, Func<string, bool> isKept)
    {
        var needs = NestNeeds.Of(f, isKept);
        return needs.All(n => n is not null) ? f : WithoutStorage(f, NestNeeds.Nests(f.Body).Zip(needs).Where(n => n.Second is not null).Select(n => n.First));
    }

    private static LoopFunction WithoutStorage(LoopFunction f, IEnumerable<Stmt> nests)
    {
        var body = Block.Of([.. nests]);
        var used = body.BuffersRead().Concat(body.BuffersWritten()).Concat(body.BuffersPrefetched()).ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
        return f.With(body, [.. f.Temporaries.Where(used.Contains)]);
    }
}
