using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Instructions;

/// <summary>Binds <c>emit llvm "name"(acc, broadcast(bits(i32, a), 16)) -> acc</c> against what LLVM knows of the intrinsic.</summary>
internal static class EmissionBinder
{
    public static InstructionEmit? Bind(string name, EmitSyntax emit, ImmutableArray<TensorSymbol> operands, TensorSymbol written, ImmutableArray<string> features, DiagnosticBag bag)
    {
        InstructionEmit? Refuse(SourceSpan span, string why, string help)
        {
            bag.Add(InstructionDiagnostics.EmissionForm, span, name, why, help);
            return null;
        }

        if (emit.Language.Text != "llvm") return Refuse(emit.Language.Span, $"`{emit.Language.Text}` is no language that is emitted", "write `emit llvm \"…\"(…)`");
        if (KnownIntrinsics.Find(emit.Text) is not { } signature)
            return Refuse(emit.Span, $"`{emit.Text}` is not known", Suggestion.For(emit.Text, [.. KnownIntrinsics.Names]) is { } near ? $"did you mean `{near}`?" : "leave the emission out: the declared loops are emitted");
        if (!features.Contains(signature.Feature)) return Refuse(emit.Span, $"`{emit.Text}` needs \"{signature.Feature}\"", $"declare the instruction `on cpu(\"{signature.Feature}\")`");
        if (emit.Result is { } result && result.Text != written.Name) return Refuse(result.Span, $"its result is `{written.Name}`", $"write `-> {written.Name}`");
        if (emit.Arguments.Count != signature.Arguments.Length) return Refuse(emit.Span, $"`{emit.Text}` takes {signature.Arguments.Length} arguments", "pass one argument for each");

        var arguments = ImmutableArray.CreateBuilder<EmitArgument>();
        for (int n = 0; n < emit.Arguments.Count; n++)
        {
            var syntax = emit.Arguments[n].Value;
            if (Read(syntax, operands) is not { } read)
                return Refuse(syntax.Span, "this is neither an operand nor made of one", "write an operand, `bits(i32[16], b)`, `broadcast(x, 16)` or a number");
            if (!IsSame((read.Type, read.Lanes), signature.Arguments[n]))
                return Refuse(syntax.Span, $"argument {n + 1} of `{emit.Text}` is {Show(signature.Arguments[n])}, this is {Show((read.Type, read.Lanes))}", "take its bits as that type: `bits(i32[16], b)`");
            arguments.Add(read.Argument);
        }
        var target = (written.Type, (int)Instruction.CountOf(written));
        if (!IsSame(target, signature.Result)) return Refuse(emit.Span, $"`{emit.Text}` gives {Show(signature.Result)}, `{written.Name}` is {Show(target)}", "declare the operand with that shape");
        return new(emit.Text, arguments.ToImmutable());
    }

    private static (EmitArgument Argument, ElementType Type, int Lanes)? Read(ExpressionSyntax e, ImmutableArray<TensorSymbol> operands)
    {
        switch (e)
        {
            case NameExpressionSyntax n when operands.FirstOrDefault(o => o.Name == n.Name) is { } operand && Instruction.CountOf(operand) is <= 256 and var count:
                return (new(operand, null, null, 0), operand.Type, (int)count);
            case IntegerSyntax { Value: <= int.MaxValue } i:
                return (new(null, Scalar.Of(ElementType.I32, (long)i.Value), null, 0), ElementType.I32, 1);
            case CallSyntax { Target: NameExpressionSyntax { Name: "broadcast" }, Arguments: [{ Value: var inner }, { Value: IntegerSyntax { Value: > 1 and <= 256 and var lanes } }] }
                when Read(inner, operands) is { Lanes: 1, Argument.Lanes: 0 } one:
                return (one.Argument with { Lanes = (int)lanes }, one.Type, (int)lanes);
            case CallSyntax { Target: NameExpressionSyntax { Name: "bits" }, Arguments: [{ Value: var type }, { Value: var inner }] }
                when Read(inner, operands) is { Argument: { Lanes: 0, Bits: null, Operand: not null } } value && TypeOf(type) is var (element, count)
                     && element.Bits * count == value.Type.Bits * value.Lanes:
                return (value.Argument with { Bits = (element, count) }, element, count);
            default: return null;
        }
    }

    private static (ElementType, int)? TypeOf(ExpressionSyntax e) => e switch
    {
        NameExpressionSyntax n when ElementTypes.TryParse(n.Name, out var type) => (type, 1),
        SubscriptSyntax { Target: NameExpressionSyntax n, Subscripts: [IntegerSyntax { Value: > 0 and <= 256 and var lanes }] } when ElementTypes.TryParse(n.Name, out var type) => (type, (int)lanes),
        _ => null,
    };

    // LLVM's integers have no sign.
    private static bool IsSame((ElementType Type, int Lanes) a, (ElementType Type, int Lanes) b) =>
        a.Lanes == b.Lanes && a.Type.Bits == b.Type.Bits && a.Type.IsFloat == b.Type.IsFloat;

    private static string Show((ElementType Type, int Lanes) t) => t.Lanes == 1 ? t.Type.Name : $"{t.Type.Name}[{t.Lanes}]";
}
