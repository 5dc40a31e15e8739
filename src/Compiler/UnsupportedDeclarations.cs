using Tx.Core;
using Tx.Lang.Semantics;
using Tx.Lang.Syntax;

namespace Tx;

/// <summary>Declarations that parse and that nothing can be done with yet; operators that use them are refused where they do.</summary>
internal static class UnsupportedDeclarations
{
    public static IEnumerable<Diagnostic> Find(DeclarationTable table, Func<ItemSyntax, bool> isAsked)
    {
        foreach (var t in table.Targets.Values.Where(t => isAsked(t))) yield return Refuse("target", t.Name);
    }

    private static Diagnostic Refuse(string what, NameSyntax name) =>
        Diagnostic.Create(SessionDiagnostics.DeclarationNotSupported, name.Span, what, name.Text);
}
