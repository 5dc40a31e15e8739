using System.Collections.Frozen;

namespace Tx.Lower.Ir;

/// <summary>Puts expressions in the place of variables and buffers in the place of buffers. Variables are bound once in a function, so nothing
/// is captured. The same object comes back when nothing changed; shared parts are rewritten once.</summary>
public static class Substitution
{
    private static readonly FrozenDictionary<Var, Expr> s_noVariables = FrozenDictionary<Var, Expr>.Empty;
    private static readonly FrozenDictionary<Buffer, Buffer> s_noBuffers = FrozenDictionary<Buffer, Buffer>.Empty;

    public static Expr Substitute(this Expr e, IReadOnlyDictionary<Var, Expr> variables) => variables.Count == 0 ? e : new Replacer(variables, s_noBuffers).Visit(e);
    public static Stmt Substitute(this Stmt s, IReadOnlyDictionary<Var, Expr> variables) => variables.Count == 0 ? s : new Replacer(variables, s_noBuffers).Visit(s);
    public static Expr Substitute(this Expr e, Var variable, Expr value) => e.Substitute(new Dictionary<Var, Expr> { [variable] = value });
    public static Stmt Substitute(this Stmt s, Var variable, Expr value) => s.Substitute(new Dictionary<Var, Expr> { [variable] = value });
    public static Expr Substitute(this Expr e, IReadOnlyDictionary<Buffer, Buffer> buffers) => buffers.Count == 0 ? e : new Replacer(s_noVariables, buffers).Visit(e);
    public static Stmt Substitute(this Stmt s, IReadOnlyDictionary<Buffer, Buffer> buffers) => buffers.Count == 0 ? s : new Replacer(s_noVariables, buffers).Visit(s);
    public static Stmt Substitute(this Stmt s, IReadOnlyDictionary<Var, Expr> variables, IReadOnlyDictionary<Buffer, Buffer> buffers) => new Replacer(variables, buffers).Visit(s);

    private sealed class Replacer(IReadOnlyDictionary<Var, Expr> variables, IReadOnlyDictionary<Buffer, Buffer> buffers) : Rewriter
    {
        private readonly Dictionary<Expr, Expr> _done = new(ReferenceEqualityComparer.Instance);

        public override Expr Visit(Expr e)
        {
            if (e is IntImm or FloatImm) return e;
            if (e is Var v) return variables.GetValueOrDefault(v, v);
            if (!_done.TryGetValue(e, out var result)) _done.Add(e, result = base.Visit(e));
            return result;
        }

        protected override Buffer VisitBuffer(Buffer b) => buffers.GetValueOrDefault(b, b);
    }
}
