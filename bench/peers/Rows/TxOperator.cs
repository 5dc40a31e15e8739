using Tx.Runtime;

namespace Tx.Bench.Peers.Rows;

/// <summary>A compiled operator. The kernel belongs to its session.</summary>
internal sealed class TxOperator(Kernel kernel)
{
    /// <summary>The types and shapes of its results.</summary>
    public IEnumerable<(Core.ElementType Type, long[] Shape)> Results =>
        kernel.Image.Parameters.Where(p => p.IsOutput).Select(p => (p.Type, p.Shape.Select(n => n ?? throw new InvalidOperationException($"{kernel.Name} is for all sizes")).ToArray()));

    /// <summary>The types of its inputs.</summary>
    public IEnumerable<Core.ElementType> Inputs => kernel.Image.Parameters.Where(p => !p.IsOutput).Select(p => p.Type);

    /// <summary>A call with these inputs and outputs.</summary>
    public Action Call(WorkerPool pool, params NativeTensor[] arguments) => () => kernel.Invoke(arguments, pool);
}
