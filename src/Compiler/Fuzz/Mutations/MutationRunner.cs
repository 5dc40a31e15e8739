using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Fuzz.Mutations;

/// <summary>How far mutated programs came.</summary>
/// <param name="Parsed">Read without an error.</param>
/// <param name="Valid">Checked without an error.</param>
/// <param name="Compared">Operators that ran in every way.</param>
public sealed record MutationCounts(int Programs, int Parsed, int Valid, int Compared);

/// <summary>A mutated program that made the compiler do something else than report diagnostics.</summary>
public sealed record MutationFailure(ulong Seed, string Origin, string Where, string What, string Text)
{
    public override string ToString() => $"// seed {Seed.ToString(CultureInfo.InvariantCulture)} of {Origin}\n// {Where}: {What.ReplaceLineEndings("\n// ")}\n{Text}";
}

/// <summary>Mutates valid programs, and holds what comes out to this: whatever a text says, there are diagnostics or a program that runs alike
/// in every way; nothing else is thrown and nothing takes long.</summary>
public sealed class MutationRunner : IDisposable
{
    private readonly KernelCompiler _compiler = new(CpuTarget.Host());
    private readonly OperatorComparer _comparer;
    private readonly ImmutableArray<(string Path, string Text)> _corpus;

    /// <param name="corpus">Valid programs, with the paths that their imports are relative to.</param>
    public MutationRunner(IEnumerable<(string Path, string Text)> corpus)
    {
        _corpus = [.. corpus];
        _comparer = new(_compiler);
    }

    /// <summary>What a program may take from text to result, of processor time: a busy machine proves nothing.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(20);

    public MutationCounts Counts { get; private set; } = new(0, 0, 0, 0);

    /// <summary>The mutated text of a seed, and the program it comes from.</summary>
    public (string Path, string Text) Mutate(ulong seed)
    {
        var random = new Random(unchecked((int)(seed ^ (seed >> 32) * 0x9E3779B1)));
        var (path, text) = _corpus.IsEmpty || random.Next(3) == 0 ? ("<generated>", ProgramGenerator.Generate(seed).Text) : _corpus[random.Next(_corpus.Length)];
        int edits = 1 + (random.Next(3) == 0 ? random.Next(3) : 0);
        for (int i = 0; i < edits; i++)
            text = random.Next(4) == 0 ? TokenMutator.Mutate(text, random) : SyntaxMutator.Mutate(text, SyntaxParser.Parse(new(path, text)).Root, random);
        return (path, text);
    }

    /// <summary>Null where the program of this seed is refused or runs as it should.</summary>
    public MutationFailure? Run(ulong seed)
    {
        var (path, text) = Mutate(seed);
        string where = "start";
        MutationFailure? failure = null;
        // A thread of its own: it can be given up, and its stack is as large as the program's.
        var thread = new Thread(() =>
        {
            try { failure = Run(seed, path, text, out where); }
            catch (Exception e) { failure = new(seed, path, where, e.ToString(), text); }
        }, 256 << 20) { IsBackground = true };
        var start = Environment.CpuUsage.TotalTime;
        thread.Start();
        bool isDone = false;
        do isDone = thread.Join(TimeLimit);
        while (!isDone && Environment.CpuUsage.TotalTime - start < TimeLimit);
        return isDone ? failure : new(seed, path, $"{where}, {_comparer.Where}", string.Create(CultureInfo.InvariantCulture, $"takes longer than {TimeLimit.TotalSeconds} s"), text);
    }

    private MutationFailure? Run(ulong seed, string path, string text, out string where)
    {
        where = "parse";
        Counts = Counts with { Programs = Counts.Programs + 1 };
        var source = new SourceText(path, text);
        var tree = SyntaxParser.Parse(source);
        _ = DiagnosticRenderer.Render(tree.Diagnostics);
        bool isParsed = !tree.Diagnostics.Any(d => d.IsError);
        if (isParsed) Counts = Counts with { Parsed = Counts.Parsed + 1 };
        if (isParsed && SyntaxParser.Parse(new(path, SyntaxPrinter.Print(tree.Root))).Diagnostics.Any(d => d.IsError))
            return new(seed, path, where, "its printed form does not parse", text);

        where = "check";
        var output = new Messages();
        using var session = new Session(new() { Threads = 1 }, output);
        var program = session.Check(source);
        foreach (var d in output.Found) _ = DiagnosticRenderer.Render([d]);
        if (program is null)
            return output.Found.Exists(d => d.IsError) ? null : new(seed, path, where, "is refused without an error", text);
        Counts = Counts with { Valid = Counts.Valid + 1 };

        foreach (var op in program.Declarations.Operators.Values.Where(o => ReferenceEquals(o.Span.Source, source)))
        {
            where = $"run {op.Name.Text}";
            if (Compare(session, op, seed) is { } different) return new(seed, path, $"{where}, {different.Where}", different.What, text);
        }
        return null;
    }

    private Disagreement? Compare(Session session, OpSyntax op, ulong seed)
    {
        var bag = new DiagnosticBag();
        if (session.Resolver.Binder.Bind(op, Specialisation.Representative(op), bag) is not { } bound || bag.HasErrors) return null;
        foreach (int size in new[] { 5, 9 })
        {
            var dims = bound.Dims.Select((d, i) => (d, n: (long)(size + i % 3))).ToDictionary(p => p.d, p => p.n);
            if (bound.Requires.Any(r => Terms.Decide(r, dims) != true)) continue;
            try
            {
                session.Resolver.Prove(bound, dims, null);
                // No tensor has such a shape, so nobody can call it with these sizes.
                if (bound.Parameters.Any(p => OperatorShapes.Of(p, dims).Any(n => n < 0))) continue;
                if (Elements(bound, dims) > 1 << 16 || WorkEstimate.Of(bound, dims) > 1e6) continue;
            }
            catch (DiagnosticException) { continue; }
            var workload = new Workload(bound, dims, [.. bound.Parameters.Select((p, i) => Data(p, dims, unchecked((int)seed + i)))], Tolerance: 1e-3, unchecked((int)seed)) { MaxSteps = 100_000 };
            try
            {
                var found = _comparer.Run([workload]);
                Counts = Counts with { Compared = Counts.Compared + 1 };
                return found;
            }
            catch (WorkloadTooLongException) { return null; }
        }
        return null;
    }

    // Of all tensors together.
    private static double Elements(Operator op, IReadOnlyDictionary<DimSymbol, long> dims) =>
        op.Parameters.Concat(op.Stages.SelectMany(s => s.Tensors)).Sum(t => OperatorShapes.Of(t, dims).Aggregate(1.0, (n, e) => n * e));

    private static DenseArray Data(TensorSymbol tensor, IReadOnlyDictionary<DimSymbol, long> dims, int seed)
    {
        var random = new Random(seed);
        var array = new DenseArray(tensor.Type, OperatorShapes.Of(tensor, dims));
        for (long i = 0; i < array.Count; i++) array[i] = Scalar.Of(tensor.Type, (long)random.Next(tensor.Type.IsUnsigned ? 0 : -4, 5));
        return array;
    }

    public void Dispose()
    {
        _comparer.Dispose();
        _compiler.Dispose();
    }

    private sealed class Messages : ISessionOutput
    {
        public List<Diagnostic> Found { get; } = [];
        public void Report(Diagnostic diagnostic) => Found.Add(diagnostic);
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
    }
}
