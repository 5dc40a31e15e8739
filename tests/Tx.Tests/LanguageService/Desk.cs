using Tx.Core;
using Tx.LanguageServices;
using Tx.Tests.Support;

namespace Tx.Tests.LanguageServices;

/// <summary>Documents on a desk, and a place in one of them where the text has a <c>$</c>.</summary>
internal sealed class Desk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LanguageService Service { get; } = new();
    public Workspace Workspace { get; private set; } = Workspace.Empty;

    /// <summary>Opens a document and gives its path.</summary>
    public string Open(string name, string text) => Open(name, text, out _);

    public string Open(string name, string text, out int place)
    {
        place = text.IndexOf('$', StringComparison.Ordinal);
        if (place >= 0) text = text.Remove(place, 1);
        string path = Path.Combine(_folder.Path, name);
        Workspace = Workspace.With(DocumentSnapshot.Of(path, text, Workspace.Find(path)?.Version + 1 ?? 0));
        return path;
    }

    public void Close(string path) => Workspace = Workspace.Without(path);

    /// <summary>A file that is not open.</summary>
    public void File(string name, string text) => _folder.Write(name, text);

    public List<Diagnostic> Diagnose(string path) => [.. Service.Diagnose(Workspace, path), .. Service.DiagnoseStatements(Workspace, path)];

    public string Hover(string text)
    {
        string path = Open("hover.tx", text, out int place);
        return Service.Hover(Workspace, path, place)?.Markdown ?? "";
    }

    /// <summary>The text from where the definition stands to the end of its line.</summary>
    public string Definition(string text)
    {
        string path = Open("definition.tx", text, out int place);
        var found = Service.Definition(Workspace, path, place);
        return found.IsEmpty ? "" : $"{Path.GetFileName(found[0].Source.Path)}: {found[0].Source.Text[found[0].Span.Start..].Split('\n')[0]}";
    }

    public List<string> Complete(string text)
    {
        string path = Open("complete.tx", text, out int place);
        return [.. Service.Complete(Workspace, path, place).Entries.Select(e => e.Label)];
    }

    public void Dispose()
    {
        Service.Dispose();
        _folder.Dispose();
    }
}
