using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>Checks the rules of the loop IR. What it reports is a defect of the pass or schedule step that made the module.
/// <para>At every level: operands have one type and as many lanes as each other; indices are <c>i64</c> and conditions <c>bool</c>; constants fit their type; a
/// stored value has its buffer's type and the access's lanes. A variable is bound once and used where it is in scope; so is a buffer (a parameter, a temporary or
/// allocated around). Inputs are not stored to. No parallel loop stands inside another; a loop has an axis exactly when it is bound.
/// Blocks do not stand directly in blocks.</para>
/// <para><see cref="LoopLevel.Scheduled"/>: an instance's body uses its iteration variables and dimensions only, its init no reduction variable.</para>
/// <para><see cref="LoopLevel.Lowered"/>: also no instances.</para>
/// <para><see cref="LoopLevel.Expanded"/>: also no vectorized, unrolled or virtual loops; register buffers have constant indices.</para>
/// <para><see cref="LoopLevel.Flat"/>: also one index an access, where it was as many as the buffer has dimensions before.</para></summary>
public static class Verifier
{
    /// <summary>What is wrong, a sentence each; empty for a module that follows the rules.</summary>
    public static ImmutableArray<string> Verify(LoopModule m)
    {
        var names = m.Functions.Select(f => f.Name).ToHashSet(StringComparer.Ordinal);
        var problems = ImmutableArray.CreateBuilder<string>();
        if (names.Count < m.Functions.Length) problems.Add("two functions have one name");
        foreach (var f in m.Functions) new FunctionVerifier(f, m.Level, names, problems).Run();
        return problems.ToImmutable();
    }

    /// <summary>Throws what <see cref="Verify"/> finds.</summary>
    /// <param name="phase">The step that made the module.</param>
    /// <exception cref="CompilerBugException">The module breaks a rule.</exception>
    public static void Require(LoopModule m, string phase)
    {
        var problems = Verify(m);
        if (!problems.IsEmpty) throw new CompilerBugException(phase, string.Join("; ", problems));
    }
}

internal sealed partial class FunctionVerifier(LoopFunction function, LoopLevel level, HashSet<string> functions, ImmutableArray<string>.Builder problems)
{
    // One mistake repeats in every copy of a loop; more than a few say nothing new.
    private const int MaxProblems = 20;

    private readonly HashSet<Var> _scope = [];
    private readonly HashSet<Buffer> _buffers = [];
    // A node may stand in several places (copies share what they have in common), so the binder counts, not the visit.
    private readonly Dictionary<object, object> _binders = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Expr> _checked = new(ReferenceEqualityComparer.Instance);
    private bool _inParallel;
    // The body of an instruction that is emitted is not written out: what it needs of registers does not count.
    private int _inInstruction;

    public void Run()
    {
        foreach (var (v, buffer, dimension) in function.Dims.Concat(function.Strides))
        {
            Bind(v, new object());
            if (!function.Parameters.Contains(buffer)) Report($"dimension `{v.Name}` is read from `{buffer.Name}`, which is no parameter", null);
            else if (dimension < 0 || dimension >= buffer.Shape.Length) Report($"dimension `{v.Name}` is read from dimension {dimension} of `{buffer.Name}`, which has {buffer.Shape.Length}", null);
        }
        bool outputs = false;
        foreach (var b in function.Parameters)
        {
            Declare(b, new object());
            if (b.Role is BufferRole.Temporary) Report($"parameter `{b.Name}` is neither input nor output", null);
            if (b.Packed is { } packed && (b.Type is not ElementType.U8 || !packed.Element.IsPacked || packed.Shape.Length != b.Shape.Length))
                Report($"`{b.Name}` packs {packed.Element.Name} of rank {packed.Shape.Length} in {b.Type.Name} of rank {b.Shape.Length}", null);
            if (b.Role is BufferRole.Input && outputs) Report($"input `{b.Name}` stands after an output", null);
            outputs |= b.Role is BufferRole.Output;
        }
        foreach (var b in function.Temporaries)
        {
            Declare(b, new object());
            if (b.Role is not BufferRole.Temporary) Report($"temporary `{b.Name}` is marked as {b.Role}", null);
        }
        Check(function.Body);
    }

    private void Report(string problem, object? node)
    {
        if (problems.Count >= MaxProblems) return;
        problems.Add(node is not (Stmt or Expr or string) ? $"{function.Name}: {problem}" : $"{function.Name}: {problem} in `{FirstLine(node.ToString() ?? "")}`");
    }

    private static string FirstLine(string text)
    {
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private void Bind(Var v, object where)
    {
        if (!ReferenceEquals(_binders.GetValueOrDefault(v, where), where)) Report($"variable `{v.Name}` is bound twice", where);
        _binders[v] = where;
        _scope.Add(v);
    }

    // What was checked inside may not be in scope outside.
    private void Leave(Var v)
    {
        _scope.Remove(v);
        _checked.Clear();
    }

    private void Declare(Buffer b, object where)
    {
        if (!ReferenceEquals(_binders.GetValueOrDefault(b, where), where)) Report($"buffer `{b.Name}` is declared twice", where);
        _binders[b] = where;
        _buffers.Add(b);
        foreach (var extent in b.Shape) Index(extent, $"the shape of {b.Name}");
        if (b.Layout is not { } layout) return;
        if (layout.Axes.Length != b.Shape.Length) Report($"the layout of `{b.Name}` has {layout.Axes.Length} axes for {b.Shape.Length} dimensions", where);
        if (layout.PhysicalIndices.Length != layout.PhysicalShape.Length) Report($"the layout of `{b.Name}` has {layout.PhysicalIndices.Length} indices for {layout.PhysicalShape.Length} extents", where);
        foreach (var a in layout.Axes) Bind(a, layout);
        foreach (var e in layout.PhysicalShape.Concat(layout.PhysicalIndices)) Index(e, $"the layout of {b.Name}");
        foreach (var a in layout.Axes) _scope.Remove(a);
    }

    private void Known(Buffer b, object where)
    {
        if (!_buffers.Contains(b)) Report($"buffer `{b.Name}` is not in scope", where);
    }

    // An index of one lane.
    private void Index(Expr e, object where)
    {
        Check(e);
        if (e.Type != IrType.Index) Report($"`{e}` is {e.Type}, not an index", where);
    }

    private void Condition(Expr e, object where)
    {
        Check(e);
        if (e.Type != IrType.Bool) Report($"`{e}` is {e.Type}, not a condition", where);
    }

    private void Access(Buffer b, ImmutableArray<Expr> indices, Expr? predicate, object where)
    {
        Known(b, where);
        int expected = level is LoopLevel.Flat ? 1 : b.Shape.Length, lanes = Load.LanesOf(indices);
        if (indices.Length != expected) Report($"{indices.Length} indices for {expected} dimensions", where);
        foreach (var i in indices)
        {
            Check(i);
            if (i.Type.Element is not ElementType.I64) Report($"`{i}` is {i.Type}, not an index", where);
            if (i.Type.Lanes != 1 && i.Type.Lanes != lanes) Report("indices have different numbers of lanes", where);
            if (level >= LoopLevel.Expanded && b.Scope is MemoryScope.Register && _inInstruction == 0 && !IsConstant(i)) Report($"register `{b.Name}` has the index `{i}`, which is not constant", where);
        }
        if (predicate is null) return;
        Check(predicate);
        if (predicate.Type != new IrType(ElementType.Bool, lanes)) Report($"the predicate is {predicate.Type}, the access has {lanes} lanes", where);
    }

    private static bool IsConstant(Expr e) => e is IntImm || e is Ramp { Base: IntImm, Stride: IntImm } || e is Broadcast { Value: IntImm };

    private void Check(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (s)
        {
            case Block b:
                foreach (var x in b.Statements)
                {
                    if (x is Block) Report("a block stands directly in a block", s);
                    Check(x);
                }
                break;
            case For f: Check(f); break;
            case If i:
                Condition(i.Condition, s);
                Check(i.Then);
                if (i.Else is not null) Check(i.Else);
                break;
            case Store t:
                Access(t.Buffer, t.Indices, t.Predicate, s);
                Check(t.Value);
                if (t.Value.Type != new IrType(t.Buffer.Type, Load.LanesOf(t.Indices))) Report($"a value of {t.Value.Type} is stored to {t.Buffer.Type.Name} in {Load.LanesOf(t.Indices)} lanes", s);
                if (t.Buffer.Role is BufferRole.Input) Report($"input `{t.Buffer.Name}` is stored to", s);
                break;
            case LetStmt l:
                Value(l.Variable, l.Value, s);
                Bind(l.Variable, s);
                Check(l.Body);
                Leave(l.Variable);
                break;
            case Allocate a:
                Declare(a.Buffer, s);
                if (a.Buffer.Role is not BufferRole.Temporary) Report($"allocated `{a.Buffer.Name}` is marked as {a.Buffer.Role}", s);
                Check(a.Body);
                _buffers.Remove(a.Buffer);
                _checked.Clear();
                break;
            case Check c:
                Condition(c.Condition, s);
                foreach (var v in c.Values) Index(v, s);
                if (c.Message < 0 || c.Message >= function.Messages.Length) Report($"there is no message {c.Message}", s);
                break;
            case Effect x: Check(x); break;
            case Instance i: Check(i); break;
            case InstructionCall c:
                if (c.Emission is { } emission) Check(emission, c);
                _inInstruction++;
                Check(c.Body);
                _inInstruction--;
                break;
            case Launch l:
                foreach (var b in l.Buffers) Known(b, s);
                foreach (var e in l.Grid.Concat(l.Block)) Index(e, s);
                if (!functions.Contains(l.Function)) Report($"there is no function `{l.Function}`", s);
                break;
        }
    }

    private void Check(InstructionEmission e, InstructionCall c)
    {
        for (int n = 0; n < e.Operations.Length; n++)
            foreach (var a in e.Operations[n].Arguments)
            {
                if (a.Value is not null)
                {
                    Check(a.Value);
                    if (a.Value.Type != a.Source) Report($"a value of {a.Value.Type} is read as {a.Source}", c);
                }
                else if (a.Numbers.IsEmpty && (a.Earlier < 0 || a.Earlier >= n)) Report($"operation {n} reads operation {a.Earlier}", c);
                if (a.Bits is { } bits && bits.Element.Bits * bits.Lanes != a.Source.Element.Bits * a.Source.Lanes) Report($"the bits of {a.Source} are no {bits}", c);
                if (a.Lanes > 0 && (a.Lanes == 1 || (a.Bits ?? a.Source).Lanes != 1)) Report($"copies {a.Bits ?? a.Source} into {a.Lanes} lanes", c);
            }
        if (e.Operations.IsEmpty || e.Operations[^1].Type != e.ResultType) Report($"what is emitted is no {e.ResultType}", c);
        Access(e.Target, e.Indices, null, c);
        if (e.Target.Role is BufferRole.Input) Report($"input `{e.Target.Name}` is written", c);
    }

    private void Check(For f)
    {
        Index(f.Min, f);
        Index(f.Extent, f);
        if (f.Variable.Type != IrType.Index) Report($"loop variable `{f.Variable.Name}` is {f.Variable.Type}", f);
        if (f.Axis is null == f.Kind is LoopKind.Bound) Report(f.Axis is null ? "a bound loop has no axis" : "a loop with an axis is not bound", f);
        if (level >= LoopLevel.Expanded && f.Kind is LoopKind.Vectorized or LoopKind.Unrolled or LoopKind.Virtual) Report($"a mark is left at level {level}", f);
        bool outside = _inParallel;
        if (f.Kind is LoopKind.Parallel && outside) Report("a parallel loop stands inside another", f);
        Bind(f.Variable, f);
        _inParallel |= f.Kind is LoopKind.Parallel;
        Check(f.Body);
        _inParallel = outside;
        Leave(f.Variable);
    }

    private void Check(Effect x)
    {
        foreach (var b in x.Buffers) Known(b, x);
        foreach (var e in x.Arguments) Index(e, x);
        if (x.Kind is EffectKind.Prefetch)
        {
            if (x.Buffers is not [var b]) Report("a prefetch has one buffer", x);
            else if (x.Arguments.Length != (level is LoopLevel.Flat ? 1 : b.Shape.Length)) Report($"{x.Arguments.Length} indices for {b.Shape.Length} dimensions", x);
            return;
        }
        if (x.Kind is not EffectKind.Copy)
        {
            if (!x.Buffers.IsEmpty || !x.Arguments.IsEmpty) Report("only a copy has buffers and arguments", x);
            return;
        }
        if (x.Buffers is not [var to, var from])
        {
            Report("a copy has a destination and a source", x);
            return;
        }
        int indices = level is LoopLevel.Flat ? 2 : to.Shape.Length + from.Shape.Length;
        if (x.Arguments.Length < indices) Report($"a copy of these buffers has {indices} indices", x);
        if (to.Type != from.Type) Report($"copies {from.Type.Name} to {to.Type.Name}", x);
        if (to.Role is BufferRole.Input) Report($"input `{to.Name}` is copied to", x);
    }

    // The body sees iteration variables and dimensions, not the loops around.
    private void Check(Instance i)
    {
        if (level >= LoopLevel.Lowered) Report($"an instance is left at level {level}", i);
        foreach (var it in i.Iterations) Index(it.Binding, i);
        var loops = _scope.ToArray();
        _scope.Clear();
        foreach (var (v, _, _) in function.Dims) _scope.Add(v);
        foreach (var it in i.Iterations)
        {
            Bind(it.Variable, i);
            Index(it.Start, i);
            Index(it.End, i);
        }
        foreach (var r in i.Reads.Concat(i.Writes))
        {
            Known(r.Buffer, i);
            foreach (var e in r.Start.Concat(r.Extent)) Index(e, i);
            if (r.Start.Length != r.Buffer.Shape.Length || r.Extent.Length != r.Start.Length) Report($"the region of `{r.Buffer.Name}` has not {r.Buffer.Shape.Length} dimensions", i);
        }
        Check(i.Body);
        if (i.Init is not null)
        {
            foreach (var it in i.Iterations)
                if (it.Kind is IterKind.Reduction) _scope.Remove(it.Variable);
            // Checked again: the body may share expressions with it that it may not use.
            _checked.Clear();
            Check(i.Init);
        }
        _scope.Clear();
        foreach (var v in loops) _scope.Add(v);
        _checked.Clear();
    }

    private void Value(Var v, Expr value, object where)
    {
        Check(value);
        if (v.Type != value.Type) Report($"`{v.Name}` is {v.Type}, its value {value.Type}", where);
    }
}
