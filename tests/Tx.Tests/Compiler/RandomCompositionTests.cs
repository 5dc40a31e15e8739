using System.Globalization;
using System.Text;
using Tx.Tests.Support;

namespace Tx.Tests.Compiler;

/// <summary>Random operators made of calls to scheduled ones, equations and choices by size, with and without a schedule of their own: each agrees with the reference.</summary>
public class RandomCompositionTests
{
    private const string Pool = """
        op product(A: f32[M, N], W: f32[N, N]) -> C: f32[M, N] { C[i, j] = sum(k: A[i, k] * W[k, j]) }
        schedule tiles for product on cpu when N >= 8 {
            (jo, ji) = C.j.split(8, tail = pad)
            (io, ii) = C.i.split(4)
            C.reorder(jo, io, C.k, ii, ji)
            p = W.cache_read(at = root, layout = (k, j) -> [j / 8, k, j % 8])
            acc = C.cache_write(at = io, memory = register)
            jo.parallel()
            ji.vectorize()
            ii.unroll()
        }
        schedule rows for product on cpu { C.i.parallel() }
        op centred(A: f32[M, N]) -> Y: f32[M, N] {
            s[i]    = sum(j: A[i, j])
            top[i]  = max(j: abs(A[i, j]))
            Y[i, j] = (A[i, j] - s[i] / f32(max(N, 1))) / max(top[i], 1)
        }
        schedule inside for centred on cpu {
            Y.i.parallel()
            s.compute_at(Y.i)
            top.compute_at(Y.i)
            jo = Y.j.vectorize(8)
            ko = s.j.vectorize(8)
        }
        op flipped(A: f32[M, N]) -> B: f32[M, N] { B[i, j] = A[i, N - 1 - j] }
        schedule lanes for flipped on cpu { jo = B.j.vectorize(8) }
        op smoothed(A: f32[M, N]) -> B: f32[M, N] {
            h[i, j] = A[i, j] + (A[i, j + 1] ?? 0)
            B[i, j] = h[i, j] * 0.5 + (h[i + 1, j] ?? 0) * 0.25
        }
        schedule strips for smoothed on cpu {
            (io, ii) = B.i.split(4)
            io.parallel()
            h.compute_at(io)
            jo = h.j.vectorize(8)
            ko = B.j.vectorize(8)
        }
        op both(A: f32[M, N], W: f32[N, N]) -> C: f32[M, N] {
            a = centred(A)
            b = product(a, W)
            C = flipped(b)
        }

        """;

    private static readonly (string Name, string[] Schedules)[] s_unary = [("centred", ["inside"]), ("flipped", ["lanes"]), ("smoothed", ["strips"])];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void CompositionsAgreeWithTheReference(int seed)
    {
        var random = new Random(seed);
        var text = new StringBuilder(Pool);
        for (int n = 0; n < 5; n++) text.Append(Composition(random, $"f{n}", random.Next(1, 20), random.Next(1, 28)));
        foreach (string[] more in new[] { Array.Empty<string>(), ["--symbolic"] })
        {
            var result = CommandLine.RunText("run", text.ToString(), more);
            Assert.True(result.ExitCode == 0, $"{result.Error}\n{text}");
        }
    }

    private static string Composition(Random random, string name, int rows, int columns)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"op {name}(X: f32[M, N], W: f32[N, N]) -> Z: f32[M, N] {{\n");
        var lines = new List<string>();
        string last = "X";
        int count = random.Next(2, 6);
        for (int n = 0; n < count; n++)
        {
            string other = n == 0 ? "X" : $"t{random.Next(n)}", target = $"t{n}";
            switch (random.Next(6))
            {
                case 0:
                    text.Append(CultureInfo.InvariantCulture, $"    {target} = product({last}, W)\n");
                    lines.Add(random.Next(3) switch { 0 => $"{target}.use(tiles)", 1 => $"{target}.use(rows)", _ => $"{target}.i.parallel()" });
                    break;
                case 1:
                    text.Append(CultureInfo.InvariantCulture, $"    {target} = both({last}, W)\n");
                    lines.Add(random.Next(2) == 0 ? $"{target}.b.use(rows)" : $"{target}.a.use(inside)");
                    break;
                case 2: text.Append(CultureInfo.InvariantCulture, $"    {target}[i, j] = {last}[i, j] + 0.5 * {other}[i, j]\n"); break;
                case 3: text.Append(CultureInfo.InvariantCulture, $"    {target}[i, j] = M >= {random.Next(20)} ? {last}[i, j] : {other}[i, j]\n"); break;
                default:
                    var (callee, schedules) = s_unary[random.Next(s_unary.Length)];
                    text.Append(CultureInfo.InvariantCulture, $"    {target} = {callee}({last})\n");
                    lines.Add($"{target}.use({schedules[0]})");
                    break;
            }
            last = target;
        }
        text.Append(CultureInfo.InvariantCulture, $"    Z[i, j] = {last}[i, j] + X[i, j]\n}}\n");
        string own = "";
        if (lines.Count > 0 && random.Next(2) == 0)
        {
            own = $", using = s_{name}";
            text.Append(CultureInfo.InvariantCulture, $"schedule s_{name} for {name} on cpu {{\n    {string.Join("\n    ", lines.Where(_ => random.Next(2) == 0).Append("Z.i.parallel()"))}\n{(random.Next(2) == 0 ? "    auto()\n" : "")}}}\n");
        }
        return text.Append(CultureInfo.InvariantCulture, $"let X{name} = random(f32[{rows}, {columns}], seed = {random.Next(99)})\nlet W{name} = random(f32[{columns}, {columns}], seed = {random.Next(99)})\n")
            .Append(CultureInfo.InvariantCulture, $"assert close({name}(X{name}, W{name}{own}), reference({name}(X{name}, W{name})), rtol = 1e-3, atol = 1e-3)\n").ToString();
    }
}
