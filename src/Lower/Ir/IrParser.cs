using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Instructions;

namespace Tx.Lower.Ir;

/// <summary>Reads the text that <see cref="IrPrinter"/> writes. Names are unique in a function, so a name means one thing in all of it.</summary>
public sealed partial class IrParser
{
    private readonly IrLexer _lexer;
    private readonly Dictionary<string, Var> _variables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Buffer> _buffers = new(StringComparer.Ordinal);

    private IrParser(string text) => _lexer = new(text);

    /// <exception cref="IrParseException">The text is no module.</exception>
    public static LoopModule ParseModule(string text)
    {
        var p = new IrParser(text);
        p.Expect("module");
        var level = p.OneOf<LoopLevel>("a level");
        var functions = ImmutableArray.CreateBuilder<LoopFunction>();
        while (p._lexer.Kind is not IrToken.End)
        {
            p._variables.Clear();
            p._buffers.Clear();
            functions.Add(p.Function());
        }
        return new(functions.ToImmutable(), level);
    }

    /// <summary>Statements over variables and buffers that are given.</summary>
    /// <exception cref="IrParseException">The text is no statement.</exception>
    public static Stmt ParseStmt(string text, IEnumerable<Var> variables, IEnumerable<Buffer> buffers)
    {
        var p = new IrParser(text, variables, buffers);
        var s = p.Statements();
        p.ExpectEnd();
        return s;
    }

    /// <summary>An expression over variables and buffers that are given.</summary>
    /// <exception cref="IrParseException">The text is no expression.</exception>
    public static Expr ParseExpr(string text, IEnumerable<Var> variables, IEnumerable<Buffer> buffers)
    {
        var p = new IrParser(text, variables, buffers);
        var e = p.Expression();
        p.ExpectEnd();
        return e;
    }

    private IrParser(string text, IEnumerable<Var> variables, IEnumerable<Buffer> buffers) : this(text)
    {
        foreach (var v in variables) _variables.Add(v.Name, v);
        foreach (var b in buffers) _buffers.Add(b.Name, b);
    }

    private LoopFunction Function()
    {
        Expect("func");
        string name = Name();
        List<(Var Variable, string Buffer, int Dimension)> dims = [], strides = [];
        if (Take("<"))
        {
            do
            {
                var v = Binder();
                Expect("=");
                string buffer = Word();
                int dot = buffer.LastIndexOf('.');
                var list = dot < 0 ? null : buffer[dot..] switch { ".shape" => dims, ".strides" => strides, _ => null };
                if (list is null) throw _lexer.Error("expected `.shape` or `.strides`");
                Expect("[");
                list.Add((v, buffer[..dot], Int()));
                Expect("]");
            }
            while (Take(","));
            Expect(">");
        }
        Expect("(");
        var parameters = List(")", () => Declaration(null));
        string? target = Take("target") ? Text() : null;
        Expect("{");
        var messages = ImmutableArray.CreateBuilder<CheckMessage>();
        while (Take("message"))
        {
            messages.Add(new(Text(), Text(), null, _lexer.Kind is IrToken.Text ? Text() : ""));
            Expect(";");
        }
        var temporaries = ImmutableArray.CreateBuilder<Buffer>();
        while (Take("temp"))
        {
            temporaries.Add(Declaration(BufferRole.Temporary));
            Expect(";");
        }
        var body = Statements();
        Expect("}");
        ImmutableArray<(Var, Buffer, int)> Known(List<(Var Variable, string Buffer, int Dimension)> list) =>
            [.. list.Select(d => (d.Variable, _buffers.TryGetValue(d.Buffer, out var b) ? b : throw _lexer.Error($"unknown buffer `{d.Buffer}`"), d.Dimension))];
        return new()
        {
            Name = name, Target = target, Parameters = parameters, Temporaries = temporaries.ToImmutable(), Messages = messages.ToImmutable(), Body = body,
            Dims = Known(dims), Strides = Known(strides),
        };
    }

    private Buffer Declaration(BufferRole? usual)
    {
        string name = Word();
        Expect(":");
        var type = ElementTypeNamed(Word());
        Expect("[");
        var shape = List("]", Expression);
        var role = Take("in") ? BufferRole.Input : Take("out") ? BufferRole.Output : Take("temp") ? BufferRole.Temporary
            : usual ?? throw _lexer.Error("expected `in` or `out`");
        PackedElements? packed = null;
        if (Take("packs"))
        {
            var element = ElementTypeNamed(Word());
            Expect("[");
            packed = new(element, List("]", Expression));
        }
        var scope = MemoryScope.Global;
        foreach (var s in Enum.GetValues<MemoryScope>())
            if (s is not MemoryScope.Global && Take(Lower(s))) scope = s;
        string? memory = Take("memory") ? Text() : null;
        int device = Take("device") ? Int() : 0;
        BufferLayout? layout = null;
        if (Take("layout"))
        {
            Expect("(");
            var axes = List(")", Binder);
            Expect("->");
            Expect("[");
            var indices = List("]", Expression);
            Expect("of");
            Expect("[");
            layout = new(axes, List("]", Expression), indices);
        }
        var buffer = new Buffer(name, type, shape, role, scope, layout, device, memory) { Packed = packed };
        if (!_buffers.TryAdd(name, buffer)) throw _lexer.Error($"buffer `{name}` is declared twice");
        return buffer;
    }

    // Up to the closing brace, which stays. A let or allocation ended by a semicolon holds to there.
    private Stmt Statements()
    {
        Guard();
        var statements = new List<Stmt>();
        while (_lexer.Kind is not IrToken.End && _lexer.Value != "}" || _lexer.Kind is IrToken.Text) statements.Add(Statement());
        return Block.Of(statements);
    }

    private Stmt Braces()
    {
        Expect("{");
        var s = Statements();
        Expect("}");
        return s;
    }

    private Stmt Scope() => Take(";") ? Statements() : Braces();

    private Stmt Statement()
    {
        Guard();
        if (Is("{")) return Braces();
        if (Take("for")) return Loop();
        if (Take("if"))
        {
            var condition = Expression();
            var then = Braces();
            return new If(condition, then, Take("else") ? Braces() : null);
        }
        if (Take("let"))
        {
            var (variable, value) = LetBinding();
            return new LetStmt(variable, value, Scope());
        }
        if (Take("alloc"))
        {
            var buffer = Declaration(BufferRole.Temporary);
            return new Allocate(buffer, Scope());
        }
        if (Take("check"))
        {
            var condition = Expression();
            Expect("else");
            int message = Int();
            Expect("(");
            var values = List(")", Expression);
            Expect(";");
            return new Check(condition, message, values);
        }
        if (Take("instance")) return Instance();
        if (Take("instruction"))
        {
            string name = Text();
            var emission = Take("emits") ? Emission() : null;
            return new InstructionCall(name, emission, Braces());
        }
        if (Take("launch"))
        {
            string function = Name();
            Expect("(");
            var buffers = List(")", BufferNamed);
            Expect("grid");
            Expect("[");
            var grid = List("]", Expression);
            Expect("block");
            Expect("[");
            var block = List("]", Expression);
            Expect(";");
            return new Launch(function, buffers, grid, block);
        }
        foreach (var kind in Enum.GetValues<EffectKind>())
            if (Take(Lower(kind))) return Effect(kind);
        bool nonTemporal = Take("stream");
        var target = BufferNamed();
        var (indices, predicate) = Access();
        Expect("=");
        var stored = Expression();
        Expect(";");
        return new Store(target, indices, stored, predicate, nonTemporal);
    }

    private For Loop()
    {
        var v = Binder();
        Expect("in");
        var min = Expression(IrPrinter.Shift);
        Expect("..");
        bool counted = Take("+");
        var end = Expression(IrPrinter.Shift);
        // `4..12` has an extent of 8; anything else is printed with its extent.
        var extent = end;
        if (!counted && min is IntImm lo && end is IntImm hi)
        {
            if ((Int128)hi.Value - lo.Value is var n && n != (long)Int128.Clamp(n, long.MinValue, long.MaxValue)) throw _lexer.Error("a range too long");
            extent = new IntImm(lo.Type.Element, hi.Value - lo.Value);
        }
        var kind = LoopKind.Serial;
        foreach (var k in Enum.GetValues<LoopKind>())
            if (k is not LoopKind.Serial && Take(Lower(k))) kind = k;
        string? axis = Take("axis") ? Text() : null;
        int lanes = Take("lanes") ? Int() : 1;
        return new(v, min, extent, kind, Braces(), axis, lanes: lanes);
    }

    private Effect Effect(EffectKind kind)
    {
        string name = Text();
        var buffers = Take("(") ? List(")", BufferNamed) : [];
        var arguments = Take("[") ? List("]", Expression) : [];
        Expect(";");
        return new(kind, name, buffers, arguments);
    }

    private Instance Instance()
    {
        string name = Name();
        Expect("(");
        var iterations = List(")", () =>
        {
            var kind = Take("reduce") ? IterKind.Reduction : Take("opaque") ? IterKind.Opaque : IterKind.Spatial;
            var v = Binder();
            Expect("in");
            var start = Expression(IrPrinter.Shift);
            Expect("..");
            var end = Expression(IrPrinter.Shift);
            Expect("=");
            return new IterVar(v, start, end, kind, Expression());
        });
        bool reassociate = Take("reassociate");
        Expect("{");
        var reads = Take("reads") ? List(";", RegionOf) : [];
        var writes = Take("writes") ? List(";", RegionOf) : [];
        var init = Take("init") ? Braces() : null;
        var body = Statements();
        Expect("}");
        return new(name, iterations, reads, writes, init, body, reassociate);
    }

    private InstructionEmission Emission()
    {
        Expect("on");
        Expect("(");
        var features = List(")", Text);
        Expect("(");
        var operations = List(")", () =>
        {
            var kind = Enum.Parse<EmitKind>(Word(), ignoreCase: true);
            string text = Text();
            Expect("(");
            var arguments = List(")", EmissionArgument);
            Expect("gives");
            var type = TypeNamed(Word());
            return new EmittedOperation(kind, text, arguments, type, Take("in") ? Int() : -1);
        });
        Expect("to");
        var target = BufferNamed();
        return new(operations, features, target, Access().Indices);
    }

    private InstructionArgument EmissionArgument()
    {
        Expr? value = null;
        int earlier = -1;
        ImmutableArray<long> numbers = [];
        IrType source;
        if (Take("made"))
        {
            earlier = Int();
            source = TypeNamed(Word());
        }
        else if (Take("numbers"))
        {
            source = TypeNamed(Word());
            Expect("(");
            numbers = List(")", SignedNumber);
        }
        else source = (value = Expression()).Type;
        IrType? bits = Take("as") ? TypeNamed(Word()) : null;
        return new(value, earlier, numbers, source, bits, Take("times") ? Int() : 0);
    }

    private Region RegionOf()
    {
        var buffer = BufferNamed();
        Expect("[");
        var parts = List("]", () =>
        {
            var start = Expression();
            Expect(":");
            return (Start: start, Extent: Expression());
        });
        return new(buffer, [.. parts.Select(p => p.Start)], [.. parts.Select(p => p.Extent)]);
    }

    private (ImmutableArray<Expr> Indices, Expr? Predicate) Access()
    {
        Expect("[");
        var indices = ImmutableArray.CreateBuilder<Expr>();
        if (!Is("]") && !Is("if"))
            do indices.Add(Expression());
            while (Take(","));
        var predicate = Take("if") ? Expression() : null;
        Expect("]");
        return (indices.ToImmutable(), predicate);
    }

    private Var Binder()
    {
        string name = Word();
        return Declare(name, Take(":") ? TypeNamed(Word()) : IrType.Index);
    }

    private (Var Variable, Expr Value) LetBinding()
    {
        string name = Word();
        IrType? type = Take(":") ? TypeNamed(Word()) : null;
        Expect("=");
        var value = Expression();
        return (Declare(name, type ?? value.Type), value);
    }

    private Var Declare(string name, IrType type)
    {
        var v = new Var(name, type);
        if (!_variables.TryAdd(name, v)) throw _lexer.Error($"variable `{name}` is bound twice");
        return v;
    }

    private Buffer BufferNamed()
    {
        string name = Word();
        return _buffers.TryGetValue(name, out var b) ? b : throw _lexer.Error($"unknown buffer `{name}`");
    }

    private ElementType ElementTypeNamed(string name) => ElementTypes.TryParse(name, out var type) ? type : throw _lexer.Error($"unknown type `{name}`");

    private IrType TypeNamed(string name)
    {
        int x = name.IndexOf('x', StringComparison.Ordinal);
        if (x < 0) return new(ElementTypeNamed(name));
        return int.TryParse(name.AsSpan(x + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int lanes) ? new(ElementTypeNamed(name[..x]), lanes) : throw _lexer.Error($"unknown type `{name}`");
    }

    private T OneOf<T>(string what) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (Take(Lower(value))) return value;
        throw _lexer.Error($"expected {what}");
    }

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private ImmutableArray<T> List<T>(string end, Func<T> item)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        if (!Is(end))
            do items.Add(item());
            while (Take(","));
        Expect(end);
        return items.ToImmutable();
    }

    private bool Is(string token) => _lexer.Kind is IrToken.Word or IrToken.Symbol && _lexer.Value == token;

    private bool Take(string token)
    {
        if (!Is(token)) return false;
        _lexer.Advance();
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token)) throw _lexer.Error($"expected `{token}`, found `{_lexer.Value}`");
    }

    private void ExpectEnd()
    {
        if (_lexer.Kind is not IrToken.End) throw _lexer.Error($"unexpected `{_lexer.Value}`");
    }

    private string Word() => Take(IrToken.Word, "a name");
    private string Text() => Take(IrToken.Text, "a text in quotes");
    private string Name() => _lexer.Kind is IrToken.Text ? Text() : Word();

    private long SignedNumber()
    {
        bool isNegative = Take("-");
        string text = Take(IrToken.Number, "a number");
        return long.TryParse(isNegative ? "-" + text : text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long n) ? n : throw _lexer.Error("expected a number");
    }

    private int Int() => int.TryParse(Take(IrToken.Number, "a number"), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : throw _lexer.Error("expected a small number");

    private string Take(IrToken kind, string what)
    {
        if (_lexer.Kind != kind) throw _lexer.Error($"expected {what}, found `{_lexer.Value}`");
        string value = _lexer.Value;
        _lexer.Advance();
        return value;
    }

    private void Guard()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw _lexer.Error("nested too deep");
    }
}
