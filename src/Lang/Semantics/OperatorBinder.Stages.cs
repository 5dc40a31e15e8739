using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Dependences;
using Tx.Lang.Program;

namespace Tx.Lang.Semantics;

/// <summary>From bound equations to stages: which belong together, in which order they are evaluated, and what they owe for it.</summary>
internal sealed partial class OperatorBinder
{
    /// <summary>Lines that define or update the same tensors.</summary>
    private sealed class Unit
    {
        public List<Definition> Definitions { get; } = [];
        public List<Unit> Needs { get; } = [];
    }

    private void OrderStages()
    {
        if (_bag.HasErrors || _isIncomplete) return;
        foreach (var component in Components.Sort(Units(), u => u.Needs))
        {
            var lines = component.SelectMany(u => u.Definitions).OrderBy(d => d.Order).ToList();
            foreach (var d in lines) _stages.AddRange(d.Calls);
            var equations = lines.Where(d => d.Equation is not null).ToList();
            bool isCyclic = component.Count > 1 || component[0].Needs.Contains(component[0]);
            if (isCyclic && lines.Find(d => d.Equation is null) is { } call)
                _bag.Add(Diagnostic.Create(SemanticDiagnostics.CallInCycle, call.Span, call.Targets[0].Name.Name).WithLabel(equations.FirstOrDefault(call).Span, "needed here"));
            else if (equations.Count > 0) AddStage([.. equations.Select(d => d.Equation!)], isCyclic);
            if (_bag.HasErrors) return;
        }
    }

    private List<Unit> Units()
    {
        var unitOf = new Dictionary<TensorName, Unit>();
        var units = new List<Unit>();
        foreach (var d in _definitions)
        {
            var known = d.Tensors.Select(t => unitOf.GetValueOrDefault(t)).OfType<Unit>().Distinct().ToList();
            var unit = known.Count > 0 ? known[0] : new Unit();
            if (known.Count == 0) units.Add(unit);
            foreach (var other in known.Skip(1))
            {
                unit.Definitions.AddRange(other.Definitions);
                units.Remove(other);
            }
            unit.Definitions.Add(d);
            foreach (var t in unit.Definitions.SelectMany(x => x.Tensors)) unitOf[t] = unit;
        }
        foreach (var unit in units)
        {
            unit.Definitions.Sort((a, b) => a.Order.CompareTo(b.Order));
            unit.Needs.AddRange(unit.Definitions.SelectMany(d => d.Read).SelectMany(MentionedNames.In)
                .Select(n => _scope.FindLocal(n) is TensorName t ? unitOf.GetValueOrDefault(t) : null).OfType<Unit>().Distinct());
        }
        units.Sort((a, b) => a.Definitions[0].Order.CompareTo(b.Definitions[0].Order));
        return units;
    }

    private void AddStage(ImmutableArray<Equation> equations, bool isCyclic)
    {
        var tensors = equations.SelectMany(e => e.Targets).Select(t => t.Tensor).Distinct().ToImmutableArray();
        var definitions = equations.Where(e => e.Update is null).ToImmutableArray();
        var updates = equations.Where(e => e.Update is not null).ToImmutableArray();
        foreach (var tensor in tensors) CheckCoverage(tensor, definitions);
        if (_bag.HasErrors) return;
        var stage = new Stage(tensors, [.. definitions, .. updates]);
        if (isCyclic)
        {
            if (updates.Length > 0)
            {
                var changed = updates[0].Targets[0].Tensor;
                var reader = equations.First(e => ReadCollector.Find(e, t => t == changed).Count > 0);
                var error = Diagnostic.Create(SemanticDiagnostics.UpdateInCycle, updates[0].Span, changed.Name);
                _bag.Add(reader.Span is { } span ? error.WithLabel(span, "needed here") : error);
                return;
            }
            if (FindOrder(definitions) is not { } order) return;
            stage = stage with { Order = order };
        }
        _stages.Add(stage);
    }

    private ImmutableArray<Step>? FindOrder(ImmutableArray<Equation> equations)
    {
        var dependences = Dependence.Find(equations, _module.Prover, [.. _requires]);
        if (new EvaluationOrder(_module.Prover, [.. _requires]).Find(equations, dependences) is { } order) return order;
        var reason = dependences.Find(d => d.From == d.To) ?? dependences[0];
        string name = reason.Read.Tensor.Name;
        var error = CycleSearch.Find(equations, _dims, [.. _requires]) is { } witness
            ? Diagnostic.Create(SemanticDiagnostics.ElementCycle, reason.To.Span, name).WithWitness(witness)
            : Diagnostic.Create(UnsupportedDiagnostics.OrderNotFound, reason.To.Span, name);
        foreach (var read in dependences.Select(d => d.Read).Distinct().Take(4))
            if (read.Span is { } span) error = error.WithLabel(span, $"needs `{read.Tensor.Name}`");
        _bag.Add(error);
        return null;
    }

    /// <summary>The definitions of a tensor cover it and do not overlap: proved, refused with the element, or owed.</summary>
    private void CheckCoverage(TensorSymbol tensor, ImmutableArray<Equation> definitions)
    {
        var parts = definitions.SelectMany(e => e.Targets.Where(t => t.Tensor == tensor).Select(t => (Equation: e, Target: t))).ToList();
        if (parts is [var sole] && Coverage.IsWhole(sole.Target)) return;
        var element = Coverage.Element(tensor, parts[0].Target);
        var writes = new List<Term>();
        foreach (var (equation, target) in parts)
        {
            if (Coverage.Writes(equation, target, element) is { } condition) writes.Add(condition);
            else
            {
                _bag.Add(UnsupportedDiagnostics.PartialEquation, equation.Span, tensor.Name);
                return;
            }
        }
        var at = new ReadTerm(tensor, [.. element.Select(i => new IndexTerm(i))], null);
        Decide(SemanticDiagnostics.NotCovered, writes.Aggregate((a, b) => new LogicalTerm(false, a, b)), parts[^1].Equation.Span,
            tensor.Span is { } declared ? [new(declared, $"`{ProgramPrinter.Declaration(tensor)}`")] : []);
        for (int a = 0; a < parts.Count; a++)
            for (int b = a + 1; b < parts.Count && !_bag.HasErrors; b++)
                Decide(SemanticDiagnostics.DefinedTwice, Terms.Negate(new LogicalTerm(true, writes[a], writes[b])), parts[b].Equation.Span,
                    parts[a].Equation.Span is { } first ? [new(first, "also here")] : []);

        void Decide(DiagnosticDescriptor descriptor, Term condition, SourceSpan? span, ImmutableArray<Label> labels) =>
            DecideNow(new Obligation(descriptor, [tensor.Name], condition, element, [], span, labels) { Element = at });
    }

    /// <summary>A subscript on the left lies inside the tensor; one that reads data is checked when the kernel runs.</summary>
    private void OweInside(Target target, ImmutableArray<IndexSymbol> scope, SourceSpan? span)
    {
        for (int d = 0; d < target.Indices.Length && !_bag.HasErrors; d++)
        {
            var (index, extent) = (target.Indices[d], target.Tensor.Shape[d]);
            if (TermMeasure.ReadsData(index)) continue;
            if (index is IndexTerm { Index: { Start: ConstTerm { Value.Integer: >= 0 } } i } && AffineForm.Of(i.End).Equals(AffineForm.Of(extent))) continue;
            var inside = new LogicalTerm(true, new BinaryTerm(BinaryOp.Ge, index, ConstTerm.Int(0)), new BinaryTerm(BinaryOp.Lt, index, extent));
            string help = index is ConstTerm { Value.Integer: >= 0 and < long.MaxValue } c
                ? $"add `require {Terms.Print(extent)} >= {c.Value.Integer + 1}`" : $"let the subscript stay in 0..{Terms.Print(extent)}";
            DecideNow(new Obligation(SemanticDiagnostics.WrittenOutside, [target.Tensor.Name, d, Terms.Print(extent), help], inside, scope, [], index.Span ?? span,
                target.Tensor.Span is { } place ? [new(place, $"`{ProgramPrinter.Declaration(target.Tensor)}`")] : [])
            { Element = new ReadTerm(target.Tensor, target.Indices, null) });
        }
    }

    /// <summary>Proved or refused at once, so that later errors do not follow from it; owed where neither can be told for all sizes.</summary>
    private void DecideNow(Obligation o)
    {
        var result = _module.Prover.Prove([.. _requires], o.Scope, o.Condition);
        if (result.Verdict is Verdict.Refuted) _bag.Add(Proofs.ProofReport.Refuted(o, result));
        if (result.Verdict is Verdict.Unknown) _obligations.Add(o);
    }
}
