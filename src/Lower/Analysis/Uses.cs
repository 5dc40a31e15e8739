using System.Collections.Immutable;
using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary>Which variables and buffers an IR mentions. Results are in the order of first mention, so that what is made from them is deterministic.</summary>
public static class Uses
{
    /// <summary>Variables that are used and not bound inside.</summary>
    public static ImmutableArray<Var> FreeVars(this Expr e)
    {
        var c = new Collector();
        c.Visit(e);
        return c.Free;
    }

    /// <inheritdoc cref="FreeVars(Expr)"/>
    public static ImmutableArray<Var> FreeVars(this Stmt s)
    {
        var c = new Collector();
        c.Visit(s);
        return c.Free;
    }

    public static bool UsesVar(this Expr e, Var v) => e.FreeVars().Contains(v);
    public static bool UsesVar(this Stmt s, Var v) => s.FreeVars().Contains(v);

    /// <summary>True when <paramref name="test"/> holds for a variable of <paramref name="e"/>.</summary>
    public static bool UsesAny(this Expr e, Func<Var, bool> test) => e.FreeVars().Any(test);

    /// <summary>Buffers that are loaded from, copied from or handed to a launch.</summary>
    public static ImmutableArray<Ir.Buffer> BuffersRead(this Stmt s)
    {
        var c = new Collector();
        c.Visit(s);
        return [.. c.Read];
    }

    /// <inheritdoc cref="BuffersRead(Stmt)"/>
    public static ImmutableArray<Ir.Buffer> BuffersRead(this Expr e)
    {
        var c = new Collector();
        c.Visit(e);
        return [.. c.Read];
    }

    /// <summary>Buffers that are stored to, copied to or handed to a launch.</summary>
    public static ImmutableArray<Ir.Buffer> BuffersWritten(this Stmt s)
    {
        var c = new Collector();
        c.Visit(s);
        return [.. c.Written];
    }

    /// <summary>Buffers that elements are asked for ahead of time: neither a read nor a write, but a mention.</summary>
    public static ImmutableArray<Ir.Buffer> BuffersPrefetched(this Stmt s)
    {
        var c = new Collector();
        c.Visit(s);
        return [.. c.Prefetched];
    }

    private sealed class Collector : Walker
    {
        private readonly HashSet<Var> _bound = [];
        private readonly OrderedSet<Var> _used = new();
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        public OrderedSet<Ir.Buffer> Read { get; } = new();
        public OrderedSet<Ir.Buffer> Written { get; } = new();
        public OrderedSet<Ir.Buffer> Prefetched { get; } = new();

        public ImmutableArray<Var> Free => [.. _used.Where(v => !_bound.Contains(v))];

        public override void Visit(Expr e)
        {
            if (e is IntImm or FloatImm) return;
            if (e is Var v) { _used.Add(v); return; }
            if (!_seen.Add(e)) return;
            if (e is Load l) Read.Add(l.Buffer);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case Store t: Written.Add(t.Buffer); break;
                case Effect { Kind: EffectKind.Copy } x: Written.Add(x.Buffers[0]); Read.Add(x.Buffers[1]); break;
                case Effect { Kind: EffectKind.Prefetch } x: foreach (var b in x.Buffers) Prefetched.Add(b); break;
                case Launch l: foreach (var b in l.Buffers) { Read.Add(b); Written.Add(b); } break;
            }
            base.Visit(s);
        }

        protected override void VisitBinder(Var variable) => _bound.Add(variable);
    }

    /// <summary>A set that remembers the order of insertion.</summary>
    private sealed class OrderedSet<T> : System.Collections.IEnumerable, IEnumerable<T> where T : class
    {
        private readonly HashSet<T> _set = new(ReferenceEqualityComparer.Instance);
        private readonly List<T> _order = [];
        public void Add(T item) { if (_set.Add(item)) _order.Add(item); }
        public IEnumerator<T> GetEnumerator() => _order.GetEnumerator();
        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
