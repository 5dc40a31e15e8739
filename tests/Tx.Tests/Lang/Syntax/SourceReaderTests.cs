using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

public sealed class SourceReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tx-source").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SourceText? Read(byte[] bytes, out Diagnostic? error)
    {
        string path = Path.Combine(_folder, "a.tx");
        File.WriteAllBytes(path, bytes);
        return SourceReader.Read(path, out error);
    }

    [Fact]
    public void AByteOrderMarkIsDropped()
    {
        var source = Read([0xEF, 0xBB, 0xBF, .. "let x = 1\r\n"u8], out var error);
        Assert.Null(error);
        Assert.Equal("let x = 1\r\n", source!.Text);
        Assert.Empty(SyntaxParser.Parse(source).Diagnostics);
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0xFF, 0x61 }, "0xFF at offset 1")]
    [InlineData(new byte[] { 0x61, 0x62, 0xC3 }, "0xC3 at offset 2")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "0xED at offset 0")]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x61, 0x00 }, "0xFF at offset 0")]
    public void BytesThatAreNoTextAreNamed(byte[] bytes, string place)
    {
        Assert.Null(Read(bytes, out var error));
        Assert.Equal("TX0034", error!.Code);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoFileIsNamed()
    {
        Assert.Null(SourceReader.Read(Path.Combine(_folder, "none.tx"), out var missing));
        Assert.Null(SourceReader.Read(Path.Combine(_folder, "none", "none.tx"), out var missingFolder));
        Assert.Null(SourceReader.Read("a\0b", out var noPath));
        Assert.Null(SourceReader.Read("", out var empty));
        Assert.Null(SourceReader.Read(_folder, out var folder));
        Assert.Equal(["TX0030", "TX0030", "TX0030", "TX0030", "TX0031"], new[] { missing, missingFolder, noPath, empty, folder }.Select(d => d!.Code));
    }

    [Fact]
    public void AFileThatIsTooLargeIsRefused()
    {
        string path = Path.Combine(_folder, "large.tx");
        using (var stream = File.Create(path)) stream.SetLength(SourceReader.MaxBytes + 1L);
        Assert.Null(SourceReader.Read(path, out var error));
        Assert.Equal("TX0033", error!.Code);
        if (!OperatingSystem.IsLinux()) return;
        Assert.Null(SourceReader.Read("/dev/zero", out var device));
        Assert.Equal("TX0033", device!.Code);
    }
}
