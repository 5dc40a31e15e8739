using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>An end of a stated range that comes from data, which is refused: sizes are known before a kernel runs. While the equation is bound, a
/// symbol stands for it, so that what would fall outside can be shown.</summary>
/// <param name="Bound">The end, as it was written.</param>
/// <param name="Symbol">Stands for its value.</param>
/// <param name="IsEnd">The end of the range; else its start.</param>
/// <param name="MayChoose">A condition may be added behind the range.</param>
internal sealed record DataBound(IndexSymbol Index, BinderSyntax Binder, Term Bound, ExpressionSyntax Text, IndexSymbol Symbol, bool IsEnd, bool MayChoose)
{
    /// <summary>A symbol over values that a term of an integer type can have. None is less than −1, which is bad enough to be shown.</summary>
    public static IndexSymbol SymbolOf(Term bound)
    {
        var (low, high) = (Int128.Max(bound.Type.MinValue, -1), Int128.Min(bound.Type.MaxValue, Int128.One << 62));
        return new(Terms.PrintIndex(bound), false, bound.Span) { Start = ConstTerm.Int((long)low), End = ConstTerm.Int((long)high + 1) };
    }

    /// <summary>The error, with sizes and a value for which an access falls outside where there is one.</summary>
    /// <param name="accesses">Reads and left sides of the equation.</param>
    public Diagnostic Report(IEnumerable<RecordedRead> accesses, ImmutableArray<Term> requires, IProver prover)
    {
        string bound = Terms.PrintIndex(Bound);
        ImmutableArray<object?> arguments = [Index.Name, IsEnd ? "ends" : "starts", bound];
        var error = Diagnostic.Create(SemanticDiagnostics.RangeFromData, Text.Span, [.. arguments]);
        Term? extent = null;
        foreach (var access in accesses)
            for (int d = 0; d < access.Subscripts.Length; d++)
            {
                if (!access.Bounds || !Mentions(access.Subscripts[d])) continue;
                if (access.IsBare[d]) extent ??= access.Tensor.Shape[d];
                if (error.Witness is not null) continue;
                var inside = new LogicalTerm(true, new BinaryTerm(BinaryOp.Le, ConstTerm.Int(0), access.Subscripts[d]), new BinaryTerm(BinaryOp.Lt, access.Subscripts[d], access.Tensor.Shape[d]));
                var result = prover.Prove(requires, [], inside);
                if (result.Verdict is not Verdict.Refuted) continue;
                var read = new ReadTerm(access.Tensor, access.Subscripts);
                var claim = new Deferred(new(SemanticDiagnostics.RangeFromData, arguments, inside, [], [], Text.Span, [new(access.Span, "this falls outside")]), read, d);
                error = ProofReport.Refuted(claim, result);
            }
        if (extent is null) return error;
        string number = Bound.Type is ElementType.Int ? Text.Span.Text : $"int({Text.Span.Text})";
        string other = IsEnd ? Binder.Range!.Start.Span.Text : Binder.Range!.End!.Span.Text;
        string range = IsEnd ? $"{other}..{Terms.Print(extent)}" : $"0..{other}";
        string mended = $"{Index.Name} in {range} if {Index.Name} {(IsEnd ? "<" : ">=")} {number}";
        error = error.WithHelp($"range over all and choose: `{mended}`");
        return MayChoose ? error.WithFix(Binder.Span, mended) : error;
    }

    private bool Mentions(Term subscript)
    {
        var symbols = new SymbolCollector();
        symbols.Visit(subscript);
        return symbols.Indices.Contains(Index);
    }
}
