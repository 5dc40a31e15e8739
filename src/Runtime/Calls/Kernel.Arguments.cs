using System.Collections.Immutable;
using System.Globalization;
using Tx.Core;

namespace Tx.Runtime;

// What is asked of the arguments of a call before anything runs.
public sealed unsafe partial class Kernel
{
    /// <summary>What the checks of every call need to know of a parameter.</summary>
    /// <param name="Alignment">Of the first element, in bytes, for the kernel itself; a variant for views takes any.</param>
    /// <param name="Held">The type of memory that may hold the elements, beside their own: .NET has none of its own for some.</param>
    /// <param name="DecidesSize">One of its extents is a dimension that each call decides.</param>
    private readonly record struct ParameterFacts(ElementType Type, ElementType Held, int Rank, int ElementBytes, int Alignment, bool IsOutput, bool DecidesSize)
    {
        public static ParameterFacts Of(KernelParameter p, bool decidesSize) =>
            new(p.Type, p.Type is ElementType.BF16 ? ElementType.U16 : p.Type.IsPacked ? ElementType.U8 : p.Type, p.Shape.Length, p.Type.Bytes, Math.Max(p.Type.Bytes, p.Alignment), p.IsOutput, decidesSize);
    }

    // Each two of which one is an output, once.
    private static IEnumerable<(int, int)> Pairs(ImmutableArray<KernelParameter> parameters) =>
        from output in Enumerable.Range(0, parameters.Length)
        where parameters[output].IsOutput
        from other in Enumerable.Range(0, parameters.Length)
        where other < output || (other > output && !parameters[other].IsOutput)
        select (output, other);

    /// <summary>True for a call like the one before, with arguments that need no second look: everything that <see cref="PlanFor"/> asks holds, and all are contiguous.</summary>
    private bool IsUsual(CallPlan plan, ArgumentView* arguments, int count)
    {
        var parameters = _parameters;
        if (count != parameters.Length) return false;
        long* extents = plan.Extents, strides = plan.Strides;
        for (int i = 0; i < parameters.Length; i++)
        {
            ref readonly var p = ref parameters[i];
            ref var a = ref arguments[i];
            // Nothing of a process lies in the upper half of the address space: such an address is looked at again.
            if (a.Type != p.Type || unchecked((nint)a.Data) <= 0 || ((nuint)a.Data & (uint)(p.Alignment - 1)) != 0 || (p.IsOutput && a.IsReadOnly)) return false;
            if (a.Form is ArgumentForm.Flat)
            {
                if (a.Count != plan.Counts[i] && (a.Count >= 0 || p.DecidesSize)) return false;
                if (p.DecidesSize && p.Rank != 1) return false;
            }
            else
            {
                if (a.Form is not ArgumentForm.Shaped || a.Rank != p.Rank) return false;
                for (int d = 0; d < p.Rank; d++)
                    if (a.Shape[d] != extents[d] || (a.Strides is not null && a.Strides[d] != strides[d] && a.Shape[d] != 1)) return false;
            }
            (a.Bytes, a.IsStrided) = (plan.Bytes[i], false);
            extents += p.Rank;
            strides += p.Rank;
        }
        foreach (var (output, other) in _pairs)
            if (Overlap.Meet(arguments[output], arguments[other])) return false;
        return true;
    }

    /// <summary>Checks the arguments, and what their sizes need.</summary>
    /// <param name="views">The variant that the call needs; null: all arguments are contiguous.</param>
    private CallPlan PlanFor(ArgumentView* arguments, int count, out ViewKind? views)
    {
        var parameters = _parameters;
        if (count != parameters.Length) throw new DiagnosticException(RuntimeDiagnostics.ArgumentCount, null, Name, parameters.Length, count);
        for (int i = 0; i < parameters.Length; i++)
        {
            ref readonly var p = ref parameters[i];
            ref readonly var a = ref arguments[i];
            if (a.Form is ArgumentForm.Missing) throw Refuse(CallDiagnostics.Missing, i);
            if (a.Type != p.Type && (a.Type != p.Held || (p.Type.IsPacked && a.Form is ArgumentForm.Shaped)))
                throw new DiagnosticException(RuntimeDiagnostics.ArgumentType, null, Name, Image.Parameters[i].Name, p.Type.Name, a.Type.Name);
            if (a.Form is ArgumentForm.Shaped && a.Rank != p.Rank) throw WrongShape(i, null, a);
            if (p.IsOutput && a.IsReadOnly) throw Refuse(CallDiagnostics.ReadOnlyOutput, i);
        }
        var plan = Volatile.Read(ref _recent);
        if (plan is null || !HasSizes(plan, arguments))
        {
            lock (_planGate) plan = FindPlan(SizesOf(arguments), arguments, count);
            Volatile.Write(ref _recent, plan);
        }
        views = CheckShapes(plan, arguments, count);
        CheckMemory(arguments, count);
        if (Views is not null && !IsAligned(arguments)) views = Wider(views, ViewKind.Rows);
        return plan;
    }

    // What a kernel writes past the caches begins at a multiple of their lines.
    private bool IsAligned(ArgumentView* arguments)
    {
        for (int i = 0; i < _parameters.Length; i++)
            if (arguments[i].Bytes > 0 && ((nuint)arguments[i].Data & (uint)(_parameters[i].Alignment - 1)) != 0) return false;
        return true;
    }

    private bool HasSizes(CallPlan plan, ArgumentView* arguments)
    {
        var dims = _dims;
        for (int i = 0; i < dims.Length; i++)
            if (plan.Sizes[i] != SizeOf(dims[i], arguments)) return false;
        return true;
    }

    private long SizeOf(KernelDimension d, ArgumentView* arguments)
    {
        ref readonly var a = ref arguments[d.Parameter];
        return a.Form is ArgumentForm.Shaped ? a.Shape[d.Dimension]
            : a.Count >= 0 && _parameters[d.Parameter] is { Rank: 1, Type.IsPacked: false } ? a.Count
            : throw new DiagnosticException(CallDiagnostics.NoShape, null, Name, Image.Parameters[d.Parameter].Name, a.Describe());
    }

    private ImmutableArray<long> SizesOf(ArgumentView* arguments)
    {
        var sizes = ImmutableArray.CreateBuilder<long>();
        foreach (var d in _dims) sizes.Add(SizeOf(d, arguments));
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
            a.IsStrided = false;
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
        foreach (var (output, other) in _pairs)
            if (Overlap.MayShare(arguments[output], arguments[other]))
                throw new DiagnosticException(RuntimeDiagnostics.ArgumentAlias, null, Name, Image.Parameters[output].Name, Image.Parameters[other].Name);
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
