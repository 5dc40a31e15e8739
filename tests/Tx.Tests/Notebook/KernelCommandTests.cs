using System.Text.Json;
using Tx.Repl.Jupyter;
using Tx.Tests.Support;

namespace Tx.Tests.Notebook;

/// <summary>The command line of notebooks, as far as it needs no Jupyter.</summary>
public class KernelCommandTests
{
    [Fact]
    public void InstallWritesTheSpec()
    {
        using var folder = new TemporaryFolder();
        string prefix = Path.Combine(folder.Path, "a b");
        for (int i = 0; i < 2; i++)
        {
            var result = CommandLine.Run("kernel", "install", "--prefix", prefix);
            Assert.Equal(0, result.ExitCode);
            Assert.Contains(Path.Combine(prefix, "share", "jupyter", "kernels", "tx"), result.Output, StringComparison.Ordinal);
        }
        string kernel = Path.Combine(prefix, "share", "jupyter", "kernels", "tx");
        Assert.Equal(["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"], Directory.GetFiles(kernel).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        var spec = JsonElement.Parse(File.ReadAllText(Path.Combine(kernel, "kernel.json")));
        string[] command = [.. spec.GetProperty("argv").EnumerateArray().Select(a => a.GetString()!)];
        Assert.True(Path.IsPathRooted(command[0]));
        Assert.Equal(["kernel", "start", "--connection-file", "{connection_file}"], command[^4..]);
        Assert.Equal("message", spec.GetProperty("interrupt_mode").GetString());
    }

    [Theory]
    [InlineData("`--user`, `--sys-prefix` and `--prefix` name different places", "kernel", "install", "--user", "--sys-prefix")]
    [InlineData("`a/b` is no name of a kernel", "kernel", "install", "--name", "a/b")]
    [InlineData("cannot be installed into", "kernel", "install", "--prefix", "/proc/nowhere")]
    [InlineData("the connection file `/nowhere.json` cannot be read", "kernel", "start", "--connection-file", "/nowhere.json")]
    [InlineData("`tx kernel install` makes the kernel known to Jupyter", "kernel")]
    [InlineData("--connection-file", "kernel", "start")]
    public void WrongCallsAreSaid(string message, params string[] call)
    {
        var result = CommandLine.Run(call);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("tx: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "is no connection file")]
    [InlineData("{}", "`shell_port` is missing or no port")]
    [InlineData("""{"shell_port":1,"control_port":2,"stdin_port":3,"iopub_port":99999,"hb_port":5}""", "`iopub_port` is missing or no port")]
    [InlineData("""{"shell_port":1,"key":"k","signature_scheme":"hmac-md5"}""", "tx knows hmac-sha256")]
    [InlineData("""{"shell_port":1,"transport":"udp"}""", "tx knows tcp and ipc")]
    public void WrongConnectionFilesAreRefused(string text, string message)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(message, Assert.Throws<RequestException>(() => ConnectionFile.Read(folder.Write("c.json", text))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ConnectionFileIsRead()
    {
        using var folder = new TemporaryFolder();
        var file = ConnectionFile.Read(folder.Write("c.json", """{"shell_port":1,"control_port":2,"stdin_port":3,"iopub_port":4,"hb_port":5,"ip":"127.0.0.2","key":"k","transport":"ipc"}"""));
        Assert.Equal(new("ipc", "127.0.0.2", "k", 1, 2, 3, 4, 5), file);
        Assert.Equal("ipc://127.0.0.2-4", file.Address(file.Publish));
    }
}
