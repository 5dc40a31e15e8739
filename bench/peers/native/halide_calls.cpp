// Calls of compiled pipelines, whose buffers are described once.
#include <HalideRuntime.h>
#include <dlfcn.h>
#include <string.h>

namespace {
enum { MaxBuffers = 4, MaxRank = 4 };
struct Call {
    void *pipeline;
    int count;
    halide_buffer_t buffers[MaxBuffers];
    halide_dimension_t dims[MaxBuffers][MaxRank];
};
typedef int (*F2)(halide_buffer_t *, halide_buffer_t *);
typedef int (*F3)(halide_buffer_t *, halide_buffer_t *, halide_buffer_t *);
typedef int (*F4)(halide_buffer_t *, halide_buffer_t *, halide_buffer_t *, halide_buffer_t *);
}  // namespace

extern "C" {
// Null where there is no such pipeline.
void *halide_prepare(void *pipeline, int count) {
    if (!pipeline || count < 2 || count > MaxBuffers) return nullptr;
    auto *call = new Call();
    call->pipeline = pipeline, call->count = count;
    return call;
}
// shape: outermost first. code: 0 signed, 1 unsigned, 2 float.
void halide_buffer(void *p, int at, void *data, int code, int bits, int rank, const long *shape) {
    auto *call = static_cast<Call *>(p);
    halide_buffer_t &b = call->buffers[at];
    memset(&b, 0, sizeof b);
    b.host = static_cast<uint8_t *>(data);
    b.type = halide_type_t((halide_type_code_t)code, bits);
    b.dimensions = rank;
    b.dim = call->dims[at];
    int stride = 1;
    for (int d = 0; d < rank; d++) {
        int extent = (int)shape[rank - 1 - d];
        call->dims[at][d] = halide_dimension_t(0, extent, stride);
        stride *= extent;
    }
}
int halide_run(void *p) {
    auto *c = static_cast<Call *>(p);
    halide_buffer_t *b = c->buffers;
    switch (c->count) {
        case 2: return ((F2)c->pipeline)(b, b + 1);
        case 3: return ((F3)c->pipeline)(b, b + 1, b + 2);
        default: return ((F4)c->pipeline)(b, b + 1, b + 2, b + 3);
    }
}
void halide_free_call(void *p) { delete static_cast<Call *>(p); }
}
