using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Calls of operators as stages: the callee's stages are copied under the name of the call, its dimensions replaced by what the
/// arguments have.</summary>
internal sealed partial class OperatorBinder
{
    /// <summary>An argument: a tensor, or a value without dimensions.</summary>
    private sealed record Argument(TensorSymbol? Tensor, Value? Scalar, Actual Actual);

    private bool BindCall(Definition d)
    {
        if (d.Loops is [var loop, ..])
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.UnusedLoopIndex, loop.Name.Span, loop.Name.Text).WithLabel(d.Targets[0].Span, "the left side"));
            return false;
        }
        return Instantiate((CallSyntax)d.Value, d.Tensors, d.Targets[0].Name.Name);
    }

    /// <summary>Operators that call one another twice each grow as fast as powers of two.</summary>
    private const int MaxStages = 8192;

    /// <summary>Copies the callee of a call.</summary>
    /// <param name="targets">What its results become.</param>
    /// <param name="prefix">What the stages inside it are named through.</param>
    private bool Instantiate(CallSyntax call, ImmutableArray<TensorName> targets, string prefix)
    {
        var op = _module.Table.Operators[((NameExpressionSyntax)call.Target).Name];
        ImmutableArray<Argument?> arguments = [.. call.Arguments.Select((a, i) => BindArgument(op, a, i))];
        if (arguments.Any(a => a is null)) return false;
        if (SignatureMatch.Match(op, [.. arguments.Select(a => a!.Actual)], call.Span, _bag) is not { } match) return false;
        if (_module.Bind(op, match.Specialisation, _bag, call.Span) is not { } callee) return false;
        if (callee.Results.Length != targets.Length)
        {
            _bag.Add(SemanticDiagnostics.ResultCount, call.Span, op.Name.Text, Spelling.Count(callee.Results.Length, "result"), Spelling.Count(targets.Length, "target"));
            return false;
        }
        var copy = new TermSubstitution();
        return Pass(op, callee, match, arguments, copy, call) && CopyStages(callee, targets, prefix, copy, call);
    }

    private static bool IsTensor(ParameterSyntax? p) => p is not null && p.Type.Brackets.Count == 1 && p.Type.Brackets[0].Count > 0;

    private Argument? BindArgument(OpSyntax op, ArgumentSyntax a, int position)
    {
        var parameter = a.Name is { } given ? op.Parameters.FirstOrDefault(p => p.Name.Text == given.Text) : op.Parameters.ElementAtOrDefault(position);
        switch (a.Value)
        {
            case NameExpressionSyntax n when _scope.FindLocal(n.Name) is TensorName t:
                t.IsRead = true;
                return t.Tensor is { } tensor ? new(tensor, null, Actual.Tensor(a.Span, a.Name, tensor.Type, tensor.Rank)) : null;
            case CallSyntax { Target: NameExpressionSyntax f } call when IsStage(call):
                string name = f.Name;
                for (int i = 2; _scope.FindLocal(name) is not null || _stageNames.Contains(name); i++) name = $"{f.Name}{i}";
                _stageNames.Add(name);
                var result = new TensorName(name, TensorRole.Intermediate, call.Span) { IsRead = true };
                return Instantiate(call, [result], name) && result.Tensor is { } stage ? new(stage, null, Actual.Tensor(a.Span, a.Name, stage.Type, stage.Rank)) : null;
            case var e when IsTensor(parameter) && (e is not CallSyntax || MentionedNames.Parts(e).Any(p => p is SubscriptSyntax))
                || MentionedNames.Parts(e).Any(p => p is RangeSyntax or PackSyntax or ListSyntax or TupleSyntax):
                int rank = IsTensor(parameter) ? parameter!.Type.Brackets[0].Count : 0;
                _bag.Add(SemanticDiagnostics.ArgumentNotTensor, a.Value.Span, parameter?.Name.Text ?? "", op.Name.Text, Spelling.Count(rank, "dimension"));
                return null;
        }
        var binder = new ExpressionBinder(_scope, _bag);
        if (binder.Bind(a.Value) is not { } value) return null;
        if (!Settle(binder, [])) return null;
        return new(null, value, Actual.Scalar(a.Span, a.Name, value));
    }

    /// <summary>A call inside a call is a stage where a whole tensor goes in; on scalars alone it is an expression.</summary>
    private bool IsStage(CallSyntax call) =>
        call.Target is NameExpressionSyntax f && _scope.FindLocal(f.Name) is null && _module.Table.Operators.ContainsKey(f.Name)
        && call.Arguments.Any(a => a.Value is NameExpressionSyntax n ? _scope.FindLocal(n.Name) is TensorName { Tensor: not { Rank: 0 } } : a.Value is CallSyntax c && IsStage(c));

    /// <summary>Matches shapes: dimensions are found where they stand alone, every other extent must agree.</summary>
    private bool Pass(OpSyntax op, Operator callee, SignatureMatch match, ImmutableArray<Argument?> arguments, TermSubstitution copy, CallSyntax call)
    {
        var passed = new List<(TensorSymbol Parameter, TensorSymbol Actual, SourceSpan Span)>();
        for (int i = 0, p = 0; i < op.Parameters.Count; i++)
        {
            if (op.Parameters[i].IsConst) continue;
            var parameter = callee.Parameters[p++];
            var argument = arguments[match.ArgumentOf[i]]!;
            if (argument.Scalar is { } scalar)
            {
                if (new ExpressionBinder(_scope, _bag).Require(scalar, parameter.Type) is not { } term) return false;
                copy.Scalars[parameter] = term;
                continue;
            }
            copy.Tensors[parameter] = argument.Tensor!;
            passed.Add((parameter, argument.Tensor!, argument.Actual.Span ?? call.Span));
        }
        foreach (var (parameter, actual, _) in passed)
            for (int d = 0; d < parameter.Rank; d++)
                if (parameter.Shape[d] is DimTerm { Dim: var dim }) copy.Dims.TryAdd(dim, actual.Shape[d]);
        bool isFine = true;
        foreach (var (parameter, actual, span) in passed)
            for (int d = 0; d < parameter.Rank; d++)
            {
                var expected = copy.Size(parameter.Shape[d]);
                isFine &= Agree(actual.Shape[d], expected, SemanticDiagnostics.ShapeMismatch,
                    [d, actual.Name, Terms.Print(actual.Shape[d]), op.Name.Text, Terms.Print(expected)], span,
                    parameter.Span is { } place ? [new(place, $"`{ProgramPrinter.Declaration(parameter)}`")] : []);
            }
        return isFine;
    }

    private bool CopyStages(Operator callee, ImmutableArray<TensorName> targets, string prefix, TermSubstitution copy, CallSyntax call)
    {
        if (_stages.Count + callee.Stages.Length > MaxStages)
        {
            _bag.Add(UnsupportedDiagnostics.TooManyStages, call.Span, callee.Name, MaxStages);
            return false;
        }
        for (int r = 0; r < targets.Length; r++)
            if (!CopyResult(callee.Results[r], targets[r], copy, call)) return false;
        foreach (var require in callee.Requires)
        {
            var needed = copy.Size(require);
            Owe(new(SemanticDiagnostics.RequirementNotMet, [callee.Name, Terms.Print(require), Terms.Print(needed)], needed, [], [], call.Span,
                require.Span is { } place ? [new(place, "required here")] : []));
        }
        foreach (var stage in callee.Stages)
        {
            foreach (var tensor in stage.Tensors)
                if (!copy.Tensors.ContainsKey(tensor))
                    copy.Tensors.Add(tensor, new TensorSymbol($"{prefix}.{tensor.Name}", tensor.Type, copy.Sizes(tensor.Shape), TensorRole.Intermediate, tensor.Span));
            var equations = stage.Equations.ToDictionary(e => e, Copy, (IEqualityComparer<Equation>)ReferenceEqualityComparer.Instance);
            _stages.Add(new Stage([.. stage.Tensors.Select(t => copy.Tensors[t])], [.. stage.Equations.Select(e => equations[e])])
            {
                Order = [.. stage.Order.Select(s => CopyStep(s, equations))],
            });
        }
        foreach (var o in callee.Obligations)
        {
            // An index of no equation, such as that of an element to be covered, runs over the caller's sizes as well.
            ImmutableArray<IndexSymbol> scope = [.. o.Scope.Select(i => copy.Map(i) is var mapped && mapped != i ? mapped : copy.Fresh(i))];
            Owe(o with
            {
                Condition = copy.Size(o.Condition), Scope = scope, Assumptions = [.. o.Assumptions.Select(copy.Visit)],
                Labels = o.Labels.Add(new(call.Span, "called here")), Element = o.Element is { } e ? (ReadTerm)copy.Visit(e) : null,
            });
        }
        var names = copy.Tensors.ToImmutableDictionary(t => t.Key.Name, t => t.Value.Name, StringComparer.Ordinal);
        _calls.Add(new(prefix, callee, copy.Dims.ToImmutableDictionary(), names, call.Span));
        foreach (var inner in callee.Calls)
            _calls.Add(inner with
            {
                Name = names.GetValueOrDefault(inner.Name, $"{prefix}.{inner.Name}"), Dims = inner.Dims.ToImmutableDictionary(d => d.Key, d => copy.Size(d.Value)),
                Tensors = inner.Tensors.ToImmutableDictionary(t => t.Key, t => names.GetValueOrDefault(t.Value, t.Value), StringComparer.Ordinal),
            });
        return true;

        Step CopyStep(Step step, Dictionary<Equation, Equation> equations) => step switch
        {
            CarriedLoop l => l with
            {
                Members = [.. l.Members.Select(m => m with { Equation = equations[m.Equation], Index = copy.Map(m.Index) })],
                Body = [.. l.Body.Select(s => CopyStep(s, equations))],
            },
            EquationStep s => new EquationStep(equations[s.Equation]),
            _ => throw new CompilerBugException("binder", $"unknown step {step.GetType().Name}"),
        };

        Equation Copy(Equation e)
        {
            ImmutableArray<IndexSymbol> indices = [.. e.Indices.Select(copy.Fresh)];
            return new([.. e.Targets.Select(t => new Target(copy.Tensors[t.Tensor], copy.Sizes(t.Indices)))], indices, copy.Visit(e.Value), e.Update, e.Span);
        }
    }

    private bool CopyResult(TensorSymbol result, TensorName target, TermSubstitution copy, CallSyntax call)
    {
        var shape = copy.Sizes(result.Shape);
        if (target.Tensor is { } declared)
        {
            if (declared.Type != result.Type)
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.TypeMismatch, call.Span, result.Type.Name, declared.Type.Name)
                    .WithHelp($"declare `{declared.Name}` with elements of type `{result.Type.Name}`"));
                return false;
            }
            if (declared.Rank != shape.Length)
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.WrongRank, call.Span, declared.Name, Spelling.Count(declared.Rank, "dimension"),
                    $"the call gives {Spelling.Count(shape.Length, "dimension")}, which cannot be").WithHelp($"declare `{declared.Name}` as `{ProgramPrinter.Type(result.Type, shape)}`"));
                return false;
            }
            for (int d = 0; d < shape.Length; d++)
                if (!Agree(shape[d], declared.Shape[d], SemanticDiagnostics.ResultShape,
                        [d, call.Target.Span.Text, Terms.Print(shape[d]), declared.Name, Terms.Print(declared.Shape[d])], call.Span,
                        declared.Span is { } place ? [new(place, $"`{ProgramPrinter.Declaration(declared)}`")] : [])) return false;
            copy.Tensors[result] = declared;
            return true;
        }
        target.Tensor = new TensorSymbol(target.Name, result.Type, shape, target.Role, target.Span);
        OweExtents(target.Tensor);
        copy.Tensors[result] = target.Tensor;
        return true;
    }
}
