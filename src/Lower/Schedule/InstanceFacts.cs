using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule;

/// <summary>What a strategy wants to know of an instance: its accesses, its arithmetic, how wide its values are.</summary>
internal sealed class InstanceFacts : Walker
{
    private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly List<Load> _loads = [];
    private readonly List<Store> _stores = [];
    private readonly HashSet<Var> _failing = [];
    private bool _inIndex;

    private InstanceFacts() { }

    public IReadOnlyList<Load> Loads => _loads;
    public IReadOnlyList<Store> Stores => _stores;
    /// <summary>Operations on elements for one point; those on indices are not counted.</summary>
    public int Operations { get; private set; }
    /// <summary>Those of them that are no reads.</summary>
    public int Arithmetic { get; private set; }
    /// <summary>Bytes of the widest element that is computed.</summary>
    public int WidestBytes { get; private set; } = 1;
    /// <summary>It has run-time checks, or divides by what could be 0.</summary>
    public bool CanFail { get; private set; }
    /// <summary>Whether it fails may be different for two values of a variable.</summary>
    public bool CanFailAlong(Var v) => _failing.Contains(v);

    public static InstanceFacts Of(Instance i)
    {
        var facts = new InstanceFacts();
        facts.Visit(i.Body);
        return facts;
    }

    public static InstanceFacts Of(Expr e)
    {
        var facts = new InstanceFacts();
        facts.Visit(e);
        return facts;
    }

    public override void Visit(Expr e)
    {
        if (!_seen.Add(e)) return;
        if (Predication.IsTrapping(e)) Fails(e);
        if (!_inIndex && e is not (Var or IntImm or FloatImm))
        {
            if (e is Load l) _loads.Add(l);
            int cost = e is Call { Function: not (Intrinsic.Abs or Intrinsic.Sqrt or Intrinsic.Fma or Intrinsic.Floor or Intrinsic.Ceil or Intrinsic.Round or Intrinsic.Trunc) } ? 16 : 1;
            Operations += cost;
            if (e is not Load) Arithmetic += cost;
            if (e.Type.Element is not ElementType.Bool) WidestBytes = Math.Max(WidestBytes, e.Type.Element.Carrier.Bytes);
        }
        else if (e is Load inner) _loads.Add(inner);
        if (e is Load { } load)
        {
            bool outer = _inIndex;
            _inIndex = true;
            VisitAll(load.Indices);
            if (load.Predicate is not null) Visit(load.Predicate);
            _inIndex = outer;
            return;
        }
        base.Visit(e);
    }

    public override void Visit(Stmt s)
    {
        if (s is Check c)
        {
            Fails(c.Condition);
            bool outer = _inIndex;
            _inIndex = true;
            base.Visit(s);
            _inIndex = outer;
            return;
        }
        if (s is Store t)
        {
            _stores.Add(t);
            bool outer = _inIndex;
            _inIndex = true;
            VisitAll(t.Indices);
            _inIndex = outer;
            Visit(t.Value);
            return;
        }
        base.Visit(s);
    }

    private void Fails(Expr e)
    {
        CanFail = true;
        _failing.UnionWith(e.FreeVars());
    }

    /// <summary>Product of the extents; null where one is not a number.</summary>
    public static long? Points(IEnumerable<For> loops)
    {
        long points = 1;
        foreach (var l in loops)
        {
            if (NestPath.MaxExtent(l) is not { } n) return null;
            points = n == 0 ? 0 : points > long.MaxValue / n ? long.MaxValue : points * n;
        }
        return points;
    }

    /// <summary>Buffers in the order of their first access.</summary>
    public ImmutableArray<Buffer> Buffers => [.. _stores.Select(s => s.Buffer).Concat(_loads.Select(l => l.Buffer)).Distinct()];
}
