// ONNX Runtime behind plain functions: a session whose inputs and outputs are the caller's memory. Built with -DORT_PATH="…/libonnxruntime.so".
#include <onnxruntime_c_api.h>
#include <dlfcn.h>
#include <string>
#include <vector>

namespace {
const OrtApi *api;
OrtEnv *environment;
std::string version_text;

struct Session {
    OrtSession *session = nullptr;
    OrtMemoryInfo *memory = nullptr;
    std::vector<OrtValue *> inputs;
    OrtValue *output = nullptr;
    bool failed = false;
};

bool fine(OrtStatus *status) {
    if (!status) return true;
    fprintf(stderr, "onnxruntime: %s\n", api->GetErrorMessage(status));
    api->ReleaseStatus(status);
    return false;
}
bool start() {
    if (api) return true;
    void *library = dlopen(ORT_PATH, RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    auto base = ((const OrtApiBase *(*)())dlsym(library, "OrtGetApiBase"))();
    version_text = base->GetVersionString();
    api = base->GetApi(ORT_API_VERSION);
    return api && fine(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "peers", &environment));
}
}  // namespace

extern "C" {
const char *ort_version() { return start() ? version_text.c_str() : nullptr; }

// Null where the model is refused.
void *ort_open(const void *model, size_t bytes, int threads) {
    if (!start()) return nullptr;
    auto *self = new Session();
    OrtSessionOptions *options = nullptr;
    bool ok = fine(api->CreateSessionOptions(&options)) && fine(api->SetIntraOpNumThreads(options, threads)) && fine(api->SetInterOpNumThreads(options, 1)) &&
              fine(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL)) && fine(api->CreateSessionFromArray(environment, model, bytes, options, &self->session)) &&
              fine(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &self->memory));
    if (options) api->ReleaseSessionOptions(options);
    if (ok) return self;
    delete self;
    return nullptr;
}
// type: ONNX's number of an element type.
void ort_tensor(void *p, int is_output, void *data, size_t bytes, int type, int rank, const long *shape) {
    auto *self = static_cast<Session *>(p);
    OrtValue *value = nullptr;
    self->failed |= !fine(api->CreateTensorWithDataAsOrtValue(self->memory, data, bytes, (const int64_t *)shape, rank, (ONNXTensorElementDataType)type, &value));
    if (is_output) self->output = value; else self->inputs.push_back(value);
}
int ort_run(void *p) {
    static const char *const inputs[] = {"a", "b"}, *const outputs[] = {"y"};
    auto *self = static_cast<Session *>(p);
    return self->failed || !fine(api->Run(self->session, nullptr, inputs, self->inputs.data(), self->inputs.size(), outputs, 1, &self->output));
}
void ort_free(void *p) {
    auto *self = static_cast<Session *>(p);
    for (auto *v : self->inputs) api->ReleaseValue(v);
    if (self->output) api->ReleaseValue(self->output);
    if (self->memory) api->ReleaseMemoryInfo(self->memory);
    if (self->session) api->ReleaseSession(self->session);
    delete self;
}
}
