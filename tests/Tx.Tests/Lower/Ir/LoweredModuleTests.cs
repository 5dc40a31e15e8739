using Tx.Lang.Program;
using Tx.Lower;
using Tx.Lower.Build;
using Tx.Lower.Ir;
using Tx.Lower.Schedule;
using Tx.Lower.Simplify;
using Tx.Tests.Lower.Passes;

namespace Tx.Tests.Lower.Ir;

/// <summary>What holds for every module on its way down, whatever made it.</summary>
public class LoweredModuleTests
{
    public static TheoryData<string> Operators => [.. OperatorSamples.All.Select(s => s.Text)];

    [Theory, MemberData(nameof(Operators))]
    public void Every_step_follows_the_rules_and_parses_back(string text)
    {
        var op = OperatorText.Bind(text);
        foreach (var dims in (Dictionary<DimSymbol, long>?[])[op.Dims(OperatorSamples.All.First(s => s.Text == text).Sizes[^1]), null])
        {
            string sizes = dims is null ? "any size" : string.Join(", ", dims.Values);
            var plain = NestBuilder.Build(op.Operator, dims);
            Holds($"plain, {sizes}", plain);
            foreach (var (name, m) in Lowering.Trace(DefaultSchedule.Apply(plain, PassFixture.Target), PassFixture.Target).Steps) Holds($"{name}, {sizes}", m);
        }
    }

    private static void Holds(string step, LoopModule m)
    {
        var problems = Verifier.Verify(m);
        Assert.True(problems.IsEmpty, $"{step}:\n{string.Join("\n", problems)}\n{IrPrinter.Print(m)}");
        string text = IrPrinter.Print(m);
        var parsed = IrParser.ParseModule(text);
        Assert.Equal(text, IrPrinter.Print(parsed));
        Assert.True(StructuralComparer.AlphaEqual(m, parsed), $"{step} changes when it is printed and parsed:\n{text}");
        var simple = Simplifier.Simplify(m);
        Assert.True(ReferenceEquals(simple, Simplifier.Simplify(simple)), $"{step} is not settled:\n{IrPrinter.Print(simple)}\n{IrPrinter.Print(Simplifier.Simplify(simple))}");
    }
}
