using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Tx.Core.Sets;

public enum Emptiness
{
    Empty,
    NotEmpty,
    /// <summary>Not decided within the quota, or the set could not be read.</summary>
    Unknown,
}

/// <summary>Decides whether sets of integer points are empty, through isl. Not for two threads at a time; a solver a thread.</summary>
public sealed class IntegerSetSolver : IDisposable
{
    /// <summary>A longer text is not decided: isl works while it reads.</summary>
    private const int MaxTextLength = 1 << 16;

    private readonly Context _context;

    /// <param name="quota">Operations that isl may spend on one question.</param>
    /// <exception cref="DiagnosticException">libisl is not installed.</exception>
    public IntegerSetSolver(long quota) => _context = new Context(Isl.NewContext(quota));

    /// <summary>Is the set in isl's notation, <c>{ [x0, x1] : x0 >= 0 and … }</c>, empty? Otherwise also its lexicographically smallest
    /// point, or any point where there is no smallest; none where that is beyond the quota or 64 bits.</summary>
    public (Emptiness Answer, ImmutableArray<long> Point) Solve(string set, int dimensions)
    {
        if (set.Length > MaxTextLength) return (Emptiness.Unknown, []);
        bool added = false;
        nint handle = 0;
        try
        {
            _context.DangerousAddRef(ref added);
            nint context = _context.DangerousGetHandle();
            Isl.isl_ctx_reset_error(context);
            Isl.isl_ctx_reset_operations(context);
            handle = Isl.isl_set_read_from_str(context, set);
            if (handle == 0) return (Emptiness.Unknown, []);
            switch (Isl.isl_set_is_empty(handle))
            {
                case IslBool.True: return (Emptiness.Empty, []);
                case IslBool.False:
                    var point = SmallestPoint(handle, dimensions);
                    if (point.IsEmpty)
                    {
                        Isl.isl_ctx_reset_error(context);
                        Isl.isl_ctx_reset_operations(context);
                        point = Coordinates(Isl.isl_set_sample_point(Isl.isl_set_copy(handle)), dimensions);
                    }
                    return (Emptiness.NotEmpty, point);
                default: return (Emptiness.Unknown, []);
            }
        }
        finally
        {
            if (handle != 0) Isl.isl_set_free(handle);
            if (added) _context.DangerousRelease();
        }
    }

    private static ImmutableArray<long> SmallestPoint(nint set, int dimensions)
    {
        nint smallest = Isl.isl_set_lexmin(Isl.isl_set_copy(set));
        return smallest == 0 ? [] : Coordinates(Isl.isl_set_sample_point(smallest), dimensions);
    }

    private static ImmutableArray<long> Coordinates(nint point, int dimensions)
    {
        if (point == 0) return [];
        try
        {
            var coordinates = ImmutableArray.CreateBuilder<long>(dimensions);
            for (int i = 0; i < dimensions; i++)
            {
                nint value = Isl.isl_point_get_coordinate_val(point, Isl.DimensionType.Set, i);
                string? text = value == 0 ? null : Text(value);
                if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long coordinate)) return [];
                coordinates.Add(coordinate);
            }
            return coordinates.MoveToImmutable();
        }
        finally
        {
            Isl.isl_point_free(point);
        }
    }

    private static unsafe string? Text(nint value)
    {
        nint text = Isl.isl_val_to_str(value);
        Isl.isl_val_free(value);
        string? result = Marshal.PtrToStringUTF8(text);
        NativeMemory.Free((void*)text);
        return result;
    }

    public void Dispose() => _context.Dispose();

    private sealed class Context : SafeHandle
    {
        public Context(nint context) : base(0, ownsHandle: true) => SetHandle(context);
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            Isl.isl_ctx_free(handle);
            return true;
        }
    }
}
