using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Program;
using Tx.Lang.Schedules;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;
using Tx.Lower.Build;
using Tx.Lower.Dependence;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;
using Tx.Runtime;

namespace Tx.Fuzz.Schedules;

/// <summary>A generated program, bound and proved for its sizes.</summary>
internal sealed record BoundProgram(GeneratedProgram Program, Operator Operator, ImmutableDictionary<DimSymbol, long> Dims);

/// <summary>Binds programs, draws schedules for them, and reads schedules back from their text.</summary>
internal sealed class ScheduleWorkbench : IDisposable
{
    private readonly OperatorResolver _resolver;
    private readonly ScheduleResolver _schedules;
    private readonly NestProver _prover = new();
    private readonly Lang.Proofs.IslProver _instructions = new();
    private DeclarationTable _table = DeclarationTable.Empty;
    private ModuleBinder? _binder;
    private BoundProgram? _last;

    public ScheduleWorkbench(CpuTarget target)
    {
        Target = target;
        _resolver = new(() => _table, new TensorAllocator()) { TriesLaws = false };
        _schedules = new(() => _binder!, target);
    }

    public CpuTarget Target { get; }

    /// <summary>The pair of a seed: a program of a few stages, or now and then any program, and a schedule for it.</summary>
    /// <exception cref="DiagnosticException">The program is refused: a fault of the program generator, or of the compiler.</exception>
    public SchedulePair Draw(ulong seed)
    {
        var program = seed % 5 == 0 ? ProgramGenerator.Generate(seed) : ProgramGenerator.GeneratePipeline(seed);
        var random = new Random(unchecked((int)(seed * 0x9E3779B97F4A7C15UL >> 33)));
        var bound = Bind(program);
        var sizes = random.Next(2) == 0 ? null : bound.Dims;
        bool isDevice = random.Next(3) == 0;
        var plain = Plain(bound.Operator, sizes, isDevice).Functions[0];
        var generator = new ScheduleGenerator(random, InterfaceBuilder.Build(bound.Operator, plain), plain, isDevice ? ScheduleResolver.DeviceTarget(Target, SchedulePair.DeviceName, []) : Target, new StepContext(_prover), sizes, ReadInstruction);
        var (lines, declarations, isAccepted) = generator.Generate();
        return new(seed, program, declarations, lines, sizes is null, isAccepted, isDevice);
    }

    /// <summary>The plain nests, for this CPU or for a device.</summary>
    public static LoopModule Plain(Operator op, IReadOnlyDictionary<DimSymbol, long>? sizes, bool isDevice)
    {
        var module = NestBuilder.Build(op, sizes);
        return !isDevice ? module : module.Map(f => f.On(SchedulePair.DeviceName));
    }

    private InstructionValue? ReadInstruction(string text)
    {
        try
        {
            var table = Declare(text, 0);
            var (syntax, bag) = (table.Intrinsics.Values.Single(), new DiagnosticBag());
            return InstructionBinder.Bind(syntax, new(table, _instructions), bag) is { } bound ? new(syntax, bound) : null;
        }
        catch (DiagnosticException) { return null; }
    }

    /// <exception cref="DiagnosticException">The program is refused.</exception>
    public BoundProgram Bind(GeneratedProgram program)
    {
        if (_last is not null && ReferenceEquals(_last.Program, program)) return _last;
        _table = Declare(program.Text, program.Seed);
        var bag = new DiagnosticBag();
        var op = _resolver.Binder.Bind(_table.Operators[program.Operator], Specialisation.Empty, bag);
        if (op is null || bag.HasErrors) throw new DiagnosticException([.. bag.Items]);
        var dims = op.Dims.ToImmutableDictionary(d => d, d => program.Sizes[d.Name]);
        _resolver.Admit(op, dims);
        return _last = new(program, op, dims);
    }

    public bool IsAdmitted(Operator op, IReadOnlyDictionary<DimSymbol, long> dims)
    {
        try { _resolver.Admit(op, dims); }
        catch (DiagnosticException) { return false; }
        return true;
    }

    /// <summary>Reads the schedule of a pair; what comes after is <see cref="Apply"/>.</summary>
    /// <exception cref="DiagnosticException">The text does not parse.</exception>
    public ScheduleChoice Read(SchedulePair pair)
    {
        var table = Declare(pair.Text, pair.Seed);
        _binder = new(table, new Lang.Proofs.IslProver());
        return new(table.Schedules[(pair.Program.Operator, SchedulePair.ScheduleName)], ImmutableSortedDictionary<string, long>.Empty);
    }

    /// <summary>Applies the schedule that was read last.</summary>
    public AppliedSchedule Apply(ScheduleChoice choice, Operator op, Lower.Ir.LoopFunction plain, IReadOnlyDictionary<DimSymbol, long>? sizes) =>
        _schedules.Apply(choice, op, plain, sizes, budget: null);

    private static DeclarationTable Declare(string text, ulong seed)
    {
        var bag = new DiagnosticBag();
        var tree = SyntaxParser.Parse(new SourceText($"<seed {seed.ToString(CultureInfo.InvariantCulture)}>", text));
        bag.AddRange(tree.Diagnostics);
        var table = DeclarationTable.Build(tree, (_, _) => null, DeclarationTable.Empty, bag);
        return bag.HasErrors ? throw new DiagnosticException([.. bag.Items]) : table;
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _schedules.Dispose();
        _prover.Dispose();
        _instructions.Dispose();
    }
}
