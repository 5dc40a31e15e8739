using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lower;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.C;

/// <summary>Writes one function of C from statements of the loop IR.</summary>
internal sealed partial class CFunctionEmitter(CModuleEmitter module, CNames names)
{
    // More become an array: a compiler keeps that many in registers, or none.
    private const long MaxScalars = 64;

    private readonly List<string> _lines = [];
    // Lines that only give a name to a value, by the name.
    private readonly Dictionary<string, int> _named = new(StringComparer.Ordinal);
    private readonly Dictionary<Var, string> _variables = [];
    private readonly Dictionary<Buffer, string[]> _scalars = [];
    private readonly Dictionary<int, string> _slots = [];
    private int _indent = 1;

    public string NameOf(Buffer b) => names.Of(b);
    public string NameOf(Var v) => _variables.TryGetValue(v, out var name) ? name : names.Of(v);
    public string SlotName(int slot) => _slots.TryGetValue(slot, out var name) ? name : _slots[slot] = names.Fresh($"slot_{CTypes.Number(slot)}");

    public void Line(string text) => _lines.Add(new string(' ', 4 * _indent) + text);

    public static bool Mentions(string code, string name) => Words().Matches(code).Any(m => m.Value == name);

    [GeneratedRegex(@"[A-Za-z_][A-Za-z_0-9]*")]
    private static partial Regex Words();

    /// <summary>The text, without names that nothing uses.</summary>
    public string Finish()
    {
        var uses = new Dictionary<string, int>(StringComparer.Ordinal);
        void Count(string line, int by)
        {
            foreach (Match word in Words().Matches(line)) uses[word.Value] = uses.GetValueOrDefault(word.Value) + by;
        }
        foreach (string line in _lines) Count(line, 1);
        // From the end: what a dropped line has used may be unused then.
        var dropped = new HashSet<int>();
        foreach (var (name, at) in _named.OrderByDescending(n => n.Value))
            if (uses[name] == 1)
            {
                dropped.Add(at);
                Count(_lines[at], -1);
            }
        var text = new StringBuilder();
        for (int n = 0; n < _lines.Count; n++)
            if (!dropped.Contains(n)) text.Append(_lines[n]).Append('\n');
        return text.ToString();
    }

    /// <summary>Each statement of the body becomes a function; what they share stays here.</summary>
    public void EmitNests(Stmt s, Action<Stmt, CFunctionEmitter> nest)
    {
        switch (s)
        {
            case Block b: foreach (var x in b.Statements) EmitNests(x, nest); break;
            case LetStmt l: EmitLet(l); EmitNests(l.Body, nest); break;
            case Allocate a: EmitAllocate(a, isShared: true); EmitNests(a.Body, nest); break;
            case Check c: EmitCheck(c); break;
            default: nest(s, this); break;
        }
    }

    /// <summary>Writes a statement.</summary>
    public void Emit(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (s)
        {
            case Block b: EmitBlock(b); break;
            case For f: EmitFor(f); break;
            case If i: EmitIf(i); break;
            case Store t: EmitStore(t); break;
            case LetStmt l: EmitLet(l); Emit(l.Body); break;
            case Allocate a: EmitAllocate(a, isShared: false); Emit(a.Body); break;
            case Check c: EmitCheck(c); break;
            // Streamed stores are stores here, and a hint is the processor's business.
            case Effect { Kind: EffectKind.Fence or EffectKind.Prefetch }: break;
            case Effect x: throw new DiagnosticException(CDiagnostics.UnsupportedStatement, null, $"the effect `{x.Kind.ToString().ToLowerInvariant()}`");
            case InstructionCall c: EmitInstructions([c]); break;
            case Launch: throw new DiagnosticException(CDiagnostics.UnsupportedStatement, null, "a launch of a device kernel");
            default: throw Bug($"a statement `{s.GetType().Name}` at level flat");
        }
    }

    private static CompilerBugException Bug(string what) => new("c emitter", what);

    private void Nested(Action body)
    {
        _indent++;
        body();
        _indent--;
    }

    private void EmitFor(For f)
    {
        if (f.Kind is LoopKind.Bound) throw new DiagnosticException(CDiagnostics.UnsupportedStatement, null, $"a loop bound to `{f.Axis}`");
        if (f.Kind is not (LoopKind.Serial or LoopKind.Unrolled)) throw Bug($"a loop of kind {f.Kind}");
        if (f.Extent is IntImm { Value: <= 0 }) return;
        var end = LinearForm.Of(f.Min + f.Extent)?.ToExpr() ?? f.Min + f.Extent;
        Start(f.Min, end);
        string first = Print(f.Min).At(CBinding.Sum);
        // Evaluated once where it is more than a sum.
        string last = IsPlain(end) ? Print(end).At(CBinding.Sum) : Named("end", IndexTypeOf(end), Print(end).Text);
        module.Indices.Add(f.Variable);
        string i = BindFresh(f.Variable);
        if (HintFor(f) is { } hint) Line(hint);
        Line($"for ({module.Target.IndexType} {i} = {first}; {i} < {last}; {i}++) {{");
        Nested(() => Emit(f.Body));
        Line("}");
    }

    private static bool IsPlain(Expr e) => e switch
    {
        IntImm or Var => true,
        Binary { Op: BinaryOp.Add or BinaryOp.Sub } b => IsPlain(b.Left) && IsPlain(b.Right),
        _ => false,
    };

    private void EmitIf(If i)
    {
        Start(i.Condition);
        Line($"if ({Print(i.Condition)}) {{");
        Nested(() => Emit(i.Then));
        if (i.Else is not null and not Block { Statements.IsEmpty: true })
        {
            Line("} else {");
            Nested(() => Emit(i.Else));
        }
        Line("}");
    }

    private void EmitLet(LetStmt l)
    {
        Start(l.Value);
        if (l.Value.Type == IrType.Index && IsIndex(l.Value)) module.Indices.Add(l.Variable);
        var value = Print(l.Value);
        _variables[l.Variable] = Named(l.Variable.Name, TypeOf(l.Value), value.Text);
    }

    private string BindFresh(Var v) => _variables[v] = names.Fresh(v.Name);

    /// <summary>A line that gives a value a name.</summary>
    private string Named(string hint, string type, string value)
    {
        string name = names.Fresh(hint);
        _named.Add(name, _lines.Count);
        Line($"const {type} {name} = {value};");
        return name;
    }

    private void EmitStore(Store s)
    {
        var index = IndexOf(s.Buffer, s.Indices);
        var predicate = s.Predicate is { } p && !p.IsTrue ? p : null;
        ImmutableArray<Expr> all = predicate is null ? [index, s.Value] : [predicate, index, s.Value];
        Start(all.AsSpan());
        string? condition = predicate is null ? null : Print(predicate).Text;
        string place = Element(s.Buffer, index), line = Assignment(s, place, index);
        // What is left of a sum whose condition is known to fail: compilers warn of an element that is given itself, and of one that is set and not looked at.
        if (line == $"{place} = {place};") line = $"(void){place};";
        if (condition is null) Line(line);
        else
        {
            Line($"if ({condition}) {{");
            Nested(() => Line(line));
            Line("}");
        }
    }

    // A sum that may be done in any order, and a product in it, become one operation where the machine has it.
    private string Assignment(Store s, string place, Expr index)
    {
        bool IsOld(Expr e) => e is Load { Predicate: null } l && l.Buffer == s.Buffer && StructuralComparer.Equal(IndexOf(l.Buffer, l.Indices), index);
        if (s.Value is Call { Function: Intrinsic.Fma, Arguments: [var x, var y, var z] } fma && fma.Type.Element.IsFloat && IsOld(z))
            return $"{place} = tx_mul_add_{fma.Type.Element.Name}({Print(x)}, {Print(y)}, {place});";
        if (s.Value is Binary { Op: BinaryOp.Add or BinaryOp.Sub or BinaryOp.Mul or BinaryOp.Div } b && b.Type.Element is ElementType.F32 or ElementType.F64 && IsOld(((Binary)s.Value).Left))
            return $"{place} {((Binary)s.Value).Op.Symbol}= {PrintData(((Binary)s.Value).Right)};";
        return $"{place} = {PrintData(s.Value)};";
    }

    // What functions share has an address.
    private void EmitAllocate(Allocate a, bool isShared)
    {
        var b = a.Buffer;
        if (module.Plan.SlotOf(b) is not null)
        {
            Place(b);
            return;
        }
        long count = Math.Max(1, b.Bytes() / b.Type.Bytes);
        string type = CTypes.MemoryOf(b.Type);
        if (!isShared && count <= MaxScalars && ConstantAccesses.Only(a.Body, b))
        {
            _scalars[b] = [.. Enumerable.Range(0, (int)count).Select(n => names.Fresh(count == 1 ? b.Name : $"{b.Name}_{CTypes.Number(n)}"))];
            foreach (string name in _scalars[b])
            {
                _named.Add(name, _lines.Count);
                Line($"{type} {name};");
            }
        }
        else Line($"{(count * b.Type.Bytes >= module.Target.Cpu.VectorBytes && !Pipeline.UnrollsFor(module.Target.Cpu) ? "TX_ALIGNED " : "")}{type} {names.Of(b)}[{CTypes.Number(count)}];");
    }

    /// <summary>Declares a pointer to a buffer's place in the arena.</summary>
    public void Place(Buffer b)
    {
        var slot = module.Plan.SlotOf(b)!.Value;
        string offset = slot.Symbolic is { } n ? SlotName(n) : CTypes.Number(slot.Offset);
        string name = names.Of(b);
        _named.Add(name, _lines.Count);
        Line($"{CTypes.MemoryOf(b.Type)} *const {name} = ({CTypes.MemoryOf(b.Type)} *)(void *)(arena + {offset});");
    }

    /// <summary>Where the parts of the arena begin whose sizes follow from the dimensions.</summary>
    public void DeclareSlots(IEnumerable<Var> dims)
    {
        string at = CTypes.Number(module.Plan.SharedBytes);
        for (int n = 0; n < module.Plan.SymbolicSlots.Length; n++)
        {
            _named.Add(SlotName(n), _lines.Count);
            Line($"const int64_t {SlotName(n)} = {at};");
            var sizes = module.Plan.SymbolicSlots[n].Buffers.Select(SizeOf).Distinct().ToList();
            string bytes = sizes.Aggregate((x, y) => $"tx_max_i64({x}, {y})");
            at = $"{SlotName(n)} + ({bytes} + {CTypes.Number(WorkspacePlan.Alignment - 1)}) / {CTypes.Number(WorkspacePlan.Alignment)} * {CTypes.Number(WorkspacePlan.Alignment)}";
        }
    }

    private string SizeOf(Buffer b)
    {
        var shape = b.Layout?.PhysicalShape ?? b.Shape;
        Start(shape.AsSpan());
        return string.Join(" * ", shape.Select(e => e is IntImm or Var ? Print(e).Text : $"tx_max_i64(0, {Print(e)})").Append(CTypes.Number(b.Type.Bytes)));
    }

    private void EmitCheck(Check c)
    {
        Start([c.Condition]);
        Line($"if (!({Print(c.Condition)})) {{");
        Nested(() =>
        {
            // Evaluated here: in good runs the values cost nothing.
            Start(c.Values.AsSpan());
            Line("if (fail) {");
            Nested(() =>
            {
                int count = Math.Min(c.Values.Length, 4);
                Line($"fail->message = {CTypes.Number(c.Message)};");
                Line($"fail->count = {CTypes.Number(count)};");
                for (int n = 0; n < count; n++) Line($"fail->values[{CTypes.Number(n)}] = {PrintData(c.Values[n])};");
            });
            Line("}");
            Line("return 1;");
        });
        Line("}");
        _memo.Clear();
    }

    private static Expr IndexOf(Buffer buffer, ImmutableArray<Expr> indices) =>
        indices.Length == 1 ? indices[0] : indices.Length == 0 ? IntImm.Index(0) : throw Bug($"`{buffer.Name}` has {indices.Length} indices at level flat");

    private string Element(Buffer b, Expr index) =>
        _scalars.TryGetValue(b, out var scalars) ? scalars[(int)((IntImm)index).Value] : $"{names.Of(b)}[{Print(index)}]";

    /// <summary>All accesses of a buffer are at constant indices, each to one element.</summary>
    private sealed class ConstantAccesses(Buffer buffer) : Walker
    {
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);
        private bool _all = true;

        public static bool Only(Stmt s, Buffer b)
        {
            var walk = new ConstantAccesses(b);
            walk.Visit(s);
            return walk._all;
        }

        public override void Visit(Expr e)
        {
            if (!_all || !_seen.Add(e)) return;
            if (e is Load l && l.Buffer == buffer) _all = IsConstant(l.Indices);
            base.Visit(e);
        }

        public override void Visit(Stmt s)
        {
            if (s is Store t && t.Buffer == buffer) _all &= IsConstant(t.Indices);
            base.Visit(s);
        }

        protected override void VisitEmission(InstructionCall c)
        {
            base.VisitEmission(c);
            if (c.Emission is { } e && e.Target == buffer) _all &= IsConstant(e.Indices);
        }

        private static bool IsConstant(ImmutableArray<Expr> indices) => indices.All(i => i is IntImm);
    }
}
