using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Finds arithmetic on indices that does not fit in 64 bits for given sizes. Proofs count with exact numbers; this makes sure that
/// a kernel does so too. Intervals are too wide rather than too narrow, which matters only far beyond what a loop can reach. Arithmetic on
/// data of 64 bits may wrap: no proof counts with it (see <see cref="DataAbstraction"/>).</summary>
/// <param name="dims">Sizes that are known.</param>
/// <param name="maxSize">The largest of those that are not.</param>
/// <param name="all">Not null: gets every term that can overflow.</param>
internal sealed class IndexOverflow(IReadOnlyDictionary<DimSymbol, long> dims, long maxSize = long.MaxValue, List<Term>? all = null)
{
    private readonly Dictionary<IndexSymbol, IntegerInterval> _ranges = [];

    /// <summary>The first term that can overflow.</summary>
    public Term? Found { get; private set; }

    /// <param name="IsData">It depends on data.</param>
    private readonly record struct Values(IntegerInterval Range, bool IsData)
    {
        public static readonly Values Any = new(IntegerInterval.All, false), Data = new(IntegerInterval.All, true);
        /// <summary>Data that arithmetic may carry out of 64 bits.</summary>
        public bool IsWide => IsData && Range.Size > DataAbstraction.MaxExact;
    }

    public void Visit(Equation equation)
    {
        foreach (var index in equation.Indices)
            if (!Enter(index)) return;
        foreach (var target in equation.Targets)
            foreach (var index in target.Indices) Visit(index);
        Visit(equation.Value);
    }

    /// <summary>False when there is no value, so that what stands inside is never computed.</summary>
    private bool Enter(IndexSymbol index)
    {
        var (start, end) = (Visit(index.Start).Range, Visit(index.End).Range);
        return !(_ranges[index] = new(start.Low, end.High - 1)).IsEmpty;
    }

    private Values Visit(Term term)
    {
        if (Found is not null && all is null) return Values.Any;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (term)
        {
            case ConstTerm c: return c.Type.IsInteger ? new(new(c.Value.Exact, c.Value.Exact), false) : Values.Any;
            case DimTerm d: return new(dims.TryGetValue(d.Dim, out long size) ? new(size, size) : new(0, maxSize), false);
            case IndexTerm i: return new(_ranges.GetValueOrDefault(i.Index, IntegerInterval.All), false);
            case ReadTerm r:
                foreach (var index in r.Indices) Visit(index);
                if (r.Default is not null) Visit(r.Default);
                return Values.Data;
            case UnaryTerm u:
                var (x, isData) = Visit(u.Operand);
                return u.Type is not ElementType.Int ? new(IntegerInterval.All, isData)
                    : u.Op is UnaryOp.Neg ? Checked(u, new(-x.High, -x.Low), isData) : new(new(-x.High - 1, -x.Low - 1), isData);
            case LogicalTerm l:
                Visit(l.Left);
                Visit(l.Right);
                return Values.Data;
            case SelectTerm s:
                Visit(s.Condition);
                var (then, @else) = (Visit(s.Then), Visit(s.Else));
                return new(then.Range.Hull(@else.Range), then.IsData || @else.IsData);
            case CastTerm c:
                var value = Visit(c.Operand);
                if (c.Type is not ElementType.Int || !c.Operand.Type.IsInteger) return new(IntegerInterval.All, value.IsData);
                var natural = c.Operand.Type is ElementType.Int ? value.Range : IntegerInterval.Of(c.Operand.Type);
                return new(natural.Fits ? natural : IntegerInterval.All, value.IsData);
            case IntrinsicTerm f:
                var argument = Values.Any;
                foreach (var a in f.Arguments) argument = Visit(a);
                return f is { Type: ElementType.Int, Function: Intrinsic.Abs } ? Checked(f, new(0, argument.Range.Size), argument.IsData) : argument with { Range = IntegerInterval.All };
            case ReduceTerm r:
                foreach (var index in r.Indices)
                    if (!Enter(index)) return Values.Data;
                if (r.Condition is not null) Visit(r.Condition);
                Visit(r.Body);
                return Values.Data;
            case BinaryTerm b:
                var (left, right) = (Visit(b.Left), Visit(b.Right));
                if (b.Type is not ElementType.Int) return new(IntegerInterval.All, left.IsData || right.IsData);
                var result = IntegerInterval.Apply(b.Op, left.Range, right.Range);
                return !result.Fits && (left.IsWide || right.IsWide) ? Values.Data : Checked(b, result, left.IsData || right.IsData);
            default: throw new CompilerBugException("proofs", $"unknown term {term.GetType().Name}");
        }
    }

    private Values Checked(Term term, IntegerInterval value, bool isData)
    {
        if (value.Fits) return new(value, isData);
        // Only the lowest number has no opposite: of data, that may be.
        if (!isData || term is BinaryTerm)
        {
            Found ??= term;
            all?.Add(term);
        }
        return new(IntegerInterval.All, isData);
    }
}
