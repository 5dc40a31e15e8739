using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

// Loops that an instruction replaces. The instruction is declared for them, now and then with a slip, so that it is another one.
internal sealed partial class ScheduleGenerator
{
    private IEnumerable<(int Weight, string Primitive, Func<Proposal?> Make)> InstructionProposals() => [(6, "tensorize", Tensorize)];

    private string TargetName => _state.Function.Target ?? "cpu";

    private Proposal? Tensorize()
    {
        if (AnyLoop(IsTile) is not { } l) return null;
        string name = Name("t");
        if (DrawnInstruction.Declare(name, TargetName, l.Loop) is not { } text) return null;
        if (OneIn(10)) text = Slip(text);
        if (_readInstruction(text) is not { } instruction) return null;
        var arguments = new List<(string, ScheduleValue)> { ("instruction", instruction) };
        if (OneIn(4) && DrawnInstruction.Declare(name + "_init", TargetName, l.Loop, isStart: true) is { } start && _readInstruction(start) is { } init)
        {
            arguments.Add(("init", init));
            text += "\n" + start;
        }
        return Directive("tensorize", new LoopValue(l.Handle), arguments) is { } d ? new(d, Declaration: text) : null;
    }

    // Whole loops around one statement.
    private static bool IsTile(Live l)
    {
        Stmt rest = l.Loop;
        while (rest is For { Kind: LoopKind.Serial, Extent: IntImm { Value: > 0 and <= 16 } } f) rest = f.Body;
        return rest is Instance { Body: Store };
    }

    private string Slip(string text) => _random.Next(4) switch
    {
        0 => text.Replace(" * ", " + ", StringComparison.Ordinal),
        1 => text.Replace("+=", "=", StringComparison.Ordinal),
        2 => text.Replace("max(", "min(", StringComparison.Ordinal).Replace(" - ", " + ", StringComparison.Ordinal),
        _ => text.Replace("4", "3", StringComparison.Ordinal).Replace("[2", "[4", StringComparison.Ordinal),
    };
}
