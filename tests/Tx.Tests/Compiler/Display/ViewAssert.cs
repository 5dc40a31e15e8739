using System.Xml.Linq;
using Tx.Display;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler.Display;

/// <summary>What every view holds to.</summary>
internal static class ViewAssert
{
    private static readonly string[] Addresses = ["src", "href", "xlink:href", "data", "action"];

    /// <summary>Text is always there; the rest is well-formed, has no ids, no scripts, and asks the network for nothing.</summary>
    public static XElement IsSound(DisplayBundle bundle)
    {
        Assert.NotEmpty(bundle.Plain);
        Assert.All(bundle.Data.Keys, k => Assert.Matches(@"^[\w\-\+\.]+/[\w\-\+\.]+$", k));
        if (bundle.Rich is not { } rich) return new("none");
        var root = XElement.Parse($"<div>{rich}</div>", LoadOptions.PreserveWhitespace);
        Assert.DoesNotContain(root.Descendants(), e => e.Attribute("id") is not null);
        IsOffline(root);
        return root;
    }

    public static void IsOffline(XElement root)
    {
        Assert.DoesNotContain(root.DescendantsAndSelf(), e => e.Name.LocalName is "script" or "link" or "iframe" or "object");
        foreach (var e in root.DescendantsAndSelf())
            foreach (var a in e.Attributes())
            {
                Assert.False(a.Name.LocalName.StartsWith("on", StringComparison.Ordinal), a.ToString());
                if (Addresses.Contains(a.Name.LocalName)) Assert.True(a.Value.StartsWith("data:", StringComparison.Ordinal) || a.Value.StartsWith('#'), a.ToString()[..Math.Min(80, a.ToString().Length)]);
                Assert.DoesNotContain("url(", a.Value, StringComparison.Ordinal);
            }
    }

    /// <summary>Compares with <c>tests/cases/views/NAME</c>; where that differs, what came stands beside it as <c>NAME.actual</c>.</summary>
    public static void IsGolden(string name, string actual)
    {
        string path = Repository.PathOf("tests", "cases", "views", name);
        string expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (expected == actual) return;
        File.WriteAllText(path + ".actual", actual);
        Assert.Fail($"{name} is no longer what is drawn; look at {name}.actual, and rename it where it is right");
    }
}
