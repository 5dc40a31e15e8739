using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Tx.Core;

namespace Tx.Lower.Ir;

/// <summary>Loop IR as text; <see cref="IrParser"/> reads it back. Names are made unique in their function by a suffix; origins are left out.
/// <para><c>for i in 0..64 parallel { C[i, j if i &lt; n] = A[i, k] * B[k, j]; }</c>; literals without suffix are <c>i64</c> and <c>f32</c>;
/// <c>let</c> and <c>alloc</c> hold to the end of their braces; <c>lo..+n</c> is a loop of n iterations.</para></summary>
public sealed class IrPrinter
{
    private readonly StringBuilder _text = new();
    private readonly Dictionary<object, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<object> _declared = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private int _depth;

    private IrPrinter() { }

    public static string Print(Expr e)
    {
        var p = new IrPrinter();
        p.Write(e, 0);
        return p._text.ToString();
    }

    public static string Print(Stmt s)
    {
        var p = new IrPrinter();
        p.WriteStatements(s);
        return p._text.ToString();
    }

    public static string Print(LoopFunction f)
    {
        var p = new IrPrinter();
        p.Write(f);
        return p._text.ToString();
    }

    public static string Print(LoopModule m)
    {
        var text = new StringBuilder($"module {m.Level.ToString().ToLowerInvariant()}\n");
        foreach (var f in m.Functions) text.Append('\n').Append(Print(f));
        return text.ToString();
    }

    private void Write(LoopFunction f)
    {
        Put("func ").Put(Word(f.Name));
        var variables = f.Dims.Select(d => (From: d, List: "shape")).Concat(f.Strides.Select(s => (From: s, List: "strides"))).ToList();
        if (variables.Count > 0)
            Put("<").Join(variables, v => Put(Declare(v.From.Variable)).Put(" = ").Put(NameOf(v.From.Buffer)).Put($".{v.List}[{Invariant(v.From.Dimension)}]")).Put(">");
        Put("(").Join(f.Parameters, b => Declare(b, null)).Put(")");
        if (f.Target is not null) Put(" target ").Put(Quote(f.Target));
        Put(" {\n");
        _depth++;
        foreach (var m in f.Messages) Indent().Put($"message {Quote(m.Code)} {Quote(m.Format)}{(m.Help.Length > 0 ? " " + Quote(m.Help) : "")};\n");
        foreach (var t in f.Temporaries) Indent().Put("temp ").Declare(t, BufferRole.Temporary).Put(";\n");
        WriteStatements(f.Body);
        _depth--;
        Put("}\n");
    }

    private IrPrinter Declare(Buffer b, BufferRole? usual)
    {
        Put(NewName(b, b.Name)).Put(": ").Put(b.Type.Name).Put("[").Join(b.Shape, e => Write(e, 0)).Put("]");
        if (b.Role != usual) Put(b.Role switch { BufferRole.Input => " in", BufferRole.Output => " out", BufferRole.Temporary => " temp" });
        if (b.Packed is { } packed) Put(" packs ").Put(packed.Element.Name).Put("[").Join(packed.Shape, e => Write(e, 0)).Put("]");
        if (b.Scope is not MemoryScope.Global) Put(" ").Put(b.Scope.ToString().ToLowerInvariant());
        if (b.Memory is not null) Put(" memory ").Put(Quote(b.Memory));
        if (b.Device != 0) Put($" device {Invariant(b.Device)}");
        if (b.Layout is { } l)
            Put(" layout (").Join(l.Axes, a => Put(Declare(a))).Put(") -> [").Join(l.PhysicalIndices, e => Write(e, 0)).Put("] of [").Join(l.PhysicalShape, e => Write(e, 0)).Put("]");
        return this;
    }

    // The statements of one pair of braces. A let or an allocation in the last place shares the braces with what follows it.
    private void WriteStatements(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        for (; ; )
        {
            var last = s;
            if (s is Block b)
            {
                for (int i = 0; i < b.Statements.Length - 1; i++) Write(b.Statements[i]);
                if (b.Statements.IsEmpty) return;
                last = b.Statements[^1];
            }
            switch (last)
            {
                case LetStmt l: WriteLet(l).Put(";\n"); s = l.Body; break;
                case Allocate a: Indent().Put("alloc ").Declare(a.Buffer, BufferRole.Temporary).Put(";\n"); s = a.Body; break;
                default: Write(last); return;
            }
        }
    }

    private IrPrinter WriteLet(LetStmt l) => Indent().Put("let ").Let(l.Variable, l.Value);

    private IrPrinter Let(Var variable, Expr value)
    {
        Put(NewName(variable, variable.Name));
        if (variable.Type != value.Type) Put(": ").Put(variable.Type.ToString());
        return Put(" = ").Write(value, 0);
    }

    private void Write(Stmt s)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (s)
        {
            case Block b: Indent().Braces(b).Put("\n"); break;
            case For f:
                Indent().Put("for ").Put(Declare(f.Variable)).Put(" in ").Range(f.Min, f.Extent);
                if (f.Kind is not LoopKind.Serial) Put(" ").Put(f.Kind.ToString().ToLowerInvariant());
                if (f.Axis is not null) Put(" axis ").Put(Quote(f.Axis));
                if (f.Lanes != 1) Put($" lanes {Invariant(f.Lanes)}");
                Put(" ").Braces(f.Body).Put("\n");
                break;
            case If i:
                Indent().Put("if ").Write(i.Condition, 0).Put(" ").Braces(i.Then);
                if (i.Else is not null) Put(" else ").Braces(i.Else);
                Put("\n");
                break;
            case Store t:
                Indent().Put(t.NonTemporal ? "stream " : "").Access(t.Buffer, t.Indices, t.Predicate).Put(" = ").Write(t.Value, 0).Put(";\n");
                break;
            case LetStmt l: WriteLet(l).Put(" ").Braces(l.Body).Put("\n"); break;
            case Allocate a: Indent().Put("alloc ").Declare(a.Buffer, BufferRole.Temporary).Put(" ").Braces(a.Body).Put("\n"); break;
            case Check c:
                Indent().Put("check ").Write(c.Condition, 0).Put($" else {Invariant(c.Message)}(").Join(c.Values, e => Write(e, 0)).Put(");\n");
                break;
            case Effect x:
                Indent().Put(x.Kind.ToString().ToLowerInvariant()).Put(" ").Put(Quote(x.Name));
                if (!x.Buffers.IsEmpty) Put(" (").Join(x.Buffers, b => Put(NameOf(b))).Put(")");
                if (!x.Arguments.IsEmpty) Put(" [").Join(x.Arguments, e => Write(e, 0)).Put("]");
                Put(";\n");
                break;
            case Instance i: Write(i); break;
            case InstructionCall c:
                Indent().Put("instruction ").Put(Quote(c.Name));
                if (c.Emission is { } emission) Put(" emits ").Emission(emission);
                Put(" ").Braces(c.Body).Put("\n");
                break;
            case Launch l:
                Indent().Put("launch ").Put(Word(l.Function)).Put("(").Join(l.Buffers, b => Put(NameOf(b))).Put(") grid [").Join(l.Grid, e => Write(e, 0))
                    .Put("] block [").Join(l.Block, e => Write(e, 0)).Put("];\n");
                break;
        }
    }

    private IrPrinter Emission(InstructionEmission e)
    {
        Put("on (").Join(e.Features, f => Put(Quote(f))).Put(") (").Join(e.Operations, o =>
        {
            Put(o.Kind.ToString().ToLowerInvariant()).Put(" ").Put(Quote(o.Text)).Put(" (").Join(o.Arguments, Argument).Put(") gives ").Put(o.Type.ToString());
            return o.Tied >= 0 ? Put($" in {Invariant(o.Tied)}") : this;
        });
        return Put(") to ").Access(e.Target, e.Indices, null);
    }

    private IrPrinter Argument(InstructionArgument a)
    {
        if (a.Value is { } value) Write(value, 0);
        else if (a.Numbers.IsEmpty) Put($"made {Invariant(a.Earlier)} ").Put(a.Source.ToString());
        else Put("numbers ").Put(a.Source.ToString()).Put(" (").Join(a.Numbers, n => Put(Invariant(n))).Put(")");
        if (a.Bits is { } bits) Put(" as ").Put(bits.ToString());
        return a.Lanes > 0 ? Put($" times {Invariant(a.Lanes)}") : this;
    }

    private void Write(Instance i)
    {
        Indent().Put("instance ").Put(Word(i.Name)).Put("(").Join(i.Iterations, it =>
        {
            Put(it.Kind switch { IterKind.Spatial => "", IterKind.Reduction => "reduce ", IterKind.Opaque => "opaque " }).Put(Declare(it.Variable)).Put(" in ");
            return Write(it.Start, Shift).Put("..").Write(it.End, Shift).Put(" = ").Write(it.Binding, 0);
        }).Put(i.Reassociate ? ") reassociate {\n" : ") {\n");
        _depth++;
        Regions("reads", i.Reads);
        Regions("writes", i.Writes);
        if (i.Init is not null) Indent().Put("init ").Braces(i.Init).Put("\n");
        WriteStatements(i.Body);
        _depth--;
        Indent().Put("}\n");
    }

    private void Regions(string word, ImmutableArray<Region> regions)
    {
        if (regions.IsEmpty) return;
        Indent().Put(word).Put(" ").Join(regions, r => Put(NameOf(r.Buffer)).Put("[")
            .Join(r.Start.Zip(r.Extent), p => Write(p.First, 0).Put(" : ").Write(p.Second, 0)).Put("]")).Put(";\n");
    }

    private IrPrinter Range(Expr min, Expr extent)
    {
        if (min is IntImm { Type.Element: ElementType.I64, Value: var lo } && extent is IntImm { Type.Element: ElementType.I64, Value: var n } && (Int128)lo + n <= long.MaxValue && n >= 0)
            return Put($"{Invariant(lo)}..{Invariant(lo + n)}");
        Write(min, Shift).Put("..");
        return (min is IntImm { Type.Element: ElementType.I64, Value: 0 } ? this : Put("+")).Write(extent, Shift);
    }

    private IrPrinter Braces(Stmt s)
    {
        Put("{\n");
        _depth++;
        WriteStatements(s);
        _depth--;
        return Indent().Put("}");
    }

    // Binding strengths, loosest first; comparisons do not chain.
    internal const int Or = 1, Xor = 2, And = 3, Comparison = 4, Shift = 5, Additive = 6, Multiplicative = 7, Prefix = 8;

    internal static int Strength(BinaryOp op) => op switch
    {
        BinaryOp.Or => Or,
        BinaryOp.Xor => Xor,
        BinaryOp.And => And,
        BinaryOp.Eq or BinaryOp.Ne or BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge => Comparison,
        BinaryOp.Shl or BinaryOp.Shr => Shift,
        BinaryOp.Add or BinaryOp.Sub => Additive,
        BinaryOp.Mul or BinaryOp.Div or BinaryOp.Mod => Multiplicative,
        BinaryOp.TruncDiv or BinaryOp.TruncMod or BinaryOp.Min or BinaryOp.Max => 0,
    };

    private IrPrinter Write(Expr e, int outer)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return e switch
        {
            IntImm or FloatImm => Put(Literal(e)),
            Var v => Put(NameOf(v)),
            Binary b => Write(b, outer),
            Unary u => Put(u.Op switch { UnaryOp.Neg => "-", UnaryOp.Not => "!", UnaryOp.BitNot => "~" })
                .Paren(u.Op is UnaryOp.Neg && u.Operand is IntImm or FloatImm, () => Write(u.Operand, Prefix)),
            Call c => Put(c.Function.Name).Put("(").Join(c.Arguments, a => Write(a, 0)).Put(")"),
            Cast c => Put(c.Kind switch
            {
                CastKind.Convert => c.Type.Element.Name,
                CastKind.Saturate => $"saturate<{c.Type.Element.Name}>",
                CastKind.Bits => $"bits<{c.Type.Element.Name}>",
            }).Put("(").Write(c.Operand, 0).Put(")"),
            Select s => Put(s.Rare ? "select_rare(" : "select(").Write(s.Condition, 0).Put(", ").Write(s.Then, 0).Put(", ").Write(s.Else, 0).Put(")"),
            Load l => Access(l.Buffer, l.Indices, l.Predicate),
            Ramp r => Put("ramp(").Write(r.Base, 0).Put(", ").Write(r.Stride, 0).Put($", {Invariant(r.Type.Lanes)})"),
            Broadcast b => Put("broadcast(").Write(b.Value, 0).Put($", {Invariant(b.Type.Lanes)})"),
            LaneReduce r => Put($"reduce({r.Op.Symbol}, ").Write(r.Vector, 0).Put(")"),
            Let l => Put("(let ").Let(l.Variable, l.Value).Put(" in ").Write(l.Body, 0).Put(")"),
            _ => throw new CompilerBugException("loop IR printer", e.GetType().Name),
        };
    }

    private IrPrinter Write(Binary b, int outer)
    {
        int strength = Strength(b.Op);
        if (strength == 0) return Put(b.Op.Symbol).Put("(").Write(b.Left, 0).Put(", ").Write(b.Right, 0).Put(")");
        bool logical = b.Type.Element is ElementType.Bool && b.Op is BinaryOp.And or BinaryOp.Or;
        return Paren(strength < outer, () => Write(b.Left, strength == Comparison ? Shift : strength)
            .Put($" {(logical ? b.Op is BinaryOp.And ? "&&" : "||" : b.Op.Symbol)} ").Write(b.Right, strength + 1));
    }

    private IrPrinter Access(Buffer b, ImmutableArray<Expr> indices, Expr? predicate)
    {
        Put(NameOf(b)).Put("[").Join(indices, i => Write(i, 0));
        if (predicate is not null) Put(indices.IsEmpty ? "if " : " if ").Write(predicate, 0);
        return Put("]");
    }

    /// <summary>A constant as the parser reads it: exact, with the type as a suffix where it is neither <c>i64</c>, <c>f32</c> nor <c>bool</c>.</summary>
    internal static string Literal(Expr e)
    {
        var type = e.Type.Element;
        if (e is IntImm i)
            return type is ElementType.Bool ? i.Value != 0 ? "true" : "false"
                : (type is ElementType.U64 ? unchecked((ulong)i.Value).ToString(CultureInfo.InvariantCulture) : Invariant(i.Value)) + (type is ElementType.I64 ? "" : type.Name);
        double x = ((FloatImm)e).Value;
        string suffix = type is ElementType.F32 ? "" : type.Name;
        if (!double.IsFinite(x))
        {
            string word = double.IsPositiveInfinity(x) ? "inf" : double.IsNegativeInfinity(x) ? "-inf"
                : BitConverter.DoubleToInt64Bits(x) == BitConverter.DoubleToInt64Bits(double.NaN) ? "nan" : "";
            return word.Length == 0 ? $"nan_bits({Invariant(BitConverter.DoubleToInt64Bits(x))}, {type.Name})" : suffix.Length == 0 ? word : $"{word}_{suffix}";
        }
        string digits = type is ElementType.F32 ? ((float)x).ToString("R", CultureInfo.InvariantCulture) : x.ToString("R", CultureInfo.InvariantCulture);
        return digits.AsSpan().ContainsAny('.', 'E') ? digits + suffix : $"{digits}.0{suffix}";
    }

    private string Declare(Var v) => v.Type == IrType.Index ? NewName(v, v.Name) : $"{NewName(v, v.Name)}: {v.Type}";

    private string NameOf(Var v) => NameOf(v, v.Name);
    private string NameOf(Buffer b) => NameOf(b, b.Name);

    // A node that stands in several places declares anew in each.
    private string NewName(object thing, string name)
    {
        if (!_declared.Add(thing)) _names.Remove(thing);
        return NameOf(thing, name);
    }

    private string NameOf(object thing, string name)
    {
        if (_names.TryGetValue(thing, out string? known)) return known;
        string clean = IrWords.Clean(name), unique = clean;
        for (int n = 1; IrWords.IsReserved(unique) || !_taken.Add(unique); n++) unique = $"{clean}_{Invariant(n)}";
        _names.Add(thing, unique);
        return unique;
    }

    private static string Word(string name) => IrWords.Clean(name) == name && !IrWords.IsReserved(name) ? name : Quote(name);

    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c == '\n') quoted.Append("\\n");
            else if (c == '\r') quoted.Append("\\r");
            else quoted.Append(c);
        return quoted.Append('"').ToString();
    }

    private static string Invariant(long n) => n.ToString(CultureInfo.InvariantCulture);

    private IrPrinter Put(string text)
    {
        _text.Append(text);
        return this;
    }

    private IrPrinter Indent()
    {
        _text.Append(' ', 2 * _depth);
        return this;
    }

    private IrPrinter Paren(bool needed, Func<IrPrinter> write)
    {
        if (!needed) return write();
        Put("(");
        write();
        return Put(")");
    }

    private IrPrinter Join<T>(IEnumerable<T> items, Func<T, IrPrinter> write)
    {
        bool first = true;
        foreach (var item in items)
        {
            if (!first) Put(", ");
            first = false;
            write(item);
        }
        return this;
    }
}
