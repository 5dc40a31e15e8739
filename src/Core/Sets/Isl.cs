using System.Runtime.InteropServices;

namespace Tx.Core.Sets;

/// <summary>isl's answer to a question; an error, such as an exhausted quota, is no answer.</summary>
internal enum IslBool { Error = -1, False = 0, True = 1 }

/// <summary>isl's C interface, as far as it is used. Names follow the library.</summary>
internal static partial class Isl
{
    private const string Library = "isl";
    private const int OnErrorContinue = 1;

    /// <summary>File names to try, in order.</summary>
    internal static readonly string[] FileNames = ["libisl.so.23", "libisl.so.22", "libisl.so.25", "libisl.so"];

    private static readonly Lazy<nint> Handle = new(() => Find(Candidates(Environment.GetEnvironmentVariable("TX_ISL")),
        name => NativeLibrary.TryLoad(name, out nint handle) ? handle : 0));

    static Isl() => NativeLibrary.SetDllImportResolver(typeof(Isl).Assembly, (name, _, _) => name == Library ? Handle.Value : 0);

    internal static IEnumerable<string> Candidates(string? preferred) => string.IsNullOrEmpty(preferred) ? FileNames : [preferred, .. FileNames];

    /// <summary>The first library that loads; 0 where none does.</summary>
    internal static nint Find(IEnumerable<string> candidates, Func<string, nint> load)
    {
        foreach (string name in candidates)
            if (load(name) is var handle and not 0) return handle;
        return 0;
    }

    /// <exception cref="DiagnosticException">The library is not there.</exception>
    internal static void Require(nint library)
    {
        if (library == 0) throw new DiagnosticException(SetDiagnostics.LibraryMissing, null);
    }

    /// <summary>A context that returns errors to the caller.</summary>
    /// <exception cref="DiagnosticException">The library is not there.</exception>
    internal static nint NewContext(long maxOperations)
    {
        Require(Handle.Value);
        nint context = isl_ctx_alloc();
        if (context == 0 || isl_options_set_on_error(context, OnErrorContinue) != 0) throw new InsufficientMemoryException();
        isl_ctx_set_max_operations(context, new CULong((nuint)maxOperations));
        return context;
    }

    [LibraryImport(Library)] private static partial nint isl_ctx_alloc();
    [LibraryImport(Library)] private static partial int isl_options_set_on_error(nint context, int value);
    [LibraryImport(Library)] private static partial void isl_ctx_set_max_operations(nint context, CULong operations);
    [LibraryImport(Library)] internal static partial void isl_ctx_free(nint context);
    [LibraryImport(Library)] internal static partial void isl_ctx_reset_operations(nint context);
    [LibraryImport(Library)] internal static partial void isl_ctx_reset_error(nint context);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint isl_set_read_from_str(nint context, string text);
    [LibraryImport(Library)] internal static partial IslBool isl_set_is_empty(nint set);
    [LibraryImport(Library)] internal static partial nint isl_set_copy(nint set);
    [LibraryImport(Library)] internal static partial nint isl_set_free(nint set);
    /// <summary>Takes the set.</summary>
    [LibraryImport(Library)] internal static partial nint isl_set_lexmin(nint set);
    /// <summary>Takes the set.</summary>
    [LibraryImport(Library)] internal static partial nint isl_set_sample_point(nint set);
    [LibraryImport(Library)] internal static partial nint isl_point_free(nint point);
    [LibraryImport(Library)] internal static partial nint isl_point_get_coordinate_val(nint point, DimensionType type, int position);
    [LibraryImport(Library)] internal static partial nint isl_val_free(nint value);
    /// <summary>The caller frees the text.</summary>
    [LibraryImport(Library)] internal static partial nint isl_val_to_str(nint value);

    internal enum DimensionType { Set = 3 }
}
