using Tx.Core;

namespace Tx.Tests.Lower.Schedule.Steps;

public class ComputeAtTests
{
    internal const string Blur = """
        op blur(I: u16[H, W]) -> B: u16[H - 2, W - 2] {
            bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3)
            B[y, x] = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3)
        }
        """;

    private static readonly long[][] s_sizes = [[3, 3], [4, 5], [5, 19], [10, 18], [11, 34], [21, 40]];

    public static TheoryData<long, long, bool> Sizes
    {
        get
        {
            var data = new TheoryData<long, long, bool>();
            foreach (var s in s_sizes)
                foreach (bool symbolic in (bool[])[false, true]) data.Add(s[0], s[1], symbolic);
            return data;
        }
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_blur_in_strips_with_a_sliding_window(long h, long w, bool symbolic)
    {
        var s = PlacementFixture.Of(Blur, [h, w], isSymbolic: symbolic);
        s.Do("yo, yi = B.y.split(8)");
        s.Do("xo, xi = B.x.split(16)");
        s.Do("yo.parallel()");
        s.Do("xi.vectorize()");
        s.Do("bx.compute_at(yi, store_at = yo)");
        s.Do("bx.x.vectorize(16)");
        if (h >= 10 && w >= 18) Assert.Contains("select", s.Text, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Sizes))]
    public void A_blur_at_every_place(long h, long w, bool symbolic)
    {
        foreach (string at in (string[])["yo", "yi", "xo", "xi"])
            foreach (string store in (string[])["yo", "yi", "xo", "xi", "root"])
            {
                if (Array.IndexOf(["root", "yo", "yi", "xo", "xi"], store) > Array.IndexOf(["root", "yo", "yi", "xo", "xi"], at)) continue;
                var s = PlacementFixture.Of(Blur, [h, w], isSymbolic: symbolic);
                s.Do("yo, yi = B.y.split(3)");
                s.Do("xo, xi = B.x.split(7)");
                s.Do($"bx.compute_at({at}, store_at = {store})");
            }
    }
}
