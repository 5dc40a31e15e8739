using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Tests.Lang.Semantics;

namespace Tx.Tests.Lang.Schedules;

/// <summary>Schedules of a text, elaborated for a machine that never changes.</summary>
internal sealed class Elaborated
{
    public static readonly CpuTarget Target = new("test", ["avx2", "avx512f", "avx512vnni", "fma"], 64, 32, 32 << 10, 1 << 20, 32 << 20);

    private readonly Bound _bound;

    private Elaborated(Bound bound) => _bound = bound;

    public ModuleBinder Module => _bound.Module;

    public static Elaborated Text(string text, params (string Path, string Text)[] files)
    {
        var bound = Bound.Of(text, null, files);
        Assert.False(bound.Bag.HasErrors, string.Join("\n", bound.Bag.Items.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        return new(bound);
    }

    public ScheduleSyntax Syntax(string name) => Module.Table.Schedules.Single(s => s.Key.Name == name).Value;

    public OperatorInterface Interface(string op)
    {
        var bound = _bound.Bind(op);
        Assert.True(bound is not null, string.Join("\n", _bound.Bag.Items.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        return OperatorInterfaceBuilder.Of(bound);
    }

    public OperatorInterface InterfaceOf(ScheduleSyntax s) => Interface(s.Clauses.OfType<ForClauseSyntax>().Single().Operator.Text);

    public static Dictionary<DimSymbol, long> Sizes(OperatorInterface op, params (string Dim, long Size)[] sizes) =>
        sizes.ToDictionary(s => op.Dims.Single(d => d.Name == s.Dim), s => s.Size);

    public ElaboratedSchedule Run(string name, (string, long)[]? sizes = null, Dictionary<string, long>? knobs = null)
    {
        var syntax = Syntax(name);
        var op = InterfaceOf(syntax);
        return ScheduleElaborator.Elaborate(syntax, op, Module, Target, sizes is null ? null : Sizes(op, sizes), knobs);
    }

    public static string Show(ElaboratedSchedule s)
    {
        Assert.True(s.Diagnostics.IsEmpty, string.Join("\n", s.Diagnostics.Select(d => $"{d.Span}: {d.Code} {d.Message}")));
        return string.Join("\n", s.Directives.Select(d => d.Text));
    }

    /// <summary>A body of a schedule for the operators that the tests of errors use.</summary>
    public static ElaboratedSchedule Body(string body, string op = "matmul", string more = "") =>
        Text($"{Operators}\n{more}\nschedule s for {op} on cpu {{\n{body}\n}}\n").Run("s");

    public const string Operators = """
        const FOUR = 4
        const HALF = 0.5
        op matmul(A: f32[M, K], B: f32[K, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * B[k, j]) }
        op affine(A: f32[M, K], x: f32[K], w: f32[K]) -> y: f32[M] { y[i] = sum(k: A[i, k] * x[k]) + sum(l: A[i, l] * w[l]) + sum(k: A[i, k]) }
        op relu(X: f32[..S]) -> Y: f32[..S] { Y[..i] = max(X[..i], 0) }
        op histogram(I: u8[H, W]) -> hist: i32[256] {
            hist[b] = 0
            hist[i32(I[y, x])] += 1
        }
        op scan(X: f32[T, U]) -> h: f32[T + 1, U] {
            h[0, u] = 0
            for t in 0..T { h[t + 1, u] = h[t, u] + X[t, u] }
        }
        op two(X: f32[M, N]) -> best: f32[M], at: i64[M] require N >= 1 { (best[i], at[i]) = max_at(j: X[i, j]) }
        intrin fma4(a: f32[4], acc: f32[4]) on cpu { acc[i] += a[i] }
        """;
}
