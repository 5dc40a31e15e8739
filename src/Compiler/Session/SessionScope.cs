using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>The names that statements see: variables with their values, and the declared operators and constants.</summary>
internal sealed class SessionScope(Func<string, OpSyntax?> findOperator, IEnumerable<string> operatorNames, IReadOnlyDictionary<string, ConstSyntax> constants)
{
    public Dictionary<string, Value> Variables { get; init; } = new(StringComparer.Ordinal);
    public OpSyntax? Operator(string name) => findOperator(name);
    public IEnumerable<string> OperatorNames => operatorNames;
    public ConstSyntax? Constant(string name) => constants.GetValueOrDefault(name);
    public IEnumerable<string> ConstantNames => constants.Keys;
    /// <summary>Relative paths of <c>load</c> and <c>save</c> start here.</summary>
    public required string Folder { get; init; }
    public required OperatorResolver Resolver { get; init; }
    public required ScheduleResolver Schedules { get; init; }
    public required ISessionOutput Output { get; init; }
    public required Tx.Runtime.TensorAllocator Allocator { get; init; }
    /// <summary>Carries out the calls inside <c>reference(…)</c>.</summary>
    public required IOperatorMachine ReferenceMachine { get; init; }
    /// <summary>Carries out the calls inside <c>symbolic(…)</c>.</summary>
    public required Lazy<CompiledMachine> SymbolicMachine { get; init; }

    /// <summary>Frees the tensors that are bound here.</summary>
    public void Release()
    {
        foreach (var value in Variables.Values)
            if (value is TensorValue { Data: { } data }) data.Dispose();
        Variables.Clear();
    }
}
