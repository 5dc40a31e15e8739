using Tx.Repl;

// The compiler recurses over what users wrote: it gets a stack of its own, larger than the main thread's.
int exit = 2;
var thread = new Thread(() => exit = CommandLineApp.Run(args, Console.In, Console.Out, Console.Error), 256 << 20);
thread.Start();
thread.Join();
return exit;
