using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Lang.Proofs;

/// <summary>The short way to prove a condition: indices are replaced by the ends of their ranges, and what is left must be a sum of
/// numbers that are not negative, if need be after subtracting one known inequality. It decides most reads without a solver; a false
/// answer says nothing.</summary>
internal sealed class BoundsProof(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope)
{
    private List<AffineForm>? _known;

    /// <summary>Forms that are not negative wherever the condition matters: from the assumptions, and because no range is empty there.</summary>
    private List<AffineForm> Known
    {
        get
        {
            if (_known is not null) return _known;
            _known = [];
            foreach (var assumption in assumptions) Collect(assumption);
            foreach (var index in scope) _known.Add(AffineForm.Of(index.End) - AffineForm.Of(index.Start) - 1);
            return _known;
        }
    }

    public bool Holds(Term condition)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (condition)
        {
            case ConstTerm c: return c.Value.IsTrue;
            case UnaryTerm { Op: UnaryOp.Not, Operand: not UnaryTerm } u:
                var negated = Terms.Negate(u.Operand);
                return negated is not UnaryTerm && Holds(negated);
            case LogicalTerm l: return l.IsAnd ? Holds(l.Left) && Holds(l.Right) : Holds(l.Left) || Holds(l.Right);
            case BinaryTerm { Op.IsComparison: true, Left.Type: ElementType.Int } b:
                var (left, right) = (AffineForm.Of(b.Left), AffineForm.Of(b.Right));
                return b.Op switch
                {
                    BinaryOp.Le => IsNotNegative(right - left),
                    BinaryOp.Lt => IsNotNegative(right - left - 1),
                    BinaryOp.Ge => IsNotNegative(left - right),
                    BinaryOp.Gt => IsNotNegative(left - right - 1),
                    BinaryOp.Eq => left.Equals(right) || (IsNotNegative(left - right) && IsNotNegative(right - left)),
                    _ => IsNotNegative(left - right - 1) || IsNotNegative(right - left - 1),
                };
            default: return false;
        }
    }

    private bool IsNotNegative(AffineForm form)
    {
        if (IsNotNegativeAlone(form)) return true;
        foreach (var known in Known)
        {
            // Subtract the inequality as often as cancels a negative term.
            foreach (var (atom, k) in form.Terms)
            {
                if (k.Sign > 0 || Coefficient(known, atom) is not { Sign: < 0 } l || !BigInteger.Remainder(k, l).IsZero) continue;
                if (AffineForm.ToLong(k / l) is { } times && IsNotNegativeAlone(form - known * times)) return true;
            }
            if (IsNotNegativeAlone(form - known)) return true;
        }
        return false;
    }

    private bool IsNotNegativeAlone(AffineForm form)
    {
        for (int i = scope.Length - 1; i >= 0; i--)
        {
            var index = scope[i];
            foreach (var (atom, k) in form.Terms)
            {
                if (atom is not IndexAtom a || a.Index != index || AffineForm.ToLong(k) is not { } factor) continue;
                var end = k.Sign > 0 ? AffineForm.Of(index.Start) : AffineForm.Of(index.End) - 1;
                form = form - AffineForm.Of(atom) * factor + end * factor;
                break;
            }
        }
        return form.Constant.Sign >= 0 && form.Terms.All(t => t.Coefficient.Sign > 0 && IsNotNegative(t.Atom));
    }

    private bool IsNotNegative(AffineAtom atom)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return atom switch
        {
            DimAtom => true,
            IndexAtom i => scope.Contains(i.Index) && AffineForm.Of(i.Index.Start) is { IsConstant: true, Constant.Sign: >= 0 },
            ProductAtom p => p.Factors.All(IsNotNegative),
            DivAtom d => d.Divisor is { IsConstant: true, Constant.Sign: > 0 } && IsNotNegativeAlone(d.Dividend),
            ExtremumAtom { IsMax: true } x => IsNotNegativeAlone(x.Left) || IsNotNegativeAlone(x.Right),
            ExtremumAtom x => IsNotNegativeAlone(x.Left) && IsNotNegativeAlone(x.Right),
            _ => false,
        };
    }

    private void Collect(Term assumption)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (assumption)
        {
            case LogicalTerm { IsAnd: true } l:
                Collect(l.Left);
                Collect(l.Right);
                break;
            case BinaryTerm { Op.IsComparison: true, Left.Type: ElementType.Int } b:
                var difference = AffineForm.Of(b.Left) - AffineForm.Of(b.Right);
                if (b.Op is BinaryOp.Ge or BinaryOp.Eq) _known!.Add(difference);
                if (b.Op is BinaryOp.Le or BinaryOp.Eq) _known!.Add(-difference);
                if (b.Op is BinaryOp.Gt) _known!.Add(difference - 1);
                if (b.Op is BinaryOp.Lt) _known!.Add(-difference - 1);
                break;
        }
    }

    private static BigInteger? Coefficient(AffineForm form, AffineAtom atom)
    {
        foreach (var (other, k) in form.Terms)
            if (other.Equals(atom)) return k;
        return null;
    }
}
