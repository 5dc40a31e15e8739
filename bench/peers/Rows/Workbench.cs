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

    public string Root => operators.Root;
    public int Threads => threads;
    public WorkerPool Pool => _pool;

    /// <summary>The least ratio of a family's rows.</summary>

    /// <summary>A tensor that every contender reads; its pages are there.</summary>
    public NativeTensor Random(ElementType type, long seed, params ReadOnlySpan<long> shape) => TensorFill.Random(_allocator, type, shape, seed);

    public NativeTensor Zeros(ElementType type, params ReadOnlySpan<long> shape) => TensorFill.Zeros(_allocator, type, shape);

    /// <summary>Bytes that look random, all values alike; the same for the same seed.</summary>
    public static void FillBytes(NativeTensor tensor, int seed) => new Random(seed).NextBytes(tensor.AsBytes());

    /// <summary>Adds tx under the operator of a key. Where the table has them, KEY.pack0 and KEY.pack make its first and its second input before the clock,
    /// and KEY.unpack makes the row's result from its own after it.</summary>
    public void AddTx(Setup setup, string key, Dictionary<string, long> sizes, NativeTensor[] inputs, NativeTensor output)
    {
        try { setup.Contenders.Add(PrepareTx(setup, key, sizes, inputs, output)); }
        catch (MissingOperatorException e) { setup.NoOperator = e.Message; }
    }

    /// <exception cref="MissingOperatorException">The table names what is not there.</exception>
    public Contender PrepareTx(Setup setup, string key, Dictionary<string, long> sizes, NativeTensor[] inputs, NativeTensor output)
    {
        var op = Find(key, sizes);
        NativeTensor[] given = [.. inputs];
        for (int i = 0; i < 2 && i < given.Length; i++)
            if (operators.Has($"{key}.pack{(i == 0 ? "0" : "")}")) given[i] = Packed(setup, $"{key}.pack{(i == 0 ? "0" : "")}", sizes, given[i]);
        given = [.. given.Zip(op.Inputs, (t, type) => Converted(setup, t, type))];
        if (!operators.Has($"{key}.unpack")) return new("tx", Side.Tx, op.Call(_pool, [.. given, output]));
        var (resultType, shape) = op.Results.Single();
        var result = setup.Own(Zeros(resultType, shape));
        return new("tx", Side.Tx, op.Call(_pool, [.. given, result])) { Publish = Find($"{key}.unpack", sizes).Call(_pool, result, output) };
    }

    private NativeTensor Packed(Setup setup, string key, Dictionary<string, long> sizes, NativeTensor from)
    {
        var pack = Find(key, sizes);
        var (type, shape) = pack.Results.Single();
        var packed = setup.Own(Zeros(type, shape));
        pack.Call(_pool, Converted(setup, from, pack.Inputs.Single()), packed)();
        return packed;
    }

    private TxOperator Find(string key, Dictionary<string, long> sizes)
    {
        var (op, reason) = operators.Find(key, sizes);
        return op ?? throw new MissingOperatorException(reason);
    }

    // Small integers in another type.
    private NativeTensor Converted(Setup setup, NativeTensor tensor, ElementType type)
    {
        if (tensor.Type == type || tensor.Type is ElementType.F32 || type is ElementType.F32) return tensor;
        var converted = setup.Own(Zeros(type, tensor.Shape.AsSpan()));
        for (long i = 0; i < tensor.Count; i++) converted[i] = ScalarMath.Cast(CastKind.Convert, type, tensor[i]);
        return converted;
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

/// <summary>The table names an operator that is not there or does not compile.</summary>
internal sealed class MissingOperatorException(string reason) : Exception(reason);
