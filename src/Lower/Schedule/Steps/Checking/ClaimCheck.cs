using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Tx.Core;
using Tx.Lower.Dependence;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;

namespace Tx.Lower.Schedule.Steps.Checking;

/// <summary>What became of a check.</summary>
internal abstract record ClaimOutcome
{
    /// <param name="Count">Choices of sizes at which both functions gave the same.</param>
    public sealed record Agree(int Count) : ClaimOutcome;
    /// <param name="Where">For which sizes, and which element: <c>for N = 5: …</c>.</param>
    public sealed record Differ(string Where) : ClaimOutcome;
    public sealed record NoTime : ClaimOutcome;
    /// <param name="IsOfData">Another run may touch other elements: no number of runs says enough.</param>
    public sealed record Impossible(string Why, bool IsOfData = false) : ClaimOutcome;
}

/// <summary>Runs the nests before and after a step in the interpreter and compares all that they compute. Floats are residues, so sums may be grouped in any order unless they
/// keep theirs; iterations of parallel loops and lanes of vectors run in shuffled order, and two that touch one element are reported.</summary>
internal static class ClaimCheck
{
    private const long MaxSteps = 1L << 32;
    /// <summary>The interpreter keeps some forty bytes for each.</summary>
    private const long MaxElements = 1 << 21;

    /// <param name="terms">The time counts from the end of the first run on, which also compiles the interpreter.</param>
    public static ClaimOutcome Run(ClaimFunctions functions, StepClaim claim, CheckingTerms terms)
    {
        if (Data(functions) is { } data) return new ClaimOutcome.Impossible($"`{data}` is at an index, or under a condition, that comes from data", IsOfData: true);
        if (new LaneLoops(claim.Loops).Combining(functions.After.Body) is { } combining) return new ClaimOutcome.Impossible($"the lanes of `{combining.Name}` combine their results");
        if (ReducedSizes.Of([functions.Before, functions.After], terms.Numbers) is not { } choices) return new ClaimOutcome.NoTime();
        var after = functions.After.With(new LaneLoops(claim.Loops).Visit(functions.After.Body));
        var before = functions.Before;
        int agreed = 0, tried = 0;
        long? deadline = null;
        foreach (var sizes in choices.AsEnumerable().Where(c => terms.Admits(c)))
        {
            tried++;
            var options = new InterpreterOptions(Seed: tried, Domain: ModularDomain.Instance, MaxSteps) { OrderedDomain = OrderedDomain.Instance, Deadline = deadline };
            ImmutableArray<DenseArray> inputs;
            RunResult expected;
            try
            {
                inputs = Inputs(before, sizes, tried);
                expected = LoopInterpreter.Run(before, inputs, sizes, options);
            }
            catch (InterpreterFaultException e) when (IsLimit(e)) { return new ClaimOutcome.NoTime(); }
            // The operator owes something else at these sizes.
            catch (InterpreterFaultException) { continue; }
            if (expected.Check is not null) continue;
            string? difference;
            try
            {
                var actual = LoopInterpreter.Run(after, inputs, sizes, options);
                difference = actual.Check is { } failed ? $"a run-time check fails: {failed.Message.Code}" : Difference(before, expected, actual) is { } element ? $"`{element}` has another value" : null;
            }
            catch (InterpreterFaultException e) when (IsLimit(e)) { return new ClaimOutcome.NoTime(); }
            catch (InterpreterFaultException e) { difference = Describe(e); }
            if (difference is not null)
            {
                if (terms.Applies(sizes)) return new ClaimOutcome.Differ(At(sizes) + difference);
                continue;
            }
            agreed++;
            deadline ??= Stopwatch.GetTimestamp() + (long)(terms.Time.TotalSeconds * Stopwatch.Frequency);
            if (Stopwatch.GetTimestamp() > deadline) return new ClaimOutcome.NoTime();
        }
        // Where most choices end in a fault the few that do not say little.
        return agreed > 0 && 2 * agreed >= tried ? new ClaimOutcome.Agree(agreed) : new ClaimOutcome.Impossible("it runs at too few of the sizes that are tried");
    }

    private static bool IsLimit(InterpreterFaultException e) => e.Kind is FaultKind.TooManySteps or FaultKind.OutOfTime or FaultKind.TooLarge;

    /// <summary>The buffer of an access whose place, or whose condition, is read from memory.</summary>
    private static string? Data(ClaimFunctions functions) =>
        AccessCollector.Collect(functions.Before.Body).Concat(AccessCollector.Collect(functions.After.Body))
            .FirstOrDefault(a => a.Indices.Concat(a.Guards).Concat(a.Loops.SelectMany(l => (Expr[])[l.Min, l.Extent])).Any(e => !Analysis.Uses.BuffersRead(e).IsEmpty))?.Buffer.Name;

    private static string At(IReadOnlyDictionary<string, long> sizes) =>
        sizes.Count == 0 ? "" : $"for {string.Join(", ", sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} = {s.Value}")))}: ";

    private static string Describe(InterpreterFaultException e)
    {
        string element = $"`{e.Buffer}[{string.Join(", ", e.Indices)}]`";
        return e.Agents is var (first, second) ? $"iterations ({first}) and ({second}) both touch {element}, and one of them writes it" : $"{(e.Buffer is null ? e.Message : $"{element} is touched")}{e.Kind switch
        {
            FaultKind.OutOfBounds => " outside of its bounds",
            FaultKind.Uninitialised => " before anything is written there",
            FaultKind.Unwritten => ", or rather never written",
            _ => "",
        }}";
    }

    private static string? Difference(LoopFunction f, RunResult expected, RunResult actual)
    {
        ImmutableArray<Ir.Buffer> outputs = [.. f.Parameters.Where(p => p.Role is BufferRole.Output)];
        for (int n = 0; n < outputs.Length; n++)
            for (int p = 0; p < expected.Values[n].Length; p++)
                if (expected.Values[n][p] != actual.Values[n][p]) return $"{ClaimFunctions.NameOf(outputs[n])}[{string.Join(", ", IndicesOf(p, expected.Outputs[n].Shape))}]";
        return null;
    }

    private static long[] IndicesOf(long position, ImmutableArray<long> shape)
    {
        var indices = new long[shape.Length];
        for (int d = shape.Length - 1; d >= 0; d--) (position, indices[d]) = Math.DivRem(position, shape[d]);
        return indices;
    }

    private static ImmutableArray<DenseArray> Inputs(LoopFunction f, IReadOnlyDictionary<string, long> sizes, int seed)
    {
        var random = new Random(seed);
        var point = f.Dims.ToDictionary(d => d.Variable, d => sizes[d.Variable.Name]);
        var shapes = f.Parameters.Concat(f.Temporaries).ToDictionary(p => p, p => p.Shape.Select(e => new PointEvaluator(point).Evaluate(e) is { } n and >= 0 ? n : throw new InterpreterFaultException(FaultKind.BadCall, "no extent")).ToImmutableArray());
        if (shapes.Values.Any(s => s.Aggregate((Int128)1, (c, n) => Int128.Min(c * n, long.MaxValue)) > MaxElements)) throw new InterpreterFaultException(FaultKind.TooLarge, "too many elements");
        return [.. f.Parameters.Where(p => p.Role is BufferRole.Input).Select(p =>
        {
            var shape = shapes[p];
            var array = new DenseArray(p.Type, shape);
            for (long i = 0; i < array.Count; i++) array[i] = Value(p.Type, random);
            return array;
        })];
    }

    // Not 0: it hides what it is multiplied with, and divides nothing.
    private static Scalar Value(ElementType type, Random random) =>
        type is ElementType.Bool ? Scalar.Bool(random.Next(2) == 1) : type.IsFloat ? Scalar.Of(type, 0.5 + random.NextDouble()) : Scalar.Of(type, (long)random.Next(1, 100));

    /// <summary>Lanes as agents: what one of them leaves to another is a conflict.</summary>
    private sealed class LaneLoops(ImmutableArray<Var> claimed) : Rewriter
    {
        /// <summary>A claimed loop whose lanes add up: as agents they would conflict, and as lanes they do not.</summary>
        public Var? Combining(Stmt s) => LoopPlace.LoopsIn(s).FirstOrDefault(f => f.Kind is LoopKind.Vectorized && claimed.Contains(f.Variable) && Combines(f))?.Variable;

        public override Expr Visit(Expr e) => e;

        protected override Stmt VisitFor(For f) => base.VisitFor(f.Kind is LoopKind.Vectorized && !Combines(f) ? new For(f.Variable, f.Min, f.Extent, LoopKind.Parallel, f.Body, null, f.Origin) : f);

        private static bool Combines(For f) =>
            AccessCollector.Collect(f).Any(a => a.IsWrite && a.IsAccumulation && !a.IsPrivate && a.Indices.All(i => !Analysis.Uses.UsesVar(i, f.Variable)));
    }
}
