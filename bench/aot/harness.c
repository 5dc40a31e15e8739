/* Calls one entry of several libraries in turns on the same data, and compares what they write.
   harness ENTRY MILLISECONDS FOLDER TENSOR… -- LIBRARY…     a tensor is NAME:EXTENTxEXTENT…, of f32, the output last
   Prints the least microseconds of each library; writes FOLDER/NAME.npy of every tensor, the output as the last library left it. Exit 3: results differ. */
#define _GNU_SOURCE
#include "aot.h"
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { MAX_TENSORS = 4, MAX_LIBRARIES = 4, ARENA = 1 << 26 };

typedef struct { char name[32]; int64_t shape[4]; int64_t count; tx_tensor tensor; } argument;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static void die(const char *what) {
    fprintf(stderr, "harness: %s\n", what);
    exit(2);
}

static void *allocate(int64_t bytes) {
    /* As tx allocates: what is as large as a huge page begins at one. */
    const size_t huge = 1 << 21, size = (size_t)bytes, unit = size >= huge ? huge : 64;
    void *p = aligned_alloc(unit, (size + unit - 1) / unit * unit);
    if (p == NULL) die("no memory");
    if (unit == huge) (void)madvise(p, (size + unit - 1) / unit * unit, MADV_HUGEPAGE);
    return p;
}

static void make(argument *a, const char *text, int seed) {
    const char *colon = strchr(text, ':');
    if (colon == NULL || colon - text > 31) die(text);
    memcpy(a->name, text, (size_t)(colon - text));
    int rank = 0;
    a->count = 1;
    for (char *at = (char *)colon; *at == ':' || *at == 'x';) {
        if (rank == 4) die(text);
        a->shape[rank] = strtol(at + 1, &at, 10);
        a->count *= a->shape[rank++];
    }
    float *data = allocate(a->count * 4);
    uint32_t state = 12345u + (uint32_t)seed;
    for (int64_t i = 0; i < a->count; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = (float)(state >> 8) / 16777216.0f * 8.0f - 4.0f;
    }
    a->tensor = (tx_tensor){data, a->shape, NULL, rank, TX_F32};
}

static int32_t call(void *entry, int count, argument *a, void *arena, tx_status *status) {
    typedef int32_t (*two)(const tx_tensor *, const tx_tensor *, void *, size_t, tx_status *);
    typedef int32_t (*three)(const tx_tensor *, const tx_tensor *, const tx_tensor *, void *, size_t, tx_status *);
    typedef int32_t (*four)(const tx_tensor *, const tx_tensor *, const tx_tensor *, const tx_tensor *, void *, size_t, tx_status *);
    if (count == 2) return ((two)entry)(&a[0].tensor, &a[1].tensor, arena, ARENA, status);
    if (count == 3) return ((three)entry)(&a[0].tensor, &a[1].tensor, &a[2].tensor, arena, ARENA, status);
    return ((four)entry)(&a[0].tensor, &a[1].tensor, &a[2].tensor, &a[3].tensor, arena, ARENA, status);
}

static void save(const char *folder, const argument *a) {
    char path[4096], shape[96] = "", header[160];
    for (int d = 0; d < a->tensor.rank; d++) sprintf(shape + strlen(shape), "%lld,", (long long)a->shape[d]);
    int length = sprintf(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape);
    while ((10 + length + 1) % 64 != 0) header[length++] = ' ';
    header[length++] = '\n';
    snprintf(path, sizeof path, "%s/%s.npy", folder, a->name);
    FILE *f = fopen(path, "wb");
    if (f == NULL) die(path);
    const unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)length, 0};
    fwrite(start, 1, 10, f);
    fwrite(header, 1, (size_t)length, f);
    fwrite(a->tensor.data, 4, (size_t)a->count, f);
    fclose(f);
}

int main(int argc, char **argv) {
    if (argc < 7) die("harness ENTRY MILLISECONDS FOLDER TENSOR... -- LIBRARY...");
    argument a[MAX_TENSORS] = {0};
    void *entries[MAX_LIBRARIES];
    double least[MAX_LIBRARIES];
    int count = 0, libraries = 0, at = 4;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++, count++) {
        if (count == MAX_TENSORS) die("too many tensors");
        make(&a[count], argv[at], count);
    }
    if (count < 2) die("an input and an output are needed");
    for (at++; at < argc; at++, libraries++) {
        void *library = libraries == MAX_LIBRARIES ? NULL : dlopen(argv[at], RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) die(dlerror());
        entries[libraries] = dlsym(library, argv[1]);
        if (entries[libraries] == NULL) die(dlerror());
        least[libraries] = 1e18;
    }
    void *arena = allocate(ARENA);
    tx_status status;
    argument *output = &a[count - 1];
    float *first = allocate(output->count * 4), *result = output->tensor.data;
    double worst = 0;
    for (int n = 0; n < libraries; n++) {
        memset(result, 0xff, (size_t)output->count * 4);
        if (call(entries[n], count, a, arena, &status) != TX_OK) die(status.message);
        if (n == 0) memcpy(first, result, (size_t)output->count * 4);
        for (int64_t i = 0; i < output->count; i++) {
            const double difference = fabs((double)result[i] - first[i]) / (1e-3 + fabs((double)first[i]));
            if (!(difference <= worst)) worst = difference;
        }
    }
    save(argv[3], output);
    for (int n = 0; n < count - 1; n++) save(argv[3], &a[n]);
    const double end = now() + atof(argv[2]) * 1e3;
    do {
        for (int n = 0; n < libraries; n++)
            for (int repeat = 0; repeat < 2; repeat++) {
                const double start = now();
                if (call(entries[n], count, a, arena, &status) != TX_OK) die(status.message);
                const double taken = now() - start;
                if (taken < least[n]) least[n] = taken;
            }
    } while (now() < end);
    for (int n = 0; n < libraries; n++) printf("%.2f ", least[n]);
    printf("\n");
    if (worst <= 1e-4) return 0;
    fprintf(stderr, "harness: %s: results differ by %g\n", argv[1], worst);
    return 3;
}
