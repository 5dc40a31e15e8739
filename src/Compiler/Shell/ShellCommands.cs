using System.Collections.Immutable;

namespace Tx.Shells;

/// <summary>The table of commands.</summary>
public static class ShellCommands
{
    public static ImmutableArray<ShellCommand> All { get; } = [];

    public static ShellCommand? Find(string name) => All.FirstOrDefault(c => c.Name == name || c.Aliases.Contains(name));
}
