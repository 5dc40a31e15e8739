using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Proofs;
using Tx.Lang.Syntax;

namespace Tx.Lang.Semantics;

/// <summary>Binds one operator for one specialisation: its signature, then its equations in the order in which they need each other.</summary>
internal sealed partial class OperatorBinder
{
    private readonly ModuleBinder _module;
    private readonly DiagnosticBag _bag;
    private readonly NameScope _scope;
    private readonly List<DimSymbol> _dims = [];
    private readonly List<TensorName> _parameters = [], _results = [], _intermediates = [];
    private readonly List<Term> _requires = [];
    private readonly List<(string, Scalar)> _consts = [];
    private readonly List<Definition> _definitions = [];
    private List<Stage> _stages = [];
    private readonly List<CallSite> _calls = [];
    private readonly List<Obligation> _obligations = [];
    private readonly HashSet<(string Code, string Condition)> _owed = [];
    private readonly HashSet<string> _stageNames = new(StringComparer.Ordinal);
    private SizeComparer _sizes;
    private string _name = "";
    /// <summary>Something could not be bound, perhaps because it could not be read, which the parser has reported.</summary>
    private bool _isIncomplete;
    /// <summary>A line was lost whose left side may have named any tensor.</summary>
    private bool _isLineLost;

    public OperatorBinder(ModuleBinder module, DiagnosticBag bag)
    {
        (_module, _bag, _scope) = (module, bag, new NameScope(module));
        _sizes = new(module.Prover, []);
    }

    public Operator? Bind(OpSyntax op, Specialisation specialisation)
    {
        _name = _scope.Operator = op.Name.Text;
        BindSignature(op, specialisation);
        Collect(op.Body, []);
        BindRequires(op);
        if (_bag.HasErrors && _definitions.Count == 0) return null;
        BindDefinitions();
        ReportMissing();
        OrderStages();
        return Finish(op.Doc, op.Span);
    }

    private Operator? Finish(string? doc, SourceSpan? span)
    {
        if (_bag.HasErrors || _isIncomplete) return null;
        foreach (var t in _parameters.Concat(_intermediates))
            if (!t.IsRead) _bag.Add(SemanticDiagnostics.UnusedTensor, t.Span, t.Name);
        return new Operator
        {
            Name = _name,
            Doc = doc,
            Span = span,
            Dims = [.. _dims],
            Parameters = [.. _parameters.Select(p => p.Tensor!)],
            Results = [.. _results.Select(r => r.Tensor!)],
            Requires = [.. _requires],
            Stages = [.. _stages],
            RuntimeChecks = RuntimeCheckFinder.Find(_stages, [.. _requires], _module.Prover),
            Obligations = [.. _obligations],
            Consts = [.. _consts],
            Calls = [.. _calls],
        };
    }

    private void ReportMissing()
    {
        if (_isLineLost) return;
        foreach (var t in _results.Concat(_intermediates))
            if (t.Definitions.Count == 0)
                _bag.Add(SemanticDiagnostics.MissingEquation, t.Span, t.Name, t.Tensor is { Rank: > 0 } tensor
                    ? $"{t.Name}[{string.Join(", ", "ijklmnopqrstuvwxyz".Take(tensor.Rank))}]" : t.Name);
    }

    // ---- what is owed -------------------------------------------------------------------------------------------------

    /// <summary>Keeps what must be proved, once; what is decided by form is dropped, or reported at once.</summary>
    private void Owe(Obligation o)
    {
        var condition = Terms.Simplify(o.Condition);
        if (condition is ConstTerm { Value.IsTrue: true }) return;
        if (condition is ConstTerm && o.Scope.IsEmpty && o.Assumptions.IsEmpty)
        {
            _bag.Add(Diagnostic.Create(o.Descriptor, o.Span, [.. o.Arguments]) with { Labels = o.Labels });
            return;
        }
        if (o.Scope.IsEmpty && o.Assumptions.IsEmpty && !_owed.Add((o.Descriptor.Code, Terms.Print(condition)))) return;
        _obligations.Add(o with { Condition = condition });
    }

    /// <summary>Every extent of a tensor that is computed is at least 0.</summary>
    private void OweExtents(TensorSymbol tensor)
    {
        foreach (var extent in tensor.Shape)
        {
            if (IsNeverNegative(AffineForm.Of(extent))) continue;
            Owe(new(SemanticDiagnostics.NegativeExtent, [tensor.Name, Terms.Print(extent)],
                new BinaryTerm(BinaryOp.Ge, extent, ConstTerm.Int(0)), [], [], tensor.Span ?? extent.Span, []));
        }
    }

    private static bool IsNeverNegative(AffineForm form) => form.Constant.Sign >= 0 && form.Terms.All(t => t.Coefficient.Sign > 0 && IsNeverNegative(t.Atom));

    private static bool IsNeverNegative(AffineAtom atom) => atom switch
    {
        DimAtom => true,
        ProductAtom p => p.Factors.All(IsNeverNegative),
        DivAtom { Divisor: { IsConstant: true, Constant.Sign: > 0 } } d => IsNeverNegative(d.Dividend),
        ExtremumAtom x => x.IsMax ? IsNeverNegative(x.Left) || IsNeverNegative(x.Right) : IsNeverNegative(x.Left) && IsNeverNegative(x.Right),
        _ => false,
    };

    /// <summary>Two extents that must be equal: proved now, refused now, or owed where that cannot be told.</summary>
    private bool Agree(Term actual, Term expected, DiagnosticDescriptor descriptor, ImmutableArray<object?> arguments, SourceSpan? span, ImmutableArray<Label> labels)
    {
        var equal = _sizes.Equal(actual, expected);
        if (equal.Verdict is Verdict.Unknown)
            _obligations.Add(new(descriptor, arguments, new BinaryTerm(BinaryOp.Eq, actual, expected), [], [], span, labels));
        if (equal.Verdict is not Verdict.Refuted) return true;
        var error = Diagnostic.Create(descriptor, span, [.. arguments]) with { Labels = labels, Witness = SizeComparer.Witness(equal) };
        _bag.Add(actual is ConstTerm && expected is ConstTerm ? error.WithHelp("pass a tensor of that shape") : error);
        return false;
    }
}
