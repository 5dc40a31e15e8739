"""Writes inputs and NumPy's results for operators that the reference evaluator is compared on: python3 generate.py"""
import numpy as np

rng = np.random.default_rng(1)


def save(case, inputs, output):
    for n, a in enumerate(inputs):
        np.save(f"{case}.in{n}.npy", a)
    np.save(f"{case}.out.npy", output)


def f32(*shape):
    return rng.uniform(-1, 1, shape).astype("f4")


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


q, key, v = f32(5, 3), f32(7, 3), f32(7, 4)
wide = [a.astype("f8") for a in (q, key, v)]
save("attention", [q, key, v], (softmax(wide[0] @ wide[1].T / np.sqrt(3)) @ wide[2]).astype("f4"))

x, f = f32(2, 3, 7, 6), f32(4, 3, 3, 3)
padded = np.pad(x.astype("f8"), ((0, 0), (0, 0), (1, 1), (1, 1)))
windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
save("conv2d", [x, f], np.einsum("ncyxrs,ocrs->noyx", windows, f.astype("f8")).astype("f4"))

x, g, b = f32(4, 9), f32(9), f32(9)
d = x.astype("f8")
normal = (d - d.mean(axis=1, keepdims=True)) / np.sqrt(d.var(axis=1, keepdims=True) + 1e-5)
save("layer_norm", [x, g, b], (normal * g + b).astype("f4"))

a, b = (rng.integers(-128, 128, s, dtype="i1") for s in ((5, 300), (300, 4)))
save("product_i8", [a, b], a.astype("i4") @ b.astype("i4"))

x = rng.integers(-3, 4, (6, 11)).astype("f4")
save("row_argmax", [x], x.argmax(axis=1))

x = f32(6, 6)
save("causal_mean", [x], np.array([[x[i, : i + 1].astype("f8").mean()] for i in range(6)], dtype="f4")[:, 0])

x, y = (rng.integers(-20, 20, 40, dtype="i4") for _ in range(2))
y[y == 0] = 3
save("floor_parts", [x, y], (x // y) * 100 + x % y)
