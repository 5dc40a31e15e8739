using System.Runtime.CompilerServices;
using Tx.Core;

namespace Tx.Lower.Ir;

internal sealed partial class FunctionVerifier
{
    // Shared expressions are checked once in one scope.
    private void Check(Expr e)
    {
        if (e is Var v)
        {
            if (!_scope.Contains(v)) Report($"variable `{v.Name}` is not in scope", null);
            return;
        }
        if (!_checked.Add(e)) return;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (e)
        {
            case IntImm i:
                if (i.Type.Element.IsFloat || Scalar.Of(i.Type.Element, i.Value).Integer != i.Value || i.Type.Element is ElementType.Int) Report($"{i.Value} is no {i.Type}", e);
                break;
            case FloatImm f:
                if (!f.Type.Element.IsFloat || !double.IsNaN(f.Value) && Scalar.Of(f.Type.Element, f.Value).Real != f.Value) Report($"{f.Value} is no {f.Type}", e);
                break;
            case Binary b: Check(b); break;
            case Unary u:
                Check(u.Operand);
                if (u.Op is UnaryOp.Not != u.Type.Element is ElementType.Bool || u.Op is UnaryOp.BitNot && !u.Type.Element.IsInteger) Report($"{u.Op} of {u.Type}", e);
                break;
            case Call c:
                foreach (var a in c.Arguments) Check(a);
                if (c.Arguments.Length != c.Function.Arity) Report($"{c.Arguments.Length} arguments", e);
                if (c.Arguments.Any(a => a.Type != c.Arguments[0].Type)) Report("arguments have different types", e);
                break;
            case Cast c:
                Check(c.Operand);
                if (c.Type.Lanes != c.Operand.Type.Lanes) Report($"casts {c.Operand.Type} to {c.Type}", e);
                if (c.Kind is CastKind.Bits && c.Type.Element.Bits != c.Operand.Type.Element.Bits) Report($"the bits of {c.Operand.Type} are no {c.Type}", e);
                break;
            case Select s:
                Check(s.Condition);
                Check(s.Then);
                Check(s.Else);
                if (s.Then.Type != s.Else.Type || s.Condition.Type != new IrType(ElementType.Bool, s.Type.Lanes)) Report($"selects by {s.Condition.Type} between {s.Then.Type} and {s.Else.Type}", e);
                break;
            case Load l: Access(l.Buffer, l.Indices, l.Predicate, e); break;
            case Ramp r:
                Check(r.Base);
                Check(r.Stride);
                if (r.Base.Type.Lanes != 1 || r.Stride.Type != r.Base.Type || !r.Type.Element.IsInteger || r.Type.Lanes < 2) Report($"a ramp of {r.Base.Type} and {r.Stride.Type} in {r.Type.Lanes} lanes", e);
                break;
            case Broadcast b:
                Check(b.Value);
                if (b.Value.Type.Lanes != 1 || b.Type.Lanes < 2) Report($"broadcasts {b.Value.Type} to {b.Type.Lanes} lanes", e);
                break;
            case LaneReduce r:
                Check(r.Vector);
                if (r.Op is not (BinaryOp.Add or BinaryOp.Mul or BinaryOp.Min or BinaryOp.Max or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor) || !r.Vector.Type.IsVector) Report($"reduces {r.Vector.Type} by {r.Op}", e);
                break;
            case Let l:
                Value(l.Variable, l.Value, e);
                Bind(l.Variable, e);
                Check(l.Body);
                _scope.Remove(l.Variable);
                break;
        }
    }

    private void Check(Binary b)
    {
        Check(b.Left);
        Check(b.Right);
        var type = b.Left.Type;
        if (type != b.Right.Type) Report($"operands are {type} and {b.Right.Type}", b);
        bool fits = b.Op switch
        {
            BinaryOp.And or BinaryOp.Or or BinaryOp.Xor => !type.Element.IsFloat,
            BinaryOp.Shl or BinaryOp.Shr => type.Element.IsInteger,
            BinaryOp.Eq or BinaryOp.Ne or BinaryOp.Lt or BinaryOp.Le or BinaryOp.Gt or BinaryOp.Ge or BinaryOp.Min or BinaryOp.Max => true,
            _ => type.Element is not ElementType.Bool,
        };
        if (!fits) Report($"{b.Op} of {type}", b);
    }
}
