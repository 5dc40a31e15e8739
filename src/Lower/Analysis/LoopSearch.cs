using Tx.Lower.Ir;

namespace Tx.Lower.Analysis;

/// <summary>Finds loops.</summary>
public static class LoopSearch
{
    /// <summary>No loop stands in the body of this one.</summary>
    public static bool IsInnermost(For f) => !HasLoop(f.Body);

    /// <summary>A loop stands in the statement, or is it.</summary>
    public static bool HasLoop(Stmt s)
    {
        var search = new Search();
        search.Visit(s);
        return search.Found;
    }

    private sealed class Search : Walker
    {
        public bool Found { get; private set; }

        public override void Visit(Expr e) { }

        public override void Visit(Stmt s)
        {
            Found |= s is For;
            if (!Found) base.Visit(s);
        }
    }
}
