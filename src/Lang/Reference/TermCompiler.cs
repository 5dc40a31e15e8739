using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;

namespace Tx.Lang.Reference;

/// <summary>Turns the terms of one equation into closures over a frame that holds the values of its indices. The common operations have
/// closures of their own; all others go through <see cref="ScalarMath"/>, which defines them.</summary>
/// <param name="reader">The tensor that is computed, for messages.</param>
/// <param name="cancellation">Ends a walk over the points of a reduction.</param>
internal sealed class TermCompiler(IReadOnlyDictionary<DimSymbol, long> dims, IReadOnlyDictionary<TensorSymbol, TensorValues> tensors, SharedTerms shared, string reader,
    CancellationToken cancellation = default)
{
    private readonly Dictionary<Term, Code> _codes = [];
    private readonly Dictionary<IndexSymbol, int> _slots = [];
    private readonly Dictionary<TensorSymbol, int> _scalars = [];
    private int _frameLength = Frame.Reserved;

    /// <summary>A frame for what has been compiled so far.</summary>
    public long[] NewFrame() => Frame.Create(_frameLength);

    public IterationDomain Domain(ImmutableArray<IndexSymbol> indices)
    {
        // An index's own slot exists before its range is compiled, for the ranges behind it.
        int[] slots = new int[indices.Length];
        var (starts, ends) = (new IntegerCode[indices.Length], new IntegerCode[indices.Length]);
        for (int d = 0; d < indices.Length; d++)
        {
            (starts[d], ends[d]) = (Integer(indices[d].Start), Integer(indices[d].End));
            slots[d] = SlotOf(indices[d]);
        }
        return new(slots, starts, ends, numbersPoints: shared.Any, cancellation);
    }

    public IntegerCode Integer(Term term) => Compile(term).Integer;

    public Code Compile(Term term)
    {
        if (_codes.TryGetValue(term, out var known)) return known;
        var code = CompileNew(term);
        if (shared.Contains(term)) code = Keep(code);
        _codes.Add(term, code);
        return code;
    }

    /// <summary>The slot that holds a parameter of a reducer, a float as its bits.</summary>
    public int SlotOf(TensorSymbol scalar)
    {
        if (!_scalars.TryGetValue(scalar, out int slot)) _scalars.Add(scalar, slot = _frameLength++);
        return slot;
    }

    public int SlotOf(IndexSymbol index)
    {
        if (!_slots.TryGetValue(index, out int slot)) _slots.Add(index, slot = _frameLength++);
        return slot;
    }

    private Code CompileNew(Term term) => term switch
    {
        ConstTerm t => Constant(t.Value),
        DimTerm t => Constant(Scalar.Index(dims[t.Dim])),
        IndexTerm t => Index(SlotOf(t.Index)),
        ReadTerm t => Read(t),
        UnaryTerm t => Unary(t.Op, Compile(t.Operand)),
        BinaryTerm t => t.Left.Type.IsFloat ? RealBinary(t, Compile(t.Left), Compile(t.Right)) : IntegerBinary(t, Compile(t.Left), Compile(t.Right)),
        LogicalTerm t => Logical(t.IsAnd, Integer(t.Left), Integer(t.Right)),
        SelectTerm t => Select(Integer(t.Condition), Compile(t.Then), Compile(t.Else)),
        CastTerm t => Cast(t, Compile(t.Operand)),
        IntrinsicTerm t => Intrinsic(t),
        ReduceTerm t => new ReductionCompiler(this).Compile(t),
        _ => throw new CompilerBugException("reference evaluator", $"unknown term {term.GetType().Name}"),
    };

    private static Code Constant(Scalar value)
    {
        var (real, integer) = (value.Real, value.Integer);
        return value.Type.IsFloat ? new(value.Type, _ => real) : new Code(value.Type, _ => integer);
    }

    private static Code Index(int slot) => new(ElementType.Int, f => f[slot]);

    // The value and the number of the point that it belongs to stand in two slots.
    private Code Keep(Code code)
    {
        int point = _frameLength++, value = _frameLength++;
        if (code.RealOrNull is { } real)
        {
            return new(code.Type, f =>
            {
                if (f[point] == f[Frame.Point]) return BitConverter.Int64BitsToDouble(f[value]);
                double v = real(f);
                (f[point], f[value]) = (f[Frame.Point], BitConverter.DoubleToInt64Bits(v));
                return v;
            });
        }
        var integer = code.Integer;
        return new Code(code.Type, f =>
        {
            if (f[point] == f[Frame.Point]) return f[value];
            long v = integer(f);
            (f[point], f[value]) = (f[Frame.Point], v);
            return v;
        });
    }

    private Code Read(ReadTerm term)
    {
        if (_scalars.TryGetValue(term.Tensor, out int scalar))
            return term.Type.IsFloat ? new(term.Type, f => BitConverter.Int64BitsToDouble(f[scalar])) : new Code(term.Type, f => f[scalar]);
        var tensor = tensors[term.Tensor];
        IntegerCode[] indices = [.. term.Indices.Select(Integer)];
        var locate = LocateForRead(tensor, term.Indices);
        var (reals, integers) = (tensor.Reals, tensor.Integers);
        DiagnosticException Outside(long[] f)
        {
            long[] at = [.. indices.Select(i => i(f))];
            for (int d = 0; d < at.Length; d++)
                if ((at[d] < 0 || at[d] >= tensor.Extents[d]) && TermMeasure.ReadsData(term.Indices[d]))
                    return new ReadCheck(reader, term, d).Failure(IndexDigits.Values(term.Indices[d], at[d], tensor.Extents[d]));
            return new(ReferenceDiagnostics.ReadOutside, term.Span, term.Tensor.Name, TensorValues.Join(at), TensorValues.Join(tensor.Extents));
        }

        if (term.Default is null)
        {
            if (tensor.Demand is null && term is { Type.IsFloat: true, Indices: [IndexTerm row, IndexTerm column] })
            {
                // The common read, without a call for its position.
                var (i, j, m, n) = (SlotOf(row.Index), SlotOf(column.Index), tensor.Extents[0], tensor.Extents[1]);
                return new(term.Type, f => f[i] >= 0 && f[i] < m && f[j] >= 0 && f[j] < n ? reals[f[i] * n + f[j]] : throw Outside(f));
            }
            return term.Type.IsFloat
                ? new(term.Type, f => locate(f) is var p and >= 0 ? reals[p] : throw Outside(f))
                : new Code(term.Type, f => locate(f) is var p and >= 0 ? integers[p] : throw Outside(f));
        }
        var @default = Compile(term.Default);
        if (term.Type.IsFloat)
        {
            var real = @default.Real;
            return new(term.Type, f => locate(f) is var p and >= 0 ? reals[p] : real(f));
        }
        var integer = @default.Integer;
        return new Code(term.Type, f => locate(f) is var p and >= 0 ? integers[p] : integer(f));
    }

    private IntegerCode LocateForRead(TensorValues tensor, ImmutableArray<Term> indices)
    {
        var locate = Locate(tensor, indices);
        if (tensor.Demand is not { } demand) return locate;
        return f =>
        {
            long p = locate(f);
            if (p >= 0) demand(p);
            return p;
        };
    }

    /// <summary>Gives the row-major position, or −1 where an index lies outside.</summary>
    public IntegerCode Locate(TensorValues tensor, ImmutableArray<Term> indices)
    {
        long[] extents = tensor.Extents;
        if (indices.All(i => i is IndexTerm))
        {
            int[] slots = [.. indices.Select(i => SlotOf(((IndexTerm)i).Index))];
            return f =>
            {
                long p = 0;
                for (int d = 0; d < slots.Length; d++)
                {
                    long i = f[slots[d]];
                    if (i < 0 || i >= extents[d]) return -1;
                    p = p * extents[d] + i;
                }
                return p;
            };
        }
        IntegerCode[] codes = [.. indices.Select(Integer)];
        return f =>
        {
            long p = 0;
            for (int d = 0; d < codes.Length; d++)
            {
                long i = codes[d](f);
                if (i < 0 || i >= extents[d]) return -1;
                p = p * extents[d] + i;
            }
            return p;
        };
    }

    private static Code Unary(UnaryOp op, Code operand)
    {
        if (op is UnaryOp.Neg && operand.RealOrNull is { } real) return new(operand.Type, f => -real(f));
        var value = operand.AsScalar();
        return Code.FromScalar(operand.Type, f => ScalarMath.Apply(op, value(f)));
    }

    private Code RealBinary(BinaryTerm term, Code left, Code right)
    {
        var (a, b, type) = (left.Real, right.Real, left.Type);
        // One double operation on two f32 values, rounded once more, is the correctly rounded f32 operation.
        return (type, term.Op) switch
        {
            (ElementType.F32, BinaryOp.Add) => new(type, f => (float)(a(f) + b(f))),
            (ElementType.F32, BinaryOp.Sub) => new(type, f => (float)(a(f) - b(f))),
            (ElementType.F32, BinaryOp.Mul) => new(type, f => (float)(a(f) * b(f))),
            (ElementType.F32, BinaryOp.Div) => new(type, f => (float)(a(f) / b(f))),
            (ElementType.F64, BinaryOp.Add) => new(type, f => a(f) + b(f)),
            (ElementType.F64, BinaryOp.Sub) => new(type, f => a(f) - b(f)),
            (ElementType.F64, BinaryOp.Mul) => new(type, f => a(f) * b(f)),
            (ElementType.F64, BinaryOp.Div) => new(type, f => a(f) / b(f)),
            _ => Scalars(term, left, right),
        };
    }

    private Code IntegerBinary(BinaryTerm term, Code left, Code right)
    {
        var (a, b, type) = (left.Integer, right.Integer, left.Type);
        bool isSigned64 = type is ElementType.I64 or ElementType.Int;
        bool isOrdered = type is not ElementType.U64;
        unchecked
        {
            return term.Op switch
            {
                BinaryOp.Add when isSigned64 => new Code(type, f => a(f) + b(f)),
                BinaryOp.Sub when isSigned64 => new Code(type, f => a(f) - b(f)),
                BinaryOp.Mul when isSigned64 => new Code(type, f => a(f) * b(f)),
                BinaryOp.Add when type is ElementType.I32 => new Code(type, f => (int)(a(f) + b(f))),
                BinaryOp.Sub when type is ElementType.I32 => new Code(type, f => (int)(a(f) - b(f))),
                BinaryOp.Mul when type is ElementType.I32 => new Code(type, f => (int)(a(f) * b(f))),
                BinaryOp.Eq => new Code(ElementType.Bool, f => a(f) == b(f) ? 1 : 0),
                BinaryOp.Ne => new Code(ElementType.Bool, f => a(f) != b(f) ? 1 : 0),
                BinaryOp.Lt when isOrdered => new Code(ElementType.Bool, f => a(f) < b(f) ? 1 : 0),
                BinaryOp.Le when isOrdered => new Code(ElementType.Bool, f => a(f) <= b(f) ? 1 : 0),
                BinaryOp.Gt when isOrdered => new Code(ElementType.Bool, f => a(f) > b(f) ? 1 : 0),
                BinaryOp.Ge when isOrdered => new Code(ElementType.Bool, f => a(f) >= b(f) ? 1 : 0),
                _ => Scalars(term, left, right),
            };
        }
    }

    private Code Scalars(BinaryTerm term, Code left, Code right)
    {
        var (op, a, b) = (term.Op, left.AsScalar(), right.AsScalar());
        if (op is BinaryOp.Shl or BinaryOp.Shr)
            return Code.FromScalar(term.Type, f =>
            {
                var (x, y) = (a(f), b(f));
                return y.Exact >= 0 && y.Exact < x.Type.Bits ? ScalarMath.Apply(op, x, y) : throw new ShiftCheck(reader, term).Failure();
            });
        if (op is not (BinaryOp.Div or BinaryOp.Mod or BinaryOp.TruncDiv or BinaryOp.TruncMod) || left.Type.IsFloat)
            return Code.FromScalar(term.Type, f => ScalarMath.Apply(op, a(f), b(f)));
        return Code.FromScalar(term.Type, f =>
        {
            var (x, y) = (a(f), b(f));
            return y.Integer != 0 ? ScalarMath.Apply(op, x, y) : throw new DivisorCheck(reader, term).Failure();
        });
    }

    private static Code Logical(bool isAnd, IntegerCode left, IntegerCode right) => isAnd
        ? new Code(ElementType.Bool, f => left(f) != 0 ? right(f) : 0)
        : new Code(ElementType.Bool, f => left(f) != 0 ? 1 : right(f));

    private static Code Select(IntegerCode condition, Code then, Code @else)
    {
        if (then.RealOrNull is { } x)
        {
            var y = @else.Real;
            return new(then.Type, f => condition(f) != 0 ? x(f) : y(f));
        }
        var (a, b) = (then.Integer, @else.Integer);
        return new Code(then.Type, f => condition(f) != 0 ? a(f) : b(f));
    }

    private static Code Cast(CastTerm term, Code operand)
    {
        var value = operand.AsScalar();
        return Code.FromScalar(term.Type, f => ScalarMath.Cast(term.Kind, term.Type, value(f)));
    }

    private Code Intrinsic(IntrinsicTerm term)
    {
        Func<long[], Scalar>[] arguments = [.. term.Arguments.Select(a => Compile(a).AsScalar())];
        var function = term.Function;
        return Code.FromScalar(term.Type, f =>
        {
            Span<Scalar> values = stackalloc Scalar[3];
            for (int i = 0; i < arguments.Length; i++) values[i] = arguments[i](f);
            return ScalarMath.Apply(function, values[..arguments.Length]);
        });
    }
}
