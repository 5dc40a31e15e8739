using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>What an operator is checked for.</summary>
/// <param name="Guessed">The <c>const</c> parameters whose values neither a default, nor <c>-D</c>, nor a call says: they have the first small number that <c>require</c> admits.</param>
internal sealed record ConstChoice(Specialisation Specialisation, ImmutableArray<string> Guessed);

/// <summary>Finds values for the <c>const</c> parameters of an operator: those of <c>-D</c>, then those that calls in the program pass, then small numbers that <c>require</c> admits.</summary>
internal sealed class ConstChoices(LoadedProgram program, ModuleBinder module, ImmutableDictionary<string, Scalar> defines)
{
    private const int MaxChoices = 4;

    /// <summary>Empty where no values are known that <c>require</c> admits.</summary>
    public ImmutableArray<ConstChoice> Of(OpSyntax op)
    {
        var given = With(op, defines);
        var open = op.Parameters.Where(p => p.IsConst && p.Default is null && given.ValueOf(p.Name.Text) is null).ToList();
        if (open.Count == 0) return [new(given, [])];
        var called = new List<Specialisation>();
        foreach (var tree in program.Declarations.Imports.Prepend(program.Tree))
        {
            foreach (var call in tree.Root.DescendantsAndSelf().OfType<CallSyntax>().Where(c => c.Target is NameExpressionSyntax n && n.Name == op.Name.Text))
                if (Passed(op, open, call, tree, given) is { } values && module.AdmitsConsts(op, values) && !called.Contains(values) && called.Count < MaxChoices) called.Add(values);
            if (called.Count > 0) return [.. called.Select(s => new ConstChoice(s, []))];
        }
        return module.AdmitsConsts(op, given) ? [new(given, [.. open.Select(p => p.Name.Text)])] : [];
    }

    /// <summary>The usual types and ranks, and for the <c>const</c> parameters what the command line says.</summary>
    public static Specialisation With(OpSyntax op, ImmutableDictionary<string, Scalar> defines)
    {
        var usual = Specialisation.Representative(op);
        if (defines.IsEmpty) return usual;
        var consts = ImmutableArray.CreateBuilder<(string, Scalar)>();
        foreach (var p in op.Parameters.Where(p => p.IsConst))
            if (defines.TryGetValue(p.Name.Text, out var value) && ElementTypes.TryParse(p.Type.Name.Text, out var type))
                consts.Add((p.Name.Text, ScalarMath.Cast(CastKind.Convert, type, value)));
        return usual with { Consts = [.. consts] };
    }

    // Null where a value is no constant of the file.
    private Specialisation? Passed(OpSyntax op, List<ParameterSyntax> open, CallSyntax call, SyntaxTree tree, Specialisation given)
    {
        var positional = call.Arguments.Where(a => a.Name is null).ToList();
        var consts = given.Consts.ToList();
        foreach (var p in open)
        {
            int place = op.Parameters.Items.IndexOf(p);
            var value = call.Arguments.FirstOrDefault(a => a.Name?.Text == p.Name.Text)?.Value ?? (place < positional.Count ? positional[place].Value : null);
            if (value is NameExpressionSyntax { Name: var name } && tree.Root.Items.OfType<LetSyntax>().FirstOrDefault(l => l.Target is NameExpressionSyntax n && n.Name == name) is { } let) value = let.Value;
            if (value is null || !ElementTypes.TryParse(p.Type.Name.Text, out var type) || module.Evaluate(value, type, new DiagnosticBag()) is not { } known) return null;
            consts.Add((p.Name.Text, known));
        }
        return given with { Consts = [.. consts] };
    }
}
