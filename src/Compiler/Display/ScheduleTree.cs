using System.Collections.Immutable;
using System.Text;
using Tx.Lower.Schedule.Steps;

namespace Tx.Display;

/// <summary>Where each stage of an operator is computed, and where what it writes is stored.</summary>
/// <param name="Title">The operator, its schedule and its sizes.</param>
/// <param name="Nests">The nests as they run.</param>
/// <param name="Root">Temporaries that live as long as the call: their names and types.</param>
public sealed record ScheduleTree(string Title, ImmutableArray<NestView> Nests, ImmutableArray<(string Name, string Type)> Root);

/// <summary>A schedule as a tree: loops branch, stages are leaves, storage stands at the loop that it lives in.</summary>
internal static class TreeFormat
{
    private const double RowHeight = 24, Indent = 26, Left = 14;

    /// <param name="Kind"><c>loop</c>, <c>store</c>, <c>stage</c>, <c>root</c>.</param>
    private sealed record Node(string Kind, string Text, string Note, string Colour, ImmutableArray<Node> Children);

    public static DisplayBundle Of(ScheduleTree tree)
    {
        var root = new Node("root", tree.Title, "", Theme.Grey, [.. tree.Root.Select(t => Store(t.Name, t.Type)), .. Nodes(tree.Nests)]);
        var text = new StringBuilder(root.Text).Append('\n');
        Lines(text, root.Children, "");
        return DisplayBundle.OfSvg(text.ToString(), Draw(root, tree.Title));
    }

    private static Node Store(string name, string type) => new("store", $"store {name}", type, Theme.Teal, []);

    private static ImmutableArray<Node> Nodes(ImmutableArray<NestView> views)
    {
        var nodes = ImmutableArray.CreateBuilder<Node>();
        foreach (var view in views)
            switch (view)
            {
                case LoopView:
                    nodes.Add(Chain(view));
                    break;
                case BufferView b:
                    nodes.Add(Store(b.Name, b.Type));
                    nodes.AddRange(Nodes(b.Body));
                    break;
                case ConditionView c: nodes.AddRange(Nodes(c.Body)); break;
                // A name for an index, or a check, is no stage.
                case StatementView { Name.Length: > 0 } s: nodes.Add(new("stage", s.Name, "computed", Theme.Blue, [])); break;
            }
        return nodes.ToImmutable();
    }

    // Loops that hold one loop and nothing else are one node.
    private static Node Chain(NestView view)
    {
        var loops = new List<LoopView>();
        while (view is LoopView l)
        {
            loops.Add(l);
            if (l.Body is not [LoopView next]) break;
            view = next;
        }
        string colour = loops.Select(l => l.Kind).FirstOrDefault(k => k != "serial") is { } mark ? Theme.OfMark(mark) : Theme.Grey;
        return new("loop", string.Join(" · ", loops.Select(l => l.Kind == "serial" ? l.Variable : $"{l.Variable} {l.Kind}")), string.Join(" × ", loops.Select(l => l.Extent.Contains(' ', StringComparison.Ordinal) ? $"({l.Extent})" : l.Extent)), colour, Nodes(loops[^1].Body));
    }

    private static void Lines(StringBuilder text, ImmutableArray<Node> nodes, string indent)
    {
        for (int i = 0; i < nodes.Length; i++)
        {
            bool isLast = i == nodes.Length - 1;
            text.Append(indent).Append(isLast ? "└ " : "├ ").Append(nodes[i].Text);
            if (nodes[i].Kind != "stage") text.Append("  ").Append(nodes[i].Note);
            text.Append('\n');
            Lines(text, nodes[i].Children, indent + (isLast ? "  " : "│ "));
        }
    }

    private static string Draw(Node root, string title)
    {
        var rows = new List<(Node Node, int Depth, int Parent)>();
        Flatten(root, 0, -1, rows);
        double width = Math.Clamp(rows.Max(r => Left + r.Depth * Indent + 60 + 7.3 * (r.Node.Text.Length + 3 + r.Node.Note.Length)), 240, 960);
        var drawing = new Drawing(width, rows.Count * RowHeight + 8, $"schedule of {title}");
        for (int i = 0; i < rows.Count; i++)
        {
            var (node, depth, parent) = rows[i];
            double x = Left + depth * Indent, y = i * RowHeight + 16;
            if (parent >= 0)
            {
                double above = Left + rows[parent].Depth * Indent;
                drawing.Line(above, parent * RowHeight + 16 + 6, above, y, opacity: 0.35);
                drawing.Line(above, y, x - 6, y, opacity: 0.35);
            }
            switch (node.Kind)
            {
                case "stage": drawing.Circle(x, y, 5, node.Colour); break;
                case "store": drawing.Rectangle(x - 5, y - 5, 10, 10, "none", node.Colour); break;
                default: drawing.Rectangle(x - 5, y - 5, 10, 10, node.Colour, radius: 2); break;
            }
            int room = (int)((width - x - 30) / 7.3);
            string text = Shortened(node.Text, room), note = Shortened(node.Note, room - text.Length - 2);
            drawing.Text(x + 12, y + 4, text, isMono: true);
            if (note.Length > 0) drawing.Text(x + 12 + 7.3 * (text.Length + 2), y + 4, note, isQuiet: true, isMono: true);
        }
        return drawing.ToString();
    }

    private static string Shortened(string text, int room) => text.Length <= room ? text : room < 2 ? "" : text[..(room - 1)] + "…";

    private static void Flatten(Node node, int depth, int parent, List<(Node, int, int)> rows)
    {
        int own = rows.Count;
        rows.Add((node, depth, parent));
        foreach (var child in node.Children) Flatten(child, depth + 1, own, rows);
    }
}
