using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Build;

/// <summary>What the nests of one operator share: the values of its dimensions, the buffers of its tensors, names and messages.</summary>
internal sealed class ProgramScope
{
    private readonly Dictionary<DimSymbol, Expr> _dims = [];
    private readonly Dictionary<TensorSymbol, Buffer> _buffers = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<Buffer> _temporaries = [];
    private readonly List<CheckMessage> _messages = [];
    private readonly Dictionary<(object, int), RuntimeCheck> _checks = [];
    private readonly Dictionary<RuntimeCheck, int> _messageOf = new(ReferenceEqualityComparer.Instance);

    /// <param name="keepsEmptyLoops">A reduction over an empty range keeps its loops, since a schedule may name them.</param>
    public ProgramScope(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims, bool keepsEmptyLoops)
    {
        KeepsEmptyLoops = keepsEmptyLoops;
        foreach (var check in op.RuntimeChecks)
            switch (check)
            {
                case ReadCheck r: _checks.Add((r.Read, r.Dimension), r); break;
                case WriteCheck w: _checks.Add((w.Target, w.Dimension), w); break;
                case DivisorCheck d: _checks.Add((d.Division, 0), d); break;
                case ShiftCheck s: _checks.Add((s.Shift, 0), s); break;
            }
        var free = ImmutableArray.CreateBuilder<(Var, DimSymbol)>();
        foreach (var d in op.Dims)
        {
            if (dims is not null && dims.TryGetValue(d, out long size)) { _dims.Add(d, IntImm.Index(size)); continue; }
            var v = Var.Index(d.Name);
            _dims.Add(d, v);
            free.Add((v, d));
        }
        foreach (var t in op.Parameters) Add(t, BufferRole.Input);
        foreach (var t in op.Results) Add(t, BufferRole.Output);
        foreach (var t in op.Stages.SelectMany(s => s.Tensors))
            if (!_buffers.ContainsKey(t)) _temporaries.Add(Add(t, BufferRole.Temporary));
        Parameters = [.. op.Parameters.Concat(op.Results).Select(t => _buffers[t])];
        FreeDims = [.. free.Select(f => FindDim(op, f.Item1, f.Item2))];
    }

    public bool KeepsEmptyLoops { get; }
    public ImmutableArray<Buffer> Parameters { get; }
    public ImmutableArray<(Var, Buffer, int)> FreeDims { get; }
    public ImmutableArray<Buffer> Temporaries => [.. _temporaries];
    public ImmutableArray<CheckMessage> Messages => [.. _messages];

    public Expr Extent(DimSymbol dim) => _dims[dim];
    public Buffer BufferOf(TensorSymbol tensor) => _buffers[tensor];

    /// <summary>The range of an index, over dimensions and the indices bound further out.</summary>
    public (Expr Start, Expr End) Range(IndexSymbol index, TermLowering terms) => (terms.Lower(index.Start), terms.Lower(index.End));

    /// <summary>How often a loop over start .. end runs. The extent of a range over dimensions is proved not to be negative; one over other indices may be.</summary>
    public Expr Extent(Expr start, Expr end)
    {
        var extent = end - start;
        bool isDimension = start.IsConstant(0) && end is Var v && FreeDims.Any(d => ReferenceEquals(d.Item1, v));
        return isDimension || extent is IntImm { Value: >= 0 } ? extent : Expr.Max(Expr.Index(0), extent);
    }

    /// <summary>A name that no tensor and no temporary has: <c>Y.sum</c>, <c>Y.sum2</c>.</summary>
    public string UniqueName(string name)
    {
        string unique = name;
        for (int n = 2; !_names.Add(unique); n++) unique = $"{name}{n}";
        return unique;
    }

    /// <param name="name">From <see cref="UniqueName"/>.</param>
    public Buffer AddTemporary(string name, ElementType type, ImmutableArray<Expr> shape)
    {
        var b = new Buffer(name, type.Stored, shape, BufferRole.Temporary);
        _temporaries.Add(b);
        return b;
    }

    /// <summary>What has to be checked of a division, a shift, or one dimension of a read; null where it is proved.</summary>
    public RuntimeCheck? CheckOf(Term term, int dimension = 0) => _checks.GetValueOrDefault((term, dimension));

    /// <summary>What has to be checked of one dimension of a target; null where it is proved.</summary>
    public RuntimeCheck? CheckOf(Target target, int dimension) => _checks.GetValueOrDefault((target, dimension));

    /// <summary>True for a term that can fail by itself when the kernel runs.</summary>
    public bool IsChecked(Term term) => term is ReadTerm r ? Enumerable.Range(0, r.Indices.Length).Any(d => CheckOf(r, d) is not null) : CheckOf(term) is not null;

    /// <summary>The number of a check's message.</summary>
    public int MessageOf(RuntimeCheck check)
    {
        if (_messageOf.TryGetValue(check, out int index)) return index;
        _messages.Add(new(check.Descriptor.Code, check.Format, check.Span, check.Descriptor.Help));
        _messageOf.Add(check, _messages.Count - 1);
        return _messages.Count - 1;
    }

    private Buffer Add(TensorSymbol t, BufferRole role)
    {
        var terms = new TermLowering(this, new Dictionary<IndexSymbol, Expr>(), (r, _) => throw new CompilerBugException("nest builder", "a reduction in a shape"));
        var b = new Buffer(t.Name, t.Type.Stored, [.. t.Shape.Select(e => terms.Lower(e))], role);
        _buffers.Add(t, b);
        _names.Add(t.Name);
        return b;
    }

    private (Var, Buffer, int) FindDim(Operator op, Var variable, DimSymbol dim)
    {
        foreach (var p in op.Parameters)
            for (int d = 0; d < p.Rank; d++)
                if (p.Shape[d] is DimTerm t && t.Dim == dim) return (variable, _buffers[p], d);
        throw new CompilerBugException("nest builder", $"no parameter has the dimension {dim.Name}");
    }
}

internal static class StoredTypes
{
    extension(ElementType t)
    {
        /// <summary>The type in memory and in loop IR: an <c>int</c> is an <c>i64</c>.</summary>
        public ElementType Stored => t is ElementType.Int ? ElementType.I64 : t;
    }
}
