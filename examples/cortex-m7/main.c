/* A layer of a quantised network on a microcontroller: memory is static, the arena too. Prints a sum over the result and the instructions that it took. */
#include <stdint.h>
#include <stdio.h>
#include "kernels.h"

extern unsigned long long tx_ticks(void);

static int8_t image[16 * 16 * 32], filters[32 * 9 * 32], result[16 * 16 * 32];
static int32_t sums[16 * 16 * 32], bias[32], multiplier[32], shift[32];
/* For one call after the other. */
#define ARENA_BYTES (KERNELS_CONV_ARENA_BYTES > KERNELS_REQUANTIZE_ARENA_BYTES ? KERNELS_CONV_ARENA_BYTES : KERNELS_REQUANTIZE_ARENA_BYTES)
static unsigned char arena[ARENA_BYTES] __attribute__((aligned(TX_ARENA_ALIGNMENT)));

int main(void) {
    static const int64_t image_shape[4] = {1, 16, 16, 32}, filter_shape[4] = {32, 3, 3, 32}, channels[1] = {32};
    const tx_tensor x = {image, image_shape, NULL, 4, TX_I8}, f = {filters, filter_shape, NULL, 4, TX_I8}, y = {result, image_shape, NULL, 4, TX_I8};
    const tx_tensor t = {sums, image_shape, NULL, 4, TX_I32};
    const tx_tensor b = {bias, channels, NULL, 1, TX_I32}, m = {multiplier, channels, NULL, 1, TX_I32}, s = {shift, channels, NULL, 1, TX_I32};
    unsigned long long ticks;
    tx_status status;
    long sum = 0;
    for (unsigned i = 0; i < sizeof image; i++) image[i] = (int8_t)(i * 37);
    for (unsigned i = 0; i < sizeof filters; i++) filters[i] = (int8_t)(i * 91);
    for (int i = 0; i < 32; i++) {
        bias[i] = 100 * i;
        multiplier[i] = 1 << 30;
        shift[i] = -9;
    }
    ticks = tx_ticks();
    if (kernels_conv(&x, &f, &t, arena, sizeof arena, &status) != TX_OK || kernels_requantize(&t, &b, &m, &s, &y, arena, sizeof arena, &status) != TX_OK) {
        puts(status.message);
        return 1;
    }
    ticks = tx_ticks() - ticks;
    for (unsigned i = 0; i < sizeof result; i++) sum += result[i];
    printf("sum %ld, %lu instructions, %u bytes of arena\n", sum, (unsigned long)ticks, (unsigned)sizeof arena);
    return 0;
}
