using System.Collections.Immutable;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Runtime;

public sealed class KernelImageFormatTests
{
    private static readonly SourceText Text = new("a/b.tx", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] }");

    private static KernelImage Image(SourceText text, bool isSymbolic) => new(
        "f", "f_entry", [1, 2, 3, 0, 255], [new("X", ElementType.F32, [null, 7], false), new("Y", ElementType.U1, [], true) { Alignment = 64 }], 128, 64,
        [new("TX5001", "no {0}", new(text, new(3, 4)), "help"), new("TX5002", "", null)])
    {
        Evidence = [new("C.i.split(8)", "proved", "why")],
        Symbolic = !isSymbolic ? null : new(
            [new("N", 0, 1)],
            new([new ConstantSize(long.MinValue), new DimensionSize(0), new BinarySize(BinaryOp.Mul, 0, 1), new UnarySize(UnaryOp.Not, 2), new AbsoluteSize(3), new ConvertedSize(ElementType.U8, 4), new SelectedSize(1, 2, 5)]),
            [[0, 1], []], [new(true, [new("t", 4, [0, 6]), new("u", 8, [])]), new(false, [])]),
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnImage_ComesBackTheSame(bool isSymbolic)
    {
        var image = Image(Text, isSymbolic);
        byte[] bytes = KernelImageFormat.Write(image);
        var read = KernelImageFormat.Read(bytes, path => path == Text.Path ? Text : null)!;
        Assert.Equal(bytes, KernelImageFormat.Write(read));
        Assert.Equal((image.Name, image.Entry, image.WorkspaceBytes, image.WorkerBytes), (read.Name, read.Entry, read.WorkspaceBytes, read.WorkerBytes));
        Assert.True(image.Object.AsSpan().SequenceEqual(read.Object.AsSpan()));
        Assert.Equal(image.Messages.AsEnumerable(), read.Messages);
        Assert.Equal(image.Evidence.AsEnumerable(), read.Evidence);
        Assert.Equal(image.Parameters.Select(p => (p.Name, p.Type, string.Join(',', p.Shape), p.IsOutput, p.Alignment)), read.Parameters.Select(p => (p.Name, p.Type, string.Join(',', p.Shape), p.IsOutput, p.Alignment)));
        Assert.Equal((image.Symbolic?.Values.Steps ?? []).AsEnumerable(), read.Symbolic?.Values.Steps ?? []);
        Assert.Equal((image.Symbolic?.Dims ?? []).AsEnumerable(), read.Symbolic?.Dims ?? []);
    }

    [Fact]
    public void ATextThatIsNotKnown_OrTooShort_IsNoImage()
    {
        Assert.Null(KernelImageFormat.Read(KernelImageFormat.Write(Image(Text, false)), _ => null));
        Assert.Null(KernelImageFormat.Read(KernelImageFormat.Write(Image(Text, false)), path => new(path, "short")));
    }

    [Fact]
    public void BytesThatEndEarly_AreAnInputError()
    {
        byte[] bytes = KernelImageFormat.Write(Image(Text, true));
        for (int length = 0; length < bytes.Length; length++)
            Assert.ThrowsAny<IOException>(() => KernelImageFormat.Read(bytes[..length], _ => Text));
    }
}
