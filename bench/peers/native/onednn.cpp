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
}
