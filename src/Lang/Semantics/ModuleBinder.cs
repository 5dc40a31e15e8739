using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Binds the operators of one table of declarations, each once for every specialisation. Not safe for two threads at once.</summary>
public sealed class ModuleBinder(DeclarationTable table, IProver prover)
{
    private const int MaxCallDepth = 128;

    private sealed record Entry(Operator? Operator, IReadOnlyList<Diagnostic> Diagnostics);

    private readonly Dictionary<OpSyntax, Dictionary<Specialisation, Entry>> _bound = new(ReferenceEqualityComparer.Instance);
    private readonly List<OpSyntax> _active = [];
    private readonly HashSet<string> _constsInProgress = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConstSymbol> _consts = new(StringComparer.Ordinal);
    private readonly DiagnosticBag _constBag = new();
    private int _constsReported;
    private readonly Dictionary<ReducerSyntax, Reducer?> _reducers = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<ReducerSyntax> _reducersInProgress = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Reducer> _used = [], _reassociated = [];
    private readonly HashSet<(Reducer, bool MayReorder)> _lawful = [];

    public DeclarationTable Table { get; } = table;
    internal IProver Prover { get; } = prover;

    /// <summary>Binds an operator. Null where it has errors; these are added to <paramref name="bag"/>, each once for its place even if the
    /// operator is bound for several specialisations. A <c>const</c> parameter with neither value nor default takes a small number that its
    /// <c>require</c> admits.</summary>
    public Operator? Bind(OpSyntax op, Specialisation specialisation, DiagnosticBag bag) => Bind(op, specialisation, bag, null);

    internal Operator? Bind(OpSyntax op, Specialisation specialisation, DiagnosticBag bag, SourceSpan? call)
    {
        if (_active.Any(a => ReferenceEquals(a, op)))
        {
            bag.Add(Diagnostic.Create(SemanticDiagnostics.RecursiveOperator, call ?? op.Name.Span, op.Name.Text).WithLabel(op.Name.Span, "declared here"));
            return null;
        }
        if (_active.Count >= MaxCallDepth)
        {
            bag.Add(UnsupportedDiagnostics.CallsTooDeep, call ?? op.Name.Span, MaxCallDepth);
            return null;
        }
        specialisation = Complete(op, specialisation);
        if (!_bound.TryGetValue(op, out var known)) _bound.Add(op, known = []);
        if (!known.TryGetValue(specialisation, out var entry))
        {
            var own = new DiagnosticBag();
            _active.Add(op);
            entry = new(new OperatorBinder(this, own).Bind(op, specialisation), own.Items);
            _active.RemoveAt(_active.Count - 1);
            known[specialisation] = entry;
            Report(entry.Diagnostics, bag);
            ReportConsts(bag);
        }
        else if (entry.Operator is null) Report(entry.Diagnostics, bag);
        return entry.Operator;
    }

    private static void Report(IEnumerable<Diagnostic> diagnostics, DiagnosticBag bag)
    {
        foreach (var d in diagnostics)
            if (!bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
    }

    /// <summary>Binds a reducer. Null where it has errors, which are reported once.</summary>
    internal Reducer? Bind(ReducerSyntax syntax, SourceSpan use, DiagnosticBag bag)
    {
        if (_reducers.TryGetValue(syntax, out var known)) return known;
        if (!_reducersInProgress.Add(syntax))
        {
            bag.Add(Diagnostic.Create(SemanticDiagnostics.RecursiveOperator, use, syntax.Name.Text).WithHelp("a reducer cannot use itself").WithLabel(syntax.Name.Span, "declared here"));
            return null;
        }
        var bound = ReducerBinder.Bind(syntax, this, bag);
        _reducersInProgress.Remove(syntax);
        return _reducers[syntax] = bound;
    }

    /// <summary>Keeps whether a reducer is used where the order may be changed.</summary>
    internal void NoteUse(Reducer reducer, bool isExact)
    {
        if (!isExact) _reassociated.Add(reducer);
        _used.Add(reducer);
    }

    /// <summary>Binds every reducer and tries its laws: those about the order unless all its uses are <c>exact</c>.</summary>
    public void CheckReducers(DiagnosticBag bag)
    {
        foreach (var syntax in Table.Reducers.Values)
            if (Bind(syntax, syntax.Name.Span, bag) is { } reducer && ReducerLaws.Check(reducer, _reassociated.Contains(reducer) || !_used.Contains(reducer)) is { } broken) bag.Add(broken);
    }

    /// <summary>The first broken law of a reducer that an operator bound so far uses; null where there is none. Each is tried once.</summary>
    public Diagnostic? BrokenLaw()
    {
        foreach (var reducer in _used)
        {
            var use = (reducer, _reassociated.Contains(reducer));
            if (_lawful.Contains(use)) continue;
            if (ReducerLaws.Check(reducer, use.Item2) is { } broken) return broken;
            _lawful.Add(use);
        }
        return null;
    }

    /// <summary>Takes over what another table's binder has bound of declarations that are the same here, with all that they mention.</summary>
    public void TakeOver(ModuleBinder other, Func<ItemSyntax, bool> isSame)
    {
        foreach (var (op, bound) in other._bound)
            if (isSame(op)) _bound.TryAdd(op, bound);
        foreach (var (syntax, reducer) in other._reducers)
        {
            if (!isSame(syntax)) continue;
            _reducers.TryAdd(syntax, reducer);
            if (reducer is null) continue;
            if (other._used.Contains(reducer)) _used.Add(reducer);
            if (other._reassociated.Contains(reducer)) _reassociated.Add(reducer);
        }
    }

    /// <summary>Whether values for the absent <c>const</c> parameters are found that <c>require</c> admits.</summary>
    public bool AdmitsConsts(OpSyntax op, Specialisation given) => ConstValues.IsAdmitted(this, op, ConstValues.Find(this, op, given));

    /// <summary>Puts in the values of <c>const</c> parameters that are absent, so that one meaning has one key.</summary>
    private Specialisation Complete(OpSyntax op, Specialisation specialisation) =>
        op.Parameters.Any(p => p.IsConst) ? specialisation with { Consts = ConstValues.Find(this, op, specialisation) } : specialisation;

    /// <summary>Binds <c>let Y[i] = X[i] * 2</c>, <c>let (b[i], p[i]) = max_at(…)</c> or <c>let s = sum(i: X[i])</c>: an operator without a
    /// name, called at once.</summary>
    /// <param name="lookup">Type and shape of the tensors that can be named; they become parameters, in the order in which the value names them.</param>
    /// <returns>The operator, whose parameters have the names of the tensors to pass; null after errors.</returns>
    public Operator? BindAnonymous(LetSyntax let, Func<string, (ElementType Type, ImmutableArray<long> Shape)?> lookup, DiagnosticBag bag)
    {
        var own = new DiagnosticBag();
        var bound = new OperatorBinder(this, own).BindAnonymous(let, lookup);
        bag.AddRange(own.Items);
        ReportConsts(bag);
        return bound;
    }

    /// <summary>The value of an expression of constants in a type; null after an error.</summary>
    public Scalar? Evaluate(ExpressionSyntax expression, ElementType type, DiagnosticBag bag)
    {
        var term = new ExpressionBinder(new(this), bag, "a constant").Bind(expression, type);
        ReportConsts(bag);
        return Constant(term, expression, bag);
    }

    internal static Scalar? Constant(Term? term, ExpressionSyntax expression, DiagnosticBag bag)
    {
        if (term is null) return null;
        if (term is ConstTerm c) return c.Value;
        if (Terms.Simplify(term) is ConstTerm s) return s.Value;
        if (Leaves.AreConstant(term)) bag.Add(SemanticDiagnostics.ConstOverflow, expression.Span);
        else bag.Add(SemanticDiagnostics.NotConstant, expression.Span, "this value");
        return null;
    }

    /// <summary>Sees whether a term is made of numbers alone; one that has no value then leaves the 64 bits.</summary>
    private sealed class Leaves : TermRewriter
    {
        private bool _hasOthers;

        public static bool AreConstant(Term term)
        {
            var leaves = new Leaves();
            leaves.Visit(term);
            return !leaves._hasOthers;
        }

        protected override Term VisitDim(DimTerm d) => Other(d);
        protected override Term VisitIndex(IndexTerm i) => Other(i);
        protected override Term VisitRead(ReadTerm r) => Other(r);

        private Term Other(Term t)
        {
            _hasOthers = true;
            return t;
        }
    }

    /// <summary>A <c>const</c> of the file, bound at its first use.</summary>
    internal ConstSymbol? FindConst(string name)
    {
        if (!Table.Consts.TryGetValue(name, out var syntax)) return null;
        if (_consts.TryGetValue(name, out var known)) return known;
        if (!_constsInProgress.Add(name))
        {
            _constBag.Add(SemanticDiagnostics.CircularConst, syntax.Name.Span, name);
            return new(null);
        }
        var bound = new ConstSymbol(BindConst(syntax));
        _constsInProgress.Remove(name);
        return _consts[name] = bound;
    }

    private Value? BindConst(ConstSyntax c)
    {
        var binder = new ExpressionBinder(new(this), _constBag, "a constant");
        if (c.Type is null)
            return binder.Bind(c.Value) is not { } value ? null
                : value.IsLiteral ? value
                : Constant(value.Term, c.Value, _constBag) is { } known ? Value.Typed(new ConstTerm(known, c.Value.Span), c.Value.Span) : null;
        if (!ElementTypes.TryParse(c.Type.Name.Text, out var type) || c.Type.Brackets.Count > 0)
        {
            _constBag.Add(Diagnostic.Create(SemanticDiagnostics.UnknownType, c.Type.Span, c.Type.Span.Text)
                .Suggest(c.Type.Span, c.Type.Span.Text, Enum.GetValues<ElementType>().Select(t => t.Name)));
            return null;
        }
        return Constant(binder.Bind(c.Value, type), c.Value, _constBag) is { } scalar ? Value.Typed(new ConstTerm(scalar, c.Value.Span), c.Value.Span) : null;
    }

    /// <summary>Binds every <c>const</c>, so that one that nobody uses is checked too.</summary>
    public void CheckConsts(DiagnosticBag bag)
    {
        foreach (string name in Table.Consts.Keys) FindConst(name);
        ReportConsts(bag);
    }

    private void ReportConsts(DiagnosticBag bag)
    {
        for (; _constsReported < _constBag.Items.Count; _constsReported++) bag.Add(_constBag.Items[_constsReported]);
    }
}
