using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Named constants, in shapes, operators, statements and tests.</summary>
public class ConstTests
{
    [Fact]
    public void Consts_AreKnownEverywhere()
    {
        var result = CommandLine.RunText("run", """
            const M = N / 2 - 1
            const N = 4 * 8
            const EPS: f32 = 1e-5
            const ON = true
            const LOW: i8 = -128
            const HALF = 0.5
            op f(X: f32[N]) -> Y: f32[N, M] { Y[i, j] = ON ? X[i] + EPS : HALF }
            op g(A: i8[K], const n: int = M + 1) -> B: i8[K + n] { B[i] = min((A[i] ?? LOW), LOW) }
            let y: f32[N, M] = f(zeros(f32[N]))
            assert y[0, 0] == EPS
            let z: i8[N + 16] = g(zeros(i8[N]))
            assert z[0] == LOW && ON && !(HALF > 1)
            let w: i8 = LOW
            let total = sum(i in 0..N: i)
            print(N, M, ON, LOW)
            """);
        Assert.Equal("", result.Error);
        Assert.Equal("32 15 true -128\n", result.Output);
    }

    [Theory]
    [InlineData("const A: int = 9223372036854775807\nconst B: int = A + 1", "TX1058")]
    [InlineData("op f(X: f32[N], const s: int = 9223372036854775807 + 1) -> Y: f32[N] { Y[i] = X[i] * f32(s) }", "TX1058")]
    [InlineData("const A: int = -9223372036854775807 - 2", "TX1058")]
    [InlineData("const A = 9223372036854775807\nlet x = A + 1", "TX5703")]
    [InlineData("const A: i64 = 1 / 0", "TX1029")]
    [InlineData("const A: bool = 3", "TX1006")]
    [InlineData("const A: f32 = true", "TX1004")]
    [InlineData("const A: u8 = 300", "TX1006")]
    [InlineData("const A: i32 = B\nconst B: i32 = A", "TX1057")]
    [InlineData("const A: i32 = B", "TX1001")]
    [InlineData("const A = 1\nconst A = 2", "TX1002")]
    [InlineData("const A: f33 = 1", "TX1017")]
    [InlineData("const A: f32[2] = 1", "TX1017")]
    public void WrongConsts_AreFoundByTheCheck(string program, string code)
    {
        var result = CommandLine.RunText("check", program);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split("error[").Skip(1));
    }
}
