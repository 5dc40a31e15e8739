#!/usr/bin/env python3
"""Writes the inputs and NumPy's results that the programs of this folder load. Needs python3-numpy; the tests do not."""
import os
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
r = np.random.RandomState(11)


def save(name, a, order="C"):
    np.save(os.path.join(here, name), np.asarray(a, order=order))


def f32(*shape):
    return r.uniform(-1, 1, shape).astype(np.float32)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


x = f32(13, 37)
g, b = f32(37), f32(37)
save("x.npy", x)
save("x_fortran.npy", x, "F")
save("gamma.npy", g)
save("beta.npy", b)
x64 = x.astype(np.float64)
m, v = x64.mean(1, keepdims=True), x64.var(1, keepdims=True)
save("layer_norm.npy", ((x64 - m) / np.sqrt(v + 1e-5) * g + b).astype(np.float32))
save("rms_norm.npy", (x64 / np.sqrt((x64 * x64).mean(1, keepdims=True) + 1e-5) * g).astype(np.float32))
save("softmax.npy", softmax(x64).astype(np.float32))
save("argmax.npy", x.argmax(1).astype(np.int64))

p, q = f32(3, 7, 11), f32(3, 11, 5)
save("batch_a.npy", p)
save("batch_b.npy", q)
save("batched.npy", np.matmul(p.astype(np.float64), q).astype(np.float32))

s, w = f32(2, 4, 29), f32(6, 4, 3)
save("signal.npy", s)
save("kernel.npy", w)
n = 29 - 2 * 3
y = sum(np.einsum("bcx,oc->box", s[:, :, 3 * k:3 * k + n].astype(np.float64), w[:, :, k]) for k in range(3))
save("dilated.npy", y.astype(np.float32))

im = f32(2, 3, 9, 11)
save("image.npy", im)
t = im[:, :, :8, :10].reshape(2, 3, 4, 2, 5, 2)
save("max_pool.npy", t.max((3, 5)))

Q, K, V = f32(19, 8), f32(19, 8), f32(19, 6)
save("q.npy", Q)
save("k.npy", K)
save("v.npy", V)
scores = Q.astype(np.float64) @ K.T / np.sqrt(8)
scores[np.triu_indices(19, 1)] = -np.inf
save("causal_attention.npy", (softmax(scores) @ V).astype(np.float32))

a8, b8 = r.randint(-128, 128, (17, 40)).astype(np.int8), r.randint(-128, 128, (40, 23)).astype(np.int8)
save("a8.npy", a8)
save("b8.npy", b8)
save("matmul_i8.npy", a8.astype(np.int32) @ b8.astype(np.int32))

i16 = r.randint(0, 65536, (9, 14)).astype(np.uint16)
save("blur_in.npy", i16)
u = i16.astype(np.uint32)
bx = (u[:, :-2] + u[:, 1:-1] + u[:, 2:]) // 3
save("blur.npy", ((bx[:-2] + bx[1:-1] + bx[2:]) // 3).astype(np.uint16))

X, F = f32(2, 3, 8, 9), f32(4, 3, 3, 3)
save("conv_x.npy", X)
save("conv_f.npy", F)
P = np.zeros((2, 3, 10, 11))
P[:, :, 1:-1, 1:-1] = X
c = np.zeros((2, 4, 4, 5))
for yy in range(4):
    for xx in range(5):
        c[:, :, yy, xx] = np.einsum("ncrs,ocrs->no", P[:, :, 2 * yy:2 * yy + 3, 2 * xx:2 * xx + 3], F)
save("conv2d.npy", c.astype(np.float32))

for dtype in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"):
    a = r.randint(0, 2 if dtype == "bool" else 100, (3, 5)).astype(dtype)
    save(f"type_{dtype}.npy", a, "F")

table = f32(11, 6)
ids = r.randint(0, 11, 23).astype(np.int32)
save("gather_table.npy", table)
save("gather_ids.npy", ids)
save("gather_rows.npy", table[ids])
cols = r.randint(0, 6, 23).astype(np.int64)
save("gather_cols.npy", cols)
save("gather_2d.npy", table[ids, cols])
lut, codes = f32(256), r.randint(0, 256, (7, 41)).astype(np.uint8)
save("lut.npy", lut)
save("lut_codes.npy", codes)
save("lut_out.npy", lut[codes])
ell, at, vector = f32(19, 5), r.randint(0, 31, (19, 5)).astype(np.int32), f32(31)
save("ell.npy", ell)
save("ell_at.npy", at)
save("ell_x.npy", vector)
save("ell_y.npy", (ell.astype(np.float64) * vector[at]).sum(1).astype(np.float32))
image = f32(5, 37)
save("pad_in.npy", image)
for mode in ("edge", "wrap", "reflect"):
    save(f"pad_{mode}.npy", np.pad(image, ((13, 13), (13, 13)), mode=mode))
save("pad_one.npy", np.pad(image[:1, :], ((2, 2), (0, 0)), mode="edge"))
save("lse.npy", np.logaddexp.reduce(image.astype(np.float64) * 30, axis=1).astype(np.float32))

r = np.random.RandomState(12)
h, g16 = r.uniform(-4, 4, (13, 37)).astype(np.float16), r.uniform(-4, 4, (37, 11)).astype(np.float16)
save("half_a.npy", h)
save("half_b.npy", g16)
save("half_matmul.npy", (h.astype(np.float32) @ g16.astype(np.float32)).astype(np.float16))
save("half_steps.npy", h * h / (h + np.float16(5)) - np.sqrt(np.abs(h)))
wide = np.concatenate([r.uniform(-1, 1, 200) * 2.0 ** r.randint(-30, 20, 200), [0.0, -0.0, 65504, 65519.999, 65520, 1e300, -np.inf, np.nan, 2**-24, 2**-25, 2**-25 + 2**-60, 1 + 2**-11 + 2**-40]])
save("wide.npy", wide)
save("wide_half.npy", wide.astype(np.float16))


def signed(a, bits):
    return (((a + (1 << (bits - 1))) & ((1 << bits) - 1)) - (1 << (bits - 1))).astype(np.int8)


u, v = r.randint(0, 4, (17, 29)).astype(np.uint8), r.randint(0, 4, (29, 23)).astype(np.uint8)
save("u2_a.npy", u)
save("u2_b.npy", v)
save("u2_matmul.npy", u.astype(np.int32) @ v.astype(np.int32))
save("u2_wrapped.npy", (u @ v) & 3)
w = u.astype(np.int32)
save("u2_steps.npy", ((w * w + (w << 1) - (w[:, ::-1] ^ 2)) & 3).astype(np.uint8))
save("u2_shifted.npy", u[:, 3:26])

im, k = r.randint(0, 4, (3, 9, 14)), r.randint(-2, 2, (5, 3, 3, 3))
save("u2_image.npy", im.astype(np.uint8))
save("i2_filter.npy", k.astype(np.int8))
padded = np.zeros((3, 11, 16), int)
padded[:, 1:-1, 1:-1] = im
conv = sum(np.einsum("cyx,oc->oyx", padded[:, y:y + 9, x:x + 14], k[:, :, y, x]) for y in range(3) for x in range(3))
save("packed_conv.npy", conv.astype(np.int32))
save("packed_conv_i4.npy", signed(conv, 4))

p, q = r.randint(-8, 8, (6, 31)), r.randint(-8, 8, (6, 31))
save("i4_a.npy", p.astype(np.int8))
save("i4_b.npy", q.astype(np.int8))
save("i4_steps.npy", signed(signed(p * q, 4).astype(int) - (p >> 1) + np.maximum(p, q), 4))

s, t = r.randint(0, 2, (7, 67)), r.randint(0, 2, (9, 67))
save("u1_a.npy", s.astype(np.uint8))
save("u1_b.npy", t.astype(np.uint8))
save("u1_agreements.npy", (s[:, None] == t[None]).sum(2).astype(np.int32))
