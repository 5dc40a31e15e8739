using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>All declarations that a text sees: its own, those of the files that it imports, directly or not, and those of an earlier
/// table. A text's own declarations hide those of the earlier table; within one text and its imports, two of one name are an error.</summary>
public sealed class DeclarationTable
{
    private readonly Dictionary<string, OpSyntax> _operators = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConstSyntax> _consts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReducerSyntax> _reducers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StrategySyntax> _strategies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IntrinSyntax> _intrinsics = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TargetSyntax> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Operator, string Name), ScheduleSyntax> _schedules = [];
    private readonly List<TestSyntax> _tests = [];
    private readonly List<SyntaxTree> _imports = [];

    private DeclarationTable() { }

    public static readonly DeclarationTable Empty = new();

    public IReadOnlyDictionary<string, OpSyntax> Operators => _operators;
    public IReadOnlyDictionary<string, ConstSyntax> Consts => _consts;
    public IReadOnlyDictionary<string, ReducerSyntax> Reducers => _reducers;
    public IReadOnlyDictionary<string, StrategySyntax> Strategies => _strategies;
    public IReadOnlyDictionary<string, IntrinSyntax> Intrinsics => _intrinsics;
    public IReadOnlyDictionary<string, TargetSyntax> Targets => _targets;
    /// <summary>By operator and name: two operators may each have a schedule of one name.</summary>
    public IReadOnlyDictionary<(string Operator, string Name), ScheduleSyntax> Schedules => _schedules;
    /// <summary>The tests of the text itself; those of imported files are not run with it.</summary>
    public IReadOnlyList<TestSyntax> Tests => _tests;
    /// <summary>The trees of the imported files, each once, in the order in which they were met.</summary>
    public IReadOnlyList<SyntaxTree> Imports => _imports;

    /// <summary>Collects the declarations of <paramref name="root"/>.</summary>
    /// <param name="import">Finds the tree for a path written at a place; null where there is none. A file is known by the path of its
    /// source, so it must give one path for one file. Each file is read once; files that import one another are refused.</param>
    /// <param name="previous">What earlier prompts or cells, or the standard library, declared.</param>
    /// <param name="bag">Receives errors, those of parsing imported files among them.</param>
    public static DeclarationTable Build(
        SyntaxTree root, Func<SourceSpan, string, SyntaxTree?> import, DeclarationTable? previous, DiagnosticBag bag)
    {
        var table = new DeclarationTable();
        var names = new Dictionary<string, NameSyntax>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal) { root.Source.Path };
        var imports = new ImportGraph();
        var queue = new Queue<SyntaxTree>([root]);
        while (queue.TryDequeue(out var tree))
        {
            if (!ReferenceEquals(tree, root))
            {
                table._imports.Add(tree);
                bag.AddRange(tree.Diagnostics);
            }
            foreach (var item in tree.Root.Items)
            {
                if (item is ImportSyntax i)
                {
                    if (import(i.Span, i.Path) is not { } imported) bag.Add(SemanticDiagnostics.ImportFailed, i.Span, i.Path);
                    else
                    {
                        imports.Add(tree.Source.Path, imported.Source.Path, i.Span);
                        if (seen.Add(imported.Source.Path)) queue.Enqueue(imported);
                    }
                }
                else if (item is TestSyntax test)
                {
                    if (ReferenceEquals(tree, root)) table.Declare(test, bag);
                }
                else table.Declare(item, names, bag);
            }
        }
        imports.ReportCircles(root.Source.Path, bag);
        if (previous is not null) table.AddHidden(previous, names);
        return table;
    }

    private void Declare(ItemSyntax item, Dictionary<string, NameSyntax> names, DiagnosticBag bag)
    {
        switch (item)
        {
            case OpSyntax op: Add(_operators, op.Name, op); break;
            case ConstSyntax c: Add(_consts, c.Name, c); break;
            case ReducerSyntax r: Add(_reducers, r.Name, r); break;
            case StrategySyntax s: Add(_strategies, s.Name, s); break;
            case IntrinSyntax i: Add(_intrinsics, i.Name, i); break;
            case TargetSyntax t: Add(_targets, t.Name, t); break;
            case ScheduleSyntax s:
                string op2 = s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault()?.Operator.Text ?? "";
                if (_schedules.TryGetValue((op2, s.Name.Text), out var other)) Duplicate(s.Name, other.Name, bag);
                else _schedules.Add((op2, s.Name.Text), s);
                break;
        }

        void Add<T>(Dictionary<string, T> declarations, NameSyntax name, T declaration)
        {
            if (names.TryGetValue(name.Text, out var first)) Duplicate(name, first, bag);
            else if (ElementTypes.TryParse(name.Text, out _))
                bag.Add(Diagnostic.Create(SemanticDiagnostics.DuplicateName, name.Span, name.Text).WithHelp($"`{name.Text}` is an element type; choose another name"));
            else
            {
                names.Add(name.Text, name);
                declarations.Add(name.Text, declaration);
            }
        }
    }

    /// <summary>The same declarations without some.</summary>
    public DeclarationTable Without(Func<ItemSyntax, bool> isGone)
    {
        var table = new DeclarationTable();
        Copy(_operators, table._operators);
        Copy(_consts, table._consts);
        Copy(_reducers, table._reducers);
        Copy(_strategies, table._strategies);
        Copy(_intrinsics, table._intrinsics);
        Copy(_targets, table._targets);
        Copy(_schedules, table._schedules);
        table._tests.AddRange(_tests);
        table._imports.AddRange(_imports);
        return table;

        void Copy<TKey, T>(Dictionary<TKey, T> from, Dictionary<TKey, T> to) where TKey : notnull where T : ItemSyntax
        {
            foreach (var (key, declaration) in from)
                if (!isGone(declaration)) to.Add(key, declaration);
        }
    }

    /// <summary>Every declaration, tests and imports apart.</summary>
    public IEnumerable<ItemSyntax> All =>
        _operators.Values.Concat<ItemSyntax>(_consts.Values).Concat(_reducers.Values).Concat(_strategies.Values).Concat(_intrinsics.Values).Concat(_targets.Values).Concat(_schedules.Values);

    private void Declare(TestSyntax test, DiagnosticBag bag)
    {
        if (_tests.Find(t => t.Title == test.Title) is { } first)
            bag.Add(Diagnostic.Create(SemanticDiagnostics.DuplicateName, Word(test), test.Title).WithLabel(Word(first), "first declared here"));
        else _tests.Add(test);

        static SourceSpan Word(TestSyntax t) => t.Span with { Span = new(t.Span.Span.Start, 4) };
    }

    private static void Duplicate(NameSyntax name, NameSyntax first, DiagnosticBag bag) =>
        bag.Add(Diagnostic.Create(SemanticDiagnostics.DuplicateName, name.Span, name.Text).WithLabel(first.Span, "first declared here"));

    private void AddHidden(DeclarationTable previous, Dictionary<string, NameSyntax> names)
    {
        Copy(previous._operators, _operators);
        Copy(previous._consts, _consts);
        Copy(previous._reducers, _reducers);
        Copy(previous._strategies, _strategies);
        Copy(previous._intrinsics, _intrinsics);
        Copy(previous._targets, _targets);
        foreach (var (key, schedule) in previous._schedules)
            if (!_operators.TryGetValue(key.Operator, out var op) || !previous._operators.TryGetValue(key.Operator, out var old) || ReferenceEquals(op, old))
                _schedules.TryAdd(key, schedule);

        void Copy<T>(Dictionary<string, T> from, Dictionary<string, T> to)
        {
            foreach (var (name, declaration) in from)
                if (!names.ContainsKey(name)) to.Add(name, declaration);
        }
    }
}
