using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.C;

internal sealed partial class CFunctionEmitter
{
    // Instructions that stand one after another share one question to the compiler.
    private void EmitBlock(Block b)
    {
        for (int n = 0; n < b.Statements.Length; n++)
        {
            var run = b.Statements.Skip(n).TakeWhile(s => s is InstructionCall).Cast<InstructionCall>().ToList();
            if (run.Count > 1 && run.TrueForAll(c => Guard(c) == Guard(run[0])))
            {
                EmitInstructions(run);
                n += run.Count - 1;
            }
            else Emit(b.Statements[n]);
        }
    }

    /// <summary>Calls in the form that their target declares, where the compiler has it; elsewhere the loops that they are declared as.</summary>
    private void EmitInstructions(List<InstructionCall> calls)
    {
        if (Guard(calls[0]) is not { } guard)
        {
            foreach (var c in calls) Emit(c.Body);
            return;
        }
        if (guard.Length > 0) _lines.Add($"#if {guard}");
        foreach (var c in calls) EmitInstruction(c.Emission!);
        if (guard.Length == 0) return;
        _lines.Add("#else");
        foreach (var c in calls) Emit(c.Body);
        _lines.Add("#endif");
    }

    // Empty: every compiler has it. Null: its operands do not lie in memory as its form wants them, or it has none.
    private static string? Guard(InstructionCall c)
    {
        if (c.Emission is not { } e || !IsInRow(e.Indices) || !e.Operations.SelectMany(o => o.Arguments).All(a => a.Value is not Load l || IsInRow(l.Indices))) return null;
        return string.Join(" && ", e.Features.Select(f => $"defined({CSupport.MacroOf(f) ?? throw new DiagnosticException(CDiagnostics.UnknownFeature, e.Operations[0].Span, c.Name, f)})"));
    }

    private static bool IsInRow(System.Collections.Immutable.ImmutableArray<Expr> indices) => indices.All(i => !i.Type.IsVector || i is Ramp { Stride: IntImm { Value: 1 } });

    private void EmitInstruction(InstructionEmission e)
    {
        Start([.. e.Operations.SelectMany(o => o.Arguments).Select(a => a.Value).OfType<Expr>().SelectMany(v => v is Load l ? l.Indices.Select(First) : [v]), .. e.Indices.Select(First)]);
        var made = new List<string>();
        for (int n = 0; n < e.Operations.Length; n++)
        {
            var o = e.Operations[n];
            var arguments = o.Arguments.Select(a => Argument(a, made)).ToList();
            string value = Operand().Replace(o.Text, m => m.Value == "$$" ? "$" : arguments[int.Parse(m.Groups[1].Value, CTypes.Culture) - 1]);
            if (n < e.Operations.Length - 1) made.Add(Named("p", CTypes.ValueOf(o.Type.Element), value));
            else Put(e, value);
        }
    }

    private static Expr First(Expr index) => index is Ramp r ? r.Base : index;

    private string Argument(InstructionArgument a, List<string> made)
    {
        if (a.Value is Load l && l.Type.Lanes > 1)
            return $"tx_word_{Stored(a.Type.Element).Name}(&{names.Of(l.Buffer)}[{Print(First(IndexOf(l.Buffer, l.Indices)))}])";
        var value = a.Value is { } v ? Print(v) : a.Numbers.IsEmpty ? CText.Primary(made[a.Earlier]) : CTypes.Integer(a.Source.Element, a.Numbers[0]);
        if (a.Bits is { } bits && bits.Element != a.Source.Element)
            value = a.Source.Element.IsFloat && !a.Source.Element.IsSmallFloat ? Converted(Call($"tx_bits_{a.Source.Element.Name}", value), bits.Element)
                : bits.Element.IsFloat && !bits.Element.IsSmallFloat ? Call($"tx_of_bits_{bits.Element.Name}", value) : Converted(value, bits.Element);
        return value.At(CBinding.Unary);
    }

    private void Put(InstructionEmission e, string value)
    {
        var index = IndexOf(e.Target, e.Indices);
        if (!index.Type.IsVector)
        {
            Line($"{Element(e.Target, index)} = {value};");
            return;
        }
        string word = (e.Target.Type.Bits * index.Type.Lanes) switch { 16 => "u16", 32 => "u32", _ => "u64" };
        Line($"tx_put_{word}(&{names.Of(e.Target)}[{Print(First(index))}], ({CTypes.ValueOf(ElementTypes.TryParse(word, out var t) ? t : ElementType.U64)})({value}));");
    }

    [GeneratedRegex(@"\$(\$|[0-9]+)")]
    private static partial Regex Operand();
}
