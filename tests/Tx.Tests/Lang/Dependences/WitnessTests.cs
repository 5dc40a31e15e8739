using System.Globalization;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Tests.Lang.Semantics;

namespace Tx.Tests.Lang.Dependences;

/// <summary>A refusal shows sizes and elements; here they are put into the equations again, written in C#.</summary>
public sealed partial class WitnessTests
{
    [GeneratedRegex(@"(\w+) = (-?\d+)")]
    private static partial Regex Number();

    [GeneratedRegex(@"`(\w+)\[([^\]]*)\]`")]
    private static partial Regex Element();

    private static (Dictionary<string, long> Sizes, List<(string Tensor, long[] Index)> Elements) Witness(string code, string text)
    {
        var error = Assert.Single(Bound.Errors(text), d => d.IsError);
        Assert.Equal(code, error.Code);
        Assert.NotNull(error.Witness);
        var sizes = Number().Matches(error.Witness).ToDictionary(m => m.Groups[1].Value, m => long.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture));
        var elements = Element().Matches(error.Witness)
            .Select(m => (m.Groups[1].Value, m.Groups[2].Value.Split(", ").Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray())).ToList();
        return (sizes, elements);
    }

    private static bool InRange(long i, long start, long end) => start <= i && i < end;

    [Fact]
    public void An_element_that_no_equation_defines()
    {
        var (n, elements) = Witness("TX1033", """
            op f(X: f32[N], S: f32[T]) -> u: f32[T + 1, N] require N >= 2, T >= 1 {
                u[0, i] = X[i]
                for t in 0..T {
                    u[t + 1, 0] = X[0] + S[t]
                    for i in 1..N - 1 { u[t + 1, i] = u[t, i - 1] + u[t, i + 1] }
                }
            }
            """);
        var (tensor, at) = Assert.Single(elements);
        Assert.Equal("u", tensor);
        var (N, T, t, i) = (n["N"], n["T"], at[0], at[1]);
        Assert.True(N >= 2 && T >= 1 && InRange(t, 0, T + 1) && InRange(i, 0, N));
        bool first = t == 0, left = t >= 1 && i == 0, inner = t >= 1 && InRange(i, 1, N - 1);
        Assert.False(first || left || inner);
    }

    [Fact]
    public void An_element_that_two_equations_define()
    {
        var (n, elements) = Witness("TX1071", """
            op f(X: f32[N]) -> Y: f32[N] require N >= 4 {
                Y[0] = 0
                for i in 1..N - 2 { Y[i] = X[i] }
                for i in 1..N { Y[N - i] = X[i] }
            }
            """);
        var (_, at) = Assert.Single(elements);
        Assert.True(n["N"] >= 4);
        Assert.True(InRange(at[0], 1, n["N"] - 2) && InRange(n["N"] - at[0], 1, n["N"]));
    }

    [Fact]
    public void A_write_that_leaves_the_tensor()
    {
        var (n, elements) = Witness("TX1072", "op f(X: f32[N]) -> S: f32[N] require N >= 1 { S[0] = 0; for i in 0..N { S[i + 1] = S[i] + X[i] } }");
        Assert.False(InRange(Assert.Single(elements).Index[0], 0, n["N"]));
        Assert.True(InRange(elements[0].Index[0], 1, n["N"] + 1));
    }

    /// <summary>A range that data ends: the witness is an element of the data, and an index that it admits and the tensor does not.</summary>
    [Theory]
    [InlineData("op f(n: i32[B], X: f32[K]) -> Y: f32[B] { Y[b] = sum(k in 0..n[b]: X[k]) }", 0)]
    [InlineData("op f(n: i32[B], X: f32[K]) -> Y: f32[B] { Y[b] = sum(k in 0..n[b]: X[k + 2]) }", 2)]
    [InlineData("op f(n: u8[B], X: f32[K]) -> Y: f32[B] require K >= 100 { Y[b] = max(k in 0..n[b]: X[k]) }", 0)]
    public void A_range_from_data_that_leaves_the_tensor(string text, long offset)
    {
        var (numbers, elements) = Witness("TX1080", text);
        var witness = Assert.Single(Bound.Errors(text), d => d.IsError).Witness!;
        long length = long.Parse(Regex.Match(witness, @"n\[b\] = (-?\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.True(InRange(numbers["k"], 0, length));
        Assert.Equal(numbers["k"] + offset, Assert.Single(elements).Index[0]);
        Assert.False(InRange(elements[0].Index[0], 0, numbers["K"]));
    }

    [Theory]
    [InlineData("op f(X: f32[N]) -> s: f32[N] { s[i] = X[i] + (s[i - 1] ?? 0) + (s[i + 1] ?? 0) }", "-1 1")]
    [InlineData("op f(X: f32[N]) -> s: f32[N] { s[i] = X[i] + s[i] }", "0")]
    [InlineData("op f(X: f32[N]) -> s: f32[N] { s[i] = X[i] + sum(k in 0..N if k != i: s[k]) }", "-3 -2 -1 1 2 3")]
    public void Elements_that_need_each_other(string text, string distances)
    {
        var (n, elements) = Witness("TX1073", text);
        long[] needed = [.. distances.Split(' ').Select(d => long.Parse(d, CultureInfo.InvariantCulture))];
        Assert.True(elements.Count >= 2);
        Assert.Equal(elements[0].Index, elements[^1].Index);
        foreach (var (element, next) in elements.Zip(elements.Skip(1)))
        {
            Assert.True(InRange(element.Index[0], 0, n["N"]) && InRange(next.Index[0], 0, n["N"]));
            Assert.Contains(next.Index[0] - element.Index[0], needed);
        }
    }

    [Fact]
    public void Tensors_that_need_each_other()
    {
        var (n, elements) = Witness("TX1073", "op f(X: f32[N]) -> a: f32[N], b: f32[N] { a[i] = X[i] + (b[i - 1] ?? 0); b[i] = a[i + 1] ?? 0 }");
        Assert.Equal(elements[0].Index, elements[^1].Index);
        foreach (var (element, next) in elements.Zip(elements.Skip(1)))
        {
            Assert.True(InRange(next.Index[0], 0, n["N"]));
            Assert.Equal(element.Tensor == "a" ? ("b", element.Index[0] - 1) : ("a", element.Index[0] + 1), (next.Tensor, next.Index[0]));
        }
    }
}
