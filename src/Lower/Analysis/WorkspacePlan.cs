using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Analysis;

/// <summary>A buffer's place in the workspace of a call.</summary>
/// <param name="IsPerWorker">False: from the workspace's start. True: from the start of the running worker's own part.</param>
/// <param name="Offset">In bytes, a multiple of <see cref="WorkspacePlan.Alignment"/>.</param>
/// <param name="Symbolic">Not null: the place of one of <see cref="WorkspacePlan.SymbolicSlots"/>, whose offset and size a call decides.</param>
public readonly record struct WorkspaceSlot(bool IsPerWorker, long Offset, long Bytes, int? Symbolic = null);

/// <summary>A part of the workspace whose size follows from dimensions that are variables: the largest of <paramref name="Buffers"/>.</summary>
public sealed record SymbolicSlot(bool IsPerWorker, ImmutableArray<Buffer> Buffers);

/// <summary>Where the buffers of a function lie that are neither arguments nor on the stack: its temporaries, each from the first nest that mentions it to
/// the last, sharing what space they can; and allocated buffers above <see cref="StackBytes"/>, one after another in the order of their nesting, shared by
/// the workers outside parallel loops and one for each worker inside. Buffers whose extents are variables get slots of their own: temporaries
/// that do not live at the same time share one, and so do allocations of one depth. Time is n log n in the number of temporaries.</summary>
public sealed class WorkspacePlan
{
    public const int Alignment = 64;

    /// <summary>An allocated buffer up to this size stays on the stack, as long as all of those in its function together stay below <see cref="FrameBytes"/>.</summary>
    public const long StackBytes = 4096;

    public const long FrameBytes = 64 << 10;

    private readonly Dictionary<Buffer, WorkspaceSlot> _slots;

    private WorkspacePlan(Dictionary<Buffer, WorkspaceSlot> slots, long sharedBytes, long workerBytes, ImmutableArray<SymbolicSlot> symbolic) =>
        (_slots, SharedBytes, WorkerBytes, SymbolicSlots) = (slots, sharedBytes, workerBytes, symbolic);

    /// <summary>The parts whose sizes a call decides.</summary>
    public ImmutableArray<SymbolicSlot> SymbolicSlots { get; }

    /// <summary>The part of the workspace that all workers share, without symbolic slots.</summary>
    public long SharedBytes { get; }

    /// <summary>The part of one worker, without symbolic slots; the parts of all workers lie behind the shared one.</summary>
    public long WorkerBytes { get; }

    /// <summary>Null: the buffer is an argument, is never used, or belongs on the stack.</summary>
    public WorkspaceSlot? SlotOf(Buffer buffer) => _slots.TryGetValue(buffer, out var slot) ? slot : null;

    /// <summary>Plans a function.</summary>
    /// <param name="stackBytes">An allocated buffer up to this size stays on the stack,</param>
    /// <param name="frameBytes">as long as all of those together stay below this.</param>
    /// <exception cref="DiagnosticException">The buffers need more than an address space (TX3001).</exception>
    public static WorkspacePlan Of(LoopFunction function, long stackBytes = StackBytes, long frameBytes = FrameBytes)
    {
        var slots = new Dictionary<Buffer, WorkspaceSlot>();
        var symbolic = new SymbolicSlotList();
        long temporaries = PlaceTemporaries(function, slots, symbolic);
        var allocations = new AllocationWalk(slots, temporaries, symbolic, stackBytes, frameBytes);
        allocations.Visit(function.Body);
        if (Math.Max(allocations.SharedBytes, allocations.WorkerBytes) > BufferSize.MaxBytes)
            throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, function.Name, BufferSize.MaxBytes);
        return new(slots, allocations.SharedBytes, allocations.WorkerBytes, symbolic.ToImmutable());
    }

    private static long PlaceTemporaries(LoopFunction function, Dictionary<Buffer, WorkspaceSlot> slots, SymbolicSlotList symbolic)
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
                if (buffer.TryBytes() is not { } exact)
                {
                    slots[buffer] = new(false, 0, 0, symbolic.Take(buffer));
                    continue;
                }
                long bytes = Aligned(exact);
                slots[buffer] = new(false, space.Take(bytes), bytes);
                if (space.End > BufferSize.MaxBytes) throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, function.Name, BufferSize.MaxBytes);
            }
            foreach (var buffer in lastUses[n])
                if (slots[buffer].Symbolic is { } index) symbolic.Return(buffer, index);
                else space.Return(slots[buffer].Offset, slots[buffer].Bytes);
        }
        return space.End;
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>Slots for buffers of unknown sizes.</summary>
    private sealed class SymbolicSlotList
    {
        private readonly List<(bool IsPerWorker, List<Buffer> Buffers)> _slots = [];
        // Slots that temporaries have given back, with the last of each.
        private readonly List<(Buffer Buffer, int Index)> _free = [];
        // By the depth of the allocation, shared and per worker.
        private readonly Dictionary<(bool IsPerWorker, int Depth), int> _nested = [];

        /// <summary>A slot for a temporary: one that a temporary of the same shape has given back, else any, which then holds the larger of both, less than
        /// a slot for each; else a new one.</summary>
        public int Take(Buffer buffer)
        {
            if (_free.Count == 0) return Add(false, buffer);
            int at = _free.FindLastIndex(f => f.Buffer.Type.Bytes == buffer.Type.Bytes && Stored(f.Buffer).SequenceEqual(Stored(buffer), StructuralComparer.Instance));
            bool isSame = at >= 0;
            if (!isSame) at = _free.Count - 1;
            int index = _free[at].Index;
            _free.RemoveAt(at);
            if (!isSame) _slots[index].Buffers.Add(buffer);
            return index;
        }

        // A layout may store more than the shape says.
        private static ImmutableArray<Expr> Stored(Buffer b) => b.Layout?.PhysicalShape ?? b.Shape;

        public void Return(Buffer buffer, int index) => _free.Add((buffer, index));

        /// <summary>The slot of an allocation inside <paramref name="depth"/> others; those beside it use the same.</summary>
        public int Nest(Buffer buffer, bool isPerWorker, int depth)
        {
            if (_nested.TryGetValue((isPerWorker, depth), out int index)) _slots[index].Buffers.Add(buffer);
            else _nested.Add((isPerWorker, depth), index = Add(isPerWorker, buffer));
            return index;
        }

        public ImmutableArray<SymbolicSlot> ToImmutable() => [.. _slots.Select(s => new SymbolicSlot(s.IsPerWorker, [.. s.Buffers]))];

        private int Add(bool isPerWorker, Buffer buffer)
        {
            _slots.Add((isPerWorker, [buffer]));
            return _slots.Count - 1;
        }
    }

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

    private sealed class AllocationWalk(Dictionary<Buffer, WorkspaceSlot> slots, long start, SymbolicSlotList symbolic, long stackBytes, long frameBytes) : Walker
    {
        private long _shared = start, _worker, _frame;
        private int _depth;
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
            if (a.Buffer.TryBytes() is not { } exact)
            {
                slots[a.Buffer] = new(_inParallel, 0, 0, symbolic.Nest(a.Buffer, _inParallel, _depth));
                _depth++;
                Visit(a.Body);
                _depth--;
                return;
            }
            long bytes = Aligned(exact);
            if (bytes <= stackBytes && _frame + bytes <= frameBytes)
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
