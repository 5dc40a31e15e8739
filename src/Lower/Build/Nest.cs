using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>A nest that is being built: its indices, the loops it has over them, and their instance variables. An index that a loop around several nests
/// carries gets no loop here.</summary>
internal sealed class Nest
{
    private readonly ProgramScope _program;
    private readonly List<(IterVar Iteration, Var? Loop, Expr LoopStart, Expr LoopEnd)> _iterations = [];
    private readonly Dictionary<IndexSymbol, Expr> _loops = [];
    private readonly IReadOnlyDictionary<IndexSymbol, Expr> _carried;
    private readonly TermLowering _loopTerms;

    /// <param name="carried">Over the loops around this nest, the value of each index that they carry.</param>
    /// <param name="lift">Gives the value of a reduction that stands inside an expression of this nest.</param>
    public Nest(ProgramScope program, Equation equation, string name, IReadOnlyDictionary<IndexSymbol, Expr> carried, Func<ReduceTerm, PathCondition?, Nest, Expr> lift)
    {
        (_program, Equation, Name, _carried) = (program, equation, name, carried);
        Terms = new(program, Values, (r, path) => lift(r, path, this));
        _loopTerms = new(program, _loops, (_, _) => throw new CompilerBugException("nest builder", "a reduction in a range"));
    }

    /// <summary>The equation that it computes, or a part of it.</summary>
    public Equation Equation { get; }
    public string Name { get; }
    /// <summary>All indices bound so far, outermost first.</summary>
    public ImmutableArray<IndexSymbol> Indices { get; private set; } = [];
    /// <summary>The instance variable of each index.</summary>
    public Dictionary<IndexSymbol, Expr> Values { get; } = [];
    public TermLowering Terms { get; }

    public bool IsCarried(IndexSymbol index) => _carried.ContainsKey(index);

    /// <summary>Binds indices inside those bound so far; a carried one is opaque.</summary>
    public void Bind(ImmutableArray<IndexSymbol> indices, Func<IndexSymbol, IterKind> kindOf)
    {
        Indices = Indices.AddRange(indices);
        foreach (var index in indices)
        {
            var (start, end) = _program.Range(index, Terms);
            var (loopStart, loopEnd) = _program.Range(index, _loopTerms);
            var variable = Var.Index("v" + index.Name);
            Var? loop = null;
            if (!_carried.TryGetValue(index, out var at)) at = loop = Var.Index(index.Name);
            Values.Add(index, variable);
            _loops.Add(index, at);
            _iterations.Add((new(variable, start, end, loop is null ? IterKind.Opaque : kindOf(index), at), loop, loopStart, loopEnd));
        }
    }

    /// <summary>Bounds of an index over all values of the indices that its range uses.</summary>
    public (Expr Low, Expr High) Limits(IndexSymbol index)
    {
        var known = new Dictionary<Var, (Expr, Expr)>();
        foreach (var (it, _, _, _) in _iterations)
        {
            var low = RangeLimits.Of(it.Start, known).Low;
            var high = RangeLimits.Of(it.End, known).High;
            if (ReferenceEquals(it.Variable, Values[index])) return (low, high);
            known.Add(it.Variable, (low, high - 1));
        }
        throw new CompilerBugException("nest builder", $"index {index.Name} is not bound");
    }

    public Stmt Close(Stmt? init, ImmutableArray<Stmt> body, bool reassociate, Origin origin)
    {
        if (init is not null && !_program.KeepsEmptyLoops && _iterations.Exists(i => i.Iteration.Kind is IterKind.Reduction && (i.LoopEnd - i.LoopStart) is IntImm { Value: <= 0 }))
        {
            // Nothing to combine: the identity is the result.
            _iterations.RemoveAll(i => i.Iteration.Kind is IterKind.Reduction);
            return Close(null, [init], reassociate, origin);
        }
        var block = Block.Of(body);
        Stmt result = new Instance(Name, [.. _iterations.Select(i => i.Iteration)], Regions.Read(init, block), Regions.Written(init, block), init, block, reassociate, origin);
        foreach (var (_, loop, start, end) in Enumerable.Reverse(_iterations))
            if (loop is not null) result = new For(loop, start, _program.Extent(start, end), LoopKind.Serial, result, null, origin);
        return result;
    }
}
