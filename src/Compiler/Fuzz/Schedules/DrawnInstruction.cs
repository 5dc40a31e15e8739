using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Fuzz.Schedules;

/// <summary>An <c>intrin</c> that declares what some loops compute, as text. Where the language has no words for it there is none.</summary>
internal sealed class DrawnInstruction
{
    private readonly ImmutableArray<(Var Variable, long Extent)> _loops;
    private readonly List<(Buffer Buffer, ImmutableArray<Expr> Indices, string Name, ImmutableArray<Var> Dimensions)> _operands = [];

    private DrawnInstruction(ImmutableArray<(Var, long)> loops) => _loops = loops;

    /// <param name="loop">With all that is inside.</param>
    /// <param name="isStart">The initial value of the reduction there.</param>
    public static string? Declare(string name, string target, For loop, bool isStart = false)
    {
        var loops = new List<(Var Variable, long)>();
        Stmt rest = loop;
        for (; rest is For f; rest = f.Body)
        {
            if (f.Extent is not IntImm { Value: > 0 and <= 16 and var n }) return null;
            loops.Add((f.Variable, n));
        }
        if (rest is not Instance i || (isStart ? i.Init : i.Body) is not Store store) return null;
        var bindings = i.Iterations.ToDictionary(it => it.Variable, it => it.Binding);
        if (isStart) loops = [.. loops.Where(l => store.Indices.Any(e => e.Substitute(bindings).UsesVar(l.Variable)))];
        return loops.Count == 0 ? null : new DrawnInstruction([.. loops]).Declare(name, target, store, bindings);
    }

    private string? Declare(string name, string target, Store store, Dictionary<Var, Expr> bindings)
    {
        var (op, value) = (default(BinaryOp?), store.Value);
        if (value is Binary { Left: Load { Predicate: null } old } b && ReferenceEquals(old.Buffer, store.Buffer) && old.Indices.SequenceEqual(store.Indices, StructuralComparer.Instance)) (op, value) = (b.Op, b.Right);
        if (op is not (null or BinaryOp.Add or BinaryOp.Mul or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor)) return null;
        var written = Operand(store.Buffer, [.. store.Indices.Select(e => e.Substitute(bindings))]);
        if (Text(value.Substitute(bindings)) is not { } text || _operands.Count(o => o.Name == written.Name) > 1) return null;
        var summed = _loops.Where(l => !written.Dimensions.Contains(l.Variable)).ToList();
        if (summed.Any(l => !_operands.Any(o => o.Dimensions.Contains(l.Variable)))) return null;
        if (summed.Count > 0)
        {
            if (op is not (BinaryOp.Add or BinaryOp.Mul)) return null;
            text = $"{(op is BinaryOp.Add ? "sum" : "prod")}({string.Join(", ", summed.Select(l => IndexName(l.Variable)))}: {text})";
        }
        var parameters = _operands.Skip(1).Append(_operands[0]).Select(o => $"{o.Name}: {o.Buffer.Type.Name}{Brackets(o.Dimensions.Select(v => ExtentOf(v).ToString(CultureInfo.InvariantCulture)))}");
        return $"intrin {name}({string.Join(", ", parameters)}) on {target} {{ {written.Name}{Brackets(written.Dimensions.Select(IndexName))} {(op is { } by ? by.Symbol : "")}= {text} }}";
    }

    private (string Name, ImmutableArray<Var> Dimensions) Operand(Buffer buffer, ImmutableArray<Expr> indices)
    {
        foreach (var known in _operands)
            if (ReferenceEquals(known.Buffer, buffer) && known.Indices.SequenceEqual(indices, StructuralComparer.Instance)) return (known.Name, known.Dimensions);
        // In the order of the buffer's dimensions, so that the last one runs over neighbours where one does.
        ImmutableArray<Var> dimensions = [.. indices.SelectMany(e => _loops.Where(l => e.UsesVar(l.Variable))).Select(l => l.Variable).Distinct()];
        _operands.Add((buffer, indices, string.Create(CultureInfo.InvariantCulture, $"p{_operands.Count}"), dimensions));
        return (_operands[^1].Name, dimensions);
    }

    private long ExtentOf(Var loop) => _loops.First(l => ReferenceEquals(l.Variable, loop)).Extent;

    private string IndexName(Var loop) => string.Create(CultureInfo.InvariantCulture, $"x{Array.FindIndex([.. _loops], l => ReferenceEquals(l.Variable, loop))}");

    private static string Brackets(IEnumerable<string> inside) => string.Join(", ", inside) is { Length: > 0 } text ? $"[{text}]" : "";

    private string? Text(Expr e)
    {
        switch (e)
        {
            case IntImm i: return e.Type.Element is ElementType.Bool ? i.Value == 0 ? "false" : "true" : i.Value < 0 ? null : i.Value.ToString(CultureInfo.InvariantCulture);
            case FloatImm f: return double.IsFinite(f.Value) && f.Value >= 0 ? $"{e.Type.Element.Name}({f.Value.ToString("R", CultureInfo.InvariantCulture)})" : null;
            case Load { Predicate: null } l:
                var (name, dimensions) = Operand(l.Buffer, l.Indices);
                return name + Brackets(dimensions.Select(IndexName));
            case Cast { Kind: CastKind.Convert } c: return Text(c.Operand) is { } operand ? $"{e.Type.Element.Name}({operand})" : null;
            case Unary u: return Text(u.Operand) is { } of ? $"({(u.Op switch { UnaryOp.Neg => "-", UnaryOp.Not => "!", _ => "~" })}{of})" : null;
            case Select s: return Join("({0} ? {1} : {2})", s.Condition, s.Then, s.Else);
            case Call { Function: Intrinsic.Fma or Intrinsic.IsNan }: return null;
            case Call c: return Join($"{c.Function.Name}({string.Join(", ", Enumerable.Range(0, c.Arguments.Length).Select(n => $"{{{n}}}"))})", [.. c.Arguments]);
            case Binary b when b.Op is BinaryOp.Min or BinaryOp.Max: return Join($"{b.Op.Symbol}({{0}}, {{1}})", b.Left, b.Right);
            case Binary b when b.Op is BinaryOp.TruncDiv or BinaryOp.TruncMod or BinaryOp.Shl or BinaryOp.Shr: return null;
            case Binary b when b.Op is BinaryOp.And or BinaryOp.Or && b.Left.Type.Element is ElementType.Bool: return Join($"({{0}} {b.Op.Symbol}{b.Op.Symbol} {{1}})", b.Left, b.Right);
            case Binary b: return Join($"({{0}} {b.Op.Symbol} {{1}})", b.Left, b.Right);
            default: return null;
        }
    }

    private string? Join(string form, params Expr[] parts)
    {
        string?[] texts = Array.ConvertAll(parts, Text);
        return texts.Contains(null) ? null : string.Format(CultureInfo.InvariantCulture, form, texts);
    }
}
