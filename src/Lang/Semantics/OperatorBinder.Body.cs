using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Tx.Core;
using Tx.Lang.Dependences;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>The lines of a body: what each defines, and the order in which they need each other.</summary>
internal sealed partial class OperatorBinder
{
    private void Collect(IEnumerable<ItemSyntax> items, ImmutableArray<BinderSyntax> loops)
    {
        foreach (var item in items)
            switch (item)
            {
                case ForSyntax f: Collect(f.Body, loops.AddRange(f.Binders.Items)); break;
                case RequireSyntax when loops.IsEmpty: break;
                case SimpleSyntax s: Collect(s, loops); break;
                case LetSyntax let:
                    _bag.Add(Diagnostic.Create(SemanticDiagnostics.NotInOperator, let.Span, "`let`").WithHelp("write the equation without `let`")
                        .WithFix(let.Span with { Span = TextSpan.FromBounds(let.Span.Span.Start, let.Target.Span.Span.Start) }, ""));
                    break;
                default: _bag.Add(SemanticDiagnostics.NotInOperator, item.Span, Describe(item)); break;
            }
    }

    private static string Describe(ItemSyntax item) => item switch
    {
        AssertSyntax => "`assert`", BenchSyntax => "`bench`", KnobSyntax => "`knob`", IfSyntax => "`if`", RequireSyntax => "`require` inside `for`",
        ConstSyntax => "`const`", ImportSyntax => "`import`", OpSyntax => "another operator", EmitSyntax => "`emit`", _ => "this line",
    };

    private void Collect(SimpleSyntax s, ImmutableArray<BinderSyntax> loops)
    {
        if (s.Type is { } type)
        {
            if (s.Target is not NameExpressionSyntax name)
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.LeftSide, s.Target.Span).WithHelp("declare a tensor by its name and type: `c: f32[M, N]`"));
                return;
            }
            DeclareIntermediate(name, type);
        }
        if (s.Value is null)
        {
            if (s.Type is null && s.Target is not ErrorExpressionSyntax) _bag.Add(SemanticDiagnostics.NoEffect, s.Span);
            _isIncomplete |= _isLineLost |= s.Target is ErrorExpressionSyntax;
            return;
        }
        if (s.Target is ErrorExpressionSyntax)
        {
            _isIncomplete = _isLineLost = true;
            return;
        }
        var targets = LeftSide.Read(s.Target);
        if (targets.IsEmpty)
        {
            _bag.Add(SemanticDiagnostics.LeftSide, s.Target.Span);
            _isLineLost = true;
            return;
        }
        BinaryOp? update = s.Assign switch
        {
            AssignKind.Add => BinaryOp.Add, AssignKind.Mul => BinaryOp.Mul, AssignKind.And => BinaryOp.And, AssignKind.Or => BinaryOp.Or,
            AssignKind.Xor => BinaryOp.Xor, _ => null,
        };
        Define(new(targets, s.Value, loops, update, s.Span, _definitions.Count));
    }

    private void DeclareIntermediate(NameExpressionSyntax n, TypeSyntax type)
    {
        var name = new TensorName(n.Name, TensorRole.Intermediate, n.Span) { IsDeclared = true };
        if (!Declare(new(n.Span, n.Name), name)) return;
        _stageNames.Add(n.Name);
        _intermediates.Add(name);
        if (BindType(type, isParameter: false) is not var (element, shape)) return;
        name.Tensor = new TensorSymbol(n.Name, element, shape, TensorRole.Intermediate, n.Span);
        OweExtents(name.Tensor);
    }

    private TensorName? FindOrAdd(LeftSide left)
    {
        string name = left.Name.Name;
        if (_scope.TryType(name, out _))
        {
            _bag.Add(SemanticDiagnostics.DefinesParameter, left.Name.Span, name, "an element type");
            _isLineLost = true;
            return null;
        }
        switch (_scope.FindLocal(name))
        {
            case TensorName { Role: not TensorRole.Parameter } tensor: return tensor;
            case { } other:
                if (_scope.IsNews(name)) _bag.Add(SemanticDiagnostics.DefinesParameter, left.Name.Span, name, other.Description);
                _isIncomplete = _isLineLost = true;
                return null;
        }
        var added = new TensorName(name, TensorRole.Intermediate, left.Name.Span);
        _scope.TryAdd(name, added);
        _stageNames.Add(name);
        _intermediates.Add(added);
        return added;
    }

    private void Define(Definition d)
    {
        var tensors = ImmutableArray.CreateBuilder<TensorName>();
        foreach (var left in d.Targets)
        {
            if (FindOrAdd(left) is not { } tensor) continue;
            if (tensors.Contains(tensor))
            {
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.DuplicateName, left.Name.Span, left.Name.Name).WithHelp("name another tensor for each result"));
                continue;
            }
            tensor.Definitions.Add(d);
            tensors.Add(tensor);
        }
        d.Tensors = tensors.ToImmutable();
        _definitions.Add(d);
    }

    /// <summary>Binds every definition after those that give the tensors in it a type and a shape; of those that could come next, the first in the text.</summary>
    private void BindDefinitions()
    {
        ReportMisspeltResults();
        foreach (var t in _results.Concat(_intermediates)) CheckDefinitions(t);
        foreach (var component in Components.Sort(_definitions, ShapesFrom))
        {
            if (component.Count > 1 || ShapesFrom(component[0]).Contains(component[0]))
            {
                ReportShapeCycle(component);
                continue;
            }
            var d = component[0];
            if (d.IsRefused || d.Tensors.Length != d.Targets.Length) continue;
            var outer = _stages;
            _stages = d.Calls;
            _isIncomplete |= !Bind(d);
            _stages = outer;
        }
    }

    /// <summary>A tensor has definitions, then updates; a call gives the whole of it; without a declared shape one definition gives it.</summary>
    private void CheckDefinitions(TensorName tensor)
    {
        var definitions = tensor.Definitions.Where(d => d.Update is null).ToList();
        if (tensor.Definitions.Find(d => d.Update is not null) is { } update && (definitions.Count == 0 || update.Order < definitions[^1].Order))
        {
            var error = Diagnostic.Create(SemanticDiagnostics.UpdateWithoutDefinition, update.Span, tensor.Name, tensor.Tensor is { Rank: > 0 } t
                ? $"{tensor.Name}[{string.Join(", ", "ijklmnopqrstuvwxyz".Take(t.Rank))}]" : tensor.Name);
            _bag.Add(definitions.Count == 0 ? error : error.WithLabel(definitions[^1].Span, "defined here"));
            foreach (var d in tensor.Definitions) d.IsRefused = true;
            return;
        }
        if (definitions.Count < 2) return;
        if (!tensor.IsDeclared)
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.ShapeNotDeclared, definitions[1].Span, tensor.Name, $"has {definitions.Count} equations")
                .WithLabel(definitions[0].Span, "the first is here"));
            foreach (var d in tensor.Definitions) d.IsRefused = true;
        }
        else if (definitions.Find(d => IsCall(d)) is { } call)
        {
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.DefinedTwice, definitions.First(d => d != call).Span, tensor.Name)
                .WithLabel(call.Span, "the call gives the whole of it"));
            foreach (var d in definitions) d.IsRefused = true;
        }
    }

    /// <summary>The definitions that give tensors in this one their shape. A declared tensor has one already.</summary>
    private IEnumerable<Definition> ShapesFrom(Definition d)
    {
        var tensors = d.Read.SelectMany(MentionedNames.In).Select(n => _scope.FindLocal(n)).OfType<TensorName>();
        if (d.Update is not null) tensors = tensors.Concat(d.Tensors);
        return tensors.Where(t => !t.IsDeclared && t.Definitions.Count > 0).Select(t => t.Definitions[0]).Distinct();
    }

    private void ReportShapeCycle(List<Definition> component)
    {
        // Whoever is here needs another that is here, so walking on ends in a cycle.
        var (path, at) = (new List<Definition>(), component[0]);
        while (!path.Contains(at))
        {
            path.Add(at);
            at = ShapesFrom(at).First(component.Contains);
        }
        var cycle = path.SkipWhile(d => d != at).ToList();
        var names = cycle.Append(at).Select(d => $"`{d.Targets[0].Name.Name}`").ToList();
        var error = Diagnostic.Create(SemanticDiagnostics.ShapeNotDeclared, at.Span, at.Targets[0].Name.Name,
            cycle.Count == 1 ? "needs itself" : $"needs {string.Join(", which needs ", names.Skip(1))}");
        foreach (var d in cycle.Skip(1).Take(4)) error = error.WithLabel(d.Span, "part of the cycle");
        _bag.Add(error);
    }

    /// <summary>A result without an equation beside an equation that nobody reads, of nearly its name.</summary>
    private void ReportMisspeltResults()
    {
        var mentioned = _definitions.SelectMany(d => MentionedNames.In(d.Value)).ToHashSet(StringComparer.Ordinal);
        foreach (var result in _results)
        {
            if (result.Definitions.Count > 0) continue;
            var unread = _intermediates.Where(t => !t.IsDeclared && !mentioned.Contains(t.Name) && t.Definitions is [{ Targets.Length: 1, Update: null }]);
            if (Suggestion.For(result.Name, unread.Select(t => t.Name)) is not { } near) continue;
            var definition = unread.First(t => t.Name == near).Definitions[0];
            var name = definition.Targets[0].Name;
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.MissingEquation, name.Span, result.Name, result.Name)
                .WithHelp($"did you mean `{result.Name}` instead of `{near}`?").WithFix(name.Span, result.Name)
                .WithLabel(result.Span ?? name.Span, "the result"));
            result.Definitions.Add(definition);
            definition.IsRefused = true;
        }
    }

    /// <summary>A call bound to names is a stage; so is one of a function that does not exist, for its message.</summary>
    private bool Bind(Definition d)
    {
        if (d.Update is { } op) return BindUpdate(d, op);
        if (!IsNamedCall(d, out var call, out var name)) return BindEquation(d);
        if (IsCall(d)) return BindCall(d);
        return ExpressionBinder.IsFunction(name, _scope) ? BindEquation(d) : new ExpressionBinder(_scope, _bag).Bind(call) is not null;
    }

    private bool IsCall(Definition d) => IsNamedCall(d, out _, out string name) && _module.Table.Operators.ContainsKey(name);

    private bool IsNamedCall(Definition d, [NotNullWhen(true)] out CallSyntax? call, out string name)
    {
        call = d.Value as CallSyntax;
        name = (call?.Target as NameExpressionSyntax)?.Name ?? "";
        return name.Length > 0 && d.Targets.All(t => t.Subscripts is null) && _scope.FindLocal(name) is null;
    }
}
