using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tx.Repl.Prompt;

/// <summary>What was typed in this and in earlier sessions: a file with one JSON text a line, to which any number of sessions append. Where it cannot be read or
/// written the history is that of the session.</summary>
/// <param name="path">Null: no file.</param>
internal sealed class HistoryFile(string? path)
{
    private const int MaxEntries = 5000;
    private const long MaxBytes = 4 << 20;
    private const int Tries = 40;

    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<string> _entries = [];

    /// <summary>The oldest first; no entry follows itself.</summary>
    public IReadOnlyList<string> Entries => _entries;

    /// <summary>In the folder for the state of programs: <c>$XDG_STATE_HOME</c>, or <c>~/.local/state</c>.</summary>
    public static HistoryFile OfUser()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        if (string.IsNullOrEmpty(state) || !Path.IsPathRooted(state))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
            state = Path.IsPathRooted(home) ? Path.Combine(home, ".local", "state") : null;
        }
        return new(state is null ? null : Path.Combine(state, "tx", "history"));
    }

    /// <summary>Reads what other sessions have written up to now, and what this one has.</summary>
    public void Load()
    {
        if (path is null) return;
        try
        {
            if (!File.Exists(path)) return;
            var read = new List<string>();
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file, Encoding.UTF8);
            while (reader.ReadLine() is { } line)
                if (Parse(line) is { } entry && (read.Count == 0 || read[^1] != entry)) read.Add(entry);
            _entries.Clear();
            _entries.AddRange(read.TakeLast(MaxEntries));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }
    }

    /// <summary>Adds an entry, at once for all sessions.</summary>
    public void Add(string entry)
    {
        if (string.IsNullOrWhiteSpace(entry) || (_entries.Count > 0 && _entries[^1] == entry)) return;
        _entries.Add(entry);
        if (path is null) return;
        for (int n = 0; n < Tries; n++)
        {
            try
            {
                Append(entry);
                return;
            }
            catch (IOException) when (n + 1 < Tries)
            {
                // Another session writes.
                Thread.Sleep(5);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return;
            }
        }
    }

    private void Append(string entry)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        else Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Nobody else has the file open for writing while this does.
        using var file = new FileStream(path!, OptionsOf(FileMode.OpenOrCreate));
        bool isTorn = file.Length > 0 && EndsInside(file);
        file.Seek(0, SeekOrigin.End);
        file.Write(Encoding.UTF8.GetBytes((isTorn ? "\n" : "") + JsonSerializer.Serialize(entry, Options) + "\n"));
        if (file.Length > MaxBytes) Shorten();
    }

    private static FileStreamOptions OptionsOf(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static bool EndsInside(FileStream file)
    {
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() != '\n';
    }

    private void Shorten()
    {
        string temporary = $"{path}.{Guid.NewGuid():N}";
        using (var file = new FileStream(temporary, OptionsOf(FileMode.CreateNew)))
            foreach (string entry in _entries.TakeLast(MaxEntries / 2)) file.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry, Options) + "\n"));
        File.Move(temporary, path!, overwrite: true);
    }

    private static string? Parse(string line)
    {
        try { return line is ['"', ..] ? JsonSerializer.Deserialize<string>(line) : null; }
        catch (JsonException) { return null; }
    }
}
