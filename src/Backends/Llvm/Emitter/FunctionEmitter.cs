using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

/// <summary>Where a buffer starts in the current function, and what that address is known to be a multiple of.</summary>
internal readonly record struct Place(string Pointer, int Alignment);

/// <summary>Writes one LLVM function from statements of the loop IR. Nothing is optimised here; what LLVM needs to do its part well (no aliases,
/// exact alignments, stack slots in the entry block, loops tested at their end) is said.</summary>
/// <param name="module">Gets the functions that statements are outlined into.</param>
/// <param name="name">The function's symbol: outlined ones derive theirs from it.</param>
/// <param name="worker">The operand of type <c>i32</c> that numbers the worker; null in serial code, which is worker 0.</param>
internal sealed partial class FunctionEmitter(ModuleEmitter module, FunctionWriter writer, string name, string? worker)
{
    private readonly Dictionary<Var, Value> _variables = [];
    private readonly Dictionary<Buffer, Place> _places = [];
    private readonly Dictionary<Var, long> _divisors = [];
    private readonly Dictionary<Expr, Value> _memo = new(ReferenceEqualityComparer.Instance);
    // The keys of the memo as they were added.
    private readonly List<Expr> _order = [];
    private readonly Dictionary<Var, Let> _lets = [];
    private int _loops;
    // Operations between two looks at the cancel flag, at most.
    private double _unseen = double.PositiveInfinity;

    private bool InParallel => worker is not null;

    public void Bind(Var variable, Value value) => _variables[variable] = value;
    public void Bind(Buffer buffer, Place place) => _places[buffer] = place;

    /// <summary>Writes a statement.</summary>
    public void Emit(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (s)
        {
            case Block b: EmitAll(b.Statements); break;
            case For f: EmitFor(f); break;
            case If i: EmitIf(i); break;
            case Store t: From(t.Origin, () => EmitStore(t)); break;
            case LetStmt l: From(l.Origin, () => EmitLet(l)); Emit(l.Body); break;
            case Allocate a: EmitAllocate(a); Emit(a.Body); break;
            case Check c: From(c.Origin, () => EmitCheck(c)); break;
            case Effect x: EmitEffect(x); break;
            case InstructionCall { Emission: { } emission } c: From(c.Origin, () => EmitInstruction(emission)); break;
            case InstructionCall c: Emit(c.Body); break;
            case Launch: throw new DiagnosticException(BackendDiagnostics.UnsupportedStatement, null, "a launch of a device kernel");
            default: throw Bug($"a statement `{s.GetType().Name}` at level flat");
        }
    }

    // The instructions of a statement, under its origin.
    private void From(Origin? origin, Action emit)
    {
        var before = writer.From(origin);
        emit();
        writer.From(before);
    }

    public void Return(long code) => writer.Line($"ret i32 {LlvmText.Number(code)}");

    private static CompilerBugException Bug(string what) => new("llvm emitter", what);

    private void EmitFor(For f)
    {
        switch (f.Kind)
        {
            // A worker does not launch again: the pool's workers are all in use.
            case LoopKind.Parallel when !InParallel && IsLaunched(f): EmitParallel(f); break;
            case LoopKind.Serial or LoopKind.Parallel:
                var min = Start(f.Min);
                Value end = f.Min is IntImm a && f.Extent is IntImm b
                    ? LlvmText.Index(a.Value + b.Value)
                    : Sum(min, Evaluate(f.Extent));
                EmitLoop(f.Variable, min, end, f.Extent is IntImm n ? n.Value : null, f.Body);
                break;
            case LoopKind.Bound: throw new DiagnosticException(BackendDiagnostics.UnsupportedStatement, null, $"a loop bound to `{f.Axis}`");
            default: throw Bug($"a loop of kind {f.Kind} at level flat");
        }
    }

    /// <summary>One iteration needs no launch.</summary>
    internal static bool IsLaunched(For f) => f is { Kind: LoopKind.Parallel, Extent: not IntImm { Value: <= 1 } };

    private Value Sum(Value a, Value b) => a.Text == "0" ? b : writer.Assign(a.Type, $"add nsw {a}, {b.Text}");

    /// <summary>A loop over begin .. end with its test at its end, so that what is invariant is known to run and can be hoisted.</summary>
    /// <param name="extent">The number of iterations where it is known.</param>
    private void EmitLoop(Var variable, Value begin, Value end, long? extent, Stmt body)
    {
        if (extent <= 0) return;
        if (extent == 1)
        {
            _variables[variable] = begin;
            Emit(body);
            return;
        }
        bool isInner = !ContainsLoop(body);
        if (isInner && _unseen > CancelPolling.MaxOperations && (extent ?? double.PositiveInfinity) * (1 + CancelPolling.Work(body)) > CancelPolling.MaxOperations)
        {
            EmitLongLoop(variable, begin, end, extent, body);
            return;
        }
        EmitLoop(variable, begin, end, extent, !isInner && (_loops == 0 || _unseen > CancelPolling.MaxOperations), body);
    }

    /// <summary>An innermost loop of many iterations, in pieces: the flag is looked at before each.</summary>
    private void EmitLongLoop(Var variable, Value begin, Value end, long? extent, Stmt body)
    {
        long piece = Math.Max(1, (long)(CancelPolling.MaxOperations / (1 + CancelPolling.Work(body))));
        string hint = writer.Label(variable.Name + ".piece");
        string before = writer.Label(hint + ".before"), loop = writer.Label(hint + ".loop"), latch = writer.Label(hint + ".latch"), exit = writer.Label(hint + ".exit");
        if (extent is null) writer.Branch(writer.Assign(IrType.Bool, $"icmp slt {begin}, {end.Text}"), before, exit);
        else writer.Branch(before);
        writer.Block(before);
        string flag = CancelFlag();
        writer.Branch(loop);
        writer.Block(loop);
        string at = "%" + LlvmText.Name(hint), next = "%" + LlvmText.Name(writer.Fresh(hint + ".next"));
        writer.Line($"{at} = phi i64 [ {begin.Text}, %{LlvmText.Name(before)} ], [ {next}, %{LlvmText.Name(latch)} ]");
        PollCancel(flag);
        writer.Line($"{next} = add nsw i64 {at}, {LlvmText.Number(piece)}");
        string isWhole = writer.Assign($"icmp slt i64 {next}, {end.Text}");
        var stop = writer.Assign(IrType.Index, $"select i1 {isWhole}, i64 {next}, i64 {end.Text}");
        EmitLoop(variable, new(IrType.Index, at), stop, null, looks: false, body);
        writer.Branch(latch);
        writer.Block(latch);
        writer.Branch(writer.Assign(IrType.Bool, $"icmp slt i64 {next}, {end.Text}"), loop, exit);
        writer.Block(exit);
    }

    /// <param name="looks">Each iteration looks at the cancel flag first.</param>
    private void EmitLoop(Var variable, Value begin, Value end, long? extent, bool looks, Stmt body)
    {
        string hint = writer.Label(variable.Name);
        string before = writer.Label(hint + ".before"), loop = writer.Label(hint + ".loop"), latch = writer.Label(hint + ".latch"), exit = writer.Label(hint + ".exit");
        if (extent is null) writer.Branch(writer.Assign(IrType.Bool, $"icmp slt {begin}, {end.Text}"), before, exit);
        else writer.Branch(before);
        writer.Block(before);
        string? cancel = looks ? CancelFlag() : null;
        writer.Branch(loop);
        writer.Block(loop);
        string index = "%" + LlvmText.Name(hint), next = "%" + LlvmText.Name(writer.Fresh(hint + ".next"));
        writer.Line($"{index} = phi i64 [ {begin.Text}, %{LlvmText.Name(before)} ], [ {next}, %{LlvmText.Name(latch)} ]");
        if (cancel is not null) PollCancel(cancel);
        double outside = _unseen;
        if (looks) _unseen = CancelPolling.Work(body);
        _variables[variable] = new(variable.Type, index);
        _loops++;
        Emit(body);
        _loops--;
        _unseen = outside;
        writer.Branch(latch);
        writer.Block(latch);
        writer.Line($"{next} = add nsw i64 {index}, 1");
        writer.Branch(writer.Assign(IrType.Bool, $"icmp slt i64 {next}, {end.Text}"), loop, exit);
        writer.Block(exit);
    }

    private static bool ContainsLoop(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return s switch
        {
            For => true,
            Block b => b.Statements.Any(ContainsLoop),
            If i => ContainsLoop(i.Then) || i.Else is not null && ContainsLoop(i.Else),
            LetStmt l => ContainsLoop(l.Body),
            Allocate a => ContainsLoop(a.Body),
            _ => false,
        };
    }

    /// <summary>The address of the flag; without one, that of a zero.</summary>
    private string CancelFlag()
    {
        string given = LoadCall(CallLayout.Cancel, "ptr", 8);
        string isNull = writer.Assign($"icmp eq ptr {given}, null");
        return writer.Assign($"select i1 {isNull}, ptr {module.Zero}, ptr {given}");
    }

    private void PollCancel(string flag)
    {
        string value = writer.Assign($"load atomic i32, ptr {flag} monotonic, align 4");
        string stop = writer.Label("cancelled"), go = writer.Label("go");
        writer.Branch(writer.Assign(IrType.Bool, $"icmp ne i32 {value}, 0"), stop, go);
        writer.Block(stop);
        Return(CallLayout.Cancelled);
        writer.Block(go);
    }

    // No instruction, and nothing that memory or other code depends on: the block before a loop is not empty, and stays.
    private const string OwnBlock = "call void asm sideeffect \"\", \"\"() nounwind willreturn memory(inaccessiblemem: readwrite)";

    private void EmitIf(If i)
    {
        var condition = Start(i.Condition);
        string then = writer.Label("then"), end = writer.Label("end");
        string @else = i.Else is null ? end : writer.Label("else");
        writer.Branch(condition, then, @else);
        // Where both sides are loops, what each starts with would be put into registers before the branch: the tiles of both at once.
        bool keepsApart = i.Else is { } other && LoopSearch.HasLoop(i.Then) && LoopSearch.HasLoop(other);
        writer.Block(then);
        if (keepsApart) writer.Line(OwnBlock);
        Emit(i.Then);
        writer.Branch(end);
        if (i.Else is not null)
        {
            writer.Block(@else);
            if (keepsApart) writer.Line(OwnBlock);
            Emit(i.Else);
            writer.Branch(end);
        }
        writer.Block(end);
    }

    private void EmitLet(LetStmt l)
    {
        _variables[l.Variable] = Start(l.Value);
        if (l.Value.Type == IrType.Index) _divisors[l.Variable] = Divisor(l.Value);
    }

    private void EmitAllocate(Allocate a)
    {
        var b = a.Buffer;
        if (module.Plan.SlotOf(b) is not null)
        {
            if (!_places.ContainsKey(b)) throw Bug($"the place of `{b.Name}` was not passed");
            return;
        }
        long count = b.Bytes() / b.Type.Bytes;
        string element = LlvmText.MemoryTypeOf(new(b.Type));
        _places[b] = new(writer.Slot(b.Name, $"[{LlvmText.Number(Math.Max(count, 1))} x {element}]", WorkspacePlan.Alignment), WorkspacePlan.Alignment);
    }

    private void EmitCheck(Check c)
    {
        var condition = Start(c.Condition);
        string fail = writer.Label("fail"), go = writer.Label("go");
        writer.Branch(condition, go, fail);
        writer.Block(fail);
        // Evaluated here: in good runs the values cost nothing. They may not be shared with what follows.
        var values = c.Values.Select(v => Evaluate(v)).ToArray();
        _memo.Clear();
        Fail(c.Message, values);
        writer.Block(go);
    }

    /// <summary>Writes the error sink and returns. Several workers may fail at once: the first claims the sink, so that message and values belong together.</summary>
    private void Fail(int message, ReadOnlySpan<Value> values)
    {
        string sink = LoadCall(CallLayout.Error, "ptr", 8);
        string write = writer.Label("report"), done = writer.Label("reported");
        string count = Address(sink, CallLayout.ErrorCount);
        string claimed = writer.Assign($"cmpxchg ptr {count}, i32 0, i32 -1 monotonic monotonic, align 4");
        string first = writer.Assign($"extractvalue {{ i32, i1 }} {claimed}, 1");
        writer.Branch(new(IrType.Bool, first), write, done);
        writer.Block(write);
        writer.Line($"store i32 {LlvmText.Number(message)}, ptr {sink}, align 4");
        int stored = Math.Min(values.Length, CallLayout.ErrorMaxValues);
        for (int i = 0; i < stored; i++)
            writer.Line($"store {values[i]}, ptr {Address(sink, CallLayout.ErrorValues + 8 * i)}, align 8");
        writer.Line($"store atomic i32 {LlvmText.Number(stored)}, ptr {count} monotonic, align 4");
        writer.Branch(done);
        writer.Block(done);
        Return(CallLayout.Failed);
    }

    private void EmitEffect(Effect x)
    {
        if (x.Kind is EffectKind.Prefetch)
        {
            EmitPrefetch(x);
            return;
        }
        if (x.Kind is not EffectKind.Fence)
            throw new DiagnosticException(BackendDiagnostics.UnsupportedStatement, null, $"the effect `{x.Kind.ToString().ToLowerInvariant()}`");
        // A release fence of LLVM's does not order streamed stores on x86.
        writer.Line(module.Target.IsX86 ? "call void @llvm.x86.sse.sfence()" : "fence seq_cst");
    }

    private string LoadCall(int offset, string type, int align) => writer.Assign($"load {type}, ptr {Address("%call", offset)}, align {LlvmText.Number(align)}");

    private string Address(string pointer, long offset) => offset == 0 ? pointer : writer.Assign($"getelementptr inbounds i8, ptr {pointer}, i64 {LlvmText.Number(offset)}");
}
