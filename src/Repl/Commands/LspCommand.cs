using System.CommandLine;
using Tx.Repl.Lsp;

namespace Tx.Repl.Commands;

internal static class LspCommand
{
    public static Command Create(TextWriter error)
    {
        var command = new Command("lsp", "Serves an editor: the language server protocol over standard input and output.");
        // Editors pass it by habit; there is no other channel.
        command.Options.Add(new Option<bool>("--stdio") { Description = "the default, and the only way" });
        command.SetAction(_ =>
        {
            using var server = new LanguageServer(Console.OpenStandardInput(), Console.OpenStandardOutput(), error);
            return server.Run();
        });
        return command;
    }
}
