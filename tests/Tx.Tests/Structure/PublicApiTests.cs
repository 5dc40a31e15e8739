using System.Reflection;
using PublicApiGenerator;
using Tx.Tests.Support;

namespace Tx.Tests.Structure;

/// <summary>What programs outside build on changes on purpose only: <c>tests/cases/api</c> holds the public surface as text. <c>TX_APPROVE=1 ./test PublicApi</c> writes it anew, for the
/// difference to be read before it is committed.</summary>
public class PublicApiTests
{
    [Theory]
    [InlineData("Tx"), InlineData("Tx.Runtime")]
    public void Surface_IsWhatWasApproved(string assembly)
    {
        string surface = Assembly.Load(assembly).GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false }).ReplaceLineEndings("\n");
        string path = Repository.PathOf("tests", "cases", "api", assembly + ".txt");
        if (Environment.GetEnvironmentVariable("TX_APPROVE") == "1") File.WriteAllText(path, surface);
        Assert.Equal(File.ReadAllText(path), surface);
    }
}
