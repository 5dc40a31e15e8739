using System.Collections.Immutable;
using System.Text;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Display;

/// <summary>Where a buffer of a kernel lies.</summary>
public enum BufferPlace
{
    /// <summary>A tensor of the caller.</summary>
    Argument,
    /// <summary>In the workspace, at an offset that all workers share.</summary>
    Workspace,
    /// <summary>In each worker's own part of the workspace.</summary>
    Worker,
    /// <summary>On the stack or in registers.</summary>
    Stack,
}

/// <summary>A buffer with its place and its life.</summary>
/// <param name="Bytes">Null where sizes are not known.</param>
/// <param name="Offset">In the workspace or a worker's part of it; null elsewhere, and where a call decides it.</param>
/// <param name="First">The first nest that mentions it, from 0.</param>
/// <param name="Last">The last one.</param>
public sealed record PlannedBuffer(string Name, string Type, BufferPlace Place, long? Bytes, long? Offset, int First, int Last);

/// <summary>The memory of a kernel: its buffers, and how they share the workspace.</summary>
/// <param name="Title">The operator, its schedule and its sizes.</param>
/// <param name="Nests">What each nest writes, in order.</param>
/// <param name="SharedBytes">Of the workspace that all workers share.</param>
/// <param name="WorkerBytes">Of one worker's part.</param>
public sealed record MemoryPlan(string Title, ImmutableArray<PlannedBuffer> Buffers, ImmutableArray<string> Nests, long SharedBytes, long WorkerBytes)
{
    /// <param name="final">A function that went through the pass list.</param>
    /// <exception cref="DiagnosticException">The buffers need more than an address space.</exception>
    public static MemoryPlan Of(string title, LoopFunction final)
    {
        var plan = WorkspacePlan.Of(final);
        ImmutableArray<Stmt> nests = final.Body is Block block ? block.Statements : [final.Body];
        var lives = new Dictionary<Buffer, (int First, int Last)>();
        var order = new List<Buffer>();
        var allocated = new HashSet<Buffer>();
        for (int n = 0; n < nests.Length; n++)
        {
            var uses = BufferUses.In(nests[n]);
            allocated.UnionWith(uses.Allocated);
            foreach (var b in uses.All)
            {
                if (!lives.TryGetValue(b, out var life)) order.Add(b);
                lives[b] = (lives.ContainsKey(b) ? life.First : n, n);
            }
        }
        var buffers = final.Parameters.Concat(final.Temporaries.Where(lives.ContainsKey)).Concat(order.Where(allocated.Contains)).Distinct()
            .Select(b => Planned(b, plan, final.Parameters.Contains(b), lives.GetValueOrDefault(b, (0, nests.Length - 1)))).ToImmutableArray();
        return new(title, buffers, [.. nests.Select(s => string.Join(", ", BufferUses.In(s).Written.Where(b => !allocated.Contains(b)).Select(b => b.Name).Distinct()))], plan.SharedBytes, plan.WorkerBytes);
    }

    private static PlannedBuffer Planned(Buffer b, WorkspacePlan plan, bool isParameter, (int First, int Last) life)
    {
        string type = $"{b.TensorType.Name}[{string.Join(", ", b.TensorShape)}]";
        var slot = plan.SlotOf(b);
        var place = isParameter ? BufferPlace.Argument : slot is null ? BufferPlace.Stack : slot.Value.IsPerWorker ? BufferPlace.Worker : BufferPlace.Workspace;
        return new(b.Name, type, place, b.TryBytes(), slot is { Symbolic: null } known ? known.Offset : null, life.First, life.Last);
    }

    private sealed class BufferUses : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private readonly HashSet<Buffer> _all = [];

        public List<Buffer> All { get; } = [];
        public List<Buffer> Allocated { get; } = [];
        public List<Buffer> Written { get; } = [];

        public static BufferUses In(Stmt s)
        {
            var uses = new BufferUses();
            uses.Visit(s);
            return uses;
        }

        public override void Visit(Expr e)
        {
            if (_seen.Add(e)) base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Allocate a) Allocated.Add(a.Buffer);
            if (s is Store t) Written.Add(t.Buffer);
            base.Visit(s);
        }

        protected override void VisitBuffer(Buffer buffer)
        {
            if (_all.Add(buffer)) All.Add(buffer);
        }
    }
}

/// <summary>A memory plan: a table, and the workspace as a picture of offsets over the nests.</summary>
internal static class MemoryFormat
{
    private const double Width = 760, Left = 76, Top = 26, Bottom = 40;

    public static DisplayBundle Of(MemoryPlan plan)
    {
        string text = Text(plan);
        return DisplayBundle.OfSvg(text, Draw(plan));
    }

    private static string Text(MemoryPlan plan)
    {
        var text = new StringBuilder();
        text.Append("// ").Append(plan.Title).Append('\n').Append(Totals(plan)).Append('\n');
        string[][] rows = [["buffer", "type", "place", "bytes", "offset", "nests"], .. plan.Buffers.Select(b => new[]
        {
            b.Name, b.Type, b.Place.ToString().ToLowerInvariant(), b.Bytes is { } n ? Quantity.Bytes(n) : "at the call", b.Offset is { } o ? Quantity.Of("0", o) : "", b.First == b.Last ? $"{b.First}" : $"{b.First}..{b.Last}",
        })];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length))];
        foreach (string[] row in rows) text.Append("  ").Append(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd()).Append('\n');
        for (int n = 0; n < plan.Nests.Length; n++) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"  nest {n} writes {plan.Nests[n]}\n");
        return text.ToString();
    }

    private static string Totals(MemoryPlan plan)
    {
        long separate = plan.Buffers.Where(b => b.Place is BufferPlace.Workspace).Sum(b => b.Bytes ?? 0);
        string shared = separate > plan.SharedBytes ? $" ({Quantity.Bytes(separate)} without sharing)" : "";
        return $"workspace {Quantity.Bytes(plan.SharedBytes)}{shared}, {Quantity.Bytes(plan.WorkerBytes)} a worker";
    }

    private static string Draw(MemoryPlan plan)
    {
        var placed = plan.Buffers.Where(b => b is { Offset: not null, Bytes: > 0 }).ToList();
        double height = placed.Count == 0 ? 0 : Math.Clamp(60 + 34 * placed.Count, 120, 300), rows = plan.Buffers.Length * 18;
        var drawing = new Drawing(Width, Top + height + (placed.Count > 0 ? Bottom : 0) + rows + 22, $"memory of {plan.Title}");
        drawing.Text(0, 14, $"{plan.Title}: {Totals(plan)}");
        double y = Top;
        if (placed.Count > 0)
        {
            Workspace(drawing, plan, placed, height);
            y += height + Bottom;
        }
        for (int i = 0; i < plan.Buffers.Length; i++)
        {
            var b = plan.Buffers[i];
            double at = y + 12 + 18 * i;
            drawing.Rectangle(2, at - 9, 9, 9, Colour(b), radius: 2);
            drawing.Text(16, at, $"{b.Name}: {b.Type}", isMono: true);
            drawing.Text(Width - 4, at, $"{b.Place.ToString().ToLowerInvariant()}{(b.Offset is { } o ? $" at {o}" : "")}, {(b.Bytes is { } n ? Quantity.Bytes(n) : "its size is the call's")}, {(b.First == b.Last ? $"nest {b.First}" : $"nests {b.First}..{b.Last}")}", "end", 11, isQuiet: true);
        }
        return drawing.ToString();
    }

    // Parts of a worker stand above the shared part, as they do in memory.
    private static void Workspace(Drawing drawing, MemoryPlan plan, List<PlannedBuffer> placed, double height)
    {
        double total = Math.Max(1, plan.SharedBytes + plan.WorkerBytes), step = (Width - Left - 8) / Math.Max(1, plan.Nests.Length);
        drawing.Rectangle(Left, Top, Width - Left - 8, height, Theme.Ground);
        foreach (var b in placed)
        {
            double offset = b.Offset!.Value + (b.Place is BufferPlace.Worker ? plan.SharedBytes : 0), h = Math.Max(3, height * b.Bytes!.Value / total);
            double x = Left + b.First * step, w = (b.Last - b.First + 1) * step, y = Top + height - height * offset / total - h;
            drawing.Rectangle(x + 1, y, w - 2, h - 1, Theme.Tint(Colour(b), ".45"), Colour(b), $"{b.Name}: {b.Type}, {Quantity.Bytes(b.Bytes.Value)} at {b.Offset}", 3);
            if (h >= 13 && w > 8 * b.Name.Length) drawing.Text(x + w / 2, y + h / 2 + 4, b.Name, "middle", isMono: true);
        }
        foreach (double part in (double[])[0, 0.5, 1]) drawing.Text(Left - 6, Top + height - height * part + 4, Quantity.Bytes(Math.Round(total * part)), "end", 11, isQuiet: true);
        int every = Math.Max(1, plan.Nests.Length / 12);
        for (int n = 0; n < plan.Nests.Length; n += every) drawing.Text(Left + (n + 0.5) * step, Top + height + 14, $"{n}", "middle", 11, isQuiet: true);
        drawing.Text(Left + (Width - Left) / 2, Top + height + 29, plan.WorkerBytes > 0 ? "nests in order; a worker's own part above the shared one" : "nests in order", "middle", 11, isQuiet: true);
    }

    private static string Colour(PlannedBuffer b) => b.Place switch { BufferPlace.Argument => Theme.Blue, BufferPlace.Workspace => Theme.Teal, BufferPlace.Worker => Theme.Violet, _ => Theme.Grey };
}
