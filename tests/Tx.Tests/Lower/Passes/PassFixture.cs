using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Interpreter;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Tests.Lower.Passes;

/// <summary>Small modules written by hand, and the comparison of a module before and after passes in the interpreter.</summary>
internal static class PassFixture
{
    /// <summary>Four lanes of f32, so that small sizes have several vectors and tails.</summary>
    public static readonly CpuTarget Target = new("test", [], 16, 16, 32 << 10, 512 << 10, 8 << 20);

    public static Buffer Input(string name, ElementType type, params ReadOnlySpan<long> shape) => new(name, type, Shape(shape), BufferRole.Input);
    public static Buffer Output(string name, ElementType type, params ReadOnlySpan<long> shape) => new(name, type, Shape(shape), BufferRole.Output);
    public static Buffer Temporary(string name, ElementType type, MemoryScope scope, params ReadOnlySpan<long> shape) => new(name, type, Shape(shape), BufferRole.Temporary, scope);

    public static Load At(this Buffer b, params ImmutableArray<Expr> indices) => new(b, indices);
    public static Store Set(this Buffer b, Expr value, params ImmutableArray<Expr> indices) => new(b, indices, value);
    public static For Loop(Var v, long extent, Stmt body, LoopKind kind = LoopKind.Serial) => new(v, Expr.Index(0), Expr.Index(extent), kind, body);
    public static For Loop(Var v, Expr extent, Stmt body, LoopKind kind = LoopKind.Serial) => new(v, Expr.Index(0), extent, kind, body);

    public static Instance Point(Stmt body, Stmt? init, bool reassociate, params ImmutableArray<IterVar> iterations) => new("S", iterations, [], [], init, body, reassociate);
    public static IterVar Spatial(Var v, long end, Expr binding) => new(v, Expr.Index(0), Expr.Index(end), IterKind.Spatial, binding);
    public static IterVar Reduction(Var v, long end, Expr binding) => new(v, Expr.Index(0), Expr.Index(end), IterKind.Reduction, binding);

    public static LoopModule Module(LoopLevel level, Stmt body, params ImmutableArray<Buffer> parameters) => Module(level, body, parameters, []);

    public static LoopModule Module(LoopLevel level, Stmt body, ImmutableArray<Buffer> parameters, ImmutableArray<Buffer> temporaries) =>
        new([new() { Name = "f", Parameters = parameters, Dims = [], Temporaries = temporaries, Body = body }], level);

    /// <summary>Small whole numbers, so that sums are exact in any order.</summary>
    public static DenseArray Numbers(Buffer b, int seed = 1)
    {
        var random = new Random(seed);
        var array = new DenseArray(b.Type, [.. b.Shape.Select(e => ((IntImm)e).Value)]);
        for (long i = 0; i < array.Count; i++)
        {
            int x = random.Next(b.Type.IsUnsigned ? 0 : -9, 10);
            array[i] = b.Type.IsFloat ? Scalar.Of(b.Type, (double)x) : Scalar.Of(b.Type, (long)x);
        }
        return array;
    }

    public static string Run(LoopModule m, int seed = 0)
    {
        var f = m.Functions[0];
        var inputs = f.Parameters.Where(p => p.Role is BufferRole.Input).Select((p, i) => Numbers(p, i + 1)).ToImmutableArray();
        try
        {
            var result = LoopInterpreter.Run(m, f.Name, inputs, null, new(seed));
            return result.Check is { } check ? $"check {check.Message.Format}: {string.Join(", ", check.Values)}"
                : string.Join("\n", result.Outputs.Select(o => string.Join(", ", Enumerable.Range(0, (int)o.Count).Select(i => o[i]))));
        }
        catch (InterpreterFaultException fault)
        {
            throw new InvalidOperationException($"{fault.Kind}: {fault.Message}\n{IrPrinter.Print(m)}", fault);
        }
    }

    public static void AssertSame(LoopModule before, LoopModule after, string what)
    {
        Assert.True(Verifier.Verify(after) is [], $"{what}\n{string.Join("\n", Verifier.Verify(after))}\n{IrPrinter.Print(after)}");
        string expected = Run(before), actual = Run(after, seed: 5);
        Assert.True(expected == actual, $"{what}\nexpected {expected}\nactual   {actual}\n{IrPrinter.Print(before)}\n{IrPrinter.Print(after)}");
    }

    /// <summary>Runs the whole pipeline and compares after every pass.</summary>
    public static LoopModule AssertLowers(LoopModule m)
    {
        var previous = m;
        foreach (var (name, step) in Lowering.Trace(m, Target).Steps.Skip(1))
        {
            if (ReferenceEquals(step, previous)) continue;
            AssertSame(m, step, name);
            previous = step;
        }
        return previous;
    }

    /// <summary>All statements, outermost first.</summary>
    public static IEnumerable<Stmt> Statements(Stmt s)
    {
        var all = new Collector();
        all.Visit(s);
        return all.Statements;
    }

    /// <summary>All expressions.</summary>
    public static IEnumerable<Expr> Expressions(Stmt s)
    {
        var all = new Collector();
        all.Visit(s);
        return all.Expressions;
    }

    public static Stmt Body(this LoopModule m) => m.Functions[0].Body;

    private static ImmutableArray<Expr> Shape(ReadOnlySpan<long> shape)
    {
        var extents = ImmutableArray.CreateBuilder<Expr>();
        foreach (long n in shape) extents.Add(Expr.Index(n));
        return extents.ToImmutable();
    }

    private sealed class Collector : Walker
    {
        public List<Stmt> Statements { get; } = [];
        public List<Expr> Expressions { get; } = [];
        public override void Visit(Stmt s) { Statements.Add(s); base.Visit(s); }
        public override void Visit(Expr e) { Expressions.Add(e); base.Visit(e); }
    }
}
