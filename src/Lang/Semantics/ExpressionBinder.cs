using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>A read as it was written, for the ranges of indices.</summary>
/// <param name="IsBare">For each subscript, whether an index stands there alone.</param>
/// <param name="Bounds">True where the read bounds its indices: it has no default and stands under no condition.</param>
internal sealed record RecordedRead(TensorSymbol Tensor, ImmutableArray<Term> Subscripts, ImmutableArray<bool> IsBare, bool Bounds, SourceSpan Span);

/// <summary>Gives names and types to expressions. One object binds one equation, shape or condition and keeps what the ranges of its
/// indices follow from. A method returns null after an error that it, or a part of it, has reported.</summary>
internal sealed partial class ExpressionBinder
{
    /// <summary>The deepest tree that is bound; everything after it walks terms by recursion.</summary>
    private const int MaxDepth = 512;

    private readonly NameScope _scope;
    private readonly DiagnosticBag _bag;
    private readonly string? _place;
    private readonly List<IndexSymbol> _indices = [];
    private readonly List<Term> _conditions = [];
    private readonly HashSet<string> _freeIndices = new(StringComparer.Ordinal);
    private int _depth, _guards;
    private bool _tooDeep;

    /// <param name="place">Names a place that holds sizes only, such as "a shape": tensors are refused, literals default to <c>int</c>.</param>
    public ExpressionBinder(NameScope scope, DiagnosticBag bag, string? place = null) => (_scope, _bag, _place) = (scope, bag, place);

    /// <summary>The type of an integer literal that meets no other type.</summary>
    public ElementType Integers => _place is null ? ElementType.I32 : ElementType.Int;
    public List<RecordedRead> Reads { get; } = [];
    /// <summary>Indices of reductions whose range was not stated, in the order of the text.</summary>
    public List<IndexSymbol> OpenIndices { get; } = [];
    public List<Obligation> Obligations { get; } = [];
    /// <summary>Sums in types of at most 16 bits.</summary>
    public List<ReduceTerm> NarrowSums { get; } = [];

    /// <summary>Makes the indices of the left side known.</summary>
    public void Enter(IEnumerable<IndexSymbol> indices) => _indices.AddRange(indices);

    public Value? Bind(ExpressionSyntax e)
    {
        if (_depth >= MaxDepth)
        {
            if (!_tooDeep) _bag.Add(UnsupportedDiagnostics.ExpressionTooDeep, e.Span, MaxDepth);
            _tooDeep = true;
            return null;
        }
        _depth++;
        var value = e switch
        {
            NameExpressionSyntax n => BindName(n),
            IntegerSyntax i => Number(i.Value, i.Span),
            FloatSyntax f => Number(f.Value, f.Span.Text, f.Span),
            BoolSyntax b => Value.Typed(new ConstTerm(Scalar.Bool(b.Value), b.Span), b.Span),
            UnarySyntax u => BindUnary(u),
            BinarySyntax b => BindBinary(b),
            ConditionalSyntax c => BindConditional(c),
            DefaultSyntax d => BindRead(d.Read, d.Default),
            SubscriptSyntax s => BindRead(s, null),
            CallSyntax c => BindCall(c),
            ReductionSyntax r => BindReduction(r, isWhole: false),
            ErrorExpressionSyntax => null,
            _ => Refuse(e),
        };
        _depth--;
        return value;
    }

    /// <summary>The whole value of an equation: here a reduction may have several results.</summary>
    public Value? BindWhole(ExpressionSyntax e) => e is ReductionSyntax r ? BindReduction(r, isWhole: true) : Bind(e);

    /// <summary>An expression of a given type.</summary>
    public Term? Bind(ExpressionSyntax e, ElementType type) => Bind(e) is { } value ? Require(value, type) : null;

    /// <summary>An expression of type <c>int</c> in its normal form.</summary>
    public Term? BindSize(ExpressionSyntax e) => Bind(e, ElementType.Int) is { } term ? Terms.Simplify(term) : null;

    /// <summary>The term of a value in a type that it must have.</summary>
    public Term? Require(Value value, ElementType type)
    {
        if (value.In(type) is not { } term) return null;
        if (term.Type == type) return term;
        var error = Diagnostic.Create(SemanticDiagnostics.TypeMismatch, value.Span, term.Type.Name, type.Name);
        error = type is ElementType.Bool || term.Type is ElementType.Bool
            ? error.WithHelp(type is ElementType.Bool ? "compare it, such as `x != 0`" : "choose by it: `c ? 1 : 0`")
            : type is ElementType.Int ? error.WithHelp("an index or a size is made of dimensions, indices and integer literals")
            : error.WithFix(value.Span, $"{type.Name}({value.Span.Text})");
        _bag.Add(error);
        return null;
    }

    private Value? Refuse(ExpressionSyntax e)
    {
        if (e is RangeSyntax or PackSyntax) _bag.Add(SemanticDiagnostics.SliceInEquation, e.Span);
        else _bag.Add(Diagnostic.Create(SemanticDiagnostics.NotConstant, e.Span, e switch
        {
            StringSyntax => "text is no value here: what stands here",
            TupleSyntax or ListSyntax => "a list is no value here: what stands here",
            _ => "this is no value here: what stands here",
        }));
        return null;
    }

    // ---- names and literals -------------------------------------------------------------------------------------------

    private Value? BindName(NameExpressionSyntax n)
    {
        switch (_scope.Find(n.Name))
        {
            case ConstSymbol c: return c.Value is { } v ? v.IsLiteral ? Value.Literal(v.In, v.IsFloat, n.Span, v.Integer) : Value.Typed(v.Term!, n.Span) : null;
            case DimensionSymbol d: return Value.Typed(new DimTerm(d.Dim, n.Span), n.Span);
            case LoopSymbol l when _place is null || _indices.Contains(l.Index): return Value.Typed(new IndexTerm(l.Index, n.Span), n.Span);
            case LoopSymbol: _bag.Add(SemanticDiagnostics.ConstantExpected, n.Span, $"the index `{n.Name}`", _place); return null;
            case TensorName t: return BindScalarTensor(t, n);
            case DimPackSymbol or LoopPackSymbol: _bag.Add(SemanticDiagnostics.PackMisplaced, n.Span, n.Name); return null;
        }
        switch (n.Name)
        {
            case "inf": return Number(double.PositiveInfinity, "inf", n.Span);
            case "nan": return Number(double.NaN, "nan", n.Span);
        }
        if (!_freeIndices.Contains(n.Name) && _scope.IsNews(n.Name))
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownName, n.Span, n.Name).Suggest(n.Span, n.Name, _scope.Names));
        return null;
    }

    /// <summary>A tensor without dimensions is read by its name.</summary>
    private Value? BindScalarTensor(TensorName t, NameExpressionSyntax n)
    {
        t.IsRead = true;
        if (_place is not null)
        {
            if (t is not { IsDeclared: true, Tensor: null } && _scope.IsNews(n.Name)) _bag.Add(SemanticDiagnostics.ConstantExpected, n.Span, $"the tensor `{n.Name}`", _place);
            return null;
        }
        if (t.Tensor is not { } tensor) return null;
        if (tensor.Rank == 0) return Value.Typed(new ReadTerm(tensor, [], null, n.Span), n.Span);
        _bag.Add(SemanticDiagnostics.TensorNeedsSubscripts, n.Span, n.Name, Spelling.Count(tensor.Rank, "dimension"),
            string.Join(", ", "ijklmnopqrstuvwxyz".Take(tensor.Rank)));
        return null;
    }

    private Value Number(Int128 value, SourceSpan span) => Value.Literal(t =>
    {
        if (t.IsFloat) return new ConstTerm(Scalar.Of(t, (double)value), span);
        if (t is not ElementType.Bool && value >= t.MinValue && value <= t.MaxValue)
            return new ConstTerm(Scalar.Of(t, unchecked((long)(ulong)value)), span);
        _bag.Add(SemanticDiagnostics.LiteralDoesNotFit, span, value, t.Name);
        return null;
    }, false, span, value);

    private Value Number(double value, string text, SourceSpan span) => Value.Literal(t =>
    {
        if (t.IsFloat) return new ConstTerm(Scalar.Of(t, value), span);
        _bag.Add(SemanticDiagnostics.LiteralDoesNotFit, span, text, t.Name);
        return null;
    }, true, span);

    // ---- reads ----------------------------------------------------------------------------------------------------------

    private Value? BindRead(SubscriptSyntax s, ExpressionSyntax? @default)
    {
        var tensor = FindTensor(s);
        var subscripts = ImmutableArray.CreateBuilder<Term>();
        var bare = ImmutableArray.CreateBuilder<bool>();
        bool isKnown = true;
        foreach (var e in s.Subscripts)
            isKnown &= BindSubscript(e, subscripts, bare);
        var boundary = BoundaryOf(@default);
        if (boundary is not null) @default = null;
        var fallback = @default is null ? null : Bind(@default);
        if (tensor is null || !isKnown || (@default is not null && fallback is null)) return null;
        if (tensor.Rank != subscripts.Count)
        {
            // Many reads of one rank against a declaration of another are one mistake.
            if (_scope.IsNews($"{tensor.Name}[{subscripts.Count}]")) _bag.Add(WrongRank(tensor.Name, tensor.Rank, subscripts.Count, s.Span, tensor.Span));
            return null;
        }
        var otherwise = fallback is null ? null : Require(fallback, tensor.Type);
        if (fallback is not null && otherwise is null) return null;
        var indices = subscripts.ToImmutable();
        Reads.Add(new(tensor, indices, bare.ToImmutable(), _guards == 0 && otherwise is null && boundary is null, s.Span));
        if (boundary is { } outside) indices = Apply(outside, tensor, indices, s.Span);
        return Value.Typed(new ReadTerm(tensor, indices, otherwise, s.Span), s.Span);
    }

    internal static Diagnostic WrongRank(string name, int rank, int written, SourceSpan span, SourceSpan? declared)
    {
        var error = Diagnostic.Create(SemanticDiagnostics.WrongRank, span, name, Spelling.Count(rank, "dimension"), written == 1 ? "1 subscript is" : $"{written} subscripts are");
        return declared is { } place ? error.WithLabel(place, $"declared with {Spelling.Count(rank, "dimension")}") : error;
    }

    private TensorSymbol? FindTensor(SubscriptSyntax s)
    {
        if (s.Target is not NameExpressionSyntax n)
        {
            if (s.Target is CallSyntax { Target: NameExpressionSyntax f }) _bag.Add(SemanticDiagnostics.CallIsStage, s.Target.Span, f.Name);
            else if (s.Target is not ErrorExpressionSyntax) _bag.Add(SemanticDiagnostics.NotATensor, s.Target.Span, s.Target.Span.Text, "an expression");
            return null;
        }
        switch (_scope.Find(n.Name))
        {
            case TensorName t:
                t.IsRead = true;
                if (_place is null) return t.Tensor;
                _bag.Add(SemanticDiagnostics.ConstantExpected, s.Span, $"the tensor `{n.Name}`", _place);
                return null;
            case { } other:
                _bag.Add(SemanticDiagnostics.NotATensor, n.Span, n.Name, other.Description);
                return null;
            default:
                if (_scope.IsNews(n.Name))
                    _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownName, n.Span, n.Name).Suggest(n.Span, n.Name, _scope.Tensors));
                return null;
        }
    }

    /// <summary>Adds the terms of a subscript, of which a pack has several, and whether each is an index alone.</summary>
    public bool BindSubscript(ExpressionSyntax e, ImmutableArray<Term>.Builder subscripts, ImmutableArray<bool>.Builder bare)
    {
        if (e is PackSyntax { Name: { } pack })
        {
            if (_scope.Find(pack.Text) is not LoopPackSymbol p)
            {
                if (_freeIndices.Add(pack.Text)) _bag.Add(SemanticDiagnostics.FreeIndex, e.Span, pack.Text);
                return false;
            }
            foreach (var index in p.Indices)
            {
                subscripts.Add(new IndexTerm(index, e.Span));
                bare.Add(true);
            }
            return true;
        }
        if (e is NameExpressionSyntax n && _scope.Find(n.Name) is null)
        {
            if (_freeIndices.Add(n.Name))
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.FreeIndex, n.Span, n.Name).Suggest(n.Span, n.Name, _indices.Select(i => i.Name)));
            return false;
        }
        if (BindIndex(e) is not { } term) return false;
        subscripts.Add(term);
        bare.Add(e is NameExpressionSyntax && term is IndexTerm);
        return true;
    }

    /// <summary>A subscript: a term of type <c>int</c> in its normal form. An element of integer type is taken as the number that it is.</summary>
    public Term? BindIndex(ExpressionSyntax e)
    {
        if (Bind(e) is not { } value || value.In(ElementType.Int) is not { } term) return null;
        if (term.Type.IsInteger && term.Type is not ElementType.Int && TermMeasure.ReadsData(term)) term = Fold.Cast(CastKind.Convert, ElementType.Int, term, e.Span);
        if (term.Type is ElementType.Int) return Terms.Simplify(term);
        var error = Diagnostic.Create(SemanticDiagnostics.NotAnIndex, e.Span, term.Type.Name);
        _bag.Add(TermMeasure.ReadsData(term) ? error.WithHelp($"convert it by name: `i32({e.Span.Text})`").WithFix(e.Span, $"i32({e.Span.Text})") : error);
        return null;
    }

    // ---- conditions -------------------------------------------------------------------------------------------------------

    private Value? BindConditional(ConditionalSyntax c)
    {
        var condition = Bind(c.Condition, ElementType.Bool);
        var then = Under(condition, c.Then);
        var @else = Under(condition is null ? null : Terms.Negate(condition), c.Else);
        if (condition is null || then is null || @else is null) return null;
        if (then.IsLiteral && @else.IsLiteral)
            return Value.Literal(t => then.In(t) is { } a && @else.In(t) is { } b ? Fold.Select(condition, a, b, c.Span) : null, then.IsFloat || @else.IsFloat, c.Span);
        return Meet(then, @else, "? :", c.Span) is ({ } x, { } y) ? Value.Typed(Fold.Select(condition, x, y, c.Span), c.Span) : null;
    }

    /// <summary>Binds what is evaluated only where a condition holds.</summary>
    private Value? Under(Term? condition, ExpressionSyntax e)
    {
        _guards++;
        if (condition is not null) _conditions.Add(condition);
        var value = Bind(e);
        if (condition is not null) _conditions.RemoveAt(_conditions.Count - 1);
        _guards--;
        return value;
    }

    private void Owe(DiagnosticDescriptor descriptor, ImmutableArray<object?> arguments, Term condition, SourceSpan span) =>
        Obligations.Add(new(descriptor, arguments, condition, [.. _indices], [.. _conditions], span, []));
}
