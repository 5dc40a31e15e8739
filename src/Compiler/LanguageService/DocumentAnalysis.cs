using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Instructions;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx.LanguageServices;

/// <summary>What is known of one document: its declarations, and what is wrong with them. An edit costs as much as what it changes. For one thread.</summary>
internal sealed class DocumentAnalysis : IDisposable
{
    private readonly TensorAllocator _allocator = new();
    private readonly OperatorResolver _resolver;
    private readonly ScheduleResolver _schedules;
    private readonly ScheduleChecker _checker;
    private readonly ImportResolver _imports;
    private readonly CheckedItems _checked = new();
    private readonly Dictionary<string, Value> _noVariables = new(StringComparer.Ordinal);
    private List<Diagnostic> _tableErrors = [];
    private (DeclarationTable Table, ImmutableArray<Diagnostic> Found, ImmutableArray<Diagnostic>? Laws)? _ofTable;
    private ImmutableArray<Diagnostic> _declarationErrors = [];
    private (ImmutableArray<ItemSyntax> Items, DeclarationTable Table, ImmutableArray<Diagnostic> Found)? _statements;

    public DocumentAnalysis(ImportResolver imports, CpuTarget target)
    {
        _imports = imports;
        _resolver = new(() => Table, _allocator);
        _schedules = new(() => _resolver.Binder, target);
        _checker = new(_schedules, _resolver);
        Tree = DocumentTree.Parse(DocumentSnapshot.Of("<nothing>", ""), null);
        Names = new(Tree.Tree, Table);
    }

    public DocumentTree Tree { get; private set; }
    public DeclarationTable Table { get; private set; } = DeclarationTable.Empty;
    public NameResolver Names { get; private set; }
    public Workspace Workspace { get; private set; } = Workspace.Empty;
    /// <summary>The values that statements bind, as far as they are known without running them.</summary>
    public IReadOnlyDictionary<string, Value> Variables { get; private set; } = ImmutableDictionary<string, Value>.Empty;

    /// <summary>Takes a state of the document and of the files around it. Parses, and finds declarations; checks nothing.</summary>
    public void Update(DocumentSnapshot document, Workspace workspace)
    {
        if (ReferenceEquals(document, Tree.Document) && ReferenceEquals(workspace, Workspace)) return;
        Workspace = workspace;
        if (!ReferenceEquals(document, Tree.Document)) Tree = DocumentTree.Parse(document, Tree);
        var bag = new DiagnosticBag();
        var table = DeclarationTable.Build(Tree.Tree, (span, path) => _imports.Find(span.Source.Path, path, workspace), null, bag);
        _tableErrors = [.. bag.Items];
        // The same declarations: what is bound stays.
        if (!SameDeclarations(table, Table)) Table = table;
        Tests = table.Tests;
        Names = new(Tree.Tree, Table);
        _checked.Retain(Tree.Units.Select(u => u.Node));
    }

    private IReadOnlyList<TestSyntax> Tests { get; set; } = [];

    /// <summary>The operator bound for a representative choice of its types and ranks; null where it has errors.</summary>
    public Operator? Bind(OpSyntax op)
    {
        // The binder says only once what it warns of: that goes into what is known of the operator, and not away with a question.
        CheckTable();
        CheckWithCallees(op, []);
        return BindQuietly(op);
    }

    private Operator? BindQuietly(OpSyntax op)
    {
        var bag = new DiagnosticBag();
        return Session.Guard(bag, () => _resolver.Binder.Bind(op, Specialisation.Representative(op), bag));
    }

    /// <summary>What is wrong with the text and with declarations.</summary>
    public ImmutableArray<Diagnostic> CheckDeclarations(CancellationToken cancellation)
    {
        var bag = new DiagnosticBag();
        bag.AddRange(Tree.Errors);
        bag.AddRange(_tableErrors);
        bag.AddRange(CheckTable());
        bag.AddRange(UnsupportedDeclarations.Find(Table, _ => true));
        var seen = new HashSet<OpSyntax>(ReferenceEqualityComparer.Instance);
        // What a strategy does wrong is said with the schedule that calls it.
        foreach (var item in Tree.Tree.Root.Items.Where(i => i is OpSyntax or ScheduleSyntax or IntrinSyntax).Concat(Tree.Tree.Root.Items.Where(i => i is StrategySyntax)))
        {
            cancellation.ThrowIfCancellationRequested();
            if (item is OpSyntax op) CheckWithCallees(op, seen);
            Add(bag, Check(item));
        }
        bag.AddRange(CheckLaws());
        foreach (var d in ScheduleChecker.NeverChosen(Program, isPrompt: false)) bag.Add(d);
        _declarationErrors = [.. bag.Items];
        return Finish(bag);
    }

    /// <summary>Constants and reducers: bound once for a table, which says what is wrong with them once.</summary>
    private ImmutableArray<Diagnostic> CheckTable()
    {
        if (_ofTable is { } known && ReferenceEquals(known.Table, Table)) return known.Found;
        var bag = new DiagnosticBag();
        Session.Guard(bag, () => _resolver.Binder.CheckConsts(bag));
        Session.Guard(bag, () => _resolver.Binder.CheckReducers(bag));
        _ofTable = (Table, [.. bag.Items.Where(d => d.Descriptor != SemanticDiagnostics.ReducerLaw)], null);
        return _ofTable.Value.Found;
    }

    /// <summary>The laws that a reducer must keep depend on its uses, so that these are bound first.</summary>
    private ImmutableArray<Diagnostic> CheckLaws()
    {
        CheckTable();
        if (_ofTable is { Laws: { } known }) return known;
        var bag = new DiagnosticBag();
        foreach (var op in Table.Operators.Values)
            if (_checked.NeedsOf(op, Table).Any(n => n is ReducerSyntax)) BindQuietly(op);
        Session.Guard(bag, () => _resolver.Binder.CheckReducers(bag));
        ImmutableArray<Diagnostic> laws = [.. bag.Items.Where(d => d.Descriptor == SemanticDiagnostics.ReducerLaw)];
        _ofTable = _ofTable!.Value with { Laws = laws };
        return laws;
    }

    /// <summary>Checks the operators that one calls before it, so that what is wrong with them is found with them and not with a caller that may go.</summary>
    private void CheckWithCallees(OpSyntax op, HashSet<OpSyntax> seen)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        if (!seen.Add(op)) return;
        foreach (string name in _checked.Mentions(op))
            if (Table.Operators.TryGetValue(name, out var callee)) CheckWithCallees(callee, seen);
        if (Tree.Units.Any(u => ReferenceEquals(u.Node, op))) Check(op);
    }

    /// <summary>What is wrong with statements and tests, beside what the last check of declarations found.</summary>
    public ImmutableArray<Diagnostic> CheckStatements(CancellationToken cancellation)
    {
        var bag = new DiagnosticBag();
        foreach (var test in Tests)
        {
            cancellation.ThrowIfCancellationRequested();
            Add(bag, Check(test));
        }
        ImmutableArray<ItemSyntax> items = [.. Tree.Tree.Root.Items.Where(IsStatement)];
        if (_statements is { } known && ReferenceEquals(known.Table, Table) && Enumerable.SequenceEqual<ItemSyntax>(known.Items, items, ReferenceEqualityComparer.Instance))
        {
            bag.AddRange(known.Found.Where(IsNew));
            return Finish(bag);
        }
        var found = new DiagnosticBag();
        var scope = NewScope();
        var runner = new StatementRunner(scope, new CheckingMachine(), isCheck: true);
        foreach (var item in items)
        {
            cancellation.ThrowIfCancellationRequested();
            Session.Guard(found, () => ProgramChecker.CheckStatements([item], runner, found));
        }
        Variables = scope.Variables.ToImmutableDictionary(StringComparer.Ordinal);
        _statements = (items, Table, [.. found.Items]);
        bag.AddRange(found.Items.Where(IsNew));
        return Finish(bag);

        // An operator's own errors have been found with it.
        bool IsNew(Diagnostic d) => !_declarationErrors.Any(k => (k.Code == d.Code || k.IsError) && k.Span == d.Span);
    }

    private static bool IsStatement(ItemSyntax item) => item is LetSyntax or AssertSyntax or BenchSyntax or SimpleSyntax or RequireSyntax or KnobSyntax or IfSyntax or ForSyntax or MemorySyntax or UnitSyntax or QueueSyntax or CyclesSyntax or EmitSyntax;

    private static void Add(DiagnosticBag bag, IEnumerable<Diagnostic> found)
    {
        foreach (var d in found)
            if (!bag.Items.Any(known => known.Code == d.Code && known.Span == d.Span)) bag.Add(d);
    }

    private LoadedProgram Program => new(Tree.Tree, Table);

    /// <summary>The constants that calls in the program give an operator decide what it and its schedules are checked for.</summary>
    private static string ChoiceOf(ItemSyntax item, DeclarationTable table, ConstChoices consts)
    {
        var op = item switch
        {
            OpSyntax o => o,
            ScheduleSyntax s when s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault() is { } f => table.Operators.GetValueOrDefault(f.Operator.Text),
            _ => null,
        };
        return op is null || op.Parameters.All(p => !p.IsConst || p.Default is not null) ? ""
            : string.Join(';', consts.Of(op).Select(c => $"{string.Join(',', c.Specialisation.Consts)} {string.Join(',', c.Guessed)}"));
    }

    private ImmutableArray<Diagnostic> Check(ItemSyntax item)
    {
        var consts = _resolver.ConstsOf(Program);
        string choice = "";
        var bag = new DiagnosticBag();
        Session.Guard(bag, () => { choice = ChoiceOf(item, Table, consts); });
        if (_checked.Find(item, Table, choice) is { } known) return known;
        _resolver.Notes.Clear();
        _checker.Notes.Clear();
        _checker.Checked.Clear();
        Session.Guard(bag, () =>
        {
            switch (item)
            {
                case OpSyntax op: _resolver.CheckDeclaration(op, consts, bag); break;
                case ScheduleSyntax s: _checker.Check(s, Table, consts, bag); break;
                case StrategySyntax s: _checker.Check(s, bag); break;
                case IntrinSyntax i: InstructionBinder.Bind(i, _resolver.Binder, bag); break;
                case TestSyntax t: new TestRunner(Program, NewScope, new CheckingMachine()).Check(t, bag); break;
            }
        });
        bag.AddRange(_resolver.Notes.Concat(_checker.Notes));
        _checked.Keep(item, Table, choice, bag.Items);
        return [.. bag.Items];
    }

    private SessionScope NewScope() => new(name => Table.Operators.GetValueOrDefault(name), Table.Operators.Keys, Table.Consts)
    {
        Variables = new(_noVariables, StringComparer.Ordinal), Folder = ImportResolver.Folders(Tree.Document.Path).First(), Resolver = _resolver, Schedules = _schedules,
        Output = new Silent(), Allocator = _allocator, ReferenceMachine = new CheckingMachine(), SymbolicMachine = new(() => throw new CompilerBugException("language service", "a check ran a kernel")),
    };

    /// <summary>In the text as it is now; what lies in an imported file is told where that is imported.</summary>
    private ImmutableArray<Diagnostic> Finish(DiagnosticBag bag)
    {
        var found = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var d in ReportFilter.Select(bag.Items, Tree.Tree.Root.Items))
        {
            var now = Tree.Now(d);
            if (now.Span is not { } span || ReferenceEquals(span.Source, Tree.Document.Text)) found.Add(now);
            else if (now.IsError && ImportAt(span.Source.Path) is { } import && !found.Any(f => f.Span == import))
                found.Add((now with { Span = import, Message = $"{Path.GetFileName(span.Source.Path)}: {now.Message}", Fix = null }).WithLabel(span, "here"));
        }
        return found.ToImmutable();
    }

    private SourceSpan? ImportAt(string path)
    {
        var imports = Tree.Units.Where(u => u.Node is ImportSyntax).ToList();
        var unit = imports.Find(u => ImportResolver.PathOf(Tree.Document.Path, ((ImportSyntax)u.Node).Path, Workspace) == path) ?? imports.FirstOrDefault();
        return unit is null ? null : Tree.Now(unit.Node.Span);
    }

    private static bool SameDeclarations(DeclarationTable a, DeclarationTable b) =>
        Same(a.Operators, b.Operators) && Same(a.Consts, b.Consts) && Same(a.Reducers, b.Reducers) && Same(a.Strategies, b.Strategies) && Same(a.Intrinsics, b.Intrinsics)
        && Same(a.Targets, b.Targets) && Same(a.Schedules, b.Schedules) && a.Imports.SequenceEqual(b.Imports, ReferenceEqualityComparer.Instance);

    private static bool Same<TKey, T>(IReadOnlyDictionary<TKey, T> a, IReadOnlyDictionary<TKey, T> b) where T : class =>
        a.Count == b.Count && a.All(x => b.TryGetValue(x.Key, out var other) && ReferenceEquals(x.Value, other));

    public void Dispose()
    {
        _schedules.Dispose();
        _resolver.Dispose();
    }

    private sealed class Silent : ISessionOutput
    {
        public void Print(string text) { }
        public void Display(Tx.Display.DisplayBundle bundle) { }
        public void Echo(Value value) { }
        public void Bench(BenchResult result) { }
        public void Report(Diagnostic diagnostic) { }
    }
}
