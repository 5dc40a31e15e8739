using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Fuzz;
using Tx.Lang.Instructions;
using Tx.Lang.Program;
using Tx.Lower;
using Tx.Lower.Instructions;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Tx.Runtime;

namespace Tx;

public enum IntrinsicOutcome
{
    Agrees, Differs,
    /// <summary>This machine lacks a feature, or the instruction is for a device.</summary>
    Skipped,
    /// <summary>Nothing is emitted: its declared loops are what runs.</summary>
    Declared,
    /// <summary>What is emitted is not compiled.</summary>
    Refused,
}

/// <summary>An instruction's declaration against what it emits.</summary>
/// <param name="Trials">Inputs that both were run on.</param>
/// <param name="Reason">Empty where both agree.</param>
/// <param name="Witness">Operands on which they differ.</param>
public sealed record IntrinsicReport(string Name, IntrinsicOutcome Outcome, int Trials, string Reason, string? Witness = null);

/// <summary>Runs what an instruction declares, in the loop interpreter, against what it emits, compiled, on random and on extreme operands.</summary>
internal sealed class IntrinsicChecker(CpuTarget target) : IDisposable
{
    private const int TrialsOfEach = 64;

    private readonly KernelCompiler _compiler = new(target);
    private readonly TensorAllocator _allocator = new();
    private readonly WorkerPool _pool = new(1);

    public IntrinsicReport Check(Instruction i)
    {
        if (i.Target != "cpu") return new(i.Name, IntrinsicOutcome.Skipped, 0, $"it is for {i.Target}, and there is no backend for that");
        if (i.Emission.IsEmpty) return new(i.Name, IntrinsicOutcome.Declared, 0, "nothing is emitted: the declared loops run");
        string[] missing = [.. i.Features.Where(f => !target.Has(f)).Select(f => $"\"{f}\"")];
        if (missing.Length > 0) return new(i.Name, IntrinsicOutcome.Skipped, 0, $"this machine lacks {string.Join(", ", missing)}");
        if (InstructionProbe.Of(i) is not { } module) return new(i.Name, IntrinsicOutcome.Refused, 0, "an operand is emitted that the equation does not read");
        Kernel kernel;
        try { kernel = _compiler.CompileAlone(Pipeline.Run(module, target)); }
        catch (DiagnosticException e) { return new(i.Name, IntrinsicOutcome.Refused, 0, string.Join("; ", e.Diagnostics.Select(d => d.Message))); }
        using (kernel) return Compare(i, module, kernel);
    }

    private IntrinsicReport Compare(Instruction i, LoopModule module, Kernel kernel)
    {
        var function = module.Functions[0];
        ImmutableArray<(ElementType Type, ImmutableArray<long> Shape)> types = [.. function.Parameters.Select(b => (b.Type, (ImmutableArray<long>)[.. b.Shape.Select(e => ((IntImm)e).Value)]))];
        // Sums of floats are grouped and rounded in any way, so that infinities may come of one and not of the other.
        bool isRegrouped = i.Update is not null && i.Written.Type.IsFloat;
        ImmutableArray<ValueMode> modes = isRegrouped ? [ValueMode.Whole, ValueMode.Smooth] : [ValueMode.Whole, ValueMode.Special, ValueMode.Smooth];
        int trials = 0;
        for (int seed = 0; seed < TrialsOfEach; seed++)
            foreach (var mode in modes)
            {
                ImmutableArray<DenseArray> inputs = [.. types[..^1].Select((t, n) => new InputValues(mode, seed * 31 + n).Fill(new DenseArray(t.Type, t.Shape)))];
                // Numbers below the normal ones, by themselves and as products.
                if (isRegrouped && seed % 4 == 3) inputs = [.. inputs.Select(a => Scaled(a, Math.Pow(2, seed % 8 == 3 ? -135 : -70)))];
                trials++;
                if (Difference(inputs) is null) continue;
                inputs = Shrunk(inputs, x => Difference(x) is not null);
                var (at, expected, actual) = Difference(inputs)!.Value;
                return new(i.Name, IntrinsicOutcome.Differs, trials, $"element {at} of `{i.Written.Name}` is {actual}, and its declaration gives {expected}", Show(i, inputs));
            }
        return new(i.Name, IntrinsicOutcome.Agrees, trials, "");

        (long At, Scalar Expected, Scalar Actual)? Difference(ImmutableArray<DenseArray> inputs)
        {
            var expected = LoopInterpreter.Run(module, function.Name, inputs).Outputs[0];
            var size = isRegrouped ? LoopInterpreter.Run(module, function.Name, [.. inputs.Select(Magnitudes)]).Outputs[0] : null;
            var actual = Execute(kernel, inputs, types[^1]);
            for (long p = 0; p < expected.Count; p++)
                if (!Agree(expected[p], actual[p], size is null ? 0 : Tolerance(size[p]))) return (p, expected[p], actual[p]);
            return null;
        }
    }

    // A few roundings of the largest partial sum that there can be, and of the least number.
    private static double Tolerance(Scalar size)
    {
        var (digits, least) = size.Type is ElementType.F64 ? (52, Math.Pow(2, -1074)) : size.Type is ElementType.F16 ? (10, Math.Pow(2, -24)) : size.Type is ElementType.BF16 ? (7, Math.Pow(2, -133)) : (23, Math.Pow(2, -149));
        return 16 * (Math.Abs(size.Real) * Math.Pow(2, -digits) + least);
    }

    private static bool Agree(Scalar e, Scalar a, double tolerance)
    {
        if (!e.Type.IsFloat) return e.Integer == a.Integer;
        if (double.IsNaN(e.Real) || double.IsNaN(a.Real)) return double.IsNaN(e.Real) && double.IsNaN(a.Real);
        return e.Real == a.Real || Math.Abs(e.Real - a.Real) <= tolerance;
    }

    private static DenseArray Magnitudes(DenseArray a) => Map(a, x => x.Type.IsFloat ? Scalar.Of(x.Type, Math.Abs(x.Real)) : x);

    private static DenseArray Scaled(DenseArray a, double by) => Map(a, x => x.Type.IsFloat ? Scalar.Of(x.Type, x.Real * by) : x);

    private static DenseArray Map(DenseArray a, Func<Scalar, Scalar> map)
    {
        var result = new DenseArray(a.Type, a.Shape);
        for (long n = 0; n < a.Count; n++) result[n] = map(a[n]);
        return result;
    }

    private DenseArray Execute(Kernel kernel, ImmutableArray<DenseArray> inputs, (ElementType Type, ImmutableArray<long> Shape) result)
    {
        var arguments = new List<NativeTensor>();
        try
        {
            foreach (var input in inputs) arguments.Add(NativeTensor.FromDense(_allocator, input));
            arguments.Add(_allocator.Allocate(result.Type, result.Shape.AsSpan()));
            kernel.Invoke(arguments.ToArray(), _pool);
            return arguments[^1].ToDense();
        }
        finally
        {
            foreach (var t in arguments) t.Dispose();
        }
    }

    /// <summary>The same operands with as many zeros as they can have.</summary>
    private static ImmutableArray<DenseArray> Shrunk(ImmutableArray<DenseArray> inputs, Func<ImmutableArray<DenseArray>, bool> differs)
    {
        for (int n = 0; n < inputs.Length; n++)
            for (long p = 0; p < inputs[n].Count; p++)
            {
                var fewer = Map(inputs[n], x => x);
                fewer[p] = fewer.Type.IsFloat ? Scalar.Of(fewer.Type, 0.0) : fewer.Type is ElementType.Bool ? Scalar.Bool(false) : Scalar.Of(fewer.Type, 0L);
                if (inputs.SetItem(n, fewer) is var next && differs(next)) inputs = next;
            }
        return inputs;
    }

    // The elements that are not 0.
    private static string Show(Instruction i, ImmutableArray<DenseArray> inputs)
    {
        var parts = new List<string>();
        foreach (var (operand, value) in i.Operands.Where(o => o != i.Written).Append(i.Written).Zip(inputs))
            for (long p = 0; p < value.Count; p++)
                if (value.Type.IsFloat ? value[p].Real != 0 : value[p].Integer != 0) parts.Add($"{Element(operand, p)} = {value[p]}");
        return parts.Count == 0 ? "all operands are 0" : $"{string.Join(", ", parts)}, all else 0";
    }

    private static string Element(TensorSymbol operand, long position)
    {
        var at = new List<string>();
        for (int d = operand.Rank - 1; d >= 0; d--)
        {
            long extent = ((ConstTerm)operand.Shape[d]).Value.Integer;
            at.Insert(0, (position % extent).ToString(CultureInfo.InvariantCulture));
            position /= extent;
        }
        return at.Count == 0 ? operand.Name : $"{operand.Name}[{string.Join(", ", at)}]";
    }

    public void Dispose()
    {
        _compiler.Dispose();
        _pool.Dispose();
    }
}
