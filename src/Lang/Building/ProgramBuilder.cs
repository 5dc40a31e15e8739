using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx.Lang.Building;

/// <summary>A program made from C# objects instead of text. It is printed and read like any text, so that binding, proofs and diagnostics are the
/// same, and a diagnostic points into <see cref="ToText"/>. Not safe for several threads.</summary>
/// <param name="name">Stands for the path of the text in diagnostics.</param>
public sealed class ProgramBuilder(string name = "<built>")
{
    private readonly List<Func<ItemSyntax>> _items = [];

    /// <summary>Declares an operator; <paramref name="build"/> gives it parameters, results and equations.</summary>
    /// <exception cref="ArgumentException">The name is no identifier, or a keyword.</exception>
    public OperatorBuilder Operator(string operatorName, Action<OperatorBuilder> build)
    {
        var op = new OperatorBuilder(operatorName);
        build(op);
        _items.Add(op.ToSyntax);
        return op;
    }

    /// <summary>Declares a reduction: <paramref name="combine"/> of two values, and the value that an empty range gives.</summary>
    /// <returns>Its name, for <see cref="Compute.Reduce"/>.</returns>
    public string Reducer(string reducerName, TypeName type, Expr identity, Func<Expr, Expr, Expr> combine)
    {
        var written = new Name(reducerName).Written;
        Name a = new("a"), b = new("b");
        ValueArray<ParameterSyntax> parameters = [new(default, false, a.Written, type.Of([]), null), new(default, false, b.Written, type.Of([]), null)];
        ValueArray<ItemSyntax> body =
        [
            new SimpleSyntax(default, new NameExpressionSyntax(default, "identity"), null, AssignKind.Assign, identity.Syntax),
            new SimpleSyntax(default, new NameExpressionSyntax(default, "combine"), null, AssignKind.Assign, combine(a, b).Syntax),
        ];
        _items.Add(() => new ReducerSyntax(default, written, parameters, type.Of([]), body));
        return reducerName;
    }

    /// <summary>Declares a named constant.</summary>
    /// <param name="type">Null for a literal, which takes the type that it meets.</param>
    public Name Const(string constantName, TypeName? type, Expr value)
    {
        var constant = new Name(constantName);
        _items.Add(() => new ConstSyntax(default, constant.Written, type?.Of([]), value.Syntax));
        return constant;
    }

    /// <summary>Makes the declarations of a file known; the path is as in <c>import "path"</c>.</summary>
    public void Import(string path) => _items.Add(() => new ImportSyntax(default, path));

    /// <summary>The program as text in the language.</summary>
    /// <exception cref="DiagnosticException">An expression is nested too deeply.</exception>
    public string ToText()
    {
        try
        {
            return SyntaxPrinter.Print(new FileSyntax(default, [.. _items.Select(i => i())]));
        }
        catch (InsufficientExecutionStackException)
        {
            throw new DiagnosticException(SyntaxDiagnostics.TooDeep, null, "operations are", SyntaxParser.MaxOperatorDepth);
        }
    }

    /// <summary>The text with its name, as a session takes it.</summary>
    public SourceText ToSource() => new(name, ToText());

    /// <summary>The parsed text.</summary>
    public SyntaxTree ToTree() => SyntaxParser.Parse(ToSource());

    /// <summary>A binder of the program's operators.</summary>
    /// <param name="import">Finds the tree for the path of an <c>import</c>; null: there are none.</param>
    /// <param name="bag">Receives errors of the text and of what it declares.</param>
    public ModuleBinder ToModule(IProver prover, DiagnosticBag bag, Func<SourceSpan, string, SyntaxTree?>? import = null)
    {
        var tree = ToTree();
        bag.AddRange(tree.Diagnostics);
        return new(DeclarationTable.Build(tree, import ?? ((_, _) => null), null, bag), prover);
    }

    /// <summary>One operator, bound for a representative choice of types, ranks and <c>const</c> values.</summary>
    /// <returns>Null where it has errors, which are in <paramref name="bag"/>.</returns>
    /// <exception cref="ArgumentException">The program has no such operator.</exception>
    public Operator? Bind(string operatorName, IProver prover, DiagnosticBag bag)
    {
        var module = ToModule(prover, bag);
        return module.Table.Operators.TryGetValue(operatorName, out var op) ? module.Bind(op, Specialisation.Representative(op), bag)
            : throw new ArgumentException($"there is no operator `{operatorName}`", nameof(operatorName));
    }
}
