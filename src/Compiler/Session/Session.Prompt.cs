using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>A name with its value.</summary>
public sealed record SessionVariable(string Name, Value Value);

// What a prompt or a notebook needs: one text after another, values by name, and declarations that are made again.
public sealed partial class Session
{
    /// <summary>The name of the value that was shown last; <c>_3</c> is that of entry 3.</summary>
    public const string LastName = "_";
    /// <summary>Values of entries that stay reachable by their numbers.</summary>
    private const int MaxNumbered = 16;
    private const int MaxUndo = 32;

    private readonly Queue<string> _numbered = new();
    private readonly Stack<SessionState> _before = new();
    private readonly Dictionary<string, ImmutableArray<string>> _origins = new(StringComparer.Ordinal);

    private sealed record SessionState(DeclarationTable Declarations, ModuleBinder? Binder, ImmutableDictionary<string, Value> Variables, ImmutableList<ItemSyntax> Accepted);

    /// <summary>What was submitted and accepted, in its order.</summary>
    internal ImmutableList<ItemSyntax> Accepted { get; private set; } = [];

    /// <summary>The number of the entry that is submitted next; its value is then called <c>_n</c>.</summary>
    public int EntryNumber { get; set; } = 1;

    /// <summary>The values that names have, in the order of the names.</summary>
    public IReadOnlyList<SessionVariable> Variables =>
        [.. _variables.Where(v => !v.Key.StartsWith(LastName, StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => new SessionVariable(v.Key, v.Value))];

    /// <summary>Finds the value of a name. Its tensor belongs to the session.</summary>
    public bool TryGetValue(string name, [NotNullWhen(true)] out Value? value) => _variables.TryGetValue(name, out value);

    /// <summary>Binds a name to a value from outside, as a <c>let</c> does. A tensor belongs to the session from now on.</summary>
    public void SetValue(string name, Value value) => (_variables[name], _origins[name]) = (value, []);

    /// <summary>The account of the tensors; whoever gives tensors to the session takes them from here.</summary>
    public TensorAllocator Memory => _allocator;

    /// <summary>Runs what was typed at a prompt: it sees what was bound before, and may bind and declare names again. What rests on a declaration that is
    /// made again is built again, and that is said in a line.</summary>
    /// <param name="cancellation">Stops running kernels, compilations and the reference evaluator.</param>
    /// <returns>False where it has errors, or was cancelled; either is reported.</returns>
    public bool Submit(SourceText text, CancellationToken cancellation = default) => Cancellable(() => Submit(text), cancellation);

    /// <summary>Does something that a token may stop; that it was stopped is reported.</summary>
    internal bool Cancellable(Func<bool> action, CancellationToken cancellation)
    {
        Cancellation = cancellation;
        try { return action(); }
        catch (OperationCanceledException)
        {
            _output.Report(Diagnostic.Create(SessionDiagnostics.Cancelled, null));
            return false;
        }
        finally { Cancellation = default; }
    }

    /// <summary>Takes the last text back that was submitted and accepted: declarations and values are as they were before it.</summary>
    /// <returns>False where there is none.</returns>
    public bool Undo()
    {
        if (!_before.TryPop(out var state)) return false;
        _declarations = state.Declarations;
        _resolver.Restore(state.Binder);
        Accepted = state.Accepted;
        _variables.Clear();
        foreach (var (name, value) in state.Variables) _variables.Add(name, value);
        return true;
    }

    /// <summary>Forgets a value or a declaration; with an operator go its schedules.</summary>
    /// <returns>False where nothing has the name.</returns>
    public bool Forget(string name)
    {
        var gone = _declarations.All.Where(d => NameOf(d) == name || d is ScheduleSyntax s && OperatorOf(s) == name).ToHashSet<ItemSyntax>(ReferenceEqualityComparer.Instance);
        if (!_variables.ContainsKey(name) && gone.Count == 0) return false;
        Keep();
        _variables.Remove(name);
        if (gone.Count > 0)
        {
            var table = _declarations.Without(gone.Contains);
            var before = _declarations.All.Except(gone).ToHashSet<ItemSyntax>(ReferenceEqualityComparer.Instance);
            _resolver.Rebase(table, Unchanged(table, before));
            _declarations = table;
        }
        return true;
    }

    /// <summary>Forgets all values and declarations.</summary>
    public void Clear()
    {
        Keep();
        Accepted = [];
        _variables.Clear();
        _declarations = DeclarationTable.Empty;
        _resolver.Restore(null);
    }

    /// <summary>What an expression would give, without running it; null after errors, which are reported.</summary>
    public Value? TypeOf(SourceText text)
    {
        var tree = SyntaxParser.Parse(text);
        var bag = new DiagnosticBag();
        bag.AddRange(tree.Diagnostics);
        Value? value = null;
        if (!bag.HasErrors)
            Guard(bag, () =>
            {
                var runner = new StatementRunner(NewScope(tree, new(_variables, StringComparer.Ordinal)), new CheckingMachine(), isCheck: true) { MayRebind = true };
                foreach (var item in tree.Root.Items) value = runner.Run(item);
            });
        return Report(bag, tree) ? value ?? new NothingValue() : null;
    }

    /// <summary>Reads imported files again when they are next imported.</summary>
    internal void ForgetFiles() => _loader.Forget();

    private void Keep() => Keep(_declarations, _resolver.Binder);

    private void Keep(DeclarationTable declarations, ModuleBinder? binder)
    {
        // What can be taken back keeps its tensors: not where memory is short.
        if (_allocator.BytesInUse > _allocator.LimitBytes / 4)
        {
            _before.Clear();
            while (_numbered.TryDequeue(out string? name)) _variables.Remove(name);
        }
        if (_before.Count == MaxUndo)
        {
            var newest = _before.Take(MaxUndo / 2).Reverse().ToList();
            _before.Clear();
            foreach (var state in newest) _before.Push(state);
        }
        _before.Push(new(declarations, binder, _variables.ToImmutableDictionary(StringComparer.Ordinal), Accepted));
    }

    private void Show(Value value)
    {
        _output.Echo(value);
        if (value is UnknownValue) return;
        string numbered = string.Create(CultureInfo.InvariantCulture, $"{LastName}{EntryNumber}");
        if (!_variables.ContainsKey(numbered)) _numbered.Enqueue(numbered);
        _variables[LastName] = _variables[numbered] = value;
        if (_numbered.Count > MaxNumbered) _variables.Remove(_numbered.Dequeue());
    }

    private bool Submit(SourceText text)
    {
        _schedules.Budget = CheckingBudget.OfCall;
        var tree = SyntaxParser.Parse(text);
        if (!tree.Root.Items.Any(IsDeclaration)) return SubmitStatements(tree);
        var found = new DiagnosticBag();
        var (before, binder) = (_declarations, _resolver.Binder);
        DeclarationChange? change;
        try { change = Guard(found, () => Declare(tree, found)); }
        catch
        {
            _declarations = before;
            _resolver.Restore(binder);
            throw;
        }
        if (change is null || found.HasErrors)
        {
            _declarations = before;
            _resolver.Restore(binder);
            return Report(found, tree) && change is not null;
        }
        Report(found, tree);
        Keep(before, binder);
        if (Redefinition.Describe(change, before, _origins) is { Length: > 0 } said) _output.Note(said);
        return Run(change.Program, tree);
    }

    private bool SubmitStatements(SyntaxTree tree)
    {
        var bag = new DiagnosticBag();
        bag.AddRange(tree.Diagnostics);
        var program = new LoadedProgram(tree, _declarations);
        if (!bag.HasErrors)
            Guard(bag, () => ProgramChecker.CheckStatements(tree.Root.Items, new(NewScope(tree, new(_variables, StringComparer.Ordinal)), new CheckingMachine(), isCheck: true) { MayRebind = true }, bag));
        if (!Report(bag, tree)) return false;
        Keep();
        return Run(program, tree);
    }

    private bool Run(LoadedProgram program, SyntaxTree text)
    {
        Accepted = Accepted.AddRange(text.Root.Items);
        bool isDone = Execute(program, echo: true, mayRebind: true);
        foreach (var let in program.Tree.Root.Items.OfType<LetSyntax>())
            foreach (var name in StatementRunner.TargetsOf(let)) _origins[name.Name] = Redefinition.Mentions(let);
        return isDone;
    }

    /// <summary>Makes the declarations of a text known, and checks them with all that rests on them.</summary>
    /// <returns>What it changes; null after errors.</returns>
    private DeclarationChange? Declare(SyntaxTree tree, DiagnosticBag bag)
    {
        var before = _declarations;
        var old = before.All.ToHashSet<ItemSyntax>(ReferenceEqualityComparer.Instance);
        // A declaration that is made again word by word is the same.
        tree = tree with { Root = tree.Root with { Items = [.. tree.Root.Items.Select(i => Redefinition.Same(i, before) ?? i)] } };
        if (_loader.Load(tree, before, bag) is not { } program || bag.HasErrors) return null;
        // The schedules of an operator stay with it when it is defined again, where they still fit.
        var carried = before.Schedules.Where(s => !program.Declarations.Schedules.ContainsKey(s.Key) && program.Declarations.Operators.ContainsKey(s.Key.Operator)).Select(s => s.Value).ToImmutableArray();
        if (!carried.IsEmpty)
        {
            tree = tree with { Root = tree.Root with { Items = [.. tree.Root.Items, .. carried] } };
            if (_loader.Load(tree, before, bag) is not { } whole || bag.HasErrors) return null;
            program = whole;
        }
        _declarations = program.Declarations;
        var isSame = Unchanged(_declarations, old);
        var rebuilt = _declarations.All.Where(d => old.Contains(d) && !isSame(d)).ToImmutableArray();
        _resolver.Rebase(_declarations, isSame);
        var found = new DiagnosticBag();
        ProgramChecker.Check(program, NewScope(tree, new(_variables, StringComparer.Ordinal)), _resolver, _scheduleChecker, CheckScope.New(isSame), found);
        // What is wrong with an older declaration now is no fault of this text: a schedule goes, an operator waits for its own new definition.
        var broken = rebuilt.Select(d => (Declaration: d, Error: found.Items.FirstOrDefault(x => x.IsError && IsIn(x, d)))).Where(b => b.Error is not null).ToImmutableArray();
        bag.AddRange(found.Items.Where(x => !rebuilt.Any(d => IsIn(x, d))));
        if (bag.HasErrors) return null;
        var dropped = broken.Where(b => b.Declaration is ScheduleSyntax).Select(b => b.Declaration).ToHashSet<ItemSyntax>(ReferenceEqualityComparer.Instance);
        if (dropped.Count > 0)
        {
            _declarations = _declarations.Without(dropped.Contains);
            _resolver.Rebase(_declarations, d => !dropped.Contains(d));
        }
        CheckTests(program with { Declarations = _declarations }, bag);
        return bag.HasErrors ? null : new(program with { Declarations = _declarations }, _resolver.Binder, rebuilt, [.. broken.Select(b => (b.Declaration, b.Error!))]);
    }

    /// <summary>Whether a declaration, and all that it mentions, was there before.</summary>
    private static Func<ItemSyntax, bool> Unchanged(DeclarationTable table, HashSet<ItemSyntax> before)
    {
        var mentions = new LanguageServices.CheckedItems();
        return d => before.Contains(d) && mentions.NeedsOf(d, table).All(before.Contains);
    }

    private static bool IsIn(Diagnostic d, ItemSyntax item) =>
        d.Span is { } s && ReferenceEquals(s.Source, item.Span.Source) && s.Span.Start >= item.Span.Span.Start && s.Span.End <= item.Span.Span.End;

    private static bool IsDeclaration(ItemSyntax item) => item is ImportSyntax or TestSyntax || NameOf(item) is not null;

    internal static string? NameOf(ItemSyntax item) => item switch
    {
        OpSyntax o => o.Name.Text,
        ConstSyntax c => c.Name.Text,
        ReducerSyntax r => r.Name.Text,
        StrategySyntax s => s.Name.Text,
        ScheduleSyntax s => s.Name.Text,
        IntrinSyntax i => i.Name.Text,
        TargetSyntax t => t.Name.Text,
        _ => null,
    };

    internal static string? OperatorOf(ScheduleSyntax s) => s.Clauses.OfType<ForClauseSyntax>().FirstOrDefault()?.Operator.Text;
}
