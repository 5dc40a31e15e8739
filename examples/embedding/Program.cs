using Embedding;

// Without an argument: every sample; `cost`: what a call costs on this machine.
if (args is ["cost"]) CallCost.Print(Console.Out);
else Samples.Run(Console.Out);
