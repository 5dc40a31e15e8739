using System.Collections.Immutable;
using Tx.Shells.Commands;

namespace Tx.Shells;

/// <summary>The table of commands.</summary>
public static class ShellCommands
{
    private const string Sizes = "[SCHEDULE] [M=64,…]";

    public static ImmutableArray<ShellCommand> All { get; } =
    [
        new("help", "help [COMMAND]", "lists the commands, or explains one", HelpCommands.Help) { Aliases = ["h", "?"], Complete = ShellCompletion.Commands },
        new("type", "type EXPRESSION", "the type of a value, which is not computed", SessionCommands.Type) { Aliases = ["t"], Complete = ShellCompletion.Expression },
        new("doc", "doc NAME", "what a name is: an operator, a primitive, a function, a keyword", SessionCommands.Doc) { Complete = ShellCompletion.Names },
        new("list", "list [TEXT]", "what is declared", SessionCommands.List) { Aliases = ["ls"], Complete = ShellCompletion.Declared },
        new("vars", "vars [TEXT]", "values with their types", SessionCommands.Vars) { Complete = ShellCompletion.Variables },
        new("load", "load FILE", "takes in a file: its declarations, then its statements", FileCommands.Load) { Aliases = ["l"], Complete = ShellCompletion.Files },
        new("reload", "reload", "takes in the loaded files again", FileCommands.Reload) { Aliases = ["r"] },
        new("save", "save FILE", "writes what was typed as a program", FileCommands.Save)
            { Complete = ShellCompletion.Files, Details = "Each declaration as it was made last, and the statements; commands are left out." },
        new("clear", "clear [NAME …]", "forgets values and declarations, or all of them", SessionCommands.Clear) { Complete = ShellCompletion.VariablesAndDeclared },
        new("history", "history [N | TEXT]", "what was typed", SessionCommands.History),
        new("set", "set [NAME VALUE]", "settings: threads, memory, symbolic, time", SessionCommands.Set)
            { Complete = ShellCompletion.Settings, Details = "threads N: of parallel loops\nmemory 4GiB: the most that values may have together\nsymbolic on|off: one kernel for all sizes\ntime on|off: says how long each entry took" },
        new("target", "target [host | baseline | FEATURE …]", "what is compiled for: this machine, or fewer of its features", SessionCommands.Target) { Complete = ShellCompletion.Targets },
        new("stages", "stages [OP]", "the stages of an operator, with the loops that schedules name", OperatorCommands.Stages) { Complete = ShellCompletion.Operators },
        new("steps", $"steps [OP {Sizes}]", "opens a schedule line by line, or shows the one that is open", ExploreCommands.Steps)
        {
            Complete = ShellCompletion.OperatorArguments,
            Details = "Lines such as `(io, ii) = C.i.split(8)` are then applied as they are typed, each with the nest that it makes and its cost. `:undo` takes one back, `:why LOOP` says what may be done to a loop, `:diff` shows all that has changed, `:done NAME` declares the schedule.",
        },
        new("done", "done [NAME]", "closes the open schedule, and declares it under a name", ExploreCommands.Done),
        new("undo", "undo", "takes back the last line of the open schedule, or else the last entry", ExploreCommands.Undo),
        new("why", $"why [OP {Sizes}] [LOOP]", "what may be done to a loop, what not, and why", ExploreCommands.Why)
            { Complete = ShellCompletion.Loops, Details = "Every answer is that of the primitive itself, tried on the nests as they are." },
        new("diff", "diff [OP A B] [M=64,…]", "how two schedules or stages differ; in an open schedule what its lines have changed", OperatorCommands.Diff)
            { Complete = ShellCompletion.PrintArguments, Details = "A and B are schedules of the operator, `plain`, `default`, or stages: loops, final, llvm." },
        new("print", $"print OP [loops | syntax | program | final | llvm | asm | nests | tree] {Sizes}", "an operator at one stage of its way to a kernel", OperatorCommands.Print) { Aliases = ["ir"], Complete = ShellCompletion.PrintArguments },
        new("llvm", $"llvm OP {Sizes}", "the LLVM IR of a kernel", OperatorCommands.Llvm) { Complete = ShellCompletion.OperatorArguments },
        new("asm", $"asm OP {Sizes}", "the assembly of a kernel, beside its source", OperatorCommands.Assembly) { Complete = ShellCompletion.OperatorArguments },
        new("time", "time STATEMENT", "how long a statement takes, once", OperatorCommands.Time) { Complete = ShellCompletion.Expression },
        new("bench", $"bench CALL | OP {Sizes}", "measures a call, or an operator on random data", OperatorCommands.Bench) { Complete = ShellCompletion.OperatorArguments },
        new("roofline", $"roofline OP {Sizes}", "its schedules against what this machine can do", OperatorCommands.Roofline) { Complete = ShellCompletion.OperatorArguments },
        new("mem", $"mem [OP {Sizes}]", "the memory of values, or of a kernel", OperatorCommands.Memory) { Complete = ShellCompletion.OperatorArguments },
        new("evidence", $"evidence [OP {Sizes}]", "the steps of a schedule with why each is right", OperatorCommands.Evidence) { Complete = ShellCompletion.OperatorArguments },
        new("explain", "explain CODE", "what an error code means, with an example and its mending", HelpCommands.Explain) { Complete = ShellCompletion.Codes },
        new("quit", "quit", "ends the session", SessionCommands.Quit) { Aliases = ["q", "exit"] },
    ];

    public static ShellCommand? Find(string name) => All.FirstOrDefault(c => c.Name == name || c.Aliases.Contains(name));
}
