using System.Collections.Concurrent;
using System.Collections.Immutable;
using Tx.Core.Sets;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

namespace Tx.Lower.Dependence;

/// <summary>Is there a point at which conditions hold?</summary>
/// <param name="Answer"><see cref="Emptiness.NotEmpty"/> only with a point that was tried on the conditions themselves.</param>
/// <param name="Point">The values of the variables that the conditions mention.</param>
public sealed record PointAnswer(Emptiness Answer, ImmutableDictionary<Var, long> Point)
{
    public static readonly PointAnswer Empty = new(Emptiness.Empty, ImmutableDictionary<Var, long>.Empty);
    public static readonly PointAnswer Unknown = new(Emptiness.Unknown, ImmutableDictionary<Var, long>.Empty);
}

/// <summary>Asks the integer-set library whether conditions of loop IR can hold together. Safe to use from several threads.</summary>
/// <param name="quota">Operations that the library may spend on one question; afterwards the answer is <see cref="Emptiness.Unknown"/>.</param>
public sealed class NestProver(int quota = NestProver.DefaultQuota) : IDisposable
{
    public const int DefaultQuota = 100_000;
    private const int MaxKeptAnswers = 1 << 14;

    /// <summary>Sizes tried for a point where products of dimensions leave the library without one.</summary>
    private static readonly ImmutableArray<long> TrialSizes = [2, 3, 5];

    private readonly ThreadLocal<IntegerSetSolver> _solver = new(() => new IntegerSetSolver(quota), trackAllValues: true);
    private readonly ConcurrentDictionary<string, (Emptiness, ImmutableArray<long>)> _answers = new();
    private long _questions, _solverCalls;

    /// <summary>Questions asked so far.</summary>
    public long QuestionCount => Interlocked.Read(ref _questions);
    /// <summary>How many questions reached the library; those with the same text reach it once.</summary>
    public long SolverCallCount => Interlocked.Read(ref _solverCalls);

    /// <summary>Integers for all variables such that every condition holds. Data may be anything, so conditions on data never give a point; they can
    /// only be found to contradict the others.</summary>
    /// <param name="dims">Those of the variables that are sizes of dimensions, which are not negative.</param>
    /// <exception cref="Core.DiagnosticException">The library is needed and not installed.</exception>
    public PointAnswer Find(IReadOnlyList<Expr> conditions, IReadOnlyCollection<Var> dims)
    {
        Interlocked.Increment(ref _questions);
        if (conditions.Any(c => c.IsFalse)) return PointAnswer.Empty;
        var set = NestSet.Of(conditions, dims);
        var (answer, found) = Ask(set, conditions, dims);
        if (answer is not Emptiness.NotEmpty) return answer is Emptiness.Empty ? PointAnswer.Empty : PointAnswer.Unknown;
        if (found is not null) return new(answer, found);
        if (set.IsExact || conditions.Any(c => !c.BuffersRead().IsEmpty)) return PointAnswer.Unknown;
        // A product becomes affine when its factors have numbers.
        var used = dims.Where(d => conditions.Any(c => c.UsesVar(d))).ToList();
        foreach (long size in used.Count == 0 ? [] : TrialSizes)
        {
            var sizes = used.ToDictionary(d => d, _ => size);
            var map = sizes.ToDictionary(d => d.Key, d => (Expr)IntImm.Index(d.Value));
            List<Expr> trial = [.. conditions.Select(c => Simplifier.Simplify(c.Substitute(map)))];
            if (Ask(NestSet.Of(trial, []), trial, []) is (Emptiness.NotEmpty, { } point)
                && point.SetItems(sizes) is var whole && Holds(conditions, whole)) return new(Emptiness.NotEmpty, whole);
        }
        return PointAnswer.Unknown;
    }

    // The point is null where it does not satisfy the conditions as written.
    private (Emptiness Answer, ImmutableDictionary<Var, long>? Point) Ask(NestSet set, IReadOnlyList<Expr> conditions, IReadOnlyCollection<Var> dims)
    {
        var (answer, coordinates) = Solve(set.Text, set.Variables.Count);
        if (answer is not Emptiness.NotEmpty || coordinates.Length != set.Variables.Count) return (answer, null);
        var point = ImmutableDictionary.CreateBuilder<Var, long>();
        for (int i = 0; i < coordinates.Length; i++)
            if (set.Variables[i] is { } v) point[v] = coordinates[i];
        var found = point.ToImmutable();
        return (answer, Holds(conditions, found) && dims.All(d => found.GetValueOrDefault(d) >= 0) ? found : null);
    }

    private static bool Holds(IReadOnlyList<Expr> conditions, IReadOnlyDictionary<Var, long> point)
    {
        var evaluator = new PointEvaluator(point);
        return conditions.All(evaluator.IsTrue);
    }

    private (Emptiness Answer, ImmutableArray<long> Point) Solve(string set, int dimensions)
    {
        if (_answers.TryGetValue(set, out var known)) return known;
        Interlocked.Increment(ref _solverCalls);
        var answer = _solver.Value!.Solve(set, dimensions);
        if (_answers.Count >= MaxKeptAnswers) _answers.Clear();
        return _answers[set] = answer;
    }

    public void Dispose()
    {
        foreach (var solver in _solver.Values) solver.Dispose();
        _solver.Dispose();
    }
}
