using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>One argument of a call at the top level, evaluated.</summary>
internal sealed record CallArgument(NameSyntax? Name, Value Value, SourceSpan Span);

/// <summary>A call of an operator with its values.</summary>
internal sealed record OperatorCall(OpSyntax Op, ImmutableArray<CallArgument> Arguments, SourceSpan Span);

/// <summary>What carries out calls of operators: compiled kernels, the reference evaluator, or the checker (types without data).</summary>
internal interface IOperatorMachine
{
    /// <summary>The results, one for each of the operator's.</summary>
    /// <exception cref="DiagnosticException">The operator cannot run, or fails while it runs.</exception>
    ImmutableArray<Value> Run(ResolvedCall call);
}
