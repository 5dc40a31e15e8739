using System.Collections.Immutable;
using System.Text;
using Tx.Backends.Llvm;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.C;

/// <summary>The functions that one kernel becomes: one for each of its nests, so that <c>restrict</c> holds while it runs, and the entry that calls them in order.</summary>
internal sealed class CModuleEmitter
{
    private readonly LoopFunction _function;
    private readonly string _name;
    private readonly bool _isStatic;
    private readonly StringBuilder _text = new();
    private readonly SortedSet<string> _includes = new(StringComparer.Ordinal) { "stdint.h" };
    private readonly CNames _functions = new();
    private readonly HashSet<Var> _indices = [];

    public CModuleEmitter(LoopFunction function, CTarget target, string name, bool isStatic)
    {
        (_function, Target, _name, _isStatic) = (function, target, name, isStatic);
        Plan = WorkspacePlan.Of(function, target.StackBytes, target.FrameBytes, target.Alignment);
        foreach (var (v, _, _) in function.Dims) _indices.Add(v);
    }

    public CTarget Target { get; }
    public WorkspacePlan Plan { get; }

    /// <summary>Variables that hold indices, not data: their sums are proved not to overflow.</summary>
    public HashSet<Var> Indices => _indices;

    public void Include(string header) => _includes.Add(header);

    public CModule Emit()
    {
        string entry = _functions.Fresh(_name);
        ImmutableArray<KernelMessage> messages = [.. _function.Messages.Select(m => new KernelMessage(m.Code, m.Format, m.Span, m.Help))];
        var symbolic = SizeProgramBuilder.Of(_function, Plan);
        bool hasArena = Plan.SharedBytes > 0 || !Plan.SymbolicSlots.IsEmpty;
        var names = new CNames();
        var parameters = new List<string>();
        var mutable = Written.In(_function.Body);
        foreach (var p in _function.Parameters) parameters.Add(PointerParameter(p, names.Of(p), mutable.Contains(p) || p.Role is BufferRole.Output));
        foreach (var (v, _, _) in _function.Dims) parameters.Add($"int64_t {names.Of(v)}");
        if (hasArena) parameters.Add("unsigned char *restrict arena");
        if (!messages.IsEmpty) parameters.Add("tx_fail *fail");
        string declaration = $"int32_t {entry}({(parameters.Count == 0 ? "void" : string.Join(", ", parameters))})";

        var body = new CFunctionEmitter(this, names);
        if (!Plan.SymbolicSlots.IsEmpty) body.DeclareSlots(_function.Dims.Select(d => d.Variable));
        foreach (var t in _function.Temporaries)
            if (Plan.SlotOf(t) is not null) body.Place(t);
        body.EmitNests(_function.Body, Nest);
        body.Line("return 0;");
        string code = body.Finish();
        var unused = _function.Parameters.Select(p => names.Of(p)).Concat(_function.Dims.Select(d => names.Of(d.Variable)))
            .Concat(hasArena ? ["arena"] : []).Concat(messages.IsEmpty ? [] : ["fail"]).Where(n => !CFunctionEmitter.Mentions(code, n));
        _text.Append(CTypes.Culture, $"{(_isStatic ? "static " : "")}{declaration} {{\n");
        foreach (string name in unused) _text.Append(CTypes.Culture, $"    (void){name};\n");
        _text.Append(code).Append("}\n");
        string text = _isStatic ? _text.ToString() : $"{declaration};\n\n{_text}";
        return new(_function.Name, text, entry, declaration, [.. _function.Parameters.Select(Parameter)], Plan.SharedBytes, messages, symbolic,
            [.. CSupport.NamesIn(text)], [.. _includes], Target.MaxElements);
    }

    private static KernelParameter Parameter(Buffer b) => new(b.Name, b.TensorType, [.. b.TensorShape.Select(e => (e as IntImm)?.Value)], b.Role is BufferRole.Output);

    internal static string PointerParameter(Buffer b, string name, bool isWritten) => $"{(isWritten ? "" : "const ")}{CTypes.MemoryOf(b.Type)} *restrict {name}";

    /// <summary>A nest as a function of its own. Gives the call.</summary>
    private void Nest(Stmt nest, CFunctionEmitter caller)
    {
        var captures = Captures.Of(nest, Plan, inParallel: true);
        var written = Written.In(nest);
        bool canFail = Checks.In(nest);
        var names = new CNames();
        string name = _functions.Fresh($"{_name}_{CNames.Identifier(written.FirstOrDefault()?.Name ?? "nest")}");
        List<string> parameters = [], arguments = [];
        foreach (var b in captures.Buffers.OrderBy(written.Contains))
        {
            parameters.Add(PointerParameter(b, names.Of(b), written.Contains(b)));
            arguments.Add(caller.NameOf(b));
        }
        foreach (var v in captures.Variables)
        {
            parameters.Add($"{(Indices.Contains(v) ? Target.IndexType : CTypes.ValueOf(v.Type.Element))} {names.Of(v)}");
            arguments.Add(Indices.Contains(v) && Target.IndexBits == 32 ? $"(int32_t){caller.NameOf(v)}" : caller.NameOf(v));
        }
        var symbolic = captures.Scratch.Where(b => Plan.SlotOf(b) is { Symbolic: not null }).ToList();
        if (captures.Scratch.Length > 0)
        {
            parameters.Add("unsigned char *restrict arena");
            arguments.Add("arena");
        }
        var body = new CFunctionEmitter(this, names);
        foreach (int slot in symbolic.Select(b => Plan.SlotOf(b)!.Value.Symbolic!.Value).Distinct().Order())
        {
            parameters.Add($"int64_t {body.SlotName(slot)}");
            arguments.Add(caller.SlotName(slot));
        }
        if (canFail)
        {
            parameters.Add("tx_fail *fail");
            arguments.Add("fail");
        }
        body.Emit(nest);
        if (canFail) body.Line("return 0;");
        string code = body.Finish();
        _text.Append(CTypes.Culture, $"static {(canFail ? "int32_t" : "void")} {name}({(parameters.Count == 0 ? "void" : string.Join(", ", parameters))}) {{\n");
        foreach (string parameter in parameters.Select(p => p[(p.LastIndexOfAny([' ', '*']) + 1)..]).Where(p => !CFunctionEmitter.Mentions(code, p))) _text.Append(CTypes.Culture, $"    (void){parameter};\n");
        _text.Append(code).Append("}\n\n");
        string call = $"{name}({string.Join(", ", arguments)})";
        caller.Line(canFail ? $"if ({call}) return 1;" : $"{call};");
    }

    private sealed class Written : Walker
    {
        private readonly OrderedDictionary<Buffer, bool> _buffers = new(ReferenceEqualityComparer.Instance);

        /// <summary>In the order in which they are first written.</summary>
        public static List<Buffer> In(Stmt s)
        {
            var walk = new Written();
            walk.Visit(s);
            var own = new Allocated();
            own.Visit(s);
            return [.. walk._buffers.Keys.Where(b => !own.Buffers.Contains(b))];
        }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            if (s is Store t) _buffers.TryAdd(t.Buffer, true);
            base.Visit(s);
        }

        protected override void VisitEmission(InstructionCall c)
        {
            if (c.Emission is { } e) _buffers.TryAdd(e.Target, true);
        }
    }

    private sealed class Allocated : Walker
    {
        public HashSet<Buffer> Buffers { get; } = [];

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            if (s is Allocate a) Buffers.Add(a.Buffer);
            base.Visit(s);
        }
    }

    private sealed class Checks : Walker
    {
        private bool _any;

        public static bool In(Stmt s)
        {
            var walk = new Checks();
            walk.Visit(s);
            return walk._any;
        }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            _any |= s is Check;
            base.Visit(s);
        }
    }
}
