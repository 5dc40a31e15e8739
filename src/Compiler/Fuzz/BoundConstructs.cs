using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Fuzz;

/// <summary>The constructs that a bound operator uses: what its terms do, with types, and how its stages are evaluated.</summary>
internal sealed class BoundConstructs
{
    private readonly HashSet<Term> _seen = new(ReferenceEqualityComparer.Instance);

    public BoundConstructs(Operator op)
    {
        if (!op.RuntimeChecks.IsEmpty) Found.Add("a run-time check");
        foreach (var tensor in op.Parameters.Concat(op.Stages.SelectMany(s => s.Tensors))) Found.Add($"a tensor of {(tensor.Type is ElementType.Int ? ElementType.I64 : tensor.Type).Name}");
        foreach (var stage in op.Stages)
        {
            if (stage.Tensors.Length > 1 && stage.IsRecurrent) Found.Add("a recurrence of several tensors");
            if (stage.Equations.Count(e => e.Update is null) > stage.Tensors.Length) Found.Add("several equations");
            foreach (var step in stage.Order) Order(step, 0);
            foreach (var e in stage.Equations)
            {
                foreach (var index in e.Targets.SelectMany(t => t.Indices))
                {
                    if (ReadsData(index)) Found.Add("a write from data");
                    Visit(index, isIndex: true);
                }
                Visit(e.Value, isIndex: false);
                if (e.Value is not ReduceTerm && Below(e.Value).Any(t => t is ReduceTerm)) Found.Add("a reduction inside an expression");
            }
        }
    }

    public HashSet<string> Found { get; } = new(StringComparer.Ordinal);

    private void Order(Step step, int depth)
    {
        if (step is not CarriedLoop loop) return;
        Found.Add(loop.IsDescending ? "a backward recurrence" : "a forward recurrence");
        if (depth > 0) Found.Add("a recurrence in two dimensions");
        foreach (var inner in loop.Body) Order(inner, depth + 1);
    }

    private void Visit(Term term, bool isIndex)
    {
        if (!_seen.Add(term)) return;
        Count(term, isIndex);
        foreach (var child in Terms.Parts(term)) Visit(child, isIndex || term is ReadTerm r && r.Indices.Contains(child));
    }

    private void Count(Term term, bool isIndex)
    {
        string Kind(Term t) => t.Type is ElementType.Int ? "index" : t.Type is ElementType.Bool ? "bool" : t.Type.IsFloat ? "float" : "integer";
        switch (term)
        {
            case BinaryTerm b:
                Found.Add($"{Kind(b.Left)} {b.Op.Symbol}");
                if (b.Op is BinaryOp.Shl or BinaryOp.Shr && ReadsData(b.Right)) Found.Add("a shift by data");
                if (b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod && !b.Type.IsFloat && ReadsData(b.Right)) Found.Add("a divisor from data");
                break;
            case UnaryTerm u: Found.Add(u.Op switch { UnaryOp.Not => "!", UnaryOp.BitNot => "~", _ => $"{Kind(u)} negation" }); break;
            case LogicalTerm l: Found.Add(l.IsAnd ? "&&" : "||"); break;
            case SelectTerm s:
                Found.Add("? :");
                if (Below(s.Then).Concat(Below(s.Else)).Any(t => t is ReadTerm)) Found.Add("a read under a condition");
                break;
            case IntrinsicTerm f: Found.Add(f.Function.Name); break;
            case CastTerm c: Found.Add(CastOf(c)); break;
            case ReduceTerm r:
                Found.Add(r.Kind.Name);
                if (r.Indices.Any(i => Below(i.Start).Concat(Below(i.End)).Any(t => t is IndexTerm))) Found.Add("a triangular range in a reduction");
                break;
            case ReadTerm r: Read(r); break;
        }
        if (!isIndex && term is CastTerm { Operand.Type: ElementType.Int } cast && Below(cast.Operand).Any(t => t is IndexTerm)) Found.Add("an index as a value");
    }

    private static string CastOf(CastTerm c)
    {
        var (from, to) = (c.Operand.Type, c.Type);
        string Class(ElementType t) => t.IsFloat ? "float" : "integer";
        return c.Kind switch
        {
            CastKind.Bits => "bits",
            CastKind.Saturate => $"saturate {Class(from)}",
            _ when to is ElementType.Bool => "cast to bool",
            _ when from is ElementType.Bool => "cast from bool",
            _ => $"cast {Class(from)} to {Class(to)}",
        };
    }

    private void Read(ReadTerm r)
    {
        foreach (var index in r.Indices)
        {
            if (ReadsData(index)) Found.Add("a read from data");
            if (index is BinaryTerm { Op: BinaryOp.Add or BinaryOp.Sub, Right: ConstTerm }) Found.Add("a shifted read");
            if (Below(index).Any(t => t is BinaryTerm { Op: BinaryOp.Mul })) Found.Add("a strided read");
        }
    }

    private static bool ReadsData(Term term) => Below(term).Any(t => t is ReadTerm);

    private static IEnumerable<Term> Below(Term term) => Terms.Parts(term).SelectMany(Below).Prepend(term);
}
