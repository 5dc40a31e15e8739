using Tx.Lower.Ir;

namespace Tx.Lower.Schedule;

/// <summary>The loops inside of an instance: those of an instruction, over its tile.</summary>
internal sealed class TileLoops : Walker
{
    private readonly List<For> _found = [];

    public static IReadOnlyList<For> In(Instance i)
    {
        var loops = new TileLoops();
        if (i.Init is not null) loops.Visit(i.Init);
        loops.Visit(i.Body);
        return loops._found;
    }

    public override void Visit(Expr e) { }

    public override void Visit(Stmt s)
    {
        if (s is For f) _found.Add(f);
        base.Visit(s);
    }
}
