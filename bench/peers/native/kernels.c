/* Plain loops, as a C author writes them: clang-19 -O3 -march=native -ffast-math. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void c_softmax(int rows, int cols, const float *restrict a, float *restrict o) {
    for (int y = 0; y < rows; y++, a += cols, o += cols) {
        float m = a[0], s = 0;
        for (int i = 1; i < cols; i++) m = a[i] > m ? a[i] : m;
        for (int i = 0; i < cols; i++) o[i] = expf(a[i] - m);
        for (int i = 0; i < cols; i++) s += o[i];
        s = 1 / s;
        for (int i = 0; i < cols; i++) o[i] *= s;
    }
}
void c_layer_norm(int rows, int cols, const float *restrict a, const float *restrict g, const float *restrict b, float *restrict o) {
    for (int y = 0; y < rows; y++, a += cols, o += cols) {
        float s = 0, v = 0;
        for (int i = 0; i < cols; i++) s += a[i];
        s /= cols;
        for (int i = 0; i < cols; i++) v += (a[i] - s) * (a[i] - s);
        v = 1 / sqrtf(v / cols + 1e-5f);
        for (int i = 0; i < cols; i++) o[i] = (a[i] - s) * v * g[i] + b[i];
    }
}
/* Abramowitz and Stegun 7.1.26: erff of the C library has no vectors. */
static inline float error_function(float v) {
    float a = fabsf(v), t = 1 / (1 + 0.3275911f * a);
    float p = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    return copysignf(1 - p * expf(-a * a), v);
}
void c_bias_gelu(int rows, int cols, const float *restrict a, const float *restrict b, float *restrict o) {
    for (int y = 0; y < rows; y++, a += cols, o += cols)
        for (int i = 0; i < cols; i++) {
            float v = a[i] + b[i];
            o[i] = 0.5f * v * (1 + error_function(v * 0.70710678f));
        }
}
void c_transpose(int n, const float *restrict a, float *restrict o) {
    for (int yb = 0; yb < n; yb += 32)
        for (int xb = 0; xb < n; xb += 16)
            for (int y = yb; y < yb + 32; y++)
                for (int x = xb; x < xb + 16; x++) o[(size_t)y * n + x] = a[(size_t)x * n + y];
}
void c_row_sums(int n, const float *restrict a, float *restrict o) {
    for (int y = 0; y < n; y++, a += n) {
        float s = 0;
        for (int i = 0; i < n; i++) s += a[i];
        o[y] = s;
    }
}
void c_column_sums(int n, const float *restrict a, float *restrict o) {
    memset(o, 0, sizeof(float) * n);
    for (int y = 0; y < n; y++, a += n)
        for (int i = 0; i < n; i++) o[i] += a[i];
}
/* Three rows of the first stage are kept. */
void c_blur(int height, int width, const uint16_t *restrict a, uint16_t *restrict o) {
    static _Thread_local uint16_t ring[4][8192];
    for (int y = 0; y < height + 2; y++) {
        uint16_t *restrict r = ring[y & 3];
        const uint16_t *restrict p = a + (size_t)y * (width + 2);
        for (int x = 0; x < width; x++) r[x] = (uint16_t)(p[x] + p[x + 1] + p[x + 2]) / 3;
        if (y < 2) continue;
        const uint16_t *restrict r1 = ring[(y - 1) & 3], *restrict r0 = ring[(y - 2) & 3];
        uint16_t *restrict q = o + (size_t)(y - 2) * width;
        for (int x = 0; x < width; x++) q[x] = (uint16_t)(r0[x] + r1[x] + r[x]) / 3;
    }
}
/* Edges repeated; rows of luma in a ring, the blurred row beside it. */
void c_unsharp(int height, int width, const float *restrict image, float *restrict o) {
    static const float k[4] = {0.26596152041957f, 0.21296533713658f, 0.10934004984647f, 0.03599397769602f};
    enum { Edge = 16, Most = 8192 };
    static _Thread_local float gray[8][Most], down[Most + 2 * Edge];
    const size_t area = (size_t)height * width;
    int next = 0;
    for (int y = 0; y < height; y++) {
        int last = y + 3 < height ? y + 3 : height - 1;
        for (; next <= last; next++) {
            const float *restrict r = image + (size_t)next * width, *restrict g = r + area, *restrict b = g + area;
            float *restrict to = gray[next & 7];
            for (int x = 0; x < width; x++) to[x] = 0.299f * r[x] + 0.587f * g[x] + 0.114f * b[x];
        }
        const float *row[7];
        for (int d = -3; d <= 3; d++) row[d + 3] = gray[(y + d < 0 ? 0 : y + d >= height ? height - 1 : y + d) & 7];
        float *restrict v = down + Edge;
        for (int x = 0; x < width; x++)
            v[x] = k[0] * row[3][x] + k[1] * (row[2][x] + row[4][x]) + k[2] * (row[1][x] + row[5][x]) + k[3] * (row[0][x] + row[6][x]);
        for (int d = 1; d <= 3; d++) v[-d] = v[0], v[width - 1 + d] = v[width - 1];
        const float *restrict here = row[3];
        for (int c = 0; c < 3; c++) {
            const float *restrict in = image + c * area + (size_t)y * width;
            float *restrict out = o + c * area + (size_t)y * width;
            for (int x = 0; x < width; x++) {
                float across = k[0] * v[x] + k[1] * (v[x - 1] + v[x + 1]) + k[2] * (v[x - 2] + v[x + 2]) + k[3] * (v[x - 3] + v[x + 3]);
                out[x] = (2 * here[x] - across) / here[x] * in[x];
            }
        }
    }
}
/* Four counts for each value, so that equal neighbours do not wait for each other. */
void c_histogram(int height, int width, const uint8_t *restrict a, int32_t *restrict o) {
    int32_t part[4][256];
    memset(part, 0, sizeof part);
    size_t n = (size_t)height * width, i = 0;
    for (; i + 4 <= n; i += 4) part[0][a[i]]++, part[1][a[i + 1]]++, part[2][a[i + 2]]++, part[3][a[i + 3]]++;
    for (; i < n; i++) part[0][a[i]]++;
    for (int b = 0; b < 256; b++) o[b] = part[0][b] + part[1][b] + part[2][b] + part[3][b];
}
