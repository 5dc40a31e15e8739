using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;

namespace Tx.Lang.Reference;

/// <summary>Evaluates one equation for all its points. The points of a definition write different elements, so they may run on several
/// threads; an update runs in the order of its points.</summary>
internal sealed class EquationEvaluator
{
    // Enough pieces of work to keep the threads busy to the end.
    private const int MinPieces = 16;

    private readonly Equation _equation;
    private readonly CancellationToken _cancellation;
    private readonly TermCompiler _terms;
    private readonly IterationDomain _domain;
    private readonly ImmutableArray<(TensorValues Tensor, IntegerCode Locate, ImmutableArray<IntegerCode> Indices)> _targets;
    private readonly Action<long[], Span<long>> _evaluate;

    public EquationEvaluator(
        Equation equation, IReadOnlyDictionary<DimSymbol, long> dims, IReadOnlyDictionary<TensorSymbol, TensorValues> tensors, CancellationToken cancellation)
    {
        (_equation, _cancellation) = (equation, cancellation);
        var shared = new SharedTerms();
        ReferenceEvaluator.CheckDepth(shared, equation.Value, equation.Targets[0].Tensor.Name);
        _terms = new(dims, tensors, shared, equation.Targets[0].Tensor.Name, cancellation);
        _domain = _terms.Domain(equation.Indices);
        _targets = [.. equation.Targets.Select(t => (tensors[t.Tensor], _terms.Locate(tensors[t.Tensor], t.Indices), t.Indices.Select(_terms.Integer).ToImmutableArray()))];
        _evaluate = CompileValue(equation);
    }

    public void Run()
    {
        int outer = 0;
        List<long[]> pieces = [[]];
        if (_equation.Update is null)
            while (outer < _domain.Rank && pieces.Count < MinPieces) pieces = Points(_domain.Take(++outer));
        var inner = _domain.Skip(outer);

        void RunPiece(long[] piece, long[] frame)
        {
            for (int d = 0; d < outer; d++) frame[_domain.Slots[d]] = piece[d];
            Frame.Renumber(frame);
            RunPoints(inner, frame);
        }
        try
        {
            var options = new ParallelOptions { CancellationToken = _cancellation };
            Parallel.For(0, pieces.Count, options, NewFrame, (i, _, frame) =>
            {
                RunPiece(pieces[i], frame);
                return frame;
            }, static _ => { });
        }
        catch (AggregateException) when (_cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(_cancellation);
        }
        catch (AggregateException e) when (e.InnerExceptions.All(x => x is DiagnosticException))
        {
            // Which thread fails first is chance; in order, the first failing point is reported.
            foreach (var piece in pieces) RunPiece(piece, NewFrame());
            throw;
        }
    }

    /// <summary>All points of the equation, in order.</summary>
    public List<long[]> Points() => Points(_domain);

    /// <summary>The element of each target that a point writes; −1 outside of it.</summary>
    public long[] ElementsOf(long[] point)
    {
        var frame = FrameAt(point);
        return [.. _targets.Select(t => t.Locate(frame))];
    }

    /// <summary>Evaluates one point, with a frame of its own: it may be called while another point is evaluated.</summary>
    public void RunPoint(long[] point)
    {
        _cancellation.ThrowIfCancellationRequested();
        var frame = FrameAt(point);
        Span<long> results = stackalloc long[_targets.Length];
        _evaluate(frame, results);
        for (int t = 0; t < _targets.Length; t++) Store(t, frame, results[t]);
    }

    private long[] FrameAt(long[] point)
    {
        var frame = NewFrame();
        for (int d = 0; d < point.Length; d++) frame[_domain.Slots[d]] = point[d];
        Frame.Renumber(frame);
        return frame;
    }

    private long[] NewFrame() => _terms.NewFrame();

    private List<long[]> Points(IterationDomain domain)
    {
        var points = new List<long[]>();
        var frame = NewFrame();
        Span<long> limits = stackalloc long[domain.Rank];
        for (bool more = domain.First(frame, limits); more; more = domain.Next(frame, limits))
        {
            var point = new long[domain.Rank];
            for (int d = 0; d < point.Length; d++) point[d] = frame[domain.Slots[d]];
            points.Add(point);
        }
        return points;
    }

    private void RunPoints(IterationDomain domain, long[] frame)
    {
        Span<long> limits = stackalloc long[domain.Rank];
        Span<long> results = stackalloc long[_targets.Length];
        for (bool more = domain.First(frame, limits); more; more = domain.Next(frame, limits))
        {
            _cancellation.ThrowIfCancellationRequested();
            _evaluate(frame, results);
            for (int t = 0; t < _targets.Length; t++) Store(t, frame, results[t]);
        }
    }

    private void Store(int target, long[] frame, long value)
    {
        var (tensor, locate, indices) = _targets[target];
        long p = locate(frame);
        if (p < 0)
        {
            var written = _equation.Targets[target];
            for (int d = 0; d < indices.Length; d++)
                if (indices[d](frame) is var at && (at < 0 || at >= tensor.Extents[d]) && TermMeasure.ReadsData(written.Indices[d]))
                    throw new WriteCheck(tensor.Symbol.Name, written, d).Failure(IndexDigits.Values(written.Indices[d], at, tensor.Extents[d]));
            throw new DiagnosticException(ReferenceDiagnostics.WrittenOutside, _equation.Span, tensor.Symbol.Name,
                TensorValues.Join([.. indices.Select(i => i(frame))]), TensorValues.Join(tensor.Extents));
        }
        var type = tensor.Symbol.Type;
        if (type.IsFloat)
        {
            double v = BitConverter.Int64BitsToDouble(value);
            tensor.Reals[p] = _equation.Update is { } op ? ScalarMath.Apply(op, Scalar.Of(type, tensor.Reals[p]), Scalar.Of(type, v)).Real : v;
        }
        else
        {
            tensor.Integers[p] = _equation.Update is { } op ? ScalarMath.Apply(op, Scalar.Of(type, tensor.Integers[p]), Scalar.Of(type, value)).Integer : value;
        }
    }

    /// <summary>Code that writes one value for each target; a float as its bits.</summary>
    private Action<long[], Span<long>> CompileValue(Equation equation)
    {
        if (equation.Value is ReduceTerm { Kind.KeepsIndex: true } reduce) return new ReductionCompiler(_terms).CompileSearch(reduce);
        var code = _terms.Compile(equation.Value);
        if (code.RealOrNull is { } real) return (f, results) => results[0] = BitConverter.DoubleToInt64Bits(real(f));
        var integer = code.Integer;
        return (f, results) => results[0] = integer(f);
    }
}
