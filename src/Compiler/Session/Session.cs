using System.Collections.Immutable;
using Tx.Backends;
using Tx.Core;
using Tx.Core.Sets;
using Tx.Lang.Instructions;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary>Settings of a session.</summary>
public sealed record SessionOptions
{
    /// <summary>Threads of parallel loops; null: one a core.</summary>
    public int? Threads { get; init; }
    /// <summary>Values that stand in for <c>const</c> declarations (<c>-D</c>).</summary>
    public ImmutableDictionary<string, Scalar> Defines { get; init; } = ImmutableDictionary<string, Scalar>.Empty;
    public CpuTarget? Target { get; init; }
    /// <summary>Operators are compiled once for all sizes, instead of once for each choice of them.</summary>
    public bool Symbolic { get; init; }
    /// <inheritdoc cref="KernelCompiler.SkipsOpenSchedules"/>
    public bool SkipsOpenSchedules { get; init; }
    /// <summary>The most bytes that the tensors of the session may have together; null: the memory that the process may use.</summary>
    public long? MemoryLimit { get; init; }
}

/// <summary>Runs programs: a whole file, or one prompt after another. Holds declarations, values and compiled kernels; knows no console.
/// Not safe for several threads.</summary>
public sealed partial class Session : IDisposable
{
    private readonly ISessionOutput _output;
    private readonly ProgramLoader _loader;
    private readonly OperatorResolver _resolver;
    private Lazy<WorkerPool> _pool;
    private Lazy<KernelCompiler> _compiler;
    private readonly HashSet<(SourceSpan?, string)> _noted = [];
    private ScheduleResolver _schedules;
    private ScheduleChecker _scheduleChecker;
    private readonly TensorAllocator _allocator;
    private readonly bool _skipsOpenSchedules;
    private readonly Dictionary<string, Value> _variables = new(StringComparer.Ordinal);
    private DeclarationTable _declarations = DeclarationTable.Empty;

    public Session(SessionOptions options, ISessionOutput output)
    {
        _output = output;
        Defines = options.Defines;
        Symbolic = options.Symbolic;
        Threads = options.Threads ?? Environment.ProcessorCount;
        _allocator = new(options.MemoryLimit);
        _loader = new(options.Defines);
        _resolver = new(() => _declarations, _allocator, options.Defines);
        _pool = new(() => new WorkerPool(Threads));
        _skipsOpenSchedules = options.SkipsOpenSchedules;
        Target = options.Target ?? CpuTarget.Host();
        (_schedules, _scheduleChecker, _compiler) = CompilerFor(Target);
    }

    private (ScheduleResolver, ScheduleChecker, Lazy<KernelCompiler>) CompilerFor(CpuTarget target)
    {
        var schedules = new ScheduleResolver(() => _resolver.Binder, target, EvidenceCache.Default(), _resolver.Admit);
        return (schedules, new(schedules, _resolver), new(() => new KernelCompiler(target, schedules) { Cancellation = Cancellation, SkipsOpenSchedules = _skipsOpenSchedules, Note = NoteOnce }));
    }

    // A call is compiled for many sizes; that its schedule does not fit is said once.
    private void NoteOnce(Diagnostic note)
    {
        if (_noted.Add((note.Span, note.Message))) _output.Report(note);
    }

    /// <summary>What was spent on making kernels.</summary>
    public TimeSpan CompileTime => _compiler.IsValueCreated ? Compiler.CompileTime : TimeSpan.Zero;

    /// <summary>Runs parallel loops on another number of threads.</summary>
    public void SetThreads(int threads)
    {
        if (_pool.IsValueCreated) _pool.Value.Dispose();
        Threads = threads;
        _pool = new(() => new WorkerPool(threads));
    }

    /// <summary>Compiles for another target from now on.</summary>
    internal void SetTarget(CpuTarget target)
    {
        _schedules.Dispose();
        if (_compiler.IsValueCreated) _compiler.Value.Dispose();
        Target = target;
        (_schedules, _scheduleChecker, _compiler) = CompilerFor(target);
    }

    public int Threads { get; private set; }
    internal CpuTarget Target { get; private set; }
    /// <summary>Operators are compiled once for all sizes.</summary>
    public bool Symbolic { get; set; }
    internal ImmutableDictionary<string, Scalar> Defines { get; }
    internal KernelCompiler Compiler => _compiler.Value;
    internal WorkerPool Pool => _pool.Value;
    internal TensorAllocator Allocator => _allocator;
    internal OperatorResolver Resolver => _resolver;
    internal ScheduleResolver Schedules => _schedules;
    internal DeclarationTable Declarations => _declarations;
    /// <summary>Told of every call of an operator that statements have made.</summary>
    internal Action<ResolvedCall>? Called { get; init; }
    /// <summary>A library that tx needs is missing: neither program nor data are wrong.</summary>
    public bool LacksLibrary { get; private set; }
    /// <summary>Asks running kernels, compilations and the reference evaluator to stop.</summary>
    public CancellationToken Cancellation
    {
        get;
        set
        {
            field = value;
            _schedules.Cancellation = value;
            _resolver.Cancellation = value;
            if (_compiler.IsValueCreated) Compiler.Cancellation = value;
        }
    }

    /// <summary>Loads a file's declarations and checks them, but for those of the library, which are proved when they are used; errors are reported.</summary>
    /// <returns>The program, or null where there are errors.</returns>
    public LoadedProgram? Load(string path) => Load(bag => _loader.Load(path, bag), p => CheckScope.WithoutLibrary(p.Tree.Source), checksTests: false, CheckingBudget.OfCall);

    /// <summary>Loads a file's declarations and proves nothing yet: an operator and its schedule are proved when a kernel is made of them.</summary>
    /// <returns>The program, or null where it cannot be read, which is reported.</returns>
    public LoadedProgram? Open(string path)
    {
        _schedules.Budget = CheckingBudget.OfCall;
        var bag = new DiagnosticBag();
        var program = Guard(bag, () => _loader.Load(path, bag));
        if (program is not null) _declarations = program.Declarations;
        return Report(bag, program?.Tree) ? program : null;
    }

    /// <summary>Loads and checks a file and its tests, and reports everything that is wrong.</summary>
    public bool Check(string path) => Load(bag => _loader.Load(path, bag), _ => CheckScope.Whole, checksTests: true, CheckingBudget.OfCheck) is not null;

    /// <summary>What the operators of the file that was checked last test when they run, because data decide it: one line each, with its place.</summary>
    public IEnumerable<string> RuntimeChecks => _resolver.RuntimeChecks
        .Select(c => $"{c.Check.Span ?? c.Operator.Span}: `{c.Operator.Name}` checks when it runs that {c.Check.Condition}").Distinct();

    /// <summary>The schedules of the file that was checked last, with each step and why it is right.</summary>
    public IReadOnlyList<CheckedSchedule> CheckedSchedules => _scheduleChecker.Checked;

    /// <summary>The operators of the file that was checked last whose calls run by schedules of their callees, with each step.</summary>
    public IReadOnlyList<CheckedCalls> CheckedCalls => _scheduleChecker.Calls;

    /// <summary>The instructions that a file declares itself, by its last check, in the order of the text.</summary>
    public IEnumerable<(string Name, SourceSpan Span)> IntrinsicsOf(string path) => _declarations.Intrinsics.Values
        .Where(i => Path.GetFullPath(i.Span.Source.Path) == Path.GetFullPath(path)).OrderBy(i => i.Span.Span.Start).Select(i => (i.Name.Text, i.Name.Span));

    /// <summary>Runs instructions of the file that was checked last: what each declares against what it emits. LLVM may end the process.</summary>
    public IEnumerable<IntrinsicReport> RunIntrinsics(IEnumerable<string> names)
    {
        using var checker = new IntrinsicChecker(Target);
        foreach (string name in names)
            if (_declarations.Intrinsics.TryGetValue(name, out var syntax) && InstructionBinder.Bind(syntax, _resolver.Binder, new DiagnosticBag()) is { } bound) yield return checker.Check(bound);
    }

    /// <summary>Like <see cref="Check(string)"/>, for a file whose text is at hand.</summary>
    public LoadedProgram? Check(SourceText text) => Load(bag => _loader.Load(SyntaxParser.Parse(text), DeclarationTable.Empty, bag), _ => CheckScope.Whole, checksTests: true, CheckingBudget.OfCheck);

    /// <summary>Loads and checks a file and gives the outcome of each of its tests as it has run, in the order of the text; an error in the body
    /// of one fails that one. The file's statements are checked and not run.</summary>
    /// <param name="admits">Says by its title whether a test is to run.</param>
    /// <returns>Null where the file has errors, which are reported.</returns>
    public IEnumerable<TestResult>? RunTests(string path, Func<string, bool> admits)
    {
        if (Load(bag => _loader.Load(path, bag), p => CheckScope.WithoutLibrary(p.Tree.Source), checksTests: false, CheckingBudget.OfCheck) is not { } program) return null;
        var runner = TestsOf(program, new CompiledMachine(Compiler, Pool, _allocator, () => Cancellation));
        return program.Declarations.Tests.Where(t => admits(t.Title)).Select(test =>
        {
            var result = runner.Run(test);
            foreach (var d in result.Diagnostics) NoteLibrary(d);
            return result;
        });
    }

    private TestRunner TestsOf(LoadedProgram program, IOperatorMachine machine) => new(program, () => NewScope(program.Tree, []), machine);

    private LoadedProgram? Load(Func<DiagnosticBag, LoadedProgram?> read, Func<LoadedProgram, CheckScope> scope, bool checksTests, CheckingBudget budget)
    {
        _schedules.Budget = budget;
        var bag = new DiagnosticBag();
        var program = Guard(bag, () => read(bag));
        if (program is not null)
        {
            _declarations = program.Declarations;
            Guard(bag, () => ProgramChecker.Check(program, NewScope(program.Tree, []), _resolver, _scheduleChecker, scope(program), bag));
            if (checksTests)
            {
                CheckTests(program, bag);
                bag.AddRange(_resolver.Notes.Concat(_scheduleChecker.Notes));
            }
        }
        return Report(bag, program?.Tree) ? program : null;
    }

    /// <summary>Loads, checks and runs a file. A program with errors does not start.</summary>
    public bool RunFile(string path) => Load(path) is { } program && Execute(program, echo: false, mayRebind: false);

    private void CheckTests(LoadedProgram program, DiagnosticBag bag)
    {
        var runner = TestsOf(program, new CheckingMachine());
        foreach (var test in program.Declarations.Tests) Guard(bag, () => runner.Check(test, bag));
    }

    /// <summary>Calls a declared operator as a compiled kernel. The results are the caller's to dispose.</summary>
    /// <param name="arguments">One tensor for each parameter that is no <c>const</c>; these take their defaults.</param>
    /// <exception cref="RequestException">There is no such operator.</exception>
    /// <exception cref="DiagnosticException">The tensors do not fit, or the operator is wrong for them or fails.</exception>
    public ImmutableArray<NativeTensor> Call(string name, params ReadOnlySpan<NativeTensor> arguments) => Call(name, arguments, []);

    /// <summary>Calls a declared operator with values of its <c>const</c> parameters, by name.</summary>
    /// <inheritdoc cref="Call(string, ReadOnlySpan{NativeTensor})"/>
    public ImmutableArray<NativeTensor> Call(string name, ReadOnlySpan<NativeTensor> arguments, ReadOnlySpan<(string Name, Scalar Value)> consts)
    {
        if (!_declarations.Operators.TryGetValue(name, out var op)) throw new RequestException($"there is no operator `{name}`");
        // A text of the call, for diagnostics to point into.
        var written = new List<(string? Name, string Text, Value Value)>();
        foreach (var t in arguments) written.Add((null, t.ToString(), new TensorValue(t.Type, t.Shape, t)));
        foreach (var (constant, value) in consts) written.Add((constant, $"{constant} = {value}", ScalarValue.Of(value)));
        var text = new SourceText("<call>", $"{name}({string.Join(", ", written.Select(w => w.Text))})");
        var values = ImmutableArray.CreateBuilder<CallArgument>(written.Count);
        int start = name.Length + 1;
        foreach (var (constant, part, value) in written)
        {
            var span = new SourceSpan(text, new(start, part.Length));
            values.Add(new(constant is null ? null : new(span with { Span = new(start, constant.Length) }, constant), value, span));
            start += part.Length + 2;
        }
        var call = _resolver.Resolve(new(op, values.MoveToImmutable(), new(text, new(0, text.Text.Length))));
        var results = new CompiledMachine(Compiler, Pool, _allocator, () => Cancellation).Run(call);
        return [.. results.Select(r => ((TensorValue)r).Data!)];
    }

    private bool Execute(LoadedProgram program, bool echo, bool mayRebind)
    {
        var scope = NewScope(program.Tree, _variables);
        var machine = NewMachine(Symbolic);
        var runner = new StatementRunner(scope, machine, isCheck: false) { MayRebind = mayRebind };
        foreach (var item in program.Tree.Root.Items)
        {
            _output.Started(item.Span);
            var bag = new DiagnosticBag();
            bool isDone = Guard(bag, () =>
            {
                if (item is BenchSyntax bench) _output.Bench(BenchRunner.Run(this, scope, machine, bench));
                else if (runner.Run(item) is { } value and not NothingValue && echo) Show(value);
                return this;
            }) is not null;
            Report(bag);
            if (!isDone) return false;
        }
        return true;
    }

    private CompiledMachine NewMachine(bool isSymbolic) => new(Compiler, Pool, _allocator, () => Cancellation, isSymbolic ? _resolver.Admit : null) { Called = Called };

    private SessionScope NewScope(SyntaxTree tree, Dictionary<string, Value> variables)
    {
        string? folder = tree.Source.Path.StartsWith('<') ? null : Path.GetDirectoryName(Path.GetFullPath(tree.Source.Path));
        return new(name => _declarations.Operators.GetValueOrDefault(name), _declarations.Operators.Keys, _declarations.Consts)
        {
            Variables = ReferenceEquals(variables, _variables) ? _variables : new(variables, StringComparer.Ordinal),
            Folder = folder ?? Environment.CurrentDirectory, Resolver = _resolver, Schedules = _schedules, Output = _output, Allocator = _allocator,
            ReferenceMachine = new ReferenceMachine(_allocator, () => Cancellation), SymbolicMachine = new(() => NewMachine(isSymbolic: true)),
        };
    }

    /// <param name="bag">What was found.</param>
    /// <param name="text">The text in which it was found, where there is one.</param>
    private bool Report(DiagnosticBag bag, SyntaxTree? text = null)
    {
        foreach (var d in ReportFilter.Select(bag.Items, text?.Root.Items ?? []))
        {
            NoteLibrary(d);
            _output.Report(d);
        }
        return !bag.HasErrors;
    }

    private void NoteLibrary(Diagnostic d) =>
        LacksLibrary |= d.Descriptor == BackendDiagnostics.LibraryMissing || d.Descriptor == BackendDiagnostics.LibraryVersion || d.Descriptor == SetDiagnostics.LibraryMissing;

    internal static T? Guard<T>(DiagnosticBag bag, Func<T?> action) where T : class
    {
        try { return action(); }
        catch (DiagnosticException e)
        {
            bag.AddRange(e.Diagnostics);
            return null;
        }
        catch (InsufficientExecutionStackException)
        {
            bag.Add(SyntaxDiagnostics.TooDeep, null, "operations are", SyntaxParser.MaxOperatorDepth);
            return null;
        }
    }

    internal static void Guard(DiagnosticBag bag, Action action) => Guard(bag, () => { action(); return bag; });

    public void Dispose()
    {
        foreach (var value in _variables.Values)
            if (value is TensorValue { Data: { } data }) data.Dispose();
        _resolver.Dispose();
        _schedules.Dispose();
        if (_compiler.IsValueCreated) _compiler.Value.Dispose();
        if (_pool.IsValueCreated) _pool.Value.Dispose();
    }
}
