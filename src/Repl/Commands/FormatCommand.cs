using System.CommandLine;
using System.Text;
using Tx.Core;
using Tx.Lang.Formatting;
using Tx.Lang.Syntax;

namespace Tx.Repl.Commands;

internal static class FormatCommand
{
    public static Command Create(TextReader input, TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("FILE") { Description = ".tx files, or - for standard input", Arity = ArgumentArity.OneOrMore };
        var check = new Option<bool>("--check") { Description = "change nothing; name the files that are laid out otherwise, and exit with 1 if there is one" };
        var command = new Command("fmt", "Lays programs out in the one way that there is.") { files, check };
        command.SetAction(parsed =>
        {
            string[] paths = parsed.GetRequiredValue(files);
            foreach (string path in paths)
                if (path != "-") Arguments.Existing(path);
            bool isFine = true;
            foreach (string path in paths) isFine &= Format(path, parsed.GetValue(check), input, output, error);
            return isFine ? CommandLineApp.Fine : CommandLineApp.ProgramFault;
        });
        return command;
    }

    private static bool Format(string path, bool isCheck, TextReader input, TextWriter output, TextWriter error)
    {
        var source = path == "-" ? new SourceText("<stdin>", input.ReadToEnd()) : SourceReader.Read(path, out var unreadable) ?? throw new DiagnosticException(unreadable!);
        var formatted = SourceFormatter.Format(source);
        if (formatted.Text is not { } text)
        {
            error.Write(DiagnosticRenderer.Render(formatted.Diagnostics));
            return false;
        }
        if (isCheck)
        {
            if (text == source.Text) return true;
            output.WriteLine(path);
            return false;
        }
        if (path == "-") output.Write(text);
        else if (text != source.Text) Replace(path, text);
        return true;
    }

    /// <summary>The file holds either its old text or its new one, whenever the program is stopped.</summary>
    private static void Replace(string path, string text)
    {
        // Through a link, so that the file it names is replaced and not the link.
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        string temporary = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(target))!, $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllText(temporary, text, new UTF8Encoding(false));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new RequestException($"`{path}` cannot be written: {e.Message}");
        }
    }
}
