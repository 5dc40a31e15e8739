/* Calls two operators of kernels.tx: see the Makefile, and docs/aot.md. */
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>

int main(void) {
    float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, w[3][2] = {{1, 0}, {0, 1}, {1, -1}}, b[2] = {0.5f, 0.5f}, y[2][2], p[2][2];
    const int64_t xs[] = {2, 3}, ws[] = {3, 2}, bs[] = {2}, ys[] = {2, 2};
    const tx_tensor X = {x, xs, NULL, 2, TX_F32}, W = {w, ws, NULL, 2, TX_F32}, B = {b, bs, NULL, 1, TX_F32};
    const tx_tensor Y = {y, ys, NULL, 2, TX_F32}, P = {p, ys, NULL, 2, TX_F32};
    tx_status status;

    /* One arena does for calls one after another, when it is large enough for each. */
    int64_t bytes = kernels_layer_arena(&X, &W, &B, &Y), more = kernels_softmax_arena(&Y, &P);
    if (more > bytes) bytes = more;
    void *arena = bytes > 0 ? aligned_alloc(TX_ARENA_ALIGNMENT, (size_t)(bytes + 63) / 64 * 64) : NULL;

    if (kernels_layer(&X, &W, &B, &Y, arena, (size_t)bytes, &status) != TX_OK
        || kernels_softmax(&Y, &P, arena, (size_t)bytes, &status) != TX_OK) {
        fprintf(stderr, "argument %d: %s\n", (int)status.argument, status.message);
        return 1;
    }
    for (int i = 0; i < 2; i++) printf("%g %g -> %.3f %.3f\n", y[i][0], y[i][1], p[i][0], p[i][1]);

    /* A wrong call is refused, with words. */
    if (kernels_layer(&X, &W, &W, &Y, arena, (size_t)bytes, &status) != TX_OK) printf("%s\n", status.message);
    free(arena);
    return 0;
}
