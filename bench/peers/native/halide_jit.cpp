// Compiles pipelines of Halide 14 just in time: for every name on its input one more time, from nothing to a callable function. Prints seconds of processor time.
#include <Halide.h>
#include <cstdio>
#include <ctime>
#include <iostream>
using namespace Halide;

static double seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}
// Halide 14 takes AMD's Zen 4 for a Sapphire Rapids and emits instructions that it does not have.
static Target host() {
    Target t = get_host_target();
    t.set_feature(Target::AVX512_SapphireRapids, false);
    return t;
}
static int lanes() { return host().natural_vector_size<float>(); }
static Target kernel_target() { return host().with_feature(Target::NoAsserts).with_feature(Target::NoBoundsQuery); }
static Var x("x"), y("y"), k("k"), xo("xo"), xi("xi"), yo("yo"), yi("yi");

template <class Param> static void fix(Param p, std::vector<int> extents) {
    int stride = 1;
    for (size_t d = 0; d < extents.size(); stride *= extents[d++]) p.dim(d).set_bounds(0, extents[d]).set_stride(stride);
}

static void matmul() {
    const int n = 512;
    ImageParam A(Float(32), 2, "A"), B(Float(32), 2, "B");
    fix(A, {n, n}), fix(B, {n, n});
    Func panel("panel"), tile("tile"), out("out");
    RDom r(0, n, "r");
    panel(x, k) = B(x, k);
    tile(x, y) += A(r, y) * panel(x, r);
    out(x, y) = tile(x, y);
    fix(out.output_buffer(), {n, n});
    int rows = lanes() >= 16 ? 14 : 6;
    out.tile(x, y, xo, yo, xi, yi, 2 * lanes(), rows).reorder(xi, yi, yo, xo).vectorize(xi, lanes()).unroll(xi).unroll(yi);
    tile.compute_at(out, yo).vectorize(x, lanes()).unroll(x).unroll(y);
    tile.update().reorder(x, y, r).vectorize(x, lanes()).unroll(x).unroll(y);
    panel.compute_at(out, xo).vectorize(x, lanes()).unroll(x);
    out.compile_jit(kernel_target());
}
static void chain() {
    const int n = 1 << 20;
    ImageParam A(Float(32), 1, "A"), B(Float(32), 1, "B");
    fix(A, {n}), fix(B, {n});
    Func out("out");
    Expr t = A(x) * 1.5f + B(x);
    out(x) = (max(t, 0.0f) - 0.25f) * t;
    fix(out.output_buffer(), {n});
    out.vectorize(x, lanes());
    out.compile_jit(kernel_target());
}

int main() {
    std::string name;
    while (std::getline(std::cin, name)) {
        double t = seconds();
        if (name == "matmul") matmul(); else chain();
        printf("%.9f\n", seconds() - t);
        fflush(stdout);
    }
}
