using System.Collections.Immutable;
using System.Text;
using Tx.Core;

namespace Tx.Runtime;

/// <summary>A <see cref="KernelImage"/> as bytes, for a store that knows by its own key which build of tx reads them and that sees to it that they are whole.</summary>
public static class KernelImageFormat
{
    public static byte[] Write(KernelImage image)
    {
        var bytes = new MemoryStream();
        using var w = new BinaryWriter(bytes, Encoding.UTF8);
        w.Write(image.Name);
        w.Write(image.Entry);
        All(w, image.Parameters, p =>
        {
            w.Write(p.Name);
            w.Write((int)p.Type);
            w.Write(p.IsOutput);
            w.Write(p.Alignment);
            All(w, p.Shape, n => w.Write(n ?? -1));
        });
        w.Write(image.WorkspaceBytes);
        w.Write(image.WorkerBytes);
        All(w, image.Messages, m =>
        {
            w.Write(m.Code);
            w.Write(m.Format);
            w.Write(m.Help);
            w.Write(m.Span is not null);
            if (m.Span is not { } span) return;
            w.Write(span.Source.Path);
            w.Write(span.Span.Start);
            w.Write(span.Span.Length);
        });
        All(w, image.Evidence, e =>
        {
            w.Write(e.Step);
            w.Write(e.Tier);
            w.Write(e.Argument);
        });
        w.Write(image.Symbolic is not null);
        if (image.Symbolic is { } symbolic) Write(w, symbolic);
        w.Write(image.Object.Length);
        w.Write(image.Object.AsSpan());
        w.Flush();
        return bytes.ToArray();
    }

    /// <param name="source">The text that messages point into, by its path; null where it is not known.</param>
    /// <returns>Null where a text is not known.</returns>
    /// <exception cref="IOException">The bytes end early.</exception>
    public static KernelImage? Read(byte[] bytes, Func<string, SourceText?> source)
    {
        using var r = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        bool isKnown = true;
        string name = r.ReadString(), entry = r.ReadString();
        var parameters = All(r, () =>
        {
            var (parameter, type, isOutput, alignment) = (r.ReadString(), (ElementType)r.ReadInt32(), r.ReadBoolean(), r.ReadInt32());
            return new KernelParameter(parameter, type, All(r, () => r.ReadInt64() is >= 0 and var n ? n : (long?)null), isOutput) { Alignment = alignment };
        });
        long workspace = r.ReadInt64(), worker = r.ReadInt64();
        var messages = All(r, () =>
        {
            var (code, format, help) = (r.ReadString(), r.ReadString(), r.ReadString());
            if (!r.ReadBoolean()) return new KernelMessage(code, format, null, help);
            var (text, span) = (source(r.ReadString()), new TextSpan(r.ReadInt32(), r.ReadInt32()));
            isKnown &= text is not null && span.End <= text.Text.Length;
            return new KernelMessage(code, format, text is null ? null : new(text, span), help);
        });
        var evidence = All(r, () => new StepEvidence(r.ReadString(), r.ReadString(), r.ReadString()));
        var symbolic = r.ReadBoolean() ? ReadSizes(r) : null;
        int length = r.ReadInt32();
        byte[] code = r.ReadBytes(length);
        if (code.Length != length) throw new EndOfStreamException();
        return isKnown ? new(name, entry, [.. code], parameters, workspace, worker, messages) { Symbolic = symbolic, Evidence = evidence } : null;
    }

    private static void Write(BinaryWriter w, SymbolicSizes sizes)
    {
        All(w, sizes.Dims, d =>
        {
            w.Write(d.Name);
            w.Write(d.Parameter);
            w.Write(d.Dimension);
        });
        All(w, sizes.Values.Steps, s => Write(w, s));
        All(w, sizes.Shapes, s => All(w, s, w.Write));
        All(w, sizes.Slots, s =>
        {
            w.Write(s.IsPerWorker);
            All(w, s.Buffers, b =>
            {
                w.Write(b.Name);
                w.Write(b.ElementBytes);
                All(w, b.Shape, w.Write);
            });
        });
    }

    private static SymbolicSizes ReadSizes(BinaryReader r) => new(
        All(r, () => new KernelDimension(r.ReadString(), r.ReadInt32(), r.ReadInt32())),
        new(All(r, () => ReadStep(r))),
        All(r, () => All(r, r.ReadInt32)),
        All(r, () => new KernelSlot(r.ReadBoolean(), All(r, () => new KernelBuffer(r.ReadString(), r.ReadInt32(), All(r, r.ReadInt32))))));

    private enum StepKind : byte { Constant, Dimension, Binary, Unary, Absolute, Converted, Selected }

    private static void Write(BinaryWriter w, SizeStep step)
    {
        (StepKind kind, long a, int b, int c) = step switch
        {
            ConstantSize s => (StepKind.Constant, s.Value, 0, 0),
            DimensionSize s => (StepKind.Dimension, s.Dimension, 0, 0),
            BinarySize s => (StepKind.Binary, (long)s.Op, s.Left, s.Right),
            UnarySize s => (StepKind.Unary, (long)s.Op, s.Operand, 0),
            AbsoluteSize s => (StepKind.Absolute, 0, s.Operand, 0),
            ConvertedSize s => (StepKind.Converted, (long)s.Type, s.Operand, 0),
            SelectedSize s => (StepKind.Selected, s.Condition, s.Then, s.Else),
            var other => throw new CompilerBugException("kernel image", other.GetType().Name),
        };
        w.Write((byte)kind);
        w.Write(a);
        w.Write(b);
        w.Write(c);
    }

    private static SizeStep ReadStep(BinaryReader r)
    {
        var (kind, a, b, c) = ((StepKind)r.ReadByte(), r.ReadInt64(), r.ReadInt32(), r.ReadInt32());
        return kind switch
        {
            StepKind.Constant => new ConstantSize(a),
            StepKind.Dimension => new DimensionSize((int)a),
            StepKind.Binary => new BinarySize((BinaryOp)a, b, c),
            StepKind.Unary => new UnarySize((UnaryOp)a, b),
            StepKind.Absolute => new AbsoluteSize(b),
            StepKind.Converted => new ConvertedSize((ElementType)a, b),
            StepKind.Selected => new SelectedSize((int)a, b, c),
            _ => throw new EndOfStreamException(),
        };
    }

    private static void All<T>(BinaryWriter w, ImmutableArray<T> items, Action<T> write)
    {
        w.Write(items.Length);
        foreach (var item in items) write(item);
    }

    private static ImmutableArray<T> All<T>(BinaryReader r, Func<T> read)
    {
        int count = r.ReadInt32();
        if (count < 0 || count > r.BaseStream.Length) throw new EndOfStreamException();
        var items = ImmutableArray.CreateBuilder<T>(count);
        for (int i = 0; i < count; i++) items.Add(read());
        return items.MoveToImmutable();
    }
}
