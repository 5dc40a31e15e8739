using Tx.Core;
using Tx.Lang.Syntax;
using Tx.Runtime;

namespace Tx;

/// <summary><c>load</c> and <c>save</c>: one array in a <c>.npy</c> file, arrays by name in a <c>.npz</c> file.</summary>
internal sealed partial class ExpressionEvaluator
{
    private static bool IsArchive(string path) => path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase);

    private Value Load(Builtin f, List<Value> values, Func<int, SourceSpan> spanOf, SourceSpan call)
    {
        string? path = Text(f, values[0], spanOf(0));
        var names = new List<string?>();
        for (int i = 1; i < values.Count; i++)
            names.Add(values[i] is StringValue or UnknownValue ? (values[i] as StringValue)?.Text
                : throw new DiagnosticException(SessionDiagnostics.WrongArgument, spanOf(i), f.Name, "the name of an array in quotes", values[i].Describe()));
        if (path is not null && IsArchive(path) && names.Count == 0) throw new DiagnosticException(Unnamed(path, spanOf(0), call));
        if (path is not null && !IsArchive(path) && names.Count > 0)
            throw new DiagnosticException(SessionDiagnostics.ArrayNamed, spanOf(1), path, $"load({spanOf(0).Text})");
        if (isCheck || path is null || names.Contains(null))
        {
            var unknown = new TensorValue(ElementType.F32, null, null) { IsTypeKnown = false };
            return names.Count > 1 ? new TupleValue([.. names.Select(_ => unknown)]) : unknown;
        }
        string file = Path.Combine(scope.Folder, path);
        if (names.Count == 0) return Whole(AtSpan(spanOf(0), () => NpyFile.Read(file, scope.Allocator)));
        var arrays = AtSpan(spanOf(0), () => NpzFile.Read(file, [.. names.OfType<string>()], scope.Allocator));
        return arrays is [var only] ? Whole(only) : new TupleValue([.. arrays.Select(Whole)]);
    }

    private static Value Whole(NativeTensor tensor) => new TensorValue(tensor.Type, tensor.Shape, tensor) { IsLoaded = true };

    // What the archive holds, where it can be seen, makes the better help.
    private Diagnostic Unnamed(string path, SourceSpan span, SourceSpan call)
    {
        string[] names = ["name"];
        if (!isCheck)
        {
            string file = Path.Combine(scope.Folder, path);
            names = [.. AtSpan(span, () => NpzFile.Names(file))];
        }
        return Diagnostic.Create(SessionDiagnostics.ArraysUnnamed, call, call.Text, $"load({string.Join(", ", names.Take(8).Select(n => $"\"{n}\"").Prepend(span.Text))})");
    }

    private NothingValue Save(Builtin f, List<Value> values, Func<int, SourceSpan> spanOf, OrderedDictionary<string, ExpressionSyntax> named, SourceSpan call)
    {
        bool isArchive = values.Count == 1;
        int at = isArchive ? 0 : 1;
        string? path = Text(f, values[at], spanOf(at));
        if (!isArchive && named.Count > 0)
            throw new DiagnosticException(SessionDiagnostics.WrongArgumentCount, call, f.Name, "a path and then arrays by name", "a tensor before them was", "save(\"file.npz\", a = a)");
        if (isArchive && named.Count == 0)
            throw new DiagnosticException(SessionDiagnostics.WrongArgumentCount, call, f.Name, "2 arguments", Were(1), f.Usage);
        if (path is not null && IsArchive(path) && !isArchive)
            throw new DiagnosticException(SessionDiagnostics.ArraysUnnamed, call, call.Text, $"save({spanOf(1).Text}, name = {spanOf(0).Text})");
        if (path is not null && !IsArchive(path) && isArchive)
            throw new DiagnosticException(SessionDiagnostics.ArrayNamed, spanOf(0), path, $"save({named.Values.First().Span.Text}, {spanOf(0).Text})");

        var tensors = isArchive
            ? [.. named.Select(n => (Name: n.Key, Value: Tensor(f, Evaluate(n.Value), n.Value.Span)?.Data))]
            : new List<(string Name, NativeTensor? Value)> { ("", Tensor(f, values[0], spanOf(0))?.Data) };
        if (isCheck || path is null || tensors.Exists(t => t.Value is null)) return new();
        string file = Path.Combine(scope.Folder, path);
        AtSpan(spanOf(at), () =>
        {
            if (isArchive) NpzFile.Write(file, tensors.Select(t => (t.Name, t.Value!)));
            else NpyFile.Write(file, tensors[0].Value!);
            return 0;
        });
        return new();
    }
}
