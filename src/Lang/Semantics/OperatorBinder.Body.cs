using System.Collections.Immutable;
using Tx.Core;
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
        if (s.Assign is not (AssignKind.None or AssignKind.Assign))
        {
            _bag.Add(UnsupportedDiagnostics.Update, s.Span, s.Assign switch
            {
                AssignKind.Add => "+=", AssignKind.Mul => "*=", AssignKind.And => "&=", AssignKind.Or => "|=", _ => "^=",
            });
            MarkDefined(s.Target);
            return;
        }
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
        Define(new(targets, s.Value, loops, s.Span, _definitions.Count));
    }

    /// <summary>A tensor whose only definition was refused is not missing one.</summary>
    private void MarkDefined(ExpressionSyntax target)
    {
        foreach (var left in LeftSide.Read(target))
            if (FindOrAdd(left) is { Definition: null } tensor)
                tensor.Definition = new([left], target, [], left.Span, -1) { IsOneOfSeveral = true };
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
            if (tensor.Definition is null) tensor.Definition = d;
            else (tensor.Definition.IsOneOfSeveral, d.IsOneOfSeveral) = (true, true);
            tensors.Add(tensor);
        }
        d.Tensors = tensors.ToImmutable();
        _definitions.Add(d);
    }

    /// <summary>Binds every definition after those that it needs; of those that could come next, the first in the text.</summary>
    private void BindDefinitions()
    {
        ReportMisspeltResults();
        var needs = new int[_definitions.Count];
        var users = _definitions.Select(_ => new List<Definition>()).ToArray();
        foreach (var d in _definitions)
            foreach (var needed in Needs(d))
            {
                needs[d.Order]++;
                users[needed.Order].Add(d);
            }
        var ready = new PriorityQueue<Definition, int>();
        foreach (var d in _definitions)
            if (needs[d.Order] == 0) ready.Enqueue(d, d.Order);
        while (ready.TryDequeue(out var d, out _))
        {
            needs[d.Order] = -1;
            if (!d.IsOneOfSeveral && !d.IsRefused && d.Tensors.Length == d.Targets.Length) _isIncomplete |= !Bind(d);
            foreach (var user in users[d.Order])
                if (--needs[user.Order] == 0) ready.Enqueue(user, user.Order);
        }
        ReportRecurrences(needs);
    }

    /// <summary>A result without an equation beside an equation that nobody reads, of nearly its name.</summary>
    private void ReportMisspeltResults()
    {
        var mentioned = _definitions.SelectMany(d => MentionedNames.In(d.Value)).ToHashSet(StringComparer.Ordinal);
        foreach (var result in _results)
        {
            if (result.Definition is not null) continue;
            var unread = _intermediates.Where(t => !t.IsDeclared && !mentioned.Contains(t.Name) && t.Definition is { Order: >= 0, Targets.Length: 1 });
            if (Suggestion.For(result.Name, unread.Select(t => t.Name)) is not { } near) continue;
            var definition = unread.First(t => t.Name == near).Definition!;
            var name = definition.Targets[0].Name;
            _bag.Add(Diagnostic.Create(SemanticDiagnostics.MissingEquation, name.Span, result.Name, result.Name)
                .WithHelp($"did you mean `{result.Name}` instead of `{near}`?").WithFix(name.Span, result.Name)
                .WithLabel(result.Span ?? name.Span, "the result"));
            result.Definition = definition;
            definition.IsRefused = true;
        }
    }

    private IEnumerable<Definition> Needs(Definition d) => MentionedNames.In(d.Value)
        .Select(n => _scope.FindLocal(n) is TensorName { Definition: { Order: >= 0 } needed } ? needed : null)
        .OfType<Definition>().Distinct();

    /// <summary>One message for an operator: its tensors with several equations, or a cycle.</summary>
    private void ReportRecurrences(int[] needs)
    {
        var several = _definitions.Where(d => d.IsOneOfSeveral).ToList();
        if (several.Count > 0)
        {
            // An update that was refused counts as another equation, and has had its message.
            if (several.SelectMany(d => d.Tensors).FirstOrDefault(t => _definitions.Count(d => d.Tensors.Contains(t)) > 1) is not { } tensor) return;
            var lines = several.Where(d => d.Tensors.Contains(tensor)).ToList();
            _bag.Add(Diagnostic.Create(UnsupportedDiagnostics.Recurrence, lines[1].Span, $"`{tensor.Name}` has {lines.Count} equations")
                .WithLabel(lines[0].Span, "the first is here"));
            return;
        }
        if (_definitions.Find(d => needs[d.Order] > 0) is not { } start) return;
        // Whoever waits needs another that waits, so walking on ends in a cycle.
        var path = new List<Definition>();
        while (!path.Contains(start))
        {
            path.Add(start);
            start = Needs(start).First(n => needs[n.Order] > 0);
        }
        var cycle = path.SkipWhile(d => d != start).ToList();
        var names = cycle.Append(start).Select(d => $"`{d.Targets[0].Name.Name}`");
        var error = Diagnostic.Create(UnsupportedDiagnostics.Recurrence, start.Span,
            cycle.Count == 1 ? $"{names.First()} needs itself" : string.Join(" needs ", names.Take(2)) + string.Concat(names.Skip(2).Select(n => $", which needs {n}")));
        foreach (var d in cycle.Skip(1).Take(4)) error = error.WithLabel(d.Span, "part of the cycle");
        _bag.Add(error);
    }

    /// <summary>A call bound to names is a stage; so is one of a function that does not exist, for its message.</summary>
    private bool Bind(Definition d)
    {
        if (d.Value is not CallSyntax { Target: NameExpressionSyntax f } call || d.Targets.Any(t => t.Subscripts is not null) || _scope.FindLocal(f.Name) is not null)
            return BindEquation(d);
        if (_module.Table.Operators.ContainsKey(f.Name)) return BindCall(d);
        return ExpressionBinder.IsFunction(f.Name, _scope) ? BindEquation(d) : new ExpressionBinder(_scope, _bag).Bind(call) is not null;
    }
}
