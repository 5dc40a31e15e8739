using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower;
using Tx.Fuzz.CPrograms;
using Tx.Runtime;

namespace Tx.Fuzz;

/// <summary>What went wrong with a generated program, and where.</summary>
public sealed record FuzzFailure(GeneratedProgram Program, string Where, string What)
{
    /// <summary>A reproducer: the program, with what happened as a comment.</summary>
    public override string ToString() =>
        $"// seed {Program.Seed.ToString(CultureInfo.InvariantCulture)}, sizes {string.Join(' ', Program.Sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={s.Value}"))}\n// {Where}: {What}\n{Program.Text}";
}

/// <summary>Runs a generated program by the reference evaluator, by the loop interpreter on the plain nest, on the default schedule and after every pass,
/// and as a compiled kernel, and compares: integers and integer-valued floats bit for bit, others within a tolerance.</summary>
public sealed class DifferentialRunner : IDisposable
{
    private const int SymbolicSizes = 3, SizeAttempts = 12;

    private readonly OperatorResolver _resolver;
    private readonly KernelCompiler _compiler;
    private readonly OperatorComparer _comparer;
    private readonly bool _symbolic;
    private DeclarationTable _table = DeclarationTable.Empty;

    /// <param name="target">What to schedule for; null: this machine. Wider vectors than the machine has still run, in parts.</param>
    /// <param name="symbolic">Programs are lowered and compiled once for all sizes, and run at several.</param>
    /// <param name="passes">Instead of the target's pass list; to see what a broken pass does.</param>
    /// <param name="inC">Programs run in C, too: scheduled for this machine and for a small one, with sanitizers.</param>
    /// <exception cref="DiagnosticException">There is no compiler of C (TX4051).</exception>
    public DifferentialRunner(CpuTarget? target = null, bool symbolic = false, ImmutableArray<Pass>? passes = null, bool inC = false)
    {
        _symbolic = symbolic;
        _compiler = new(target ?? CpuTarget.Host());
        _comparer = new(_compiler, passes, inC ? new CComparer(_compiler.Target) : null);
        _resolver = new(() => _table, new TensorAllocator()) { TriesLaws = false };
    }

    /// <summary>Null where everything agrees.</summary>
    public FuzzFailure? Run(GeneratedProgram program)
    {
        FuzzFailure Fail(string where, string what) => new(program, where, what);
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new SourceText($"<seed {program.Seed.ToString(CultureInfo.InvariantCulture)}>", program.Text));
        bag.AddRange(tree.Diagnostics);
        _table = DeclarationTable.Build(tree, (_, _) => null, DeclarationTable.Empty, bag);
        var op = bag.HasErrors ? null : _resolver.Binder.Bind(_table.Operators[program.Operator], Specialisation.Empty, bag);
        if (op is null || bag.HasErrors) return Fail("check", DiagnosticRenderer.Render(bag.Items));
        var dims = op.Dims.ToImmutableDictionary(d => d, d => program.Sizes[d.Name]);
        try { _resolver.Prove(op, dims, null); }
        catch (DiagnosticException e) { return Fail("proof", DiagnosticRenderer.Render(e.Diagnostics)); }

        // An f64 may come from an f32.
        double tolerance = program.IsExact ? 0 : program.Text.Contains("f32", StringComparison.Ordinal) ? 2e-4 : 1e-10;
        var sizes = _symbolic ? SizesOf(op, dims, program) : [dims];
        ImmutableArray<Workload> runs = [.. sizes.Select(d => new Workload(op, d, Inputs(op, d, program), tolerance, unchecked((int)program.Seed)))];
        return _comparer.Run(runs, _symbolic) is { } found ? Fail(found.Where, found.What) : null;
    }

    // Larger sizes could make sums that are no longer exact.
    private IEnumerable<ImmutableDictionary<DimSymbol, long>> SizesOf(Operator op, ImmutableDictionary<DimSymbol, long> dims, GeneratedProgram program)
    {
        yield return dims;
        var random = new Random(unchecked((int)program.Seed * 17 + 3));
        for (int found = 1, n = 0; found < SymbolicSizes && n < SizeAttempts; n++)
        {
            var smaller = op.Dims.ToImmutableDictionary(d => d, d => random.NextInt64(dims[d] + 1));
            if (!IsAdmitted(op, smaller)) continue;
            found++;
            yield return smaller;
        }
    }

    private bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        try { _resolver.Admit(op, dims); }
        catch (DiagnosticException) { return false; }
        return true;
    }

    private static ImmutableArray<DenseArray> Inputs(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, GeneratedProgram program)
    {
        var values = new InputValues(program.Mode, unchecked((int)program.Seed * 31 + 7));
        return [.. op.Parameters.Select(p => values.Fill(new DenseArray(p.Type, OperatorShapes.Of(p, dims))))];
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _comparer.Dispose();
        _compiler.Dispose();
    }
}
