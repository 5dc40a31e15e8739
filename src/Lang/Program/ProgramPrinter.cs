using System.Collections.Immutable;
using System.Text;
using Tx.Core;

namespace Tx.Lang.Program;

/// <summary>Prints a bound operator as text of the language: every tensor with its type, every index with its range, calls expanded,
/// constants in place. The same operator prints the same, byte for byte.</summary>
public static class ProgramPrinter
{
    public static string Print(Operator op)
    {
        var text = new StringBuilder();
        var reducers = op.Stages.SelectMany(s => s.Equations).SelectMany(e => ReducersIn(e.Value)).Distinct();
        foreach (var r in reducers) Print(text, r);
        text.Append("op ").Append(op.Name).Append('(').AppendJoin(", ", op.Parameters.Select(Declaration)).Append(") -> ");
        text.AppendJoin(", ", op.Results.Select(Declaration));
        if (op.Requires.Length > 0) text.Append("\n    require ").AppendJoin(", ", op.Requires.Select(Terms.Print)).Append("\n{\n");
        else text.Append(" {\n");
        foreach (var (name, value) in op.Consts) text.Append("    // const ").Append(name).Append(" = ").Append(value).Append('\n');
        foreach (var check in op.RuntimeChecks) text.Append("    // checked at run time: ").Append(check.Condition).Append('\n');
        foreach (var stage in op.Stages)
        {
            foreach (var tensor in stage.Tensors)
                if (tensor.Role is TensorRole.Intermediate) text.Append("    ").Append(Declaration(tensor)).Append('\n');
            foreach (var equation in stage.Equations) Print(text, equation);
        }
        return text.Append("}\n").ToString();
    }

    private static void Print(StringBuilder text, Reducer r)
    {
        text.Append("reducer ").Append(r.Name).Append('(').Append(Declaration(r.Left)).Append(", ").Append(Declaration(r.Right)).Append(") -> ").Append(r.Type.Name).Append(" {\n");
        text.Append("    identity = ").Append(Terms.Print(new ConstTerm(r.Identity))).Append("\n    combine = ").Append(Terms.Print(r.Combine)).Append("\n}\n");
    }

    private static List<Reducer> ReducersIn(Term term)
    {
        var collector = new ReducerCollector();
        collector.Visit(term);
        return collector.Found;
    }

    private sealed class ReducerCollector : TermRewriter
    {
        public List<Reducer> Found { get; } = [];

        protected override Term VisitReduce(ReduceTerm r)
        {
            if (r.Reducer is { } reducer) Found.Add(reducer);
            return base.VisitReduce(r);
        }
    }

    /// <summary><c>A: f32[M, K]</c>.</summary>
    public static string Declaration(TensorSymbol tensor) => $"{tensor.Name}: {Type(tensor.Type, tensor.Shape)}";

    /// <summary><c>f32[M, K]</c>, and <c>f32</c> for a scalar.</summary>
    public static string Type(ElementType type, ImmutableArray<Term> shape) => shape.IsEmpty ? type.Name : $"{type.Name}[{Terms.Print(shape)}]";

    /// <summary><c>k in 0..K</c>.</summary>
    public static string Range(IndexSymbol index) => $"{index.Name} in {Terms.Print(index.Start)}..{Terms.Print(index.End)}";

    private static void Print(StringBuilder text, Equation equation)
    {
        text.Append("    ");
        if (equation.Indices.Length > 0) text.Append("for ").AppendJoin(", ", equation.Indices.Select(Range)).Append(" { ");
        if (equation.Targets.Length == 1) text.Append(Left(equation.Targets[0]));
        else text.Append('(').AppendJoin(", ", equation.Targets.Select(Left)).Append(')');
        text.Append(equation.Update is { } op ? $" {op.Symbol}= " : " = ");
        text.Append(Terms.Print(equation.Value));
        text.Append(equation.Indices.Length > 0 ? " }\n" : "\n");
    }

    private static string Left(Target target) => target.Indices.IsEmpty
        ? target.Tensor.Name
        : $"{target.Tensor.Name}[{Terms.PrintIndices(target.Indices)}]";
}
