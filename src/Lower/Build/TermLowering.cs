using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lower.Ir;

namespace Tx.Lower.Build;

/// <summary>Lowers the terms of one nest. Terms are lazy and expressions are strict, so what must not happen on a side that is not taken is
/// disarmed: a read carries the path condition as its predicate, an integer divisor becomes 1.</summary>
/// <param name="program">Buffers and dimensions of the operator.</param>
/// <param name="variables">The value of each index of this nest.</param>
/// <param name="lift">Gives the value of a reduction that stands inside an expression.</param>
internal sealed class TermLowering(ProgramScope program, IReadOnlyDictionary<IndexSymbol, Expr> variables, Func<ReduceTerm, PathCondition?, Expr> lift)
{
    private readonly Dictionary<(Term, PathCondition?), Expr> _done = [];
    private readonly Dictionary<(Term, bool, PathCondition?), PathCondition> _paths = [];
    private readonly List<Stmt> _checks = [];

    /// <summary>The values of a reducer's parameters.</summary>
    public Dictionary<TensorSymbol, Expr> Scalars { get; } = [];

    /// <summary>Run-time checks that the terms lowered so far owe, to stand before their use.</summary>
    public ImmutableArray<Stmt> Checks => [.. _checks];

    public Expr Lower(Term term, PathCondition? path = null)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        // A value computed under a weaker condition serves here too; without this, nested conditions over shared parts cost exponential time.
        for (var p = path; ; p = p.Parent)
        {
            if (_done.TryGetValue((term, p), out var known)) return known;
            if (p is null) break;
        }
        var e = LowerNode(term, path);
        _done.Add((term, path), e);
        return e;
    }

    /// <summary>The path below a condition.</summary>
    public PathCondition Under(PathCondition? path, Term condition, bool holds = true)
    {
        if (!_paths.TryGetValue((condition, holds, path), out var result))
            _paths.Add((condition, holds, path), result = PathCondition.Extend(path, condition, holds, Lower(condition, path)));
        return result;
    }

    /// <summary>The same conditions over the variables of this nest.</summary>
    public PathCondition? Rebuild(PathCondition? path) => path is null ? null : Under(Rebuild(path.Parent), path.Term, path.Holds);

    private Expr LowerNode(Term term, PathCondition? path)
    {
        switch (term)
        {
            case ConstTerm c: return Expr.Constant(c.Value);
            case DimTerm d: return program.Extent(d.Dim);
            case IndexTerm i: return variables.TryGetValue(i.Index, out var v) ? v : throw new CompilerBugException("nest builder", $"index {i.Index.Name} is not bound");
            case ReadTerm r: return LowerRead(r, path);
            case UnaryTerm u: return Expr.Make(u.Op, Lower(u.Operand, path));
            case BinaryTerm b: return LowerBinary(b, path);
            case LogicalTerm l:
            {
                var left = Lower(l.Left, path);
                var right = Lower(l.Right, Under(path, l.Left, holds: l.IsAnd));
                return l.IsAnd ? Expr.And(left, right) : Expr.Or(left, right);
            }
            case SelectTerm s:
            {
                var condition = Lower(s.Condition, path);
                if (condition.IsTrue) return Lower(s.Then, path);
                if (condition.IsFalse) return Lower(s.Else, path);
                return Expr.If(condition, Lower(s.Then, Under(path, s.Condition)), Lower(s.Else, Under(path, s.Condition, holds: false)));
            }
            case CastTerm c: return Expr.Convert(Lower(c.Operand, path), c.Type.Stored, c.Kind);
            case IntrinsicTerm f: return Expr.Make(f.Function, [.. f.Arguments.Select(a => Lower(a, path))]);
            case ReduceTerm r: return lift(r, path);
            default: throw new UnreachableException(term.GetType().Name);
        }
    }

    private Expr LowerRead(ReadTerm r, PathCondition? path)
    {
        if (Scalars.TryGetValue(r.Tensor, out var scalar)) return scalar;
        var buffer = program.BufferOf(r.Tensor);
        var indices = r.Indices.Select(i => Lower(i, path)).ToImmutableArray();
        bool IsInside(int d) => r.Indices[d] is IndexTerm { Index: var index } && IsWholeDimension(index, buffer.Shape[d]);
        if (r.Default is null)
        {
            // An element that exists whatever the path says may as well be read: a predicate costs more.
            bool always = path is null || Enumerable.Range(0, indices.Length).All(IsInside);
            var predicate = always ? null : path!.All;
            for (int d = 0; d < indices.Length; d++)
                if (program.CheckOf(r, d) is { } check)
                {
                    var within = CheckIndex(check, r.Indices[d], indices[d], buffer.Shape[d], path);
                    predicate = predicate is null ? within : Expr.And(predicate, within);
                }
            return new Load(buffer, indices, predicate);
        }

        var inside = new List<Expr>();
        for (int d = 0; d < indices.Length; d++)
        {
            if (IsInside(d)) continue;
            inside.Add(indices[d] >= 0);
            inside.Add(indices[d] < buffer.Shape[d]);
        }
        var condition = Expr.All(inside);
        if (condition.IsTrue) return new Load(buffer, indices, path?.All);
        if (condition.IsFalse) return Lower(r.Default, path);
        var load = new Load(buffer, indices, path is null ? condition : Expr.And(path.All, condition));
        var otherwise = Lower(r.Default, path);
        // A lane that is not read gives 0 already.
        return otherwise.TryGetConstant(out var zero) && ScalarMath.ToBits(zero) == 0 ? load : Expr.If(condition, load, otherwise);
    }

    private bool IsWholeDimension(IndexSymbol index, Expr extent) =>
        index.Start is ConstTerm { Value.Integer: 0 } && StructuralComparer.Instance.Equals(program.Range(index, this).End, extent);

    /// <summary>Adds the check that an index from data is inside, and gives the condition.</summary>
    public Expr CheckIndex(RuntimeCheck check, Term term, Expr index, Expr extent, PathCondition? path)
    {
        var within = Expr.And(index >= 0, index < extent);
        Expr ten = new IntImm(ElementType.U64, 10);
        // See IndexDigits: a u64 is shown by all its digits but the last, and the last.
        ImmutableArray<Expr> values = IndexDigits.IsUnsigned(term) && Expr.Convert(index, ElementType.U64) is var number
            ? [Expr.Convert(Expr.Make(BinaryOp.Div, number, ten), ElementType.I64), extent, Expr.Convert(Expr.Make(BinaryOp.Mod, number, ten), ElementType.I64)]
            : [index, extent];
        AddCheck(check, within, values, path);
        return within;
    }

    private void AddCheck(RuntimeCheck check, Expr condition, ImmutableArray<Expr> values, PathCondition? path) =>
        _checks.Add(new Check(path is null ? condition : Expr.Or(Expr.Not(path.All), condition), program.MessageOf(check), values, new(check.Span, null)));

    private Expr LowerBinary(BinaryTerm b, PathCondition? path)
    {
        var (left, right) = (Lower(b.Left, path), Lower(b.Right, path));
        if (b.Op is BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod && !b.Type.IsFloat)
            right = SafeDivisor(b, right, path);
        if (b.Op is BinaryOp.Shl or BinaryOp.Shr && program.CheckOf(b) is { } check)
        {
            var (zero, width) = (Expr.Zero(right.Type), new IntImm(right.Type.Element, b.Type.Bits));
            var isSafe = Expr.And(Expr.Make(BinaryOp.Ge, right, zero), Expr.Make(BinaryOp.Lt, right, width));
            AddCheck(check, isSafe, [], path);
            right = Expr.If(isSafe, right, zero);
        }
        return Expr.Make(b.Op, left, right);
    }

    // A divisor is proved not to be 0, or checked. On a side that is not taken it may be anything.
    private Expr SafeDivisor(BinaryTerm b, Expr divisor, PathCondition? path)
    {
        if (divisor.TryGetConstant(out var value) && value.Integer != 0) return divisor;
        var one = new IntImm(divisor.Type.Element, 1);
        if (program.CheckOf(b) is not { } check) return path is null ? divisor : Expr.If(path.All, divisor, one);
        var isSafe = Expr.Ne(divisor, Expr.Zero(divisor.Type));
        AddCheck(check, isSafe, [], path);
        return Expr.If(path is null ? isSafe : Expr.And(path.All, isSafe), divisor, one);
    }
}
