// oneDNN 2 behind plain functions: a primitive with its arguments is made once and run many times.
#include <oneapi/dnnl/dnnl.hpp>
#include <cstring>
#include <string>
#include <unordered_map>
using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

struct Primitive {
    dnnl::primitive run;
    std::unordered_map<int, memory> arguments;
    std::string implementation;
    memory result, plain;  // where the primitive chose a layout for its result, and the caller's
};

static dnnl::engine &engine() {
    static dnnl::engine e(dnnl::engine::kind::cpu, 0);
    return e;
}
static dnnl::stream &stream() {
    static dnnl::stream s(engine());
    return s;
}
static memory at(const memory::desc &d, const void *p) { return memory(d, engine(), const_cast<void *>(p)); }
static void move(memory from, memory to) {
    dnnl::reorder(from, to).execute(stream(), from, to);
    stream().wait();
}
static memory in_layout(memory from, const memory::desc &d) {
    if (from.get_desc() == d) return from;
    memory to(d, engine());
    move(from, to);
    return to;
}
// Null where this version or this processor has no such primitive.
template <class Make> static void *guarded(Make make) {
    try {
        return make();
    } catch (const dnnl::error &) {
        return nullptr;
    }
}

extern "C" {
void onednn_run(void *p) {
    auto *self = static_cast<Primitive *>(p);
    self->run.execute(stream(), self->arguments);
    stream().wait();
}
void onednn_publish(void *p) {
    auto *self = static_cast<Primitive *>(p);
    if (self->plain) move(self->result, self->plain);
}
void onednn_free(void *p) { delete static_cast<Primitive *>(p); }
const char *onednn_implementation(void *p) { return static_cast<Primitive *>(p)->implementation.c_str(); }
void onednn_version(int *version) {
    const dnnl_version_t *v = dnnl_version();
    version[0] = v->major, version[1] = v->minor, version[2] = v->patch;
}

void onednn_sgemm(int m, int n, int k, int ta, int tb, const float *a, const float *b, float *c) {
    dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
}

// packed: B is brought into the layout that the primitive likes best before.
void *onednn_matmul(int m, int n, int k, int ta, int tb, int packed, const float *a, const float *b, float *c) {
    return guarded([&]() -> void * {
        memory::desc da({m, k}, Type::f32, ta ? Tag::ba : Tag::ab), db({k, n}, Type::f32, tb ? Tag::ba : Tag::ab), dc({m, n}, Type::f32, Tag::ab);
        memory::desc any({k, n}, Type::f32, Tag::any);
        dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(da, packed ? any : db, dc), engine());
        return new Primitive{dnnl::matmul(pd), {{DNNL_ARG_SRC, at(da, a)}, {DNNL_ARG_WEIGHTS, in_layout(at(db, b), pd.weights_desc())}, {DNNL_ARG_DST, at(dc, c)}}, pd.impl_info_str(), {}, {}};
    });
}

void *onednn_softmax(int rows, int columns, const float *a, float *b) {
    return guarded([&]() -> void * {
        memory::desc d({rows, columns}, Type::f32, Tag::ab);
        dnnl::softmax_forward::primitive_desc pd(dnnl::softmax_forward::desc(dnnl::prop_kind::forward_inference, d, 1), engine());
        return new Primitive{dnnl::softmax_forward(pd), {{DNNL_ARG_SRC, at(d, a)}, {DNNL_ARG_DST, at(d, b)}}, pd.impl_info_str(), {}, {}};
    });
}
void *onednn_layer_norm(int rows, int columns, const float *a, const float *gamma, const float *beta, float *b) {
    return guarded([&]() -> void * {
        using Flags = dnnl::normalization_flags;
        memory::desc d({rows, columns}, Type::f32, Tag::ab), v({columns}, Type::f32, Tag::a);
        dnnl::layer_normalization_forward::primitive_desc pd(
            dnnl::layer_normalization_forward::desc(dnnl::prop_kind::forward_inference, d, 1e-5f, Flags::use_scale | Flags::use_shift), engine());
        return new Primitive{dnnl::layer_normalization_forward(pd),
                             {{DNNL_ARG_SRC, at(d, a)}, {DNNL_ARG_DST, at(d, b)}, {DNNL_ARG_SCALE, at(v, gamma)}, {DNNL_ARG_SHIFT, at(v, beta)}}, pd.impl_info_str(), {}, {}};
    });
}
void *onednn_bias_gelu(int rows, int columns, const float *a, const float *bias, float *b) {
    return guarded([&]() -> void * {
        memory::desc d({rows, columns}, Type::f32, Tag::ab), v({1, columns}, Type::f32, Tag::ab);
        dnnl::post_ops after;
        after.append_eltwise(1.0f, dnnl::algorithm::eltwise_gelu_erf, 0, 0);
        dnnl::primitive_attr attributes;
        attributes.set_post_ops(after);
        dnnl::binary::primitive_desc pd(dnnl::binary::desc(dnnl::algorithm::binary_add, d, v, d), attributes, engine());
        return new Primitive{dnnl::binary(pd), {{DNNL_ARG_SRC_0, at(d, a)}, {DNNL_ARG_SRC_1, at(v, bias)}, {DNNL_ARG_DST, at(d, b)}}, pd.impl_info_str(), {}, {}};
    });
}
void *onednn_transpose(int n, const float *a, float *b) {
    return guarded([&]() -> void * {
        memory from = at(memory::desc({n, n}, Type::f32, Tag::ab), a), to = at(memory::desc({n, n}, Type::f32, Tag::ba), b);
        return new Primitive{dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}, "reorder", {}, {}};
    });
}
// The sums of a matrix along one of its dimensions.
void *onednn_sums(int n, int along, const float *a, float *b) {
    return guarded([&]() -> void * {
        memory::desc from({n, n}, Type::f32, Tag::ab), to({along == 0 ? 1 : n, along == 1 ? 1 : n}, Type::f32, Tag::ab);
        dnnl::reduction::primitive_desc pd(dnnl::reduction::desc(dnnl::algorithm::reduction_sum, from, to, 0, 0), engine());
        return new Primitive{dnnl::reduction(pd), {{DNNL_ARG_SRC, at(from, a)}, {DNNL_ARG_DST, at(to, b)}}, pd.impl_info_str(), {}, {}};
    });
}

// Images and filters are plain at the caller's side, in the primitive's layouts inside: those conversions are not in onednn_run.
// algorithm: 0 direct, 1 Winograd, 2 what the library chooses. is_plain: images keep their layout.
static void *convolution(int channels, int size, int results, int window, int stride, int pad, int algorithm, int is_plain, Type image, Type filter, Type result, const void *x, const void *f, void *y) {
    return guarded([&]() -> void * {
        const dnnl::algorithm kinds[] = {dnnl::algorithm::convolution_direct, dnnl::algorithm::convolution_winograd, dnnl::algorithm::convolution_auto};
        int out = (size + 2 * pad - window) / stride + 1;
        memory::dims dx{1, channels, size, size}, df{results, channels, window, window}, dy{1, results, out, out};
        Tag tag = is_plain ? Tag::nchw : Tag::any;
        dnnl::convolution_forward::primitive_desc pd(
            dnnl::convolution_forward::desc(dnnl::prop_kind::forward_inference, kinds[algorithm], memory::desc(dx, image, tag), memory::desc(df, filter, Tag::any),
                                            memory::desc(dy, result, tag), {stride, stride}, {pad, pad}, {pad, pad}),
            engine());
        memory to(pd.dst_desc(), engine());
        return new Primitive{dnnl::convolution_forward(pd),
                             {{DNNL_ARG_SRC, in_layout(at(memory::desc(dx, image, Tag::nchw), x), pd.src_desc())},
                              {DNNL_ARG_WEIGHTS, in_layout(at(memory::desc(df, filter, Tag::oihw), f), pd.weights_desc())},
                              {DNNL_ARG_DST, to}},
                             pd.impl_info_str(), to, at(memory::desc(dy, result, Tag::nchw), y)};
    });
}
void *onednn_conv(int channels, int size, int results, int window, int stride, int pad, int algorithm, int is_plain, const float *x, const float *f, float *y) {
    return convolution(channels, size, results, window, stride, pad, algorithm, is_plain, Type::f32, Type::f32, Type::f32, x, f, y);
}
void *onednn_conv_int8(int channels, int size, int results, int window, int stride, int pad, const uint8_t *x, const int8_t *f, int32_t *y) {
    return convolution(channels, size, results, window, stride, pad, 2, 0, Type::u8, Type::s8, Type::s32, x, f, y);
}
void *onednn_matmul_int8(int m, int n, int k, int packed, const uint8_t *a, const int8_t *b, int32_t *c) {
    return guarded([&]() -> void * {
        memory::desc da({m, k}, Type::u8, Tag::ab), db({k, n}, Type::s8, Tag::ab), any({k, n}, Type::s8, Tag::any), dc({m, n}, Type::s32, Tag::ab);
        dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(da, packed ? any : db, dc), engine());
        return new Primitive{dnnl::matmul(pd), {{DNNL_ARG_SRC, at(da, a)}, {DNNL_ARG_WEIGHTS, in_layout(at(db, b), pd.weights_desc())}, {DNNL_ARG_DST, at(dc, c)}}, pd.impl_info_str(), {}, {}};
    });
}
}
