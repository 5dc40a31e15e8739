using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Reference;

/// <summary>Evaluates a stage whose elements need each other: an element is computed when it is first read. It needs no order of
/// evaluation, so it can judge the one that was found.</summary>
internal sealed class DemandEvaluator
{
    // Deeper chains start again from their end, so that the stack stays small.
    private const int MaxDepth = 200;

    private enum State : byte { Open, Active, Done }

    private readonly record struct Element(int Tensor, long Position);

    private sealed class TooDeepException(Element element) : Exception
    {
        public Element Element { get; } = element;
    }

    private readonly Stage _stage;
    private readonly EquationEvaluator[] _equations;
    private readonly State[][] _states;
    /// <summary>For each element the equation and the point that compute it.</summary>
    private readonly (EquationEvaluator? Equation, long[] Point)[][] _writers;
    private int _depth;

    public DemandEvaluator(Stage stage, IReadOnlyDictionary<DimSymbol, long> dims, IReadOnlyDictionary<TensorSymbol, TensorValues> tensors, CancellationToken cancellation)
    {
        _stage = stage;
        var values = stage.Tensors.Select(t => tensors[t]).ToArray();
        long[] counts = [.. values.Select(v => Math.Max(v.Reals.LongLength, v.Integers.LongLength))];
        _states = [.. counts.Select(n => new State[n])];
        _writers = [.. counts.Select(n => new (EquationEvaluator?, long[])[n])];
        for (int t = 0; t < values.Length; t++)
        {
            int tensor = t;
            values[t].Demand = p => Demand(new(tensor, p));
        }
        _equations = [.. stage.Equations.Select(e => new EquationEvaluator(e, dims, tensors, cancellation))];
        foreach (var v in values) v.Demand = null;
    }

    public void Run()
    {
        for (int e = 0; e < _equations.Length; e++)
            foreach (var point in _equations[e].Points())
            {
                long[] at = _equations[e].ElementsOf(point);
                for (int t = 0; t < at.Length; t++)
                {
                    int tensor = _stage.Tensors.IndexOf(_stage.Equations[e].Targets[t].Tensor);
                    if (at[t] < 0) _equations[e].RunPoint(point);
                    else _writers[tensor][at[t]] = (_equations[e], point);
                }
            }
        for (int t = 0; t < _states.Length; t++)
            for (long p = 0; p < _states[t].LongLength; p++)
                if (_states[t][p] is State.Open) Compute(new(t, p));
    }

    private void Compute(Element root)
    {
        var roots = new Stack<Element>([root]);
        var waiting = new HashSet<Element> { root };
        while (roots.TryPeek(out var element))
        {
            try
            {
                _depth = 0;
                Demand(element);
                roots.Pop();
                waiting.Remove(element);
            }
            catch (TooDeepException e)
            {
                if (!waiting.Add(e.Element)) throw Cycle(e.Element);
                roots.Push(e.Element);
            }
        }
    }

    private void Demand(Element element)
    {
        ref var state = ref _states[element.Tensor][element.Position];
        if (state is State.Done) return;
        if (state is State.Active) throw Cycle(element);
        if (_depth == MaxDepth) throw new TooDeepException(element);
        var (equation, point) = _writers[element.Tensor][element.Position];
        if (equation is null) throw new CompilerBugException("reference evaluator", $"no equation defines an element of `{_stage.Tensors[element.Tensor].Name}`");
        state = State.Active;
        _depth++;
        try
        {
            equation.RunPoint(point);
            state = State.Done;
        }
        finally
        {
            _depth--;
            if (state is State.Active) state = State.Open;
        }
    }

    // Refused when the operator is bound.
    private CompilerBugException Cycle(Element element) =>
        new("reference evaluator", $"an element of `{_stage.Tensors[element.Tensor].Name}` needs itself");
}
