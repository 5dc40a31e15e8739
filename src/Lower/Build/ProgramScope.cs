using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Reference;
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
    private readonly Dictionary<SourceSpan, int> _divisions = [];
    private readonly ImmutableArray<RuntimeCheck> _runtimeChecks;
    private readonly HashSet<ReadTerm> _checkedReads;

    public ProgramScope(Operator op, IReadOnlyDictionary<DimSymbol, long>? dims)
    {
        _runtimeChecks = op.RuntimeChecks;
        _checkedReads = [.. op.RuntimeChecks.Select(c => c.Read).OfType<ReadTerm>()];
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

    /// <summary>True for a read with an index that is checked when the kernel runs.</summary>
    public bool IsChecked(ReadTerm read) => _checkedReads.Contains(read);

    /// <summary>The message for an index of a target that lies outside; null where it is proved not to.</summary>
    public int? OutsideMessage(Target target, int dimension)
    {
        if (!_runtimeChecks.Any(c => target.Equals(c.Write) && c.Dimension == dimension)) return null;
        string format = string.Format(CultureInfo.InvariantCulture, "`{0}` is written at {1} in dimension {2}, outside its extent {3}", target.Tensor.Name, "{0}", dimension, "{1}");
        _messages.Add(new(ReferenceDiagnostics.WrittenOutside.Code, format, target.Indices[dimension].Span));
        return _messages.Count - 1;
    }

    /// <summary>The message of a failing check for a division at <paramref name="span"/>.</summary>
    public int DivisionMessage(SourceSpan? span)
    {
        if (span is { } known && _divisions.TryGetValue(known, out int index)) return index;
        _messages.Add(new(ReferenceDiagnostics.DivisionByZero.Code, ReferenceDiagnostics.DivisionByZero.Message, span));
        if (span is { } s) _divisions.Add(s, _messages.Count - 1);
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
