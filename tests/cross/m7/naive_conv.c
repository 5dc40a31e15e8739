/* The plain nest of an 8-bit 3 x 3 convolution with a border of zeros; SIZE, CHANNELS and RESULTS are defined before. Prints its instructions. */
#include <stdint.h>
#include <stdio.h>

extern unsigned long long tx_ticks(void);

static int8_t image[SIZE * SIZE * CHANNELS], filters[RESULTS * 9 * CHANNELS];
static int32_t sums[SIZE * SIZE * RESULTS];

__attribute__((noinline)) static void convolve(const int8_t *restrict x, const int8_t *restrict f, int32_t *restrict out) {
    for (int y = 0; y < SIZE; y++)
        for (int z = 0; z < SIZE; z++)
            for (int o = 0; o < RESULTS; o++) {
                int32_t sum = 0;
                for (int r = 0; r < 3; r++)
                    for (int s = 0; s < 3; s++) {
                        const int row = y + r - 1, column = z + s - 1;
                        if (row >= 0 && row < SIZE && column >= 0 && column < SIZE)
                            for (int c = 0; c < CHANNELS; c++) sum += x[(row * SIZE + column) * CHANNELS + c] * f[((o * 3 + r) * 3 + s) * CHANNELS + c];
                    }
                out[(y * SIZE + z) * RESULTS + o] = sum;
            }
}

int main(void) {
    unsigned long long ticks;
    for (unsigned i = 0; i < sizeof image; i++) image[i] = (int8_t)(i * 37);
    for (unsigned i = 0; i < sizeof filters; i++) filters[i] = (int8_t)(i * 91);
    ticks = tx_ticks();
    convolve(image, filters, sums);
    ticks = tx_ticks() - ticks;
    printf("%lu\n", (unsigned long)ticks);
    return 0;
}
