using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

internal sealed partial class FunctionEmitter
{
    /// <summary>Evaluates the first expression of a statement: nothing is shared with the one before, whose block need not dominate this one.</summary>
    private Value Start(Expr e)
    {
        _memo.Clear();
        _lets.Clear();
        _order.Clear();
        return Evaluate(e);
    }

    /// <summary>Writes an expression's instructions. An object that stands at several places of one statement is evaluated once, so that
    /// expressions with shared parts stay small.</summary>
    private Value Evaluate(Expr e)
    {
        switch (e)
        {
            case IntImm i: return LlvmText.Constant(i.Type.Element, i.Value);
            case FloatImm f: return LlvmText.Constant(f.Type.Element, f.Value);
            case Var v: return ValueOf(v);
        }
        if (_memo.TryGetValue(e, out var known)) return known;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var value = e switch
        {
            Binary b => EvaluateBinary(b),
            Unary u => EvaluateUnary(u),
            Call c => EvaluateCall(c),
            Cast c => EvaluateCast(c),
            Select s => EvaluateSelect(s),
            Load l => EvaluateLoad(l),
            Ramp r => EvaluateRamp(r),
            Broadcast b => Splat(Evaluate(b.Value), b.Type.Lanes),
            LaneReduce r => EvaluateLaneReduce(r.Op, Evaluate(r.Vector)),
            Let l => EvaluateLetExpression(l),
            _ => throw Bug($"an expression `{e.GetType().Name}`"),
        };
        _memo[e] = value;
        _order.Add(e);
        return value;
    }

    private Value ValueOf(Var v) => _variables.TryGetValue(v, out var value) ? value : throw Bug($"the variable `{v.Name}` is not bound");

    private Value EvaluateLetExpression(Let l)
    {
        var value = Evaluate(l.Value);
        // What was evaluated under another value of the variable does not hold here.
        if (_lets.TryGetValue(l.Variable, out var other) && !ReferenceEquals(other, l)) _memo.Clear();
        _lets[l.Variable] = l;
        _variables[l.Variable] = value;
        return Evaluate(l.Body);
    }

    private Value EvaluateSelect(Select s)
    {
        if (UniformCondition(s.Condition) is { } uniform && (IsCostly(s.Then) || IsCostly(s.Else))) return Branch(uniform, s.Then, s.Else);
        var condition = Evaluate(s.Condition);
        var (then, @else) = (Evaluate(s.Then), Evaluate(s.Else));
        return Choose(condition, then, @else);
    }

    private static Expr? UniformCondition(Expr condition) => condition is Broadcast b ? b.Value : condition.Type.IsVector ? null : condition;

    /// <summary>More work left than a mispredicted branch costs.</summary>
    private bool IsCostly(Expr e)
    {
        var work = new Work(_memo);
        work.Visit(e);
        return work.IsCostly;
    }

    private sealed class Work(Dictionary<Expr, Value> done) : Walker
    {
        private const int Limit = 40;
        private readonly HashSet<Expr> _seen = new(ReferenceEqualityComparer.Instance);

        public bool IsCostly => _seen.Count > Limit;

        public override void Visit(Expr e)
        {
            if (IsCostly || e is IntImm or FloatImm or Var || done.ContainsKey(e) || !_seen.Add(e)) return;
            base.Visit(e);
        }
    }

    /// <summary>Evaluates only the side that is taken.</summary>
    private Value Branch(Expr condition, Expr then, Expr @else)
    {
        string yes = writer.Label("then"), no = writer.Label("else"), end = writer.Label("end");
        writer.Branch(Evaluate(condition), yes, no);
        var (a, afterThen) = Side(yes, then);
        var (b, afterElse) = Side(no, @else);
        writer.Block(end);
        return writer.Assign(then.Type, $"phi {LlvmText.TypeOf(then.Type)} [ {a.Text}, %{LlvmText.Name(afterThen)} ], [ {b.Text}, %{LlvmText.Name(afterElse)} ]");

        (Value Value, string Block) Side(string label, Expr e)
        {
            writer.Block(label);
            int before = _order.Count;
            var value = Evaluate(e);
            // What was evaluated on one side is not known after it.
            foreach (var inside in _order.Skip(before)) _memo.Remove(inside);
            _order.RemoveRange(before, _order.Count - before);
            string last = writer.CurrentBlock;
            writer.Branch(end);
            return (value, last);
        }
    }

    private Value Choose(Value condition, Value then, Value @else) => writer.Assign(then.Type, $"select {condition}, {then}, {@else}");

    private Value EvaluateRamp(Ramp r)
    {
        int lanes = r.Type.Lanes;
        if (lanes == 1) return Evaluate(r.Base);
        var steps = r.Stride is IntImm s
            ? LlvmText.Steps(r.Type, 0, s.Value)
            : writer.Assign(r.Type, $"mul {Splat(Evaluate(r.Stride), lanes)}, {LlvmText.Steps(r.Type, 0, 1).Text}");
        if (r.Base is IntImm { Value: 0 }) return steps;
        return r is { Base: IntImm first, Stride: IntImm step }
            ? LlvmText.Steps(r.Type, first.Value, step.Value)
            : writer.Assign(r.Type, $"add {Splat(Evaluate(r.Base), lanes)}, {steps.Text}");
    }

    private Value Splat(Value value, int lanes)
    {
        if (lanes == 1) return value;
        if (IsConstant(value)) return LlvmText.Splat(value, lanes);
        var type = value.Type.WithLanes(lanes);
        var first = writer.Assign(type, $"insertelement {LlvmText.TypeOf(type)} poison, {value}, i64 0");
        return writer.Assign(type, $"shufflevector {first}, {LlvmText.TypeOf(type)} poison, <{LlvmText.Number(lanes)} x i32> zeroinitializer");
    }

    private static bool IsConstant(Value value) => value.Text[0] != '%';

    private Value Lane(Value vector, long lane) => writer.Assign(vector.Type.WithLanes(1), $"extractelement {vector}, i64 {LlvmText.Number(lane)}");

    private Value Insert(Value vector, Value element, long lane) => writer.Assign(vector.Type, $"insertelement {vector}, {element}, i64 {LlvmText.Number(lane)}");

    private Value Shuffle(Value vector, IEnumerable<int> lanes)
    {
        int[] order = [.. lanes];
        return writer.Assign(vector.Type.WithLanes(order.Length), $"shufflevector {vector}, {LlvmText.TypeOf(vector.Type)} poison, {LlvmText.Mask(order)}");
    }

    /// <summary>A vector from its lanes, each evaluated by <paramref name="element"/>.</summary>
    private Value Gather(IrType type, Func<int, Value> element)
    {
        var result = new Value(type, "poison");
        for (int i = 0; i < type.Lanes; i++) result = Insert(result, element(i), i);
        return result;
    }

    private Value EvaluateLaneReduce(BinaryOp op, Value vector)
    {
        var type = vector.Type;
        if (!type.IsVector) return vector;
        var t = type.Element;
        string suffix = LlvmText.SuffixOf(type), result = LlvmText.TypeOf(type.WithLanes(1));
        if (t.IsFloat)
            switch (op)
            {
                // The identities: -0 leaves every float as it is, 0 would turn -0 into 0.
                case BinaryOp.Add: return writer.Assign(new(t), $"call reassoc {result} @llvm.vector.reduce.fadd.{suffix}({LlvmText.Constant(t, -0.0)}, {vector})");
                case BinaryOp.Mul: return writer.Assign(new(t), $"call reassoc {result} @llvm.vector.reduce.fmul.{suffix}({LlvmText.Constant(t, 1.0)}, {vector})");
                case BinaryOp.Min or BinaryOp.Max: return FoldLanes(op, vector);
                default: throw Bug($"a reduction of lanes of `{t.Name}` by `{op.Symbol}`");
            }
        string? name = op switch
        {
            BinaryOp.Add => t is ElementType.Bool ? "or" : "add",
            BinaryOp.Mul => t is ElementType.Bool ? "and" : "mul",
            BinaryOp.And => "and",
            BinaryOp.Or => "or",
            BinaryOp.Xor => "xor",
            BinaryOp.Min => t.IsSigned ? "smin" : "umin",
            BinaryOp.Max => t.IsSigned ? "smax" : "umax",
            _ => null,
        };
        if (name is null) throw Bug($"a reduction of lanes of `{t.Name}` by `{op.Symbol}`");
        return writer.Assign(new(t), $"call {result} @llvm.vector.reduce.{name}.{suffix}({vector})");
    }

    // Halves are combined until one lane is left; LLVM's own reductions treat NaN in another way.
    private Value FoldLanes(BinaryOp op, Value vector)
    {
        Value? odd = null;
        while (vector.Type.IsVector)
        {
            int lanes = vector.Type.Lanes, half = lanes / 2;
            if (lanes % 2 != 0)
            {
                var last = Lane(vector, lanes - 1);
                odd = odd is { } o ? FloatMinMax(op, last, o) : last;
            }
            if (half == 1)
            {
                vector = FloatMinMax(op, Lane(vector, 0), Lane(vector, 1));
                break;
            }
            vector = FloatMinMax(op, Shuffle(vector, Enumerable.Range(0, half)), Shuffle(vector, Enumerable.Range(half, half)));
        }
        return odd is { } rest ? FloatMinMax(op, vector, rest) : vector;
    }
}
