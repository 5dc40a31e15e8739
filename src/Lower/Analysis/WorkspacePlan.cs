using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Analysis;

/// <summary>A buffer's place in the workspace of a call.</summary>
/// <param name="IsPerWorker">False: from the workspace's start. True: from the start of the running worker's own part.</param>
/// <param name="Offset">In bytes, a multiple of <see cref="WorkspacePlan.Alignment"/>.</param>
public readonly record struct WorkspaceSlot(bool IsPerWorker, long Offset, long Bytes);

/// <summary>Where the buffers of a function lie that are neither arguments nor on the stack: its temporaries, each from the first nest that mentions it to
/// the last, sharing what space they can; and allocated buffers above <see cref="StackBytes"/>, one after another in the order of their nesting, shared by
/// the workers outside parallel loops and one for each worker inside. Time is n log n in the number of temporaries.</summary>
public sealed class WorkspacePlan
{
    public const int Alignment = 64;

    /// <summary>An allocated buffer up to this size stays on the stack, as long as all of those in its function together stay below <see cref="FrameBytes"/>.</summary>
    public const long StackBytes = 4096;

    public const long FrameBytes = 64 << 10;

    private readonly Dictionary<Buffer, WorkspaceSlot> _slots;

    private WorkspacePlan(Dictionary<Buffer, WorkspaceSlot> slots, long sharedBytes, long workerBytes) =>
        (_slots, SharedBytes, WorkerBytes) = (slots, sharedBytes, workerBytes);

    /// <summary>The part of the workspace that all workers share.</summary>
    public long SharedBytes { get; }

    /// <summary>The part of one worker; the parts of all workers lie behind the shared one.</summary>
    public long WorkerBytes { get; }

    /// <summary>Null: the buffer is an argument, is never used, or belongs on the stack.</summary>
    public WorkspaceSlot? SlotOf(Buffer buffer) => _slots.TryGetValue(buffer, out var slot) ? slot : null;

    /// <summary>Plans a function whose shapes are constants.</summary>
    /// <exception cref="DiagnosticException">The buffers need more than an address space (TX3001).</exception>
    public static WorkspacePlan Of(LoopFunction function)
    {
        var slots = new Dictionary<Buffer, WorkspaceSlot>();
        long temporaries = PlaceTemporaries(function, slots);
        var allocations = new AllocationWalk(slots, temporaries);
        allocations.Visit(function.Body);
        if (Math.Max(allocations.SharedBytes, allocations.WorkerBytes) > BufferSize.MaxBytes)
            throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, function.Name, BufferSize.MaxBytes);
        return new(slots, allocations.SharedBytes, allocations.WorkerBytes);
    }

    private static long PlaceTemporaries(LoopFunction function, Dictionary<Buffer, WorkspaceSlot> slots)
    {
        var nests = function.Body is Block block ? block.Statements : [function.Body];
        var remaining = function.Temporaries.ToHashSet();
        var firstUses = new List<Buffer>[nests.Length];
        var lastUses = new List<Buffer>[nests.Length];
        var last = new Dictionary<Buffer, int>();
        for (int n = 0; n < nests.Length; n++)
        {
            firstUses[n] = [];
            lastUses[n] = [];
            foreach (var buffer in Mentioned.In(nests[n]))
            {
                if (!remaining.Contains(buffer)) continue;
                if (!last.ContainsKey(buffer)) firstUses[n].Add(buffer);
                last[buffer] = n;
            }
        }
        foreach (var buffer in function.Temporaries)
            if (last.TryGetValue(buffer, out int n)) lastUses[n].Add(buffer);

        var space = new FreeSpace();
        for (int n = 0; n < nests.Length; n++)
        {
            foreach (var buffer in firstUses[n])
            {
                long bytes = Aligned(buffer.Bytes());
                slots[buffer] = new(false, space.Take(bytes), bytes);
                if (space.End > BufferSize.MaxBytes) throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, function.Name, BufferSize.MaxBytes);
            }
            foreach (var buffer in lastUses[n]) space.Return(slots[buffer].Offset, slots[buffer].Bytes);
        }
        return space.End;
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>Space that is handed out and comes back: the smallest gap that is large enough, else the end.</summary>
    private sealed class FreeSpace
    {
        private readonly SortedSet<(long Bytes, long Offset)> _bySize = [];
        private readonly Dictionary<long, long> _endOf = [];
        private readonly Dictionary<long, long> _startOf = [];

        public long End { get; private set; }

        public long Take(long bytes)
        {
            if (bytes == 0) return 0;
            var fit = _bySize.GetViewBetween((bytes, 0), (long.MaxValue, long.MaxValue)).Min;
            if (fit.Bytes != 0)
            {
                Remove(fit.Offset, fit.Offset + fit.Bytes);
                if (fit.Bytes > bytes) Add(fit.Offset + bytes, fit.Offset + fit.Bytes);
                return fit.Offset;
            }
            long start = End;
            if (_startOf.TryGetValue(End, out long gap))
            {
                Remove(gap, End);
                start = gap;
            }
            End = start + bytes;
            return start;
        }

        public void Return(long offset, long bytes)
        {
            if (bytes == 0) return;
            long start = offset, end = offset + bytes;
            if (_startOf.TryGetValue(start, out long before))
            {
                Remove(before, start);
                start = before;
            }
            if (_endOf.TryGetValue(end, out long after))
            {
                Remove(end, after);
                end = after;
            }
            Add(start, end);
        }

        private void Add(long start, long end)
        {
            _bySize.Add((end - start, start));
            _endOf.Add(start, end);
            _startOf.Add(end, start);
        }

        private void Remove(long start, long end)
        {
            _bySize.Remove((end - start, start));
            _endOf.Remove(start);
            _startOf.Remove(end);
        }
    }

    /// <summary>The buffers of a nest, in the order of first mention.</summary>
    private sealed class Mentioned : Walker
    {
        private readonly HashSet<Buffer> _set = [];
        private readonly List<Buffer> _order = [];
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

        public static List<Buffer> In(Stmt nest)
        {
            var walk = new Mentioned();
            walk.Visit(nest);
            return walk._order;
        }

        public override void Visit(Expr e)
        {
            if (_seen.Add(e)) base.Visit(e);
        }

        protected override void VisitBuffer(Buffer buffer)
        {
            if (_set.Add(buffer)) _order.Add(buffer);
        }
    }

    private sealed class AllocationWalk(Dictionary<Buffer, WorkspaceSlot> slots, long start) : Walker
    {
        private long _shared = start, _worker, _frame;
        private bool _inParallel;

        public long SharedBytes { get; private set; } = start;
        public long WorkerBytes { get; private set; }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            switch (s)
            {
                case For { Kind: LoopKind.Parallel } f:
                    bool outer = _inParallel;
                    _inParallel = true;
                    base.Visit(f);
                    _inParallel = outer;
                    break;
                case Allocate a:
                    Place(a);
                    break;
                default:
                    base.Visit(s);
                    break;
            }
        }

        private void Place(Allocate a)
        {
            long bytes = Aligned(a.Buffer.Bytes());
            if (bytes <= StackBytes && _frame + bytes <= FrameBytes)
            {
                _frame += bytes;
                Visit(a.Body);
                return;
            }
            long offset = _inParallel ? _worker : _shared;
            slots[a.Buffer] = new(_inParallel, offset, bytes);
            long end = Math.Min(offset + bytes, BufferSize.MaxBytes + 1);
            if (_inParallel) WorkerBytes = Math.Max(WorkerBytes, _worker = end);
            else SharedBytes = Math.Max(SharedBytes, _shared = end);
            Visit(a.Body);
            if (_inParallel) _worker = offset;
            else _shared = offset;
        }
    }
}
