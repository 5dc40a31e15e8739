void matmul(const float *restrict a, const float *restrict b, float *restrict c) {
    for (int i = 0; i < 512; i++) {
        for (int j = 0; j < 512; j++) c[i * 512 + j] = 0;
        for (int k = 0; k < 512; k++)
            for (int j = 0; j < 512; j++) c[i * 512 + j] += a[i * 512 + k] * b[k * 512 + j];
    }
}
