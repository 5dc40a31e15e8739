using System.Text;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Random statements, most of them wrong: what comes back is a result or diagnostics, never an exception.</summary>
public class HostileStatementTests
{
    private static readonly string[] Names = ["a", "b", "t", "n", "N", "E", "missing", "f32", "i8", "bool", "int", "u4", "inf", "nan", "print", "close", "same"];
    private static readonly string[] Numbers = ["0", "1", "-1", "2", "3", "255", "9223372036854775807", "18446744073709551615", "1e400", "1e-400", "0.5", "-0.0", "1e30", "64"];
    private static readonly string[] Functions =
        ["print", "load", "save", "random", "zeros", "full", "arange", "close", "equal", "reference", "same", "total", "f32", "i8", "u4", "bool", "missing", "two", "symbolic"];
    private static readonly string[] Operators = ["+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "<", "==", "!=", "&&", "||", "??"];

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void Statements_EndInResultsOrDiagnostics(int seed)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(seed);
        for (int i = 0; i < 120; i++)
        {
            var text = new StringBuilder("""
                const N = 4
                const E: f32 = 1e-5
                op same<T: any>(X: T[..S]) -> Y: T[..S] { Y[..i] = X[..i] }
                op total(X: f32[M, K]) -> s: f32 { s = sum(i, j: X[i, j]) }
                op two(X: i32[M]) -> a: i32[M], b: i32[M] { a[i] = X[i]; b[i] = -X[i] }
                let a = random(f32[2, 3], seed = 1)
                let b = arange(i32, 0, 5)
                let n = 3

                """);
            bool isTest = random.Next(4) == 0;
            if (isTest) text.Append("test \"t\" {\n");
            for (int k = random.Next(1, 4); k > 0; k--) text.Append(Statement(random)).Append('\n');
            if (isTest) text.Append("}\n");
            string file = folder.Write("p.tx", text.ToString());
            foreach (string command in new[] { "check", "run", "test" })
            {
                var result = CommandLine.Run(command, file);
                Assert.True(result.ExitCode is 0 or 1, $"{command} gives {result.ExitCode}:\n{text}\n{result.Error}");
                Assert.True(result.ExitCode == 0 || result.Error.Contains("error[TX", StringComparison.Ordinal), text.ToString());
            }
        }
    }

    private static string Statement(Random r) => r.Next(10) switch
    {
        0 => $"let x = {Expression(r, 3)}",
        1 => $"let y: {Type(r)} = {Expression(r, 3)}",
        2 => $"let (p, q) = {Expression(r, 2)}",
        3 => $"let Z[i] = {Expression(r, 2)}",
        4 => $"assert {Expression(r, 3)}",
        5 => $"print({Expression(r, 3)}, {Expression(r, 2)})",
        6 => $"const c{r.Next(3)} = {Expression(r, 2)}",
        7 => $"let w = {Expression(r, 2)} ? {Expression(r, 2)} : {Expression(r, 2)}",
        8 => $"let s = sum(k in 0..{Expression(r, 1)}: {Expression(r, 2)})",
        _ => Expression(r, 3),
    };

    private static string Expression(Random r, int depth) => (depth == 0 ? r.Next(3) : r.Next(12)) switch
    {
        0 => Names[r.Next(Names.Length)],
        1 => Numbers[r.Next(Numbers.Length)],
        2 => r.Next(4) switch { 0 => "\"x.npy\"", 1 => "\"x.npz\"", 2 => "true", _ => "\"W\"" },
        3 or 4 => $"({Expression(r, depth - 1)} {Operators[r.Next(Operators.Length)]} {Expression(r, depth - 1)})",
        5 => $"{(r.Next(3) switch { 0 => "-", 1 => "!", _ => "~" })}{Expression(r, depth - 1)}",
        6 => $"[{string.Join(", ", Enumerable.Range(0, r.Next(4)).Select(_ => Expression(r, depth - 1)))}]",
        7 => $"{Expression(r, depth - 1)}[{string.Join(", ", Enumerable.Range(0, r.Next(1, 3)).Select(_ => Subscript(r, depth - 1)))}]",
        8 => Type(r),
        _ => $"{Functions[r.Next(Functions.Length)]}({string.Join(", ", Enumerable.Range(0, r.Next(4)).Select(_ => (r.Next(6) == 0 ? "seed = " : "") + Expression(r, depth - 1)))})",
    };

    private static string Subscript(Random r, int depth) => r.Next(4) switch
    {
        0 => "..",
        1 => $"{Expression(r, 0)}..",
        2 => $"{Expression(r, 0)}..{Expression(r, depth)}",
        _ => Expression(r, depth),
    };

    private static string Type(Random r) => r.Next(5) switch
    {
        0 => "f32",
        1 => "f32[2, 3]",
        2 => "u4[5]",
        3 => $"bf16[{Numbers[r.Next(3)]}]",
        _ => $"i8[{Expression(r, 0)}, 2]",
    };
}
