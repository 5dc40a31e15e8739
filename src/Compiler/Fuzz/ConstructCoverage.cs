using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Fuzz;

/// <summary>Which constructs of the language occur in how many programs, read off their syntax trees and bound operators.</summary>
public sealed class ConstructCoverage
{
    private static readonly ElementType[] Types = [.. Enum.GetValues<ElementType>().Where(t => t is not ElementType.Int)];

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public ConstructCoverage() { foreach (string c in Expected()) _counts.Add(c, 0); }

    public int Programs { get; private set; }

    /// <summary>Each construct with the share of programs that use it, the rarest first.</summary>
    public ImmutableArray<(string Construct, double Share)> Shares =>
        [.. _counts.Select(c => (c.Key, c.Value / (double)Math.Max(1, Programs))).OrderBy(c => c.Item2).ThenBy(c => c.Key, StringComparer.Ordinal)];

    /// <summary>Counts what a program uses.</summary>
    /// <exception cref="DiagnosticException">The program has errors.</exception>
    public void Add(GeneratedProgram program)
    {
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new($"<seed {program.Seed.ToString(CultureInfo.InvariantCulture)}>", program.Text));
        bag.AddRange(tree.Diagnostics);
        var table = DeclarationTable.Build(tree, (_, _) => null, DeclarationTable.Empty, bag);
        using var prover = new Lang.Proofs.IslProver();
        var op = bag.HasErrors ? null : new ModuleBinder(table, prover).Bind(table.Operators[program.Operator], Specialisation.Empty, bag);
        if (op is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        Programs++;
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in tree.Root.DescendantsAndSelf()) found.UnionWith(Written(node));
        found.UnionWith(new BoundConstructs(op).Found);
        if (program.Sizes.ContainsValue(0)) found.Add("a dimension of 0");
        found.Add(program.Mode switch { ValueMode.Whole => "whole floats", ValueMode.Special => "special values", _ => "fractions" });
        foreach (string c in found)
            if (_counts.TryGetValue(c, out int n)) _counts[c] = n + 1;
    }

    /// <summary>The table of shares as text.</summary>
    public string Print()
    {
        var text = new StringBuilder();
        foreach (var (construct, share) in Shares) text.Append(CultureInfo.InvariantCulture, $"{share * 100,6:0.00} %  {construct}\n");
        return text.ToString();
    }

    private static IEnumerable<string> Expected() =>
    [
        .. Types.Select(t => $"a tensor of {t.Name}"),
        .. new[] { "+", "-", "*", "/", "%", "min", "max" }.SelectMany(o => new[] { $"integer {o}", $"float {o}" }),
        .. new[] { "trunc_div", "trunc_mod", "&", "|", "^", "<<", ">>" }.Select(o => $"integer {o}"),
        .. new[] { "&", "|", "^" }.Select(o => $"bool {o}"),
        .. new[] { "==", "!=", "<", "<=", ">", ">=" }.SelectMany(o => new[] { $"integer {o}", $"float {o}", $"index {o}" }),
        "integer negation", "float negation", "!", "~", "&&", "||", "? :", "ceil_div", "clamp",
        "a divisor from data", "a shift by data", "an index as a value",
        .. Enum.GetValues<Intrinsic>().Select(f => f.Name),
        "cast integer to integer", "cast integer to float", "cast float to integer", "cast float to float", "cast to bool", "cast from bool", "saturate integer", "saturate float", "bits",
        .. Enum.GetValues<ReduceKind>().Select(k => k.Name),
        "a reducer", "exact sum", "exact prod", "a condition in a reduction", "a reduction over several indices", "a stated range in a reduction", "a reduction inside a reduction", "a reduction inside an expression",
        "a triangular range in a reduction", "argmax over several indices",
        "??", "?? clamp", "?? wrap", "?? reflect", "wrap", "reflect", "a shifted read", "a strided read", "a reversed read", "a read from data", "a run-time check", "a read under a condition",
        "a scalar parameter", "several results", "several targets", "a declared intermediate", "several equations", "for", "for with several indices", "a triangular for",
        "a forward recurrence", "a backward recurrence", "a recurrence in two dimensions", "a recurrence of several tensors",
        "+=", "*=", "&=", "|=", "^=", "a write from data",
        "op with a generic type", "a pack", "a const parameter", "a const of the file", "require", "a call", "a call inside a call", "a call on scalars", "a call with several results", "a named argument",
        "inf", "nan", "-0.0", "an integer extreme", "a dimension of 0", "whole floats", "special values", "fractions",
    ];

    // What the bound program no longer shows.
    private static IEnumerable<string> Written(SyntaxNode node)
    {
        switch (node)
        {
            case ReducerSyntax: yield return "a reducer"; break;
            case GenericSyntax: yield return "op with a generic type"; break;
            case PackSyntax: yield return "a pack"; break;
            case ParameterSyntax { IsConst: true }: yield return "a const parameter"; break;
            case ConstSyntax: yield return "a const of the file"; break;
            case RequireClauseSyntax: yield return "require"; break;
            case SubscriptSyntax s when s.Subscripts.Any(i => i is BinarySyntax { Op: InfixOp.Sub, Right: NameExpressionSyntax }): yield return "a reversed read"; break;
            case DefaultSyntax d: yield return d.Default is NameExpressionSyntax { Name: "clamp" or "wrap" or "reflect" } mode ? $"?? {mode.Name}" : "??"; break;
            case ForSyntax f:
                yield return "for";
                if (f.Binders.Count > 1) yield return "for with several indices";
                if (f.Binders.Any(b => b.Range?.End is NameExpressionSyntax n && f.Binders.Any(o => o.Name.Text == n.Name))) yield return "a triangular for";
                break;
            case OpSyntax { Name.Text: "f" } op:
                if (op.Results.Count > 1) yield return "several results";
                if (op.Parameters.Any(p => !p.IsConst && p.Type.Brackets.Count == 0)) yield return "a scalar parameter";
                if (op.Body.Any(i => i is SimpleSyntax { Assign: AssignKind.None, Type: not null })) yield return "a declared intermediate";
                if (op.Body.Any(i => i is SimpleSyntax { Target: TupleSyntax, Value: ReductionSyntax })) yield return "several targets";
                if (op.Body.Any(i => i is SimpleSyntax { Target: TupleSyntax, Value: CallSyntax })) yield return "a call with several results";
                break;
            case SimpleSyntax { Assign: not AssignKind.None and not AssignKind.Assign } s:
                yield return s.Assign switch { AssignKind.Add => "+=", AssignKind.Mul => "*=", AssignKind.And => "&=", AssignKind.Or => "|=", _ => "^=" };
                break;
            case SimpleSyntax { Target: NameExpressionSyntax, Value: CallSyntax { Target: NameExpressionSyntax { Name: var callee } } c } when !ScalarFunctions.Contains(callee):
                yield return "a call";
                if (c.Arguments.Any(a => a.Value is CallSyntax)) yield return "a call inside a call";
                break;
            case CallSyntax { Target: NameExpressionSyntax { Name: var name } } c:
                if (name is "ceil_div" or "clamp" or "wrap" or "reflect") yield return name;
                if (name == "between") yield return "a call on scalars";
                break;
            case ArgumentSyntax { Name: not null }: yield return "a named argument"; break;
            case ReductionSyntax r:
                if (r.IsExact) yield return $"exact {r.Reducer.Text}";
                if (r.Condition is not null) yield return "a condition in a reduction";
                if (r.Binders.Count > 1) yield return "a reduction over several indices";
                if (r.Binders.Count > 1 && r.Reducer.Text is "argmax" or "argmin" or "max_at" or "min_at") yield return "argmax over several indices";
                if (r.Binders.Any(b => b.Range is not null)) yield return "a stated range in a reduction";
                if (r.Body.DescendantsAndSelf().Any(n => n is ReductionSyntax)) yield return "a reduction inside a reduction";
                break;
            case NameExpressionSyntax { Name: "inf" or "nan" } n: yield return n.Name; break;
            case UnarySyntax { Op: UnaryOp.Neg, Operand: FloatSyntax { Value: 0 } }: yield return "-0.0"; break;
            case IntegerSyntax { Value: 127 or 128 or 255 or 32767 or 32768 or 65535 or 2147483647 or 2147483648 or uint.MaxValue or long.MaxValue or 1UL << 63 or ulong.MaxValue }: yield return "an integer extreme"; break;
        }
    }

    private static readonly ImmutableArray<string> ScalarFunctions = ["clamp", "min", "max", "abs", "saturate", "bits", "ceil_div", "trunc_div", "trunc_mod", "popcount", "fma", "isnan"];
}
