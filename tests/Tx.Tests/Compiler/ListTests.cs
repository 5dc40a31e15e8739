using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Lists of numbers where tensors are needed.</summary>
public class ListTests
{
    private const string Operators = """
        op relu<T: number>(X: T[..S]) -> Y: T[..S] { Y[..i] = max(X[..i], 0) }
        op both<T: number>(X: T[N], Z: T[N]) -> Y: T[N] { Y[i] = X[i] + Z[i] }
        op narrow(X: u8[N]) -> Y: u8[N] { Y[i] = X[i] }
        op flip(X: bool[N]) -> Y: bool[N] { Y[i] = !X[i] }
        op total(X: f64[M, N]) -> s: f64 { s = sum(i, j: X[i, j]) }

        """;

    [Theory]
    [InlineData("assert equal(relu([1.0, -2.0]), [1.0, 0.0])")]
    [InlineData("assert equal(relu([1, -2]), full(i32[2], 1)) == false")]
    [InlineData("let x: i32[2] = relu([1, -2])")]
    [InlineData("let x: f32[2] = relu([1, -2.5])")]
    [InlineData("let x: u8[3] = narrow([0, 255, 7])")]
    [InlineData("let x: f64[2] = both([1, 2], full(f64[2], 1))")]
    [InlineData("let x: i8[2] = both(full(i8[2], 1), [1, 2])")]
    [InlineData("assert equal(flip([true, false]), [false, true])")]
    [InlineData("assert total([[1, 2], [3, 4]])[..] == 10")]
    [InlineData("let a = full(f32[2], 3.0)\nassert equal(relu([a[0], -1, a[1]]), [3, 0, 3])")]
    [InlineData("let x: f32[0] = relu(zeros(f32[0]))\nlet y: i32[0] = relu([])")]
    [InlineData("let x: f32[2, 2] = [[1, 2], [3, inf]]\nassert x[1, 1] == inf")]
    [InlineData("assert [[1, 2], [3, 4]][1, 0] == 3")]
    public void AList_IsATensorOfTheTypeThatItMeets(string program)
    {
        var result = CommandLine.RunText("run", Operators + program);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void AListOfAnotherShape_IsShownWithItsOwn() =>
        Assert.Contains("this is declared `f32[3]`, and its value is `f32[2]`", CommandLine.RunText("check", "let x: f32[3] = [1, 2]").Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("let x = narrow([256])", "TX1006")]
    [InlineData("let x = narrow([1.5])", "TX1024")]
    [InlineData("let x = narrow([true])", "TX1024")]
    [InlineData("let x = flip([1])", "TX1006")]
    [InlineData("let x = total([1, 2])", "TX1025")]
    [InlineData("let x = both([1, 2], [1, 2, 3])", "TX1051")]
    [InlineData("let x = total([[1, 2], [3]])", "TX1715")]
    [InlineData("let x = relu([1, true])", "TX1716")]
    [InlineData("let x = relu([\"a\"])", "TX1715")]
    [InlineData("assert equal(zeros(i32[1]), [1.5])", "TX1006")]
    [InlineData("let x: i32[3] = [1, 2]", "TX1710")]
    public void WhatDoesNotFit_IsRefusedBeforeItRuns(string program, string code)
    {
        var result = CommandLine.RunText("check", Operators + program);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split("error[").Skip(1));
    }
}
