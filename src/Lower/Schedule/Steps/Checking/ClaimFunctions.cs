using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Steps.Checking;

/// <summary>The nests that a step changes, before and after it, as two functions with the same parameters: what they read from elsewhere is an input of any value, and
/// what others or the caller see of them is an output. An output has a value before, too, as an update needs one.</summary>
internal sealed record ClaimFunctions(LoopFunction Before, LoopFunction After)
{
    /// <summary>Null where the step changes no nest.</summary>
    public static ClaimFunctions? Of(ScheduleState before, ScheduleState after)
    {
        ImmutableArray<Stmt> old = [.. before.Nests.Order.Select(n => before.Nests[n])], now = [.. after.Nests.Order.Select(n => after.Nests[n])];
        int head = 0, tail = 0;
        while (head < old.Length && head < now.Length && ReferenceEquals(old[head], now[head])) head++;
        while (tail < old.Length - head && tail < now.Length - head && ReferenceEquals(old[^(tail + 1)], now[^(tail + 1)])) tail++;
        if (old.Length - tail == head && now.Length - tail == head) return null;
        Stmt was = Block.Of(old[head..^tail]), becomes = Block.Of(now[head..^tail]);
        var (first, last) = (Block.Of(old[..head]), Block.Of(old[^tail..]));

        ImmutableArray<Buffer> all = [.. before.Function.Parameters.Concat(before.Function.Temporaries).Concat(after.Function.Temporaries).Distinct()];
        var written = was.BuffersWritten().Concat(becomes.BuffersWritten()).ToHashSet();
        var used = written.Concat(was.BuffersRead()).Concat(becomes.BuffersRead()).ToHashSet();
        var (earlier, later) = (first.BuffersWritten().ToHashSet(), last.BuffersRead().ToHashSet());
        ImmutableArray<Buffer> outputs = [.. all.Where(b => written.Contains(b) && (b.Role is BufferRole.Output || later.Contains(b)))];
        ImmutableArray<Buffer> inputs = [.. all.Where(b => used.Contains(b) && (b.Role is BufferRole.Input || earlier.Contains(b) || outputs.Contains(b)))];

        var given = inputs.Where(b => b.Role is not BufferRole.Input).ToDictionary(b => b, b => Twin(b, ".given", BufferRole.Input));
        var kept = outputs.Where(b => b.Role is not BufferRole.Output).ToDictionary(b => b, b => Twin(b, ".kept", BufferRole.Output));
        ImmutableArray<Buffer> parameters = [.. inputs.Select(b => given.GetValueOrDefault(b, b)), .. outputs.Select(b => kept.GetValueOrDefault(b, b))];
        ImmutableArray<Buffer> outside = [.. all.Where(b => used.Contains(b) && !parameters.Contains(b))];
        LoopFunction Function(Stmt body) => new()
        {
            Name = before.Function.Name, Target = before.Function.Target, Parameters = parameters, Dims = before.Function.Dims, Temporaries = outside, Messages = before.Function.Messages,
            Body = Block.Of([.. given.Select(p => Copy(p.Value, p.Key)), body, .. kept.Select(p => Copy(p.Key, p.Value))]),
        };
        return new(Function(was), Function(becomes));
    }

    private static Buffer Twin(Buffer b, string suffix, BufferRole role) => new(b.Name + suffix, b.Type, b.Shape, role);

    private static Stmt Copy(Buffer from, Buffer to)
    {
        ImmutableArray<Var> at = [.. to.Shape.Select((_, d) => Var.Index(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"d{d}")))];
        Stmt nest = new Store(to, [.. at], new Load(from, [.. at]));
        for (int d = at.Length - 1; d >= 0; d--) nest = new For(at[d], Expr.Index(0), to.Shape[d], LoopKind.Serial, nest);
        return nest;
    }

    /// <summary>The name of a parameter as people know it.</summary>
    public static string NameOf(Buffer parameter) => parameter.Name.EndsWith(".kept", StringComparison.Ordinal) ? parameter.Name[..^".kept".Length] : parameter.Name;
}
