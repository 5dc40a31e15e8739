using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using Tx.Repl.Notebook;

namespace Tx.Repl.Jupyter;

/// <summary>What Jupyter must know of a kernel: a folder with <c>kernel.json</c> and pictures, where Jupyter looks for it.</summary>
internal static class KernelSpec
{
    private static readonly string[] Pictures = ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"];

    /// <summary>The folder of kernels of a user: <c>JUPYTER_DATA_DIR</c> where it is set, or the system's place for the data of programs.</summary>
    public static string UserFolder()
    {
        if (Environment.GetEnvironmentVariable("JUPYTER_DATA_DIR") is { Length: > 0 } data) return Path.Combine(Path.GetFullPath(data), "kernels");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
        string folder = OperatingSystem.IsWindows() ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "jupyter")
            : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Jupyter")
            : Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } xdg && Path.IsPathRooted(xdg) ? Path.Combine(xdg, "jupyter") : Path.Combine(home, ".local", "share", "jupyter");
        if (!Path.IsPathRooted(folder)) throw new RequestException("the home folder is not known: set HOME or JUPYTER_DATA_DIR, or give `--prefix DIR`");
        return Path.Combine(folder, "kernels");
    }

    public static string PrefixFolder(string prefix) => Path.Combine(Path.GetFullPath(prefix), "share", "jupyter", "kernels");

    /// <summary>The prefix of the Python that is in use: an active environment, or what <c>python3</c> says.</summary>
    public static string PythonPrefix()
    {
        foreach (string name in (string[])["VIRTUAL_ENV", "CONDA_PREFIX"])
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } prefix) return prefix;
        try
        {
            using var python = Process.Start(new ProcessStartInfo("python3", ["-c", "import sys; print(sys.prefix)"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string answer = python.StandardOutput.ReadToEnd().Trim();
            python.WaitForExit();
            if (python.ExitCode == 0 && Path.IsPathRooted(answer)) return answer;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            // There is no Python.
        }
        throw new RequestException("no Python environment is active and there is no `python3`: give `--prefix DIR`, or `--user`");
    }

    /// <summary>Writes the folder of the kernel; what is there already is replaced, file by file.</summary>
    /// <returns>The folder.</returns>
    public static string Install(string kernels, string name, string displayName, IEnumerable<string> command)
    {
        string folder = Path.Combine(kernels, name);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (string picture in Pictures) Write(Path.Combine(folder, picture), Resource(picture));
            // Last: without it there is no kernel.
            Write(Path.Combine(folder, "kernel.json"), Json.Bytes(Describe(displayName, command)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"the kernel cannot be installed into `{folder}`: {e.Message}");
        }
        return folder;
    }

    private static JsonObject Describe(string displayName, IEnumerable<string> command)
    {
        var spec = new JsonObject
        {
            ["argv"] = new JsonArray([.. command.Concat(["kernel", "start", "--connection-file", "{connection_file}"]).Select(a => JsonValue.Create(a))]),
            ["display_name"] = displayName, ["language"] = "tx", ["interrupt_mode"] = "message", ["metadata"] = new JsonObject { ["debugger"] = false },
        };
        // A runtime in an unusual place is found by this name only, and Jupyter may start without it.
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root) spec["env"] = new JsonObject { ["DOTNET_ROOT"] = root };
        return spec;
    }

    /// <summary>How this program is called, with full paths: its own file, or <c>dotnet</c> with the library.</summary>
    public static string[] OwnCommand()
    {
        string process = Environment.ProcessPath ?? throw new RequestException("the path of this program is not known");
        return string.Equals(Path.GetFileNameWithoutExtension(process), "dotnet", StringComparison.OrdinalIgnoreCase) ? [process, Path.Combine(AppContext.BaseDirectory, "Tx.Repl.dll")] : [process];
    }

    private static byte[] Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static void Write(string path, byte[] bytes)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
