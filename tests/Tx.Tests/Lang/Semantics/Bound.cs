using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Semantics;

/// <summary>Proves by trying small sizes: enough for tests of the binder, which asks only about sizes.</summary>
internal sealed class SmallSizesProver : IProver
{
    public int Calls { get; private set; }

    public ProofResult Prove(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term condition)
    {
        Calls++;
        var dims = new HashSet<DimSymbol>();
        foreach (var t in assumptions.Append(condition)) new DimCollector(dims).Visit(t);
        var order = dims.OrderBy(d => d.Name, StringComparer.Ordinal).ToList();
        var sizes = new Dictionary<DimSymbol, long>();
        return Try(0) is { } witness ? new(Verdict.Refuted, [.. witness]) : ProofResult.Proved;

        List<(string, long)>? Try(int k)
        {
            if (k == order.Count)
                return assumptions.All(a => Terms.Decide(a, sizes) == true) && Terms.Decide(condition, sizes) == false
                    ? [.. order.Select(d => (d.Name, sizes[d]))] : null;
            for (long n = 0; n < 6; n++)
            {
                sizes[order[k]] = n;
                if (Try(k + 1) is { } found) return found;
            }
            return null;
        }
    }

    private sealed class DimCollector(HashSet<DimSymbol> dims) : TermRewriter
    {
        protected override Term VisitDim(DimTerm d)
        {
            dims.Add(d.Dim);
            return d;
        }
    }
}

/// <summary>Binds the operators of a text.</summary>
internal sealed class Bound
{
    private static readonly Tx.Lang.Proofs.IslProver Prover = new();

    public required ModuleBinder Module { get; init; }
    public required DiagnosticBag Bag { get; init; }

    public static Bound Of(string text, IProver? prover = null, params (string Path, string Text)[] files)
    {
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new SourceText("test.tx", text));
        bag.AddRange(tree.Diagnostics);
        var table = DeclarationTable.Build(tree, (_, path) => Find(path), null, bag);
        return new() { Module = new(table, prover ?? Prover), Bag = bag };

        SyntaxTree? Find(string path) => files.Where(f => f.Path == path).Select(f => SyntaxParser.Parse(new SourceText(f.Path, f.Text))).FirstOrDefault();
    }

    public OpSyntax Syntax(string name) => Module.Table.Operators[name];

    public Operator? Bind(string name, Specialisation? specialisation = null) =>
        Module.Bind(Syntax(name), specialisation ?? Specialisation.Representative(Syntax(name)), Bag);

    /// <summary>The bound operator as text; fails the test with the errors where there are some.</summary>
    public static string Print(string text, string name, Specialisation? specialisation = null)
    {
        var bound = Of(text);
        var op = bound.Bind(name, specialisation);
        Assert.True(op is not null && !bound.Bag.HasErrors, string.Join("\n", bound.Bag.Items.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        return ProgramPrinter.Print(op);
    }

    /// <summary>The codes of all errors and warnings of all operators of a text.</summary>
    public static IReadOnlyList<Diagnostic> Errors(string text)
    {
        var bound = Of(text);
        bound.Module.CheckConsts(bound.Bag);
        foreach (string name in bound.Module.Table.Operators.Keys) bound.Bind(name);
        return bound.Bag.Items;
    }
}
