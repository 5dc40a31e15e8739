using System.Collections.Immutable;
using System.Text;

namespace Tx.Lang.Formatting;

/// <summary>Chooses the breaks of a document, as Wadler's "A prettier printer" does, in time linear in its length.</summary>
internal sealed class DocPrinter
{
    private readonly int _width;
    private readonly List<LayoutLine> _lines = [];
    private readonly StringBuilder _code = new();
    private readonly Stack<Open> _stack = [];
    private string? _comment;
    private int _indent, _nextIndent;
    private bool _lineEnded;

    private DocPrinter(int indent, int width) => (_width, _indent) = (width, indent);

    /// <summary>What is still to be printed: a document from one of its parts on.</summary>
    private readonly record struct Open(int Indent, bool IsFlat, Doc Doc, int Part = 0);

    public static IReadOnlyList<LayoutLine> Print(Doc doc, int indent, int width)
    {
        var printer = new DocPrinter(indent, width);
        printer.Run(doc);
        printer.Flush();
        return printer._lines;
    }

    private int Column => _lineEnded ? _nextIndent : _indent + _code.Length;

    private void Run(Doc doc)
    {
        _stack.Push(new(_indent, false, doc));
        while (_stack.TryPop(out var next))
        {
            switch (next.Doc)
            {
                case TextDoc t:
                    if (_lineEnded) Flush();
                    _code.Append(t.Text);
                    break;
                case TrailingDoc t:
                    _comment = _comment is null ? t.Text : $"{_comment} {t.Text}";
                    break;
                case BreakDoc b when next.IsFlat:
                    if (b.IsSpace && !_lineEnded) _code.Append(' ');
                    break;
                case BreakDoc or LineEndDoc:
                    (_lineEnded, _nextIndent) = (true, next.Indent);
                    break;
                case IndentDoc i:
                    _stack.Push(new(next.Indent + SourceFormatter.IndentStep, next.IsFlat, i.Content));
                    break;
                case GroupDoc g:
                    _stack.Push(new(next.Indent, next.IsFlat || Fits([g.Content], withRest: true), g.Content));
                    break;
                case ConcatDoc c when next.Part < c.Parts.Length:
                    _stack.Push(next with { Part = next.Part + 1 });
                    _stack.Push(new(next.Indent, next.IsFlat, c.Parts[next.Part]));
                    break;
                case FillDoc f when next.Part < f.Parts.Length:
                    Fill(f.Parts, next);
                    break;
            }
        }
    }

    /// <summary>Prints a part, and the break after it as a line end where the part after that does not fit as well.</summary>
    private void Fill(ImmutableArray<Doc> parts, Open at)
    {
        var part = parts[at.Part];
        bool isLast = at.Part + 1 == parts.Length;
        bool fits = at.IsFlat || Fits([part], withRest: isLast);
        if (!isLast)
        {
            var (separator, following) = (parts[at.Part + 1], parts[at.Part + 2]);
            _stack.Push(at with { Part = at.Part + 2 });
            _stack.Push(new(at.Indent, at.IsFlat || (fits && Fits([part, separator, following], withRest: at.Part + 3 == parts.Length)), separator));
        }
        _stack.Push(new(at.Indent, fits, part));
    }

    private void Flush()
    {
        _lines.Add(new(_indent, _code.ToString().TrimEnd(), _comment));
        _code.Clear();
        (_comment, _indent, _lineEnded) = (null, _nextIndent, false);
    }

    /// <summary>True where the documents fit into what is left of the line, together with what follows them in it.</summary>
    private bool Fits(ReadOnlySpan<Doc> docs, bool withRest)
    {
        int left = _width - Column;
        var open = new Stack<Open>();
        for (int i = docs.Length - 1; i >= 0; i--) open.Push(new(0, true, docs[i]));
        using var rest = withRest ? ((IEnumerable<Open>)_stack).GetEnumerator() : null;
        bool isRest = false;
        while (left >= 0)
        {
            if (!open.TryPop(out var next))
            {
                isRest = true;
                if (rest is null || !rest.MoveNext()) return true;
                next = rest.Current;
            }
            switch (next.Doc)
            {
                case TextDoc t: left -= t.Text.Length; break;
                case TrailingDoc: break;
                case LineEndDoc: return isRest;
                case BreakDoc b:
                    if (!next.IsFlat) return true;
                    if (b.IsSpace) left--;
                    break;
                case IndentDoc i: open.Push(next with { Doc = i.Content, Part = 0 }); break;
                // What follows may break wherever it can.
                case GroupDoc g: open.Push(next with { Doc = g.Content, Part = 0, IsFlat = next.IsFlat }); break;
                case ConcatDoc c when next.Part < c.Parts.Length:
                    open.Push(next with { Part = next.Part + 1 });
                    open.Push(next with { Doc = c.Parts[next.Part], Part = 0 });
                    break;
                case FillDoc f when next.Part < f.Parts.Length:
                    open.Push(next with { Part = next.Part + 1 });
                    open.Push(next with { Doc = f.Parts[next.Part], Part = 0 });
                    break;
            }
        }
        return false;
    }
}
