/* Bandwidth of a plain copy on warm memory, in GB/s (bytes read plus bytes written): the measure for elementwise chains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }

int main(int argc, char **argv) {
    size_t bytes = (argc > 1 ? strtoull(argv[1], 0, 10) : 64u << 20);
    char *a = aligned_alloc(2u << 20, bytes), *b = aligned_alloc(2u << 20, bytes);
    if (!a || !b) return 2;
    madvise(a, bytes, MADV_HUGEPAGE);
    madvise(b, bytes, MADV_HUGEPAGE);
    memset(a, 1, bytes);
    memset(b, 2, bytes);
    double times[31];
    for (int r = 0; r < 31; r++) {
        double t = now();
        memcpy(b, a, bytes);
        __asm__ volatile("" ::"r"(b) : "memory");
        t = now() - t;
        int i = r;
        for (; i > 0 && times[i - 1] > t; i--) times[i] = times[i - 1];
        times[i] = t;
    }
    printf("%.3f\n", 2.0 * bytes / times[15] * 1e-9);
    return 0;
}
