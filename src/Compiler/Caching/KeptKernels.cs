using Tx.Runtime;

namespace Tx.Caching;

/// <summary>The kernels of one program in a store.</summary>
internal sealed record KeptKernels(ProgramStore Store, ProgramRecord Program)
{
    /// <inheritdoc cref="ProgramStore.Find(ProgramRecord, string)"/>
    public KernelImage? Find(string request) => Store.Find(Program, request);

    public void Keep(string request, KernelImage image) => Store.Keep(Program, request, image);
}
