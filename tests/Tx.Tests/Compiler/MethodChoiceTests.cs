using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Stages that are read only for some sizes are computed only for them.</summary>
public class MethodChoiceTests
{
    private const string Methods = """
        op product(X: f32[M, K], W: f32[K, N]) -> Y: f32[M, N] { Y[i, j] = sum(k: X[i, k] * W[k, j]) }
        op backwards(X: f32[M, K], W: f32[K, N]) -> Y: f32[M, N] {
            R[i, k] = X[i, K - 1 - k] * 2
            Y[i, j] = sum(k: R[i, k] * 0.5 * W[K - 1 - k, j])
        }

        """;

    private const string Choice = Methods + """
        op chosen(X: f32[M, K], W: f32[K, N]) -> Y: f32[M, N] {
            a       = product(X, W)
            b       = backwards(X, W)
            Y[i, j] = K >= 40 ? a[i, j] : b[i, j]
        }
        let W = random(f32[40, 9], seed = 2)
        let X = random(f32[7, 40], seed = 1)
        assert close(chosen(X, W), reference(product(X, W)), rtol = 1e-4, atol = 1e-4)
        let V = random(f32[30, 9], seed = 2)
        let Z = random(f32[7, 30], seed = 1)
        assert close(chosen(Z, V), reference(product(Z, V)), rtol = 1e-4, atol = 1e-4)

        """;

    private static string Final(string program, string op, string? shape, string stage = "final")
    {
        var result = CommandLine.RunText("print", program, ["--op", op, "--stage", stage, .. shape is null ? Array.Empty<string>() : ["--shape", shape]]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return result.Output;
    }

    [Fact]
    public void BothMethodsGiveTheSame()
    {
        Assert.Equal((0, ""), (CommandLine.RunText("run", Choice) is var known ? known.ExitCode : 1, known.Error));
        Assert.Equal((0, ""), (CommandLine.RunText("run", Choice, "--symbolic") is var symbolic ? symbolic.ExitCode : 1, symbolic.Error));
    }

    [Fact]
    public void ForKnownSizesTheOtherMethodIsGoneAndNothingIsCopied()
    {
        string first = Final(Choice, "chosen", "M=7,K=40,N=9"), second = Final(Choice, "chosen", "M=7,K=30,N=9");
        Assert.DoesNotContain("temp b", first, StringComparison.Ordinal);
        Assert.DoesNotContain("temp a", first, StringComparison.Ordinal);
        Assert.Equal(Final(Choice, "product", "M=7,K=40,N=9").Split('\n').Length, first.Split('\n').Length);
        Assert.DoesNotContain("temp a", second, StringComparison.Ordinal);
        // The nests are not even scheduled.
        Assert.DoesNotContain("instance b.R", Final(Choice, "chosen", "M=7,K=40,N=9", "loops"), StringComparison.Ordinal);
    }

    [Fact]
    public void ForAllSizesTheNestsStandUnderTheCondition()
    {
        string all = Final(Choice, "chosen", null);
        Assert.Contains("\n  if K >= 40 {", all, StringComparison.Ordinal);
        Assert.Contains("\n  if K < 40 {", all, StringComparison.Ordinal);
        // What a method needs before it, too.
        Assert.DoesNotContain("\n  for ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("temp a:", all, StringComparison.Ordinal);
        Assert.DoesNotContain("temp b:", all, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsReadElsewhereIsComputedAlways()
    {
        const string Both = Methods + """
            op both(X: f32[M, K], W: f32[K, N]) -> Y: f32[M, N], Z: f32[M] {
                a       = product(X, W)
                b       = backwards(X, W)
                Y[i, j] = K >= 40 ? a[i, j] : b[i, j]
                Z[i]    = max(j: a[i, j])
            }
            let X = random(f32[7, 30], seed = 1)
            let W = random(f32[30, 9], seed = 2)
            let (y, z) = both(X, W)
            let (v, w) = reference(both(X, W))
            assert close(y, v, rtol = 1e-4, atol = 1e-4)
            assert close(z, w, rtol = 1e-4, atol = 1e-4)

            """;
        Assert.Equal((0, ""), (CommandLine.RunText("run", Both, "--symbolic") is var run ? run.ExitCode : 1, run.Error));
        string all = Final(Both, "both", null);
        Assert.Contains("temp a: ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("\n  if K >= 40", all, StringComparison.Ordinal);
        Assert.Contains("\n  if K < 40 {", all, StringComparison.Ordinal);
    }

    [Fact]
    public void ACopyAtAnotherPlaceOrOfAnotherShapeStays()
    {
        const string Turned = Methods + """
            op turned(X: f32[M, K], W: f32[K, N]) -> Y: f32[N, M], Z: f32[M, 2] require N >= 2 {
                a       = product(X, W)
                Y[j, i] = a[i, j]
                Z[i, j] = a[i, j]
            }
            let X = random(f32[7, 30], seed = 1)
            let W = random(f32[30, 7], seed = 2)
            let (y, z) = turned(X, W)
            let (v, w) = reference(turned(X, W))
            assert close(y, v, rtol = 1e-4, atol = 1e-4)
            assert close(z, w, rtol = 1e-4, atol = 1e-4)

            """;
        Assert.Equal((0, ""), (CommandLine.RunText("run", Turned) is var run ? run.ExitCode : 1, run.Error));
        Assert.Contains("temp a: ", Final(Turned, "turned", "M=7,K=30,N=7"), StringComparison.Ordinal);
    }
}
