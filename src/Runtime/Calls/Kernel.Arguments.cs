using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Runtime;

// What is asked of the arguments of a call before anything runs.
public sealed unsafe partial class Kernel
{
    /// <summary>What the checks of every call need to know of a parameter.</summary>
    /// <param name="Held">The type of memory that may hold the elements, beside their own: .NET has none of its own for some.</param>
    private readonly record struct ParameterFacts(ElementType Type, ElementType Held, int Rank, int ElementBytes, bool IsOutput)
    {
        public static ParameterFacts Of(KernelParameter p) =>
            new(p.Type, p.Type is ElementType.BF16 ? ElementType.U16 : p.Type.IsPacked ? ElementType.U8 : p.Type, p.Shape.Length, p.Type.Bytes, p.IsOutput);
    }

    /// <summary>Checks the arguments, and what their sizes need.</summary>
    /// <param name="views">The variant that the call needs; null: all arguments are contiguous.</param>
    private CallPlan PlanFor(ArgumentView* arguments, int count, out ViewKind? views)
    {
        var parameters = _parameters;
        if (count != parameters.Length) throw new DiagnosticException(RuntimeDiagnostics.ArgumentCount, null, Name, parameters.Length, count);
        for (int i = 0; i < count; i++)
        {
            var p = parameters[i];
            if (arguments[i].Form is ArgumentForm.Missing) throw Refuse(CallDiagnostics.Missing, i);
            if (arguments[i].Type != p.Type && (arguments[i].Type != p.Held || (p.Type.IsPacked && arguments[i].Form is ArgumentForm.Shaped)))
                throw new DiagnosticException(RuntimeDiagnostics.ArgumentType, null, Name, Image.Parameters[i].Name, p.Type.Name, arguments[i].Type.Name);
            if (arguments[i].Form is ArgumentForm.Shaped && arguments[i].Rank != p.Rank) throw WrongShape(i, null, arguments[i]);
            if (p.IsOutput && arguments[i].IsReadOnly) throw Refuse(CallDiagnostics.ReadOnlyOutput, i);
        }
        var plan = Volatile.Read(ref _recent);
        if (plan is null || !HasSizes(plan, arguments))
        {
            lock (_planGate) plan = FindPlan(SizesOf(arguments), arguments, count);
            Volatile.Write(ref _recent, plan);
        }
        views = CheckShapes(plan, arguments, count);
        CheckMemory(arguments, count);
        return plan;
    }

    private bool HasSizes(CallPlan plan, ArgumentView* arguments)
    {
        if (Image.Symbolic is not { } symbolic) return true;
        for (int i = 0; i < symbolic.Dims.Length; i++)
            if (plan.Sizes[i] != SizeOf(symbolic.Dims[i], arguments)) return false;
        return true;
    }

    private long SizeOf(KernelDimension d, ArgumentView* arguments) => arguments[d.Parameter] switch
    {
        { Form: ArgumentForm.Shaped } a => a.Shape[d.Dimension],
        { Count: >= 0 } a when _parameters[d.Parameter] is { Rank: 1, Type.IsPacked: false } => a.Count,
        var a => throw new DiagnosticException(CallDiagnostics.NoShape, null, Name, Image.Parameters[d.Parameter].Name, a.Describe()),
    };

    private ImmutableArray<long> SizesOf(ArgumentView* arguments)
    {
        var sizes = ImmutableArray.CreateBuilder<long>();
        foreach (var d in Image.Symbolic!.Dims) sizes.Add(SizeOf(d, arguments));
        return sizes.ToImmutable();
    }

    // A plan is kept when all that its sizes need has been decided.
    private CallPlan FindPlan(ImmutableArray<long> sizes, ArgumentView* arguments, int count)
    {
        ValueArray<long> key = sizes;
        if (_plans.TryGetValue(key, out var plan)) return plan;
        foreach (long n in sizes)
            if (n < 0) throw new DiagnosticException(RuntimeDiagnostics.NegativeExtent, null, sizes.IndexOf(n), n);
        plan = new(Image, sizes);
        CheckShapes(plan, arguments, count);
        _admit?.Invoke(sizes);
        // A call may still use a plan that goes; its memory goes with it.
        if (_plans.Count == MaxPlans) _plans.Clear();
        _plans.Add(key, plan);
        return plan;
    }

    private ViewKind? CheckShapes(CallPlan plan, ArgumentView* arguments, int count)
    {
        ViewKind? views = null;
        long* extents = plan.Extents, strides = plan.Strides;
        for (int i = 0; i < count; i++)
        {
            ref var a = ref arguments[i];
            int rank = _parameters[i].Rank;
            a.Bytes = plan.Bytes[i];
            if (a.Form is ArgumentForm.Flat)
            {
                if (a.Count >= 0 && a.Count != plan.Counts[i]) throw WrongShape(i, plan, a);
            }
            else
            {
                for (int d = 0; d < rank; d++)
                    if (a.Shape[d] != extents[d]) throw WrongShape(i, plan, a);
                if (a.Strides is not null && a.Bytes > 0 && !HasStrides(a, strides)) views = Wider(views, CheckStrides(i, ref a, strides));
            }
            extents += rank;
            strides += rank;
        }
        return views;
    }

    // The stride of a dimension of one element is never used, whatever it says.
    private static bool HasStrides(in ArgumentView a, long* strides)
    {
        for (int d = 0; d < a.Rank; d++)
            if (a.Strides[d] != strides[d] && a.Shape[d] > 1) return false;
        return true;
    }

    private static ViewKind Wider(ViewKind? a, ViewKind b) => a is { } x && x > b ? x : b;

    /// <summary>Checks the strides of a view; those of dimensions of one element become the usual ones.</summary>
    private ViewKind CheckStrides(int i, ref ArgumentView a, long* usual)
    {
        Int128 bytes = 1;
        for (int d = 0; d < a.Rank; d++)
        {
            if (a.Shape[d] == 1) a.Strides[d] = usual[d];
            else if (a.Strides[d] < 0) throw new DiagnosticException(CallDiagnostics.NegativeStride, null, Name, Image.Parameters[i].Name, d, a.Strides[d]);
            else bytes += (Int128)(a.Shape[d] - 1) * a.Strides[d];
        }
        bytes *= _parameters[i].ElementBytes;
        if (bytes > CallPlan.MaxBytes) throw new DiagnosticException(CallDiagnostics.ViewTooLarge, null, Name, Image.Parameters[i].Name, CallPlan.MaxBytes);
        (a.Bytes, a.IsStrided) = ((long)bytes, true);
        if (_parameters[i].IsOutput && Overlap.MayShareElements(a))
            throw new DiagnosticException(CallDiagnostics.SharedElements, null, Name, Image.Parameters[i].Name, List(a.Shape, a.Rank), List(a.Strides, a.Rank));
        return a.Strides[a.Rank - 1] == 1 ? ViewKind.Rows : ViewKind.Any;
    }

    private void CheckMemory(ArgumentView* arguments, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ref var a = ref arguments[i];
            if (a.Bytes == 0) continue;
            if (a.Data is null) throw Refuse(CallDiagnostics.Missing, i);
            if (((nuint)a.Data & (nuint)(_parameters[i].ElementBytes - 1)) != 0)
                throw new DiagnosticException(CallDiagnostics.Misaligned, null, Name, Image.Parameters[i].Name, _parameters[i].ElementBytes, _parameters[i].Type.Name);
            if ((nuint)a.Data > nuint.MaxValue - (nuint)a.Bytes) throw new DiagnosticException(CallDiagnostics.ViewTooLarge, null, Name, Image.Parameters[i].Name, CallPlan.MaxBytes);
        }
        for (int i = 0; i < count; i++)
        {
            if (!_parameters[i].IsOutput) continue;
            for (int other = 0; other < count; other++)
                // Of two outputs each would be found twice.
                if (other != i && (other < i || !_parameters[other].IsOutput) && Overlap.MayShare(arguments[i], arguments[other]))
                    throw new DiagnosticException(RuntimeDiagnostics.ArgumentAlias, null, Name, Image.Parameters[i].Name, Image.Parameters[other].Name);
        }
    }

    private DiagnosticException Refuse(DiagnosticDescriptor why, int parameter) => new(why, null, Name, Image.Parameters[parameter].Name);

    private DiagnosticException WrongShape(int i, CallPlan? plan, in ArgumentView actual)
    {
        var p = Image.Parameters[i];
        var extents = plan is null ? p.Shape.Select(n => n is { } known ? known.ToString(CultureInfo.InvariantCulture) : "_") : plan.Shapes[i].Select(n => n.ToString(CultureInfo.InvariantCulture));
        return new(RuntimeDiagnostics.ArgumentShape, null, Name, p.Name, $"{p.Type.Name}[{string.Join(", ", extents)}]", actual.Describe());
    }

    private static string List(long* values, int count) => string.Join(", ", new ReadOnlySpan<long>(values, count).ToArray());
}
