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
/// the last, and allocated buffers above <see cref="StackBytes"/>, which live in their nest, one after another in the order of their nesting; what does not live at the same
/// time shares space (<see cref="OffsetPlan"/>). Inside parallel loops each worker has its own. Buffers whose extents are variables get slots of their own: temporaries
/// that do not live at the same time share one, and so do allocations of one depth.</summary>
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
    /// <param name="alignment">Offsets of buffers of known size are multiples of it.</param>
    /// <exception cref="DiagnosticException">The buffers need more than an address space (TX3001).</exception>
    public static WorkspacePlan Of(LoopFunction function, long stackBytes = StackBytes, long frameBytes = FrameBytes, int alignment = Alignment)
    {
        var slots = new Dictionary<Buffer, WorkspaceSlot>();
        var symbolic = new SymbolicSlotList();
        ImmutableArray<Stmt> nests = [.. NestsOf(function.Body)];
        // What a nest allocates is over with it: first how much, then where.
        var scratch = new long[nests.Length];
        var (frame, worker) = (0L, 0L);
        for (int n = 0; n < nests.Length; n++)
        {
            var measured = new AllocationWalk([], 0, new(), stackBytes, frameBytes, alignment, frame);
            measured.Visit(nests[n]);
            (scratch[n], frame, worker) = (measured.SharedBytes, measured.Frame, Math.Max(worker, measured.WorkerBytes));
        }
        if (worker > BufferSize.MaxBytes) throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, function.Name, BufferSize.MaxBytes);
        long shared = PlaceTemporaries(function, nests, slots, symbolic, scratch, alignment);
        frame = 0;
        for (int n = 0; n < nests.Length; n++)
        {
            var placed = new AllocationWalk(slots, scratch[n], symbolic, stackBytes, frameBytes, alignment, frame);
            placed.Visit(nests[n]);
            frame = placed.Frame;
        }
        return new(slots, shared, worker, symbolic.ToImmutable());
    }

    // A name that nests share ends no life: its value is a step like any other.
    private static IEnumerable<Stmt> NestsOf(Stmt s) => s switch
    {
        Block b => b.Statements.SelectMany(NestsOf),
        LetStmt l => NestsOf(l.Body).Prepend(new LetStmt(l.Variable, l.Value, Block.Empty)),
        _ => [s],
    };

    // Temporaries and what the allocations of a nest need together, each with the nests between which it lives. The first gives offsets to the temporaries, the second to the nests.
    private static long PlaceTemporaries(LoopFunction function, ImmutableArray<Stmt> nests, Dictionary<Buffer, WorkspaceSlot> slots, SymbolicSlotList symbolic, long[] scratch, int alignment)
    {
        var remaining = function.Temporaries.ToHashSet();
        var life = new OrderedDictionary<Buffer, (int First, int Last)>();
        for (int n = 0; n < nests.Length; n++)
            foreach (var buffer in Mentioned.In(nests[n]))
                if (remaining.Contains(buffer)) life[buffer] = (life.TryGetValue(buffer, out var known) ? known.First : n, n);
        PlaceSymbolic(life, nests.Length, slots, symbolic);

        var sized = life.Keys.Where(b => b.TryBytes() is not null).ToList();
        ImmutableArray<PlacedItem> items = [.. sized.Select(b => new PlacedItem(Aligned(b.Bytes(), alignment), life[b].First, life[b].Last)), .. scratch.Select((bytes, n) => new PlacedItem(bytes, n, n))];
        var (offsets, end) = OffsetPlan.Of(items);
        if (end > BufferSize.MaxBytes) throw new DiagnosticException(LowerDiagnostics.StorageTooLarge, null, function.Name, BufferSize.MaxBytes);
        for (int n = 0; n < sized.Count; n++) slots[sized[n]] = new(false, offsets[n], items[n].Bytes);
        for (int n = 0; n < nests.Length; n++) scratch[n] = offsets[sized.Count + n];
        return end;
    }

    private static void PlaceSymbolic(OrderedDictionary<Buffer, (int First, int Last)> life, int nests, Dictionary<Buffer, WorkspaceSlot> slots, SymbolicSlotList symbolic)
    {
        var open = life.Where(p => p.Key.TryBytes() is null).ToList();
        for (int n = 0; n < nests; n++)
        {
            foreach (var (buffer, (first, _)) in open)
                if (first == n) slots[buffer] = new(false, 0, 0, symbolic.Take(buffer));
            foreach (var (buffer, (_, last)) in open)
                if (last == n) symbolic.Return(buffer, slots[buffer].Symbolic!.Value);
        }
    }

    private static long Aligned(long bytes, int alignment) => (bytes + alignment - 1) / alignment * alignment;

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

    private sealed class AllocationWalk(Dictionary<Buffer, WorkspaceSlot> slots, long start, SymbolicSlotList symbolic, long stackBytes, long frameBytes, int alignment, long frame) : Walker
    {
        private long _shared = start, _worker;
        private int _depth;
        private bool _inParallel;

        public long SharedBytes { get; private set; } = start;
        public long WorkerBytes { get; private set; }
        /// <summary>Bytes on the stack.</summary>
        public long Frame { get; private set; } = frame;

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
            long bytes = Aligned(exact, alignment);
            if (bytes <= stackBytes && Frame + bytes <= frameBytes)
            {
                Frame += bytes;
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
