using System.Collections.Immutable;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

/// <summary>What a statement needs from around it when it becomes a function of its own, in the order of first mention.</summary>
/// <param name="Variables">Used and not bound inside.</param>
/// <param name="Buffers">Used and not allocated inside.</param>
/// <param name="Scratch">Allocated inside, with a place in the workspace.</param>
/// <param name="CanStop">It can return another code than 0 before its end: a check, a launch, a look at the cancel flag (in a loop around another, or a long one).</param>
internal sealed record Captures(ImmutableArray<Var> Variables, ImmutableArray<Buffer> Buffers, ImmutableArray<Buffer> Scratch, bool CanStop)
{
    /// <param name="inParallel">Loops inside do not launch: the statement is already run by a worker.</param>
    public static Captures Of(Stmt s, WorkspacePlan plan, bool inParallel)
    {
        var walk = new Walk(plan, inParallel);
        walk.Visit(s);
        return new(
            [.. walk.Variables.Where(v => !walk.Bound.Contains(v))], [.. walk.Buffers.Where(b => !walk.Allocated.Contains(b))],
            [.. walk.Scratch], walk.CanStop);
    }

    private sealed class Walk(WorkspacePlan plan, bool inParallel) : Walker
    {
        private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);
        private int _launched, _loops;

        public List<Var> Variables { get; } = [];
        public List<Buffer> Buffers { get; } = [];
        public List<Buffer> Scratch { get; } = [];
        public HashSet<Var> Bound { get; } = [];
        public HashSet<Buffer> Allocated { get; } = [];
        public bool CanStop { get; private set; }

        public override void Visit(Expr e)
        {
            if (e is IntImm or FloatImm || !_seen.Add(e)) return;
            if (e is Var v) Variables.Add(v); else base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            CanStop |= s is Check || s is For loop && (loop.Kind is LoopKind.Parallel || _loops > 0 || CancelPolling.Work(loop) > CancelPolling.MaxOperations);
            bool launches = !inParallel && s is For f && FunctionEmitter.IsLaunched(f);
            if (s is Allocate a)
            {
                Allocated.Add(a.Buffer);
                // A launched loop's scratch is its own worker's.
                if (_launched == 0 && plan.SlotOf(a.Buffer) is not null) Scratch.Add(a.Buffer);
            }
            if (launches) _launched++;
            if (s is For) _loops++;
            base.Visit(s);
            if (s is For) _loops--;
            if (launches) _launched--;
        }

        protected override void VisitBuffer(Buffer buffer)
        {
            if (_seen.Add(buffer)) Buffers.Add(buffer);
        }

        protected override void VisitBinder(Var variable) => Bound.Add(variable);
    }
}
