using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Lang.Program;

namespace Tx.Build;

/// <summary>The C header of a library.</summary>
internal static class CHeader
{
    public static string Of(LibraryModel library)
    {
        string guard = library.Prefix.ToUpperInvariant() + "_H";
        var text = new StringBuilder();
        text.Append($$"""
            /* {{library.Name}}.h: the operators of {{Comment(library.Source)}} for {{string.Join(", ", library.Targets.Select(t => t.Name))}}. Written by `tx build`; changes are lost.
             *
             * Calls      return TX_OK, or a code that says what is wrong with the call. Then nothing was written but *status, unless the code is TX_ERROR_CHECK:
             *            the data broke a check inside the operator, and the outputs are unspecified.
             * Memory     belongs to the caller: nothing is kept after a call, nothing is allocated. Tensors are contiguous and row-major.
             *            Outputs share no memory with other arguments nor with the arena.
             * Threads    may call every function at once, with arenas of their own.
             * Arena      scratch memory for one call: ENTRY_arena tells how many bytes, it starts at a multiple of TX_ARENA_ALIGNMENT; NULL where they are 0.
             */
            #ifndef {{guard}}
            #define {{guard}}

            #include <stddef.h>
            #include <stdint.h>

            #ifdef __cplusplus
            extern "C" {
            #endif

            #ifndef TX_INTERFACE_1
            #define TX_INTERFACE_1

            #define TX_ARENA_ALIGNMENT 64

            enum tx_code {
                TX_OK = 0,
                TX_ERROR_NULL = 1,       /* a tensor, its shape or its data is missing */
                TX_ERROR_RANK = 2,       /* wrong number of dimensions */
                TX_ERROR_DTYPE = 3,      /* wrong element type */
                TX_ERROR_SHAPE = 4,      /* an extent is not what the operator or another argument needs */
                TX_ERROR_STRIDES = 5,    /* not contiguous */
                TX_ERROR_ALIGNMENT = 6,  /* data does not start at a multiple of what is needed */
                TX_ERROR_OVERLAP = 7,    /* an output shares memory with another argument */
                TX_ERROR_ARENA = 8,      /* the arena is missing, too small or not aligned */
                TX_ERROR_SIZE = 9,       /* the operator does not admit these sizes */
                TX_ERROR_CHECK = 10,     /* the data broke a check inside the operator */
                TX_ERROR_CPU = 11,       /* the library has no code for this processor */
                TX_ERROR_LAUNCHER = 12,  /* a launcher without a function or without workers */
                TX_ERROR_INTERNAL = 13   /* a defect of tx */
            };

            enum tx_dtype {
                {{string.Join(",\n    ", Types().Select(t => $"TX_{t.Name.ToUpperInvariant()} = {(int)t}"))}}
            };

            /* One argument. Packed elements (TX_U1 to TX_I4): each row starts at a byte, with its first element in the lowest bits. */
            typedef struct tx_tensor {
                void *data;              /* the first element, aligned to its size */
                const int64_t *shape;    /* rank extents, in elements */
                const int64_t *strides;  /* rank distances in elements, those of a contiguous tensor; NULL says the same */
                int32_t rank;
                int32_t dtype;           /* enum tx_dtype */
            } tx_tensor;

            /* What a call has to say; may be NULL. */
            typedef struct tx_status {
                int32_t code;            /* enum tx_code */
                int32_t argument;        /* the place of the argument at fault, or -1 */
                char message[160];       /* ends with 0 */
            } tx_status;

            /* Runs parallel loops on threads of the caller's: body over 0..count in pieces of about `grain` or more, each with the number of its worker
             * in 0..workers; returns when all have run: 0, or the first other code that body gave. */
            typedef struct tx_launcher {
                int32_t (*launch)(void *state, int32_t (*body)(void *context, int64_t begin, int64_t end, int32_t worker), void *context, int64_t count, int64_t grain);
                void *state;
                int32_t workers;         /* 1 or more; arenas grow with it */
            } tx_launcher;

            #endif


            """.ReplaceLineEndings("\n"));
        foreach (var e in library.Entries) Append(text, e);
        text.Append($$"""
            /* Who runs the parallel loops of all calls that begin from now on; NULL: the calling thread, as at the start. The launcher must stay as it is while
             * it is set and calls run. */
            int32_t {{library.Prefix}}_set_launcher(const tx_launcher *launcher);

            /* This library in JSON: entries, parameters, types and shapes. */
            extern const char {{library.Prefix}}_manifest[];

            """.ReplaceLineEndings("\n"));
        if (library.IsDispatched)
            text.Append($$"""

                /* The code that calls run, of {{string.Join(", ", library.Targets.Select(t => t.Name))}}: the first of these that the processor and the system have, found at the first call,
                 * or what the environment variable TX_CPU names; NULL where that is none. */
                const char *{{library.Prefix}}_cpu(void);

                /* Chooses the code by name; NULL chooses as at the first call. TX_ERROR_CPU, and no change, where the processor cannot run it. */
                int32_t {{library.Prefix}}_set_cpu(const char *name);

                """.ReplaceLineEndings("\n"));
        return text.Append("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n").ToString();
    }

    private static IEnumerable<ElementType> Types() => Enum.GetValues<ElementType>().Where(t => t is not ElementType.Int);

    private static void Append(StringBuilder text, LibraryEntryModel e)
    {
        text.Append("/* ");
        if (e.Operator.Doc is { Length: > 0 } doc) text.Append(Comment(doc.Trim()).Replace("\n", "\n * ", StringComparison.Ordinal)).Append("\n *\n * ");
        var lines = new List<string>();
        string inputs = string.Join(", ", e.Operator.Parameters.Select(ProgramPrinter.Declaration)), outputs = string.Join(", ", e.Operator.Results.Select(ProgramPrinter.Declaration));
        lines.Add($"{e.Operator.Name}({inputs}) -> {outputs}");
        if (e.Operator.Requires.Length > 0) lines.Add($"require {string.Join(", ", e.Operator.Requires.Select(Terms.Print))}");
        if (e.Operator.Consts.Length > 0) lines.Add(string.Join(", ", e.Operator.Consts.Select(c => $"{c.Name} = {c.Value}")));
        if (e.Entry.Dims is { Count: > 0 } dims) lines.Add($"only for {string.Join(", ", e.Operator.Dims.Select(d => $"{d.Name} = {dims[d].ToString(CultureInfo.InvariantCulture)}"))}");
        foreach (var p in e.Parameters.Where(p => p.Alignment > p.Type.Bytes)) lines.Add($"{p.Name} starts at a multiple of {p.Alignment.ToString(CultureInfo.InvariantCulture)} bytes");
        lines.Add(e.ArenaBytes is { } bytes ? bytes == 0 ? "no arena" : $"an arena of {bytes.ToString(CultureInfo.InvariantCulture)} bytes{(e.IsParallel ? ", more with a launcher" : "")}" : "an arena whose bytes follow from the sizes");
        text.Append(Comment(string.Join("\n * ", lines))).Append(" */\n");
        if (e.ArenaBytes is { } known) text.Append(CultureInfo.InvariantCulture, $"#define {e.Symbol.ToUpperInvariant()}_ARENA_BYTES {known}\n");
        string tensors = string.Join(", ", e.Arguments.Select(a => $"const tx_tensor *{a}"));
        text.Append(CultureInfo.InvariantCulture, $"int32_t {e.Symbol}({(tensors.Length > 0 ? tensors + ", " : "")}void *arena, size_t arena_bytes, tx_status *status);\n");
        text.Append(CultureInfo.InvariantCulture, $"/* Bytes of the arena that a call with these tensors needs, or the negative of a code. Reads no data. */\nint64_t {e.Symbol}_arena({(tensors.Length > 0 ? tensors : "void")});\n\n");
    }

    private static string Comment(string text) => text.Replace("*/", "* /", StringComparison.Ordinal).Replace("/*", "/ *", StringComparison.Ordinal);
}
