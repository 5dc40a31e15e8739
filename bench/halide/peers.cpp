// The workloads of bench/halide in Halide 14, compiled in this process for their sizes, with schedules written by hand.
//   peers run FOLDER WORKLOAD…   reads FOLDER/<input>.npy, writes FOLDER/<workload>.halide.npy, one JSON line each
//   peers lower N…               milliseconds of lowering a chain of N stages, each at root and vectorised
#include <Halide.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include "npy.h"
using namespace Halide;

static double milliseconds() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Halide 14 takes AMD's Zen 4 for a Sapphire Rapids and emits instructions that it does not have.
static Target host() {
    Target t = get_host_target();
    t.set_feature(Target::AVX512_SapphireRapids, false);
    return t;
}
static Target kernel_target() { return host().with_feature(Target::NoAsserts).with_feature(Target::NoBoundsQuery); }
static int lanes() { return host().natural_vector_size<float>(); }
static bool is_wide() { return lanes() >= 16; }

static Var x("x"), y("y"), c("c"), k("k"), u("u"), xo("xo"), xi("xi"), yo("yo"), yi("yi");

// Dense, at fixed sizes; the innermost dimension is Halide's first and NumPy's last.
template <class Param> static void fix(Param p, std::vector<int> shape) {
    int stride = 1, d = 0;
    for (auto n = shape.rbegin(); n != shape.rend(); ++n, ++d) {
        p.dim(d).set_bounds(0, *n).set_stride(stride);
        stride *= *n;
    }
}

struct Workload {
    std::string name;
    std::vector<std::string> inputs;
    std::function<Func(std::vector<ImageParam> &)> build;
    std::vector<int> shape;  // of the result
    Type type = Float(32);
};

static std::vector<int> reversed(const std::vector<int> &shape) { return {shape.rbegin(), shape.rend()}; }

template <class T> static void bind(ImageParam &p, npy::Array<T> &a) { p.set(Buffer<T>(a.data.data(), reversed(a.shape))); }

template <class T> static void run(const Workload &w, const std::string &folder) {
    std::vector<npy::Array<T>> arrays;
    std::vector<ImageParam> params;
    for (auto &name : w.inputs) {
        arrays.push_back(npy::read<T>(folder + "/" + name + ".npy"));
        params.emplace_back(type_of<T>(), (int)arrays.back().shape.size(), name);
        fix(params.back(), arrays.back().shape);
    }
    Func f = w.build(params);
    fix(f.output_buffer(), w.shape);
    for (size_t i = 0; i < params.size(); i++) bind(params[i], arrays[i]);
    Buffer<T> out(reversed(w.shape));
    Target target = kernel_target();
    double start = milliseconds();
    f.compile_jit(target);
    double compile = milliseconds() - start;

    for (int n = 0; n < 3; n++) f.realize(out, target);
    std::vector<double> times;
    double begin = milliseconds();
    while (times.size() < 15 || (milliseconds() - begin < 1000 && times.size() < 2000)) {
        double t = milliseconds();
        f.realize(out, target);
        times.push_back(milliseconds() - t);
    }
    std::sort(times.begin(), times.end());
    npy::write(folder + "/" + w.name + ".halide.npy", w.shape, out.data());
    printf("{\"workload\":\"%s\",\"median_ms\":%.4f,\"min_ms\":%.4f,\"runs\":%zu,\"compile_ms\":%.1f}\n", w.name.c_str(), times[times.size() / 2], times[0], times.size(), compile);
    fflush(stdout);
}

// ---- workloads ------------------------------------------------------------------------------------------------------------

static Func blur(std::vector<ImageParam> &in) {
    Func across("across"), out("out");
    across(x, y) = (in[0](x, y) + in[0](x + 1, y) + in[0](x + 2, y)) / 3;
    out(x, y) = (across(x, y) + across(x, y + 1) + across(x, y + 2)) / 3;
    int width = 2 * lanes() * 2;  // two vectors of u16
    out.split(y, yo, yi, 32).vectorize(x, width);
    across.store_at(out, yo).compute_at(out, yi).vectorize(x, width);
    return out;
}

static Func unsharp(std::vector<ImageParam> &in) {
    const float sigma = 1.5f;
    float weight[4];
    for (int i = 0; i < 4; i++) weight[i] = std::exp(-i * i / (2 * sigma * sigma)) / (std::sqrt(2 * 3.14159265f) * sigma);
    Func edge = BoundaryConditions::repeat_edge(in[0]), gray("gray"), down("down"), across("across"), ratio("ratio"), out("out");
    gray(x, y) = 0.299f * edge(x, y, 0) + 0.587f * edge(x, y, 1) + 0.114f * edge(x, y, 2);
    auto seven = [&](std::function<Expr(int)> at) {
        Expr e = weight[0] * at(0);
        for (int i = 1; i < 4; i++) e += weight[i] * (at(-i) + at(i));
        return e;
    };
    down(x, y) = seven([&](int i) { return gray(x, y + i); });
    across(x, y) = seven([&](int i) { return down(x + i, y); });
    ratio(x, y) = (2 * gray(x, y) - across(x, y)) / gray(x, y);
    out(x, y, c) = ratio(x, y) * in[0](x, y, c);
    out.split(y, yo, yi, 32).reorder(x, c, yi, yo).vectorize(x, lanes());
    for (Func *f : {&gray, &down, &ratio}) f->store_at(out, yo).compute_at(out, yi).vectorize(x, lanes());
    return out;
}

// Five means over 3 x 3, without a boundary: each stage is two smaller than the one before.
static Func stencils(std::vector<ImageParam> &in) {
    std::vector<Func> stage;
    for (int s = 0; s < 5; s++) {
        Func f("stage" + std::to_string(s));
        Expr sum;
        for (int dy = 0; dy < 3; dy++)
            for (int dx = 0; dx < 3; dx++) {
                Expr e = s == 0 ? in[0](x + dx, y + dy) : stage.back()(x + dx, y + dy);
                sum = sum.defined() ? sum + e : e;
            }
        f(x, y) = sum * (1.0f / 9);
        stage.push_back(f);
    }
    Func out = stage.back();
    out.split(y, yo, yi, 64).vectorize(x, lanes());
    // Halide 14 folds two of the four by itself; the others would be fresh pages for each strip.
    for (int s = 0; s < 4; s++) stage[s].store_at(out, yo).compute_at(out, yi).fold_storage(y, 4).vectorize(x, lanes());
    return out;
}

static Func matmul(std::vector<ImageParam> &in, int n) {
    ImageParam A = in[0], B = in[1];
    Func panel("panel"), tile("tile"), out("out");
    RDom r(0, n, "r");
    panel(x, k) = B(x, k);
    tile(x, y) += A(r, y) * panel(x, r);
    out(x, y) = tile(x, y);
    int rows = is_wide() ? 14 : 6, columns = 2 * lanes();
    out.tile(x, y, xo, yo, xi, yi, columns, rows).reorder(xi, yi, yo, xo).vectorize(xi, lanes()).unroll(xi).unroll(yi);
    tile.compute_at(out, yo).vectorize(x, lanes()).unroll(x).unroll(y);
    tile.update().reorder(x, y, r).vectorize(x, lanes()).unroll(x).unroll(y).unroll(r, 4);
    panel.compute_at(out, xo).vectorize(x, lanes()).unroll(x).unroll(k, 4);
    return out;
}

// A reduction over a row in eight vectors' worth of partial results.
struct RowReduction {
    Func whole, part;
    RVar ro{"ro"}, ri{"ri"};
    RowReduction(const char *name, int columns, Expr start, std::function<Expr(Expr, Expr)> combine, std::function<Expr(Expr)> at) : whole(name) {
        RDom r(0, columns);
        whole(y) = start;
        whole(y) = combine(whole(y), at(r));
        part = whole.update().split(r, ro, ri, 4 * lanes()).rfactor(ri, u);
    }
    void place(Func f) {
        whole.compute_at(f, yi).update().atomic().vectorize(ri);
        part.compute_at(f, yi).vectorize(u, lanes()).unroll(u).update().reorder(u, ro).vectorize(u, lanes()).unroll(u);
    }
};

static Func softmax(std::vector<ImageParam> &in, int columns, bool fast) {
    ImageParam A = in[0];
    Func e("e"), inverse("inverse"), out("out");
    RowReduction peak("peak", columns, Float(32).min(), [](Expr a, Expr b) { return max(a, b); }, [&](Expr i) { return A(i, y); });
    Expr difference = A(x, y) - peak.whole(y);
    e(x, y) = fast ? fast_exp(difference) : exp(difference);
    RowReduction total("total", columns, 0.0f, [](Expr a, Expr b) { return a + b; }, [&](Expr i) { return e(i, y); });
    inverse(y) = 1.0f / total.whole(y);
    out(x, y) = e(x, y) * inverse(y);
    out.split(y, yo, yi, 4).vectorize(x, lanes());
    peak.place(out);
    total.place(out);
    inverse.compute_at(out, yi);
    e.compute_at(out, yi).vectorize(x, lanes());
    return out;
}

static const std::vector<Workload> &workloads() {
    static const std::vector<Workload> all = {
        {"blur", {"image16"}, blur, {4830, 6464}, UInt(16)},
        {"unsharp", {"image"}, unsharp, {3, 2560, 1536}},
        {"stencils", {"plane"}, stencils, {2048, 2048}},
        {"matmul512", {"a512", "b512"}, [](auto &in) { return matmul(in, 512); }, {512, 512}},
        {"matmul1024", {"a1024", "b1024"}, [](auto &in) { return matmul(in, 1024); }, {1024, 1024}},
        {"softmax", {"a1024"}, [](auto &in) { return softmax(in, 1024, false); }, {1024, 1024}},
        {"softmax_fast", {"a1024"}, [](auto &in) { return softmax(in, 1024, true); }, {1024, 1024}},
    };
    return all;
}

// ---- lowering -------------------------------------------------------------------------------------------------------------

// Everything is made anew, as a pipeline keeps what it has lowered; only compile_to_module is timed.
static double lower_chain(int stages) {
    const int size = 2 * stages + 1000;
    ImageParam in(Float(32), 1, "in");
    fix(in, {size});
    std::vector<Func> stage;
    for (int s = 0; s < stages; s++) {
        Func f("s" + std::to_string(s));
        auto at = [&](int d) { return s == 0 ? Expr(in(x + d)) : Expr(stage.back()(x + d)); };
        f(x) = at(0) + at(1) * 0.5f + at(2);
        f.compute_root().vectorize(x, 8);
        stage.push_back(f);
    }
    fix(stage.back().output_buffer(), {size - 2 * stages});
    double start = milliseconds();
    Module m = stage.back().compile_to_module({in}, "chain", kernel_target());
    double time = milliseconds() - start;
    if (m.functions().empty()) throw std::runtime_error("nothing was lowered");
    return time;
}

static void lower(int stages) {
    lower_chain(stages);
    std::vector<double> times;
    double begin = milliseconds();
    while (times.size() < 5 || (milliseconds() - begin < 2000 && times.size() < 100)) {
        times.push_back(lower_chain(stages));
        if (milliseconds() - begin > 30000 && times.size() >= 3) break;
    }
    std::sort(times.begin(), times.end());
    printf("{\"stages\":%d,\"median_ms\":%.3f,\"min_ms\":%.3f,\"runs\":%zu}\n", stages, times[times.size() / 2], times[0], times.size());
    fflush(stdout);
}

int main(int argc, char **argv) {
    try {
        std::string mode = argc > 1 ? argv[1] : "";
        if (mode == "lower" && argc > 2) {
            for (int i = 2; i < argc; i++) lower(atoi(argv[i]));
            return 0;
        }
        if (mode == "run" && argc > 3) {
            for (int i = 3; i < argc; i++) {
                auto w = std::find_if(workloads().begin(), workloads().end(), [&](const Workload &l) { return l.name == argv[i]; });
                if (w == workloads().end()) throw std::runtime_error(std::string("no workload ") + argv[i]);
                if (w->type == UInt(16)) run<uint16_t>(*w, argv[2]); else run<float>(*w, argv[2]);
            }
            return 0;
        }
        fprintf(stderr, "usage: peers run FOLDER WORKLOAD… | peers lower N…\n");
        return 2;
    } catch (const std::exception &e) {
        fprintf(stderr, "peers: %s\n", e.what());
        return 2;
    }
}
