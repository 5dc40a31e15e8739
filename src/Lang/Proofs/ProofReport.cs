using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>Words for proofs that failed.</summary>
internal static class ProofReport
{
    public static Diagnostic Refuted(Obligation o, ProofResult result) => Refuted(new Deferred(o, null, 0), result);

    public static Diagnostic Refuted(Deferred claim, ProofResult result)
    {
        var error = Describe(claim);
        var symbols = new SymbolCollector();
        symbols.Visit(claim.Obligation.Condition);
        var values = new Dictionary<string, long>();
        foreach (var (name, value) in result.Witness) values.TryAdd(name, value);
        string[] names = [.. symbols.Dims.Select(d => d.Name), .. symbols.Indices.Select(i => i.Name)];
        if (names.Length == 0) return error;
        string witness = "for " + string.Join(", ", names.Distinct().Where(values.ContainsKey).Select(n => $"{n} = {Number(values[n])}"));
        if (claim.Read is { } read)
        {
            var (dims, indices) = Values(read, values);
            string at = string.Join(", ", read.Indices.Select(i => Terms.Evaluate(i, dims, indices) is { } n ? Number(n) : Terms.Print(i)));
            var extent = read.Tensor.Shape[claim.Dimension];
            witness += $" reads `{read.Tensor.Name}[{at}]`, extent {(Terms.Evaluate(extent, dims) is { } e ? Number(e) : Terms.Print(extent))}";
        }
        else if (claim.Obligation.Element is { } element)
        {
            var (dims, indices) = Values(element, values);
            witness += $": `{element.Tensor.Name}{(element.Indices.IsEmpty ? "" : $"[{string.Join(", ", element.Indices.Select(i => Terms.Evaluate(i, dims, indices) is { } n ? Number(n) : Terms.Print(i)))}]")}`";
        }
        return error.WithWitness(witness);
    }

    public static Diagnostic NotDecided(Deferred claim) =>
        Diagnostic.Create(ProofDiagnostics.NotDecided, claim.Obligation.Span, Terms.Print(claim.Obligation.Condition)) with { Labels = claim.Obligation.Labels };

    private static Diagnostic Describe(Deferred claim)
    {
        var o = claim.Obligation;
        var error = Diagnostic.Create(o.Descriptor, o.Span, [.. o.Arguments]) with { Labels = o.Labels };
        return claim.Read is { Span: { } span } read && read.Type is not ElementType.Bool ? error.WithFix(span, $"({span.Text} ?? 0)") : error;
    }

    private static (Dictionary<DimSymbol, long>, Dictionary<IndexSymbol, long>) Values(ReadTerm read, Dictionary<string, long> values)
    {
        var symbols = new SymbolCollector();
        symbols.Visit(read);
        foreach (var extent in read.Tensor.Shape) symbols.Visit(extent);
        return (symbols.Dims.Where(d => values.ContainsKey(d.Name)).ToDictionary(d => d, d => values[d.Name]),
            symbols.Indices.Where(i => values.ContainsKey(i.Name)).ToDictionary(i => i, i => values[i.Name]));
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
