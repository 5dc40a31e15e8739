/* What the machine can do: the multiply-add units, and memory. Built with -march=native. */
#include <immintrin.h>
#include <stddef.h>

#ifdef __AVX512F__
typedef __m512 V;
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define STREAM _mm512_stream_ps
#define MAX _mm512_max_ps
#else
typedef __m256 V;
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define STREAM _mm256_stream_ps
#define MAX _mm256_max_ps
#endif
enum { LANES = sizeof(V) / sizeof(float) };

/* Operations of one call of roof_fma: twelve chains, so that no unit waits for a result. */
double roof_fma_flop(void) { return 2.0 * LANES * 12 * 20000; }
#ifdef __AVX512F__
#define CHAIN(n) "vfmadd231ps %%zmm14, %%zmm15, %%zmm" #n "\n"
#else
#define CHAIN(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #n "\n"
#endif
void roof_fma(void) {
    long left = 20000;
    __asm__ volatile("vzeroall\n1:\n" CHAIN(0) CHAIN(1) CHAIN(2) CHAIN(3) CHAIN(4) CHAIN(5) CHAIN(6) CHAIN(7) CHAIN(8) CHAIN(9) CHAIN(10) CHAIN(11)
                     "dec %0\njnz 1b\nvzeroupper\n"
                     : "+r"(left)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* Products of bytes, added in 32 bits. */
#if defined(__AVX512VNNI__)
#define BYTES(n) "vpdpbusd %%zmm14, %%zmm15, %%zmm" #n "\n"
double roof_bytes_flop(void) { return 2.0 * 64 * 12 * 20000; }
#elif defined(__AVXVNNI__)
#define BYTES(n) "{vex} vpdpbusd %%ymm14, %%ymm15, %%ymm" #n "\n"
double roof_bytes_flop(void) { return 2.0 * 32 * 12 * 20000; }
#else
#define BYTES(n) "vpmaddubsw %%ymm14, %%ymm15, %%ymm12\nvpmaddwd %%ymm15, %%ymm12, %%ymm13\nvpaddd %%ymm13, %%ymm" #n ", %%ymm" #n "\n"
double roof_bytes_flop(void) { return 2.0 * 32 * 12 * 20000; }
#endif
void roof_bytes(void) {
    long left = 20000;
    __asm__ volatile("vzeroall\n1:\n" BYTES(0) BYTES(1) BYTES(2) BYTES(3) BYTES(4) BYTES(5) BYTES(6) BYTES(7) BYTES(8) BYTES(9) BYTES(10) BYTES(11)
                     "dec %0\njnz 1b\nvzeroupper\n"
                     : "+r"(left)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

/* Whole vectors only; both sides start on a vector. */
void roof_copy(float *to, const float *from, size_t n) {
    for (size_t i = 0; i + LANES <= n; i += LANES) STORE(to + i, LOAD(from + i));
    __asm__ volatile("" ::: "memory");
}
void roof_stream(float *to, const float *from, size_t n) {
    for (size_t i = 0; i + LANES <= n; i += LANES) STREAM(to + i, LOAD(from + i));
    _mm_sfence();
}
/* Four maxima that nobody asks for. */
void roof_read(const float *from, size_t n) {
    V a = LOAD(from), b = a, c = a, d = a;
    for (size_t i = 0; i + 4 * LANES <= n; i += 4 * LANES)
        a = MAX(a, LOAD(from + i)), b = MAX(b, LOAD(from + i + LANES)), c = MAX(c, LOAD(from + i + 2 * LANES)), d = MAX(d, LOAD(from + i + 3 * LANES));
    a = MAX(MAX(a, b), MAX(c, d));
    __asm__ volatile("" ::"v"(a) : "memory");
}
