using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>An equation at the prompt: an operator without a name over the tensors that it mentions, whose shapes are numbers.</summary>
internal sealed partial class OperatorBinder
{
    public Operator? BindAnonymous(LetSyntax let, Func<string, (ElementType Type, ImmutableArray<long> Shape)?> lookup)
    {
        var targets = LeftSide.Read(let.Target);
        if (targets.IsEmpty)
        {
            _bag.Add(SemanticDiagnostics.LeftSide, let.Target.Span);
            return null;
        }
        _name = targets[0].Name.Name;
        // A tensor that is defined anew may be read in its own equation: `let Y[i] = Y[i] + 1` takes the earlier one.
        var indices = targets.SelectMany(t => t.Subscripts ?? []).Concat(MentionedNames.Parts(let.Value)).SelectMany(e => e switch
        {
            NameExpressionSyntax n when targets.Any(t => t.Subscripts is { } s && s.Contains(n)) => [n.Name],
            ReductionSyntax r => r.Binders.Select(b => b.Name.Text),
            _ => [],
        }).ToHashSet(StringComparer.Ordinal);
        foreach (string name in MentionedNames.In(let.Value).Distinct())
        {
            if (indices.Contains(name) || _scope.FindLocal(name) is not null || lookup(name) is not var (type, shape)) continue;
            var parameter = new TensorName(name, TensorRole.Parameter, null) { IsDeclared = true, IsRead = true };
            parameter.Tensor = new TensorSymbol(name, type, [.. shape.Select(ConstTerm.Int)], TensorRole.Parameter, null);
            _scope.Set(name, parameter);
            _parameters.Add(parameter);
        }
        foreach (var left in targets)
        {
            var result = new TensorName(_scope.FindLocal(left.Name.Name) is null ? left.Name.Name : Unique(left.Name.Name + "_"), TensorRole.Result, left.Name.Span);
            _results.Add(result);
            _stageNames.Add(result.Name);
            if (let.Type is { } type) DeclareResult(result, type, left);
        }
        var d = new Definition(targets, let.Value, [], null, let.Span, 0) { Tensors = [.. _results] };
        foreach (var t in _results) t.Definitions.Add(d);
        _definitions.Add(d);
        _isIncomplete = _bag.HasErrors;
        if (!_isIncomplete) BindDefinitions();
        OrderStages();
        return Finish(let.Doc, let.Span);
    }

    private void DeclareResult(TensorName result, TypeSyntax type, LeftSide left)
    {
        if (type.Brackets.Count == 0 && left.Subscripts is { IsEmpty: false })
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.WrongRank, type.Span, type.Span.Text, "no dimensions", $"{left.Subscripts.Value.Length} subscripts are")
                .WithHelp($"write the shape too, such as `{type.Name.Text}[…]`"));
            return;
        }
        result.IsDeclared = true;
        if (BindType(type, isParameter: false) is not var (element, shape)) return;
        result.Tensor = new TensorSymbol(result.Name, element, shape, TensorRole.Result, result.Span);
    }
}
