using System.Collections.Immutable;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Analysis;

/// <summary>For which sizes anything reads what a nest computes.</summary>
public static class NestNeeds
{
    /// <summary>More ways to a nest than these count as always.</summary>
    private const int MaxConditions = 4;

    /// <summary>For each statement of the body: null where nothing reads it, else a condition over the dimensions.</summary>
    /// <param name="isKept">Whether a nest with an instance of this name is needed in any case.</param>
    public static ImmutableArray<Expr?> Of(LoopFunction f, Func<string, bool>? isKept = null)
    {
        var nests = Nests(f.Body);
        var temporaries = f.Temporaries.ToHashSet<Buffer>(ReferenceEqualityComparer.Instance);
        var dims = f.Dims.Select(d => d.Variable).ToHashSet();
        var needs = f.Temporaries.ToDictionary(t => t, _ => new List<Expr>(), (IEqualityComparer<Buffer>)ReferenceEqualityComparer.Instance);
        var result = new Expr?[nests.Length];
        for (int n = nests.Length - 1; n >= 0; n--)
        {
            var reads = new ConditionalReads(dims, isKept);
            reads.Visit(nests[n]);
            var local = reads.Written.Where(b => !reads.Allocated.Contains(b)).ToList();
            result[n] = reads.IsKept || local.Count == 0 || !local.TrueForAll(temporaries.Contains) ? IntImm.Bool(true) : Any([.. local.SelectMany(b => needs[b])]);
            if (result[n] is not { } needed) continue;
            foreach (var (buffer, path) in reads.Reads)
                if (temporaries.Contains(buffer) && needs[buffer] is var list && Both(needed, path) is var condition
                    && !list.Contains(condition, StructuralComparer.Instance)) list.Add(condition);
        }
        return [.. result];
    }

    public static ImmutableArray<Stmt> Nests(Stmt body) => body is Block b ? b.Statements : [body];

    private static Expr? Any(ImmutableArray<Expr> conditions)
    {
        if (conditions.IsEmpty) return null;
        var distinct = conditions.Distinct(StructuralComparer.Instance).ToList();
        return distinct.Count > MaxConditions || distinct.Exists(IsTrue) ? IntImm.Bool(true) : distinct.Aggregate(Expr.Or);
    }

    private static Expr Both(Expr a, Expr? b) => b is null || IsTrue(b) ? a : IsTrue(a) ? b : Expr.And(a, b);

    public static bool IsTrue(Expr e) => e is IntImm { Value: not 0 };

    /// <summary>Whether an expression is over dimensions alone.</summary>
    public static bool IsOfSizes(Expr e, IReadOnlySet<Var> dims) => e.FreeVars().All(dims.Contains) && e.BuffersRead().IsEmpty;

    /// <summary>The buffers that a nest reads, each with the conditions on sizes around the read.</summary>
    private sealed class ConditionalReads(IReadOnlySet<Var> dims, Func<string, bool>? isKept) : Walker
    {
        private Expr? _path;
        private HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

        public List<(Buffer Buffer, Expr? Path)> Reads { get; } = [];
        public HashSet<Buffer> Written { get; } = new(ReferenceEqualityComparer.Instance);
        public HashSet<Buffer> Allocated { get; } = new(ReferenceEqualityComparer.Instance);
        public bool IsKept { get; private set; }

        public override void Visit(Expr e)
        {
            if (e is IntImm or FloatImm or Var || !_seen.Add(e)) return;
            if (e is Load l) Reads.Add((l.Buffer, _path));
            if (e is Select { Condition: var c } s && IsOfSizes(c, dims))
            {
                Under(c, () => Visit(s.Then));
                Under(Expr.Not(c), () => Visit(s.Else));
            }
            else base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case If { Condition: var c } i when IsOfSizes(c, dims):
                    Under(c, () => Visit(i.Then));
                    if (i.Else is not null) Under(Expr.Not(c), () => Visit(i.Else));
                    return;
                case Store t: Written.Add(t.Buffer); break;
                case Allocate a: Allocated.Add(a.Buffer); break;
                case Effect { Kind: EffectKind.Copy } x:
                    Written.Add(x.Buffers[0]);
                    Reads.Add((x.Buffers[1], _path));
                    break;
                case Effect x: foreach (var b in x.Buffers) Reads.Add((b, _path)); break;
                case Launch l:
                    Written.UnionWith(l.Buffers);
                    foreach (var b in l.Buffers) Reads.Add((b, _path));
                    break;
                case Instance i: IsKept |= isKept?.Invoke(i.Name) is true; break;
            }
            base.Visit(s);
        }

        private void Under(Expr condition, Action visit)
        {
            var (path, seen) = (_path, _seen);
            (_path, _seen) = (path is null ? condition : Expr.And(path, condition), new(ReferenceEqualityComparer.Instance));
            visit();
            (_path, _seen) = (path, seen);
        }
    }
}
