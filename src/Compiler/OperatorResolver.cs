using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>From a call with values to a bound and proved operator with sizes. Each operator is bound once for a choice of types, ranks and
/// <c>const</c> values, proved once for all sizes, and what is left once for each choice of sizes.</summary>
internal sealed class OperatorResolver(Func<DeclarationTable> declarations, TensorAllocator allocator, ImmutableDictionary<string, Scalar>? defines = null) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly IslProver _prover = new();
    private readonly Dictionary<Operator, OperatorReport> _reports = [];
    private readonly HashSet<(Operator, string)> _specialised = [];
    private ModuleBinder? _binder;

    /// <summary>Looked at before each operator, and before each question about one.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Whether an operator is refused where a reducer that it uses breaks a law. Random programs pass values for which theirs hold.</summary>
    public bool TriesLaws { get; init; } = true;

    /// <summary>What the declared operators check when they run, in the order of the text.</summary>
    public List<(Operator Operator, RuntimeCheck Check)> RuntimeChecks { get; } = [];

    /// <summary>What the last check of declarations left out.</summary>
    public List<Diagnostic> Notes { get; } = [];

    public ModuleBinder Binder
    {
        get
        {
            var table = declarations();
            return _binder is not null && ReferenceEquals(_binder.Table, table) ? _binder : _binder = new(table, _prover);
        }
    }

    /// <summary>Binds for other declarations from now on, and keeps what is bound of those that are the same.</summary>
    /// <returns>What <see cref="Restore"/> takes to go back.</returns>
    public ModuleBinder? Rebase(DeclarationTable table, Func<ItemSyntax, bool> isSame)
    {
        var before = _binder;
        _binder = new(table, _prover);
        if (before is not null) _binder.TakeOver(before, isSame);
        return before;
    }

    public void Restore(ModuleBinder? binder) => _binder = binder;

    /// <summary>Binds and proves operators of a program for a representative choice; reports all that is wrong.</summary>
    public void CheckDeclarations(LoadedProgram program, Func<ItemSyntax, bool> isChecked, DiagnosticBag bag)
    {
        RuntimeChecks.Clear();
        Notes.Clear();
        Binder.CheckConsts(bag);
        bag.AddRange(UnsupportedDeclarations.Find(program.Declarations, isChecked));
        var choices = ConstsOf(program);
        foreach (var op in program.Declarations.Operators.Values.OrderBy(o => o.Span.Source.Path, StringComparer.Ordinal).ThenBy(o => o.Span.Span.Start))
        {
            if (!isChecked(op)) continue;
            Cancellation.ThrowIfCancellationRequested();
            if (CheckDeclaration(op, choices, bag) is { } bound) RuntimeChecks.AddRange(bound.RuntimeChecks.Select(c => (bound, c)));
        }
        foreach (var i in program.Declarations.Intrinsics.Values.OrderBy(i => i.Span.Source.Path, StringComparer.Ordinal).ThenBy(i => i.Span.Span.Start))
            if (isChecked(i)) InstructionBinder.Bind(i, Binder, bag);
        Binder.CheckReducers(bag);
    }

    /// <summary>Binds and proves one operator, for a representative choice or for values that a call passes; null where it cannot be bound.</summary>
    public Operator? CheckDeclaration(OpSyntax op, ConstChoices choices, DiagnosticBag bag)
    {
        var usual = ConstChoices.With(op, defines ?? ImmutableDictionary<string, Scalar>.Empty);
        if (!Binder.AdmitsConsts(op, usual) && op.Parameters.Any(p => p.IsConst && p.Default is null && usual.ValueOf(p.Name.Text) is null))
        {
            if (choices.Of(op) is not [var called, ..])
            {
                string names = string.Join(", ", op.Parameters.Where(p => p.IsConst && p.Default is null).Select(p => p.Name.Text));
                Notes.Add(Diagnostic.Create(SessionDiagnostics.OperatorNotChecked, op.Name.Span, op.Name.Text, names));
                return null;
            }
            usual = called.Specialisation;
        }
        if (Binder.Bind(op, usual, bag) is not { } bound) return null;
        Cancellation.ThrowIfCancellationRequested();
        // A callee's fault shows in its callers too; once is enough.
        foreach (var d in Report(bound).Diagnostics)
            if (!bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
        return bound;
    }

    /// <summary>The values of <c>const</c> parameters that the operators of a program are checked for.</summary>
    public ConstChoices ConstsOf(LoadedProgram program) => new(program, Binder, defines ?? ImmutableDictionary<string, Scalar>.Empty);

    /// <summary>Finds specialisation and sizes for a call.</summary>
    /// <exception cref="DiagnosticException">The arguments do not fit, or the operator is wrong for them.</exception>
    public ResolvedCall Resolve(OperatorCall call)
    {
        var bag = new DiagnosticBag();
        ImmutableArray<ActualArgument> actual = [.. call.Arguments.Select(a => Actual(a, call.Op.Name.Text))];
        var resolution = new CallResolver(Binder).Resolve(call.Op, actual, call.Span, bag);
        if (resolution is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        var dims = resolution.Dims.ToImmutableDictionary(d => d.Dim, d => d.Size);
        Prove(resolution.Operator, dims, call.Span);
        ImmutableArray<NativeTensor> inputs = [.. resolution.Arguments.Select(a => Data(a, call)).OfType<NativeTensor>()];
        return new(resolution.Operator, dims, inputs, call.Span);
    }

    /// <summary>An equation at the top level as a call; null where a tensor that it reads is not known yet.</summary>
    public ResolvedCall? ResolveEquation(LetSyntax let, Func<string, Value?> find)
    {
        bool isKnown = true;
        (ElementType, ImmutableArray<long>)? Lookup(string name)
        {
            switch (find(name))
            {
                case TensorValue { IsTypeKnown: true, Shape: { } shape } t: return (t.Type, shape);
                case TensorValue or UnknownValue: isKnown = false; return null;
                default: return null;
            }
        }
        var bag = new DiagnosticBag();
        var op = Binder.BindAnonymous(let, Lookup, bag);
        if (!isKnown) return null;
        if (op is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        // Sizes are constants here: there are no dimensions.
        var dims = ImmutableDictionary<DimSymbol, long>.Empty;
        Prove(op, dims, let.Span);
        return new(op, dims, [.. op.Parameters.Select(p => ((TensorValue)find(p.Name)!).Data).OfType<NativeTensor>()], let.Span);
    }

    /// <summary>Decides whether an operator may run for these sizes: what it requires, and what it owes. Safe for several threads.</summary>
    /// <exception cref="DiagnosticException">Something does not hold.</exception>
    public void Admit(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        if (CallResolver.BrokenRequirement(op, dims, null) is { } broken) throw new DiagnosticException([broken]);
        Prove(op, dims, null);
    }

    /// <summary>Refuses an operator that is wrong for all sizes.</summary>
    /// <exception cref="DiagnosticException">It has errors.</exception>
    public void RequireSound(Operator op)
    {
        lock (_gate)
        {
            var errors = Report(op).Diagnostics.Where(d => d.IsError).ToImmutableArray();
            if (!errors.IsEmpty) throw new DiagnosticException(errors);
        }
    }

    /// <summary>Proves what is owed for these sizes.</summary>
    /// <exception cref="DiagnosticException">Something does not hold.</exception>
    public void Prove(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, SourceSpan? call)
    {
        lock (_gate) ProveOnce(op, dims, call);
    }

    private void ProveOnce(Operator op, IReadOnlyDictionary<DimSymbol, long> dims, SourceSpan? call)
    {
        var report = Report(op);
        var errors = report.Diagnostics.Where(d => d.IsError).ToImmutableArray();
        if (!errors.IsEmpty) throw new DiagnosticException(errors);
        if (TriesLaws && Binder.BrokenLaw() is { } broken) throw new DiagnosticException([broken]);
        string key = string.Join(',', op.Dims.Select(d => dims[d]));
        if (_specialised.Contains((op, key))) return;
        errors = [.. OperatorChecker.CheckDeferred(report, Polled, dims).Where(d => d.IsError)];
        if (!errors.IsEmpty) throw new DiagnosticException(call is { } c ? [.. errors.Select(e => e.WithLabel(c, "in this call"))] : errors);
        _specialised.Add((op, key));
    }

    /// <summary>What is known of an operator for all sizes. Safe for several threads.</summary>
    public OperatorReport ReportOf(Operator op)
    {
        lock (_gate) return Report(op);
    }

    private OperatorReport Report(Operator op)
    {
        if (!_reports.TryGetValue(op, out var report)) _reports.Add(op, report = OperatorChecker.Check(op, Polled));
        return report;
    }

    // A number passed for a parameter without dimensions becomes a tensor of one element.
    private NativeTensor? Data(ResolvedArgument a, OperatorCall call)
    {
        if (a.Scalar is { } scalar) return TensorFill.Full(allocator, [], scalar);
        var argument = call.Arguments[a.Position];
        return argument.Value switch
        {
            TensorValue t => t.Data,
            ListValue list => ListTensor.Of(list, argument.Span).In(a.Parameter.Type, allocator).Data,
            var other => throw new CompilerBugException("operator resolver", other.Describe()),
        };
    }

    private static ActualArgument Actual(CallArgument a, string callee) => new(a.Name, a.Value switch
    {
        TensorValue { Shape: { } shape } t => new ActualTensor(t.Type, shape),
        ListValue list when ListTensor.Of(list, a.Span) is var l => new ActualList(l.Type, l.IsFloat, l.Shape),
        ScalarValue { Scalar: { } s } => new ActualScalar(s, s.Type is ElementType.Int or ElementType.F64 or ElementType.Bool),
        var other => throw new DiagnosticException(SessionDiagnostics.WrongArgument, a.Span, callee, "a tensor, a list or a number", other.Describe()),
    }, a.Span);

    private PolledProver Polled => new(_prover, Cancellation);

    /// <summary>Looks for a cancel before each question: an operator of many equations asks many.</summary>
    private sealed class PolledProver(IProver prover, CancellationToken cancellation) : IProver
    {
        public ProofResult Prove(ImmutableArray<Term> assumptions, ImmutableArray<IndexSymbol> scope, Term condition)
        {
            cancellation.ThrowIfCancellationRequested();
            return prover.Prove(assumptions, scope, condition);
        }
    }

    public void Dispose() => _prover.Dispose();
}
