// Emits Halide 14's pipelines for fixed sizes, with schedules written by hand, as objects: halide_pipelines FOLDER
#include <Halide.h>
#include <cmath>
#include <functional>
#include <string>
using namespace Halide;

// Halide 14 takes AMD's Zen 4 for a Sapphire Rapids and emits instructions that it does not have.
static Target host() {
    Target t = get_host_target();
    t.set_feature(Target::AVX512_SapphireRapids, false);
    return t;
}
static int lanes() { return host().natural_vector_size<float>(); }

static std::string folder;
static Var x("x"), y("y"), c("c"), k("k"), u("u"), xo("xo"), xi("xi"), yo("yo"), yi("yi");

// Dense, at fixed sizes; the innermost dimension is Halide's first and a tensor's last.
template <class Param> static void fix(Param p, std::vector<int> shape) {
    int stride = 1, d = 0;
    for (auto n = shape.rbegin(); n != shape.rend(); ++n, ++d) {
        p.dim(d).set_bounds(0, *n).set_stride(stride);
        stride *= *n;
    }
    p.set_host_alignment(64);
}
static ImageParam input(Type type, std::vector<int> shape) {
    ImageParam p(type, (int)shape.size());
    fix(p, shape);
    return p;
}
static void emit(const std::string &name, Func f, std::vector<Argument> arguments, std::vector<int> shape) {
    fix(f.output_buffer(), shape);
    Target t = host().with_feature(Target::NoRuntime).with_feature(Target::NoAsserts).with_feature(Target::NoBoundsQuery);
    f.compile_to_object(folder + "/" + name + ".o", arguments, "halide_" + name, t);
}

// A reduction over a row in eight vectors' worth of partial results; what is left over is added one by one.
struct RowReduction {
    Func whole, part;
    RVar ro{"ro"}, ri{"ri"};
    bool is_split;
    RowReduction(const char *name, int columns, Expr start, std::function<Expr(Expr, Expr)> combine, std::function<Expr(Expr)> at) : whole(name) {
        int width = 4 * lanes(), even = columns / width * width;
        RDom r(0, even);
        whole(y) = start;
        whole(y) = combine(whole(y), at(r));
        if (even < columns) {
            RDom rest(even, columns - even);
            whole(y) = combine(whole(y), at(rest));
        }
        part = whole.update().split(r, ro, ri, width).rfactor(ri, u);
    }
    void place(Func f) {
        whole.compute_at(f, yi).update().atomic().vectorize(ri);
        part.compute_at(f, yi).vectorize(u, lanes()).unroll(u).update().reorder(u, ro).vectorize(u, lanes()).unroll(u);
    }
};
static Expr plus(Expr a, Expr b) { return a + b; }
static Expr larger(Expr a, Expr b) { return max(a, b); }

static void softmax(int rows, int columns) {
    ImageParam A = input(Float(32), {rows, columns});
    Func e("e"), inverse("inverse"), out("out");
    RowReduction peak("peak", columns, Float(32).min(), larger, [&](Expr i) { return A(i, y); });
    e(x, y) = exp(A(x, y) - peak.whole(y));
    RowReduction total("total", columns, 0.0f, plus, [&](Expr i) { return e(i, y); });
    inverse(y) = 1.0f / total.whole(y);
    out(x, y) = e(x, y) * inverse(y);
    out.split(y, yo, yi, 4).parallel(yo).vectorize(x, lanes());
    peak.place(out);
    total.place(out);
    inverse.compute_at(out, yi);
    e.compute_at(out, yi).vectorize(x, lanes());
    emit("softmax_" + std::to_string(rows) + "x" + std::to_string(columns), out, {A}, {rows, columns});
}

static void layer_norm(int rows, int columns) {
    ImageParam A = input(Float(32), {rows, columns}), G = input(Float(32), {columns}), B = input(Float(32), {columns});
    Func out("out"), mean("mean"), scale("scale");
    RowReduction sum("sum", columns, 0.0f, plus, [&](Expr i) { return A(i, y); });
    mean(y) = sum.whole(y) * (1.0f / columns);
    RowReduction squares("squares", columns, 0.0f, plus, [&](Expr i) { return (A(i, y) - mean(y)) * (A(i, y) - mean(y)); });
    scale(y) = 1.0f / sqrt(squares.whole(y) * (1.0f / columns) + 1e-5f);
    out(x, y) = (A(x, y) - mean(y)) * scale(y) * G(x) + B(x);
    out.split(y, yo, yi, 8).parallel(yo).vectorize(x, lanes()).unroll(x, 4);
    sum.place(out);
    squares.place(out);
    mean.compute_at(out, yi);
    scale.compute_at(out, yi);
    emit("layer_norm_" + std::to_string(rows) + "x" + std::to_string(columns), out, {A, G, B}, {rows, columns});
}

// Abramowitz and Stegun 7.1.26, as oneDNN has it.
static Expr error_function(Expr v) {
    Expr a = abs(v), t = 1.0f / (1.0f + 0.3275911f * a);
    Expr p = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    return select(v < 0, -1.0f, 1.0f) * (1.0f - p * exp(-a * a));
}
static void bias_gelu(int rows, int columns) {
    ImageParam A = input(Float(32), {rows, columns}), B = input(Float(32), {columns});
    Func out("out");
    Expr v = A(x, y) + B(x);
    out(x, y) = 0.5f * v * (1.0f + error_function(v * 0.70710678f));
    out.vectorize(x, lanes()).unroll(x, 2).parallel(y, 8);
    emit("bias_gelu_" + std::to_string(rows) + "x" + std::to_string(columns), out, {A, B}, {rows, columns});
}

static void transpose(int n) {
    ImageParam A = input(Float(32), {n, n});
    Func out("out");
    Var xt("xt"), yt("yt");
    out(x, y) = A(y, x);
    out.tile(x, y, xt, yt, x, y, 64, 64).tile(x, y, xo, yo, xi, yi, lanes(), lanes()).vectorize(xi).unroll(yi).parallel(yt);
    A.in().compute_at(out, xo).reorder_storage(_1, _0).vectorize(_0).unroll(_1);
    emit("transpose_" + std::to_string(n), out, {A}, {n, n});
}

static void row_sums(int n) {
    ImageParam A = input(Float(32), {n, n});
    Func out("out");
    RowReduction sum("sum", n, 0.0f, plus, [&](Expr i) { return A(i, y); });
    out(y) = sum.whole(y);
    out.split(y, yo, yi, 8).parallel(yo);
    sum.place(out);
    emit("row_sums_" + std::to_string(n), out, {A}, {n});
}
static void column_sums(int n) {
    ImageParam A = input(Float(32), {n, n});
    Func sum("sum"), out("out");
    RDom r(0, n);
    sum(x) += A(x, r);
    out(x) = sum(x);
    int width = 32 * lanes();
    out.split(x, xo, xi, width).parallel(xo).vectorize(xi, lanes());
    sum.compute_at(out, xo).vectorize(x, lanes()).update().reorder(x, r).vectorize(x, lanes()).unroll(x, 8);
    emit("column_sums_" + std::to_string(n), out, {A}, {n});
}

static void blur(int height, int width) {
    ImageParam I = input(UInt(16), {height + 2, width + 2});
    Func across("across"), out("out");
    across(x, y) = (I(x, y) + I(x + 1, y) + I(x + 2, y)) / 3;
    out(x, y) = (across(x, y) + across(x, y + 1) + across(x, y + 2)) / 3;
    int wide = 2 * lanes() * 2;  // two vectors of u16
    out.split(y, yo, yi, 32).parallel(yo).vectorize(x, wide);
    across.store_at(out, yo).compute_at(out, yi).vectorize(x, wide);
    emit("blur", out, {I}, {height, width});
}

static void unsharp(int height, int width) {
    const float sigma = 1.5f;
    float weight[4];
    for (int i = 0; i < 4; i++) weight[i] = std::exp(-i * i / (2 * sigma * sigma)) / (std::sqrt(2 * 3.14159265f) * sigma);
    ImageParam I = input(Float(32), {3, height, width});
    Func edge = BoundaryConditions::repeat_edge(I), gray("gray"), down("down"), across("across"), ratio("ratio"), out("out");
    gray(x, y) = 0.299f * edge(x, y, 0) + 0.587f * edge(x, y, 1) + 0.114f * edge(x, y, 2);
    auto seven = [&](std::function<Expr(int)> at) {
        Expr e = weight[0] * at(0);
        for (int i = 1; i < 4; i++) e += weight[i] * (at(-i) + at(i));
        return e;
    };
    down(x, y) = seven([&](int i) { return gray(x, y + i); });
    across(x, y) = seven([&](int i) { return down(x + i, y); });
    ratio(x, y) = (2 * gray(x, y) - across(x, y)) / gray(x, y);
    out(x, y, c) = ratio(x, y) * I(x, y, c);
    out.split(y, yo, yi, 32).reorder(x, c, yi, yo).vectorize(x, lanes()).parallel(yo);
    for (Func *f : {&gray, &down, &ratio}) f->store_at(out, yo).compute_at(out, yi).vectorize(x, lanes());
    emit("unsharp", out, {I}, {3, height, width});
}

// A histogram for each strip of 64 rows, then their sum.
static void histogram(int height, int width) {
    ImageParam I = input(UInt(8), {height, width});
    Func hist("hist"), out("out");
    RDom r(0, width, 0, height);
    hist(x) = 0;
    hist(cast<int>(I(r.x, r.y))) += 1;
    RVar ro("ro"), ri("ri");
    Func part = hist.update().split(r.y, ro, ri, 64).rfactor(ro, k);
    part.compute_root().parallel(k).vectorize(x, lanes()).update().parallel(k);
    hist.compute_root().vectorize(x, lanes()).update().reorder(x, ro).vectorize(x, lanes());
    out(x) = hist(x);
    out.vectorize(x, lanes());
    emit("histogram", out, {I}, {256});
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    folder = argv[1];
    try {
        compile_standalone_runtime(folder + "/runtime.o", host());
        softmax(1024, 1024);
        softmax(128, 30522);
        layer_norm(512, 768);
        bias_gelu(512, 3072);
        for (int n : {1024, 4096}) transpose(n), row_sums(n), column_sums(n);
        blur(4830, 6464);
        unsharp(2560, 1536);
        histogram(2560, 1536);
    } catch (const std::exception &e) {
        fprintf(stderr, "halide_pipelines: %s\n", e.what());
        return 1;
    }
}
