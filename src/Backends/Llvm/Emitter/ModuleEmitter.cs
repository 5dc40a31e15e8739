using System.Text;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Runtime;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Backends.Llvm;

/// <summary>What the emitter must know of the machine; the rest is LLVM's.</summary>
/// <param name="VectorBytes">Width of a vector register: LLVM is told to use it all.</param>
internal sealed record EmitterTarget(bool IsX86, int VectorBytes);

/// <summary>Collects the functions that one kernel becomes, and what they share.</summary>
internal sealed class ModuleEmitter
{
    private readonly LoopFunction _function;
    private readonly StringBuilder _functions = new();
    private readonly SortedSet<string> _declarations = new(StringComparer.Ordinal);
    private readonly HashSet<string> _symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<Buffer, int> _parameters = [];
    private readonly HashSet<Buffer> _streamed;
    private readonly OriginTable? _origins;

    public ModuleEmitter(LoopFunction function, EmitterTarget target, OriginTable? origins = null)
    {
        (_function, Target, Plan, _origins) = (function, target, WorkspacePlan.Of(function), origins);
        for (int i = 0; i < function.Parameters.Length; i++) _parameters[function.Parameters[i]] = i;
        _streamed = StreamedStores.Of(function.Body);
        Messages = [.. function.Messages.Select(m => new KernelMessage(m.Code, m.Format, m.Span, m.Help))];
    }

    public EmitterTarget Target { get; }
    public WorkspacePlan Plan { get; }
    public List<KernelMessage> Messages { get; }

    /// <summary>Eight bytes of zero: where a scalar read goes that must not happen.</summary>
    public string Zero => "@tx.zero";

    public int? ParameterIndex(Buffer b) => _parameters.TryGetValue(b, out int i) ? i : null;

    /// <summary>What a parameter's address is a multiple of. A view may start at any element; one that is streamed to was checked at the entry.</summary>
    public int AlignmentOf(Buffer b) => _streamed.Contains(b) ? WorkspacePlan.Alignment : b.Type.Bytes;

    /// <summary>A symbol that is new in the module.</summary>
    public string Symbol(string hint)
    {
        string symbol = hint;
        for (int i = 1; !_symbols.Add(symbol); i++) symbol = $"{hint}.{LlvmText.Number(i)}";
        return symbol;
    }

    public FunctionWriter NewFunction(string symbol) => new(symbol, _origins);

    public void Add(FunctionWriter function) => _functions.Append('\n').Append(function);

    /// <summary>Declares a function of the C library.</summary>
    public void Declare(string declaration) => _declarations.Add(declaration);

    /// <summary>A parallel loop was emitted.</summary>
    public bool IsParallel { get; set; }

    /// <summary>The line that makes a kernel's function an external symbol.</summary>
    public static string External(string entry, string symbol) => $"@{LlvmText.Name(entry)} = alias i32 (ptr), ptr @{LlvmText.Name(symbol)}\n";

    /// <summary>The module's text.</summary>
    /// <param name="symbol">The kernel's function, internal.</param>
    /// <param name="entry">A name for it outside, made of the kernel's name and the hash of the text.</param>
    public string Emit(out string symbol, out string entry)
    {
        symbol = Symbol(_function.Name);
        EmitEntry(symbol);
        var text = new StringBuilder();
        text.Append(LlvmText.Culture, $"; kernel {LlvmText.Name(_function.Name)}\n");
        text.Append(LlvmText.Culture, $"{Zero} = internal constant [8 x i8] zeroinitializer, align 8\n");
        foreach (string d in _declarations) text.Append(d).Append('\n');
        text.Append(_functions);
        text.Append("\nattributes #0 = { nounwind");
        if (Target.VectorBytes >= 64) text.Append(" \"prefer-vector-width\"=\"512\"");
        text.Append(" }\n");
        text.Append("!0 = !{i32 1}\n");
        if (!_function.Dims.IsEmpty || !_function.Strides.IsEmpty) text.Append(LlvmText.Culture, $"!1 = !{{i64 0, i64 {BufferSize.MaxBytes + 1}}}\n");
        if (_origins is not null) text.Append(_origins.Metadata());
        entry = $"{_function.Name}.{StableHash.Of(text.ToString())}";
        return text.ToString();
    }

    private int IndexOf(Buffer buffer, Var variable) =>
        ParameterIndex(buffer) ?? throw new CompilerBugException("llvm emitter", $"`{variable.Name}` is no parameter's extent or stride");

    private void EmitEntry(string symbol)
    {
        var writer = NewFunction(symbol);
        writer.Parameter("ptr", "call");
        var emitter = new FunctionEmitter(this, writer, symbol, worker: null);
        emitter.CheckVersion();
        foreach (var p in _function.Parameters)
            if (_streamed.Contains(p))
            {
                emitter.CheckAlignment(p, Messages.Count);
                var d = Diagnostic.Create(BackendDiagnostics.UnalignedTensor, null, p.Name, WorkspacePlan.Alignment);
                Messages.Add(new(d.Code, d.Message.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal), null));
            }
        foreach (var (variable, buffer, dimension) in _function.Dims)
            emitter.BindSize(variable, IndexOf(buffer, variable), CallLayout.BufferShape, dimension);
        foreach (var (variable, buffer, dimension) in _function.Strides)
            emitter.BindSize(variable, IndexOf(buffer, variable), CallLayout.BufferStrides, dimension);
        emitter.EmitNests(_function.Body);
        emitter.Return(0);
        Add(writer);
    }

    private sealed class StreamedStores : Walker
    {
        private readonly HashSet<Buffer> _buffers = [];

        public static HashSet<Buffer> Of(Stmt s)
        {
            var walk = new StreamedStores();
            walk.Visit(s);
            return walk._buffers;
        }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            if (s is Store { NonTemporal: true } t) _buffers.Add(t.Buffer);
            base.Visit(s);
        }
    }
}
