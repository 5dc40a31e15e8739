using System.Collections.Concurrent;
using System.Collections.Immutable;
using Tx.Core.Sets;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Proves by bounds where that is enough, else by the integer-set library. Safe to use from several threads.</summary>
/// <param name="quota">Operations that the library may spend on one question; afterwards the answer is <see cref="Verdict.Unknown"/>.</param>
public sealed class IslProver(int quota = IslProver.DefaultQuota) : IProver, IDisposable
{
    public const int DefaultQuota = 100_000;
    private const int MaxEnumeratedPoints = 1 << 17, MaxKeptAnswers = 1 << 14;

    /// <summary>Sizes tried for a witness where products of dimensions leave the library without one.</summary>
    private static readonly ImmutableArray<long> TrialSizes = [1, 2, 3];

    private readonly ThreadLocal<IntegerSetSolver> _solver = new(() => new IntegerSetSolver(quota), trackAllValues: true);
    private readonly ConcurrentDictionary<string, (Emptiness, ImmutableArray<long>)> _answers = new();
    private long _questions, _solverCalls;

    /// <summary>Conditions asked for so far.</summary>
    public long QuestionCount => Interlocked.Read(ref _questions);
    /// <summary>How many questions reached the library; those with the same text reach it once.</summary>
    public long SolverCallCount => Interlocked.Read(ref _solverCalls);

    /// <inheritdoc/>
    /// <exception cref="Core.DiagnosticException">The library is needed and not installed.</exception>
    public ProofResult Prove(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term condition)
    {
        Interlocked.Increment(ref _questions);
        if (new BoundsProof(assumptions, scope).Holds(condition)) return ProofResult.Proved;

        var question = new Question(assumptions, scope, condition);
        var (answer, isExact) = Ask(question, out var point);
        if (answer is Emptiness.Empty) return ProofResult.Proved;
        if (point is not null && question.Refutation(point) is { } refuted) return refuted;
        if (answer is not Emptiness.NotEmpty || isExact) return ProofResult.Unknown;
        if (question.Dims.IsEmpty) return Enumerate(question);
        // A product becomes affine when one factor has a number: one dimension stays open first, then none.
        for (int open = question.Dims.Length > 1 ? 1 : 0; open >= 0; open--)
            foreach (long size in TrialSizes)
            {
                var trial = question.WithDims(question.Dims.Skip(open).ToDictionary(d => d, _ => size));
                if (Ask(trial, out point).Answer is Emptiness.NotEmpty && point is not null && question.Refutation(trial.Restore(point)) is { } found)
                    return found;
            }
        return ProofResult.Unknown;
    }

    private (Emptiness Answer, bool IsExact) Ask(Question question, out Point? point)
    {
        point = null;
        var translator = new SetTranslator();
        string set = translator.Translate(question.Assumptions, question.Scope, Terms.Negate(question.Condition));
        var (answer, coordinates) = Solve(set, translator.Variables.Count);
        if (answer is Emptiness.NotEmpty && coordinates.Length == translator.Variables.Count)
        {
            point = new([], []);
            for (int i = 0; i < coordinates.Length; i++)
                if (translator.Variables[i] is DimSymbol d) point.Dims[d] = coordinates[i];
                else if (translator.Variables[i] is IndexSymbol index) point.Indices[index] = coordinates[i];
        }
        return (answer, translator.IsExact);
    }

    private (Emptiness Answer, ImmutableArray<long> Point) Solve(string set, int dimensions)
    {
        if (_answers.TryGetValue(set, out var known)) return known;
        Interlocked.Increment(ref _solverCalls);
        var answer = _solver.Value!.Solve(set, dimensions);
        if (_answers.Count >= MaxKeptAnswers) _answers.Clear();
        return _answers[set] = answer;
    }

    /// <summary>Where there are only numbers and few of them, all points are tried.</summary>
    private static ProofResult Enumerate(Question question)
    {
        var indices = new Dictionary<IndexSymbol, long>();
        int points = 0;
        ProofResult? found = null;
        bool isDecided = Walk(0);
        return found ?? (isDecided ? ProofResult.Proved : ProofResult.Unknown);

        bool Walk(int depth)
        {
            if (depth == question.Scope.Length)
            {
                if (++points > MaxEnumeratedPoints) return false;
                foreach (var assumption in question.Assumptions)
                    if (Terms.Decide(assumption, null, indices) is not { } holds) return false;
                    else if (!holds) return true;
                if (Terms.Decide(question.Condition, null, indices) is not { } result) return false;
                if (!result) found = question.Refutation(new([], indices));
                return result;
            }
            var index = question.Scope[depth];
            if (Terms.Evaluate(index.Start, null, indices) is not { } start || Terms.Evaluate(index.End, null, indices) is not { } end) return false;
            for (long i = start; i < end; i++)
            {
                indices[index] = i;
                if (!Walk(depth + 1)) return false;
            }
            indices.Remove(index);
            return true;
        }
    }

    public void Dispose()
    {
        foreach (var solver in _solver.Values) solver.Dispose();
        _solver.Dispose();
    }
}
