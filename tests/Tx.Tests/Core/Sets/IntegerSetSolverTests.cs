using Tx.Core;
using Tx.Core.Sets;

namespace Tx.Tests.Core.Sets;

public sealed class IntegerSetSolverTests
{
    [Theory]
    [InlineData("{ [x0] : x0 >= 3 and x0 < 3 }", Emptiness.Empty)]
    [InlineData("{ [x0] : x0 >= 3 and 2*floor((x0)/2) = x0 - 1 }", Emptiness.NotEmpty)]
    [InlineData("{ [x0] : x0 * x0 >= 0 }", Emptiness.Unknown)]
    [InlineData("not a set", Emptiness.Unknown)]
    public void Decides_emptiness(string set, Emptiness expected)
    {
        using var solver = new IntegerSetSolver(100_000);
        Assert.Equal(expected, solver.Solve(set, 1).Answer);
    }

    [Fact]
    public void Gives_the_smallest_point()
    {
        using var solver = new IntegerSetSolver(100_000);
        Assert.Equal([2L, 5L], solver.Solve("{ [x0, x1] : x0 >= 0 and x1 >= 5 and x0 + x1 >= 7 and x1 <= 5 }", 2).Point.ToArray());
    }

    [Fact]
    public void A_point_beyond_64_bits_is_left_out()
    {
        using var solver = new IntegerSetSolver(100_000);
        var (answer, point) = solver.Solve("{ [x0] : x0 >= 99999999999999999999 }", 1);
        Assert.Equal(Emptiness.NotEmpty, answer);
        Assert.Empty(point);
    }

    [Fact]
    public void A_used_up_quota_is_unknown_and_does_not_last()
    {
        const string set = "{ [x0, x1] : x0 >= 0 and (x1 > x0 or x0 > 7) and x1 <= x0 and x0 <= 7 }";
        using var small = new IntegerSetSolver(1);
        Assert.Equal(Emptiness.Unknown, small.Solve(set, 2).Answer);
        using var solver = new IntegerSetSolver(100_000);
        for (int i = 0; i < 1000; i++) Assert.Equal(Emptiness.Empty, solver.Solve(set, 2).Answer);
    }

    [Fact]
    public void Solvers_of_several_threads_do_not_disturb_each_other() => Parallel.For(0, 8, t =>
    {
        using var solver = new IntegerSetSolver(100_000);
        for (int i = 0; i < 100; i++) Assert.Equal([(long)t + i], solver.Solve($"{{ [x0] : x0 >= {t} + {i} }}", 1).Point.ToArray());
    });

    [Fact]
    public void A_missing_library_is_a_diagnostic_with_the_command_that_installs_it()
    {
        var tried = new List<string>();
        nint none = Isl.Find(Isl.Candidates("/opt/isl/libisl.so"), name => { tried.Add(name); return 0; });
        Assert.Equal("/opt/isl/libisl.so", tried[0]);
        Assert.Contains("libisl.so.23", tried);
        var error = Assert.Throws<DiagnosticException>(() => Isl.Require(none));
        Assert.Equal("TX4101", error.Diagnostics[0].Code);
        Assert.Contains("apt-get install libisl23", error.Diagnostics[0].Help);
    }
}
