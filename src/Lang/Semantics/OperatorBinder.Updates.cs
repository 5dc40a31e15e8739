using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Dependences;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Updates: <c>hist[i32(I[y, x])] += 1</c>. They run over all indices in them, on either side.</summary>
internal sealed partial class OperatorBinder
{
    private bool BindUpdate(Definition d, BinaryOp op)
    {
        if (d is not { Targets: [var target], Tensors: [{ Tensor: { } tensor }] })
        {
            if (d.Targets.Length > 1) _bag.Add(Diagnostic.Create(SemanticDiagnostics.LeftSide, d.Targets[1].Span).WithHelp("update one tensor in a line"));
            return false;
        }
        var binder = new ExpressionBinder(_scope, _bag);
        var left = new Left();
        bool isFine = EnterLoops(d, binder, left) && EnterIndices(d, target, left) && Complete(d, target, tensor, op, binder, left);
        foreach (string name in left.Names) _scope.Remove(name);
        return isFine;
    }

    /// <summary>Makes an index of every name that is nothing else.</summary>
    private bool EnterIndices(Definition d, LeftSide target, Left left)
    {
        left.Indices.AddRange(left.Stated);
        foreach (var e in target.Subscripts ?? [])
            if (e is PackSyntax { Name: { } pack })
            {
                if (PackIndices(d, target, d.Tensors[0], pack, left) is not { } indices) return false;
                left.Indices.AddRange(indices.Where(i => !left.Indices.Contains(i)));
            }
        foreach (var n in (target.Subscripts ?? []).Append(d.Value).SelectMany(FreeNames.In))
        {
            if (_scope.Find(n.Name) is not null || ExpressionBinder.IsFunction(n.Name, _scope)) continue;
            var index = new IndexSymbol(n.Name, false, n.Span);
            AddName(left, n.Name, new LoopSymbol(index));
            left.Indices.Add(index);
        }
        return true;
    }

    private bool Complete(Definition d, LeftSide target, TensorSymbol tensor, BinaryOp op, ExpressionBinder binder, Left left)
    {
        binder.Enter(left.Indices);
        var subscripts = ImmutableArray.CreateBuilder<Term>();
        var bare = ImmutableArray.CreateBuilder<bool>();
        bool isFine = true;
        foreach (var e in target.Subscripts ?? []) isFine &= binder.BindSubscript(e, subscripts, bare);
        if (isFine && subscripts.Count != tensor.Rank)
        {
            _bag.Add(ExpressionBinder.WrongRank(tensor.Name, tensor.Rank, subscripts.Count, target.Span, tensor.Span));
            return false;
        }
        if (!isFine) return false;
        var indices = subscripts.ToImmutable();
        for (int k = 0; k < indices.Length; k++)
            if (bare[k] && indices[k] is IndexTerm { Index: var index } && left.Ranged.Add(index))
                (index.Start, index.End) = (ConstTerm.Int(0), tensor.Shape[k]);

        if (binder.Bind(d.Value) is not { } value || !Fits(op, tensor, d)) return false;
        if (BindTypes(d, value) is not var (_, term) || !Settle(binder, left.Indices.Where(i => !left.Ranged.Contains(i)))) return false;
        var equation = new Equation([new Target(tensor, indices)], InOrder(left.Indices), term, op, d.Span);
        if (ReadCollector.Find(equation, t => t == tensor) is [var own, ..])
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.UpdateReadsItself, own.Read.Span ?? d.Span, tensor.Name).WithLabel(target.Span, "changed here"));
            return false;
        }
        if (op is BinaryOp.Add && tensor.Type.IsInteger && tensor.Type.Bits <= 16) AccumulatorBound.CheckUpdate(equation, new FewValues(ValuesOf), _sizes, _bag);
        OweInside(equation.Targets[0], equation.Indices, d.Span);
        d.Equation = equation;
        return true;
    }

    private bool Fits(BinaryOp op, TensorSymbol tensor, Definition d)
    {
        bool isBitwise = op is BinaryOp.And or BinaryOp.Or or BinaryOp.Xor;
        if (isBitwise ? tensor.Type.IsInteger || tensor.Type is ElementType.Bool : tensor.Type.IsInteger || tensor.Type.IsFloat) return true;
        _bag.Add(SemanticDiagnostics.OperandKind, d.Targets[0].Span, op.Symbol + "=", tensor.Type.Name, isBitwise ? "integers and bool" : "numbers");
        return false;
    }
}
