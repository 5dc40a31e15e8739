using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Instructions;

/// <summary>Binds an <c>intrin</c>. Its equation is bound as an operator without dimensions, so that indices, types and bounds are those of the language.</summary>
public static class InstructionBinder
{
    /// <summary>Null after errors.</summary>
    /// <param name="device">The target that declares it; the names of its memories are types: an operand is one entry.</param>
    public static Instruction? Bind(IntrinSyntax syntax, ModuleBinder module, DiagnosticBag bag, TargetSyntax? device = null)
    {
        var own = new DiagnosticBag();
        var memories = device?.Body.OfType<MemorySyntax>().DistinctBy(m => m.Name.Text).ToDictionary(m => m.Name.Text, StringComparer.Ordinal) ?? [];
        var result = Read(syntax with
        {
            Parameters = [.. syntax.Parameters.Select(p => p.Type.Brackets.Count == 0 && memories.TryGetValue(p.Type.Name.Text, out var memory)
                ? p with { Type = memory.Type with { Brackets = [.. memory.Type.Brackets.Skip(1)] } } : p)],
        }, device?.Name.Text, module, own);
        bag.AddRange(own.Items);
        return own.HasErrors ? null : result;
    }

    private static Instruction? Read(IntrinSyntax syntax, string? device, ModuleBinder module, DiagnosticBag bag)
    {
        string name = syntax.Name.Text;
        Instruction? Refuse(SourceSpan span, string why)
        {
            bag.Add(InstructionDiagnostics.InstructionForm, span, name, why);
            return null;
        }

        var equations = syntax.Body.OfType<SimpleSyntax>().ToList();
        if (syntax.Body.FirstOrDefault(s => s is not (SimpleSyntax or EmitSyntax or CyclesSyntax)) is { } other) return Refuse(other.Span, "this line is no equation");
        if (equations is not [{ Value: { } value } equation]) return Refuse(equations.Count > 1 ? equations[1].Span : syntax.Name.Span, equations.Count == 0 ? "it has no equation" : "it has a second line");
        if ((equation.Target is SubscriptSyntax s0 ? s0.Target : equation.Target) is not NameExpressionSyntax left || syntax.Parameters.FirstOrDefault(p => p.Name.Text == left.Name) is not { } written)
            return Refuse(equation.Target.Span, "the left side is none of its operands");
        BinaryOp? update = equation.Assign switch
        {
            AssignKind.Assign => null, AssignKind.Add => BinaryOp.Add, AssignKind.Mul => BinaryOp.Mul, AssignKind.And => BinaryOp.And, AssignKind.Or => BinaryOp.Or, AssignKind.Xor => BinaryOp.Xor,
            _ => BinaryOp.Sub,
        };
        if (update is BinaryOp.Sub) return Refuse(equation.Span, "this line defines nothing");

        var op = new OpSyntax(syntax.Span, syntax.Name, [], [.. syntax.Parameters.Where(p => !ReferenceEquals(p, written))], [written], [], [equation with { Assign = AssignKind.Assign }]);
        if (module.Bind(op, Specialisation.Representative(op), bag) is not { } semantics) return null;
        var operands = syntax.Parameters.Select(p => semantics.Parameters.Concat(semantics.Results).First(t => t.Name == p.Name.Text)).ToImmutableArray();
        foreach (var (operand, parameter) in operands.Zip(syntax.Parameters))
            if (operand.Shape.Any(e => e is not ConstTerm { Value.Integer: > 0 }))
                bag.Add(InstructionDiagnostics.OperandShape, parameter.Span, operand.Name, "of a shape that is not constant");
        if (bag.HasErrors) return null;
        if (semantics.Stages is not [{ Equations: [{ Targets.Length: 1 } bound] }]) return Refuse(equation.Span, "it has more than one value");
        if (!semantics.RuntimeChecks.IsEmpty) return Refuse(equation.Span, "it would be checked at run time");
        if (WhyNotPlain(bound, update) is { } why) return Refuse(equation.Span, why);
        var read = TermsOf(bound.Value is ReduceTerm reduction ? reduction.Body : bound.Value).OfType<ReadTerm>().Select(t => t.Tensor).ToHashSet();
        if (syntax.Parameters.FirstOrDefault(p => p.Name.Text != left.Name && !read.Any(t => t.Name == p.Name.Text)) is { } unread) return Refuse(unread.Span, $"its operand `{unread.Name.Text}` is not read");

        var result = semantics.Results[0];
        var on = syntax.Clauses.OfType<OnClauseSyntax>().FirstOrDefault();
        var emits = syntax.Body.OfType<EmitSyntax>().ToList();
        ImmutableArray<string> features = on is null ? [] : [.. on.Features];
        var emission = new EmissionBinder(name, operands, result, features, bag).Bind([.. emits.Where(e => e.Language.Text != "c")]);
        var inC = new EmissionBinder(name, operands, result, features, bag).Bind([.. emits.Where(e => e.Language.Text == "c")]);
        return new(name, on?.Target.Text ?? device ?? "cpu", features, operands, result, semantics, update, emission, syntax.Name.Span) { CEmission = inC };
    }

    private static string? WhyNotPlain(Equation equation, BinaryOp? update)
    {
        var body = equation.Value;
        if (body is ReduceTerm r)
        {
            if (update is null) return "a reduction is added to what the operand holds: write `+=`";
            if (r.Kind.KeepsIndex || r.Kind is ReduceKind.User || ScalarMath.Combiner(r.Kind) != update) return $"`{r.Name}` does not combine as `{update.Value.Symbol}=` does";
            if (r is { Type.IsSmallFloat: true, IsExact: false, Kind: ReduceKind.Sum or ReduceKind.Prod }) return $"such a reduction of {r.Type.Name} is done in f32 and rounded once: give the operand that it is added to the type f32";
            if (r.Condition is not null) return "its reduction has a condition";
            body = r.Body;
        }
        foreach (var t in TermsOf(body))
            switch (t)
            {
                case ReduceTerm: return "a reduction stands inside of its value";
                case ReadTerm { Default: not null }: return "an operand is read outside of its shape";
                case ReadTerm read:
                    var plain = read.Indices.OfType<IndexTerm>().ToList();
                    // A table: its last index is an element, or a number.
                    bool isLookup = plain.Count == read.Indices.Length - 1 && (IsData(read.Indices[^1]) || read.Indices[^1] is ConstTerm);
                    if (plain.Count != read.Indices.Length && !isLookup) return $"`{read.Tensor.Name}` is read at an index that is not plain";
                    if (plain.Select(i => i.Index).Distinct().Count() != plain.Count) return $"`{read.Tensor.Name}` is read along a diagonal";
                    for (int d = 0; d < plain.Count; d++)
                        if (plain[d].Index is var index && !(index.Start is ConstTerm { Value.Integer: 0 } && index.End is ConstTerm end && read.Tensor.Shape[d] is ConstTerm extent && end.Value.Integer == extent.Value.Integer))
                            return $"`{index.Name}` does not run over all of `{read.Tensor.Name}`";
                    break;
            }
        if (EntryNotRead(body) is var (table, entry)) return $"entry {entry} of `{table}` is not read, and an operand stands for all its elements";
        return equation.Targets[0].Indices.Any(i => i is not IndexTerm) ? "its left side has an index that is not plain" : null;
    }

    // Where entries are read by number, all of them are, so that an operand is nothing that its loops would not read.
    private static (string Table, long Entry)? EntryNotRead(Term body)
    {
        foreach (var table in TermsOf(body).OfType<ReadTerm>().Where(r => r.Indices is [.., ConstTerm]).GroupBy(r => r.Tensor))
        {
            var read = table.Select(r => ((ConstTerm)r.Indices[^1]).Value.Integer).ToHashSet();
            for (long n = 0; n < ((ConstTerm)table.Key.Shape[^1]).Value.Integer; n++)
                if (!read.Contains(n)) return (table.Key.Name, n);
        }
        return null;
    }

    private static bool IsData(Term index) => TermsOf(index).Any(t => t is ReadTerm);

    private static IEnumerable<Term> TermsOf(Term t)
    {
        yield return t;
        IEnumerable<Term> below = t switch
        {
            ReadTerm r => r.Default is null ? r.Indices : r.Indices.Append(r.Default),
            UnaryTerm u => [u.Operand],
            BinaryTerm b => [b.Left, b.Right],
            LogicalTerm l => [l.Left, l.Right],
            SelectTerm s => [s.Condition, s.Then, s.Else],
            CastTerm c => [c.Operand],
            IntrinsicTerm f => f.Arguments,
            ReduceTerm r => [r.Body],
            _ => [],
        };
        foreach (var x in below)
            foreach (var y in TermsOf(x)) yield return y;
    }
}
