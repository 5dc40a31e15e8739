using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Cases;

/// <summary>Schedules of the library apply on every kind of processor, not only on the one that the tests run on.</summary>
public class LibraryTargetTests
{
    private static readonly string[] s_targets = ["x86-64", "x86-64-v3", "x86-64-v4", "sapphirerapids", "aarch64", "aarch64+dotprod", "cortex-m7"];

    public static TheoryData<string, string> Files()
    {
        var data = new TheoryData<string, string>();
        foreach (string file in Directory.EnumerateFiles(Repository.PathOf("lib"), "*.tx").Order(StringComparer.Ordinal))
            foreach (string target in s_targets) data.Add(Path.GetFileName(file), target);
        return data;
    }

    [Theory, MemberData(nameof(Files))]
    public void Schedules_ApplyOnATarget(string file, string target)
    {
        var output = new DiagnosticRecorder();
        using var session = new Session(new SessionOptions { Threads = 1, Target = TargetCatalog.Parse(target) }, output);
        var program = session.Load(Repository.PathOf("lib", file));
        Assert.DoesNotContain(output.Reported, d => d.Severity is Severity.Error);
        Assert.NotNull(program);
    }
}
