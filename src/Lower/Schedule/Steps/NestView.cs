using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Simplify;

using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Steps;

/// <summary>A scheduled nest as people look at it: what each loop runs, computes and touches. Numbers are null where they depend on sizes that are not known.</summary>
public abstract record NestView;

/// <param name="Kind">How it runs: <c>serial parallel vectorised unrolled</c> …</param>
/// <param name="Runs">Iterations, each time it is reached.</param>
/// <param name="Operations">On elements, over all iterations, each time it is reached.</param>
/// <param name="Bytes">The distinct bytes that one run of all its iterations touches: its footprint.</param>
public sealed record LoopView(string Variable, string Kind, string Extent, long? Runs, double? Operations, long? Bytes, ImmutableArray<NestView> Body) : NestView;

/// <param name="Text">What it does at one point.</param>
public sealed record StatementView(string Name, string Text) : NestView;

/// <summary>Storage that lives inside a nest.</summary>
/// <param name="Type">Element type, extents and scope.</param>
/// <param name="Bytes">Its size.</param>
public sealed record BufferView(string Name, string Type, long? Bytes, ImmutableArray<NestView> Body) : NestView;

/// <summary>What runs only where a condition holds.</summary>
/// <param name="Text"><c>if …</c> or <c>else</c>.</param>
public sealed record ConditionView(string Text, ImmutableArray<NestView> Body) : NestView;

/// <summary>Makes views of a schedule's result.</summary>
public static class NestViews
{
    public static ImmutableArray<NestView> Of(ScheduleState state)
    {
        using var prover = new NestProver();
        var dims = state.Function.Dims.Select(d => d.Variable).ToImmutableArray();
        return [.. state.Nests.Order.SelectMany(n => Views(state.Nests[n], new DependenceContext(prover, [], dims)))];
    }

    private static ImmutableArray<NestView> Views(Stmt s, DependenceContext context) => s switch
    {
        Block b => [.. b.Statements.SelectMany(x => Views(x, context))],
        For f => [new LoopView(f.Variable.Name, KindOf(f), Simplifier.Simplify(f.Extent).ToString(), (f.Extent as IntImm)?.Value, Operations(f), Footprint(f, context), Views(f.Body, context.Inside(f)))],
        Allocate a => [new BufferView(a.Buffer.Name, $"{a.Buffer.Type.Name}[{string.Join(", ", a.Buffer.Shape)}] {a.Buffer.Scope.ToString().ToLowerInvariant()}", a.Buffer.TryBytes(), Views(a.Body, context))],
        If i => [new ConditionView($"if {i.Condition}", Views(i.Then, context)), .. i.Else is null ? ImmutableArray<NestView>.Empty : [new ConditionView("else", Views(i.Else, context))]],
        LetStmt l => [new StatementView("", $"let {l.Variable.Name} = {l.Value}"), .. Views(l.Body, context.Inside(l))],
        Instance i => [new StatementView(i.Name, i.Body.ToString().TrimEnd('\n'))],
        _ => [new StatementView("", s.ToString().TrimEnd('\n'))],
    };

    private static string KindOf(For f) => f.Kind switch { LoopKind.Vectorized => "vectorised", LoopKind.Bound => f.Axis!, var kind => kind.ToString().ToLowerInvariant() };

    private static double? Operations(Stmt s)
    {
        switch (s)
        {
            case For f: return f.Extent is IntImm n && Operations(f.Body) is { } each ? n.Value * each : null;
            case Block b:
                double sum = 0;
                foreach (var x in b.Statements)
                    if (Operations(x) is { } part) sum += part; else return null;
                return sum;
            case Allocate a: return Operations(a.Body);
            case LetStmt l: return Operations(l.Body);
            case If i: return Operations(i.Then);
            case Instance i: return InstanceFacts.Of(i).Operations;
            default: return 0;
        }
    }

    private static long? Footprint(For loop, DependenceContext context)
    {
        long bytes = 0;
        foreach (var buffer in loop.BuffersRead().Union(loop.BuffersWritten()))
        {
            if (AccessRegion.Of(loop.Body, buffer, [loop], context, includeWrites: true) is not { } region) continue;
            Int128 size = buffer.Type.Bytes;
            foreach (var d in region.Dimensions)
                if ((d.TightExtent as IntImm ?? d.Extent as IntImm) is { } n) size *= n.Value; else return null;
            bytes = (long)Int128.Min(bytes + size, long.MaxValue);
        }
        return bytes;
    }
}
