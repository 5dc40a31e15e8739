using System.Collections.Immutable;
using Tx.Core;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>A program that is opened is not checked as a whole; nothing that is wrong with it may run for that.</summary>
public sealed class OpenedProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tx-opened-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("TX1501", "op f(X: f32[N]) -> Y: f32[N] require N >= 2 { Y[i] = X[i + 1] }")]
    [InlineData("TX1083", "reducer minus(a: i32, b: i32) -> i32 {\n identity = 0\n combine = a - b\n}\nop f(X: i32[N]) -> y: i32 { y = minus(i: X[i]) }")]
    [InlineData("TX2009", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + 1 }\nschedule s for f on cpu when M > 3 { Y.i.vectorize(8) }")]
    [InlineData("TX2005", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + 1 }\nschedule s for f on cpu extends t { Y.i.vectorize(8) }")]
    [InlineData("TX2013", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + 1 }\nschedule s for f on cpu { (a, b) = Y.i.split(4)\n Y.i.parallel() }")]
    [InlineData("TX2105", "op f(X: f32[N]) -> Y: f32[N] { Y[i] = i == 0 ? X[i] : Y[i - 1] + X[i] }\nschedule s for f on cpu { Y.i.parallel() }")]
    public void WhatIsWrong_IsRefusedWhereItIsUsed(string code, string text)
    {
        var output = new DiagnosticRecorder();
        using var session = Open(text, output);
        Assert.Empty(output.Reported);
        var error = Assert.Throws<DiagnosticException>(() => OperatorRequest.Find(session, "f", ImmutableDictionary<string, long>.Empty.Add("N", 64)).Compile());
        Assert.All(error.Diagnostics, d => Assert.Equal(code, d.Code));
    }

    [Fact]
    public void WhatIsNotUsed_IsNotLookedAt()
    {
        using var session = Open("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] + 1 }\nop g(X: f32[N]) -> Y: f32[N] require N >= 2 { Y[i] = X[i + 1] }", new DiagnosticRecorder());
        Assert.Equal("f", OperatorRequest.Find(session, "f", ImmutableDictionary<string, long>.Empty.Add("N", 64)).Compile().Name);
    }

    [Fact]
    public void ATextThatCannotBeParsed_IsReportedAtOnce()
    {
        var output = new DiagnosticRecorder();
        string path = Path.Combine(_folder, "p.tx");
        File.WriteAllText(path, "op f(X: f32[N]) -> Y: f32[N] { Y[i] = }\n");
        using var session = new Session(new SessionOptions(), output);
        Assert.Null(session.Open(path));
        Assert.NotEmpty(output.Reported);
    }

    private Session Open(string text, DiagnosticRecorder output)
    {
        string path = Path.Combine(_folder, "p.tx");
        File.WriteAllText(path, text);
        var session = new Session(new SessionOptions(), output);
        Assert.NotNull(session.Open(path));
        return session;
    }
}
