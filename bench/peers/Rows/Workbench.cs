using Tx.Bench.Peers.Libraries;
using Tx.Bench.Peers.Measuring;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Bench.Peers.Rows;

/// <summary>What the families build their rows with.</summary>
/// <param name="threads">Of tx's parallel loops in this process.</param>
internal sealed class Workbench(OperatorTable operators, int threads) : IDisposable
{
    private readonly TensorAllocator _allocator = new();
    private readonly WorkerPool _pool = new(threads);

    public WorkerPool Pool => _pool;

    /// <summary>The least ratio of a family's rows.</summary>
    public double Wanted(string family) => operators.Wanted(family);

    /// <summary>A tensor that every contender reads; its pages are there.</summary>
    public NativeTensor Random(ElementType type, long seed, params ReadOnlySpan<long> shape) => TensorFill.Random(_allocator, type, shape, seed);

    public NativeTensor Zeros(ElementType type, params ReadOnlySpan<long> shape) => TensorFill.Zeros(_allocator, type, shape);

    /// <summary>Bytes that look random, all values alike; the same for the same seed.</summary>
    public static void FillBytes(NativeTensor tensor, int seed) => new Random(seed).NextBytes(tensor.AsBytes());

    /// <summary>Adds tx under the operator of a key. Where the table has a <c>KEY.pack</c>, that makes the second input before.</summary>
    public void AddTx(Setup setup, string key, Dictionary<string, long> sizes, NativeTensor[] inputs, NativeTensor[] outputs)
    {
        var (op, reason) = operators.Find(key, sizes);
        if (op is not null && operators.Has($"{key}.pack"))
        {
            var (pack, why) = operators.Find($"{key}.pack", sizes);
            if (pack is null) (op, reason) = (null, why);
            else
            {
                var (type, shape) = pack.Results.Single();
                var packed = setup.Own(Zeros(type, shape));
                pack.Call(_pool, inputs[1], packed)();
                inputs = [inputs[0], packed, .. inputs[2..]];
            }
        }
        if (op is null) setup.NoOperator = reason;
        else setup.Contenders.Add(new("tx", Side.Tx, op.Call(_pool, [.. inputs, .. outputs])));
    }

    /// <summary>Every BLAS that is here; those that are not are noted.</summary>
    public IEnumerable<Cblas> Blas(Setup setup)
    {
        Has(setup, OpenBlas.All.Count > 0, OpenBlas.Package);
        Has(setup, Blis.All.Count > 0, Blis.Package);
        return OpenBlas.All.Concat(Blis.All);
    }

    public bool Has(Setup setup, bool isHere, string package)
    {
        if (!isHere) setup.Missing.Add(package);
        return isHere;
    }

    public void Dispose() => _pool.Dispose();
}
