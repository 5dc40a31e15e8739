using Tx.Lower;
using Tx.Lower.Ir;

namespace Tx.Tests.Lower.Schedule.Steps;

public class BufferingTests
{
    private const string Matmul = OperatorSamples.Matmul;
    private const string Blur = """
        op blur(I: u16[H, W]) -> B: u16[H - 2, W - 2] {
            bx[y, x] = u16((u32(I[y, x]) + u32(I[y, x + 1]) + u32(I[y, x + 2])) / 3)
            B[y, x] = u16((u32(bx[y, x]) + u32(bx[y + 1, x]) + u32(bx[y + 2, x])) / 3)
        }
        """;
    private const string Cached = "(ko, ki) = C.k.split(4)\nC.reorder(C.i, ko, C.j, ki)\nBs = B.cache_read(at = ko)\nAs = A.cache_read(at = ko)\n";

    [Theory, InlineData(0), InlineData(1), InlineData(4), InlineData(5), InlineData(8), InlineData(13)]
    public void Caches_are_filled_ahead(int k)
    {
        foreach (bool isSymbolic in (bool[])[true, false])
            foreach (string step in (string[])["Bs.double_buffer()", "Bs.double_buffer()\nAs.double_buffer()", "ko.pipeline(2)", "ko.pipeline(stages = 3)", "ko.pipeline(5)", "acc = C.cache_write(at = ko)\nko.pipeline(3)", "Bs.k.vectorize()\nko.pipeline()"])
                if (k > 0 || isSymbolic) ScheduleText.Run(Matmul, Cached + step, [3, k, 2], isSymbolic);
    }

    [Theory]
    [InlineData("C.k.pipeline(2)", "TX2136")]
    [InlineData("Bs = B.cache_read(at = root)\nBs.double_buffer()", "TX2136")]
    [InlineData("Bs = B.cache_read(at = C.i)\nC.i.parallel()\nBs.double_buffer()", "TX2136")]
    [InlineData("Bs = B.cache_read(at = C.i)\nC.i.parallel()\nC.i.pipeline(2)", "TX2103")]
    [InlineData("Bs = B.cache_read(at = C.i)\nC.i.pipeline(17)", "TX2136")]
    public void What_cannot_be_filled_ahead_is_refused(string body, string code) => Assert.Equal(code, ScheduleText.Refuse(Matmul, body).Code);

    [Theory, InlineData(7, 9), InlineData(3, 3), InlineData(4, 35)]
    public void Storage_of_intermediate_tensors(int h, int w)
    {
        foreach (bool isSymbolic in (bool[])[true, false])
        {
            ScheduleText.Run(Blur, "bx.layout((y, x) -> [x / 4, y, x % 4])", [h, w], isSymbolic);
            ScheduleText.Run(Blur, "B.layout((y, x) -> [x, y])\nI.layout((y, x) -> [x, y])", [h, w], isSymbolic);
            Assert.Equal("TX2122", ScheduleText.Refuse(Blur, "bx.layout((y, x) -> [x / 4, y, x % 4])\nb = bx.cache_read(at = root)", [h, w]).Code);
            ScheduleText.Run(Blur, "bx.x.pad(16)\nbx.x.vectorize(4)", [h, w], isSymbolic);
            ScheduleText.Run(Blur, "b = bx.cache_read(at = B.y)\nb.x.pad(8)\nb.y.pad(2)", [h, w], isSymbolic);
        }
        // One column apart, nothing meets.
        if (w > 3) Assert.Equal("TX2119", ScheduleText.Refuse(Blur, "bx.layout((y, x) -> [y + x])", [h, w]).Code);
        Assert.Equal("TX2123", ScheduleText.Refuse(Blur, "B.x.pad(8)", [h, w]).Code);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(9)]
    public void Prefetches_change_nothing(int n)
    {
        const string op = "op f(X: f32[N], Z: f32[N]) -> Y: f32[N] { Y[i] = X[i] + Z[i] }";
        var f = ScheduleText.Run(op, "(io, ii) = Y.i.split(4)\nio.prefetch(X, 2)\nio.prefetch(Z)\nii.vectorize()", [n], isSymbolic: true).Function;
        Assert.Contains("prefetch \"X\" (X)", IrPrinter.Print(f.Body), StringComparison.Ordinal);
        var module = new LoopModule([f], LoopLevel.Scheduled);
        Assert.Equal(IrPrinter.Print(module), IrPrinter.Print(IrParser.ParseModule(IrPrinter.Print(module))));
        Assert.Contains("prefetch", IrPrinter.Print(Lowering.Lower(module, ScheduleText.Target)), StringComparison.Ordinal);
        Assert.Equal("TX2137", ScheduleText.Refuse("op g(X: f32[N], p: i32[M]) -> Y: f32[M] { Y[i] = (X[p[i]] ?? 0) }", "Y.i.prefetch(X)", [8, 8]).Code);
        Assert.Equal("TX2137", ScheduleText.Refuse(op, "xs = X.cache_read(at = root)\n(io, ii) = Y.i.split(4)\nii.vectorize()\nii.prefetch(Z)", [8]).Code);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(9)]
    public void A_copy_streams_past_the_caches(int n)
    {
        ScheduleText.Run("op f(X: f32[N]) -> Y: f32[N] { Y[i] = X[i] * 2 }", "(io, ii) = Y.i.split(4)\nio.parallel()\nii.vectorize()\nY.nontemporal()", [n], isSymbolic: true);
        Assert.Equal("TX2123", ScheduleText.Refuse(Matmul, "C.nontemporal()").Code);
        ScheduleText.Run(Matmul, "acc = C.cache_write(at = C.i)\nC.nontemporal()", [3, n, 2], isSymbolic: true);
    }

    private const string Tiled = """
        (by, ty, iy) = C.i.split(2, 2, tail = pad)
        (bx, tx, ix) = C.j.split(3, 2, tail = pad)
        (ko, ki)     = C.k.split(4, tail = pad)
        C.reorder(by, bx, ty, tx, ko, ki, iy, ix)
        by.bind(block.y)
        bx.bind(block.x)
        ty.bind(thread.y)
        tx.bind(thread.x)
        acc = C.cache_write(at = tx, memory = register)
        As  = A.cache_read(at = ko, memory = shared)
        Bs  = B.cache_read(at = ko, memory = shared)
        """;

    [Theory, InlineData(8, 8, 12), InlineData(5, 6, 7), InlineData(1, 1, 1), InlineData(2, 9, 3), InlineData(0, 2, 2)]
    public void Threads_share_caches(int m, int k, int n)
    {
        ScheduleText.Run(Matmul, Tiled, [m, k, n], device: "gpu");
        ScheduleText.Run(Matmul, Tiled + "\nAs.cooperative(thread.y, thread.x)\nBs.cooperative(thread.x)", [m, k, n], device: "gpu");
        ScheduleText.Run(Matmul, Tiled + "\nAs.cooperative(thread.y, thread.x)\nBs.cooperative(thread.y, thread.x)\niy.unroll()\nix.unroll()\nko.pipeline(stages = 2)", [m, k, n], isSymbolic: true, device: "gpu");
        ScheduleText.Run(Matmul, Tiled + "\nBs.cooperative(thread.y, thread.x)\nko.pipeline(stages = 3)", [m, k, n], device: "gpu");
        ScheduleText.Run(Matmul, "(io, ii) = C.i.split(2)\nC.reorder(io, C.j, ii)\nii.vthread()", [m, k, n], device: "gpu");
    }

    [Theory]
    [InlineData("C.i.bind(thread.x)\nC.j.bind(block.x)", "TX2105")]
    [InlineData("C.i.bind(thread.x)\nC.j.bind(thread.x)", "TX2105")]
    [InlineData("C.k.bind(thread.x)", "TX2105")]
    [InlineData("C.k.vthread()", "TX2105")]
    [InlineData("As = A.cache_read(at = C.i)\nAs.cooperative(thread.x)", "TX2123")]
    public void What_does_not_fit_a_device_is_refused(string body, string code) => Assert.Equal(code, ScheduleText.Refuse(Matmul, body, [4, 4, 4], device: "gpu").Code);
}
